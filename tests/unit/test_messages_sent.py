"""Citizens hear: by e-mail over a real SMTP server, by text message over a provider, by a call of 12345."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from provisioning.gateway.store import StoreUnsafe
from tests.gateway_cards import agency, say
from tests.gateway_kit import PARENT, GatewayKit, Terminal
from tests.unit.message_kit import carried_again, operator, outbox


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    return kit.enrol()


def application(number: str, service: str = "marriage", **fields: str) -> dict[str, object]:
    return {
        "kind": "application", "number": number, "service": service, "language": "zh-Hans",
        "time": "2026-11-21T12:00:00",
        "holder": {"name": "陈晓娴", "id_number": PARENT},
        "fields": {name: {"value": value, "origin": "typed"} for name, value in fields.items()},
    }  # fmt: skip


def file(terminal: Terminal, *documents: dict[str, object]) -> None:
    first = len(terminal.rows) + 1
    terminal.record(*documents)
    assert terminal.push(terminal.batch(first, len(terminal.rows))).status == 200
    assert terminal.kit.gateway.town.intake.work() == len(documents)


def judge(terminal: Terminal, seq: int, word: str, reason: str = "") -> None:
    said = {"terminal": terminal.name, "epoch": terminal.epoch, "seq": seq, "id": terminal.rows[seq - 1].id,
            "verdict": word, "reason": reason, "agency": "civil"}  # fmt: skip
    assert operator(terminal.kit, "POST", "/v1/verdicts", {"verdicts": [said]}).status == 200


def test_a_register_that_is_a_table_of_the_same_database_is_asked_before_the_transaction(kit: GatewayKit) -> None:
    terminal, feeds = kit.enrol(), kit.gateway.messages.feeds
    held: list[str] = []

    def of_the_database(id_number: str) -> dict[str, object]:
        with kit.store.database.reading() as db:
            held.append(str(db.rows("SELECT 1")[0][0]))
        return {"phone": "14000000021", "notify": "sms"}

    sources = replace(feeds._sources, held=of_the_database)  # pyright: ignore[reportPrivateUsage]
    feeds._sources = sources  # pyright: ignore[reportPrivateUsage]
    file(terminal, application("T0001-000001", "my-cases", do="evaluate", case="T0001000009", score="1"))
    assert held == ["1"]
    calls = operator(kit, "GET", "/v1/calls").json["calls"]
    assert [call["topic"] for call in calls] == ["rating"]


def rating(number: str, score: int = 1, **more: object) -> dict[str, object]:
    return {"kind": "rating", "schema": 1, "number": number, "service": "marriage", "score": score, **more}


def test_who_rated_a_visit_badly_and_wants_it_is_called_on_the_number_of_the_application(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    one, two, three = (f"{terminal.name}-{n:06d}" for n in (1, 2, 3))
    file(
        terminal,
        application(one, phone="14000000077"),
        application(two),
        {"kind": "test"},
        rating(one, call_back=True),
        rating(two, 2, call_back=True),
        rating(two, 3, call_back=True),  # was content after all
        rating(two),  # did not ask for it
        rating(three, call_back=True),  # not an application
        rating("T0009-000001", call_back=True),  # somebody else's
        rating("rubbish", call_back=True),
        rating(f"{terminal.name}-999999", call_back=True),
    )
    kit.gateway.town.intake.work()
    calls = operator(kit, "GET", "/v1/calls").json["calls"]
    assert [(call["number"], call["topic"]) for call in calls] == [(one, "rating"), (two, "rating")]


def test_a_transaction_inside_a_transaction_is_refused_and_does_not_wait_for_itself(kit: GatewayKit) -> None:
    database = kit.store.database
    with database.transaction(), pytest.raises(StoreUnsafe, match="inside"), database.reading():
        raise AssertionError
    with database.reading() as db:
        assert db.row("SELECT 1") == (1,)


@pytest.mark.parametrize("service", ["marriage", "closed-service"])
def test_an_application_from_a_damaged_disk_is_read_by_its_agency_and_its_citizen_hears(
    terminal: Terminal, service: str
) -> None:
    kit = terminal.kit
    asked = application("T0001-000001", service, phone="14000000021", notify="sms")
    carried_again(terminal, asked)
    kit.gateway.town.intake.work()
    if service == "marriage":
        (step,) = agency(kit, "civil", "GET", "steps").json["steps"]
        assert step["document"]["holder"] == asked["holder"]
        say(kit, "civil", "T0001-000001", step["step"], "refuse", reason="photo-missing")
    else:
        judge(terminal, 1, "rejected", "photo-missing")
    (message,) = outbox(kit)
    assert message["to"] == "14000000021"
    assert "T0001-000001" in message["body"]


# --- what happens becomes a message ---------------------------------------------------------------------------------


def test_an_office_judges_and_the_citizen_hears_the_way_they_asked_for(terminal: Terminal) -> None:
    file(
        terminal,
        application("T0001-000001", "closed-service", phone="14000000021", notify="sms"),
        application("T0001-000002", "closed-service", email="x@example.com", notify="email"),
        application("T0001-000003", "closed-service", phone="14000000021", notify="none"),
    )
    judge(terminal, 1, "accepted")
    judge(terminal, 2, "rejected", "photo-missing")
    judge(terminal, 3, "accepted")
    sms, email = outbox(terminal.kit)
    assert (sms["way"], sms["to"]) == ("sms", "14000000021")
    assert "T0001-000001" in sms["body"]
    assert (email["way"], email["to"]) == ("email", "x@example.com")
    assert "缺相片" in email["body"]
    for said in (sms, email):  # neither name nor id number leaves
        assert "陈晓娴" not in json.dumps(said, ensure_ascii=False)
        assert PARENT not in json.dumps(said)


def test_a_case_is_refused_and_the_citizen_hears_it_once(terminal: Terminal) -> None:
    file(terminal, application("T0001-000001", phone="14000000021", notify="sms"))
    judge(terminal, 1, "rejected", "photo-missing")
    (said,) = outbox(terminal.kit)
    assert "婚姻" in said["body"]
    assert "缺相片" in said["body"]
    assert "T0001-000001" in said["body"]


def test_who_gave_no_address_is_reached_where_the_city_knows_them(terminal: Terminal) -> None:
    file(terminal, application("T0001-000001"))
    judge(terminal, 1, "rejected", "too-late")
    assert [(item["way"], item["to"]) for item in outbox(terminal.kit)] == [("sms", "14000000021")]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_verdict_read_twice_is_told_once(terminal: Terminal) -> None:
    file(terminal, application("T0001-000001", "closed-service", phone="14000000021", notify="sms"))
    judge(terminal, 1, "accepted")
    desk = terminal.kit.gateway.messages
    assert desk.feeds.read(terminal.kit.clock.ms) == 1
    with desk.post.database.transaction() as db:  # the server died before its place was kept
        db.run("UPDATE message_feed SET position = 0")
        db.run("UPDATE intake SET position = 0")
    terminal.kit.gateway.town.intake.work()
    desk.feeds.read(terminal.kit.clock.ms)
    assert len(outbox(terminal.kit)) == 1


def test_a_receipt_goes_where_the_citizen_typed(terminal: Terminal) -> None:
    notice: dict[str, object] = {"kind": "notice", "case": "T0001-000009", "number": "T0001-000009",
                                 "to": "a@b.example",
                                 "way": "email", "text_id": "receipt", "language": "en", "service": "marriage",
                                 "time": "2026-11-21T12:00:00+08:00"}  # fmt: skip
    file(terminal, notice, {**notice, "way": "fax"}, {**notice, "text_id": "no-such-text"})
    terminal.kit.gateway.messages.address = "https://city.example"
    (sent,) = outbox(terminal.kit)
    assert sent["subject"] == "Your receipt T0001-000009"
    assert "https://city.example/case?number=T0001-000009" in sent["body"]
    assert "2026-11-21 12:00" in sent["body"]


def test_a_gateway_that_knows_no_address_of_its_own_sends_no_link_and_lets_a_code_wait(terminal: Terminal) -> None:
    kit = terminal.kit
    notice: dict[str, object] = {"kind": "notice", "case": "T0001-000009", "number": "T0001-000009",
                                 "to": "14000000021", "way": "sms", "text_id": "receipt", "language": "zh-Hans",
                                 "service": "marriage",
                                 "time": "2026-11-21T12:00:00+08:00"}  # fmt: skip
    letter = {**notice, "way": "email", "to": "a@b.example"}
    file(terminal, notice, {**notice, "language": "en"}, letter, {**letter, "language": "en"})
    file(terminal, settings("new@example.com"))
    bodies = [item["body"] for item in outbox(kit)]
    assert len(bodies) == 4
    assert not any("/case" in body or "https" in body or "[" in body for body in bodies)
    assert "查进度打12345。" in bodies[0]
    assert "Progress: call 12345." in bodies[1]
    assert all("12345" in body for body in bodies)
    assert kit.gateway.messages.post.counts().waiting == 1
    kit.gateway.messages.address = "https://city.example"
    kit.clock.pass_s(3600)
    assert "https://city.example/email?proof=" in outbox(kit)[-1]["body"]


# --- contact: an address is proved by a code ------------------------------------------------------------------------


def contact_of(kit: GatewayKit) -> dict[str, Any]:
    person = kit.authority.pseudonym(PARENT)
    return dict(kit.gateway.messages.contact(person, PARENT, kit.clock.ms) or {})


def type_code(kit: GatewayKit, proof: str, code: str) -> str:
    return kit.call("POST", "/email", f"proof={proof}&code={code}".encode()).body.decode()


def asked_for_code(kit: GatewayKit) -> tuple[str, str]:
    kit.gateway.messages.address = "https://city.example"
    sent = [item for item in outbox(kit) if item["way"] == "email"][-1]
    found = re.search(r"proof=([0-9a-f]+)", sent["body"])
    code = re.search(r"^(\d{6})$", sent["body"], re.MULTILINE)
    assert found
    assert code
    return found[1], code[1]


def settings(email: str, **more: str) -> dict[str, object]:
    given = {"phone": "14000000777", "notify": "email", "topic": "none", "language": "en", **more}
    return application("T0001-000001", "contact", email=email, **given)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_new_address_counts_once_its_code_was_typed(terminal: Terminal) -> None:
    kit = terminal.kit
    before = contact_of(kit)["email"]
    file(terminal, settings("new@example.com"))
    assert contact_of(kit)["phone"] == "14000000777"
    assert contact_of(kit)["email"] == before  # not yet
    proof, code = asked_for_code(kit)
    assert 'name="code"' in kit.call("GET", f"/email?proof={proof}").body.decode()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert "还可以试 4 次" in type_code(kit, proof, wrong)
    assert "邮箱验证好了" in type_code(kit, proof, code)
    now = contact_of(kit)
    assert {name: now[name] for name in ("phone", "email", "language", "notify")} == {
        "phone": "14000000777", "email": "new@example.com", "language": "en", "notify": "email",
    }  # fmt: skip
    assert "不能用了" in type_code(kit, proof, code)  # used


def test_five_wrong_codes_or_a_day_and_the_code_is_over(terminal: Terminal) -> None:
    kit = terminal.kit
    file(terminal, settings("new@example.com"))
    proof, code = asked_for_code(kit)
    for _ in range(4):
        type_code(kit, proof, f"{(int(code) + 1) % 10**6:06d}")
    assert "不能用了" in type_code(kit, proof, f"{(int(code) + 1) % 10**6:06d}")
    assert "不能用了" in type_code(kit, proof, code)
    file(terminal, settings("newer@example.com"))
    proof, code = asked_for_code(kit)
    kit.clock.pass_s(24 * 3600 + 1)
    assert "不能用了" in type_code(kit, proof, code)
    assert "不能用了" in type_code(kit, "no-such-proof", "<script>")


def test_an_entry_handed_over_twice_leaves_the_code_in_the_mail_good(terminal: Terminal) -> None:
    kit = terminal.kit
    file(terminal, settings("new@example.com"))
    proof, code = asked_for_code(kit)
    with kit.store.database.transaction() as db:
        db.run("UPDATE intake SET position = 0")
    kit.gateway.town.intake.work()
    assert "邮箱验证好了" in type_code(kit, proof, code)


# --- 12345 ----------------------------------------------------------------------------------------------------------


def calls(kit: GatewayKit) -> list[dict[str, Any]]:
    return operator(kit, "GET", "/v1/calls").json["calls"]


def test_a_citizen_asks_for_a_call_and_is_called(terminal: Terminal) -> None:
    kit = terminal.kit
    file(terminal, settings("", topic="case", slot="any"), settings("", topic="idea", slot="evening"))
    (call,) = calls(kit)  # noon: nobody is called who wished for the evening
    assert (call["topic"], call["phone"], call["language"]) == ("case", "14000000777", "en")
    assert operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "done"}).code == "call-not-yours"
    assert operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "taken"}).json["state"] == "taken"
    assert calls(kit) == []
    assert operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "taken"}).code == "call-not-yours"
    assert operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "done"}).json["state"] == "done"
    kit.clock.pass_s(7 * 3600)
    assert [item["topic"] for item in calls(kit)] == ["idea"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_who_is_not_reached_three_times_gets_a_message(terminal: Terminal) -> None:
    kit = terminal.kit
    file(terminal, settings("", topic="case", slot="any"))
    for state in ("open", "open", "missed"):
        (call,) = calls(kit)
        operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "taken"})
        assert operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "unreached"}).json["state"] == state
    assert calls(kit) == []
    assert outbox(kit)[-1]["to"] == "14000000777"


def test_a_call_whose_operator_went_away_comes_back(terminal: Terminal) -> None:
    kit = terminal.kit
    file(terminal, settings("", topic="case", slot="any"))
    (call,) = calls(kit)
    operator(kit, "POST", f"/v1/calls/{call['id']}", {"said": "taken"})
    kit.clock.pass_s(16 * 60)
    assert [item["id"] for item in calls(kit)] == [call["id"]]


# --- delivery -------------------------------------------------------------------------------------------------------
