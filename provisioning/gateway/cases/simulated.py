"""Agencies that are not there: each step takes a seeded part of its days, and sometimes asks or refuses.

The same seed gives the same delays and verdicts to the same case numbers, whoever works on them and however often.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.words.city_time import CITY_TIME
from provisioning.gateway.cases import files
from provisioning.gateway.cases.engine import CaseRefused, Engine, Move
from provisioning.gateway.cases.files import CaseStep
from provisioning.gateway.cases.workdays import Calendar, city_day
from provisioning.gateway.storage.database import Database

_AT_ONCE_MS = 20 * 60_000
_BY_MACHINE_MS = 2_000
EXTRACT = "extract"
"""The step in which an agency's machine writes out what its register holds: nobody looks at it."""
_OPENS = 9
_HOURS = 8
_PAGE = 200
REFUSALS = ("requirements-not-met", "data-do-not-agree")


@dataclass(frozen=True)
class Habits:
    """How simulated agencies work. `real` ones are left alone: they speak through the HTTP interface."""

    seed: int = 1
    ask_percent: int = 8
    refuse_percent: int = 2
    real: frozenset[str] = frozenset()
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What each step may ask for, by its id; a step that is not here asks for nothing."""


class SimulatedAgencies:
    """The workers. `due` plans a step when it begins, `work` does what is due."""

    def __init__(self, habits: Habits, calendar: Calendar) -> None:
        self._habits = habits
        self._calendar = calendar

    def due(self, number: str, step: CaseStep, now_ms: int) -> int:
        """When this step will be done: after a third to all of its days, in office hours; 0 for real agencies.

        A step without days takes minutes, an extract from a register seconds.
        """
        if step.agency in self._habits.real:
            return 0
        if step.days == 0:
            return now_ms + (_BY_MACHINE_MS if step.id == EXTRACT else _AT_ONCE_MS)
        least = -(-step.days // 3)
        days = least + self._draw("days", number, step, step.days - least + 1)
        day = self._calendar.later(city_day(now_ms), days)
        minutes = self._draw("minute", number, step, _HOURS * 60)
        opens = datetime.datetime.combine(day, datetime.time(_OPENS), CITY_TIME)
        return int((opens + datetime.timedelta(minutes=minutes)).timestamp() * 1000)

    def decide(self, number: str, step: CaseStep) -> Move:
        """What the agency makes of this step. Nobody is asked twice for the same step."""
        asks = self._habits.asks.get(step.id, ())
        luck = self._draw("verdict", number, step, 100)
        if asks and not step.asked and luck < self._habits.ask_percent:
            wanted = asks[self._draw("ask", number, step, len(asks))]
            return Move(number, step.id, step.agency, "ask", (wanted,))
        if step.after and luck >= 100 - self._habits.refuse_percent:
            reason = REFUSALS[self._draw("reason", number, step, len(REFUSALS))]
            return Move(number, step.id, step.agency, "refuse", (), reason)
        return Move(number, step.id, step.agency, "done")

    def _draw(self, what: str, number: str, step: CaseStep, below: int) -> int:
        text = f"{self._habits.seed}:{what}:{number}:{step.id}:{step.asked}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % below


def work(engine: Engine, database: Database, agencies: SimulatedAgencies) -> int:
    """Do everything that is due by now, in the order in which it falls due; returns how many moves were made."""
    made = 0
    while True:
        with database.reading() as db:
            due = files.due_steps(db, engine.now_ms(db), _PAGE)
            found = [(number, step) for number, name in due for step in files.steps_of(db, number) if step.id == name]
        moved = sum(_moved(engine, agencies.decide(number, step)) for number, step in found)
        made += moved
        if not moved:
            return made


def _moved(engine: Engine, move: Move) -> bool:
    """Whether the move was made; another process may have made it in between, or the case ended."""
    try:
        engine.move(move)
    except CaseRefused:
        return False
    return True
