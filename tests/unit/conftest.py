"""Fixtures of several files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.server import BenchServer, build_app
from provisioning.gateway.serve import City
from tests.gateway_kit import GatewayKit
from tests.postgres_kit import shared
from tests.unit.bench_fakes import FakeWorld
from tests.unit.bench_http import Doorway


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The database under `kit`; a file, or `parametrize(..., indirect=True)`, may ask for "postgresql"."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def city() -> City | None:
    """The city behind `kit`; None: the kit's own, whose agencies are simulated."""
    return None


@pytest.fixture
def kit(tmp_path: Path, engine: str, city: City | None) -> Iterator[GatewayKit]:
    kit = GatewayKit(tmp_path / "gateway", database=shared().database() if engine == "postgresql" else "", city=city)
    yield kit
    kit.store.close()


@pytest.fixture(scope="module")
def lasting_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayKit]:
    """One gateway for all tests of a file: each has a terminal of its own."""
    kit = GatewayKit(tmp_path_factory.mktemp("gateway") / "gateway")
    yield kit
    kit.store.close()


@pytest.fixture
def plain(tmp_path: Path, city: City | None) -> Iterator[GatewayKit]:
    """A gateway on SQLite, in a file whose `kit` has both databases."""
    kit = GatewayKit(tmp_path / "gateway", city=city)
    yield kit
    kit.store.close()


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld.make()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Doorway, str]]:
    doorway = Doorway()
    server = BenchServer(doorway)
    server.start()
    yield doorway, server.url
    server.close()


@pytest.fixture
def url(world: FakeWorld, served: tuple[Doorway, str]) -> str:
    doorway, url = served
    doorway.app = build_app(world.ports())
    return url
