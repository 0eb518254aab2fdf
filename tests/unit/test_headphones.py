"""Headphones: what the kernel tells of a socket, and what plugging in and pulling out do to a visit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import events as e
from kiosk.session.state import State
from kiosk.speech.jack import Jack, JackWatch, SimJack
from kiosk.speech.switches import LOOKS_BETWEEN_SEARCHES, SW_HEADPHONE_INSERT, SwitchJack, read_switches
from tests.unit.visit_kit import Visit


class Socket:
    """A machine with a keyboard, a lid and a headphone socket, as /sys shows it; `bits` is what the ioctl reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bits = 0
        self.opened: list[str] = []
        self.gone = False
        for name, switches in (("event0", "0"), ("event3", "1"), ("event11", "10 4")):
            folder = root / "sys/class/input" / name / "device/capabilities"
            folder.mkdir(parents=True)
            (folder / "sw").write_text(f"{switches}\n", "ascii")
        (root / "sys/class/input/event7").mkdir()

    def read(self, device: Path) -> int:
        self.opened.append(device.name)
        if self.gone:
            raise OSError(19, "No such device")
        return self.bits


@pytest.fixture
def socket(tmp_path: Path) -> Socket:
    return Socket(tmp_path)


def test_only_the_device_with_the_switch_is_read(socket: Socket) -> None:
    jack = SwitchJack(socket.root, socket.read)
    assert jack.plugged() is False
    socket.bits = 1 << SW_HEADPHONE_INSERT
    assert jack.plugged() is True
    socket.bits = ~(1 << SW_HEADPHONE_INSERT) & 0xFF
    assert jack.plugged() is False
    assert set(socket.opened) == {"event11"}


def test_a_box_that_is_pulled_is_searched_for_again(socket: Socket) -> None:
    jack = SwitchJack(socket.root, socket.read)
    socket.gone = True
    assert jack.plugged() is None
    socket.gone, socket.bits = False, 1 << SW_HEADPHONE_INSERT
    assert jack.plugged() is True


def test_a_machine_without_a_socket_cannot_tell_and_is_asked_now_and_then(tmp_path: Path) -> None:
    jack = SwitchJack(tmp_path, lambda _: 0)
    assert jack.plugged() is None
    socket = Socket(tmp_path)
    looks = [SwitchJack.plugged(jack) for _ in range(LOOKS_BETWEEN_SEARCHES)]
    assert looks[0] is None
    assert looks[-1] is False
    assert socket.bits == 0


def test_a_file_that_is_no_input_device_is_refused_by_the_kernel(tmp_path: Path) -> None:
    plain = tmp_path / "event0"
    plain.write_bytes(b"")
    with pytest.raises(OSError, match="ioctl"):
        read_switches(plain)


@pytest.mark.parametrize("kind", ["twin", "switch"])
def test_whoever_looks_hears_each_change_once(kind: str, socket: Socket) -> None:
    """The twin and the kernel's socket keep the same promise."""
    twin = SimJack()
    jack: Jack = twin if kind == "twin" else SwitchJack(socket.root, socket.read)

    def put(there: bool) -> None:
        twin.there = there
        socket.bits = there << SW_HEADPHONE_INSERT

    watch = JackWatch(jack)
    look: Callable[[], e.HeadphonesChanged | None] = watch.look
    assert look() is None
    put(True)
    assert (look(), look()) == (e.HeadphonesChanged(True), None)
    put(False)
    assert (look(), look()) == (e.HeadphonesChanged(False), None)


def test_a_socket_that_does_not_answer_has_not_changed() -> None:
    jack = SimJack()
    jack.there = True
    watch = JackWatch(jack)
    assert watch.look() == e.HeadphonesChanged(True)
    jack.there = None
    assert watch.look() is None


def test_plugging_in_at_the_first_screen_begins_speech_and_pulling_out_ends_it() -> None:
    visit = Visit().send(e.HeadphonesChanged(True))
    assert visit.session.modes.speech
    assert visit.state is State.ATTRACT
    visit.send(e.HeadphonesChanged(True), e.HeadphonesChanged(False))
    assert not visit.session.modes.speech


def test_in_the_middle_of_a_form_nothing_is_lost_by_the_plug() -> None:
    visit = Visit().to_form()
    before = visit.application
    visit.send(e.HeadphonesChanged(True))
    assert visit.session.modes.speech
    visit.send(e.ModeToggled("curtain"), e.HeadphonesChanged(False))
    assert (visit.session.modes.speech, visit.session.modes.dark_glass) == (False, False)
    assert visit.application == before


def test_the_speaker_that_somebody_turned_on_by_hand_is_not_turned_off_by_an_empty_socket() -> None:
    watch = JackWatch(SimJack())
    visit = Visit().touch("mode.speech")
    event = watch.look()
    assert event is None
    assert visit.session.modes.speech
