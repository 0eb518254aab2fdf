"""Line breaking for Chinese and English, and shrinking to fit. Pure; how wide a text is, is asked of `Measure`.

Kivy knows no Chinese line-breaking rules: it starts lines with 。 and splits English words. Rules kept here: no closing
mark at the start of a line, no opening mark at its end (GB/T 15834-2011, 5.1), Latin words and numbers stay whole, and
the stars of a shortened name (陈*娴) stay with their neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from kiosk.frozen import frozen

Measure = Callable[[str, int, bool], float]
"""(text, size in pixels, bold) -> width in pixels."""

NO_START = frozenset("，。、；：！？）》」』】〕”’％…—·•,.;:!?)]}%*")
NO_END = frozenset("（《「『【〔“‘([{￥$*")
COUNTERS = frozenset("元年月日号个人分秒小时天次样页步位张份条项家岁周米公")
"""What follows a number at a distance and stays with it: 5 月, 86,320.50 元."""
MONTHS = frozenset(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
_ALONE = frozenset("“”‘’…—·")
_PAUSES = frozenset("，。、；：！？,.;:!? ")


CLOSING = frozenset("，。、”’）》」』】")
"""Full-width marks whose right half is blank."""
OPENING = frozenset("“‘（《「『【")
"""Full-width marks whose left half is blank."""
SQUEEZE_EM = 0.5
ORPHAN_EM = 2.6
"""A last line shorter than this is left alone at the end of a text: two characters, or a character and its stop."""
LONE_WORD_EM = 3.2
"""The same for a line of one Latin word, which is wider: `same.`"""
NARROWER_EM = 4
"""How much narrower, in characters, the lines before it may become to keep it company."""


def squeezed(text: str) -> list[str]:
    """`text` in pieces; each piece after the first is drawn half an em nearer, because two marks meet there.

    Two full-width marks beside each other share their blank halves: “。 after ” (CLREQ 3.1.6.1).
    """
    pieces, start = list[str](), 0
    for i, (one, other) in enumerate(pairwise(text), start=1):
        if (one in CLOSING and other in CLOSING | OPENING) or (one in OPENING and other in OPENING):
            pieces.append(text[start:i])
            start = i
    return [*pieces, text[start:]]


@frozen
class Fitted:
    """Text broken into lines at one size. `fits` False: it is too large at the smallest size as well."""

    lines: tuple[str, ...]
    size: int
    fits: bool
    width: float
    """The widest line, in pixels."""


@frozen
class Overflow:
    """A text that did not fit where it was drawn. A test asserts that no screen makes one."""

    place: str
    size: int
    length: int
    """Number of characters; not the text itself, which may be a citizen's."""


def _kind(letter: str) -> int:
    """0 stands alone (ideographs, full-width marks), 1 space, 2 part of a word."""
    if "\u2e80" <= letter <= "\u9fff" or "\uf900" <= letter <= "\uff60" or letter > "\U0001ffff" or letter in _ALONE:
        return 0
    return 1 if letter.isspace() else 2


def _tokens(text: str) -> list[str]:
    """Single ideographs and marks, runs of spaces, Latin words and numbers."""
    out: list[str] = []
    before = 0
    for letter in text:
        kind = _kind(letter)
        if kind and kind == before:
            out[-1] += letter
        else:
            out.append(letter)
        before = kind
    return out


def units(text: str) -> list[str]:
    """The pieces between which a line may be broken; joined they give `text` again."""
    out: list[str] = []
    for token in _tokens(text):
        if len(out) > 1 and token[0] in NO_START and out[-1].isspace():  # the dot of `this · that` stays with `this`
            space = out.pop()
            out[-1] += space + token
        elif out and not token.isspace() and (token[0] in NO_START or out[-1][-1] in NO_END) and not out[-1].isspace():
            out[-1] += token
        elif len(out) > 1 and out[-1] == " " and _counted(out[-2], token):
            out[-2:] = [out[-2] + " " + token]
        elif out and token in COUNTERS and out[-1][-1].isdecimal():
            out[-1] += token
        else:
            out.append(token)
    return out


def _counted(number: str, word: str) -> bool:
    """Whether a number and the word after it stay on one line: an amount and its unit, a day and its month.

    So do the number of a step and its name (3. Drawings), the two of a share (18 / 45), and 第 1 页.
    """
    if re.fullmatch(r"[0-9]{1,2}[.]|.*[0-9] /", number):
        return True
    if not number[-1].isdecimal():
        return number == "第" and word.isdecimal()
    return word in COUNTERS or word == "/" or (word[:3].lower() in MONTHS and len(number) <= 2)


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Break `text` into lines of at most `width`; a newline always breaks. A single unit may still be wider."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        whole = paragraph.rstrip()
        if measure(whole) <= width:
            lines.append(whole)
            continue
        current = ""
        for unit in units(paragraph):
            if current and measure((current + unit).rstrip()) > width:
                lines.append(current.rstrip())
                current = unit.lstrip()
            else:
                current += unit
        lines.append(current.rstrip())
    return lines


def balance(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Like `wrap`, in no more lines, but lines of a heading end at a pause where they can and are alike in length."""
    plain = wrap(text, width, measure)
    if len(plain) == 1 or "\n" in text:
        return plain
    at_pause = _at_pauses(text, width, measure, len(plain))
    if at_pause:
        return at_pause
    narrow, wide = width / len(plain), width
    best = plain
    while wide - narrow > 4:
        middle = (narrow + wide) / 2
        lines = wrap(text, middle, measure)
        if len(lines) == len(plain) and all(measure(line) <= middle for line in lines):
            best, wide = lines, middle
        else:
            narrow = middle
    return best


def _without_orphan(text: str, width: float, measure: Callable[[str], float], size: int) -> list[str]:
    """Like `wrap`, in no more lines, but the last one is not a lonely character or a very short word (孤字不成行)."""
    lines = wrap(text, width, measure)
    if len(lines) == 1 or "\n" in text or not _orphan(lines[-1], measure, size):
        return lines
    for step in range(1, NARROWER_EM + 1):
        other = wrap(text, width - step * size, measure)
        if len(other) > len(lines):
            break
        if not _orphan(other[-1], measure, size):
            return other
    return lines


def _orphan(last: str, measure: Callable[[str], float], size: int) -> bool:
    word = last.isascii() and " " not in last
    return measure(last) < (LONE_WORD_EM if word else ORPHAN_EM) * size


def _at_pauses(text: str, width: float, measure: Callable[[str], float], count: int) -> list[str]:
    """Two lines parted at the Chinese comma or stop nearest to the middle, or nothing."""
    if count != 2:
        return []
    pieces = units(text)
    cuts = ["".join(pieces[:i]) for i in range(1, len(pieces)) if pieces[i - 1][-1] in _PAUSES - {" "}]
    fitting = [
        (head, text[len(head) :].strip())
        for head in cuts
        if measure(head.rstrip()) <= width and measure(text[len(head) :].strip()) <= width and len(text) - len(head) > 1
    ]
    if not fitting:
        return []
    head, tail = min(fitting, key=lambda pair: abs(measure(pair[0]) - measure(pair[1])))
    return [head.rstrip(), tail]


def fit(
    text: str,
    width: float,
    sizes: Sequence[int],
    measure: Callable[[str, int], float],
    *,
    lines_allowed: Callable[[int], int],
    heading: bool = False,
) -> Fitted:
    """Break `text` at the largest of `sizes` (largest first) at which it fits.

    Args:
        lines_allowed: size -> how many lines of that size there is room for.
        heading: balance the lines.
    """
    last = Fitted((), sizes[-1], fits=False, width=0)
    for size in sizes:

        def at(part: str, size: int = size) -> float:
            return measure(part, size)

        lines = balance(text, width, at) if heading else _without_orphan(text, width, at, size)
        widest = max(map(at, lines))
        last = Fitted(tuple(lines), size, widest <= width and len(lines) <= lines_allowed(size), widest)
        if last.fits:
            return last
    return last
