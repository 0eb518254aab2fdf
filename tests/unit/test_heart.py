"""The terminal's heartbeat: measured when it is sent, never kept; orders done once, whatever happens between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from drivers.api import PrinterStatus, SlotState
from kiosk.doctor.gauges import measure
from kiosk.doctor.site import Site
from kiosk.log import Log
from kiosk.session.state import World
from kiosk.settings import Settings
from kiosk.workers.parts import PartsFile
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.enrolment import Enrolment
from offline_cache.errors import BadSignature, MalformedMessage, Unavailable
from offline_cache.fleet.heart import Heart, Measured
from offline_cache.fleet.orders import OrderBook
from offline_cache.gateway import signing_request
from offline_cache.messages import decode_enrol_answer, sign1, verify1
from offline_cache.wire.fleet.heartbeat import GAUGES, Order, encode_order
from provisioning.orders.hands import commands, hands
from tests.fleet_kit import operator
from tests.gateway_kit import GatewayKit, Terminal


@pytest.fixture(scope="module")
def kit(lasting_kit: GatewayKit) -> GatewayKit:
    return lasting_kit


@pytest.fixture
def joined(kit: GatewayKit, tmp_path: Path) -> Enrolment:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    terminal = Terminal(kit, states.device(folder).device)
    assert signing_request(terminal.key, terminal.device)
    answer = kit.call("POST", "/v1/enrol", terminal.request(kit.invite(terminal.device)))
    return enrolments.save(folder, "https://127.0.0.1:1", terminal.device, "bench", terminal.key,
                           decode_enrol_answer(answer.body))  # fmt: skip


class Wire:
    """The line to a gateway without a socket; it can be cut before the gateway or after it."""

    def __init__(self, kit: GatewayKit, enrolment: Enrolment) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding

        self.kit, self.enrolment = kit, enrolment
        pem = (enrolment.state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
        self.der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        self.cut: str = ""
        self.sent = 0

    def post_signed(self, path: str, payload: bytes, limit: int) -> bytes:
        if self.cut == "before":
            raise Unavailable("cut")
        self.sent += 1
        answer = self.kit.call("POST", path, sign1(payload, self.enrolment.private_key), certificate=self.der)
        assert answer.status == 200, answer.body
        assert len(answer.body) <= limit
        if self.cut == "after":
            raise Unavailable("cut")
        return verify1(answer.body, self.enrolment.signing_key)

    def close(self) -> None:
        pass


class Rig:
    def __init__(self, kit: GatewayKit, enrolment: Enrolment) -> None:
        self.kit, self.enrolment = kit, enrolment
        self.wire = Wire(kit, enrolment)
        self.done: list[str] = []
        self.outcome: Callable[[Order], str] = lambda _order: "done"
        self.gauges: Mapping[str, int] = {"app_up": 1}
        self.measured = 0
        self.heart = self.start()

    def start(self) -> Heart:
        """A process that starts: what it knows is on the disk."""

        def do(order: Order) -> str:
            self.done.append(order.kind)
            return self.outcome(order)

        def look() -> Measured:
            self.measured += 1
            return Measured(self.gauges)

        clock = _Clock(self.kit)
        self.heart = Heart(self.enrolment.state_dir, look, do, clock=clock, connect=lambda _e: self.wire,
                           random=lambda: 0.5, boot="b")  # fmt: skip
        return self.heart

    def order(self, kind: str, minutes: int = 15) -> str:
        return self.kit.gateway.fleet.orders.give(self.enrolment.terminal, kind, self.kit.clock.ms, minutes).id

    def outcomes(self) -> list[str]:
        path = f"/v1/fleet/{self.enrolment.terminal}/orders"
        return [one["outcome"] for one in self.kit.call("GET", path, headers=operator(self.kit)).json["orders"]]


class _Clock:
    def __init__(self, kit: GatewayKit) -> None:
        self._kit = kit

    def now_ms(self) -> int:
        return self._kit.clock.ms + 250

    def mono_ms(self) -> int:
        return self._kit.clock.ms

    def boot_id(self) -> str:
        return "b"


@pytest.fixture
def rig(kit: GatewayKit, joined: Enrolment) -> Rig:
    return Rig(kit, joined)


def test_days_without_a_network_leave_no_heap_of_old_heartbeats(rig: Rig) -> None:
    rig.wire.cut = "before"
    before = sorted(path.name for path in rig.enrolment.state_dir.iterdir())
    for _ in range(300):
        assert rig.heart.beat() == "gateway-unavailable"
    assert sorted(path.name for path in rig.enrolment.state_dir.iterdir()) == before
    rig.wire.cut, rig.gauges = "", {"app_up": 1, "outbox_pending": 7}
    assert rig.heart.beat() is None
    assert rig.wire.sent == 1
    assert rig.kit.gateway.fleet.beats.newest()[rig.enrolment.terminal].gauges["outbox_pending"] == 7


def test_the_clock_s_offset_is_told_from_the_second_heartbeat_on_and_the_pace_varies(rig: Rig) -> None:
    rig.heart.beat()
    rig.heart.beat()
    assert rig.kit.gateway.fleet.beats.newest()[rig.enrolment.terminal].gauges["clock_offset_ms"] == 250
    waits = {Heart(rig.enrolment.state_dir, lambda: Measured({}), lambda _o: "", random=lambda at=at: at).wait_s()
             for at in (0.0, 0.5, 1.0)}  # fmt: skip
    assert waits == {45.0, 60.0, 75.0}


def test_an_order_is_done_and_answered_once_even_when_its_answer_is_lost(rig: Rig) -> None:
    rig.order("refresh")
    rig.heart.beat()
    assert rig.done == ["refresh"]
    rig.wire.cut = "after"
    rig.heart.beat()
    rig.wire.cut = ""
    rig.heart.beat()
    rig.heart.beat()
    assert rig.done == ["refresh"]
    assert rig.outcomes() == ["done"]


@pytest.mark.parametrize(("kind", "outcome"), [("reboot", "done"), ("support-bundle", "interrupted")])
def test_what_the_power_cut_short_is_not_done_again(rig: Rig, kind: str, outcome: str) -> None:
    class PowerCut(BaseException):
        pass

    def cut(_order: Order) -> str:
        raise PowerCut

    rig.outcome = cut
    rig.order(kind)
    with pytest.raises(PowerCut):
        rig.heart.beat()
    rig.outcome = lambda _order: "done"
    rig.start().beat()
    rig.heart.beat()
    assert rig.done == [kind]
    assert rig.outcomes() == [outcome]


def test_an_order_that_came_too_late_is_answered_so_and_not_done(rig: Rig) -> None:
    key = rig.kit.authority.signing_key
    late = sign1(encode_order(Order("ab" * 16, rig.enrolment.terminal, "reboot", 1, 1000)), key)
    book = OrderBook(rig.enrolment.state_dir, lambda _o: pytest.fail("done"))
    assert book.take(late, rig.enrolment.terminal, rig.enrolment.signing_key, 1000) == "expired"
    assert book.answers() == {"ab" * 16: "expired"}


def test_an_order_of_somebody_else_or_for_somebody_else_is_not_done(rig: Rig) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    mine, key = rig.enrolment.terminal, rig.kit.authority.signing_key
    book = OrderBook(rig.enrolment.state_dir, lambda _o: pytest.fail("done"))
    good = Order("ab" * 16, mine, "reboot", 1, 9_000)
    with pytest.raises(BadSignature):
        book.take(sign1(encode_order(good), Ed25519PrivateKey.generate()), mine, rig.enrolment.signing_key, 5)
    with pytest.raises(BadSignature):
        book.take(sign1(encode_order(good), key), "T9999", rig.enrolment.signing_key, 5)
    shell = Order("ab" * 16, mine, "shell", 1, 9_000)
    with pytest.raises(MalformedMessage):
        book.take(sign1(encode_order(shell), key), mine, rig.enrolment.signing_key, 5)
    assert book.answers() == {}


def test_only_fixed_programs_are_run_and_a_missing_unit_is_told(tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []

    def program(command: object) -> int:
        ran.append(tuple(command))  # pyright: ignore
        return 5

    do = hands(tmp_path, program)
    for kind in commands(tmp_path):
        assert do(Order("ab" * 16, "T0001; rm -rf", kind, 0, 1)) == "not-installed"
    assert all("rm" not in " ".join(command) for command in ran)
    assert hands(tmp_path, lambda _c: 0)(Order("ab" * 16, "T", "refresh", 0, 1)) == "done"
    assert hands(tmp_path, lambda _c: 1)(Order("ab" * 16, "T", "refresh", 0, 1)) == "failed"


# --- what is measured -----------------------------------------------------------------------------------------------


def test_the_program_tells_the_sync_service_how_its_parts_are(tmp_path: Path) -> None:
    now = [1_000_000]
    log = Log(None, lambda: now[0])
    printer = PrinterStatus(False, True, "open", "near-end", None, roll_left_m=3)
    world = World(settings=Settings(), slot=SlotState.READER_ABSENT, printer=printer)
    parts = PartsFile(tmp_path, log, lambda: world, lambda: now[0])
    log.write("card.recognised", {"profile": "citizen", "version": "2.00"})
    log.write("failure", {"code": "card-unreadable"})
    parts.look()
    site = Site(tmp_path, Settings(), root=tmp_path, now_ms=lambda: now[0])
    gauges = measure(site).gauges
    assert {name: gauges[name] for name in ("app_up", "reader_up", "printer_up", "cover_open", "paper_level")} == {
        "app_up": 1, "reader_up": 0, "printer_up": 0, "cover_open": 1, "paper_level": 1,
    }  # fmt: skip
    assert (gauges["roll_left_mm"], gauges["card_reads_total"], gauges["card_read_failures_total"]) == (3000, 1, 1)
    written = (tmp_path / "parts.json").stat().st_ino
    parts.look()
    assert (tmp_path / "parts.json").stat().st_ino == written, "nothing changed: not written again"
    now[0] += 200_000
    assert measure(site).gauges["app_up"] == 0, "the program is silent"
    assert "reader_up" not in measure(site).gauges
    parts.look()
    assert measure(site).gauges["app_up"] == 1, "it gives a sign of life"
    assert (tmp_path / "parts.json").stat().st_ino == written, "and writes nothing for that"
    (tmp_path / "parts.json").unlink()
    now[0] += 200_000
    parts.look()
    assert measure(site).gauges["reader_up"] == 0, "what somebody removed is written again"


def test_the_machine_s_own_files_become_gauges_within_their_ranges(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for path, text in {
        "proc/meminfo": "MemTotal: 1 kB\nMemAvailable:    2048000 kB\n", "proc/uptime": "93784.11 1.0\n",
        "proc/cmdline": "quiet kiosk.slot=B ro\n", "sys/class/thermal/thermal_zone0/temp": "61500\n",
        "sys/block/mmcblk0/device/life_time": "0x03 0x02\n",
    }.items():  # fmt: skip
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    found = measure(Site(tmp_path, Settings(), root=root, now_ms=lambda: 0))
    wanted = {"memory_free_mb": 2000, "uptime_s": 93_784, "temperature_celsius": 61, "disk_wear_percent": 30}
    assert {name: found.gauges[name] for name in wanted} == wanted
    assert found.facts["slot"] == "B"
    assert all(GAUGES[name][1] <= value <= GAUGES[name][2] for name, value in found.gauges.items())


def test_a_parts_file_that_is_damaged_counts_as_none(tmp_path: Path) -> None:
    site = Site(tmp_path, Settings(), root=tmp_path, now_ms=lambda: 5)
    for text in ("", "[]", "{}", '{"gauges": []}', json.dumps({"gauges": {"app_up": "no"}})):
        (tmp_path / "parts.json").write_text(text)
        assert measure(site).gauges["app_up"] == 0


def test_what_an_enrolled_terminal_holds_is_told(joined: Enrolment, kit: GatewayKit) -> None:
    with states.open_writer(joined.state_dir) as outbox:
        outbox.append(lambda _seq, _id: {"kind": "test"})
    site = Site(joined.state_dir, Settings(), root=joined.state_dir, now_ms=lambda: kit.clock.ms)
    gauges = measure(site).gauges
    assert (gauges["outbox_pending"], gauges["certificate_days"]) == (1, 90)
    assert len(set(gauges) & set(GAUGES)) == len(gauges)
