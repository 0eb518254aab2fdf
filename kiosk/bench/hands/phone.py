"""What a telephone before the screen sees of it, and what can be done with it: shared by both benches. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kiosk.bench.ports import BenchError

DOES = ("scan", "agree", "wrong", "refuse", "approve", "decline", "leave")
"""`scan` the code on the screen as somebody; `agree` with the digits of the screen, or `wrong` ones, or `refuse`;
`approve` the form that is shown, or `decline` it; `leave` the terminal."""
_DIGITS = re.compile(r"[0-9]{2} [0-9]{2}")


def url_of(words: Iterable[str]) -> str:
    """The URL of the code to sign in with. Raises `BenchError` (`no-code`) where the screen shows none."""
    found = next((text for text in words if text.startswith("https://") and "/app#" in text), "")
    if not found:
        raise BenchError("no-code", "The screen shows no code to sign in with.", "Press start.app first.", 409)
    return found


def digits_of(words: Iterable[str], *, wrong: bool = False) -> str:
    """The four digits on the screen, or four others."""
    found = next((text for text in words if _DIGITS.fullmatch(text)), "00 00").replace(" ", "")
    return f"{(int(found) + 1) % 10_000:04d}" if wrong else found


def known(what: str) -> str:
    """Return `what`. Raises `BenchError` (`no-such-tap`) for something that a telephone cannot do."""
    if what not in DOES:
        raise BenchError("no-such-tap", f"A telephone cannot {what}.", f"Known: {', '.join(DOES)}.", 404)
    return what


def idle() -> BenchError:
    """The telephone has nothing open."""
    return BenchError("phone-idle", "The telephone has scanned nothing yet.", "Let it scan the code first.", 409)
