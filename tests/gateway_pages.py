"""A gateway whose pages a browser opens: plain HTTP on loopback, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from provisioning.gateway.serve import listen
from tests.gateway_kit import GatewayKit

DEADLINE_S = 20


@contextmanager
def served(kit: GatewayKit) -> Iterator[str]:
    """Its address, for as long as it is wanted."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(kit.app, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)
    assert not thread.is_alive()
