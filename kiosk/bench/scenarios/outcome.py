"""What came of a scenario: each step as it went, and where it failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.bench.scenarios.format import Scenario, Step


@dataclass(frozen=True)
class Played:
    """One step as it went. `picture` is PNG, or empty where nothing draws; `words` what the screen said then."""

    step: Step
    screen: str
    seconds: float
    words: tuple[str, ...] = field(repr=False, default=())
    picture: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class Outcome:
    """A whole scenario: `failed` is empty where all was as it must be."""

    scenario: Scenario
    stack: str
    steps: tuple[Played, ...]
    seconds: float
    failed: str = ""
    failed_line: int = 0
    log: tuple[str, ...] = ()
    """What was logged up to the failure: codes and numbers, nothing of a holder."""

    @property
    def passed(self) -> bool:
        return not self.failed
