"""Chinese as pinyin: the only importer of pypinyin, whose tables are read when they are first needed.

pypinyin keeps its table of phrases as lists in lists, 43 MB, and a second set of all their beginnings. Here a phrase is
one text with its reading beside it, 11 MB, and the words of a text are found as pypinyin finds them: from the left, the
longest phrase first. Nothing of a text is kept.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

_LETTERS = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"[{_LETTERS}]+|[^{_LETTERS}]+")
_CHINESE = re.compile(f"[{_LETTERS}]")
_NO_PHRASES = "PYPINYIN_NO_PHRASES"
"""pypinyin asks the environment for it while it is imported (its documentation, "environment variables")."""
_BETWEEN = "/"
"""Between the readings of one character in a phrase."""
_ENTRY = re.compile(r'"([^"]+)":\s*\[\s*\[\s*"([^:]*)"\s*\]\s*\]')
_BETWEEN_SYLLABLES = re.compile(r'"\s*\]\s*,\s*\[\s*"')
_BETWEEN_READINGS = re.compile(r'"\s*,\s*"')


@cache
def _pypinyin() -> Any:
    before = os.environ.get(_NO_PHRASES)
    os.environ[_NO_PHRASES] = "1"
    try:
        import pypinyin
    finally:
        if before is None:
            os.environ.pop(_NO_PHRASES, None)
        else:
            os.environ[_NO_PHRASES] = before
    return pypinyin


@cache
def _phrases() -> tuple[dict[str, str], int]:
    """Phrase -> its syllables with tone marks, and the length of the longest phrase.

    Entry by entry: reading the file as JSON would make all its lists first, and leave holes where they were.
    """
    text = Path(_pypinyin().__file__).with_name("phrases_dict.json").read_text("utf-8")
    table: dict[str, str] = {}
    for entry in _ENTRY.finditer(text):
        table[entry[1]] = _BETWEEN_READINGS.sub(_BETWEEN, _BETWEEN_SYLLABLES.sub(" ", entry[2]))
    return table, max(map(len, table))


def _pieces(text: str) -> list[str]:
    """A text as its phrases, single characters, and runs of what is no Chinese."""
    table, longest = _phrases()
    found: list[str] = []
    for run in _RUNS.findall(text):
        if not _CHINESE.match(run):
            found.append(run)
            continue
        at = 0
        while at < len(run):
            length = next((n for n in range(min(longest, len(run) - at), 1, -1) if run[at : at + n] in table), 1)
            found.append(run[at : at + length])
            at += length
    return found


def readings_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the readings of every character, lower case without tones; what is no Chinese spells itself, whole.

    In a phrase a character has the phrase's reading, else every one. The first call takes 60 ms.
    """
    known, (table, _) = _pypinyin(), _phrases()
    from pypinyin.contrib.tone_convert import to_normal

    made: list[tuple[str, ...]] = []
    for piece in _pieces(text):
        if piece in table:
            every = [list(map(to_normal, one.split(_BETWEEN))) for one in table[piece].split(" ")]
        else:
            every = known.pinyin(piece, style=known.Style.NORMAL, heteronym=True)
        made += [tuple(dict.fromkeys(one.lower() for one in found)) for found in every]
    return tuple(made)


def syllables(text: str) -> list[str]:
    """Return the syllables as they are said in their phrases, with tone numbers (5: neutral); the rest as it stands."""
    known, (table, _) = _pypinyin(), _phrases()
    from pypinyin.contrib.tone_convert import to_tone3

    made: list[str] = []
    for piece in _pieces(text):
        if piece in table:
            first = [one.split(_BETWEEN)[0] for one in table[piece].split(" ")]
            made += [to_tone3(one, neutral_tone_with_five=True) for one in first]
        else:
            made += known.lazy_pinyin(piece, style=known.Style.TONE3, neutral_tone_with_five=True)
    return made
