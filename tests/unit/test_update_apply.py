"""A newer version is put in: nobody is disturbed, a plug may go at any moment, and what does not do is taken out."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from offline_cache.fleet.update import read_outcome
from provisioning.updating import apply
from provisioning.updating.apply import DONE, ROLLED_BACK, STUCK, Journal, Unit

OLD, NEW = "1.0", "2.0"


class Pulled(BaseException):
    """The plug."""


@dataclasses.dataclass
class Terminal:
    """What systemd, dpkg and the outbox of a terminal would do; `pulled_at` counts programs that are run."""

    installed: str = OLD
    torn: bool = False
    entries: int = 5
    sick: frozenset[str] = frozenset()
    """Versions with which the touchscreen does not start."""
    forgetful: frozenset[str] = frozenset()
    """Versions that do not open the outbox."""
    restless: frozenset[str] = frozenset()
    """Versions whose touchscreen starts and falls, again and again."""
    fatal: frozenset[str] = frozenset()
    """Versions with which the whole machine falls."""
    bad: frozenset[str] = frozenset()
    """Files that dpkg refuses."""
    screen: bool = True
    """Whether there is one to draw on."""
    visit_s: float = 0
    refuse: str = ""
    pulled_at: int = 0
    ran: int = 0
    starts: int = 0
    clock_s: float = 0
    down: bool = False
    disturbed: bool = False

    def up(self, unit: str) -> bool:
        if self.torn or self.down:
            return False
        return unit != "kiosk.service" or (self.screen and self.installed not in self.sick)

    def answer(self, command: Sequence[str], own: Path) -> tuple[int, str]:
        self.ran += 1
        words = list(command)
        if self.pulled_at == self.ran or (words[0] == "kiosk" and self.installed in self.fatal):
            self.torn = self.torn or words[0] == "dpkg"
            raise Pulled
        if words[0] == "prepare":
            if self.refuse:
                return 1, json.dumps({"error": self.refuse, "why": "because"})
            (own / "taken.deb").write_text(NEW)
            (own / "good.deb").write_text(OLD)
            return 0, json.dumps({"number": 7, "version": NEW})
        if words[:2] == ["systemctl", "show"]:
            if words[3] == "kiosk.service" and self.installed in self.restless:
                self.starts += 1
            status = "visit" if self.clock_s < self.visit_s else "waiting"
            active = "active" if self.up(words[3]) else "failed" if self.torn else "activating"
            return 0, f"ActiveState={active}\nStatusText={status}\nMainPID={100 + self.starts}\n"
        if words[0] == "systemctl":
            self.down = False
            return 0, ""
        if words[0] == "kiosk":
            well = not self.torn and self.installed not in self.forgetful
            return (0, json.dumps({"acked": 3, "pending": self.entries - 3})) if well else (1, "")
        assert words[0] == "dpkg", words
        self.disturbed = self.disturbed or (self.up("kiosk.service") and self.clock_s < self.visit_s)
        version = Path(words[-1]).read_text()
        if version in self.bad:
            self.down = True
            return 1, ""
        self.installed, self.torn = version, False
        return 0, ""


class Machine(apply.Machine):
    """The real steps on such a terminal."""

    terminal: Terminal

    def run(self, command: Sequence[str], timeout_s: float = 120) -> tuple[int, str]:
        del timeout_s
        return self.terminal.answer(command, self.own)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def machine(folder: Path, terminal: Terminal) -> Machine:
    state, own = folder / "state", folder / "own"
    for made in (state / "update", own):
        made.mkdir(parents=True, exist_ok=True)
    for name in ("ready", "package.deb"):
        (state / "update" / name).write_text("x")

    def pause(seconds: float) -> None:
        terminal.clock_s += seconds

    made = Machine(state, own, ("prepare",), folder / "lock", pause)
    object.__setattr__(made, "terminal", terminal)
    return made


def test_a_package_that_does_is_kept_and_becomes_what_one_goes_back_to(tmp_path: Path, terminal: Terminal) -> None:
    at = machine(tmp_path, terminal)
    assert apply.work(at) == DONE
    assert terminal.installed == NEW
    told = read_outcome(at.own / "outcome.json")
    assert (told.newest, told.version, told.outcome) == (7, NEW, DONE)
    assert (at.own / "good.deb").read_text() == NEW
    assert sorted(file.name for file in at.own.iterdir()) == ["good.deb", "outcome.json"]
    assert list((at.state / "update").iterdir()) == [], "what was fetched is not kept twice"
    assert apply.work(at) == "", "nothing is left to do"


def test_nobody_is_sent_away_in_the_middle_of_a_visit(tmp_path: Path, terminal: Terminal) -> None:
    terminal.visit_s = 400
    assert apply.work(machine(tmp_path, terminal)) == DONE
    assert not terminal.disturbed
    assert terminal.clock_s >= 400 + apply.QUIET_S


@pytest.mark.parametrize("how", ["sick", "forgetful", "restless", "bad"])
def test_a_version_that_does_not_do_is_taken_out_again(tmp_path: Path, terminal: Terminal, how: str) -> None:
    setattr(terminal, how, frozenset([NEW]))
    at = machine(tmp_path, terminal)
    assert apply.work(at) == ROLLED_BACK
    assert (terminal.installed, terminal.down, terminal.entries) == (OLD, False, 5)
    told = read_outcome(at.own / "outcome.json")
    assert (told.newest, told.outcome) == (7, ROLLED_BACK)
    assert told.why
    assert not at.ready.exists()


def test_a_terminal_without_a_screen_is_as_well_as_before(tmp_path: Path, terminal: Terminal) -> None:
    """What was down before is no reason to go back."""
    terminal.screen = False
    assert apply.work(machine(tmp_path, terminal)) == DONE


@pytest.mark.parametrize("code", ["update-untrusted", "update-no-room", "update-refused"])
def test_a_package_that_is_refused_changes_nothing_and_may_come_again(
    tmp_path: Path, terminal: Terminal, code: str
) -> None:
    at = machine(tmp_path, terminal)
    terminal.refuse = code
    apply.work(at)
    told = read_outcome(at.own / "outcome.json")
    assert (terminal.installed, told.newest, told.outcome, told.why) == (OLD, 0, code, "because")
    assert not at.ready.exists()
    assert (at.state / "update/package.deb").exists(), "it need not be fetched again"
    terminal.refuse = ""
    at.ready.write_text("x")
    assert apply.work(at) == DONE


@pytest.mark.parametrize("sick", [frozenset[str](), frozenset([NEW])])
def test_a_plug_pulled_at_any_moment_leaves_a_state_from_which_it_goes_on(
    tmp_path: Path, sick: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each program that is run."""
    for name in ("UP_S", "QUIET_S", "SETTLE_S"):
        monkeypatch.setattr(apply, name, 2)
    moments = 0
    for moment in range(1, 200):
        terminal = Terminal(sick=sick, pulled_at=moment)
        folder = tmp_path / str(moment)
        at = machine(folder, terminal)
        try:
            apply.work(at)
        except Pulled:
            moments += 1
        else:
            break
        again = Machine(at.state, at.own, at.prepare, at.dpkg_lock, at.pause)
        object.__setattr__(again, "terminal", terminal)
        terminal.down = False  # the machine starts, with the services that can
        outcome = apply.work(again)
        assert outcome == (ROLLED_BACK if sick else DONE), moment
        assert (terminal.installed, terminal.torn) == (OLD if sick else NEW, False), moment
        assert not (at.own / "journal.json").exists()
    assert moments > 10


def test_a_version_with_which_the_machine_falls_again_and_again_is_given_up(tmp_path: Path, terminal: Terminal) -> None:
    terminal.fatal = frozenset([NEW])
    at = machine(tmp_path, terminal)
    falls = 0
    while True:
        try:
            outcome = apply.work(at)
        except Pulled:
            falls += 1
            continue
        break
    assert (outcome, terminal.installed) == (ROLLED_BACK, OLD)
    assert falls <= apply.TRIES + 1


def test_where_not_even_the_old_one_goes_in_that_is_said_and_nobody_tries_for_ever(
    tmp_path: Path, terminal: Terminal
) -> None:
    terminal.bad = frozenset([OLD, NEW])
    at = machine(tmp_path, terminal)
    assert apply.work(at) == STUCK
    assert read_outcome(at.own / "outcome.json").outcome == STUCK
    assert not (at.own / "journal.json").exists()


def test_a_full_disk_is_waited_for(tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    at = machine(tmp_path, terminal)
    write, refusals = apply._write, [OSError(28, "No space left on device")] * 3  # pyright: ignore[reportPrivateUsage]

    def full(path: Path, value: object, mode: int = 0o600) -> None:
        if refusals:
            raise refusals.pop()
        write(path, value, mode)

    monkeypatch.setattr(apply, "_write", full)
    apply.main(at)
    assert terminal.installed == NEW
    assert terminal.clock_s >= 3 * apply.AGAIN_S


def test_an_older_release_does_not_come_back_after_a_refusal(tmp_path: Path, terminal: Terminal) -> None:
    """Otherwise one that was refused for want of room would make room for a replay."""
    at = machine(tmp_path, terminal)
    apply.work(at)
    at.ready.write_text("x")
    terminal.refuse = "update-no-room"
    apply.work(at)
    assert read_outcome(at.own / "outcome.json").newest == 7


# ------------------------------------------------------------------------------------------------ decisions

BEFORE = Journal("check", 7, NEW, {"kiosk.service": True, "kiosk-sync.service": False}, 5)
UP, DOWN = Unit(active=True, process="10"), Unit(active=False)


@pytest.mark.parametrize(
    ("now", "entries", "problem"),
    [
        ({"kiosk.service": UP, "kiosk-sync.service": DOWN}, 5, ""),
        ({"kiosk.service": UP, "kiosk-sync.service": UP}, 9, ""),
        ({"kiosk.service": DOWN, "kiosk-sync.service": UP}, 5, "kiosk.service is not up"),
        ({"kiosk.service": Unit(active=True, process="11"), "kiosk-sync.service": UP}, 5, "started anew"),
        ({"kiosk.service": UP, "kiosk-sync.service": UP}, 4, "the outbox"),
        ({"kiosk.service": UP, "kiosk-sync.service": UP}, -1, "the outbox"),
    ],
)
def test_a_terminal_must_be_as_well_as_it_was(now: dict[str, Unit], entries: int, problem: str) -> None:
    found = apply.worse(BEFORE, now, {"kiosk.service": UP, "kiosk-sync.service": UP}, entries)
    assert (problem in found) if problem else not found


@pytest.mark.parametrize(
    ("step", "tries", "becomes"),
    [("wait", 9, "wait"), ("install", 2, "install"), ("install", 3, "restore"), ("check", 3, "restore"),
     ("restore", 2, "restore"), ("restore", 3, STUCK), (DONE, 9, DONE)],
)  # fmt: skip
def test_a_step_that_never_ends_is_given_up(step: str, tries: int, becomes: str) -> None:
    assert apply.begun(Journal(step, 7, NEW, {}, 0, tries)).step == becomes


def test_a_program_that_is_missing_or_hangs_has_failed() -> None:
    real = apply.Machine()
    assert real.run(("/no/such/program",)) == (127, "")
    assert real.run(("sleep", "60"), timeout_s=0.01) == (127, "")
    assert real.run(("printf", "x")) == (0, "x")


def test_a_journal_that_was_damaged_by_hand_is_none(tmp_path: Path) -> None:
    at = apply.Machine(tmp_path, tmp_path)
    assert at.journal() is None
    for content in ("{", '{"step": "install"}', "[]"):
        (tmp_path / "journal.json").write_text(content)
        assert at.journal() is None
        assert not (tmp_path / "journal.json").exists(), "kiosk-update-apply.path would start it again, for ever"


def test_systemd_hears_when_a_visit_begins_and_when_it_is_over(tmp_path: Path) -> None:
    """What the touchscreen's loop says and what the update waits for are the same words."""
    from kiosk.cli.run import VISIT, Pulse

    assert VISIT == apply.VISIT
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        pulse = Pulse({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        pulse.beat(drawn=True)
        assert manager.recv(256).startswith(b"READY=1")
        for free, said in ((True, b""), (False, b"visit"), (False, b""), (True, b"waiting")):
            pulse.beat(drawn=True, free=free)
            if said:
                assert manager.recv(256) == b"STATUS=" + said
                assert apply.free(Unit(active=True, status=said.decode())) == free
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(256)
