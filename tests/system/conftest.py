"""A gateway whose pages a browser opens: plain HTTP on loopback, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_cards import REAL, kit_of
from tests.gateway_kit import GatewayKit
from tests.gateway_pages import served


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[GatewayKit]:
    kit = kit_of(tmp_path, REAL)
    yield kit
    kit.store.close()


@pytest.fixture
def url(kit: GatewayKit) -> Iterator[str]:
    with served(kit) as address:
        yield address
