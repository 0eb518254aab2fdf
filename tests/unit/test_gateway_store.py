"""The store's own promises, on SQLite and on PostgreSQL: durable, all or nothing, safe from other processes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from provisioning.gateway.authority import CsrInvalid, IssuedCertificate
from provisioning.gateway.storage import sqlite
from provisioning.gateway.storage.open import SqlStore, open_store
from provisioning.gateway.storage.postgres import PostgresDatabase
from provisioning.gateway.storage.sqlite import SqliteDatabase
from provisioning.gateway.store import (
    Alarm,
    Conflict,
    EntryUnknown,
    InviteInvalid,
    Revoked,
    StoreError,
    StoreFailed,
    StoreUnsafe,
    Verdict,
)
from tests.gateway_kit import GatewayKit, Terminal
from tests.postgres_kit import PrivatePostgres, shared


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    return shared().database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[SqlStore]:
    with closing(open_store(tmp_path, url)) as store:
        yield store


@pytest.fixture
def kit(url: str, tmp_path: Path) -> Iterator[GatewayKit]:
    kit = GatewayKit(tmp_path / "gateway", database=url)
    with closing(kit.store):
        yield kit


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 7)))
    return terminal


def test_each_commit_is_on_the_disk_and_the_file_is_private(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "gateway.db")
    with database.reading() as db:
        assert db.row("PRAGMA synchronous") == (2,), "FULL"
        assert db.row("PRAGMA journal_mode") == ("wal",)
    assert (tmp_path / "gateway.db").stat().st_mode & 0o777 == 0o600
    database.close()


def test_postgresql_waits_for_its_disk_whatever_the_server_was_told() -> None:
    url = shared().database()
    name = url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # type: ignore[arg-type]
    with closing(PostgresDatabase(url)) as database, database.reading() as db:
        assert db.row("SHOW synchronous_commit") == ("on",)


def test_databases_that_can_lose_commits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "FIRST_SAFE_SQLITE", (99, 0, 0))
    with pytest.raises(StoreUnsafe):
        SqliteDatabase(tmp_path / "gateway.db")
    assert not (tmp_path / "gateway.db").exists()
    with closing(PrivatePostgres("fsync=off")) as careless:
        url = careless.database()
        with pytest.raises(StoreUnsafe, match="fsync must be on"):
            PostgresDatabase(url)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'journal'").fetchone() == (0,)


def test_a_certificate_that_cannot_be_made_leaves_nothing_behind(store: SqlStore) -> None:
    store.add_invite(b"hash", {}, 1000)

    def fail(_name: str) -> IssuedCertificate:
        raise CsrInvalid("no key")

    with pytest.raises(CsrInvalid):
        store.admit(b"hash", 0, "device", "model", fail)
    assert store.terminals() == ()
    with pytest.raises(InviteInvalid):
        store.admit(b"other", 0, "device", "model", fail)
    with pytest.raises(CsrInvalid):
        store.admit(b"hash", 0, "device", "model", fail)


def test_a_row_in_the_middle_that_the_database_refuses_undoes_the_whole_batch(
    kit: GatewayKit, terminal: Terminal
) -> None:
    with kit.store.database.transaction() as db:
        db.run("CREATE UNIQUE INDEX narrow ON journal (mono_ms)")
    rows = [*terminal.rows]
    terminal.rows[3:] = [rows[3]._replace(mono_ms=2), *rows[4:]]
    with pytest.raises(StoreFailed):
        kit.store.append(terminal.batch(1, 6), 0)
    assert list(kit.store.entries(0)) == []
    assert kit.store.terminals()[0].entries == 0
    terminal.rows = rows
    assert kit.store.append(terminal.batch(1, 6), 0).acked_through == 6


def test_another_process_reads_and_invites_while_the_server_writes(kit: GatewayKit, url: str, tmp_path: Path) -> None:
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 1201)))
    beside = open_store(tmp_path, url)
    for first in range(1, 1201, 400):
        assert terminal.push(terminal.batch(first, first + 399)).status == 200
        beside.add_invite(f"{first}".encode(), {}, 10)
        rows = [entry.row.seq for entry in beside.entries(0)]
        assert rows == list(range(1, first + 400)), "pages join without a seam"
    assert [entry.position for entry in beside.entries(1198)] == [1199, 1200]
    assert list(beside.entries(0, "T9999")) == []
    assert len(list(beside.entries(0, terminal.name))) == 1200
    beside.close()


def together(*tasks: Callable[[], object]) -> list[object]:
    """Run tasks in threads that begin at the same moment; an exception is a result too."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        start.wait(30)
        try:
            return task()
        except StoreError as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_two_servers_take_the_same_batch_at_the_same_moment(
    kit: GatewayKit, terminal: Terminal, url: str, tmp_path: Path
) -> None:
    with closing(open_store(tmp_path, url)) as beside:
        for through in range(1, 7):
            batch = terminal.batch(1, through)
            stored = together(*[partial(at.append, batch, 5) for at in (kit.store, beside) * 4])
            assert {item.acked_through for item in stored} == {through}  # type: ignore[attr-defined]
            assert sum(item.new_rows for item in stored) == 1  # type: ignore[attr-defined]
    assert [entry.row.seq for entry in kit.store.entries(0)] == [1, 2, 3, 4, 5, 6]


def test_two_copies_of_a_disk_reach_two_servers_at_the_same_moment(
    kit: GatewayKit, terminal: Terminal, url: str, tmp_path: Path
) -> None:
    copy = replace(terminal, rows=terminal.rows[:3])
    copy.record({"number": 94}, {"number": 95})
    kit.store.append(terminal.batch(1, 3), 1)
    with closing(open_store(tmp_path, url)) as beside:
        results = together(
            lambda: kit.store.append(terminal.batch(4, 5), 5), lambda: beside.append(copy.batch(4, 5), 5)
        )
    assert sum(isinstance(item, Conflict) for item in results) == 1
    held = [entry.row.chain for entry in kit.store.entries(0)]
    assert held in ([row.chain for row in terminal.rows[:5]], [row.chain for row in copy.rows]), "one of them, whole"


def test_a_certificate_that_is_revoked_while_its_batch_is_on_the_way(kit: GatewayKit, terminal: Terminal) -> None:
    fingerprint = hashlib.sha256(terminal.certificate).digest()
    assert kit.store.append(terminal.batch(1, 2), 1, fingerprint).acked_through == 2
    assert kit.store.append(terminal.batch(3, 4), 1, fingerprint).new_rows == 2
    assert kit.store.revoke(terminal.name)
    for first, last in ((5, 6), (1, 4), (4, 6)):
        with pytest.raises(Revoked):
            kit.store.append(terminal.batch(first, last), 1, fingerprint)
    new_epoch = replace(terminal, epoch="0" * 32, rows=[])
    new_epoch.record({"number": 1})
    with pytest.raises(Revoked):
        kit.store.append(new_epoch.batch(1, 1), 1, fingerprint)
    assert [entry.row.seq for entry in kit.store.entries(0)] == [1, 2, 3, 4]


def test_two_servers_admit_at_the_same_moment_and_no_name_is_given_twice(
    kit: GatewayKit, url: str, tmp_path: Path
) -> None:
    tokens = [f"{number}".encode() for number in range(8)]
    for token in tokens:
        kit.store.add_invite(token, {}, 1000)

    def issued(name: str) -> IssuedCertificate:
        return IssuedCertificate("", name.encode(), b"key", 99)

    with closing(open_store(tmp_path, url)) as beside:
        admitted = together(*[
            lambda token=token, at=at: at.admit(token, 0, token.decode(), "m", issued).terminal
            for token, at in zip(tokens, (kit.store, beside) * 4, strict=True)
        ])  # fmt: skip
        assert sorted(map(str, admitted)) == [f"T{number:04d}" for number in range(1, 9)]
        again = together(*[lambda at=at: at.admit(tokens[0], 0, "x", "m", issued) for at in (kit.store, beside)])
    assert [type(item) for item in again] == [InviteInvalid, InviteInvalid]


def test_a_reader_never_passes_a_row_that_is_still_on_its_way(tmp_path: Path) -> None:
    """Positions are given before the commit: position 4 may appear before position 1. A reader waits for it."""
    url = shared().database()
    kit = GatewayKit(tmp_path / "gateway", database=url)
    slow, quick = kit.enrol(), kit.enrol()
    slow.record(*({"number": number} for number in range(3)))
    quick.record(*({"number": number} for number in range(3)))
    inserted, go_on = threading.Event(), threading.Event()
    database = PostgresDatabase(url)
    beside = SqlStore(database)
    plain = database.transaction

    def held() -> object:
        class Held:
            def __enter__(self) -> object:
                self.inner = plain()
                return self.inner.__enter__()

            def __exit__(self, *error: object) -> object:
                inserted.set()
                assert go_on.wait(30)
                return self.inner.__exit__(*error)  # type: ignore[arg-type]

        return Held()

    database.transaction = held  # type: ignore[method-assign, assignment]
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(beside.append, slow.batch(1, 3), 5)
        assert inserted.wait(30)
        kit.store.append(quick.batch(1, 3), 5)
        reading = pool.submit(lambda: [(entry.position, entry.terminal) for entry in kit.store.entries(0)])
        assert not reading.done()
        go_on.set()
        writing.result(30)
        found = reading.result(30)
    assert found == [(at + 1, slow.name) for at in range(3)] + [(at + 4, quick.name) for at in range(3)]
    beside.close()
    kit.store.close()


def test_the_database_server_fails_and_comes_back(tmp_path: Path) -> None:
    with closing(PrivatePostgres()) as server:
        kit = GatewayKit(tmp_path / "gateway", database=server.database())
        terminal = kit.enrol()
        terminal.record(*({"number": number} for number in range(1, 7)))
        assert terminal.push(terminal.batch(1, 3)).status == 200
        server.kill()
        answer = terminal.push(terminal.batch(4, 6))
        assert (answer.status, answer.code) == (503, "gateway-store-failed")
        server.start()
        assert terminal.push(terminal.batch(4, 6)).status == 200
        assert [entry.row.seq for entry in kit.store.entries(0)] == [1, 2, 3, 4, 5, 6]
        kit.store.close()


# --- what is said about entries -------------------------------------------------------------------------------------


def test_an_alarm_is_one_line_that_counts(store: SqlStore) -> None:
    store.raise_alarm("T0001", "seq-conflict", "a", 7, 100)
    store.raise_alarm("T0001", "seq-conflict", "a", 5, 200)
    store.raise_alarm("T0001", "seq-conflict", "a", 9, 300)
    store.raise_alarm("T0002", "seq-conflict", "b", 1, 150)
    assert store.alarms() == (
        Alarm("T0001", "seq-conflict", "a", 5, 100, 300, 3),
        Alarm("T0002", "seq-conflict", "b", 1, 150, 150, 1),
    )
    assert store.close_alarms("T0001") == 1
    assert store.close_alarms("T0001") == 0
    assert [alarm.terminal for alarm in store.alarms()] == ["T0002"]


def test_verdicts_are_kept_all_or_none_and_once(kit: GatewayKit, terminal: Terminal) -> None:
    kit.store.append(terminal.batch(1, 3), 1)

    def verdict(seq: int, word: str = "accepted", reason: str = "") -> Verdict:
        return Verdict(terminal.name, terminal.epoch, seq, terminal.rows[seq - 1].id, word, reason, "psb")

    with pytest.raises(EntryUnknown) as unknown:
        kit.store.judge([verdict(1), verdict(4)], 10)
    assert unknown.value.place == 1
    with pytest.raises(EntryUnknown):
        kit.store.judge([replace(verdict(1), id=terminal.rows[1].id)], 10)
    assert kit.store.verdicts(terminal.name, 0, 10) == ()
    assert kit.store.judge([verdict(1), verdict(2, "rejected", "photo-missing")], 10) == 2
    assert kit.store.judge([verdict(1), verdict(2, "rejected", "photo-missing")], 20) == 0
    assert kit.store.judge([verdict(2)], 30) == 1, "an office may think again"
    said = kit.store.verdicts(terminal.name, 0, 10)
    assert [(item.verdict.seq, item.verdict.verdict, item.at_ms) for item in said] == [
        (1, "accepted", 10), (2, "rejected", 10), (2, "accepted", 30)
    ]  # fmt: skip
    assert kit.store.verdicts(terminal.name, said[1].position, 10) == said[2:]
    assert kit.store.verdicts(terminal.name, 0, 1) == said[:1]
    assert kit.store.verdicts("T0002", 0, 10) == ()


def test_a_verdict_after_a_restored_backup_stands_behind_those_that_were_lost(
    kit: GatewayKit, terminal: Terminal
) -> None:
    kit.store.append(terminal.batch(1, 3), 1)
    rows = [Verdict(terminal.name, terminal.epoch, row.seq, row.id, "accepted", "", "psb") for row in terminal.rows[:3]]
    kit.store.judge(rows[:2], 5_000)
    (_, lost) = kit.store.verdicts(terminal.name, 0, 10)
    with kit.store.database.transaction() as db:  # what the backup did not have yet
        db.run("DELETE FROM verdict")
    kit.store.judge(rows[2:], 6_000)
    (new,) = kit.store.verdicts(terminal.name, lost.position, 10)
    assert new.verdict.seq == 3


def test_an_entry_is_found_by_its_place(kit: GatewayKit, terminal: Terminal) -> None:
    kit.store.append(terminal.batch(1, 3), 77)
    line = kit.store.line(terminal.name, terminal.epoch, 2)
    assert line is not None
    assert (line.id, line.chain, line.received_ms) == (terminal.rows[1].id, terminal.rows[1].chain, 77)
    assert kit.store.line(terminal.name, terminal.epoch, 4) is None
    assert kit.store.epochs(terminal.name, 1) == (terminal.epoch,)
    assert kit.store.epochs(terminal.name, 2) == ()
