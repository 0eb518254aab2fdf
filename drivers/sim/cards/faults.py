"""A fault script: what goes wrong with a simulated card and when, as data. The same seed gives the same run.

A step names a fault and when it strikes: at the n-th APDU of the card's life (`apdu`), or with a chance at each
(`chance`). `FaultPlayer.struck` tells afterwards what happened, so that a run that failed is played again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

GARBAGE_BYTES: Final = 64


class Fault(StrEnum):
    """What can go wrong with one answer."""

    TRUNCATE = "truncate"
    """Half of the answer, as a reader gives it when the card is pulled in mid-frame."""
    WRONG_LENGTH = "wrong-length"
    """A byte of the data is missing, or one too many; the status word is there."""
    GARBAGE = "garbage"
    """Random bytes."""
    STATUS = "status"
    """Only a status word (`sw`), without the work having been done."""
    DELAY = "delay"
    """The answer comes `delay_ms` late."""
    MUTE = "mute"
    """No answer until the card is powered again."""
    DIE = "die"
    """No answer ever again, not to the reset either."""


@dataclass(frozen=True)
class Step:
    """One line of a script."""

    fault: Fault
    apdu: int | None = None
    """The n-th APDU of the card's life, from 1."""
    chance: float = 0.0
    times: int | None = None
    """At most so often; None: no limit."""
    sw: int = 0x6F00
    delay_s: float = 0.0


@dataclass(frozen=True)
class FaultScript:
    seed: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Struck:
    """One fault that happened."""

    apdu: int
    fault: Fault


class FaultPlayer:
    """Plays one script over one card's life."""

    def __init__(self, script: FaultScript) -> None:
        self._script = script
        self._random = random.Random(script.seed)  # noqa: S311 (a replayable simulation, not a secret)
        self._used = [0] * len(script.steps)
        self.struck: list[Struck] = []

    def strikes(self, apdu: int) -> Step | None:
        """Return what strikes at this APDU: the first step that does. Every chance is drawn, so runs stay alike."""
        found: Step | None = None
        for index, step in enumerate(self._script.steps):
            drawn = self._random.random() < step.chance
            due = step.apdu == apdu or drawn
            if due and found is None and (step.times is None or self._used[index] < step.times):
                self._used[index] += 1
                found = step
        if found is not None:
            self.struck.append(Struck(apdu, found.fault))
        return found

    def spoil(self, step: Step, answer: bytes) -> bytes:
        """Return the answer as the fault leaves it (for the faults that leave one)."""
        match step.fault:
            case Fault.TRUNCATE:
                return truncated(answer)
            case Fault.WRONG_LENGTH:
                data, sw = answer[:-2], answer[-2:]
                return (data[:-1] if data and self._random.random() < 0.5 else data + b"\0") + sw
            case Fault.GARBAGE:
                return self._random.randbytes(self._random.randint(2, GARBAGE_BYTES))
            case Fault.STATUS:
                return step.sw.to_bytes(2, "big")
            case _:
                return answer


def truncated(answer: bytes) -> bytes:
    """Half of an answer, at least one byte."""
    return answer[: len(answer) // 2] if len(answer) > 2 else answer[:1]


def script_schema() -> dict[str, Any]:
    """Return the JSON Schema of a fault script."""
    step = {
        "type": "object",
        "additionalProperties": False,
        "required": ["fault"],
        "properties": {
            "fault": {"enum": [fault.value for fault in Fault]},
            "apdu": {"type": "integer", "minimum": 1, "description": "The n-th APDU of the card's life."},
            "chance": {"type": "number", "minimum": 0, "maximum": 1, "description": "At each APDU."},
            "times": {"type": "integer", "minimum": 1, "description": "At most so often. Default: no limit."},
            "sw": {"type": "string", "pattern": "^[69][0-9A-Fa-f]{3}$", "default": "6F00"},
            "delay_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "description": "What goes wrong and when. The same seed gives the same faults.",
        "properties": {"seed": {"type": "integer", "default": 0}, "steps": {"type": "array", "items": step}},
    }


def parse_script(script: Mapping[str, Any]) -> FaultScript:
    """Make a script of a mapping that the schema has accepted."""
    steps: Sequence[Mapping[str, Any]] = script.get("steps", ())
    return FaultScript(
        seed=script.get("seed", 0),
        steps=tuple(
            Step(
                fault=Fault(step["fault"]),
                apdu=step.get("apdu"),
                chance=float(step.get("chance", 0.0)),
                times=step.get("times"),
                sw=int(step.get("sw", "6F00"), 16),
                delay_s=step.get("delay_ms", 0) / 1000,
            )
            for step in steps
        ),
    )
