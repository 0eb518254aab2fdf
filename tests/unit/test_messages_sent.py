"""Citizens hear: by e-mail over a real SMTP server, by text message over a provider, by a call of 12345."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from provisioning.gateway.messages.carriers import (
    CarrierDown,
    Carriers,
    CarrierSettingsInvalid,
    HttpSmsCarrier,
    OutboxCarrier,
    RecipientRefused,
    SmtpCarrier,
    load_carriers,
)
from provisioning.gateway.messages.post import LEASE_MS, RETRY_MS, Message
from provisioning.gateway.messages.texts import MessagesInvalid, Words, load_texts
from tests.gateway_kit import ASSETS, PARENT, GatewayKit, Terminal
from tests.postgres_kit import shared

TEXTS = (ASSETS / "city" / "messages.toml").read_text("utf-8")


@pytest.fixture(params=["sqlite", "postgresql"])
def kit(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[GatewayKit]:
    kit = GatewayKit(tmp_path / "gateway", database="" if request.param == "sqlite" else shared().database())
    yield kit
    kit.store.close()


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


def operator(kit: GatewayKit, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    return kit.call(method, path, b"" if body is None else json.dumps(body).encode(), headers=headers)


def outbox(kit: GatewayKit) -> list[dict[str, Any]]:
    kit.gateway.messages.round()
    return operator(kit, "GET", "/v1/messages").json["messages"]


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


# --- contact: an address is proved by a code ------------------------------------------------------------------------


def contact_of(kit: GatewayKit) -> dict[str, Any]:
    person = kit.authority.pseudonym(PARENT)
    return dict(kit.gateway.messages.contact(person, PARENT, kit.clock.ms) or {})


def type_code(kit: GatewayKit, proof: str, code: str) -> str:
    return kit.call("POST", "/email", f"proof={proof}&code={code}".encode()).body.decode()


def asked_for_code(kit: GatewayKit) -> tuple[str, str]:
    sent = [item for item in outbox(kit) if item["way"] == "email"][-1]
    found = re.search(r"proof=([0-9a-f]+)", sent["body"])
    code = re.search(r"^(\d{6})$", sent["body"], re.MULTILINE)
    assert found
    assert code
    return found[1], code[1]


def settings(email: str, **more: str) -> dict[str, object]:
    given = {"phone": "14000000777", "notify": "email", "topic": "none", "language": "en", **more}
    return application("T0001-000001", "contact", email=email, **given)


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


class Broken:
    """A carrier that is told what to raise."""

    def __init__(self, *raises: Exception | None) -> None:
        self.raises = list(raises)
        self.sent: list[tuple[str, str]] = []

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        error = self.raises.pop(0) if self.raises else None
        if error is not None:
            raise error
        self.sent.append((key, to))


def queued(kit: GatewayKit, *causes: str) -> None:
    values = {"service": "x"}
    kit.gateway.messages.post.queue(
        [Message(cause, "sms", "14000000021", "accepted", "en", "T0001-000001", values) for cause in causes],
        kit.clock.ms,
    )


def test_a_provider_that_is_down_is_asked_again_later_and_again(kit: GatewayKit) -> None:
    carrier = Broken(CarrierDown("HTTP 503"), CarrierDown("HTTP 503"))
    desk = kit.gateway.messages
    desk.carriers = Carriers(carrier, carrier)
    queued(kit, "a", "b")
    assert desk.round().later == 2  # the second is not even tried
    assert len(carrier.raises) == 1
    assert desk.round().sent == 0  # not before its time
    kit.clock.pass_s(60)
    assert desk.round().later == 2
    kit.clock.pass_s(120)
    assert desk.round().sent == 2
    assert {key for key, _ in carrier.sent} == {f"kiosk-{kit.authority.ca_hash[:12]}-{n}" for n in (1, 2)}


def test_after_a_day_of_tries_a_message_is_given_up(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    desk.carriers = Carriers(*[Broken(*[CarrierDown("no")] * 50)] * 2)
    queued(kit, "a")
    rounds = [desk.round()]
    for wait_ms in RETRY_MS:
        kit.clock.ms += wait_ms
        rounds.append(desk.round())
    assert [(item.later, item.given_up) for item in rounds] == [(1, 0)] * len(RETRY_MS) + [(0, 1)]
    assert desk.post.counts().given_up == 1


def test_a_number_that_does_not_exist_is_given_up_at_once_and_forgotten(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    desk.carriers = Carriers(Broken(), Broken(RecipientRefused("HTTP 422")))
    queued(kit, "a")
    assert desk.round().given_up == 1
    with kit.store.database.reading() as db:
        assert db.rows("SELECT state, problem, length(sealed) FROM message") == [("given-up", "recipient-refused", 0)]


def test_a_server_dies_between_sending_and_noting_and_the_citizen_reads_one_message(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    queued(kit, "a")
    (lost,) = desk.post.claim(kit.clock.ms, 5)
    words = desk.texts.words("accepted", "sms", "en", {"service": "x", "number": "1"})
    desk.carriers.sms.send(desk.post.key(lost), lost.message.to, words, kit.clock.ms)  # and then the power went
    assert desk.post.claim(kit.clock.ms, 5) == ()
    kit.clock.ms += LEASE_MS
    assert desk.round().sent == 1
    assert not desk.post.sent(lost, kit.clock.ms)  # the first server comes back: it is no longer its message
    assert len(outbox(kit)) == 1


def test_what_waits_is_sealed(kit: GatewayKit) -> None:
    queued(kit, "a")
    with kit.store.database.reading() as db:
        assert b"14000000021" not in bytes(db.rows("SELECT sealed FROM message")[0][0])


def test_several_servers_share_the_queue(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway", database=shared().database())
    queued(kit, *[f"cause-{n}" for n in range(60)])
    carrier = Broken()
    kit.gateway.messages.carriers = Carriers(carrier, carrier)

    def rounds() -> None:
        while kit.gateway.messages.round().sent:
            pass

    threads = [threading.Thread(target=rounds) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(carrier.sent) == len({key for key, _ in carrier.sent}) == 60
    kit.store.close()


# --- SMTP -----------------------------------------------------------------------------------------------------------


class Mailbox:
    """What a mail server does with what it hears."""

    def __init__(self) -> None:
        self.held: list[Envelope] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer.startswith("250"):
            self.held.append(envelope)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpCarrier]]:
    box, loop = Mailbox(), asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    loop.run_until_complete(loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield box, SmtpCarrier("127.0.0.1", listener.getsockname()[1], "city@example.com", "none")
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    listener.close()


def test_an_email_arrives_whole(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    box, carrier = mailbox
    words = Words("已受理：婚姻（T0001-000001）", "您好：\n办好了。\n")
    carrier.send("kiosk-ab-1", "xian@example.com", words, 1_780_000_000_000)
    (envelope,) = box.held
    assert envelope.rcpt_tos == ["xian@example.com"]
    content = envelope.content
    mail = message_from_bytes(content if isinstance(content, bytes) else str(content).encode(), policy=default)
    assert mail["Subject"] == "已受理：婚姻（T0001-000001）"
    assert mail["Message-ID"] == "<kiosk-ab-1@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == ["您好：", "办好了。"]


def test_a_mailbox_that_is_not_there_and_a_server_that_is_busy(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    box, carrier = mailbox
    words = Words("s", "b")
    for address in ("nobody@example.com", "no address", "a@b\r\nBcc: c@d"):
        with pytest.raises(RecipientRefused):
            carrier.send("k", address, words, 0)
    box.answer = "451 try again later"
    with pytest.raises(CarrierDown):
        carrier.send("k", "a@example.com", words, 0)
    box.answer = "554 refused"
    with pytest.raises(RecipientRefused):
        carrier.send("k", "a@example.com", words, 0)
    assert box.held == []


def test_a_mail_server_that_is_not_there_or_speaks_no_tls(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    _, carrier = mailbox
    with pytest.raises(CarrierDown):
        SmtpCarrier("127.0.0.1", carrier.port, "c@b.example").send("k", "a@example.com", Words("s", "b"), 0)
    with pytest.raises(CarrierDown):
        SmtpCarrier("127.0.0.1", 1, "c@example.com", "none").send("k", "a@example.com", Words("s", "b"), 0)


# --- a provider of text messages ------------------------------------------------------------------------------------


class Provider(ThreadingHTTPServer):
    """Takes text messages; the same Idempotency-Key is one message."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.taken: dict[str, dict[str, str]] = {}
        self.status = 202


class _Desk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Provider)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = server.status if self.headers["Authorization"] == "Bearer token" else 401
        if status == 202:
            server.taken.setdefault(self.headers["Idempotency-Key"], body)
        self.send_response(status)
        self.end_headers()

    def log_message(
        self,
        format: str,  # noqa: A002 - the base class's name
        *args: object,
    ) -> None: ...


def test_a_provider_takes_a_text_message_once(tmp_path: Path) -> None:
    provider = Provider()
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{provider.server_address[1]}/send"
    carrier = HttpSmsCarrier(url, "token")
    for _ in range(2):
        carrier.send("key-1", "14000000021", Words("", "短信"), 0)
    assert provider.taken == {"key-1": {"to": "14000000021", "text": "短信"}}
    for status, error in ((503, CarrierDown), (429, CarrierDown), (302, CarrierDown), (422, RecipientRefused)):
        provider.status = status
        with pytest.raises(error):
            carrier.send("key-2", "1", Words("", "x"), 0)
    assert "token" not in repr(carrier)
    provider.shutdown()
    provider.server_close()
    with pytest.raises(CarrierDown):
        carrier.send("key-3", "1", Words("", "x"), 0)


# --- settings and texts ---------------------------------------------------------------------------------------------


def test_settings_name_the_carriers_and_what_is_wrong_with_them(kit: GatewayKit) -> None:
    def written(text: str) -> Carriers:
        (kit.folder / "messages.toml").write_text(text, "utf-8")
        return load_carriers(kit.folder, kit.store.database)

    assert isinstance(load_carriers(kit.folder, kit.store.database).sms, OutboxCarrier)
    (kit.folder / "sms.token").write_text("t\n")
    found = written('public_url = "https://c.example/"\n[smtp]\nhost = "m.example"\nsender = "c@c.example"\n'
                    '[sms]\nurl = "https://s.example"\ntoken_file = "sms.token"\n')  # fmt: skip
    assert (found.public_url, found.sms) == ("https://c.example", HttpSmsCarrier("https://s.example", "t"))
    assert found.email == SmtpCarrier("m.example", 587, "c@c.example", "starttls")
    for wrong in ("no toml", "[smpt]", "[smtp]\nhost = 'h'", "[smtp]\nhost='h'\nsender='nobody'",
                  "[smtp]\nhost='h'\nsender='a@b'\nsecurity='ssl3'", "[sms]\nurl='u'\ntoken_file='missing'",
                  "[sms]\nurl='u'\ntoken_file='sms.token'\nmore='x'"):  # fmt: skip
        with pytest.raises(CarrierSettingsInvalid):
            written(wrong)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("\nother = ", "\nanother = "),
        ("[text.receipt]\nsms = {zh-Hans", "[text.receipt]\nsms = {zh-Hant"),
        ("[text.call-missed]\nsms", "[text.call-missed]\nfax"),
        ("[reason]", "[reasons]"),
        ('unless = "none"', 'never = "none"'),
        ("【12345】", "长" * 501),
    ],
)
def test_texts_that_cannot_be_used_name_themselves(was: str, becomes: str) -> None:
    assert was in TEXTS
    with pytest.raises(MessagesInvalid):
        load_texts(TEXTS.replace(was, becomes))


def test_every_text_fills_in_every_language() -> None:
    texts = load_texts(TEXTS)
    values = {"service": "S", "number": "N", "reason": "photo-missing", "result.ticket": "A012", "code": "1"}
    for text_id, parts in texts.texts.items():
        for way in ("sms", "email"):
            if way in parts:
                chinese, english = (texts.words(text_id, way, language, values).body for language in ("yue-Hant", "en"))
                assert "{" not in chinese + english
                assert chinese != english
    assert "号码：A012。" in texts.words("done", "sms", "zh-Hans", values).body
    with pytest.raises(MessagesInvalid):
        texts.words("call-missed", "email", "en", {})
