"""How fast entries come in, as ratios within one run: against a bare loop, TLS against plain, a herd at once.

Everything stores into the same private PostgreSQL, fsync on. Run: `python -m tests.bench.bench_gateway`.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
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
from urllib.parse import urlsplit

import cbor2
import requests
import uuid6
from requests.adapters import HTTPAdapter

from offline_cache import enrolment, state
from offline_cache.gateway import GatewayClient
from offline_cache.messages import Batch, Row, WrappedKey, encode_batch, genesis, next_chain, sign1
from offline_cache.policy import Limits
from offline_cache.sync import SyncService
from provisioning.gateway import authority
from provisioning.gateway.authority import IssuedCertificate
from provisioning.gateway.storage.open import open_store
from tests.bench.gateway_servers import NOW_MS
from tests.gateway_kit import Terminal
from tests.postgres_kit import PrivatePostgres

BATCH = 100
BATCHES = 25
ROUNDS = 5
HERD = 1000
READY_S = 60
TARGETS = {"sync / bare loop": 0.8, "mutual TLS / plain": 0.8, "herd / bare herd": 0.7, "with / without shedding": 0.8}


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
        row = Row(seq, str(uuid6.uuid7()), NOW_MS, "boot", seq, "key", body, b"")
        rows.append(replace(row, chain=next_chain(previous, row)))
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


# --- a herd ---------------------------------------------------------------------------------------------------------


def herd_requests(folder: Path, url: str, bodies: list[bytes], *, bare: bool) -> list[bytes]:
    """One whole HTTP request for each terminal, which the database knows."""
    made: list[bytes] = []
    keys = _Keys(authority.load(folder))
    with closing(open_store(folder, url)) as store:
        for number in range(HERD):
            outbox = Terminal(keys, str(uuid.uuid4()))  # type: ignore[arg-type]
            certificate = secrets.token_bytes(32)
            if bare:
                made.append(http_request(bare_bodies(bodies, str(number), 1, 1)[0], b""))
                continue
            token = hashlib.sha256(certificate).digest()
            store.add_invite(token, {}, NOW_MS + 1)
            issued = IssuedCertificate("", token, outbox.key.public_key().public_bytes_raw(), NOW_MS * 2)
            name = store.admit(token, NOW_MS, outbox.device, "bench", lambda _name, issued=issued: issued).terminal
            start = genesis(outbox.device, outbox.epoch)
            rows = tuple(rows_of(outbox.device, outbox.epoch, bodies, 1, start))
            batch = Batch(name, outbox.device, outbox.epoch, 1, start, (WrappedKey("key", bytes(80), "g"),), rows)
            made.append(http_request(sign1(encode_batch(batch), outbox.key), certificate))
    return made


def http_request(body: bytes, certificate: bytes) -> bytes:
    head = f"POST /v1/entries HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"X-Certificate: {certificate.hex()}\r\n" if certificate else "") + "\r\n").encode() + body


async def herd_rate(url: str, wholes: list[bytes]) -> tuple[float, int]:
    """Everybody connects, then all send at once and come back when told. Entries a second, and refusals."""
    split = urlsplit(url)
    refusals = 0
    links = [await asyncio.open_connection(split.hostname, split.port) for _ in wholes]

    async def one(link: tuple[asyncio.StreamReader, asyncio.StreamWriter], whole: bytes) -> None:
        nonlocal refusals
        reader, writer = link
        for _ in range(50):
            writer.write(whole)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
            status = int(head.split(" ")[1])
            if status == 200:
                return
            assert status == 503, head
            refusals += 1
            await asyncio.sleep(int(head.split("retry-after:")[1].split("\r\n")[0]))
        raise AssertionError("no slot in fifty tries")

    began = time.perf_counter()
    await asyncio.gather(*(one(link, whole) for link, whole in zip(links, wholes, strict=True)))
    took = time.perf_counter() - began
    for _, writer in links:
        writer.close()
    return len(wholes) * BATCH / took, refusals


def herd(folder: Path, database: PrivatePostgres) -> dict[str, float]:
    bodies = sealed(authority.load(folder))
    found: dict[str, float] = {}
    for name, mode, waiting in (("bare", "bare", 0), ("without", "plain", 100_000), ("with", "plain", 0)):
        rates: list[float] = []
        for _ in range(2):
            url = database.database()
            with server(mode, folder, url, waiting) as (address, pid):
                wholes = herd_requests(folder, url, bodies, bare=mode == "bare")
                rate, refusals = asyncio.run(herd_rate(address, wholes))
                rates.append(rate)
                found[f"{name} MB"] = peak_mb(pid)
                found[f"{name} refusals"] = refusals
        found[name] = max(rates)
    return found


def main() -> None:
    place = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    folder = place / "gateway"
    authority.create(folder, (), datetime.datetime.now(datetime.UTC))
    try:
        with closing(PrivatePostgres()) as database:
            one = one_terminal(folder, database, place / "state")
            many = herd(folder, database)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    ratios = {
        "sync / bare loop": one["plain"] / one["bare"],
        "mutual TLS / plain": one["tls"] / one["plain"],
        "herd / bare herd": many["without"] / many["bare"],
        "with / without shedding": many["with"] / many["without"],
    }
    print(f"one terminal, batches of {BATCH}, entries/s: " + json.dumps({k: round(v) for k, v in one.items()}))
    print(f"{HERD} terminals at once, entries/s, MB, refusals: " + json.dumps({k: round(v) for k, v in many.items()}))
    missed = [name for name, ratio in ratios.items() if ratio < TARGETS[name]]
    for name, ratio in ratios.items():
        print(f"{name:26} {ratio:5.2f}x   target >= {TARGETS[name]:.2f}x   {'MISSED' if name in missed else 'ok'}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
