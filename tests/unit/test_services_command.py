"""`kiosk services check`: what an operator hears of a definition before the gateway takes it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from kiosk.__main__ import app
from tests.repository import ROOT

SHIPPED = ROOT / "assets" / "services"


def check(*files: Path) -> Result:
    return CliRunner().invoke(app, ["services", "check", *map(str, files), "--json"])


def copied(name: str, folder: Path, identity: str) -> Path:
    """A shipped definition under another id: the first line that says `id`."""
    text = (SHIPPED / f"{name}.toml").read_text("utf-8").replace(f'id = "{name}"', f'id = "{identity}"', 1)
    file = folder / f"{identity}.toml"
    file.write_text(text, "utf-8")
    return file


def test_all_that_is_shipped_may_be_checked_by_name_with_its_shared_tables() -> None:
    files = sorted(SHIPPED.glob("*.toml"))
    services = [file for file in files if file.name not in {"codes.toml", "groups.toml"}]
    assert json.loads(check().stdout) == {"checked": len(services)}
    assert json.loads(check(*files).stdout) == {"checked": len(services)}


def test_a_service_of_one_s_own_with_its_own_codes(tmp_path: Path) -> None:
    noise = copied("contact", tmp_path, "noise")
    noise.write_text(noise.read_text("utf-8").replace('choices = "call-topic"', 'choices = "noise-kind"'), "utf-8")
    assert json.loads(check(noise).stdout)["problems"][0]["field"] == "topic"
    codes = tmp_path / "codes.toml"
    codes.write_text('[codes.noise-kind]\nsite = {zh-Hans = "工地", en = "Building site"}\n', "utf-8")
    assert json.loads(check(codes, noise).stdout) == {"checked": 1}


def test_a_service_that_may_not_ask_for_what_it_names_is_told_where_to_allow_it(tmp_path: Path) -> None:
    done = check(copied("marriage", tmp_path, "gossip"))
    (wrong,) = json.loads(done.stdout)["problems"]
    assert (done.exit_code, wrong["field"]) == (1, "marriage.record")
    assert wrong["reason"].endswith(
        'name gossip in `services` of subjects."marriage.record" in assets/city/catalogue.toml'
    )


def test_a_file_that_is_no_toml_is_named_and_the_others_are_checked(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("id =", "utf-8")
    done = check(broken, copied("contact", tmp_path, "noise"), copied("marriage", tmp_path, "gossip"))
    assert [Path(item["file"]).name for item in json.loads(done.stdout)["problems"]] == ["broken.toml", "gossip.toml"]
