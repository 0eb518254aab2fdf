"""`--reader NAME`: the cases of `test_card_in_reader.py` also on a physical reader, with a citizen card in it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reader", default=None, help="A physical PC/SC reader with a citizen card in its slot.")
