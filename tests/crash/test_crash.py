"""Every moment at which the power could go, on four kinds of disk: what was confirmed is there, and all of it fits."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offline_cache import state
from offline_cache.disk import schema
from offline_cache.rescue import salvage
from tests.crash.replay import DISKS, Call, Disk, Machine, load

pytestmark = pytest.mark.system

STATES = 5_000
STATES_AT_NIGHT = 50_000

OUTBOX = """
import random, sys
from pathlib import Path
from offline_cache import state
from offline_cache.messages import Ack
folder = Path(sys.argv[1])
numbers = random.Random(3)
mode = {mode!r}
def confirmed(done):
    sys.stdout.write(done.id + "\\n")
    sys.stdout.flush()
def opened():
    outbox = state.open_writer(folder, synchronous=mode)
    outbox.tables._connection.execute("pragma wal_autocheckpoint = 12")
    return outbox
def record(outbox, count):
    for _ in range(count):
        confirmed(outbox.append(lambda seq, _id: {{"n": seq, "x": numbers.randbytes(numbers.randrange(900)).hex()}}))
with opened() as outbox:
    record(outbox, 12)
    with outbox.tables.transaction("a receipt") as connection:
        connection.execute("update cursor set acked_seq = 8, gateway_receipt = x'00', received_ms = 1")
    assert outbox.purge(2**62) == 8
    record(outbox, 6)
with opened() as outbox:
    record(outbox, 8)
    state.set_aside(folder, "seq-conflict", outbox._clock, state.outbox_file(folder))
    record(outbox, 8)
"""
PURGED = 8

DELETE_JOURNAL = """
import sys
from pathlib import Path
from sqlcipher3 import dbapi2
Path(sys.argv[1]).mkdir()
connection = dbapi2.connect(sys.argv[1] + "/outbox.db", isolation_level=None)
connection.execute("pragma journal_mode = delete")
connection.execute("pragma synchronous = {mode}")
connection.execute("create table entry(seq integer primary key, id text)")
for seq in range(1, 20):
    connection.execute("insert into entry values (?, ?)", (seq, f"id-{{seq}}"))
    sys.stdout.write(f"id-{{seq}}\\n")
    sys.stdout.flush()
"""
RENAME_WITHOUT_SYNC = """
import json, os, sys
from pathlib import Path
folder = Path(sys.argv[1])
folder.mkdir()
ids = []
for seq in range(1, 20):
    ids.append(f"id-{seq}")
    (folder / "entries.tmp").write_text(json.dumps(ids))
    os.rename(folder / "entries.tmp", folder / "entries.json")
    sys.stdout.write(f"id-{seq}\\n")
    sys.stdout.flush()
"""


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def quick_disk() -> Iterator[Path]:
    """Memory where there is some: thousands of states are written and opened, and none of them must last."""
    memory = Path("/dev/shm")  # a fresh folder below it
    parent = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=parent))
    yield folder
    shutil.rmtree(folder)


def run(program: str, tmp_path: Path, recorder: Path) -> list[Call]:
    """Record a program's calls on a folder that it makes."""
    tmp_path.mkdir(exist_ok=True)
    folder, file = tmp_path / "state", tmp_path / "calls"
    environ = {**os.environ, "LD_PRELOAD": str(recorder), "RECORD_DIR": str(folder), "RECORD_FILE": str(file)}
    subprocess.run([sys.executable, "-c", program, folder], env=environ, check=True, stdout=subprocess.PIPE)
    return load(file)


def outbox_ids(folder: Path) -> list[str]:
    """Every entry of a state folder after a start, in order; the chain has been verified. Rescued ones come first."""
    with state.open_reader(folder) as outbox, outbox.tables.reading("a test") as connection:
        outbox.verify()
        present = [row.id for row in outbox.tables.rows(connection, 1, -1)]
    before: list[str] = []
    for aside in salvage.listing(folder):
        path = aside.folder / salvage.RECOVERED_FILE
        if path.exists():
            connection = schema.connect(path)
            before += [row[0] for row in connection.execute("select id from entry order by seq")]
            before += [row[0] for row in connection.execute("select id from loose order by seq")]
            connection.close()
    return before + present


def plain_ids(folder: Path) -> list[str]:
    if (folder / "entries.json").exists():
        return json.loads((folder / "entries.json").read_text() or "[]")
    if not (folder / "outbox.db").exists():
        return []
    connection = schema._sqlite.connect(str(folder / "outbox.db"))
    try:
        if connection.execute("select 1 from sqlite_schema").fetchone() is None:
            return []
        return [row[0] for row in connection.execute("select id from entry order by seq")]
    finally:
        connection.close()


def states(calls: list[Call], total: int, disks: tuple[Disk, ...] = DISKS) -> Iterator[tuple[Machine, Disk, int]]:
    """About `total` states: each moment on each disk, `torn` as often as it takes."""
    moments = len(calls)
    again = max(1, (total - moments * (len(disks) - 1)) // moments) if "torn" in disks else 1
    machine = Machine()
    for number, call in enumerate(calls):
        machine.play(call)
        for disk in disks:
            for seed in range(again if disk == "torn" else 1):
                yield machine, disk, number * 1000 + seed


def lost(
    calls: list[Call],
    folder: Path,
    total: int,
    ids: Callable[[Path], list[str]],
    disks: tuple[Disk, ...] = DISKS,
    gone: int = 0,
) -> tuple[int, list[str]]:
    """How many states were looked at, and what was wrong. The first `gone` confirmed entries may have been purged."""
    looked, wrong = 0, []
    for machine, disk, seed in states(calls, total, disks):
        told = machine.told.decode().split()
        where = folder / "state"
        machine.write_state(where, disk, random.Random(seed))
        try:
            found = ids(where)
            missing = [entry for entry in told[gone if len(told) >= 12 else 0 :] if entry not in found]
            doubled = len(found) - len(set(found))
            if missing or doubled:
                wrong.append(f"{disk} {seed}: {len(missing)} of {len(told)} are missing, {doubled} are doubled")
        except Exception as error:  # noqa: BLE001 - whatever it is, the state did not open
            wrong.append(f"{disk} {seed}: {type(error).__name__}: {error}")
        shutil.rmtree(where)
        looked += 1
    return looked, wrong


def test_whatever_moment_the_power_goes_every_confirmed_entry_is_there(
    tmp_path: Path, recorder: Path, quick_disk: Path
) -> None:
    calls = run(OUTBOX.format(mode="full"), tmp_path, recorder)
    assert {"C", "W", "S", "R", "U", "D", "A"} <= {call.op for call in calls}
    looked, wrong = lost(calls, quick_disk, STATES, outbox_ids, gone=PURGED)
    assert wrong[:5] == []
    assert looked >= STATES * 0.9


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_night_of_power_cuts(tmp_path: Path, recorder: Path, quick_disk: Path) -> None:
    calls = run(OUTBOX.format(mode="full"), tmp_path, recorder)
    looked, wrong = lost(calls, quick_disk, STATES_AT_NIGHT, outbox_ids, gone=PURGED)
    print(f"{looked:,} states of the disk, {len(wrong)} of them wrong")
    assert wrong[:5] == []
    assert looked >= STATES_AT_NIGHT * 0.9


# ------------------------------------------------------------------------------------ mutants that must be caught


def test_a_commit_that_is_not_synced_is_caught(tmp_path: Path, recorder: Path, quick_disk: Path) -> None:
    calls = run(OUTBOX.format(mode="normal"), tmp_path, recorder)
    _, wrong = lost(calls, quick_disk, 0, outbox_ids, ("synced",), gone=PURGED)
    assert any("missing" in line for line in wrong)


def test_a_journal_that_is_deleted_without_syncing_its_folder_is_caught(
    tmp_path: Path, recorder: Path, quick_disk: Path
) -> None:
    """SQLite's FULL does not sync the folder after a rollback journal is unlinked; its EXTRA does."""
    careful = run(DELETE_JOURNAL.format(mode="extra"), tmp_path / "extra", recorder)
    assert lost(careful, quick_disk, 0, plain_ids, ("all", "synced", "names"))[1] == []
    careless = run(DELETE_JOURNAL.format(mode="full"), tmp_path / "full", recorder)
    assert lost(careless, quick_disk, 0, plain_ids, ("all", "synced"))[1] == []
    _, wrong = lost(careless, quick_disk, 0, plain_ids, ("names",))
    assert any("missing" in line for line in wrong)


def test_a_file_that_is_renamed_without_being_synced_is_caught(
    tmp_path: Path, recorder: Path, quick_disk: Path
) -> None:
    calls = run(RENAME_WITHOUT_SYNC, tmp_path, recorder)
    assert lost(calls, quick_disk, 0, plain_ids, ("all",))[1] == []
    _, wrong = lost(calls, quick_disk, 0, plain_ids, ("synced",))
    assert any("missing" in line for line in wrong)
