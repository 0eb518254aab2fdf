"""What is kept of cases: file, steps, papers asked for, events. Statements only; the rules are in `engine.py`.

Writers take one lock (`CASES`), so that events get their positions in the order in which they become visible: whoever
reads on from the last position it has seen misses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioning.gateway.storage.database import Row, Transaction

CASES = "case"
OPEN, SUPPLEMENT, DONE = "open", "supplement", "done"
REFUSED, WITHDRAWN = "refused", "withdrawn"
ENDED = frozenset({DONE, REFUSED, WITHDRAWN})
_FILE = """number, person, service, agency, terminal, epoch, seq, entry, state, opened_ms, ended_ms, promised,
    paused_ms, paused_days, collects, claim, reason, score"""
_STEP = "step, agency, days, after, state, started_ms, ended_ms, due_ms, asked"


@dataclass(frozen=True)
class CaseFile:
    """One case. The repr tells nobody."""

    number: str
    person: bytes = field(repr=False)
    service: str
    agency: str
    terminal: str
    epoch: str
    seq: int
    entry: str
    state: str
    opened_ms: int
    ended_ms: int
    promised: int
    """Working days."""
    paused_ms: int
    """Since when nothing but the citizen is waited for; 0: something goes on."""
    paused_days: int
    """Working days during which it was so before."""
    collects: int
    claim: str = field(repr=False)
    reason: str
    score: int


@dataclass(frozen=True)
class CaseStep:
    """One step of a case; its state is `todo`, `current`, `asked`, `done` or `refused`."""

    id: str
    agency: str
    days: int
    after: tuple[str, ...]
    state: str
    started_ms: int
    ended_ms: int
    due_ms: int
    """When a simulated agency is done with it; 0: nobody is simulated."""
    asked: int
    """How often the citizen was asked for a paper."""


@dataclass(frozen=True)
class Paper:
    """Something that the citizen was asked for: `asked` or `given`."""

    step: str
    code: str
    state: str
    asked_ms: int
    given_ms: int


@dataclass(frozen=True)
class CaseEvent:
    """One thing that happened to a case: created, step, supplement, given, done, refused, claim, collected, rated."""

    position: int
    number: str
    kind: str
    step: str
    agency: str
    reason: str
    at_ms: int


def add_file(db: Transaction, case: CaseFile, steps: Sequence[CaseStep]) -> None:
    """Keep a new case."""
    values = [getattr(case, name.strip()) for name in _FILE.split(",")]
    db.insert("case_file", _FILE, [values])
    rows = [(case.number, place, *_values(step)) for place, step in enumerate(steps)]
    db.insert("case_step", f"number, place, {_STEP}", rows)


def _values(step: CaseStep) -> tuple[object, ...]:
    after = " ".join(step.after)
    return (step.id, step.agency, step.days, after, step.state, step.started_ms, step.ended_ms, step.due_ms, step.asked)


def file_of(db: Transaction, number: str) -> CaseFile | None:
    """The case of this number, or None."""
    row = db.row(f"SELECT {_FILE} FROM case_file WHERE number = ?", number)  # noqa: S608 - constants
    return None if row is None else _file(row)


def files_of(db: Transaction, person: bytes, limit: int) -> tuple[CaseFile, ...]:
    """The newest cases of one person."""
    sql = f"SELECT {_FILE} FROM case_file WHERE person = ? ORDER BY opened_ms DESC, number LIMIT ?"  # noqa: S608 - constants
    return tuple(_file(row) for row in db.rows(sql, person, limit))


def file_of_entry(db: Transaction, terminal: str, epoch: str, seq: int) -> CaseFile | None:
    """The case that this entry began, or None."""
    sql = f"SELECT {_FILE} FROM case_file WHERE terminal = ? AND epoch = ? AND seq = ?"  # noqa: S608 - constants
    row = db.row(sql, terminal, epoch, seq)
    return None if row is None else _file(row)


def _file(row: Row) -> CaseFile:
    return CaseFile(row[0], bytes(row[1]), *row[2:])


def change_file(db: Transaction, number: str, **changed: object) -> None:
    """Write some columns of a case."""
    names = ", ".join(f"{name} = ?" for name in changed)
    db.run(f"UPDATE case_file SET {names} WHERE number = ?", *changed.values(), number)  # noqa: S608 - our own names


def steps_of(db: Transaction, number: str) -> tuple[CaseStep, ...]:
    """The steps of a case in the order of its plan."""
    sql = f"SELECT {_STEP} FROM case_step WHERE number = ? ORDER BY place"  # noqa: S608 - constants
    return tuple(_step(row) for row in db.rows(sql, number))


def _step(row: Row) -> CaseStep:
    return CaseStep(row[0], row[1], row[2], tuple(row[3].split()), *row[4:])


def change_step(db: Transaction, number: str, step: str, **changed: object) -> None:
    """Write some columns of a step."""
    names = ", ".join(f"{name} = ?" for name in changed)
    sql = f"UPDATE case_step SET {names} WHERE number = ? AND step = ?"  # noqa: S608 - our own names
    db.run(sql, *changed.values(), number, step)


def due_steps(db: Transaction, now_ms: int, limit: int) -> tuple[tuple[str, str], ...]:
    """Number and id of steps that a simulated agency is done with, the earliest first."""
    sql = """SELECT s.number, step FROM case_step s JOIN case_file f ON f.number = s.number
        WHERE s.state = 'current' AND due_ms > 0 AND due_ms <= ? AND f.ended_ms = 0
        ORDER BY due_ms, s.number, place LIMIT ?"""
    return tuple((str(row[0]), str(row[1])) for row in db.rows(sql, now_ms, limit))


def steps_at(db: Transaction, agency: str, limit: int) -> tuple[tuple[str, CaseStep], ...]:
    """What lies on an agency's desk, the oldest first: the case's number and the step."""
    sql = f"""SELECT number, {_STEP} FROM case_step WHERE agency = ? AND state = 'current'
        ORDER BY started_ms, number, place LIMIT ?"""  # noqa: S608 - constants
    return tuple((str(row[0]), _step(row[1:])) for row in db.rows(sql, agency, limit))


def papers_of(db: Transaction, number: str) -> tuple[Paper, ...]:
    """What the citizen was asked for, in the order of asking."""
    sql = "SELECT step, code, state, asked_ms, given_ms FROM case_paper WHERE number = ? ORDER BY asked_ms, step, code"
    return tuple(Paper(*row) for row in db.rows(sql, number))


def ask_paper(db: Transaction, number: str, step: str, code: str, now_ms: int) -> None:
    """Note that this paper is wanted; the same again is wanted again."""
    sql = """INSERT INTO case_paper VALUES (?, ?, ?, 'asked', ?, 0, '') ON CONFLICT (number, step, code) DO UPDATE SET
        state = 'asked', asked_ms = excluded.asked_ms"""
    db.run(sql, number, step, code, now_ms)


def give_papers(db: Transaction, number: str, entry: str, now_ms: int) -> int:
    """Note that everything that is asked for was given with this entry; returns how many papers."""
    sql = "UPDATE case_paper SET state = 'given', given_ms = ?, entry = ? WHERE number = ? AND state = 'asked'"
    return db.run(sql, now_ms, entry, number)


def tell(
    db: Transaction, number: str, kind: str, at_ms: int, *, step: str = "", agency: str = "", reason: str = ""
) -> None:
    """Append an event; the caller holds the lock `CASES`."""
    row = (number, kind, step, agency, reason, at_ms)
    db.insert("case_event", "number, kind, step, agency, reason, at_ms", [row])


def events(db: Transaction, after: int, limit: int) -> tuple[CaseEvent, ...]:
    """The events behind a position, in order."""
    sql = "SELECT position, number, kind, step, agency, reason, at_ms FROM case_event WHERE position > ?"
    return tuple(CaseEvent(*row) for row in db.rows(f"{sql} ORDER BY position LIMIT ?", after, limit))


def events_of(db: Transaction, number: str) -> tuple[CaseEvent, ...]:
    """What happened to one case, in order."""
    sql = "SELECT position, number, kind, step, agency, reason, at_ms FROM case_event WHERE number = ?"
    return tuple(CaseEvent(*row) for row in db.rows(f"{sql} ORDER BY position", number))


def first_time(db: Transaction, entry: str, number: str, now_ms: int) -> bool:
    """Note that an entry was worked into a case. False if it was before."""
    sql = "INSERT INTO case_entry VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return db.run(sql, entry, number, now_ms) > 0


def ahead_ms(db: Transaction) -> int:
    """By how much the cases' clock was turned forward."""
    row = db.row("SELECT ahead_ms FROM case_clock WHERE id = 1")
    return 0 if row is None else int(row[0])


def turn_clock(db: Transaction, by_ms: int) -> int:
    """Turn the cases' clock forward; returns by how much it is ahead now."""
    sql = """INSERT INTO case_clock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET
        ahead_ms = case_clock.ahead_ms + excluded.ahead_ms"""
    db.run(sql, by_ms)
    return ahead_ms(db)
