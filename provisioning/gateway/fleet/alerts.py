"""Alerts: a cause opens once and ends once, and a webhook hears of both, again and again until it has taken it.

`POST url` with `{"alerts": [{"id", "terminal", "cause", "level", "since_ms", "state", "next": {"zh-Hans", "en"}}]}`,
`Idempotency-Key` and a bearer token; 2xx is taken. A whole district that goes dark is one request, not a thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import requests

from provisioning.gateway.fleet.judge import Cause, Judged
from provisioning.gateway.fleet.settings import FleetSettings
from provisioning.gateway.storage.database import Database

AT_ONCE = 200
TIMEOUT_S = 10
_FIRST_WAIT_MS, _MOST_WAIT_MS = 10_000, 3_600_000


@dataclass(frozen=True)
class Alert:
    """One thing to tell. `ended`: it is over."""

    id: int
    terminal: str
    cause: str
    since_ms: int
    ended_ms: int

    @property
    def state(self) -> Literal["open", "ended"]:
        return "ended" if self.ended_ms else "open"


Send = Callable[[str, Sequence[dict[str, object]]], bool]
"""Takes an idempotency key and alerts; False: not taken, to be tried again."""


class Alerts:
    """Raises `StoreFailed`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._failures = 0
        self._due_ms = 0

    def notice(self, fleet: Sequence[Judged], now_ms: int) -> int:
        """Open what is new, end what is over; returns how many changed. What is only waited for (`held`) is none."""
        there = {(one.terminal.name, cause.code) for one in fleet for cause in one.causes if cause.level != "held"}
        silent = {one.terminal.name for one in fleet if one.has("silent")}
        with self._database.transaction() as db:
            db.alone("fleet-alert")
            rows = db.rows("SELECT id, terminal, cause FROM fleet_alert WHERE ended_ms = 0")
            known = {(row[1], row[2]): row[0] for row in rows}
            # A terminal that fell silent has not put right what was the matter before.
            over = [key for key in known if key not in there and not (key[0] in silent and key[1] != "silent")]
            for name, cause in sorted(there - known.keys()):
                sql = """INSERT INTO fleet_alert (terminal, cause, since_ms, ended_ms, told_ms, end_told_ms)
                    VALUES (?, ?, ?, 0, 0, 0)"""
                db.run(sql, name, cause, now_ms)
            for key in over:
                db.run("UPDATE fleet_alert SET ended_ms = ? WHERE id = ?", now_ms, known[key])
        return len(there - known.keys()) + len(over)

    def since(self) -> dict[str, int]:
        """Terminal -> since when the latest of its open causes."""
        with self._database.reading() as db:
            rows = db.rows("SELECT terminal, max(since_ms) FROM fleet_alert WHERE ended_ms = 0 GROUP BY terminal")
        return {row[0]: row[1] for row in rows}

    def oldest(self) -> dict[str, int]:
        """Terminal -> since when the oldest of its open causes: how long somebody has waited."""
        with self._database.reading() as db:
            rows = db.rows("SELECT terminal, min(since_ms) FROM fleet_alert WHERE ended_ms = 0 GROUP BY terminal")
        return {row[0]: row[1] for row in rows}

    def waiting(self) -> list[Alert]:
        """What nobody has been told. One that ended before it was told is not told at all."""
        sql = """SELECT id, terminal, cause, since_ms, ended_ms FROM fleet_alert
            WHERE (told_ms = 0 AND ended_ms = 0) OR (told_ms > 0 AND ended_ms > 0 AND end_told_ms = 0)
            ORDER BY id LIMIT ?"""
        with self._database.reading() as db:
            return [Alert(*row) for row in db.rows(sql, AT_ONCE)]

    def tell(self, fleet: Sequence[Judged], send: Send, now_ms: int) -> int:
        """Tell what is waiting, unless it is too soon after a failure; returns how many were taken."""
        alerts = self.waiting() if now_ms >= self._due_ms else []
        if not alerts:
            return 0
        words = {(one.terminal.name, cause.code): cause for one in fleet for cause in one.causes}
        told = [_document(alert, words.get((alert.terminal, alert.cause))) for alert in alerts]
        key = hashlib.sha256("".join(f"{one.id}{one.state}" for one in alerts).encode()).hexdigest()[:32]
        if not send(key, told):
            wait_ms = min(_FIRST_WAIT_MS * 2**self._failures, _MOST_WAIT_MS)
            self._failures = min(self._failures + 1, 16)
            self._due_ms = now_ms + wait_ms
            return 0
        self._failures = 0
        with self._database.transaction() as db:
            for alert in alerts:
                column = "end_told_ms" if alert.ended_ms else "told_ms"
                db.run(f"UPDATE fleet_alert SET {column} = ? WHERE id = ?", now_ms, alert.id)  # noqa: S608 - two columns
            month_ms = 30 * 86_400_000
            db.run("DELETE FROM fleet_alert WHERE ended_ms > 0 AND ended_ms < ?", now_ms - month_ms)
        return len(alerts)


def _document(alert: Alert, cause: Cause | None) -> dict[str, object]:
    found: dict[str, object] = {
        "id": alert.id,
        "terminal": alert.terminal,
        "cause": alert.cause,
        "state": alert.state,
        "since_ms": alert.since_ms,
    }
    if cause is not None:
        found |= {"level": cause.level, "next": {"zh-Hans": cause.zh, "en": cause.en}}
    return found


def webhook(settings: FleetSettings) -> Send | None:
    """How alerts leave, or None where nothing is set."""
    if not settings.webhook:
        return None

    def send(key: str, alerts: Sequence[dict[str, object]]) -> bool:
        headers = {"Idempotency-Key": key}
        if settings.token:
            headers["Authorization"] = f"Bearer {settings.token}"
        with requests.Session() as session:
            session.trust_env = False
            try:
                body = {"alerts": list(alerts)}
                verify = settings.ca_file or True
                answer = session.post(
                    settings.webhook,
                    json=body,
                    headers=headers,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                    verify=verify,
                )
            except requests.RequestException:
                return False
        return 200 <= answer.status_code < 300

    return send
