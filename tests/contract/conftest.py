"""`--reader NAME`: the cases of `test_card_in_reader.py` also on a physical reader, with a citizen card in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.printer_stand import SEAMS, Stand, stand_at


@pytest.fixture(params=SEAMS)
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """A receipt printer at each seam."""
    with stand_at(request.param) as made:
        yield made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reader", default=None, help="A physical PC/SC reader with a citizen card in its slot.")


OVER_THE_CABLE_AT_NIGHT = ("-before-", "-before the cut]", "-after the cut]", "-waiting for the proof]")
"""Stages of the printer's fault matrix whose turn over the pty comes at night; in process every run has all of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        over_the_cable = "test_a_fault_is_never_called_done" in item.nodeid and "[pty-" in item.nodeid
        if over_the_cable and any(stage in item.nodeid for stage in OVER_THE_CABLE_AT_NIGHT):
            item.add_marker(pytest.mark.nightly)
