"""Which steps an application goes through: `assets/city/cases.toml`, else two steps of the service's agency."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from kiosk.services.definition import ServiceDefinition

LOOK, DECIDE = "look", "decide"


class PlansInvalid(Exception):
    """The plans cannot be used; names the plan, the step and the reason."""

    code = "case-plans-invalid"


@dataclass(frozen=True)
class Step:
    """One step: who does it, in how many working days, after which others, and what it may ask the citizen for."""

    id: str
    agency: str
    days: int
    after: tuple[str, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The steps of one kind of case, each after all it waits for. `claim`: the result is collected with a code."""

    steps: tuple[Step, ...]
    claim: bool = False

    @property
    def days(self) -> int:
        """Working days of the longest way through."""
        return max(schedule(self.steps).values())


def schedule(steps: Sequence[Step]) -> dict[str, int]:
    """The working day at whose end each step is done, if each begins as soon as it can."""
    ends: dict[str, int] = {}
    for step in steps:
        ends[step.id] = max((ends[name] for name in step.after), default=0) + step.days
    return ends


@dataclass(frozen=True)
class Plans:
    """All plans by service."""

    named: Mapping[str, Plan]
    none: frozenset[str]
    asks: tuple[str, ...]

    def of(self, service: ServiceDefinition) -> Plan | None:
        """The plan of a service, or None where its entries are no cases."""
        if service.id in self.none or service.confirm is not None:
            return None
        if service.id in self.named:
            return self.named[service.id]
        days = service.promised.n if service.promised is not None else 5
        if service.promised is not None and service.promised.unit == "d":
            days = math.ceil(days * 5 / 7)
        look = days // 3
        first = Step(LOOK, service.agency, look, (), self.asks)
        return Plan((first, Step(DECIDE, service.agency, days - look, (LOOK,), ())))


def load_plans(text: str) -> Plans:
    """Read `cases.toml`. Raises `PlansInvalid`."""
    try:
        raw = cast("dict[str, object]", tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise PlansInvalid(f"cases: {error}") from error
    plans = raw.get("plan", {})
    if not isinstance(plans, dict):
        raise PlansInvalid("plan: a table by service is wanted")
    named = {name: _plan(name, item) for name, item in cast("dict[str, object]", plans).items()}
    return Plans(named, frozenset(_texts("none", raw.get("none", []))), _texts("asks", raw.get("asks", [])))


def _plan(name: str, raw: object) -> Plan:
    table = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    listed = table.get("step")
    if not isinstance(listed, list) or not listed:
        raise PlansInvalid(f"{name}: a plan has steps")
    steps: list[Step] = []
    for item in cast("list[object]", listed):
        held = cast("dict[str, object]", item) if isinstance(item, dict) else {}
        step, agency, days = held.get("id"), held.get("agency"), held.get("days")
        if not isinstance(step, str) or not isinstance(agency, str) or not isinstance(days, int) or days < 0:
            raise PlansInvalid(f"{name}: a step has an id, an agency and days of 0 or more")
        after = _texts(f"{name}.{step}.after", held.get("after", []))
        if step in {one.id for one in steps} or not set(after) <= {one.id for one in steps}:
            raise PlansInvalid(f"{name}.{step}: ids are given once, and a step comes after steps before it")
        steps.append(Step(step, agency, days, after, _texts(f"{name}.{step}.asks", held.get("asks", []))))
    return Plan(tuple(steps), table.get("claim") is True)


def _texts(where: str, raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in cast("list[object]", raw)):
        raise PlansInvalid(f"{where}: a list of texts is wanted")
    return tuple(cast("list[str]", raw))
