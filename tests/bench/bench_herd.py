"""What a whole fleet costs when it comes back at once: ratios within one run, memory, and that nobody is lost.

A thousand terminals with 100 entries each, connected already: against a bare server, with slots against without, and
over mutual TLS. Ten thousand with 20 each, a new connection for each try, coming when they are told to. All of it on
real sockets, into a private PostgreSQL with fsync on. Run: `python -m tests.bench.bench_herd`.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
import secrets
import shutil
import ssl
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kiosk.bench.fleet.plot import Curve
from offline_cache.messages import Batch, WrappedKey, encode_batch, genesis, sign1
from provisioning.gateway import authority
from provisioning.gateway.storage.open import open_store
from tests.bench.bench_gateway import BATCH, bare_bodies, peak_mb, rows_of, sealed, server
from tests.bench.figures import Figure, Figures
from tests.bench.gateway_servers import NOW_MS
from tests.gateway_kit import Terminal
from tests.postgres_kit import PrivatePostgres

HERD = 1000
ROUNDS = 3
MANY = 10_000
MANY_ROWS = 20
MOST_OPEN = 2000
"""Connections at once: what listens keeps so many that have not been taken yet."""
MOST_MB = 512
MOST_TRIES = 50
WRAPPED = WrappedKey("key", bytes(80), "g")
TARGETS = {"herd / bare herd": 0.7, "with / without shedding": 0.8}


@dataclass(frozen=True)
class Caller:
    """One terminal with its one request, whole; and its certificate with its key where it comes over mutual TLS."""

    whole: bytes
    tls: ssl.SSLContext | None = None


class Herd:
    """Terminals with their requests, and what a database must know of them."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.names: list[tuple[str, str]] = []
        self.certificates: list[tuple[object, ...]] = []

    def admit(self, folder: Path, url: str) -> None:
        """Make them known to a gateway's database."""
        with closing(open_store(folder, url)) as store, store.database.transaction() as db:
            db.many("INSERT INTO terminal VALUES (?, ?, 'bench', '{}', 1, 1)", self.names)
            db.many("INSERT INTO certificate VALUES (?, ?, ?, ?, 0)", self.certificates)


def bare_herd(folder: Path, count: int) -> Herd:
    """What the bare server takes: the same rows, without signature or meaning."""
    made, bodies = Herd(), sealed(authority.load(folder))
    made.callers = [Caller(http_request(bare_bodies(bodies, str(number), 1, 1)[0])) for number in range(count)]
    return made


def herd(folder: Path, count: int, rows: int, *, tls: bool = False) -> Herd:
    """Terminals that have this many rows each."""
    made, keys = Herd(), authority.load(folder)
    bodies = sealed(keys)[:rows]
    for number in range(1, count + 1):
        terminal = Terminal(None, str(uuid.uuid4()), name=f"T{number:05d}")  # type: ignore[arg-type]
        start = genesis(terminal.device, terminal.epoch)
        sent = tuple(rows_of(terminal.device, terminal.epoch, bodies, 1, start))
        batch = Batch(terminal.name, terminal.device, terminal.epoch, 1, start, (WRAPPED,), sent)
        body, public = sign1(encode_batch(batch), terminal.key), terminal.key.public_key().public_bytes_raw()
        der, context = certified(folder, keys, terminal) if tls else (secrets.token_bytes(32), None)
        made.callers.append(Caller(http_request(body, b"" if tls else der), context))
        made.names.append((terminal.name, terminal.device))
        made.certificates.append((hashlib.sha256(der).digest(), terminal.name, public, NOW_MS * 2))
    return made


def certified(folder: Path, keys: authority.Authority, terminal: Terminal) -> tuple[bytes, ssl.SSLContext]:
    """A certificate of the gateway's authority (DER), and what its terminal connects with."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, terminal.device)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(terminal.key, None)
    pem = keys.certify(
        asked.public_bytes(Encoding.PEM).decode(), terminal.name, datetime.datetime.now(datetime.UTC)
    ).pem
    key = terminal.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem + key)
        file.flush()
        context.load_cert_chain(file.name)
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER), context


def http_request(body: bytes, certificate: bytes = b"") -> bytes:
    """`POST /v1/entries`, head and body."""
    head = f"POST /v1/entries HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"X-Certificate: {certificate.hex()}\r\n" if certificate else "") + "\r\n").encode() + body


# --- all at once ----------------------------------------------------------------------------------------------------


class Fleet:
    """Terminals that send their one request until it is taken, and come back when they are told to."""

    def __init__(self, url: str, callers: list[Caller]) -> None:
        split = urlsplit(url)
        self._address = split.hostname, split.port
        self._callers = callers
        self.refusals = 0

    async def connected(self) -> float:
        """Everybody connects first, then all send at once and keep their connection. Seconds from then on."""
        links: list[Link] = []
        for at in range(0, len(self._callers), 100):  # handshakes are not what is measured
            links += await asyncio.gather(*map(self._connect, self._callers[at : at + 100]))
        began = time.perf_counter()
        await asyncio.gather(*(self._until_taken(link, one) for link, one in zip(links, self._callers, strict=True)))
        took = time.perf_counter() - began
        for _, writer in links:
            writer.close()
        return took

    async def coming(self, most_open: int) -> float:
        """Everybody comes at once, with a connection of its own for each try. Seconds."""
        room = asyncio.Semaphore(most_open)
        began = time.perf_counter()
        await asyncio.gather(*(self._come(one, room) for one in self._callers))
        return time.perf_counter() - began

    async def _connect(self, caller: Caller) -> Link:
        return await asyncio.open_connection(*self._address, ssl=caller.tls)

    async def _until_taken(self, link: Link, caller: Caller) -> None:
        for _ in range(MOST_TRIES):
            wait_s = await self._ask(link, caller)
            if wait_s is None:
                return
            await asyncio.sleep(wait_s)
        raise AssertionError(f"no slot in {MOST_TRIES} tries")

    async def _come(self, caller: Caller, room: asyncio.Semaphore) -> None:
        for _ in range(MOST_TRIES):
            async with room:
                link = await self._connect(caller)
                wait_s = await self._ask(link, caller)
                link[1].close()
            if wait_s is None:
                return
            await asyncio.sleep(wait_s)
        raise AssertionError(f"no slot in {MOST_TRIES} tries")

    async def _ask(self, link: Link, caller: Caller) -> float | None:
        """None: taken. Otherwise the seconds after which to come back."""
        reader, writer = link
        writer.write(caller.whole)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        body = await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
        status = int(head.split(" ")[1])
        if status == 200:
            return None
        assert status == 503, head
        self.refusals += 1
        return json.loads(body)["retry_after_ms"] / 1000


Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def thousand(folder: Path, database: PrivatePostgres) -> dict[str, dict[str, float]]:
    """Entries a second (the median of the rounds), refusals and the server's memory."""
    kinds = {"bare": ("bare", 0), "without": ("plain", 100_000), "with": ("plain", 0), "tls": ("tls", 0)}
    found: dict[str, dict[str, list[float]]] = {name: {} for name in kinds}
    plain, tls = herd(folder, HERD, BATCH), herd(folder, HERD, BATCH, tls=True)
    herds = {"bare": bare_herd(folder, HERD), "without": plain, "with": plain, "tls": tls}
    for _ in range(ROUNDS):
        for name, (mode, waiting) in kinds.items():
            url = database.database()
            with server(mode, folder, url, waiting) as (address, pid):
                if mode != "bare":
                    herds[name].admit(folder, url)
                fleet = Fleet(address, herds[name].callers)
                rate = HERD * BATCH / asyncio.run(fleet.connected())
                for what, value in (("rate", rate), ("refusals", fleet.refusals), ("MB", peak_mb(pid))):
                    found[name].setdefault(what, []).append(value)
            if mode != "bare":
                assert stored(folder, url) == HERD * BATCH
    return {name: {what: statistics.median(values) for what, values in each.items()} for name, each in found.items()}


def stored(folder: Path, url: str) -> int:
    """How many entries the database holds."""
    with closing(open_store(folder, url)) as store, store.database.reading() as db:
        return int((db.row("SELECT count(*) FROM journal") or (0,))[0])


def many(folder: Path, database: PrivatePostgres, count: int, *, tls: bool = False) -> dict[str, float]:
    """`count` terminals with 20 entries each come at once. Raises `AssertionError` when one of them is lost."""
    url, fresh = database.database(), herd(folder, count, MANY_ROWS, tls=tls)
    with server("tls" if tls else "plain", folder, url) as (address, pid):
        fresh.admit(folder, url)
        fleet = Fleet(address, fresh.callers)
        took = asyncio.run(fleet.coming(MOST_OPEN))
        assert stored(folder, url) == count * MANY_ROWS
        return {"rate": count * MANY_ROWS / took, "refusals": fleet.refusals, "MB": peak_mb(pid)}


def main() -> int:
    place = Path(tempfile.mkdtemp(prefix="kiosk-bench-"))
    folder = place / "gateway"
    authority.create(folder, (), datetime.datetime.now(datetime.UTC))
    try:
        with closing(PrivatePostgres()) as database:
            found = thousand(folder, database)
            found[f"{MANY} x {MANY_ROWS}"] = many(folder, database, MANY)
            sizes = {count: many(folder, database, count) for count in (100, 300, 1_000, 3_000)}
            sizes[MANY] = found[f"{MANY} x {MANY_ROWS}"]
            found[f"{HERD} x {MANY_ROWS}, mutual TLS, handshakes too"] = many(folder, database, HERD, tls=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    rate = {name: each["rate"] for name, each in found.items()}
    told = Figures("herd", "A fleet that comes back at once", ("fastapi", "uvicorn", "psycopg"))
    told.add(
        Figure(f"{HERD} terminals at once / bare herd", rate["without"] / rate["bare"],
               least=TARGETS["herd / bare herd"], runs=ROUNDS)
    )  # fmt: skip
    told.add(
        Figure("with shedding / without", rate["with"] / rate["without"], least=TARGETS["with / without shedding"],
               runs=ROUNDS)
    )  # fmt: skip
    everyone = found[f"{MANY} x {MANY_ROWS}"]
    told.add(
        Figure(f"memory with {MANY:,} terminals x {MANY_ROWS} entries", everyone["MB"], "MB", most=MOST_MB,
               detail=f"{everyone['rate']:,.0f} entries a second, none lost")
    )  # fmt: skip
    for name, each in found.items():
        told.add(Figure(name, each["rate"], "/s", detail=f"{each['MB']:.0f} MB, {each['refusals']:.0f} refusals"))
    grown = [(float(count), each["rate"]) for count, each in sizes.items()]
    told.curves.append(Curve("Entries a second as a fleet grows", "terminals", "entries a second", {"taken": grown},
                             log_x=True))  # fmt: skip
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
