"""Each setting does what its page says: written into a settings file, read as the terminal reads it, seen to change it.

Settings whose tests stand elsewhere: readers and their helper, `printer_port`, `printer_model`, `a4_queue`,
`identity_reader_port`, `width`, `height`, `verify_url` and `keypad_keys`. The last test here holds that none is
forgotten.
"""

from __future__ import annotations

import json
import os
import re
import termios
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from drivers.printers.models import model
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from kiosk import events as e
from kiosk.bench.virtual.city import personas
from kiosk.cli import run as start
from kiosk.cli.running.site import in_force
from kiosk.doctor.probes import real_site
from kiosk.log import Log
from kiosk.session import state as s
from kiosk.session.state import State
from kiosk.settings import Settings
from kiosk.speech.espeak import EspeakEngine
from kiosk.speech.speaker import Manner
from kiosk.staff.maintenance import IDLE, Maintenance
from kiosk.staff.part import Staff
from kiosk.staff.table import step
from kiosk.terminal import StaffSide
from kiosk.upkeep.setup.side import with_setup
from kiosk.workers.writing import Writers
from offline_cache.joining.site import checked
from tests.repository import ROOT
from tests.scenario.kit import Kiosk
from tests.unit.setup_machine import Clock, Still, Strip
from tests.unit.test_espeak import recorder
from tests.unit.test_runtime import Loop
from tests.unit.visit_kit import Visit, world

Patch = pytest.MonkeyPatch


@pytest.fixture
def say(tmp_path: Path) -> Any:
    """Write settings into a file, and read them as a terminal does when it starts."""

    def said(**values: object) -> Settings:
        file = tmp_path / "settings.toml"
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
        return in_force(tmp_path, file)

    return said


# ------------------------------------------------------------------------------------------------------- the visit


def test_idle_timeout_s_and_warning_s_are_the_quiet_before_the_warning_and_its_countdown(say: Any) -> None:
    visit = Visit(settings=say(idle_timeout_s=33, warning_s=21)).to_home()
    assert visit.timers["idle"] == 33
    assert "21" in visit.fire("idle").words
    assert Visit(settings=say()).to_home().timers["idle"] == 120


@pytest.mark.parametrize(("values", "waits"), [({}, 8), ({"lookup_wait_s": 31}, 31)])
def test_lookup_wait_s_is_how_long_the_city_s_data_are_waited_for(say: Any, values: Any, waits: int) -> None:
    visit = Visit(settings=say(**values)).to_home().to_intro().touch("primary", "primary")
    assert visit.state is State.FETCHING
    assert visit.last(s.FetchData).timeout_s == waits
    assert visit.timers["wait"] == waits + 1, "the screen gives up after the request, not before it"


@pytest.mark.parametrize(("values", "waits"), [({}, 10), ({"ack_wait_s": 23}, 23)])
def test_ack_wait_s_is_how_long_the_gateway_s_receipt_is_waited_for(say: Any, values: Any, waits: int) -> None:
    visit = Visit(settings=say(**values)).to_check().submit().signed().saved()
    assert (visit.state, visit.timers["wait"]) == (State.WAITING, waits)


@pytest.mark.parametrize(("values", "waits"), [({}, 60), ({"saved_shown_s": 7}, 7)])
def test_saved_shown_s_is_the_quiet_time_of_the_last_screens_alone(say: Any, values: Any, waits: int) -> None:
    visit = Visit(settings=say(**values)).to_check()
    assert visit.timers["idle"] == 120
    assert visit.submit().signed().saved().fire("wait").timers["idle"] == waits


@pytest.mark.parametrize(("values", "waits"), [({}, 5), ({"card_reminder_s": 11}, 11)])
def test_card_reminder_s_lies_between_two_reminders(say: Any, values: Any, waits: int) -> None:
    visit = Visit(settings=say(**values)).to_home().touch("finish")
    assert visit.timers["second"] == waits
    assert visit.fire("second").timers["second"] == waits


@pytest.mark.parametrize(("values", "waits"), [({}, 30), ({"ticket_wait_s": 12}, 12)])
def test_ticket_wait_s_is_how_long_a_receipt_hangs_in_the_mouth(
    tmp_path: Path, say: Any, values: Any, waits: int
) -> None:
    kiosk = Kiosk(tmp_path / "state", printer_model="custom-vkp80")
    runtime = kiosk.terminal.runtime
    runtime.session = replace(runtime.session, world=replace(runtime.session.world, settings=say(**values)))
    kiosk.to_home().to_saved().touch("primary", "primary")
    presenter = kiosk.paper.presenter
    assert presenter is not None
    kiosk.wait(waits - 3)
    assert (presenter.waiting, presenter.retracted) == (1, [])
    kiosk.wait(4)
    assert (presenter.waiting, presenter.retracted) == (None, [1])
    kiosk.close()


@pytest.mark.parametrize(("values", "looks"), [({}, 12), ({"network_probe_s": 20}, 3)])
def test_network_probe_s_lies_between_two_looks_for_the_gateway(say: Any, values: Any, looks: int) -> None:
    loop = Loop(settings=say(**values))
    loop.wait(60)  # what is due at the start is over, and the setting's own pace has begun
    before = len(loop.jobs("probe"))
    for _ in range(60):
        loop.wait(1)
    assert len(loop.jobs("probe")) - before == looks


# -------------------------------------------------------------------------------------------------------- the staff


@pytest.mark.parametrize(("values", "waits"), [({}, 300), ({"staff_idle_s": 45}, 45)])
def test_staff_idle_s_ends_maintenance(say: Any, values: Any, waits: int) -> None:
    staff = Staff(Maintenance(page="network"), world(settings=say(**values)), by="card:1f3a-07bc")
    after, effects = step(staff, e.BackPressed())
    assert s.StartTimer(IDLE, waits) in effects, "each touch begins it anew"
    assert after is not None
    assert step(after, e.TimerFired(IDLE))[0] is None


@pytest.mark.parametrize(("pin", "ok"), [("123456", False), ("654321", True)])
def test_test_card_pin_is_all_that_is_tried_on_a_card(tmp_path: Path, say: Any, pin: str, ok: bool) -> None:
    reader = SimReader("Kiosk Citizen", real_time=False)
    card = {**personas()["parent"].card, "pin": "654321"}
    reader.insert(SimCard(parse_card_document(card), CardAuthority.load_or_create(tmp_path / "cards")))
    terminal = SimpleNamespace(settings=say(test_card_pin=pin), printer=Strip(), join=None)
    side = StaffSide(tools=lambda _terminal: cast(Any, None))
    site = checked("https://127.0.0.1:9", "ab" * 32)
    made = with_setup(side, tmp_path, lambda: site, reader, None, Clock(Still()))  # pyright: ignore[reportArgumentType]
    done = made.tools(cast(Any, terminal)).run("setup-card", {})
    assert (done.ok, done.code) == (ok, "" if ok else "not-test-card")
    assert pin not in repr(terminal.settings), "a PIN is in no log"


# ------------------------------------------------------------------------------------------------------ the devices


@pytest.fixture
def line() -> Any:
    """A serial line: its name, and what tells the speed it was opened with."""
    master, slave = os.openpty()
    yield os.ttyname(slave), lambda: termios.tcgetattr(slave)[5]
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("values", "speed"),
    [
        ({}, termios.B115200),
        ({"printer_baud": 19200}, termios.B19200),
        ({"printer_model": "epson-tm-t88"}, termios.B38400),
        ({"printer_model": "epson-tm-t88", "printer_baud": 9600}, termios.B9600),
    ],
)
def test_printer_baud_is_the_speed_of_the_line_and_0_the_model_s(
    tmp_path: Path, say: Any, line: Any, values: Any, speed: int
) -> None:
    port, speed_now = line
    assert model("epson-tm-t88").baud == 38400
    printer = cast(Any, start.open_devices(start.DeviceKind.REAL, say(printer_port=port, **values), tmp_path).printer)
    printer.connect()
    try:
        assert speed_now() == speed
    finally:
        printer.close()


def test_the_doctor_asks_at_the_speed_of_printer_baud(tmp_path: Path, say: Any, line: Any) -> None:
    port, speed_now = line
    status = real_site(tmp_path, say(printer_port=port, printer_baud=57600), "", tmp_path).printer()
    assert status is not None
    assert not status.answered, "nobody is at the other end"
    assert speed_now() == termios.B57600


def test_speech_device_and_speech_variant_are_the_ear_and_the_voice_of_the_terminal(
    tmp_path: Path, say: Any, monkeypatch: Patch
) -> None:
    engines: list[EspeakEngine] = []

    class Seen(EspeakEngine):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            engines.append(self)

    recorder(tmp_path, "espeak-ng", f'echo "$@" > {tmp_path}/voice; cat > /dev/null')
    recorder(tmp_path, "aplay", f'echo "$@" > {tmp_path}/ear; cat > /dev/null')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("kiosk.speech.espeak.EspeakEngine", Seen)
    settings = say(speech_device="headset", speech_variant="+f3")
    terminal = start._terminal(
        start.DeviceKind.SIM, settings, tmp_path / "state", lambda _model: None, lambda: None, None, Writers
    )
    try:
        engines[0].say("你好", Manner("zh-Hans", 5, 5), lambda: True)
        assert "-D headset" in (tmp_path / "ear").read_text()
        assert re.search(r"-v \S+\+f3 ", (tmp_path / "voice").read_text())
    finally:
        terminal.stop()


@pytest.mark.parametrize(("values", "turned"), [({}, False), ({"log_keep_bytes": 10_000}, True)])
def test_log_keep_bytes_is_when_the_log_is_turned_over(tmp_path: Path, say: Any, values: Any, turned: bool) -> None:
    log = Log(tmp_path / "kiosk.jsonl", lambda: 0, say(**values).log_keep_bytes)
    for number in range(200):
        log.write("outbox.acked", {"seq": number})
    log.close()
    assert (tmp_path / "kiosk.1").exists() is turned


# ------------------------------------------------------------------------------------------------------ all of them


def test_no_setting_is_without_a_test_that_names_it() -> None:
    files = list((ROOT / "tests").rglob("*.py"))
    words = {word for path in files for word in re.findall(r"\w+", _without_docstring(path.read_text("utf-8")))}
    assert [item.name for item in fields(Settings) if item.name not in words] == []


def _without_docstring(text: str) -> str:
    return text.split('"""', 2)[-1] if text.startswith('"""') else text
