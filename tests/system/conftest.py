"""A gateway whose pages a browser opens: plain HTTP on loopback, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from provisioning.gateway.serve import listen
from tests.gateway_cards import REAL, kit_of
from tests.gateway_kit import GatewayKit

DEADLINE_S = 20


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[GatewayKit]:
    kit = kit_of(tmp_path, REAL)
    yield kit
    kit.store.close()


@pytest.fixture
def url(kit: GatewayKit) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(kit.app, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(DEADLINE_S)
    assert not thread.is_alive()
