"""The cable between terminal and gateway: a TCP proxy on loopback that can be cut, slowed and made lossy.

TLS passes through untouched. A cut resets every connection (RST, not an orderly close) and resets each new one at
once; the listening port stays ours, so nobody else can take it meanwhile. TCP hides loss from both ends, so a lost
piece here arrives later, as retransmission would bring it: 200 ms after one loss, 600 ms after two, and so on
(RFC 6298, doubling); `GIVE_UP` losses in a row reset the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from kiosk.bench.ports import NetworkView

_T = TypeVar("_T")
CHUNK_BYTES = 64 * 1024
QUEUE_CHUNKS = 64
"""Chunks that may be under way in one direction; then the sender waits, as with a full window."""
RETRANSMIT_S = 0.2
GIVE_UP = 6
CALL_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class CableCounts:
    """What went through the cable since it was plugged in."""

    accepted: int = 0
    refused: int = 0
    """Connections that met a cut cable."""
    cut: int = 0
    """Connections that were up when the cable was cut, or were given up after too many losses."""
    unreachable: int = 0
    """Connections for which the far end did not answer."""
    lost: int = 0
    """Pieces that had to be sent again."""
    bytes_up: int = 0
    bytes_down: int = 0


class Cable:
    """`port` on 127.0.0.1 leads to `target_port` there. Started by `start`, ended by `close`; thread-safe."""

    def __init__(self, target_port: int, *, target_host: str = "127.0.0.1", seed: int | None = None) -> None:
        self._target = (target_host, target_port)
        self._random = random.Random(seed)  # noqa: S311 - chance of loss, nothing secret
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._view = NetworkView(up=True, latency_ms=0, loss=0.0)
        self._counts = CableCounts()
        self._port = 0

    @property
    def port(self) -> int:
        """The near end; 0 before `start`."""
        return self._port

    def start(self) -> None:
        """Bind and listen. Raises `OSError` where loopback cannot be bound."""
        self._thread.start()
        self._port = self._run(self._listen())

    def view(self) -> NetworkView:
        return self._view

    def counts(self) -> CableCounts:
        return self._counts

    def set(self, *, up: bool, latency_ms: int = 0, loss: float = 0.0) -> None:
        """Cut or mend the cable. When this returns, the change holds and, if cut, every connection is gone.

        `latency_ms` is added to each direction. Raises `ValueError` for a negative latency or a loss outside 0 to 1.
        """
        if latency_ms < 0:
            raise ValueError("latency_ms must not be negative")
        if not 0.0 <= loss <= 1.0:
            raise ValueError("loss must lie between 0 and 1")
        self._run(self._apply(NetworkView(up=up, latency_ms=latency_ms, loss=loss)))

    def close(self) -> None:
        """Unplug for good. May be called twice."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self._run(self._shut_down())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CALL_TIMEOUT_S)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_TIMEOUT_S)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=CHUNK_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def _apply(self, view: NetworkView) -> None:
        self._view = view
        if not view.up:
            await self._drop_all()

    async def _shut_down(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._drop_all()

    async def _drop_all(self) -> None:
        tasks = list(self._tasks)
        self._counts = replace(self._counts, cut=self._counts.cut + len(tasks))
        for writer in list(self._writers):
            _reset(writer)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._view.up:
            self._counts = replace(self._counts, refused=self._counts.refused + 1)
            _reset(writer)
            return
        self._counts = replace(self._counts, accepted=self._counts.accepted + 1)
        task = self._loop.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, near_reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self._writers.add(near)
        far: asyncio.StreamWriter | None = None
        try:
            try:
                far_reader, far = await asyncio.open_connection(*self._target, limit=CHUNK_BYTES)
            except OSError:
                self._counts = replace(self._counts, unreachable=self._counts.unreachable + 1)
                return
            self._writers.add(far)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(near_reader, far, up=True))
                group.create_task(self._pump(far_reader, near, up=False))
            near.close()
            far.close()
        except* (ConnectionError, TimeoutError):
            # One end reset, or the loss was too great: the other end learns it by the reset below.
            pass
        finally:
            for writer in (near, far):
                if writer is not None:
                    self._writers.discard(writer)
                    if not writer.is_closing():
                        _reset(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        """Carry one direction: read at once, deliver each piece when it is due, in order; then the end of file."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_CHUNKS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_side(reader, under_way))
            group.create_task(self._write_side(writer, under_way, up=up))

    async def _read_side(self, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        due = 0.0
        while True:
            piece = await reader.read(CHUNK_BYTES)
            due = max(due, self._loop.time() + self._delay_s())
            await under_way.put((due, piece))
            if not piece:
                return

    async def _write_side(
        self, writer: asyncio.StreamWriter, under_way: asyncio.Queue[tuple[float, bytes]], *, up: bool
    ) -> None:
        while True:
            due, piece = await under_way.get()
            wait_s = due - self._loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if not piece:
                with contextlib.suppress(OSError):  # the far end may be gone already: then nobody waits for the end
                    writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()
            if up:
                self._counts = replace(self._counts, bytes_up=self._counts.bytes_up + len(piece))
            else:
                self._counts = replace(self._counts, bytes_down=self._counts.bytes_down + len(piece))

    def _delay_s(self) -> float:
        """One-way latency, and what retransmission adds. Raises `ConnectionResetError` after `GIVE_UP` losses."""
        delay = self._view.latency_ms / 1000
        wait = RETRANSMIT_S
        for _ in range(GIVE_UP):
            if self._random.random() >= self._view.loss:
                return delay
            self._counts = replace(self._counts, lost=self._counts.lost + 1)
            delay += wait
            wait *= 2
        self._counts = replace(self._counts, cut=self._counts.cut + 1)
        raise ConnectionResetError("too much loss")


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the peer sees RST."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # already closed by the peer
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
