"""A fleet comes back at once, each terminal with connections of its own: nobody is lost, and the memory is bounded."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from provisioning.gateway import authority
from tests.bench.bench_herd import MOST_MB, many
from tests.postgres_kit import shared

pytestmark = [pytest.mark.system, pytest.mark.nightly]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("terminals", "tls"), [(3000, False), (400, True)])
def test_a_fleet_at_once_on_real_sockets(tmp_path: Path, terminals: int, *, tls: bool) -> None:
    authority.create(tmp_path / "gateway", (), datetime.datetime.now(datetime.UTC))
    found = many(tmp_path / "gateway", shared(), terminals, tls=tls)
    assert found["MB"] <= MOST_MB
    assert found["refusals"] < 5 * terminals
