"""A gateway whose pages a browser opens: plain HTTP on loopback, in a thread. And signals as programs expect them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_cards import REAL, kit_of
from tests.gateway_kit import GatewayKit
from tests.gateway_pages import served


@pytest.fixture(scope="session", autouse=True)
def signals_mean_what_they_mean() -> None:
    """At night (nohup, cron, the `&` of a shell) these are ignored, and every program that is started inherits it."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[GatewayKit]:
    kit = kit_of(tmp_path, REAL)
    yield kit
    kit.store.close()


@pytest.fixture
def url(kit: GatewayKit) -> Iterator[str]:
    with served(kit) as address:
        yield address
