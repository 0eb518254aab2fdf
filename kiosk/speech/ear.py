"""Texts as they are said: what an eye takes in at a glance (marks, stars, long numbers) is put into words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kiosk.words.i18n import Say

_SILENT = re.compile("[“”「」『』《》\\[\\]<>›→•]")
_PAUSE = re.compile(r"\s*[·|…—]+\s*")
_SOME = re.compile(r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff])([A-Za-z]?)\*++(?:-[A-Za-z]?\*++)*(?![0-9@])")
"""What a name or an address leaves out: 王*明, 榕荫路**号**房, B**房, **-**号."""
_HIDDEN = re.compile(r"([A-Za-z0-9@.+-]*)\*[A-Za-z0-9*@+-]*(?:\.[A-Za-z0-9*]+)*")
_STRAY = re.compile(r"(?<=[：:，,、]) ?[，,](?= ?\S)|^[，, ]+")
_LOOSE = re.compile(r" ([，、。])")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]*\d)[A-Za-z]*\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_AMOUNT = re.compile(r"¥\s*(\d[\d,]*(?:\.\d+)?)")
_SPAN = re.compile(r"(?<=\d)\s*–\s*(?=\d)")
_OF = re.compile(r"(\d+) / (\d+)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""A mark between thousands: with it a number is a quantity however long, and the voice says it whole."""
LONGEST_NUMBER = 4
"""A run of digits longer than this is no quantity but a number to be told digit by digit."""
CENTS = 2
"""So many digits stand behind a point; more than these that begin with 0 are no quantity."""


def heard(text: str, tell: Say) -> str:
    """Return a text of a screen as the voice is to say it."""
    text = _DATE.sub(lambda m: tell("{y} 年 {m} 月 {d} 日", y=m[1], m=int(m[2]), d=int(m[3])), text)
    text = _SPAN.sub(tell("到"), text)
    text = _OF.sub(lambda m: tell("{n}，一共 {m}", n=m[1], m=m[2]), text)
    text = _CLOCK.sub(lambda m: _clock(int(m[1]), int(m[2]), tell), text)
    text = _AMOUNT.sub(lambda m: tell("{n} 元", n=m[1]), text)
    text = _SOME.sub(r"\1某", text)
    text = _HIDDEN.sub(lambda m: _hidden(m[0], tell), text)
    text = _CODE.sub(lambda m: _code(m[0]), text)
    text = _THOUSANDS.sub("", text)
    text = _PAUSE.sub(tell("，"), _SILENT.sub("", text))
    return _STRAY.sub("", _LOOSE.sub(r"\1", " ".join(text.split()))).strip()


def _clock(hour: int, minute: int, tell: Say) -> str:
    if minute == 0:
        return tell("{h} 点整", h=hour)
    return tell("{h} 点 {m} 分" if minute > 9 else "{h} 点零 {m} 分", h=hour, m=minute)


def _hidden(text: str, tell: Say) -> str:
    """A masked number: its last digits; anything else masked: that it is not said."""
    tail = text.rpartition("*")[2]
    return tell("尾号 {n}", n=" ".join(tail)) if tail.isdigit() else tell("，") + tell("没有读出来")


def _code(text: str) -> str:
    """A case number, a hotline, a date without marks, the last digits of an account: character by character.

    A quantity stays.
    """
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    if "-" not in text and not letters and digits <= LONGEST_NUMBER and not (text[0] == "0" and digits > CENTS):
        return text
    return ", ".join(" ".join(part) for part in text.split("-"))


class Phrasebook:
    """Sentences that are said in other words than they are written: written Chinese as Cantonese is spoken.

    A sentence may have blanks (`{n}`): they match anything and are said as they stand.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take written and spoken sentences with the same blanks."""
        self._whole: dict[str, str] = {}
        self._blanks: list[tuple[re.Pattern[str], str]] = []
        for written, spoken in pairs:
            if "{" not in written:
                self._whole[_bare(written)] = spoken
                continue
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(_bare(written)))
            self._blanks.append((re.compile(pattern), spoken))

    def said(self, text: str) -> str:
        """Return how a text is said: sentence by sentence, those that are not in the book as they are written."""
        parts = re.split(r"(?<=[。！？；])", text)
        return "".join(self._sentence(part) for part in parts if part)

    def _sentence(self, text: str) -> str:
        bare = _bare(text)
        end = text[len(text.rstrip("。！？；")) :]
        if bare in self._whole:
            return self._whole[bare].rstrip("。！？；") + end
        for pattern, spoken in self._blanks:
            found = pattern.fullmatch(bare)
            if found is not None:
                blanks: Mapping[str, str] = found.groupdict()
                return spoken.rstrip("。！？；").format(**blanks) + end
        head, colon, rest = text.partition("：")
        return head + colon + self._sentence(rest) if rest else text


def _bare(text: str) -> str:
    return text.strip().rstrip("。！？；")
