"""The generated reference says what the code does; a page that drifted is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.cli.pages import diagram, reference
from kiosk.session.state import State
from kiosk.session.table import TABLE
from kiosk.settings import Settings
from tests.repository import ROOT


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return reference.pages(typer.main.get_command(app))


def test_the_reference_has_not_drifted_from_the_code(made: dict[str, str]) -> None:
    assert reference.drifted(made, ROOT / "docs" / "reference") == [], "run `make docs`"


def test_every_state_and_every_row_of_the_table_is_on_the_session_page(made: dict[str, str]) -> None:
    page = made["session.md"]
    for state in State:
        section = page.split(f"\n## `{state}`\n")[1].split("\n## ")[0]
        assert all(f"`{event.__name__}`" in page for event in TABLE[state])
        assert section.count("\n| `") >= 1


def test_every_state_but_the_first_is_led_to_by_some_event() -> None:
    reached = {target for state in State for handler in TABLE[state].values() for target in diagram.leads_to(handler)}
    assert {str(state) for state in State} <= reached


def test_every_setting_is_on_its_page(made: dict[str, str]) -> None:
    assert all(f"| `{name}` |" in made["settings.md"] for name in Settings.__dataclass_fields__)


@pytest.mark.parametrize("name", ["card.schema.json", "receipt.schema.json"])
def test_the_published_schemas_are_schemas(made: dict[str, str], name: str) -> None:
    Draft202012Validator.check_schema(json.loads(made[name]))


@pytest.mark.parametrize("command", ["bench", "card read", "print receipt", "outbox append", "gateway serve", "enrol"])
def test_the_commands_that_scripts_rely_on_are_on_their_page(made: dict[str, str], command: str) -> None:
    assert f"\n## `kiosk {command}`\n" in made["command.md"]


def test_a_changed_a_missing_and_a_forgotten_page_are_named(made: dict[str, str], tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["docs", "--out", str(tmp_path)]).exit_code == 0
    assert reference.drifted(made, tmp_path) == []
    (tmp_path / "settings.md").write_text("old")
    (tmp_path / "session.md").unlink()
    (tmp_path / "gone.md").write_text("nobody writes this")
    assert reference.drifted(made, tmp_path) == ["gone.md", "session.md", "settings.md"]
    refused = runner.invoke(app, ["docs", "--check", "--out", str(tmp_path)])
    assert refused.exit_code == 1
    assert "settings.md" in refused.output
    assert "reference-stale" in refused.output
