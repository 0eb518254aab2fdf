"""Fixtures of several files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_kit import GatewayKit
from tests.postgres_kit import shared


@pytest.fixture
def kit(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[GatewayKit]:
    kit = GatewayKit(
        tmp_path / "gateway", database=shared().database() if getattr(request, "param", "") == "postgresql" else ""
    )
    yield kit
    kit.store.close()
