"""A new catalogue, configuration or program reaches 1 %, 10 %, 100 % of the terminals, and halts by itself.

A wave is watched for some time; where more than a few of its terminals have something new the matter (or refuse the
version), nobody else gets it. A halted catalogue is taken back, since a terminal takes whatever is signed; the number
of a configuration or of a release only grows, so who has it keeps it and the operator publishes a higher one. What is
served to whom depends on the database and the terminal's name alone, so that several servers agree.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from provisioning.gateway.fleet.judge import Judged
from provisioning.gateway.fleet.settings import Waves
from provisioning.gateway.storage.database import Database, Transaction

What = Literal["catalogue", "configuration", "package"]
KINDS: tuple[What, ...] = ("catalogue", "configuration", "package")
_COLUMNS = "id, what, version, content, state, wave, began_ms, wave_ms, first, why"
_PPM = 10_000


@dataclass(frozen=True)
class Rollout:
    """One version on its way. `state`: `rolling`, `done`, `halted`, `replaced`."""

    id: int
    what: str
    version: str
    content: bytes = field(repr=False)
    state: str
    wave: int
    began_ms: int
    wave_ms: int
    first: str
    why: str


def place(rollout: str, terminal: str) -> int:
    """Where a terminal stands in the order of a roll-out: 0 to 999,999, another one for each version."""
    digest = hashlib.sha256(f"{rollout}\n{terminal}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (100 * _PPM)


class Rollouts:
    """Raises `StoreFailed`."""

    def __init__(self, database: Database, waves: Waves) -> None:
        self._database = database
        self.waves = waves
        self._settled: dict[str, str] = {}
        """What -> the version that everybody gets: nothing need be asked of the database."""

    def serve(self, what: What, version: str, content: bytes, terminal: str, now_ms: int) -> bytes:
        """What this terminal gets, when `version` with `content` is the newest that was published."""
        if self._settled.get(what) == version:
            return content
        latest, good = self._latest(what)
        if latest is None or latest.version != version:
            latest, good = self._begin(what, version, content, now_ms)
        if latest.state == "done" or good is None:
            self._settled[what] = version
            return latest.content
        mine = self.member(latest, terminal)
        if latest.state == "rolling":
            return latest.content if mine else good.content
        return latest.content if mine and what != "catalogue" else good.content

    def knows(self, what: What) -> bool:
        """Whether any version of it was ever served."""
        return what in self._settled or self._latest(what)[0] is not None

    def member(self, rollout: Rollout, terminal: str) -> bool:
        """Whether a terminal is in the waves so far. There is always one, however small the fleet."""
        percent = self.waves.percent[min(rollout.wave, len(self.waves.percent) - 1)]
        return terminal == rollout.first or place(rollout.version, terminal) < percent * _PPM

    def current(self) -> list[Rollout]:
        """The newest of each kind."""
        return [latest for what in KINDS if (latest := self._latest(what)[0]) is not None]

    def advance(self, fleet: Sequence[Judged], new_causes: dict[str, int], now_ms: int) -> list[Rollout]:
        """Halt or go on to the next wave; returns the roll-outs that changed.

        `new_causes`: terminal -> since when the latest of its open stop or attention causes.
        """
        changed: list[Rollout] = []
        for what in KINDS:
            latest, _ = self._latest(what)
            if latest is None or latest.state != "rolling":
                continue
            state, wave, why = self._next(latest, fleet, new_causes, now_ms)
            if (state, wave) != (latest.state, latest.wave):
                sql = """UPDATE fleet_rollout SET state = ?, wave = ?, wave_ms = ?, why = ? WHERE id = ?
                    AND state = 'rolling' AND wave = ?"""
                with self._database.transaction() as db:
                    db.run(sql, state, wave, now_ms, why, latest.id, latest.wave)
                changed.append(latest)
        return changed

    def _next(
        self, latest: Rollout, fleet: Sequence[Judged], new_causes: dict[str, int], now_ms: int
    ) -> tuple[str, int, str]:
        members = [one for one in fleet if self.member(latest, one.terminal.name)]
        refusing = f"{latest.what}-refused"
        bad = [
            one.terminal.name
            for one in members
            if new_causes.get(one.terminal.name, 0) > latest.began_ms
            or (one.beat is not None and refusing in one.beat.faults)
        ]
        tolerated = math.floor(len(members) * self.waves.halt_percent / 100)
        if len(bad) > tolerated:
            return "halted", latest.wave, f"{len(bad)}/{len(members)}: {' '.join(sorted(bad)[:5])}"
        taken = sum(one.beat is not None and one.beat.facts.get(latest.what) == latest.version for one in members)
        talking = sum(one.beat is not None and one.level != "stop" for one in members)
        watched = now_ms - latest.wave_ms >= self.waves.each_min * 60_000
        if not watched or taken < talking * 0.9 or not taken:
            return latest.state, latest.wave, ""
        if latest.wave + 1 >= len(self.waves.percent):
            return "done", latest.wave, ""
        return "rolling", latest.wave + 1, ""

    def _latest(self, what: str) -> tuple[Rollout | None, Rollout | None]:
        with self._database.reading() as db:
            return _two(db, what)

    def _begin(self, what: str, version: str, content: bytes, now_ms: int) -> tuple[Rollout, Rollout | None]:
        with self._database.transaction() as db:
            db.alone(f"fleet-rollout {what}")
            latest, good = _two(db, what)
            if latest is not None and latest.version == version:
                return latest, good
            db.run("UPDATE fleet_rollout SET state = 'replaced' WHERE what = ? AND state = 'rolling'", what)
            names = [str(row[0]) for row in db.rows("SELECT name FROM terminal")]
            first = min(names, key=lambda name: place(version, name), default="")
            state = "done" if good is None or self.waves.percent == (100,) else "rolling"
            values = (what, version, content, state, now_ms, now_ms, first)
            sql = """INSERT INTO fleet_rollout (what, version, content, state, wave, began_ms, wave_ms, first, why)
                VALUES (?, ?, ?, ?, 0, ?, ?, ?, '')"""
            db.run(sql, *values)
            # What is needed: the newest, and the last good one. Catalogues are long.
            db.run(
                "DELETE FROM fleet_rollout WHERE what = ? AND id < (SELECT max(id) FROM fleet_rollout WHERE what = ?"
                " AND state = 'done')",
                what,
                what,
            )
            latest, good = _two(db, what)
        assert latest is not None
        return latest, good


def _two(db: Transaction, what: str) -> tuple[Rollout | None, Rollout | None]:
    """The newest, and the newest that is done."""
    sql = f"SELECT {_COLUMNS} FROM fleet_rollout WHERE what = ? ORDER BY id DESC"  # noqa: S608 - fixed columns
    found = [Rollout(row[0], row[1], row[2], bytes(row[3]), *row[4:]) for row in db.rows(sql, what)]
    return next(iter(found), None), next((one for one in found if one.state == "done"), None)
