"""What the product is built from: every licence is known and goes with ours, and the lists are what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import supply
from tests.supply import LOCK, LicenceUnknown, Part

FINE = frozenset(supply.table()["allowed"])


def test_every_locked_package_has_a_licence_that_goes_with_ours() -> None:
    assert supply.forbidden() == []
    assert {part.name for part in supply.python_parts(supply.DEV_LOCK)} >= {part.name for part in supply.python_parts()}


def test_every_locked_package_is_listed() -> None:
    pins = [
        line for line in Path(supply.ROOT / LOCK).read_text("utf-8").splitlines() if "==" in line and line[0] != " "
    ]
    assert len(supply.python_parts()) == len(pins) > 60
    assert all(part.version and part.hashes for part in supply.python_parts())


def test_what_was_read_by_a_person_is_still_needed() -> None:
    locked = {part.name for lock in (LOCK, supply.DEV_LOCK) for part in supply.python_parts(lock)}
    asked = {part.name for part in supply.debian_parts()}
    assert set(supply.table()["python"]) - locked == set()
    assert set(supply.table()["debian"]) - asked == set()


@pytest.mark.parametrize(
    ("licence", "fine"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-only", False),
        ("LicenseRef-Proprietary", False),
    ],
)
def test_of_alternatives_one_is_enough_of_what_comes_together_all(licence: str, fine: bool) -> None:
    assert supply.allowed(licence, FINE) is fine


def test_a_new_package_whose_licence_nobody_has_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**supply.table(), "python": {}}
    monkeypatch.setattr(supply, "table", lambda: table)
    with pytest.raises(LicenceUnknown, match=r"docutils.*sqlcipher3"):
        supply.python_parts()
    monkeypatch.setattr(supply, "table", lambda: {**table, "debian": {}})
    with pytest.raises(LicenceUnknown, match="espeak-ng"):
        supply.debian_parts()


def test_what_is_linked_must_go_with_ours_and_what_runs_by_itself_need_not(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [Part("one", "", "GPL-3.0-only", used="program"), Part("two", "", "GPL-3.0-only", used="linked")]
    monkeypatch.setattr(supply, "debian_parts", lambda: parts)
    monkeypatch.setattr(supply, "python_parts", lambda: [Part("three", "1", "AGPL-3.0-only")])
    assert [part.name for part in supply.forbidden()] == ["three", "two"]


def test_the_bill_of_materials_is_valid_whole_and_the_same_again() -> None:
    text = supply.sbom()  # validated against CycloneDX's schema as it is made
    made = json.loads(text)
    assert text == supply.sbom()
    assert made["bomFormat"] == "CycloneDX"
    assert made["metadata"]["component"]["name"] == "citizen-kiosk"
    names = {item["name"] for item in made["components"]}
    assert names == {part.name for part in (*supply.python_parts(), *supply.debian_parts())}
    cbor = next(item for item in made["components"] if item["name"] == "cbor2")
    assert cbor["purl"] == f"pkg:pypi/cbor2@{cbor['version']}"
    assert cbor["licenses"][0]["expression"] == "MIT"
    assert "serialNumber" not in made
    assert "timestamp" not in made["metadata"]


def test_both_lists_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["supply", "--out", str(tmp_path)])
    assert supply.main() == 0
    assert json.loads((tmp_path / "sbom.cdx.json").read_text("utf-8"))["components"]
    assert "| espeak-ng | of Debian 12 | GPL-3.0-or-later | Debian, program |" in (tmp_path / "licences.md").read_text()


@pytest.mark.parametrize(
    ("uv", "out", "err", "code", "said"),
    [
        (0, "", "", 0, "nothing is known against"),
        (1, "somelib 1.0: CVE-1", "", 1, "somelib 1.0: CVE-1"),
        (2, "", "error: failed\n  cause: dns error", 3, "NOTHING WAS CHECKED"),
        (-9, "", "", 3, "no reason given"),
    ],
)
def test_an_audit_says_whether_it_could_ask(
    capsys: pytest.CaptureFixture[str], uv: int, out: str, err: str, code: int, said: str
) -> None:
    assert supply.told(uv, out, err) == code
    told = capsys.readouterr()
    assert said in told.out + told.err
