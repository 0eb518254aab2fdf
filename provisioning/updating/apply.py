"""Puts a staged package in when no visit runs, looks whether the terminal is well, and goes back where it is not.

Run as root by kiosk-update-apply.service with Debian's own Python. Only the standard library, and one file: it works
while dpkg replaces everything else of this program, and after a plug was pulled in the middle of that. What was begun
stands in OWN/journal.json before it is begun; the next start goes on from there (kiosk-update-apply.path sees to it).

    take ─ wait ─ install ─ check ─► done
     │              └────────┴── restore ─► rolled-back, stuck
     └► update-untrusted, update-no-room, update-refused

The state folder with what citizens submitted is touched by no step; what it holds before and after is compared.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

UNITS = ("kiosk.service", "kiosk-sync.service")
VISIT = "visit"
"""What `kiosk.service` says of itself (STATUS=, sd_notify(3)) while somebody is at the terminal."""
DONE, ROLLED_BACK, STUCK = "done", "rolled-back", "stuck"
ENDS = (DONE, ROLLED_BACK, STUCK)
TRIES = 3
"""A step that was begun so often and never ended (the plug, a crash of the machine) is given up."""
QUIET_S = 20
"""Nobody may have been at the terminal for so long."""
UP_S = 180
"""Until a service has to be up; the longest TimeoutStartSec of them."""
SETTLE_S = 20
"""So long it has to stay up then, without being started anew."""
LOOK_S = 1
AGAIN_S = 60
"""After which a disk that refused is tried again."""
DPKG_S = 900


@dataclass(frozen=True)
class Journal:
    """What is under way."""

    step: str
    number: int
    version: str
    before: Mapping[str, bool]
    """Unit -> whether it was up before."""
    entries: int
    """How many entries the outbox had ever recorded before; -1: it could not be asked."""
    tries: int = 0
    """How often this step was begun."""
    why: str = ""
    """What went wrong, where something did: a word for the outcome."""


@dataclass(frozen=True)
class Unit:
    """A service as systemd tells of it."""

    active: bool
    status: str = ""
    process: str = "0"
    """Its main process; another one: it was started anew."""
    given_up: bool = False
    """systemd does not start it again."""


# ------------------------------------------------------------------------------------------------ decisions


def following(step: str, *, well: bool) -> str:
    """What comes after a step that has ended."""
    table = {
        "wait": ("install", "install"),
        "install": ("check", "restore"),
        "check": (DONE, "restore"),
        "restore": (ROLLED_BACK, "restore"),
    }
    return table[step][0 if well else 1]


def begun(journal: Journal) -> Journal:
    """The journal when a step is begun, maybe again: after too many tries it is given up."""
    if journal.step in ENDS or journal.step == "wait":
        return journal
    if journal.tries < TRIES:
        return replace(journal, tries=journal.tries + 1)
    given_up = STUCK if journal.step == "restore" else "restore"
    return replace(journal, step=given_up, tries=0 if given_up == STUCK else 1, why=journal.why or "interrupted")


def after(journal: Journal, problem: str) -> Journal:
    """The journal when a step has ended; `problem` is empty where it went well."""
    step = following(journal.step, well=not problem)
    tries = journal.tries if step == journal.step else 0
    return replace(journal, step=step, tries=tries, why=journal.why or problem)


def free(unit: Unit) -> bool:
    """Nobody is at the terminal. One that is down serves nobody."""
    return not unit.active or unit.status != VISIT


def worse(journal: Journal, now: Mapping[str, Unit], first: Mapping[str, Unit], entries: int) -> str:
    """What is worse than before the update, or nothing. `first`: the units when they had just come up."""
    for name, was_up in journal.before.items():
        if was_up and not now[name].active:
            return f"{name} is not up"
        if was_up and now[name].process != first[name].process:
            return f"{name} was started anew"
    if entries < journal.entries:
        return "the outbox does not open, or holds less than before"
    return ""


# -------------------------------------------------------------------------------------------------- machine


@dataclass(frozen=True)
class Machine:
    """Where things lie, and the programs. A test gives others."""

    state: Path = Path("/var/lib/kiosk")
    own: Path = Path("/var/lib/kiosk-update")
    prepare: Sequence[str] = ("/usr/lib/kiosk/bin/python", "-I", "-m", "provisioning.updating.prepare")
    dpkg_lock: Path = Path("/var/lib/dpkg/lock-frontend")
    pause: Callable[[float], None] = field(default=time.sleep)

    @property
    def ready(self) -> Path:
        """Written by `kiosk update` when a package is whole; removed when it was dealt with."""
        return self.state / "update/ready"

    def run(self, command: Sequence[str], timeout_s: float = 120) -> tuple[int, str]:
        """Exit code and what was said; a program that is missing or hangs has failed."""
        try:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(  # noqa: S603 - fixed commands
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=timeout_s, check=False,
                env=environment,
            )  # fmt: skip
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return 127, ""
        return done.returncode, done.stdout

    def unit(self, name: str) -> Unit:
        """How a service is."""
        wanted = "--property=ActiveState,StatusText,MainPID"
        said = dict(
            line.split("=", 1) for line in self.run(("systemctl", "show", wanted, name))[1].splitlines() if "=" in line
        )
        state = said.get("ActiveState", "")
        return Unit(state == "active", said.get("StatusText", ""), said.get("MainPID", "0"), state == "failed")

    def units(self) -> dict[str, Unit]:
        return {name: self.unit(name) for name in UNITS}

    def entries(self) -> int:
        """How many entries the outbox has ever recorded; -1: it does not open."""
        code, said = self.run(("kiosk", "outbox", "status", "--json"))
        with contextlib.suppress(ValueError, KeyError, TypeError):
            if code == 0:
                figures = json.loads(said)
                return int(figures["acked"]) + int(figures["pending"])
        return -1

    def install(self, package: Path) -> str:
        """Empty where it went well. dpkg goes on where an earlier one was cut off, and keeps what was configured."""
        with self.dpkg_lock.open("a") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)  # apt's own lock: somebody who is at work with it ends first
            os.environ["DPKG_FRONTEND_LOCKED"] = "true"
            code, _ = self.run(("dpkg", "--force-confold", "--install", str(package)), DPKG_S)
        return "" if code == 0 else "dpkg refused the package"

    def bring_up(self) -> None:
        """Start what may be down: dpkg stops it, and a plug may have been pulled before it was started again."""
        self.run(("systemctl", "daemon-reload"))
        self.run(("systemctl", "reset-failed", *UNITS))
        self.run(("systemctl", "start", "--no-block", *UNITS))

    # ------------------------------------------------------------------------------------------- journal

    def journal(self) -> Journal | None:
        try:
            return Journal(**json.loads((self.own / "journal.json").read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):  # a damaged disk, or another version's: its path unit would start this for ever
            (self.own / "journal.json").unlink(missing_ok=True)
            return None

    def note(self, journal: Journal) -> None:
        """Durable when this returns. Raises `OSError`."""
        _write(self.own / "journal.json", asdict(journal))

    def close(self, number: int, version: str, outcome: str, why: str) -> None:
        """Tell what became of it, then clear away; done again after a plug was pulled in between. Raises `OSError`."""
        file = self.own / "outcome.json"
        newest = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            newest = int(json.loads(file.read_text("utf-8"))["newest"])
        told = {
            "number": number, "version": version, "outcome": outcome, "why": why, "at_ms": int(time.time() * 1000),
            "newest": max(newest, number) if outcome in ENDS else newest,
        }  # fmt: skip
        _write(file, told, 0o644)
        taken = self.own / "taken.deb"
        if outcome == DONE and taken.exists():
            taken.replace(self.own / "good.deb")
        taken.unlink(missing_ok=True)
        self.ready.unlink(missing_ok=True)
        if outcome in ENDS:
            (self.ready.parent / "package.deb").unlink(missing_ok=True)
        (self.own / "journal.json").unlink(missing_ok=True)


def _write(path: Path, value: object, mode: int = 0o600) -> None:
    """Either the old content or the new one, whatever moment the power goes."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# ---------------------------------------------------------------------------------------------------- steps


def take(machine: Machine) -> Journal | None:
    """Have the staged package checked and copied where only root writes; None where it is not to be installed."""
    code, said = machine.run((*machine.prepare, "--state", str(machine.state), "--own", str(machine.own)), DPKG_S)
    try:
        told = json.loads(said)
        if code != 0:
            machine.close(
                int(told.get("number", 0)), str(told.get("version", "")), str(told["error"]), str(told.get("why", ""))
            )
            return None
        number, version = int(told["number"]), str(told["version"])
    except (ValueError, KeyError, TypeError):
        machine.close(0, "", "update-refused", "the package could not be looked at")
        return None
    before = {name: unit.active for name, unit in machine.units().items()}
    return Journal("wait", number, version, before, machine.entries())


def wait(machine: Machine) -> None:
    """Until nobody has been at the terminal for a while."""
    quiet_s = 0.0
    while quiet_s < QUIET_S:
        unit = machine.unit("kiosk.service")
        if not unit.active:
            return
        quiet_s = quiet_s + LOOK_S if free(unit) else 0.0
        machine.pause(LOOK_S)


def check(machine: Machine, journal: Journal) -> str:
    """Whether the terminal is as well as before; the problem, or nothing."""
    machine.bring_up()
    waited_s = 0.0
    first = machine.units()
    wanted = [name for name, was_up in journal.before.items() if was_up]
    while waited_s < UP_S and not all(first[name].active or first[name].given_up for name in wanted):
        machine.pause(LOOK_S)
        waited_s += LOOK_S
        first = machine.units()
    machine.pause(SETTLE_S)
    return worse(journal, machine.units(), first, machine.entries())


def restore(machine: Machine) -> str:
    """Put the last good package in again, when nobody is at the terminal."""
    wait(machine)
    problem = machine.install(machine.own / "good.deb")
    machine.bring_up()
    return problem


def work(machine: Machine) -> str:
    """Everything, from wherever it stands; returns what became of it. Raises `OSError` where the disk refuses."""
    journal = machine.journal()
    if journal is None:
        if not machine.ready.exists():
            return ""
        journal = take(machine)
        if journal is None:
            return "refused"
    while journal.step not in ENDS:
        journal = begun(journal)
        machine.note(journal)
        if journal.step == "wait":
            wait(machine)
            problem = ""
        elif journal.step == "install":
            problem = machine.install(machine.own / "taken.deb")
        elif journal.step == "check":
            problem = check(machine, journal)
        elif journal.step == "restore":
            problem = restore(machine)
        else:
            break
        journal = after(journal, problem)
    machine.note(journal)
    machine.close(journal.number, journal.version, journal.step, journal.why)
    return journal.step


def main(machine: Machine) -> None:
    """Work; a disk that refuses is tried again until there is room."""
    while True:
        try:
            print(f"update: {work(machine) or 'nothing to do'}", flush=True)
        except OSError as error:
            print(f"update: the disk refused ({error.strerror}); tried again in {AGAIN_S} s", flush=True)
            machine.pause(AGAIN_S)
        else:
            return


if __name__ == "__main__":
    main(Machine())
