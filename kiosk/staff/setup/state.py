"""Bringing a terminal into service: which of the eight steps is on the screen, and what was proven so far. Pure.

A step is a `Stage` in a module of its own, with a table of its own; `kiosk.staff.setup.table` joins them. A step that
is over leaves `Done` in its place, and the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, cast

from kiosk import events as e
from kiosk.frozen import frozen, replace
from kiosk.session.state import Effect, StartTimer
from kiosk.staff.part import Part, Staff, Step

STEPS = ("touch", "look", "paper", "reader", "network", "clock", "joining", "report")
POLL = "staff.setup.poll"
"""The timer after which a step asks the machine again."""
LIMIT = "staff.setup.limit"
"""The timer of a step that has to be over by then."""
ACCEPTED = "accepted"
"""The fact of a proof that a person took upon himself: 照用."""


@frozen
class Proof:
    """One row of the readiness report. `facts` are numbers, dates and plain words, never a holder's."""

    name: str
    """Stable: touch, display, speech, printer, paper, card-reader, gateway, clock-offset, certificate, catalogue,
    outbox."""
    mark: Literal["ok", "warn"] = "ok"
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def accepted(self) -> bool:
        """Whether a person said that it is good enough."""
        return ACCEPTED in self.facts


@frozen
class Stage:
    """The root of what a step knows."""

    @property
    def takes_back(self) -> bool:
        """Whether 返回 stays within the step; else it leads to the step before."""
        return False


@frozen
class Loading(Stage):
    """What was proven before is being read."""


@frozen
class Done(Stage):
    """The step is over."""


@frozen
class Setup(Part):
    """Where bringing into service stands."""

    stage: Stage = field(default_factory=Loading)
    at: str = STEPS[0]
    proofs: tuple[Proof, ...] = ()
    began: str = ""
    """ISO 8601 local time, minutes."""
    paused: bool = False
    """Put off: nobody is served, and a touch goes on."""
    unsaved: str = ""
    """Why what was proven is not on the disk, as a code; empty: it is."""

    @property
    def number(self) -> int:
        """Which step this is, counted from 1."""
        return STEPS.index(self.at) + 1

    @property
    def overrides(self) -> tuple[Proof, ...]:
        """What a person said is good enough."""
        return tuple(proof for proof in self.proofs if proof.accepted)


StageHandler = Callable[[Staff, Any], Step]
StageRows = Mapping[type[e.Event], StageHandler]


def setup_of(staff: Staff) -> Setup:
    """Return the part: only commissioning's own handlers call this."""
    return cast("Setup", staff.part)


def on_stage(staff: Staff, stage: Stage) -> Staff:
    """Return staff mode with this step's new state."""
    return replace(staff, part=replace(setup_of(staff), stage=stage))


def proven(staff: Staff, *proofs: Proof) -> Staff:
    """Keep proofs, each in the place of an older one of its name."""
    setup = setup_of(staff)
    names = {proof.name for proof in proofs}
    kept = tuple(proof for proof in setup.proofs if proof.name not in names)
    return replace(staff, part=replace(setup, proofs=(*kept, *proofs)))


def finished(staff: Staff, *proofs: Proof) -> Step:
    """Keep proofs, and end the step."""
    return on_stage(proven(staff, *proofs), Done()), ()


def accepted(name: str, **facts: str) -> Proof:
    """Return the proof of what a person said is good enough: it stays a triangle in the report."""
    return Proof(name, "warn", {**facts, ACCEPTED: "yes"})


def again_after(seconds: float) -> Effect:
    """Ask the machine again later (`TimerFired` of `POLL`)."""
    return StartTimer(POLL, seconds)
