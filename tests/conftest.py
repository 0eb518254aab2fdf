"""The long tests begin first, the longest of them first: at night no worker waits alone for one that began last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (item.get_closest_marker("nightly") is None, -_longest_s(item)))


def _longest_s(item: pytest.Item) -> float:
    """What a test may take, where it says so: the nearest to a length that is known before it ran."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None and item.get_closest_marker("nightly") is not None else 0.0
