"""The subject `case.case`: a citizen's cases with their steps and clocks, and the events of cases for other readers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from kiosk.services.definition import Catalogue, words
from provisioning.gateway.cases import files
from provisioning.gateway.cases.files import CaseFile, CaseStep, Paper
from provisioning.gateway.cases.workdays import Calendar, city_day, city_time
from provisioning.gateway.certificates.desk import CertificateDesk
from provisioning.gateway.storage.database import Database, Transaction

MAX_CASES = 50
"""The newest ones; nobody stands at a terminal to read more."""
Record = Mapping[str, object]


class CaseRecords:
    """Reads cases as records. Every method raises `StoreFailed`."""

    def __init__(self, database: Database, calendar: Calendar, certificates: CertificateDesk) -> None:
        self._database = database
        self._certificates = certificates
        self._calendar = calendar

    def of(self, person: bytes, catalogue: Catalogue, now_ms: int) -> Record | None:
        """`case.case` of one person, newest first, with the certificates; None where there is none."""
        with self._database.reading() as db:
            now_ms += files.ahead_ms(db)
            found = [
                {**self._record(db, case, catalogue, now_ms), **self._certificates.of(db, case.number)}
                for case in files.files_of(db, person, MAX_CASES)
            ]
        return {"cases": found} if found else None

    def issued(self, person: bytes, way: str) -> tuple[tuple[str, str, str, str], ...]:
        """Number, service, agency and day of each certificate that this person wanted in this way, newest first."""
        with self._database.reading() as db:
            return tuple(
                (case.number, case.service, case.agency, city_day(case.ended_ms).isoformat())
                for case in files.files_of(db, person, MAX_CASES)
                if case.ended_ms and self._certificates.of(db, case.number).get("get") == way
            )

    def one(self, number: str, catalogue: Catalogue, now_ms: int) -> Record | None:
        """The record of one case, or None."""
        with self._database.reading() as db:
            case = files.file_of(db, number)
            return None if case is None else self._record(db, case, catalogue, now_ms + files.ahead_ms(db))

    def events(self, after: int, limit: int) -> tuple[files.CaseEvent, ...]:
        """The events of all cases behind a position, in order."""
        with self._database.reading() as db:
            return files.events(db, after, limit)

    def file(self, number: str) -> CaseFile | None:
        """The case's file, or None."""
        with self._database.reading() as db:
            return files.file_of(db, number)

    def _record(self, db: Transaction, case: CaseFile, catalogue: Catalogue, now_ms: int) -> dict[str, object]:
        steps, papers = files.steps_of(db, case.number), files.papers_of(db, case.number)
        service = catalogue.services.get(case.service)
        until = case.ended_ms or now_ms
        used = self._used(case, until)
        current = next((step.agency for step in steps if step.state in ("asked", "current")), case.agency)
        opened = city_day(case.opened_ms)
        stood = case.paused_days + (self._stands(case, until) if case.paused_ms else 0)
        promised = self._calendar.later(opened, case.promised + stood)
        return {
            "number": case.number,
            "service": case.service,
            "name": case.service if service is None else {name: words(service.name, name) for name in service.name},
            "state": case.state,
            "opened": city_time(case.opened_ms),
            "ended": city_time(case.ended_ms),
            "promised": promised.isoformat(),
            "provisional": self._calendar.provisional(promised),
            "days_used": used,
            "days_promised": case.promised,
            "agency": current,
            "steps": self._steps(case, steps, now_ms),
            "asks": [paper.code for paper in papers if paper.state == "asked"],
            "papers": [_paper(paper) for paper in papers],
            "result": case.reason,
            "claim": case.claim,
            "score": case.score,
        }

    def _used(self, case: CaseFile, until_ms: int) -> int:
        """Working days from the one after it was opened, without those on which only the citizen was waited for."""
        all_days = self._calendar.between(city_day(case.opened_ms), city_day(until_ms))
        return max(0, all_days - case.paused_days - (self._stands(case, until_ms) if case.paused_ms else 0))

    def _stands(self, case: CaseFile, until_ms: int) -> int:
        return self._calendar.between(city_day(case.paused_ms), city_day(until_ms))

    def _steps(self, case: CaseFile, steps: Sequence[CaseStep], now_ms: int) -> list[dict[str, object]]:
        """Each step with the working days from when to when: as it was, or as it will be if all goes on as promised."""
        opened, now = city_day(case.opened_ms), city_day(case.ended_ms or now_ms)
        today = self._calendar.between(opened, now)
        ends: dict[str, int] = {}
        found: list[dict[str, object]] = []
        for step in steps:
            begins = self._day(opened, step.started_ms) if step.started_ms else None
            if begins is None:
                begins = max([today, *(ends[name] for name in step.after)])
            end = self._day(opened, step.ended_ms) if step.ended_ms else max(begins + step.days, today)
            ends[step.id] = end
            found.append(
                {
                    "id": step.id,
                    "agency": step.agency,
                    "state": step.state if step.state != "refused" else "asked",
                    "started": city_time(step.started_ms),
                    "ended": city_time(step.ended_ms),
                    "days": step.days,
                    "from": begins,
                    "to": max(end, begins),
                }
            )
        return found

    def _day(self, opened: datetime.date, at_ms: int) -> int:
        return self._calendar.between(opened, city_day(at_ms))


def _paper(paper: Paper) -> dict[str, object]:
    given, asked = city_time(paper.given_ms), city_time(paper.asked_ms)
    return {"code": paper.code, "state": paper.state, "asked": asked, "given": given}
