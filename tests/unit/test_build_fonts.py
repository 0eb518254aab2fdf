"""The small fonts have what the first screen shows."""

from __future__ import annotations

import pytest

from kiosk.ui.build_fonts import CODECS, codes, is_common
from kiosk.words.languages import language, languages


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
