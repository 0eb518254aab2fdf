"""`python -m tests.crash.killing FOLDER TIMES SEED`: a writer and a sync service, killed at any instant, TIMES times.

Each is forked from here, so that thousands of deaths take minutes. The gateway is the model, in this process: it lives
on and sees whatever the dying have sent. Prints `{"confirmed", "arrived", "kills"}` when everything was found to fit.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
from pathlib import Path

from offline_cache import state
from offline_cache.enrolment import Enrolment
from offline_cache.errors import Unavailable
from offline_cache.gateway import Receipt
from offline_cache.messages import Batch, decode_ack, encode_batch, sign1, verify1
from offline_cache.sync import SyncService
from offline_cache.wire.verdict import VerdictPage
from tests.outbox_bench import enrol
from tests.outbox_gateway import ModelGateway


class PipeClient:
    """A `GatewayClient` over a socket to the parent."""

    def __init__(self, channel: socket.socket, joined: Enrolment) -> None:
        self.channel, self.joined = channel, joined

    def push(self, batch: Batch) -> Receipt:
        body = sign1(encode_batch(batch), self.joined.private_key)
        self.channel.sendall(len(body).to_bytes(4) + body)
        answer = take(self.channel)
        if answer is None:
            raise Unavailable("the gateway is gone")
        return Receipt(decode_ack(verify1(answer, self.joined.signing_key)), answer)

    def catalogue(self, etag: str | None) -> None:
        return None

    def verdicts(self, after: int) -> VerdictPage:
        return VerdictPage(self.joined.terminal, after, False, ())


def take(channel: socket.socket) -> bytes | None:
    """One message, or None when the other side died in the middle."""
    head = exactly(channel, 4)
    return None if head is None else exactly(channel, int.from_bytes(head))


def exactly(channel: socket.socket, size: int) -> bytes | None:
    found = b""
    while len(found) < size:
        more = channel.recv(size - len(found))
        if not more:
            return None
        found += more
    return found


def writes(folder: Path, channel: socket.socket, numbers: random.Random) -> None:
    """The child: record until killed; each confirmation is sent only after COMMIT."""
    with state.open_writer(folder) as outbox:
        outbox.tables._connection.execute("pragma wal_autocheckpoint = 20")
        while True:
            done = outbox.append(lambda seq, _id: {"n": seq, "x": numbers.randbytes(numbers.randrange(2000)).hex()})
            channel.sendall(done.id.encode())


def sends(folder: Path, channel: socket.socket, joined: Enrolment) -> None:
    """The child: send what is pending, batch by batch, and purge, until killed or done."""
    with state.open_reader(folder) as outbox:
        service = SyncService(outbox, PipeClient(channel, joined), state_dir=folder)
        while service.step().kind == "sent":
            outbox.purge(2**62)


def killed(child: int, channel: socket.socket) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    channel.settimeout(0)


def main() -> None:
    folder, times, numbers = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    gateway = ModelGateway()
    joined = enrol(folder, gateway)
    confirmed: list[str] = []
    for number in range(times):
        here, there = socket.socketpair()
        writer = number % 2 == 0
        child = os.fork()
        if child == 0:
            here.close()
            writes(folder, there, random.Random(number)) if writer else sends(folder, there, joined)
            os._exit(0)
        there.close()
        if writer:
            confirmed += confirmations(here, child, numbers.randrange(1, 12))
        else:
            serve(here, child, gateway, numbers.randrange(5))
        here.close()
    check(folder, joined, gateway, confirmed)
    print(json.dumps({"confirmed": len(confirmed), "arrived": len(gateway.documents()), "kills": times}))


def confirmations(channel: socket.socket, child: int, wanted: int) -> list[str]:
    """Let the writer live until `wanted` confirmations were read; those that were under way count too."""
    found = b""
    while len(found) < 36 * wanted:
        found += channel.recv(4096)
    killed(child, channel)
    channel.settimeout(5)
    while more := channel.recv(4096):
        found += more
    return [found[at : at + 36].decode() for at in range(0, len(found) - 35, 36)]


def serve(channel: socket.socket, child: int, gateway: ModelGateway, requests: int) -> None:
    """Answer so many requests; the next one is stored, and its sender killed before or after it hears so."""
    for number in range(requests + 1):
        body = take(channel)
        if body is None:
            break
        answer = gateway.accept(body)
        if number < requests or number % 2:
            channel.sendall(len(answer).to_bytes(4) + answer)
    killed(child, channel)


def check(folder: Path, joined: Enrolment, gateway: ModelGateway, confirmed: list[str]) -> None:
    """Let one more sync service live, and compare."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        sends(folder, there, joined)
        os._exit(0)
    there.close()
    while (body := take(here)) is not None:
        answer = gateway.accept(body)
        here.sendall(len(answer).to_bytes(4) + answer)
    os.waitpid(child, 0)
    with state.open_reader(folder) as outbox:
        outbox.verify()
        assert outbox.status().pending == 0
    arrived = [(seq, entry_id) for _, _, seq, entry_id, _ in gateway.documents()]
    assert [seq for seq, _ in arrived] == list(range(1, len(arrived) + 1)), "in order, without a gap"
    assert len({entry_id for _, entry_id in arrived}) == len(arrived), "once"
    assert set(confirmed) <= {entry_id for _, entry_id in arrived}, "every confirmed entry"
    in_order = [entry_id for _, entry_id in arrived if entry_id in set(confirmed)]
    assert in_order == confirmed, "in the order in which they were confirmed"


if __name__ == "__main__":
    main()
