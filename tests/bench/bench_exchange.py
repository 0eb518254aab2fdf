"""Entries come in at a rate, agencies follow: what arrives where, how late, and whether each has exactly one effect.

Writers bring signed batches through `ingest.accept` (signature, chain, one durable transaction each), as terminals do.
Followers read `EntryStream` into databases of their own; one of them is killed with SIGKILL every few
seconds and started anew. At the end each must hold every entry exactly once.

Run: `python -m tests.bench.bench_exchange [--seconds 180] [--rate 2000]`. Ends with 1 where the rate was not held or an
entry is missing or doubled.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg

from offline_cache.messages import Batch, Row, encode_batch, next_chain, seal_context, sign1
from offline_cache.seal import Recipient, SealingKey
from offline_cache.wire.chain import uuid7
from provisioning.gateway import authority
from provisioning.gateway.exchange.inbox import Inbox
from provisioning.gateway.exchange.stream import MOST, EntryStream, Item
from provisioning.gateway.ingest import accept
from provisioning.gateway.storage.database import Transaction
from provisioning.gateway.storage.open import open_store
from tests.bench.bench_gateway import document
from tests.bench.figures import Figure, Figures
from tests.bench.gateway_servers import NOW_MS
from tests.gateway_kit import GatewayKit
from tests.postgres_kit import PrivatePostgres

BATCH, WRITERS, FOLLOWERS = 100, 2, 2
KILL_EVERY_S = 7
PATIENCE_S = 180


def write(folder: Path, database: str, rate: int, seconds: int) -> None:
    """One terminal: a batch whenever one is due. Prints `ready`, waits for a line, then what came of it."""
    kit = GatewayKit(folder, database=database)
    terminal = kit.enrol()
    known = kit.store.terminal_of(hashlib.sha256(terminal.certificate).digest())
    assert known is not None
    public = kit.authority.sealing_key.public_key().public_bytes_raw()
    sealing = SealingKey(Recipient(kit.authority.sealing_key_id, public))
    chain, seq, latest = terminal.chain_at(0), 0, 0.0
    print("ready", flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    for turn in range(rate * seconds // BATCH):
        wait_s = start + turn * BATCH / rate - time.monotonic()
        time.sleep(max(wait_s, 0))
        latest = max(latest, -wait_s)
        before, rows = chain, list[Row]()
        for seq in range(turn * BATCH + 1, turn * BATCH + BATCH + 1):
            entry = uuid7(NOW_MS)
            context = seal_context(terminal.device, terminal.epoch, seq, entry)
            row = Row(seq, entry, NOW_MS, "boot", seq, sealing.key_id, sealing.seal(document(seq), context), b"")
            chain = next_chain(chain, row)
            rows.append(row._replace(chain=chain))
        where = (terminal.name, terminal.device, terminal.epoch, rows[0].seq, before)
        batch = Batch(*where, (sealing.wrapped,), tuple(rows))
        accept(sign1(encode_batch(batch), terminal.key), known, kit.store, kit.authority, kit.clock.ms)
    print(json.dumps({"entries": seq, "seconds": time.monotonic() - start, "late_s": latest}), flush=True)
    kit.store.close()


def follow(folder: Path, database: str, own: Path) -> None:
    """One agency: its own SQLite file, until it is killed or told to end. Prints a line for each page."""
    with closing(open_store(folder, database)) as store, closing(open_store(own, "")) as mine:
        stream = EntryStream(store, authority.load(folder))
        inbox = Inbox(mine.database, "entries")
        with mine.database.transaction() as db:
            db.run("CREATE TABLE IF NOT EXISTS effect (position INTEGER, entry TEXT)")

        def effect(db: Transaction, item: Item) -> None:
            assert item.facts["document"] is not None
            db.run("INSERT INTO effect VALUES (?, ?)", item.position, str(item.facts["id"]))

        while True:
            page = inbox.take(lambda after: stream.read(after, MOST), effect)
            if page is None or not page.more:
                time.sleep(0.05)


def _start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.bench_exchange", *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def held(own: Path) -> tuple[int, int]:
    """How many effects a follower holds, and of how many entries."""
    with closing(open_store(own, "")) as store, store.database.reading() as db:
        row = db.row("SELECT count(*), count(DISTINCT entry) FROM effect")
    return (0, 0) if row is None else (row[0], row[1])


def behind(database: str, own: Path) -> int:
    """How many entries a follower has not seen."""
    with psycopg.connect(database) as connection, closing(open_store(own, "")) as store:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()
        assert row is not None
        return int(row[0]) - Inbox(store.database, "entries").place()


def run(rate: int, seconds: int) -> dict[str, object]:
    """Start everything, kill a follower again and again, and count at the end."""
    server = PrivatePostgres()
    with tempfile.TemporaryDirectory(prefix="exchange-") as made:
        home, database = Path(made), server.database()
        folder = home / "gateway"
        GatewayKit(folder, database=database).store.close()
        owns = [home / f"agency-{number}" for number in range(FOLLOWERS)]
        for own in owns:
            own.mkdir()
        followers = [_start("follow", str(folder), database, str(own)) for own in owns]
        writers = [_start("write", str(folder), database, str(rate // WRITERS), str(seconds)) for _ in range(WRITERS)]
        try:
            for writer in writers:
                assert writer.stdout is not None
                assert writer.stdout.readline() == "ready\n"
            for writer in writers:
                assert writer.stdin is not None
                writer.stdin.write("\n")
                writer.stdin.flush()
            kills, lag, over = 0, 0, threading.Event()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                over.wait(min(KILL_EVERY_S, max(end - time.monotonic(), 0)))
                lag = max(lag, behind(database, owns[1]))
                followers[0].kill()
                followers[0].wait()
                followers[0] = _start("follow", str(folder), database, str(owns[0]))
                kills += 1
            told = [json.loads(writer.communicate(timeout=PATIENCE_S)[0]) for writer in writers]
            written = sum(one["entries"] for one in told)
            start = time.monotonic()
            while any(behind(database, own) for own in owns) and time.monotonic() - start < PATIENCE_S:
                over.wait(0.1)
            caught_up_s = time.monotonic() - start
        finally:
            for process in (*followers, *writers):
                process.kill()
                process.wait()
            effects = [held(own) for own in owns]
            server.close()
    taken_s = max(one["seconds"] for one in told)
    return {
        "entries": written,
        "entries_s": round(written / taken_s),
        "writer_late_s": round(max(one["late_s"] for one in told), 2),
        "kills": kills,
        "most_behind": lag,
        "caught_up_s": round(caught_up_s, 2),
        "effects": effects,
        "exactly_once": all(effect == (written, written) for effect in effects),
    }


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] == "write":
        write(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
        return 0
    if len(sys.argv) > 1 and sys.argv[1] == "follow":
        follow(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
        return 0
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=180)
    options.add_argument("--rate", type=int, default=2000)
    given = options.parse_args()
    result = run(given.rate, given.seconds)
    told = Figures("exchange", "Accepted entries streamed to agencies", ("psycopg",))
    told.add(
        Figure("entries a second, sustained", float(str(result["entries_s"])), "/s", least=0.97 * given.rate,
               detail=f"{given.seconds} s, {result['kills']} followers killed, most behind {result['most_behind']}")
    )  # fmt: skip
    told.add(
        Figure("effects of each entry at each agency", 1.0 if result["exactly_once"] else 0.0, "", least=1.0,
               detail="counted after the last kill: none lost, none doubled")
    )  # fmt: skip
    told.add(Figure("caught up after", float(str(result["caught_up_s"])), "s"))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
