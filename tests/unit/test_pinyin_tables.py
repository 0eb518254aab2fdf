"""Chinese as pinyin: what pypinyin itself would say, out of smaller tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pypinyin
import pytest

from kiosk.words.pinyin import readings_of, syllables
from tests.repository import ROOT

ITSELF = """
import json, sys
from pypinyin import Style, lazy_pinyin, pinyin
texts = json.load(sys.stdin)
said = [lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True) for text in texts]
read = [[list(dict.fromkeys(one.lower() for one in each)) for each in pinyin(text, style=Style.NORMAL, heteronym=True)]
        for text in texts]
json.dump([said, read], sys.stdout)
"""
"""pypinyin with all its tables, in a process of its own: here it was imported without the phrases."""


def texts() -> list[str]:
    files = [*(ROOT / "assets" / "services").glob("*.toml"), *(ROOT / "assets" / "city").glob("*.toml")]
    found = {
        text for file in files for text in re.findall(r'"([^"\n]*[\u4e00-\u9fff][^"\n]*)"', file.read_text("utf-8"))
    }
    return sorted(found)


def test_every_text_of_every_service_is_read_and_said_as_the_library_does_it() -> None:
    given = texts()
    assert len(given) > 500
    done = subprocess.run(
        [sys.executable, "-c", ITSELF], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    said, read = json.loads(done.stdout)
    assert [syllables(text) for text in given] == said
    assert [[list(each) for each in readings_of(text)] for text in given] == read


def test_no_phrase_of_the_library_is_lost() -> None:
    from kiosk.words.pinyin import _phrases  # pyright: ignore[reportPrivateUsage]

    whole = json.loads((Path(pypinyin.__file__).with_name("phrases_dict.json")).read_text("utf-8"))
    table, longest = _phrases()
    assert table == {phrase: " ".join(map("/".join, read)) for phrase, read in whole.items()}
    assert longest == max(map(len, whole))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("银行", ["yin2", "hang2"]),
        ("行人", ["xing2", "ren2"]),
        ("办ID卡", ["ban4", "ID", "ka3"]),
        ("", []),
        ("我的", ["wo3", "de5"]),
    ],
)
def test_a_character_is_said_as_its_phrase_wants_it(text: str, said: list[str]) -> None:
    assert syllables(text) == said


def test_a_character_alone_has_all_its_readings_and_in_a_phrase_that_of_the_phrase() -> None:
    assert {"hang", "xing"} <= set(readings_of("行")[0])
    assert readings_of("银行") == (("yin",), ("hang",))
    assert readings_of("Wi-Fi 行")[0] == ("wi-fi ",)
