"""After an entry was stored: offices judge it, its day is closed under a root, a copied disk is noticed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from kiosk.cli.gateway.command import gateway as command
from offline_cache.errors import MalformedMessage
from offline_cache.messages import verify1
from offline_cache.wire.verdict import VerdictPage, decode_verdicts, encode_verdicts
from provisioning.gateway.ingest import unsealed
from provisioning.gateway.proofs.days import ProofInvalid, close_days, find_line, prove, verify_proof
from tests.gateway_days import DAY_MS, NOON_MS, LineStore, check_days, journal, sealed_days
from tests.gateway_kit import Answer, GatewayKit, Terminal


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 7)))
    assert terminal.push(terminal.batch(1, 3)).status == 200
    return terminal


# --- verdicts -------------------------------------------------------------------------------------------------------


def bearer(kit: GatewayKit) -> dict[str, str]:
    return {"Authorization": f"Bearer {kit.authority.operator_token}"}


def verdict(terminal: Terminal, seq: int, word: str = "accepted", reason: str = "") -> dict[str, object]:
    return {
        "terminal": terminal.name, "epoch": terminal.epoch, "seq": seq, "id": terminal.rows[seq - 1].id,
        "verdict": word, "reason": reason, "agency": "psb",
    }  # fmt: skip


def judge(kit: GatewayKit, *verdicts: dict[str, object]) -> Answer:
    return kit.call("POST", "/v1/verdicts", json.dumps({"verdicts": verdicts}).encode(), headers=bearer(kit))


def hear(terminal: Terminal, after: int = 0) -> VerdictPage:
    answer = terminal.kit.call("GET", f"/v1/verdicts?after={after}", certificate=terminal.certificate)
    assert answer.status == 200, answer.body
    return decode_verdicts(verify1(answer.body, terminal.kit.authority.signing_key.public_key()))


def test_an_office_rejects_one_entry_and_its_terminal_hears_why(kit: GatewayKit, terminal: Terminal) -> None:
    assert hear(terminal) == VerdictPage(terminal.name, 0, more=False, verdicts=())
    answer = judge(kit, verdict(terminal, 1), verdict(terminal, 2, "rejected", "photo-missing"))
    assert answer.json == {"taken": 2, "new": 2}
    heard = hear(terminal)
    assert [(item.seq, item.id, item.verdict, item.reason, item.agency) for item in heard.verdicts] == [
        (1, terminal.rows[0].id, "accepted", "", "psb"),
        (2, terminal.rows[1].id, "rejected", "photo-missing", "psb"),
    ]
    assert {item.at_ms for item in heard.verdicts} == {kit.clock.ms}
    assert hear(terminal, heard.next).verdicts == ()
    assert hear(terminal, heard.next).next == heard.next
    assert judge(kit, verdict(terminal, 2, "rejected", "photo-missing")).json == {"taken": 1, "new": 0}
    judge(kit, verdict(terminal, 2))
    assert [item.verdict for item in hear(terminal, heard.next).verdicts] == ["accepted"]
    assert ("gateway.verdicts", {"taken": 2, "new": 2}) in kit.log


def test_a_rejected_entry_stays_in_the_journal_and_the_line_goes_on(kit: GatewayKit, terminal: Terminal) -> None:
    judge(kit, verdict(terminal, 2, "rejected", "photo-missing"))
    assert terminal.push(terminal.batch(4, 6)).status == 200
    assert [line["seq"] for line in unsealed(kit.store, kit.authority)] == [1, 2, 3, 4, 5, 6]


def test_a_terminal_hears_of_its_own_entries_only(kit: GatewayKit, terminal: Terminal) -> None:
    other = kit.enrol()
    judge(kit, verdict(terminal, 1))
    assert hear(other).verdicts == ()
    assert kit.call("GET", "/v1/verdicts").code == "unknown-terminal"
    assert kit.call("GET", "/v1/verdicts?after=x", certificate=terminal.certificate).code == "malformed"


def test_more_verdicts_than_one_answer_holds(kit: GatewayKit, terminal: Terminal) -> None:
    for number in range(1, 600):
        word, reason = ("rejected", f"reason-{number}") if number % 2 else ("accepted", "")
        judge(kit, verdict(terminal, 1, word, reason))
    first = hear(terminal)
    assert (len(first.verdicts), first.more) == (500, True)
    rest = hear(terminal, first.next)
    assert (len(rest.verdicts), rest.more) == (99, False)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "maybe"}, {"verdict": "rejected"}, {"verdict": "rejected", "reason": "Her name is …"},
        {"reason": "photo-missing"}, {"agency": ""}, {"agency": "陈"}, {"seq": 0}, {"seq": "1"}, {"surprise": 1},
    ],
)  # fmt: skip
def test_a_verdict_that_is_not_codes_is_refused_whole(
    kit: GatewayKit, terminal: Terminal, change: dict[str, object]
) -> None:
    answer = judge(kit, verdict(terminal, 1), {**verdict(terminal, 2), **change})
    assert (answer.status, answer.code) == (400, "malformed")
    assert hear(terminal).verdicts == ()


def test_a_verdict_on_an_entry_that_is_not_there(kit: GatewayKit, terminal: Terminal) -> None:
    answer = judge(kit, verdict(terminal, 1), verdict(terminal, 4))
    assert (answer.status, answer.code, answer.json["place"]) == (404, "entry-unknown", 1)
    assert hear(terminal).verdicts == ()
    assert kit.call("POST", "/v1/verdicts", b"{}").code == "operator-required"
    assert kit.call("POST", "/v1/verdicts", b"{}", headers=bearer(kit)).code == "malformed"
    assert kit.call("POST", "/v1/verdicts", b"x" * 600_000, headers=bearer(kit)).code == "too-large"


def test_a_page_of_verdicts_that_contradicts_itself_is_not_read() -> None:
    page = VerdictPage("T0001", 5, more=True, verdicts=())
    with pytest.raises(MalformedMessage):
        decode_verdicts(encode_verdicts(page))
    assert decode_verdicts(encode_verdicts(replace(page, more=False))).next == 5


# --- a copied disk --------------------------------------------------------------------------------------------------


def test_two_terminals_with_one_disk_image_raise_an_alarm(kit: GatewayKit, terminal: Terminal) -> None:
    copy = replace(terminal, rows=terminal.rows[:3])
    copy.record({"number": 94}, {"number": 95})
    assert terminal.push(terminal.batch(4, 5)).status == 200
    for _ in range(2):
        assert copy.push(copy.batch(4, 5)).code == "seq-conflict"
        kit.clock.pass_s(10)
    answer = kit.call("GET", "/v1/alarms", headers=bearer(kit))
    (alarm,) = answer.json["alarms"]
    assert (alarm["terminal"], alarm["code"], alarm["epoch"]) == (terminal.name, "seq-conflict", terminal.epoch)
    assert (alarm["seq"], alarm["times"], alarm["last_ms"] - alarm["first_ms"]) == (4, 2, 10_000)
    page = kit.call("GET", "/").body.decode()
    assert f"{terminal.name}: seq-conflict at seq 4, 2 times" in page
    assert terminal.push(terminal.batch(6, 6)).status == 200, "the first one goes on"
    assert len(list(unsealed(kit.store, kit.authority))) == 6
    assert kit.call("GET", "/v1/alarms").code == "operator-required"
    told = re.search(r"kiosk gateway (alarms .*--close T\d+)", page)
    assert told is not None
    typed = [str(kit.folder) if word == "DIR" else word for word in told[1].split()]
    done = CliRunner().invoke(command, [*typed, "--json"])
    assert (done.exit_code, list(json.loads(done.stdout))) == (0, ["closed"]), "the notice's command is whole"
    kit.store.close_alarms(terminal.name)
    assert "seq-conflict" not in kit.call("GET", "/").body.decode()


# --- days and proofs ------------------------------------------------------------------------------------------------


def days(kit: GatewayKit, after: int = 0) -> list[dict[str, Any]]:
    return list(kit.call("GET", f"/v1/days?after={after}").json["days"])


def test_a_citizen_checks_a_receipt_against_a_published_root(kit: GatewayKit, terminal: Terminal) -> None:
    case = f"{terminal.name}-000002"
    assert kit.call("GET", f"/v1/proofs/{case}").code == "day-open"
    assert days(kit) == []
    kit.clock.pass_s(86_400)
    (day,) = days(kit)
    assert (day["number"], day["day"], day["size"]) == (1, "2026-11-21", 3)
    proof = kit.call("GET", f"/v1/proofs/{case}").json
    key = kit.authority.signing_key.public_key()
    said = verify_proof(proof, key, root=day["root"], case=case)
    assert (said["terminal"], said["epoch"], said["seq"]) == (terminal.name, terminal.epoch, 2)
    assert kit.call("GET", f"/v1/proofs/{terminal.name}-000004").code == "entry-unknown"
    assert kit.call("GET", "/v1/proofs/nonsense").code == "entry-unknown"
    assert kit.call("GET", "/v1/days?after=minus").code == "malformed"


def test_days_follow_one_another_and_a_day_without_entries_has_none(kit: GatewayKit, terminal: Terminal) -> None:
    kit.clock.pass_s(86_400)
    terminal.push(terminal.batch(4, 4))
    kit.clock.pass_s(3 * 86_400)
    terminal.push(terminal.batch(5, 6))
    kit.clock.pass_s(86_400)
    found = days(kit)
    assert [(day["number"], day["day"], day["size"]) for day in found] == [
        (1, "2026-11-21", 3), (2, "2026-11-22", 1), (3, "2026-11-25", 2)
    ]  # fmt: skip
    key = kit.authority.signing_key.public_key()
    assert [head.day for head in check_days(found, key)] == [day["day"] for day in found]
    assert days(kit, 2) == found[2:]
    for broken in ([found[0], found[2]], [found[1], found[0]]):
        with pytest.raises(ProofInvalid, match="does not follow"):
            check_days(broken, key)
    for seq in range(1, 7):
        line = find_line(kit.store, terminal=terminal.name, seq=seq)
        assert line is not None
        assert verify_proof(prove(kit.store, line), key)["seq"] == seq


def test_an_entry_taken_out_of_the_database_can_no_longer_be_proved(kit: GatewayKit, terminal: Terminal) -> None:
    kit.clock.pass_s(86_400)
    (day,) = days(kit)
    with kit.store.database.transaction() as db:
        db.run("UPDATE journal SET chain = ? WHERE seq = 2", bytes(32))
    proof = kit.call("GET", f"/v1/proofs/{terminal.name}-000001").json
    with pytest.raises(ProofInvalid, match="does not lead"):
        verify_proof(proof, kit.authority.signing_key.public_key(), root=day["root"])


def test_a_second_database_of_a_terminal_has_its_own_numbers(kit: GatewayKit, terminal: Terminal) -> None:
    first = terminal.epoch
    terminal.epoch, terminal.rows = "0" * 32, []
    terminal.record({"number": 1})
    terminal.push(replace(terminal.batch(1, 1), epoch_number=2))
    found = find_line(kit.store, case=f"{terminal.name}-2-000001")
    assert found is not None
    assert (found.epoch, found.epoch_number) == ("0" * 32, 2)
    before = find_line(kit.store, case=f"{terminal.name}-000001")
    assert before is not None
    assert before.epoch == first


def test_a_number_that_was_given_twice_is_not_guessed_at(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.epoch, terminal.rows = "0" * 32, []
    terminal.record({"number": 1})
    terminal.push(terminal.batch(1, 1))
    assert find_line(kit.store, case=f"{terminal.name}-000001") is None
    chosen = find_line(kit.store, terminal=terminal.name, seq=1, epoch="0" * 32)
    assert chosen is not None
    assert chosen.epoch == "0" * 32


def test_rows_of_a_clock_that_was_put_back_wait_for_the_next_day() -> None:
    kit_lines = journal(2)
    late = [replace(line, position=line.position + 100) for line in journal(2, NOON_MS - 3600_000)]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    closed, store = sealed_days(kit_lines, key, NOON_MS + DAY_MS)
    assert len(closed) == 1
    store.journal += late
    assert close_days(store, key, NOON_MS + DAY_MS) == 0  # type: ignore[arg-type]
    assert close_days(store, key, NOON_MS + 2 * DAY_MS) == 1  # type: ignore[arg-type]
    assert [(day.day, day.size) for day in store.closed] == [("2026-11-21", 2), ("2026-11-22", 2)]
    assert isinstance(store, LineStore)


def test_two_servers_close_the_same_day_once(kit: GatewayKit, terminal: Terminal) -> None:
    from concurrent.futures import ThreadPoolExecutor

    kit.clock.pass_s(86_400)
    key = kit.authority.signing_key
    with ThreadPoolExecutor(4) as pool:
        closed = list(pool.map(lambda _: close_days(kit.store, key, kit.clock.ms), range(4)))
    assert sum(closed) == 1
    assert len(days(kit)) == 1


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_proves_and_checks(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")  # its clock stands in the past, so the day is over for the command
    kit.clock.ms = NOON_MS - 2000 * DAY_MS
    terminal = Terminal(kit, "00000000-0000-4000-8000-000000000001")
    kit.store.add_invite(b"hash", {}, kit.clock.ms + 1)
    kit.store.admit(b"hash", kit.clock.ms, terminal.device, "m", lambda name: kit.authority.certify(
        json.loads(terminal.request("x"))["csr"], name, kit.clock.now))  # fmt: skip
    terminal.name = "T0001"
    terminal.record({"number": 1}, {"number": 2}, {"number": 3})
    kit.store.append(terminal.batch(1, 3), kit.clock.ms)
    kit.store.close()
    where = ("--dir", str(kit.folder))
    run = CliRunner()

    def said(*arguments: str, code: int = 0, stdin: str = "") -> Any:
        done = run.invoke(command, [*arguments], input=stdin)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    day = said("days", *where, "--json")
    proof = said("prove", *where, "--number", "T0001-000003", "--json")
    assert proof == said("prove", *where, "--terminal", "T0001", "--seq", "3", "--json")
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    (tmp_path / "key.pem").write_text(said("public-key", *where))
    public = kit.authority.signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert (tmp_path / "key.pem").read_bytes() == public
    check = ("verify-proof", str(tmp_path / "proof.json"), "--key", str(tmp_path / "key.pem"), "--json")
    assert said(*check, "--root", day["root"], "--number", "T0001-000003")["case"] == "T0001-000003"
    assert said("verify-proof", "-", *where, "--json", stdin=json.dumps(proof))["seq"] == 3
    assert said(*check, "--root", "00" * 32, code=1)["error"] == "proof-invalid"
    assert said(*check, "--number", "T0001-000001", code=1)["error"] == "proof-invalid"
    assert said("verify-proof", "-", *where, "--json", stdin="{}", code=1)["error"] == "proof-invalid"
    assert said("prove", *where, "--number", "T0001-000009", "--json", code=1)["error"] == "entry-unknown"
    run_without = run.invoke(command, ["prove", *where])
    assert run_without.exit_code == 2
    (tmp_path / "other.pem").write_text("no key")
    wrong = ("verify-proof", str(tmp_path / "proof.json"), "--key", str(tmp_path / "other.pem"), "--json")
    assert said(*wrong, code=1)["error"] == "key-invalid"
