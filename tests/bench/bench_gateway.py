"""How fast one terminal's entries come in, as ratios within one run: against a bare loop, TLS against plain.

Everything stores into the same private PostgreSQL, fsync on. Run: `python -m tests.bench.bench_gateway`.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import cbor2
import requests
from requests.adapters import HTTPAdapter

from offline_cache import enrolment, state
from offline_cache.gateway import GatewayClient
from offline_cache.messages import Row, next_chain
from offline_cache.policy import Limits
from offline_cache.sync import SyncService
from offline_cache.wire.chain import uuid7
from provisioning.gateway import authority
from provisioning.gateway.storage.open import open_store
from tests.bench.figures import Figure, Figures
from tests.bench.gateway_servers import NOW_MS
from tests.gateway_kit import Terminal
from tests.postgres_kit import PrivatePostgres

BATCH = 100
BATCHES = 25
ROUNDS = 5
READY_S = 60
TARGETS = {"sync / bare loop": 0.8, "mutual TLS / plain": 0.8}


@contextmanager
def server(mode: str, folder: Path, database: str, waiting: int = 0) -> Iterator[tuple[str, int]]:
    """Start a server process, `waiting` 0 for the gateway's own limits; its URL and process id."""
    command = [sys.executable, "-m", "tests.bench.gateway_servers", mode, str(folder), database, str(waiting)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), "the server did not start"
        yield line.split()[1], process.pid
    finally:
        process.terminate()
        process.wait(READY_S)


def peak_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


def document(number: int) -> dict[str, object]:
    """Some 1.5 KB of plaintext, of which half is like every other."""
    return {"service": "household-proof", "fields": {f"field-{at}": "same for everybody" for at in range(18)},
            "number": number, "own": secrets.token_hex(350)}  # fmt: skip


# --- one terminal ---------------------------------------------------------------------------------------------------


def rows_of(device: str, epoch: str, bodies: list[bytes], first: int, previous: bytes) -> list[Row]:
    rows: list[Row] = []
    for seq, body in enumerate(bodies, first):
        row = Row(seq, uuid7(NOW_MS), NOW_MS, "boot", seq, "key", body, b"")
        rows.append(row._replace(chain=next_chain(previous, row)))
        previous = rows[-1].chain
    return rows


def bare_bodies(bodies: list[bytes], terminal: str, batches: int, first: int) -> list[bytes]:
    """What the bare loop sends: the same rows, without signature or meaning."""
    made: list[bytes] = []
    for at in range(batches):
        rows = rows_of("d", "e" * 32, bodies, first + at * BATCH, bytes(32))
        listed = [[r.seq, r.id, r.created_ms, r.boot_id, r.mono_ms, r.key_id, r.body, r.chain] for r in rows]
        made.append(cbor2.dumps({"terminal": terminal, "rows": listed}))
    return made


def bare_rate(session: requests.Session, url: str, bodies: list[bytes]) -> float:
    began = time.perf_counter()
    for body in bodies:
        answer = session.post(url, data=body, timeout=READY_S)
        assert answer.status_code == 200
        assert cbor2.loads(answer.content)["acked_through"]
    return len(bodies) * BATCH / (time.perf_counter() - began)


def sync_rate(folder: Path, url: str) -> float:
    """Read, sign, send, verify, acknowledge durably: the real service on the real outbox."""
    with state.open_writer(folder) as outbox:
        for number in range(BATCH * BATCHES):
            outbox.append(lambda _seq, _id, number=number: document(number))
    joined = replace(enrolment.load(folder), gateway_url=url)
    client = GatewayClient(joined)
    if url.startswith("http:"):
        session = client._http._session
        session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1))
        pem = Path(joined.client_certificate[0]).read_bytes()
        session.headers["X-Certificate"] = (
            authority.x509.load_pem_x509_certificate(pem).public_bytes(authority.serialization.Encoding.DER).hex()
        )
    limits = Limits(least_rows=BATCH, first_rows=BATCH, most_rows=BATCH)
    with state.open_reader(folder) as outbox:
        service = SyncService(outbox, client, limits=limits)
        client.health()
        began = time.perf_counter()
        drained = service.drain_once()
        took = time.perf_counter() - began
    client.close()
    assert (drained.pending, drained.problem) == (0, None)
    return drained.sent / took


def one_terminal(folder: Path, database: PrivatePostgres, work: Path) -> dict[str, float]:
    url = database.database()
    bodies = sealed(authority.load(folder))
    rates: dict[str, list[float]] = {"bare": [], "plain": [], "tls": []}
    with (
        server("bare", folder, database.database()) as (bare_url, _),
        server("plain", folder, url) as (plain_url, _),
        server("tls", folder, url) as (tls_url, _),
        requests.Session() as session,
    ):
        with closing(open_store(folder, url)) as store:
            store.add_invite(hashlib.sha256(b"bench").digest(), {}, NOW_MS + 1)
        ca_hash = authority.load(folder).ca_hash
        GatewayClient.enrol(tls_url, "bench", ca_hash, state.device(work).device, "bench", work)
        for round_ in range(ROUNDS + 1):
            sent = bare_bodies(bodies, "T", BATCHES, 1 + round_ * BATCH * BATCHES)
            found = {"bare": bare_rate(session, bare_url, sent), "plain": sync_rate(work, plain_url),
                     "tls": sync_rate(work, tls_url)}  # fmt: skip
            if round_:  # the first warms up
                for name, rate in found.items():
                    rates[name].append(rate)
    return {name: statistics.median(values) for name, values in rates.items()}


def sealed(keys: authority.Authority) -> list[bytes]:
    """A batch of bodies as a terminal seals them."""
    terminal = Terminal(_Keys(keys), str(uuid.uuid4()))  # type: ignore[arg-type]
    terminal.record(*(document(number) for number in range(BATCH)))
    return [row.body for row in terminal.rows]


class _Keys:
    def __init__(self, keys: authority.Authority) -> None:
        self.authority = keys


def main() -> int:
    place = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    folder = place / "gateway"
    authority.create(folder, (), datetime.datetime.now(datetime.UTC))
    try:
        with closing(PrivatePostgres()) as database:
            one = one_terminal(folder, database, place / "state")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    told = Figures("gateway", "One terminal and its gateway", ("requests", "fastapi", "uvicorn", "psycopg"))
    detail = ", ".join(f"{name} {rate:,.0f}" for name, rate in one.items())
    told.add(
        Figure("sync service / bare loop of posts", one["plain"] / one["bare"], least=TARGETS["sync / bare loop"],
               runs=ROUNDS, detail=f"entries a second: {detail}",
               why="The loop neither reads an outbox, signs, verifies the answer nor commits what was acknowledged.")
    )  # fmt: skip
    told.add(Figure("mutual TLS / plain", one["tls"] / one["plain"], least=TARGETS["mutual TLS / plain"], runs=ROUNDS))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
