"""The explorer: days of random visits on a virtual terminal; what breaks a promise is cut down to a short scenario."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from drivers.sim.cards.issuer import CardAuthority
from kiosk.bench.explorer.citizen import RandomCitizen
from kiosk.bench.explorer.promises import Promises
from kiosk.bench.ports import BenchError
from kiosk.bench.scenarios.format import Scenario, Step
from kiosk.bench.virtual.bench import VirtualBench

VISITS_A_DAY = 20
"""A fresh terminal a day: long enough for one citizen to find what another left."""
QUIET_S = 420.0
"""Longer than all time-outs of a visit together."""


@dataclass(frozen=True)
class Found:
    """A promise that was broken, and the shortest way to it that was found. `seed` is the day's."""

    seed: int
    promise: str
    steps: tuple[Step, ...]

    def scenario(self) -> Scenario:
        """The steps as a scenario that `kiosk bench play` replays."""
        return Scenario(f"Explorer, seed {self.seed}: {self.promise}", f"explorer-{self.seed}.yaml", self.steps)


@dataclass
class Day:
    """One terminal with its watcher; does steps one by one."""

    bench: VirtualBench
    promises: Promises
    persona: str = ""

    def do(self, step: Step) -> str:
        """Do it and return the promise it broke, or nothing. A step that cannot be done now is left out."""
        try:
            self._act(step)
        except BenchError:
            return ""
        return self.promises.broken(self.persona)

    def rest(self) -> str:
        """Cables and paper are mended, the card is taken, everybody goes away."""
        self.bench.mend()
        self.bench.network(up=True)
        if self.persona:
            self._act(Step("pull"))
        self.bench.advance(QUIET_S)
        return self.promises.broken("") or self.promises.at_rest()

    def _act(self, step: Step) -> None:
        bench, argument = self.bench, step.argument
        if step.verb == "touch":
            bench.press({"id": argument})
        elif step.verb == "insert":
            bench.insert(str(argument))
            self.persona = str(argument)
        elif step.verb == "pull":
            bench.remove_card()
            self.persona = ""
        elif step.verb == "phone" and isinstance(argument, dict):
            bench.phone(argument["do"], argument.get("persona", ""))
        elif step.verb == "pin":
            bench.kiosk.pin(str(argument))
        elif step.verb == "wait" and isinstance(argument, int):
            bench.advance(argument)
        elif step.verb == "mend":
            bench.mend()
        elif step.verb == "fault" and isinstance(argument, dict):
            bench.fault(argument["device"], argument["fault"], argument.get("after"))
        elif step.verb == "network" and isinstance(argument, dict):
            bench.network(**argument)


REST = Step("leave")
"""In a day's list of steps: the end of a visit."""


class Explorer:
    """Runs days. The cards of all its terminals come from one authority: making its keys takes longer than a visit."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kiosk-explore.")
        self._authority = CardAuthority.load_or_create(Path(self._folder.name) / "cards")
        self._days = 0

    def __enter__(self) -> Explorer:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def explore(
        self, seed: int, visits: int, *, shrink: bool = True, tell: Callable[[int], None] | None = None
    ) -> Found | None:
        """Run `visits` visits, the first day with `seed`, the next with `seed + 1`: the first broken promise, or None.

        `shrink`: cut the way to it down. `tell` hears after each day how many visits are done.
        """
        done = 0
        for day_seed in range(seed, seed + -(-visits // VISITS_A_DAY)):
            of_today = min(VISITS_A_DAY, visits - done)
            broken = self._day(day_seed, of_today)
            if broken is not None:
                promise, steps = broken
                return Found(day_seed, promise, tuple(self._shrunk(promise, steps) if shrink else steps))
            done += of_today
            if tell is not None:
                tell(done)
        return None

    def replay(self, steps: Sequence[Step]) -> tuple[str, int]:
        """Do these steps on a fresh terminal: the promise that was broken, or nothing, and after how many steps."""
        with self._terminal() as day:
            for n, step in enumerate(steps, 1):
                promise = day.rest() if step is REST else day.do(step)
                if promise:
                    return promise, n
        return "", len(steps)

    def _day(self, seed: int, visits: int) -> tuple[str, list[Step]] | None:
        random = Random(seed)  # noqa: S311 - seeded on purpose: a day must replay
        past: list[Step] = []
        with self._terminal() as day:
            for _ in range(visits):
                citizen = RandomCitizen(random)
                for _ in range(citizen.steps):
                    for step in citizen.next(day.bench):
                        past.append(step)
                        promise = day.do(step)
                        if promise:
                            return promise, past
                    citizen.persona = day.persona
                past.append(REST)
                promise = day.rest()
                if promise:
                    return promise, past
        return None

    @contextmanager
    def _terminal(self) -> Generator[Day]:
        self._days += 1
        folder = Path(self._folder.name) / str(self._days)
        folder.mkdir()
        bench = VirtualBench(folder, authority=self._authority)
        try:
            yield Day(bench, Promises(bench.kiosk))
        finally:
            bench.close()
            shutil.rmtree(folder)

    def _shrunk(self, promise: str, steps: Sequence[Step]) -> list[Step]:
        """Leave out what the broken promise does not need (Zeller's ddmin). The kind of promise must stay the same.

        The last visit alone is tried first: few promises need the citizens before.
        """
        kind = promise.partition(":")[0]

        def breaks(candidate: Sequence[Step]) -> int:
            broken, after = self.replay(candidate)
            return after if broken.partition(":")[0] == kind else 0

        kept = list(steps)
        last = _last_visit(kept)
        if breaks(last):
            kept = last
        size = max(1, len(kept) // 2)
        while size:
            at = 0
            while at < len(kept):
                candidate = kept[:at] + kept[at + size :]
                after = breaks(candidate) if candidate else 0
                if after:
                    kept = candidate[:after]
                else:
                    at += size
            size //= 2
        return kept


def _last_visit(steps: Sequence[Step]) -> list[Step]:
    ends = [n for n, step in enumerate(steps[:-1]) if step is REST]
    return list(steps[ends[-1] + 1 :] if ends else steps)
