"""What a terminal asks without a citizen's consent, what a hall says, and a verdict that brings a result."""

from __future__ import annotations

import json

import pytest

from offline_cache.errors import BadReply, MalformedMessage
from offline_cache.messages import verify1
from offline_cache.wire.public import card_state, public_path, public_subject
from offline_cache.wire.verdict import EntryVerdict, VerdictPage, decode_verdicts, encode_verdicts
from tests.gateway_kit import GatewayKit, Terminal


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    return kit.enrol()


def get(kit: GatewayKit, terminal: Terminal, path: str):
    return kit.call("GET", path, certificate=terminal.certificate)


def hall(kit: GatewayKit, method: str, path: str, token: str = ""):
    return kit.call(method, path, headers={"authorization": f"Bearer {token or kit.authority.operator_token}"})


def walk_in(kit: GatewayKit, terminal: Terminal, **more: str) -> None:
    fields = {name: {"value": value} for name, value in {"office": "rongshu", "matter": "exit-entry"}.items()}
    terminal.record({"kind": "application", "service": "ticket", "fields": fields, **more})
    assert terminal.push(terminal.batch(len(terminal.rows), len(terminal.rows))).status == 200
    kit.gateway.town.intake.work()


def test_public_subjects_need_no_card_and_others_do(kit: GatewayKit, terminal: Terminal) -> None:
    offices = public_subject(get(kit, terminal, public_path("geo.office", {"matter": "vehicle"})).json)[2]["offices"]
    assert [office["id"] for office in offices] == ["nantang", "yunqiao"]  # type: ignore[union-attr]
    given = {"office": "nantang", "matter": "vehicle", "day": "2026-11-23"}
    agency, _updated, record = public_subject(get(kit, terminal, public_path("appt.slot", given)).json)
    assert agency == "data"
    assert record["slots"][0] == {"start": "2026-11-23T08:30", "left": 6, "capacity": 6}  # type: ignore[index]
    assert get(kit, terminal, "/v1/public/geo.division").status == 200
    for closed in ("pop.person", "card.status", "nothing"):
        assert get(kit, terminal, public_path(closed, {})).code == "subject-refused"
    assert kit.call("GET", "/v1/public/geo.office").code == "unknown-terminal"


def test_a_number_is_given_out_called_and_told(kit: GatewayKit, terminal: Terminal) -> None:
    kit.clock.pass_s(46 * 3600)  # Monday, ten o'clock
    walk_in(kit, terminal)
    page = decode_verdicts(
        verify1(get(kit, terminal, "/v1/verdicts").body, kit.authority.signing_key.public_key().public_bytes_raw())
    )
    assert page.verdicts[0].result["ticket"] == "B001"
    queue = hall(kit, "GET", "/v1/queues/rongshu").json["queues"]["exit-entry"]
    assert queue["counters"] == 3
    assert hall(kit, "PUT", "/v1/queues/rongshu/exit-entry?counters=1").json["counters"] == 1
    called = [hall(kit, "POST", "/v1/queues/rongshu/exit-entry/call?counter=3").json["ticket"] for _ in range(2)]
    assert called == [None, None], "the kit's terminal has a clock of three years ago: that day is over"
    assert hall(kit, "POST", "/v1/queues/rongshu/singing/call").code == "not-found"
    assert hall(kit, "PUT", "/v1/queues/rongshu/singing?counters=1").code == "not-found"
    assert hall(kit, "GET", "/v1/queues/rongshu", "wrong").code == "operator-required"


def test_the_reader_of_entries_goes_on_where_it_was(kit: GatewayKit, terminal: Terminal) -> None:
    walk_in(kit, terminal)
    seen: list[str] = []
    kit.gateway.town.intake.add(lambda filed: seen.append(filed.key))
    assert kit.gateway.town.intake.work() == 0
    walk_in(kit, terminal)
    assert seen == [f"{terminal.name} {terminal.epoch} 2"]
    assert kit.gateway.town.intake.position() == 2


def test_an_office_may_send_a_result_and_it_comes_back_signed(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.record({"number": 1})
    terminal.push(terminal.batch(1, 1))
    row = terminal.rows[0]
    verdict = {"terminal": terminal.name, "epoch": terminal.epoch, "seq": 1, "id": row.id, "verdict": "accepted",
               "reason": "", "agency": "psb", "result": {"ticket": "B001"}}  # fmt: skip
    body = json.dumps({"verdicts": [verdict]}).encode()
    headers = {"authorization": f"Bearer {kit.authority.operator_token}"}
    assert kit.call("POST", "/v1/verdicts", body, headers=headers).json == {"taken": 1, "new": 1}
    assert kit.call("POST", "/v1/verdicts", body, headers=headers).json == {"taken": 1, "new": 0}
    bad = json.dumps({"verdicts": [{**verdict, "result": {"ticket": 7}}]}).encode()
    assert kit.call("POST", "/v1/verdicts", bad, headers=headers).code == "malformed"
    assert kit.store.verdicts(terminal.name, 0, 10)[0].verdict.result == {"ticket": "B001"}


def test_a_verdict_without_a_result_is_the_message_it_always_was() -> None:
    plain = EntryVerdict(1, "e", 2, "i", "accepted", "", "psb", 3)
    rich = EntryVerdict(2, "e", 3, "j", "accepted", "", "psb", 3, {"ticket": "B001"})
    page = VerdictPage("T0001", 2, more=False, verdicts=(plain, rich))
    assert decode_verdicts(encode_verdicts(page)) == page
    assert b"result" not in encode_verdicts(VerdictPage("T0001", 1, more=False, verdicts=(plain,)))
    with pytest.raises(MalformedMessage):
        decode_verdicts(
            encode_verdicts(
                VerdictPage(
                    "T0001", 2, False, (EntryVerdict(2, "e", 3, "j", "accepted", "", "psb", 3, {"k": "x" * 999}),)
                )
            )
        )


def test_an_answer_that_is_none_is_refused() -> None:
    for answer in ({}, {"agency": "x", "updated": "y", "record": []}):
        with pytest.raises(BadReply):
            public_subject(answer)
    with pytest.raises(BadReply):
        card_state({"state": "fine"})
    assert public_path("geo.office", {"matter": "a b&c"}) == "/v1/public/geo.office?matter=a+b%26c"


def test_on_a_saturday_no_number_is_given_out(kit: GatewayKit, terminal: Terminal) -> None:
    walk_in(kit, terminal)
    key = kit.authority.signing_key.public_key().public_bytes_raw()
    (verdict,) = decode_verdicts(verify1(get(kit, terminal, "/v1/verdicts").body, key)).verdicts
    assert (verdict.verdict, verdict.reason) == ("rejected", "office-closed")
