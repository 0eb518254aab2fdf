"""`python -m tests.crash.killing FOLDER TIMES SEED [DATABASE]`: writer, sync and gateway, killed at any instant.

One after the other, TIMES times in all, on one disk. Everything is real: the outbox, mutual TLS over a socket, the
gateway's server and its database. Each process is forked from here, with everything loaded, so that a thousand deaths
take minutes; this process only holds the listening socket, and remembers what the writer was told.

Prints `{"confirmed", "arrived", "kills": {"writer", "sync", "gateway"}}` when everything was found to fit.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import random
import select
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from offline_cache import enrolment, state
from offline_cache.errors import CacheError
from offline_cache.gateway import GatewayClient
from offline_cache.policy import Limits
from offline_cache.sync import SyncService
from provisioning.gateway import authority
from provisioning.gateway.authority import Authority
from provisioning.gateway.ingest import unsealed
from provisioning.gateway.serve import City, listen, open_gateway, run
from provisioning.gateway.storage.open import open_store

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SMALL = Limits(least_rows=2, first_rows=3, most_rows=5)
"""Small batches, so that a death falls between two of them as often as not."""
DEADLINE_S = 60
TOKEN = "one-time"


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Child:
    """A forked process and a socket to it; whatever it says is kept."""

    def __init__(self, task: Callable[[socket.socket], None]) -> None:
        self.channel, there = socket.socketpair()
        self.said = b""
        self.pid = os.fork()
        if self.pid == 0:
            self.channel.close()
            code = 1
            try:
                task(there)
                code = 0
            finally:
                os._exit(code)
        there.close()

    def hears(self, size: int) -> bool:
        """Wait until it has said so many bytes; False when it ended before."""
        self.channel.settimeout(DEADLINE_S)
        while len(self.said) < size:
            more = self.channel.recv(4096)
            if not more:
                return False
            self.said += more
        return True

    def kill(self) -> None:
        """SIGKILL; what it had said counts."""
        os.kill(self.pid, signal.SIGKILL)
        self.end()

    def end(self) -> int:
        """Wait for its end; returns how it ended."""
        self.channel.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):
            while more := self.channel.recv(4096):
                self.said += more
        self.channel.close()
        return os.waitpid(self.pid, 0)[1]


# --- the three that die ---------------------------------------------------------------------------------------------


def writes(folder: Path, channel: socket.socket, numbers: random.Random) -> None:
    """Record until killed; each confirmation is sent only after COMMIT."""
    with state.open_writer(folder) as outbox:
        outbox.tables._connection.execute("pragma wal_autocheckpoint = 20")
        while True:
            done = outbox.append(lambda seq, _id: {"n": seq, "x": numbers.randbytes(numbers.randrange(2000)).hex()})
            channel.sendall(done.id.encode())


def sends(folder: Path, channel: socket.socket) -> None:
    """Send what is pending, batch by batch, and purge, until killed, or done, or something is in the way."""
    with closing(GatewayClient(enrolment.load(folder))) as client, state.open_reader(folder) as outbox:
        service = SyncService(outbox, client, limits=SMALL)
        while (step := service.step()).kind in {"sent", "go-on"}:
            outbox.purge(2**62)
            channel.sendall(b".")
        assert step.alarm is None, step


def serves(keys: Authority, database: str, listener: socket.socket) -> None:
    """The gateway's server, on the socket that outlives it."""
    with closing(open_store(keys.folder, database)) as store:
        city = City(ASSETS / "city", people=20)
        gateway = open_gateway(keys, store, ASSETS / "services", city, wall_ms, lambda _event, _facts: None)
        run(gateway, listener, lambda _url: None)


# --- the one that lives ---------------------------------------------------------------------------------------------


class Scene:
    """A terminal, a gateway, and what was confirmed."""

    def __init__(self, folder: Path, numbers: random.Random, database: str) -> None:
        self.folder, self.numbers, self.database = folder / "state", numbers, database
        self.keys = authority.create(folder / "gateway", (), datetime.datetime.now(datetime.UTC))
        self.listener = listen("127.0.0.1", 0)
        self.confirmed: list[str] = []
        self.kills: Counter[str] = Counter()
        with closing(open_store(self.keys.folder, database)) as store:
            store.add_invite(hashlib.sha256(TOKEN.encode()).digest(), {}, wall_ms() + 3_600_000)
        self.gateway = self.serve()
        url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        device = state.device(self.folder).device
        GatewayClient.enrol(url, TOKEN, self.keys.ca_hash, device, "test", self.folder)

    def serve(self) -> Child:
        return Child(lambda _channel: serves(self.keys, self.database, self.listener))

    def any_instant(self, most_s: float) -> None:
        select.select([], [], [], self.numbers.random() * most_s)

    def writer_dies(self) -> None:
        seed = self.numbers.randrange(2**32)
        writer = Child(lambda channel: writes(self.folder, channel, random.Random(seed)))
        assert writer.hears(36 * self.numbers.randrange(1, 12)), "the writer ended by itself"
        self.any_instant(0.002)
        writer.kill()
        self.confirmed += [writer.said[at : at + 36].decode() for at in range(0, len(writer.said) - 35, 36)]

    def sync_dies(self) -> None:
        sync = Child(lambda channel: sends(self.folder, channel))
        sync.hears(self.numbers.randrange(4))  # fewer, if there was less to send
        self.any_instant(0.006)
        sync.kill()

    def gateway_dies(self) -> None:
        """While a terminal sends; sometimes while it starts."""
        sync = Child(lambda channel: sends(self.folder, channel))
        if self.numbers.random() < 0.8:
            sync.hears(self.numbers.randrange(4))
            self.any_instant(0.008)
        else:
            self.any_instant(0.2)
        self.gateway.kill()
        self.gateway = self.serve()
        assert sync.end() == 0, "the sync service met the death of a gateway with a traceback, or an alarm"

    def one(self, number: int) -> None:
        name = ("writer", "sync", "writer", "gateway")[number % 4]
        {"writer": self.writer_dies, "sync": self.sync_dies, "gateway": self.gateway_dies}[name]()
        self.kills[name] += 1

    def check(self) -> int:
        """Let one more sync service live, and compare; returns how many entries arrived."""
        for _ in range(20):  # one that meets a gateway that is still starting ends early
            assert Child(lambda channel: sends(self.folder, channel)).end() == 0
            with state.open_reader(self.folder) as outbox:
                if outbox.status().pending == 0:
                    outbox.verify()
                    break
        else:
            raise AssertionError("entries stay behind")
        self.gateway.kill()
        with closing(open_store(self.keys.folder, self.database)) as store:
            arrived = [(line["seq"], str(line["id"])) for line in unsealed(store, self.keys)]
            assert store.alarms() == ()
        ids = [entry_id for _, entry_id in arrived]
        assert [seq for seq, _ in arrived] == list(range(1, len(arrived) + 1)), "in order, without a gap"
        assert len(set(ids)) == len(ids), "once"
        told = set(self.confirmed)
        assert [entry_id for entry_id in ids if entry_id in told] == self.confirmed, "all that was confirmed, in order"
        return len(ids)


def main() -> None:
    folder, times, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    scene = Scene(folder, random.Random(seed), sys.argv[4] if len(sys.argv) > 4 else "")
    try:
        for number in range(times):
            scene.one(number)
        arrived = scene.check()
    except (AssertionError, CacheError, OSError):
        sys.stderr.write(f"seed {seed}\n")
        with contextlib.suppress(ProcessLookupError):
            os.kill(scene.gateway.pid, signal.SIGKILL)
        raise
    print(json.dumps({"confirmed": len(scene.confirmed), "arrived": arrived, "kills": scene.kills}))


if __name__ == "__main__":
    main()
