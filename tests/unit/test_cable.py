"""The cable between terminal and gateway, over real sockets."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from kiosk.bench.cable import Cable

DEADLINE_S = 10.0


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while piece := self.request.recv(65536):
                self.request.sendall(piece)
        except ConnectionError:
            self.server.resets.release()  # type: ignore[attr-defined]


class _Gateway(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.resets = threading.Semaphore(0)


@pytest.fixture
def gateway() -> Iterator[_Gateway]:
    server = _Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(DEADLINE_S)


@pytest.fixture
def cable(gateway: _Gateway) -> Iterator[Cable]:
    plugged = Cable(gateway.server_address[1], seed=7)
    plugged.start()
    yield plugged
    plugged.close()


def connect(cable: Cable) -> socket.socket:
    near = socket.create_connection(("127.0.0.1", cable.port), timeout=DEADLINE_S)
    near.settimeout(DEADLINE_S)
    return near


def receive(near: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        piece = near.recv(length - len(got))
        if not piece:
            break
        got += piece
    return got


def say(near: socket.socket, words: bytes) -> bytes:
    near.sendall(words)
    return receive(near, len(words))


def meets_a_reset(cable: Cable) -> bool:
    """A new connection is reset: while it is made, or as soon as it is used."""
    try:
        with connect(cable) as near:
            return is_reset(near)
    except ConnectionResetError:
        return True


def is_reset(near: socket.socket) -> bool:
    """The connection was reset, not closed in an orderly way."""
    try:
        near.sendall(b"still there?")
        return near.recv(1) == b"never"
    except (ConnectionResetError, BrokenPipeError):
        return True


def test_what_goes_in_comes_out_unchanged_and_is_counted(cable: Cable) -> None:
    words = bytes(range(256)) * 4096
    with connect(cable) as near:
        got: list[bytes] = []
        listener = threading.Thread(target=lambda: got.append(receive(near, len(words))))
        listener.start()
        near.sendall(words)
        listener.join(DEADLINE_S)
        assert got == [words]
    assert cable.counts().bytes_up == len(words)
    assert cable.counts().accepted == 1


def test_an_orderly_close_reaches_the_other_end_as_one(cable: Cable) -> None:
    with connect(cable) as near:
        near.sendall(b"last words")
        near.shutdown(socket.SHUT_WR)
        assert receive(near, 100) == b"last words"
        assert near.recv(1) == b""
    assert cable.counts().cut == 0


def test_pulling_the_cable_resets_both_ends_before_set_returns(cable: Cable, gateway: _Gateway) -> None:
    with connect(cable) as near:
        assert say(near, b"hello") == b"hello"
        cable.set(up=False)
        assert is_reset(near)
    assert gateway.resets.acquire(timeout=DEADLINE_S)
    assert cable.counts().cut == 1


def test_a_new_connection_meets_a_pulled_cable_and_is_reset(cable: Cable) -> None:
    cable.set(up=False)
    assert meets_a_reset(cable)
    assert cable.counts().refused == 1
    assert cable.counts().accepted == 0


def test_the_same_port_works_again_when_the_cable_is_back(cable: Cable) -> None:
    port = cable.port
    cable.set(up=False)
    cable.set(up=True)
    assert cable.port == port
    with connect(cable) as near:
        assert say(near, b"again") == b"again"


def test_latency_is_added_to_each_direction(cable: Cable) -> None:
    cable.set(up=True, latency_ms=150)
    with connect(cable) as near:
        before = time.monotonic()
        assert say(near, b"slow") == b"slow"
        assert time.monotonic() - before >= 0.3
    assert cable.view().latency_ms == 150


def test_pieces_that_are_slow_stay_in_order(cable: Cable) -> None:
    cable.set(up=True, latency_ms=30)
    with connect(cable) as near:
        for n in range(50):
            near.sendall(bytes([n]))
        assert receive(near, 50) == bytes(range(50))


def test_lost_pieces_arrive_later_but_whole(cable: Cable) -> None:
    cable.set(up=True, loss=0.3)
    with connect(cable) as near:
        for n in range(4):
            assert say(near, b"piece %d" % n) == b"piece %d" % n
    assert cable.counts().lost > 0


def test_nothing_gets_through_a_cable_that_loses_everything(cable: Cable) -> None:
    cable.set(up=True, loss=1.0)
    with connect(cable) as near:
        near.sendall(b"into the void")
        with pytest.raises(ConnectionResetError):
            near.recv(1)
    assert cable.counts().bytes_up == 0


def test_a_dead_far_end_resets_the_near_end(gateway: _Gateway) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        free_port = placeholder.getsockname()[1]
        cable = Cable(free_port)
        cable.start()
        try:
            assert meets_a_reset(cable)
            assert cable.counts().unreachable == 1
        finally:
            cable.close()


@pytest.mark.parametrize(("latency_ms", "loss"), [(-1, 0.0), (0, -0.1), (0, 1.1)])
def test_impossible_cables_are_refused(cable: Cable, latency_ms: int, loss: float) -> None:
    with pytest.raises(ValueError, match="must"):
        cable.set(up=True, latency_ms=latency_ms, loss=loss)
    assert cable.view().up


def test_unplugging_twice_is_harmless(gateway: _Gateway) -> None:
    cable = Cable(gateway.server_address[1])
    cable.start()
    cable.close()
    cable.close()
