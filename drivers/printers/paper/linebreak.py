"""Text -> lines of columns, by the rules of Chinese and English typesetting. Pure.

A column is half the width of a Chinese character (12 dots). The width of a character is the number of bytes it takes
in GBK, because that is how many columns the printer's own font gives it; a character outside GBK is printed as raster
and gets the width Unicode gives it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Characters that may not begin a line, and those that may not end one.
# Source: W3C "Requirements for Chinese Text Layout", 3.1.
_NO_START = frozenset("。，、；：？！」』）】》〉〕”’…—～·％℃°.,;:?!)]}%")
_NO_END = frozenset("「『（【《〈〔“‘￥$([{")
_NO_WORD = _NO_START - frozenset(".,:%")
"""Signs that part words; those four stand inside numbers and addresses."""
_AFTER_NO_SPACE = re.compile(f" +(?=[{re.escape(''.join(c for c in sorted(_NO_START) if not c.isascii()))}])")
"""A space before such a sign would let it begin a line."""


@lru_cache(maxsize=8192)
def char_columns(char: str) -> int:
    """Columns of one character: 0 for combining marks, else 1 or 2."""
    encoded = gbk(char)
    if encoded is not None:
        return len(encoded)
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def gbk(text: str) -> bytes | None:
    """`text` in GBK, or None where the printer's font lacks a character. Never a 4-byte code."""
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return None


def columns(text: str) -> int:
    return sum(map(char_columns, text))


def tidy(text: str) -> str:
    """Characters that have a better form on paper: ¥ (outside GBK), English apostrophes, odd spaces."""
    text = text.replace("¥", "￥").replace("\r\n", "\n")
    text = "".join(" " if c != "\n" and (c == "\t" or unicodedata.category(c) == "Zs") else c for c in text)
    return "".join("'" if c == "’" and i and text[i - 1].isascii() else c for i, c in enumerate(text))


def break_lines(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` columns; at least one line, newlines always break.

    English words stay whole where they fit on a line, and no line starts or ends with a character that may not; a space
    before a Chinese closing sign goes.
    """
    if width < 4:
        raise ValueError("a line needs four columns")
    return [line for part in text.split("\n") for line in _break_paragraph(part, width)]


def _break_paragraph(text: str, width: int) -> Iterator[str]:
    line, used, space = "", 0, False
    for piece in _clusters(_AFTER_NO_SPACE.sub("", text)):
        if piece == " ":
            space = bool(line)
            continue
        need = columns(piece)
        gap = 1 if space else 0
        if used + gap + need <= width:
            line, used = line + " " * gap + piece, used + gap + need
        elif need <= width:
            yield line
            line, used = piece, need
        else:
            start = line + " " * gap if line and used + gap + 2 <= width else ""
            if line and not start:
                yield line
            *full, line = _split_hard(start + piece, width)
            yield from full
            used = columns(line)
        space = False
    yield line


def _clusters(text: str) -> Iterator[str]:
    """Single spaces, and the smallest pieces that a line break may part."""
    cluster = ""
    for char in text:
        if char == " ":
            if cluster:
                yield cluster
            cluster = ""
            yield " "
        elif not cluster or _sticks(cluster[-1], char):
            cluster += char
        else:
            yield cluster
            cluster = char
    if cluster:
        yield cluster


def _sticks(before: str, char: str) -> bool:
    if char in _NO_START or before in _NO_END or char_columns(char) == 0:
        return True
    return _in_word(before) and _in_word(char)


@lru_cache(maxsize=8192)
def _in_word(char: str) -> bool:
    """Whether a character belongs to a word that is not parted: Latin, digits and signs, but no Chinese."""
    latin = char_columns(char) < 2 or (char.isalpha() and ord(char) < 0x250)
    return latin and char not in _NO_WORD


def _split_hard(cluster: str, width: int) -> list[str]:
    parts, used = [""], 0
    for char in cluster:
        need = char_columns(char)
        if used + need > width:
            parts.append("")
            used = 0
        parts[-1] += char
        used += need
    return parts
