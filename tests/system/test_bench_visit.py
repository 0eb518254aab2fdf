"""Whole visits at `kiosk bench`, as a process, over its HTTP interface: on simulated and on real stacks."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import DriverError
from drivers.sim.cards.pcscd import PrivatePcscd
from kiosk.bench.hands.client import BenchClient, BenchProcess, Json
from kiosk.bench.hands.visit import Visitor
from kiosk.bench.ports import BenchError

pytestmark = [pytest.mark.system, pytest.mark.timeout(300), pytest.mark.xdist_group("bench")]
DEADLINE_S = 60.0


def real_stack_is_here() -> bool:
    """Whether a private pcscd with a virtual reader can be had on this machine."""
    try:
        PrivatePcscd().stop()
    except DriverError:
        return False
    return True


@pytest.fixture(scope="module", params=["sim", pytest.param("real", marks=pytest.mark.pcsc)])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchClient]:
    if request.param == "real" and not real_stack_is_here():
        pytest.skip("pcscd or vsmartcard-vpcd is not installed")
    state = tmp_path_factory.mktemp("bench")
    process = BenchProcess(["--headless", "--stack", request.param, "--state", str(state)])
    yield process.client
    assert process.end() == 0
    assert len(process.lines) == 1


@pytest.fixture
def fresh(bench: BenchClient) -> BenchClient:
    bench.reset()
    until_reachable(bench, True)
    return bench


def until_reachable(bench: BenchClient, wanted: bool) -> None:
    bench.until("the network", lambda: bench.state()["gateway"]["reachable"] is wanted, DEADLINE_S)


def held(bench: BenchClient, number: str) -> list[Json]:
    return [
        entry
        for entry in bench.entries()
        if entry["document"]["kind"] == "application" and entry["document"]["number"] == number
    ]


def walk_to_attract(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.open_service("moved", "household-proof")
    visitor.fill_in()
    visitor.submit()
    visitor.take_receipt()
    visitor.rate_and_leave()


def sent(bench: BenchClient, number: str) -> list[Json]:
    def look() -> list[Json] | None:
        found = held(bench, number)
        return found if found and bench.state()["outbox"]["pending"] == 0 else None

    return bench.until(f"entry {number}", look, DEADLINE_S)


def test_somebody_listens_and_presses_the_keypad(fresh: BenchClient) -> None:
    assert fresh.speech() == []
    fresh.key("repeat")
    assert [one["text"] for one in fresh.speech()][:2] == ["广州市民自助终端。", "办事，从这里开始。"]
    told = [one["text"] for one in fresh.speech()]
    fresh.key("pause")
    assert [one["text"] for one in fresh.speech()] == told * 2, "a sentence takes no time here: all of it was said"
    for key in ("down", "down", "down", "ok"):
        fresh.key(key)
    assert fresh.state()["screen"] == "start"
    assert fresh.speech()[-1]["language"] == fresh.state()["language"]
    before = fresh.speech()[-1]["n"]
    fresh.key("down")
    told = [one for one in fresh.speech() if one["n"] > before]
    assert [one["kind"] for one in told] == ["say"]
    fresh.key("ok")
    assert fresh.state()["screen"] == "card"


def test_a_visit_reaches_the_gateway_once_and_leaves_nothing_of_the_holder(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "parent")
    walk_to_attract(visitor)
    (receipt,) = fresh.receipts()
    assert receipt["state"] == "done"
    assert receipt["number"] in receipt["text"]
    assert "还没发出" not in receipt["text"]
    assert fresh.receipt_picture(1).startswith(b"\x89PNG")
    (entry,) = sent(fresh, receipt["number"])
    assert entry["document"]["service"] == "household-proof"
    told = json.dumps([fresh.state(), fresh.log()], ensure_ascii=False)
    for word in visitor.private:
        assert word not in told


def test_with_the_network_cut_the_visit_completes_and_the_entry_arrives_once_later(fresh: BenchClient) -> None:
    fresh.network(up=False)
    until_reachable(fresh, False)
    walk_to_attract(Visitor(fresh, "parent"))
    (receipt,) = fresh.receipts()
    assert receipt["state"] == "done"
    assert "还没发出" in receipt["text"]
    assert held(fresh, receipt["number"]) == []
    assert fresh.state()["outbox"]["pending"] >= 1
    fresh.network(up=True)
    assert len(sent(fresh, receipt["number"])) == 1


def test_a_network_that_is_cut_while_the_entry_is_sent_neither_loses_nor_doubles_it(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "parent")
    visitor.sign_in()
    visitor.open_service("moved", "household-proof")
    visitor.fill_in()
    fresh.network(latency_ms=400)
    visitor.send_in()
    fresh.network(up=False, latency_ms=0)
    fresh.advance(11)
    visitor.wait_for("saved")
    visitor.take_receipt()
    visitor.rate_and_leave()
    (receipt,) = fresh.receipts()
    fresh.network(up=True)
    assert len(sent(fresh, receipt["number"])) == 1


def test_a_card_pulled_on_the_form_ends_the_visit_and_saves_nothing(fresh: BenchClient) -> None:
    before = len(fresh.entries())
    visitor = Visitor(fresh, "parent")
    visitor.sign_in()
    visitor.open_service("moved", "household-proof")
    fresh.remove_card()
    assert fresh.until_screen("failure.card-removed", "attract") == "failure.card-removed"
    assert fresh.state()["outbox"]["pending"] == 0
    assert len(fresh.entries()) == before


def test_a_wrong_pin_is_told_and_the_right_one_goes_on(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "parent")
    visitor.come_in()
    visitor.insert_card()
    visitor.give_pin("000000")
    fresh.until(
        "the tries left",
        lambda: (
            visitor.look() == "pin"
            and any("5" in element["text"] for element in fresh.elements() if element["role"] != "key")
        ),
    )
    visitor.give_pin()
    visitor.wait_for("home")


@pytest.mark.parametrize(("persona", "failure"), [("expired", "failure.card-expired")])
def test_a_card_that_cannot_be_used_has_a_screen_with_a_next_step(
    fresh: BenchClient, persona: str, failure: str
) -> None:
    visitor = Visitor(fresh, persona)
    visitor.come_in()
    fresh.insert(persona)
    assert fresh.until_screen(failure, "pin") == failure
    assert any(element["enabled"] and element["role"] in {"primary", "back"} for element in fresh.elements())


def test_a_card_of_a_document_is_a_whole_card(fresh: BenchClient) -> None:
    Visitor(fresh, "parent").come_in()
    holder = {"name": "试验人", "id_number": "440199198001010015", "sex": "male", "birth_date": "1980-01-01"}
    fresh.insert_card({"profile": "citizen", "pin": "654321", "holder": holder})
    fresh.until_screen("pin")
    for digit in "654321":
        fresh.touch_id(f"pin.{digit}")
    fresh.touch_id("pin.ok")
    fresh.until_screen("home")


def test_a_card_that_is_not_one_is_refused_with_the_field(fresh: BenchClient) -> None:
    with pytest.raises(BenchError, match=r"holder") as caught:
        fresh.insert_card({"profile": "citizen", "holder": {"name": "x"}})
    assert caught.value.code == "card-document-invalid"
    assert fresh.state()["devices"]["slot"]["card"] is None


def test_the_printer_runs_out_of_paper_before_the_visit(fresh: BenchClient) -> None:
    fresh.fault("printer", "paper-out")
    visitor = Visitor(fresh, "parent")
    visitor.sign_in()
    visitor.press("event.moved")
    visitor.wait_for("services")
    visitor.press("service.household-proof")
    visitor.wait_for("intro")
    fresh.touch_id("primary")
    assert fresh.until_screen("failure.printer-paper-out", "consent") == "failure.printer-paper-out"


def test_the_next_citizen_finds_the_first_language_and_size(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "parent")
    visitor.come_in("en")
    visitor.press("mode.large")
    state = fresh.state()
    assert state["language"] == "en"
    assert state["modes"]["text_scale"] > 1
    fresh.reset()
    after = fresh.state()
    assert (after["screen"], after["language"], after["modes"]["text_scale"]) == ("attract", "zh-Hans", 1.0)


def test_two_touches_on_one_control_are_two_touches(fresh: BenchClient) -> None:
    fresh.touch_id("language.zh")
    sizes = [fresh.touch_id("mode.large")["modes"]["text_scale"] for _ in range(4)]
    assert sizes == [1.25, 1.6, 2.0, 1.0]


def test_what_the_state_names_is_what_the_controls_belong_to(fresh: BenchClient) -> None:
    for _ in range(3):
        assert fresh.touch_id("language.zh")["screen"] == "start"
        assert fresh.element("start.card") is not None
        assert fresh.touch_id("back")["screen"] == "attract"
        assert fresh.element("start.card") is None


def test_a_quiet_citizen_is_warned_and_then_the_visit_ends(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "parent")
    visitor.sign_in()
    fresh.advance(121)
    fresh.until_screen("timeout")
    for _ in range(60):
        fresh.advance(1)
    assert fresh.until_screen("take-card", "attract") == "take-card"
    fresh.remove_card()
    fresh.until_screen("attract")


def test_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    process = BenchProcess(["--headless", "--state", str(tmp_path / "state")])
    assert process.client.state()["screen"] == "attract"
    assert process.end(signal.SIGINT) == 0
    with pytest.raises(BenchError, match="ConnectionError"):
        process.client.state()


def children_of(pid: int) -> dict[str, int]:
    """The children of a process: the word behind `kiosk` on their command line -> process id."""
    found: dict[str, int] = {}
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    for child in " ".join(file.read_text() for file in threads).split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "kiosk" in words:
            found[words[words.index("kiosk") + 1]] = int(child)
    return found


def gone(pidfd: int) -> bool:
    """Wait until this process has ended."""
    readable, _, _ = select.select([pidfd], [], [], DEADLINE_S)
    os.close(pidfd)
    return bool(readable)


@pytest.mark.parametrize("child", ["gateway", "sync"])
def test_a_child_that_dies_ends_the_bench_and_is_told(
    tmp_path: Path, child: str, capfd: pytest.CaptureFixture[str]
) -> None:
    process = BenchProcess(["--headless", "--state", str(tmp_path / "state")])
    children = children_of(process.pid)
    assert set(children) >= {"gateway", "sync"}
    handle = os.pidfd_open(process.pid)
    os.kill(children[child], signal.SIGKILL)
    assert gone(handle)
    assert process.end() == 1
    assert f"{child} ended unasked" in capfd.readouterr().err


def test_a_bench_that_is_shot_leaves_no_children(tmp_path: Path) -> None:
    process = BenchProcess(["--headless", "--state", str(tmp_path / "state")])
    handles = [os.pidfd_open(pid) for pid in children_of(process.pid).values()]
    assert len(handles) == 2
    os.kill(process.pid, signal.SIGKILL)
    assert all(gone(handle) for handle in handles)
    assert process.end() == -signal.SIGKILL


def test_a_state_folder_is_taken_up_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = BenchProcess(["--headless", "--state", str(state)])
    try:
        first.client.network(up=False)
        until_reachable(first.client, False)
        walk_to_attract(Visitor(first.client, "parent"))
        number = first.client.receipts()[0]["number"]
    finally:
        assert first.end() == 0
    second = BenchProcess(["--headless", "--state", str(state)])
    try:
        assert len(sent(second.client, number)) == 1
    finally:
        assert second.end() == 0


@pytest.mark.nightly
def test_a_building_permit_is_worked_by_nine_agencies_while_weeks_go_by(fresh: BenchClient) -> None:
    visitor = Visitor(fresh, "owner")
    visitor.sign_in()
    visitor.open_service("business", "construction")
    visitor.fill_in()
    visitor.submit()
    number = str(fresh.state()["session"]["number"])
    visitor.take_receipt()
    visitor.rate_and_leave()
    sent(fresh, number)
    fresh.advance(21 * 86_400)
    visitor = Visitor(fresh, "owner")
    visitor.sign_in()
    for element in ("event.records", "service.my-cases", "primary", "primary"):
        visitor.press(element)
    visitor.wait_for("view")
    visitor.press("row.0")
    visitor.press("do.steps")
    words = [str(element["text"]) for element in fresh.elements()]
    assert f"编号 {number}" in words
    assert any(text.startswith("政务服务中心") and text.endswith("办完") for text in words)
    visitor.press("finish")
    fresh.remove_card()
