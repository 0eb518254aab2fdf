"""How a case moves: steps begin when all they wait for is done, agencies finish, ask or refuse, citizens supplement.

A step that waits for the citizen stands still alone: the others go on. The case's days count from the working day after
it was opened, and stop while nothing but the citizen is waited for.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from provisioning.gateway.cases import files
from provisioning.gateway.cases.files import CaseFile, CaseStep
from provisioning.gateway.cases.plans import Plan
from provisioning.gateway.cases.workdays import Calendar, city_day
from provisioning.gateway.certificates.desk import Applicant, CertificateDesk
from provisioning.gateway.storage.database import Database, Transaction
from provisioning.gateway.store import EntryUnknown, Store, Verdict

CLAIM_DIGITS = 8
Outcome = Literal["done", "ask", "refuse"]


class CaseRefused(Exception):
    """A move that the case does not allow; `code` is a problem code of the gateway."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Opening:
    """An accepted application that becomes a case."""

    number: str
    person: bytes
    service: str
    agency: str
    terminal: str
    epoch: str
    seq: int
    entry: str
    opened_ms: int
    promised: int
    plan: Plan
    collects: bool
    applicant: Applicant | None = None
    """Whom a certificate would be about; None where nobody proved to be there."""


@dataclass(frozen=True)
class Move:
    """What an agency made of its step. `asks` are codes of papers, `reason` a code; both empty for `done`."""

    number: str
    step: str
    agency: str
    outcome: Outcome
    asks: tuple[str, ...] = ()
    reason: str = ""


class Engine:
    """Moves cases. Each method is one transaction; raises `StoreFailed`. Safe from any thread and process."""

    def __init__(
        self,
        database: Database,
        store: Store,
        calendar: Calendar,
        now_ms: Callable[[], int],
        certificates: CertificateDesk,
        due: Callable[[str, CaseStep, int], int],
    ) -> None:
        self._database = database
        self._store = store
        self.calendar = calendar
        self._wall_ms = now_ms
        self._certificates = certificates
        self._due = due
        """When a simulated agency is done with a step that begins now; 0 where nobody simulates it."""

    def now_ms(self, db: Transaction) -> int:
        """The cases' clock: the gateway's, and what it was turned forward."""
        return self._wall_ms() + files.ahead_ms(db)

    # --- from the citizen -------------------------------------------------------------------------------------------

    def open(self, opening: Opening) -> bool:
        """Begin a case. False where this entry or this number has one already."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            known = files.file_of_entry(db, opening.terminal, opening.epoch, opening.seq)
            if known is not None or files.file_of(db, opening.number) is not None:
                return False
            now_ms = max(opening.opened_ms, self.now_ms(db))
            case = CaseFile(
                opening.number, opening.person, opening.service, opening.agency, opening.terminal, opening.epoch,
                opening.seq, opening.entry, files.OPEN, now_ms, 0, opening.promised, 0, 0, int(opening.collects),
                "", "", 0,
            )  # fmt: skip
            steps = [
                CaseStep(one.id, one.agency, one.days, one.after, "todo", 0, 0, 0, 0) for one in opening.plan.steps
            ]
            files.add_file(db, case, steps)
            self._certificates.note(db, case.number, case.service, opening.applicant)
            files.tell(db, case.number, "created", now_ms, agency=case.agency)
            self._begin(db, case.number, steps, now_ms)
            return True

    def turn_away(self, number: str, reason: str) -> None:
        """The case ends before anybody works on it: the one who handed in may not. Its terminal hears it."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            case, now_ms = files.file_of(db, number), self.now_ms(db)
            if case is None or case.state in files.ENDED:
                return
            files.change_file(db, number, state=files.REFUSED, ended_ms=now_ms, reason=reason)
            files.tell(db, number, "refused", now_ms, agency=case.agency, reason=reason)
        self._judge(number)

    def supplement(self, number: str, person: bytes, entry: str) -> str:
        """The citizen brought what was asked for; the steps that waited go on. Returns why not, or an empty text."""

        def give(db: Transaction, case: CaseFile, now_ms: int) -> str:
            if not files.give_papers(db, number, entry, now_ms):
                return "nothing-asked"
            for step in files.steps_of(db, number):
                if step.state == "asked":
                    again = self._due(number, step, now_ms)
                    files.change_step(db, number, step.id, state="current", due_ms=again)
            self._resume(db, case, now_ms)
            files.change_file(db, number, state=files.OPEN)
            files.tell(db, number, "given", now_ms)
            return ""

        return self._own(number, person, entry, give)

    def rate(self, number: str, person: bytes | None, entry: str, score: int) -> str:
        """The citizen rates the case, 1 to 5; the last rating counts. `person` None: the rating of the visit itself."""

        def note(db: Transaction, _case: CaseFile, now_ms: int) -> str:
            files.change_file(db, number, score=score)
            files.tell(db, number, "rated", now_ms, reason=str(score))
            return ""

        return self._own(number, person, entry, note) if 1 <= score <= 5 else "score-unknown"

    def withdraw(self, number: str, person: bytes, entry: str) -> str:
        """The citizen takes the application back."""

        def end(db: Transaction, case: CaseFile, now_ms: int) -> str:
            if case.state in files.ENDED:
                return "case-ended"
            files.change_file(db, number, state=files.WITHDRAWN, ended_ms=now_ms)
            files.tell(db, number, "withdrawn", now_ms)
            return ""

        return self._own(number, person, entry, end)

    def _own(
        self, number: str, person: bytes | None, entry: str, do: Callable[[Transaction, CaseFile, int], str]
    ) -> str:
        """Do something once with a case that is this person's own."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            case, now_ms = files.file_of(db, number), self.now_ms(db)
            if case is None or (person is not None and (not person or case.person != person)):
                return "case-unknown"
            return do(db, case, now_ms) if files.first_time(db, entry, number, now_ms) else ""

    # --- from an agency ---------------------------------------------------------------------------------------------

    def move(self, move: Move) -> str:
        """Take what an agency made of its step; returns the case's new state.

        Raises:
            CaseRefused: `case-unknown`, `step-unknown`, `step-not-current`.
        """
        self._certificates.refresh()
        with self._database.transaction() as db:
            db.alone(files.CASES)
            case, now_ms = files.file_of(db, move.number), self.now_ms(db)
            if case is None:
                raise CaseRefused("case-unknown")
            steps = files.steps_of(db, move.number)
            step = next((one for one in steps if one.id == move.step and one.agency == move.agency), None)
            if step is None:
                raise CaseRefused("step-unknown")
            if step.state != "current" or case.state in files.ENDED:
                raise CaseRefused("step-not-current")
            match move.outcome:
                case "done":
                    state = self._done(db, case, steps, step, now_ms)
                case "ask":
                    state = self._ask(db, case, steps, move, now_ms)
                case _:
                    state = self._refuse(db, case, move, now_ms)
        if state in (files.DONE, files.REFUSED):
            self._judge(move.number)
        return state

    def _done(self, db: Transaction, case: CaseFile, steps: Sequence[CaseStep], step: CaseStep, now_ms: int) -> str:
        files.change_step(db, case.number, step.id, state="done", ended_ms=now_ms)
        files.tell(db, case.number, "step", now_ms, step=step.id, agency=step.agency)
        after = [replace(one, state="done") if one.id == step.id else one for one in steps]
        if any(one.state != "done" for one in after):
            self._begin(db, case.number, after, now_ms)
            self._pause(db, case, now_ms)
            return case.state
        claim = f"{secrets.randbelow(10**CLAIM_DIGITS):0{CLAIM_DIGITS}d}" if case.collects else ""
        files.change_file(db, case.number, state=files.DONE, ended_ms=now_ms, claim=claim)
        files.tell(db, case.number, "done", now_ms, agency=step.agency)
        self._certificates.issue(db, case.number, case.service, step.agency, now_ms)
        if claim:
            files.tell(db, case.number, "claim", now_ms, agency=step.agency)
        return files.DONE

    def _begin(self, db: Transaction, number: str, steps: Sequence[CaseStep], now_ms: int) -> None:
        """Begin every step whose time has come; several may."""
        done = {one.id for one in steps if one.state == "done"}
        for step in steps:
            if step.state == "todo" and done.issuperset(step.after):
                due_ms = self._due(number, step, now_ms)
                files.change_step(db, number, step.id, state="current", started_ms=now_ms, due_ms=due_ms)

    def _ask(self, db: Transaction, case: CaseFile, steps: Sequence[CaseStep], move: Move, now_ms: int) -> str:
        step = next(one for one in steps if one.id == move.step)
        files.change_step(db, case.number, step.id, state="asked", asked=step.asked + 1)
        for code in move.asks:
            files.ask_paper(db, case.number, step.id, code, now_ms)
        files.change_file(db, case.number, state=files.SUPPLEMENT)
        files.tell(db, case.number, "supplement", now_ms, step=step.id, agency=step.agency, reason=" ".join(move.asks))
        self._pause(db, case, now_ms)
        return files.SUPPLEMENT

    def _refuse(self, db: Transaction, case: CaseFile, move: Move, now_ms: int) -> str:
        files.change_step(db, case.number, move.step, state="refused", ended_ms=now_ms)
        files.change_file(db, case.number, state=files.REFUSED, ended_ms=now_ms, reason=move.reason)
        files.tell(db, case.number, "refused", now_ms, step=move.step, agency=move.agency, reason=move.reason)
        return files.REFUSED

    def _pause(self, db: Transaction, case: CaseFile, now_ms: int) -> None:
        """Stop the case's clock while nothing but the citizen is waited for."""
        if not case.paused_ms and all(one.state != "current" for one in files.steps_of(db, case.number)):
            files.change_file(db, case.number, paused_ms=now_ms)

    def _resume(self, db: Transaction, case: CaseFile, now_ms: int) -> None:
        if case.paused_ms:
            stood = self.calendar.between(city_day(case.paused_ms), city_day(now_ms))
            files.change_file(db, case.number, paused_ms=0, paused_days=case.paused_days + stood)

    # --- verdicts ---------------------------------------------------------------------------------------------------

    def judged(self, verdicts: Sequence[Verdict]) -> None:
        """An office said of an entry as a whole what it made of it: `rejected` ends its case, at whatever step."""
        for said in verdicts:
            with self._database.transaction() as db:
                db.alone(files.CASES)
                case, now_ms = files.file_of_entry(db, said.terminal, said.epoch, said.seq), self.now_ms(db)
                if case is None or case.state in files.ENDED or said.verdict != "rejected":
                    continue
                files.change_file(db, case.number, state=files.REFUSED, ended_ms=now_ms, reason=said.reason)
                files.tell(db, case.number, "refused", now_ms, agency=said.agency, reason=said.reason)

    def _judge(self, number: str) -> None:
        """Tell the terminal how the case of its entry ended."""
        with self._database.reading() as db:
            case = files.file_of(db, number)
        if case is None:
            return
        word, reason = ("accepted", "") if case.state == files.DONE else ("rejected", case.reason)
        said = Verdict(case.terminal, case.epoch, case.seq, case.entry, word, reason, case.agency)
        try:
            self._store.judge([said], self._wall_ms())
        except EntryUnknown as error:
            raise CaseRefused("entry-unknown") from error

    def collect(self, number: str, claim: str) -> bool:
        """Somebody shows a claim code at a counter: True once, if it is this case's."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            case, now_ms = files.file_of(db, number), self.now_ms(db)
            if case is None or not case.claim or not secrets.compare_digest(case.claim.encode(), claim.encode()):
                return False
            if any(event.kind == "collected" for event in files.events_of(db, number)):
                return False
            files.tell(db, number, "collected", now_ms)
            return True

    def turn(self, days: int) -> int:
        """Turn the cases' clock forward by whole days; returns its time."""
        with self._database.transaction() as db:
            db.alone(files.CASES)
            files.turn_clock(db, days * 86_400_000)
            return self.now_ms(db)
