"""What the fleet's pages cost, and the words of what they tell. How they look is `tests/system/test_fleet_page.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offline_cache.wire.fleet.heartbeat import FACTS, GAUGES
from provisioning.gateway.fleet.pages import gauges
from provisioning.gateway.storage.sqlite import SqliteDatabase
from tests.fleet_kit import city
from tests.gateway_kit import GatewayKit
from tests.unit.test_joining import Phone


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that is put to the database meanwhile."""
    put: list[str] = []
    reading = SqliteDatabase.reading

    @contextmanager
    def watched(database: SqliteDatabase) -> Iterator[object]:
        with reading(database) as inside:
            rows = inside.rows
            monkeypatch.setattr(inside, "rows", lambda sql, *given: put.append(sql) or rows(sql, *given), raising=False)
            yield inside

    with monkeypatch.context() as patched:
        patched.setattr(SqliteDatabase, "reading", watched)
        yield put


def statements(folder: Path, count: int, path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many statements a page of a city of `count` terminals needs."""
    kit = GatewayKit(folder / str(count))
    try:
        city(kit, count)
        phone = Phone(kit)
        phone.log_in()
        with counted(monkeypatch) as put:
            status, page = phone.get(path)
        assert status == 200
        assert "T0007" in page
        return len(put)
    finally:
        kit.store.close()


@pytest.mark.parametrize("path", ["/fleet?show=all", "/fleet?lang=en&show=all", "/fleet.csv?show=all"])
def test_ten_times_the_terminals_need_not_one_statement_more(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = statements(tmp_path, 20, path, monkeypatch)
    assert 0 < few <= 12
    assert statements(tmp_path, 200, path, monkeypatch) == few


def test_every_gauge_and_fact_has_words_and_none_has_them_in_vain() -> None:
    assert set(gauges.LABELS) == set(GAUGES)
    assert set(gauges.FACT_LABELS) == set(FACTS)
    assert gauges.label("brand_new", "zh") == "brand_new"


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("roll_left_mm", 65_241, "65 米", "65 m"), ("outbox_bytes", 90_000, "87 KB", "87 KB"),
        ("paper_level", 1, "快没了", "nearly out"), ("reader_up", 0, "否", "no"),
        ("uptime_s", 90_000, "1 天", "1 d"), ("certificate_days", -3, "-3 天", "-3 days"),
        ("card_reads_total", 1200, "1,200", "1,200"), ("clock_offset_ms", -12, "-12 毫秒", "-12 ms"),
    ],
)  # fmt: skip
def test_a_gauge_is_told_with_its_unit(name: str, value: int, zh: str, en: str) -> None:
    assert (gauges.shown(name, value, "zh"), gauges.shown(name, value, "en")) == (zh, en)
