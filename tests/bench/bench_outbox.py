"""One durable 1.5 KB transaction: the outbox, the peers that issue 3 names, and the disk's own limit, in one run.

`python -m tests.bench.bench_outbox [FOLDER]`. The contenders take turns of fifty entries, in an order drawn anew each
time, so that a busy machine is busy for all of them; only the ratios count. FOLDER should be on the disk that a
terminal would use. Syncs and bytes are counted by the recorder of the crash tests, in a run of its own. Exit 1 when a
number misses its target.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from kiosk.bench.fleet.plot import Curve
from offline_cache import enrolment, state
from offline_cache.disk import schema
from offline_cache.messages import encode_batch, sign1
from offline_cache.outbox import Outbox
from tests.bench.figures import Figure, Figures
from tests.crash.replay import load
from tests.outbox_bench import enrol
from tests.outbox_documents import application
from tests.outbox_gateway import ModelGateway

TURNS = 80
PER_TURN = 50
SLOWEST = 0.04
"""Turns that are left out, of each contender: somebody else had the disk."""
COUNTED = 1000
MANY = 1_000_000
FEW = 1_000
Work = Callable[[], None]


def documents(count: int) -> list[dict[str, object]]:
    """Applications of 1.5 to 2 KB, other ones than the dictionary was trained on."""
    numbers = random.Random(7)
    return [application(numbers, seq) for seq in range(1, count + 1)]


# ---------------------------------------------------------------------------------------------------- contenders


def outbox(folder: Path, items: list[dict[str, object]]) -> Work:
    """This design: compressed, sealed, chained."""
    opened = state.open_writer(folder / "outbox")

    def work() -> None:
        for item in items:
            opened.append(lambda _seq, _id, item=item: item)

    return work


def plain_rows(folder: Path, items: list[dict[str, object]]) -> Work:
    """The usual queue table on the same SQLite, WAL, FULL: seq, unique id, index over the state; plain JSON."""
    connection = schema.connect(folder / "plain.db")
    connection.execute("create table queue(seq integer primary key, id text unique, state text, body blob) strict")
    connection.execute("create index queue_state on queue(state, seq)")

    def work() -> None:
        for item in items:
            body = json.dumps(item, ensure_ascii=False).encode()
            connection.execute("begin immediate")
            connection.execute("insert into queue(id, state, body) values (?, 'pending', ?)", (str(uuid.uuid4()), body))
            connection.execute("commit")

    return work


def ack_queue(folder: Path, items: list[dict[str, object]]) -> Work:
    """persist-queue's SQLiteAckQueue as it comes, with JSON and FULL.

    It promises less: no id that is unique, no order that is proven, readable documents, and the SQLite of Python, which
    on Debian 12 (3.40.1) still has the WAL-reset bug. Its commits are as durable as the others'.
    """
    import persistqueue
    from persistqueue.serializers import json as json_serializer

    queue = persistqueue.SQLiteAckQueue(str(folder / "ack"), auto_commit=True, serializer=json_serializer)
    queue._putter.execute("pragma synchronous = full")

    def work() -> None:
        for item in items:
            queue.put(item)

    return work


def bare_disk(folder: Path, items: list[dict[str, object]]) -> Work:
    """The limit: bytes into a file that has its size already, and fdatasync."""
    path = folder / "bare"
    bodies = [json.dumps(item, ensure_ascii=False).encode() for item in items]
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


CONTENDERS = {"plain rows": plain_rows, "outbox": outbox, "SQLiteAckQueue": ack_queue, "bare disk": bare_disk}


def measure(folder: Path) -> dict[str, float]:
    """Mean seconds for one transaction, by contender; checkpoints are in it."""
    items = documents(PER_TURN)
    works = {name: prepare(folder, items) for name, prepare in CONTENDERS.items()}
    for _ in range(50):
        for work in works.values():
            work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    numbers, order = random.Random(11), list(works)
    for _ in range(TURNS):
        numbers.shuffle(order)
        for name in order:
            start = time.perf_counter()
            works[name]()
            taken[name].append((time.perf_counter() - start) / PER_TURN)
    kept = round(TURNS * (1 - SLOWEST))
    return {name: statistics.mean(sorted(times)[:kept]) for name, times in taken.items()}


# ------------------------------------------------------------------------------------------- syncs, bytes written


def counted(folder: Path, name: str) -> tuple[float, float]:
    """Syncs and KB written for one entry, checkpoints included; a process of its own under the recorder."""
    library = folder / "recorder.so"
    if not library.exists():
        source = Path(__file__).resolve().parents[1] / "crash" / "recorder.c"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"], check=True)
    where, calls = folder / f"counted-{len(name)}", folder / f"calls-{len(name)}"
    where.mkdir()
    program = (
        "import sys\nfrom pathlib import Path\nfrom tests.bench import bench_outbox as b\n"
        f"items = b.documents({COUNTED})\nwork = b.CONTENDERS[{name!r}](Path(sys.argv[1]), items)\n"
        "(Path(sys.argv[1]) / 'begin').touch()\nwork()\n"
    )
    environ = {**os.environ, "LD_PRELOAD": str(library), "RECORD_DIR": str(where), "RECORD_FILE": str(calls)}
    subprocess.run([sys.executable, "-c", program, where], env=environ, check=True)
    made = load(calls)
    begin = next(place for place, call in enumerate(made) if call.op == "C" and call.name == "begin")
    made = made[begin:]
    syncs = sum(call.op == "S" for call in made)
    written = sum(len(call.data) for call in made if call.op == "W")
    calls.unlink()
    return syncs / COUNTED, written / COUNTED / 1024


# ------------------------------------------------------------------------------------------ claiming, on the wire


def filled(folder: Path, rows: int) -> Path:
    """A state folder with so many pending entries. The rows are made in bulk: only reading them is measured."""
    enrol(folder, ModelGateway())
    with state.open_writer(folder) as opened:
        opened.append(lambda _seq, _id: documents(1)[0])
        with opened.tables.transaction("filling") as connection:
            connection.execute(
                "with recursive number(n) as (select 2 union all select n + 1 from number where n < ?)"
                " insert into entry select n, id, created_ms, boot_id, mono_ms, key_id, body, chain"
                " from entry, number where entry.seq = 1",
                (rows,),
            )
    return folder


def claim_s(opened: Outbox) -> float:
    """Seconds to take 100 entries."""
    times: list[float] = []
    for _ in range(50):
        start = time.perf_counter()
        batch = opened.batch(100)
        times.append(time.perf_counter() - start)
        assert batch is not None
        assert len(batch.rows) == 100
    return statistics.median(times)


def open_and_claim_s(folder: Path) -> float:
    """Seconds to open and take 100 entries."""
    times: list[float] = []
    for _ in range(9):
        start = time.perf_counter()
        with state.open_reader(folder) as opened:
            opened.batch(100)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def wire_ratio(folder: Path) -> float:
    """Bytes of a signed batch of 100, for each byte of the documents as plain JSON."""
    items = documents(100)
    enrol(folder, ModelGateway())
    with state.open_writer(folder) as opened:
        for item in items:
            opened.append(lambda _seq, _id, item=item: item)
        batch = opened.batch(100)
        assert batch is not None
        body = sign1(encode_batch(batch), enrolment.load(folder).private_key)
    plain = sum(len(json.dumps(item, ensure_ascii=False).encode()) for item in items)
    return len(body) / plain


# -------------------------------------------------------------------------------------------------------- report


WHY_LEVEL = "Sealing and chaining cost what the fewer bytes save: runs give 0.93 to 1.02."


def report(folder: Path) -> int:
    told = Figures("outbox", "Recording an entry", ("persist-queue", "sqlcipher3-wheels"))
    taken = measure(folder)
    size = len(json.dumps(documents(1)[0], ensure_ascii=False).encode())
    for peer in ("plain rows", "SQLiteAckQueue"):
        detail = f"{taken['outbox'] * 1e6:.0f} us for {size} bytes, {taken[peer] * 1e6:.0f} us"
        told.add(Figure(f"speed of a durable entry / {peer}", taken[peer] / taken["outbox"], least=1.0, runs=TURNS,
                        detail=detail, why=WHY_LEVEL))  # fmt: skip
    told.add(Figure("speed of a durable entry / bare pwrite and fdatasync", taken["bare disk"] / taken["outbox"],
                    runs=TURNS))  # fmt: skip
    counts = {name: counted(folder, name) for name in CONTENDERS}
    others = ", ".join(f"{name} {kilobytes:.2f}" for name, (_, kilobytes) in counts.items() if name != "outbox")
    told.add(Figure("syncs of an entry", counts["outbox"][0], "", most=1.02))
    told.add(Figure("KB written for an entry", counts["outbox"][1], "KB", most=6.5, detail=others))
    claims = grown(folder, told)
    told.add(Figure("claim 100 of a million / of a thousand", claims[MANY] / claims[FEW], most=1.2))
    opens = open_and_claim_s(folder / f"of-{FEW}"), open_and_claim_s(folder / f"of-{MANY}")
    told.add(Figure("open and claim 100 of a million / of a thousand", opens[1] / opens[0], most=2.0))
    told.add(Figure("bytes on the wire / plain JSON", wire_ratio(folder / "wire"), most=0.45))
    return told.close()


def grown(folder: Path, told: Figures) -> dict[int, float]:
    """Seconds to claim 100 entries, by the size of the backlog; drawn as a curve."""
    claims: dict[int, float] = {}
    for rows in (FEW, 10 * FEW, 100 * FEW, MANY):
        with state.open_reader(filled(folder / f"of-{rows}", rows)) as opened:
            claims[rows] = claim_s(opened)
    line = [(float(rows), seconds * 1e6) for rows, seconds in claims.items()]
    told.curves.append(Curve("Claiming 100 entries as the backlog grows", "entries waiting", "microseconds",
                             {"claim": line}, log_x=True))  # fmt: skip
    return claims


def main() -> int:
    parent = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = Path(tempfile.mkdtemp(prefix="bench-outbox-", dir=parent))
    try:
        return report(folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
