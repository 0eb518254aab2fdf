"""The store's own promises: durable, all or nothing, safe from another process at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.gateway import sqlite_store
from provisioning.gateway.authority import CsrInvalid
from provisioning.gateway.sqlite_store import SqliteStore
from provisioning.gateway.store import InviteInvalid, StoreFailed, StoreUnsafe
from tests.gateway_kit import GatewayKit


def test_each_commit_is_on_the_disk_and_the_file_is_private(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gateway.db")
    assert store._one("PRAGMA synchronous") == (2,), "FULL"
    assert store._one("PRAGMA journal_mode") == ("wal",)
    assert (tmp_path / "gateway.db").stat().st_mode & 0o777 == 0o600
    store.close()


def test_an_sqlite_that_can_lose_commits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "FIRST_SAFE_SQLITE", (99, 0, 0))
    with pytest.raises(StoreUnsafe):
        SqliteStore(tmp_path / "gateway.db")
    assert not (tmp_path / "gateway.db").exists()


def test_a_certificate_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gateway.db")
    store.add_invite(b"hash", {}, 1000)

    def fail(_name: str) -> None:
        raise CsrInvalid("no key")

    with pytest.raises(CsrInvalid):
        store.admit(b"hash", 0, "device", "model", fail)  # type: ignore[arg-type]
    assert store.terminals() == ()
    with pytest.raises(InviteInvalid):
        store.admit(b"other", 0, "device", "model", fail)  # type: ignore[arg-type]
    store.close()


def test_a_row_in_the_middle_that_the_database_refuses_undoes_the_whole_batch(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 6)))
    kit.store._connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.seq = 4 BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(StoreFailed):
        kit.store.append(terminal.batch(1, 5), 0)
    assert list(kit.store.entries(0)) == []
    kit.store._connection.execute("DROP TRIGGER full")
    assert kit.store.append(terminal.batch(1, 5), 0).acked_through == 5
    kit.store.close()


def test_another_process_reads_and_invites_while_the_server_writes(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 1201)))
    beside = SqliteStore(kit.folder / "gateway.db")
    for first in range(1, 1201, 400):
        assert terminal.push(terminal.batch(first, first + 399)).status == 200
        beside.add_invite(f"{first}".encode(), {}, 10)
        rows = [entry.row.seq for entry in beside.entries(0)]
        assert rows == list(range(1, first + 400)), "pages join without a seam"
    assert [entry.position for entry in beside.entries(1198)] == [1199, 1200]
    assert list(beside.entries(0, "T9999")) == []
    beside.close()
    kit.store.close()
