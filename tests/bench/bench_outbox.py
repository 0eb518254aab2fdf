"""One durable 1.5 KB transaction: the outbox, plain SQLite rows, and the disk's own limit, side by side in one run.

`python -m tests.bench.bench_outbox [FOLDER]`. The rounds alternate, so that a busy machine is busy for all of them;
only the ratios count. FOLDER should be on the disk that a terminal would use.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from offline_cache import state
from offline_cache.disk import schema

ROUNDS = 9
PER_ROUND = 1000
"""Enough for several checkpoints in each round; a shorter round would measure their luck."""
BODY = 1500
WORDS = ("household", "residence", "proof", "applicant", "address", "consent", "purpose", "agency", "subject", "office")


def document(numbers: random.Random) -> dict[str, object]:
    """About 1.5 KB of JSON, as repetitive as a form is."""
    fields: dict[str, object] = {"service": "household-proof", "fields": {}}
    answers: dict[str, str] = {}
    while len(json.dumps(fields | {"fields": answers})) < BODY:
        answers[f"{numbers.choice(WORDS)}-{len(answers)}"] = f"{numbers.choice(WORDS)} {numbers.randrange(10**9)}"
    return fields | {"fields": answers}


def outbox(folder: Path, documents: list[dict[str, object]]) -> Callable[[], None]:
    """This design: sealed, compressed, chained."""
    opened = state.open_writer(folder / "outbox")

    def work() -> None:
        for item in documents:
            opened.append(lambda _seq, _id, item=item: item)

    return work


def plain_rows(folder: Path, documents: list[dict[str, object]]) -> Callable[[], None]:
    """The usual queue table on the same library, WAL, FULL: seq, unique id, index over the state; plain JSON."""
    connection = schema.connect(folder / "plain.db")
    connection.execute("create table queue(seq integer primary key, id text unique, state text, body blob) strict")
    connection.execute("create index queue_state on queue(state, seq)")
    numbers = random.Random(1)

    def work() -> None:
        for item in documents:
            connection.execute("begin immediate")
            entry_id = f"{time.time_ns():x}-{numbers.getrandbits(64):x}"
            body = json.dumps(item).encode()
            connection.execute("insert into queue(id, state, body) values (?, 'pending', ?)", (entry_id, body))
            connection.execute("commit")

    return work


def bare_disk(folder: Path, documents: list[dict[str, object]]) -> Callable[[], None]:
    """The limit: bytes into a file that has its size already, and fdatasync."""
    path = folder / "bare"
    bodies = [json.dumps(item).encode() for item in documents]
    path.write_bytes(bytes(sum(map(len, bodies))))
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)

    def work() -> None:
        at = 0
        for body in bodies:
            os.pwrite(descriptor, body, at)
            os.fdatasync(descriptor)
            at += len(body)

    return work


def measure(folder: Path) -> dict[str, float]:
    """Median seconds for one transaction, by contender."""
    numbers = random.Random(7)
    documents = [document(numbers) for _ in range(PER_ROUND)]
    contenders = {"plain rows": plain_rows, "outbox": outbox, "bare disk": bare_disk}
    works = {name: prepare(folder, documents) for name, prepare in contenders.items()}
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS):
        order = list(works)
        for name in order[number % 3 :] + order[: number % 3]:
            start = time.perf_counter()
            works[name]()
            taken[name].append((time.perf_counter() - start) / PER_ROUND)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = Path(tempfile.mkdtemp(prefix="bench-outbox-", dir=parent))
    try:
        taken = measure(folder)
    finally:
        shutil.rmtree(folder)
    base = taken["plain rows"]
    print("enqueue one durable 1.5 KB transaction, x plain rows (higher is faster)")
    for name, seconds in sorted(taken.items(), key=lambda item: item[1]):
        print(f"{name:12} {base / seconds:6.2f}x  {seconds * 1e6:8.1f} us  {1 / seconds:9.0f}/s")


if __name__ == "__main__":
    main()
