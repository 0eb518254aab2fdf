"""The log holds what somebody has thought about, and nothing of a holder."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from kiosk.log import Log, LogEventInvalid, event_catalogue
from tests import repository
from tests.repository import name

CATALOGUE = event_catalogue()


def calls() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every log event that the product writes with its own words: where, which, with which fields."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for path in repository.shipped():
        for node in ast.walk(repository.tree(path)):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = ast.unparse(node.func)
            if called != "Note" and not called.endswith("log.write"):
                continue
            fields = [key.value for part in node.args[1:] if isinstance(part, ast.Dict)
                      for key in part.keys if isinstance(key, ast.Constant)]  # fmt: skip
            found.append((f"{name(path)}:{node.lineno}", str(node.args[0].value), tuple(map(str, fields))))
    return found


def test_every_event_the_product_writes_is_in_the_catalogue_with_its_fields() -> None:
    assert len(calls()) > 20, "the search has lost its object"
    for where, event, fields in calls():
        assert event in CATALOGUE, where
        assert set(fields) <= set(CATALOGUE[event]["fields"]), where  # pyright: ignore


def test_every_event_and_field_of_the_catalogue_is_written_somewhere() -> None:
    words: set[str] = set()
    for path in repository.shipped():
        words |= {str(node.value) for node in ast.walk(repository.tree(path)) if isinstance(node, ast.Constant)}
    assert CATALOGUE.keys() - words == set()
    assert {str(field) for entry in CATALOGUE.values() for field in entry["fields"]} - words == set()  # pyright: ignore
    used: dict[str, set[str]] = {}
    for _, event, fields in calls():
        used.setdefault(event, set()).update(fields)
    unused = {event: left for event, known in used.items() if (left := set(CATALOGUE[event]["fields"]) - known)}  # pyright: ignore
    assert unused == {}


def test_no_event_has_a_field_for_a_holder() -> None:
    fields = {field for entry in CATALOGUE.values() for field in entry["fields"]}  # pyright: ignore
    assert not fields & {"name", "holder", "id_number", "number", "pin", "phone", "address", "card_number", "text"}
    assert all(
        entry["what"] and entry["level"] in {"debug", "info", "warning", "error"} for entry in CATALOGUE.values()
    )


def test_an_event_is_one_line_with_its_time_and_level(tmp_path: Path) -> None:
    log = Log(tmp_path / "kiosk.jsonl", lambda: 1_779_070_000_000)
    log.write("printer.job", {"state": "done", "bytes": 1200, "reason": ""})
    log.write("terminal.stopped")
    log.close()
    log.write("terminal.stopped")
    lines = [json.loads(line) for line in (tmp_path / "kiosk.jsonl").read_text("utf-8").splitlines()]
    assert lines[0] == {"time_ms": 1_779_070_000_000, "event": "printer.job", "level": "info", "state": "done",
                        "bytes": 1200, "reason": ""}  # fmt: skip
    assert len(lines) == 2
    assert len(log.recent) == 3, "after the file was closed, events are kept for the bench only"
    log.close()


@pytest.mark.parametrize(
    ("event", "fields", "said"),
    [
        ("holder.greeted", {}, "no such log event"),
        ("session.started", {"name": "x"}, "no field name"),
        ("session.started", {"by": "陈晓娴"}, "by is not a plain word"),
        ("session.started", {"by": "two words"}, "by is not a plain word"),
        ("session.started", {"by": "440199199003070021"}, "by is not a plain word"),
        ("session.started", {"by": "a" * 65}, "by is not a plain word"),
        ("session.started", {"by": ["x"]}, "by is a list"),
        ("session.started", {"by": b"x"}, "by is a bytes"),
    ],
)
def test_what_nobody_has_thought_about_is_refused(event: str, fields: dict[str, object], said: str) -> None:
    log = Log(None, lambda: 0)
    with pytest.raises(LogEventInvalid, match=said):
        log.write(event, fields)
    assert log.recent == []


def test_a_full_file_is_turned_over_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.jsonl"
    log = Log(path, lambda: 0, keep_bytes=150)
    for number in range(7):
        log.write("session.ended", {"session": number})
    log.close()
    kept = path.with_suffix(".1").read_text("utf-8").splitlines() + path.read_text("utf-8").splitlines()
    assert [json.loads(line)["session"] for line in kept] == list(range(7))[-len(kept) :]
    assert path.with_suffix(".1").stat().st_size >= 150


def test_a_file_that_is_there_is_continued(tmp_path: Path) -> None:
    for _ in range(2):
        log = Log(tmp_path / "kiosk.jsonl", lambda: 0)
        log.write("terminal.stopped")
        log.close()
    assert len((tmp_path / "kiosk.jsonl").read_text("utf-8").splitlines()) == 2


def test_the_bench_sees_the_last_two_hundred() -> None:
    log = Log(None, lambda: 0)
    for number in range(201):
        log.write("session.ended", {"session": number})
    assert [line["session"] for line in log.recent] == list(range(1, 201))
