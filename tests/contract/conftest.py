"""`--reader NAME`: the cases of `test_card_in_reader.py` also on a physical reader, with a citizen card in it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reader", default=None, help="A physical PC/SC reader with a citizen card in its slot.")


"""What of this folder is too long for every run."""

from __future__ import annotations

OVER_THE_CABLE_AT_NIGHT = ("-before-", "-before the cut]", "-after the cut]")
"""Stages of the printer's fault matrix whose turn over the pty comes at night; in process every run has all of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid
        if "test_a_fault_is_never_called_done" in name and "[pty-" in name:
            if any(stage in name for stage in OVER_THE_CABLE_AT_NIGHT):
                item.add_marker(pytest.mark.nightly)
