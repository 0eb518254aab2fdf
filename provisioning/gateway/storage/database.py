"""The seam between the store's statements and a database: transactions and statements, nothing else.

Statements are written once, in the common part of SQLite's and PostgreSQL's SQL, with `?` for values and no `?` or `%`
in literals. Each database maps its own exceptions to `StoreFailed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]
Statement = tuple[str, Sequence[object]]
"""SQL and its values."""


class Transaction(Protocol):
    """Statements that are committed together when its `with` ends well, and undone when it does not."""

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        ...

    def row(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        ...

    def run(self, sql: str, *values: object) -> int:
        """Run a statement; returns how many rows it changed."""
        ...

    def many(self, sql: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each sequence of values."""
        ...

    def insert(self, table: str, columns: str, values: Iterable[Sequence[object]]) -> None:
        """Insert rows the fastest way there is; none may be there already."""
        ...

    def arrive(self, *statements: Statement) -> Row | None:
        """Run statements in one journey; the first row of the last one's answer, or None.

        From here on this transaction may number rows of the journal; see `Database.settled`.
        """
        ...

    def alone(self, name: str) -> None:
        """Until this transaction ends, no other that asked for the same name goes on; in no process."""
        ...


class Database(Protocol):
    """One database. Safe to call from any thread. Everything raises `StoreFailed` when the database refuses."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Read and write; durable when the `with` has ended."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """Read only, statement by statement. To be left soon: others may wait."""
        ...

    def settled(self) -> int:
        """A position of the journal up to which nothing can appear any more: all that stood there has committed."""
        ...

    def close(self) -> None:
        """Let go. May be called twice."""
        ...
