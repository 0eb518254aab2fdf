"""The small fonts have what the first screen shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.ui.build_fonts import CODECS, DEFAULT_TARGET, codes, fonts_folder, is_common
from kiosk.words.languages import language, languages
from tests.repository import ROOT


@pytest.mark.parametrize("face", CODECS)
@pytest.mark.parametrize("code", languages())
def test_the_own_name_of_each_language_needs_no_large_font(face: str, code: str) -> None:
    name = language(code).name
    assert is_common(name, face)
    assert {ord(letter) for letter in name} <= set(codes(face, common=True))


def test_a_rare_name_needs_the_large_font() -> None:
    assert not is_common("𠮷野", "SC")
    assert is_common("直骨令角 Aa ·12", "SC")
    assert 0x20BB7 in codes("SC", common=False)


def test_a_checkout_has_its_fonts_whatever_folder_the_command_is_given_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    monkeypatch.chdir(tmp_path)
    assert fonts_folder() == ROOT / DEFAULT_TARGET
    (tmp_path / DEFAULT_TARGET).mkdir(parents=True)
    assert fonts_folder() == DEFAULT_TARGET, "those that stand here go first"
    installed = tmp_path / "environment" / "share" / "kiosk" / "fonts"
    installed.mkdir(parents=True)
    assert fonts_folder() == installed
