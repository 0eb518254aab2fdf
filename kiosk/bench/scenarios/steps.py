"""The steps of the scenario format, and what may stand behind each: what is wrong is told in one sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from kiosk.bench.hands.phone import DOES
from offline_cache.wire.verdict import CODE

BARE = frozenset({
    "come-in", "sign-in", "phone-in", "fill-in", "submit", "leave", "pull", "insert", "pin", "take-receipt",
})  # fmt: skip
"""Steps that may stand without an argument."""
STEPS = BARE | {
    "touch", "type", "draw", "key", "headphones", "open", "answer", "receipt", "rate", "wait", "fault", "mend",
    "network", "see", "printed", "entries", "pending", "logged", "spoken", "phone", "badge", "technician",
    "rejected", "identity",
}  # fmt: skip
Kinds = tuple[type, ...]
_TEXT: Kinds = (str,)
_TEXTS: Kinds = (str, list)
_WHOLE: Kinds = (int,)
_NUMBER: Kinds = (int, float)
_FLAG: Kinds = (bool,)
_MAPS: Mapping[str, Mapping[str, Kinds]] = {
    "see": {
        "screen": _TEXTS, "within": _NUMBER, "says": _TEXTS, "says-not": _TEXTS, "has": _TEXTS, "has-not": _TEXTS,
        "enabled": _TEXTS, "disabled": _TEXTS, "failure": (str, type(None)), "language": _TEXT,
    },
    "printed": {"count": _WHOLE, "state": _TEXT, "says": _TEXTS, "says-not": _TEXTS, "copy": _FLAG},
    "entries": {"count": _WHOLE, "kind": _TEXT, "last": (dict,), "within": _NUMBER},
    "fault": {"device": _TEXT, "fault": _TEXT, "after": _WHOLE},
    "network": {"up": _FLAG, "latency_ms": _WHOLE, "loss": _NUMBER},
    "phone": {"do": _TEXT, "persona": _TEXT, "sees": _TEXT},
}  # fmt: skip
"""Steps that take a map: its words, and what stands behind each."""
_SHORT: Mapping[str, tuple[str, ...]] = {"network": ("up", "down"), "phone": DOES}
"""Steps that take a map, or one of these words in its place."""
_ONE: Mapping[str, Kinds] = {
    "touch": _TEXTS, "key": _TEXTS, "type": _TEXT, "open": _TEXT, "receipt": _TEXT, "rate": _WHOLE, "wait": _NUMBER,
    "mend": _TEXT, "pending": _WHOLE, "logged": _TEXTS, "spoken": _TEXTS, "answer": (dict,),
    "insert": (str, dict, type(None)), "pin": (str, type(None)), "draw": (list,), "headphones": _TEXT,
    "badge": _TEXT, "technician": _TEXT, "rejected": _TEXT, "identity": _TEXT,
}  # fmt: skip
_WRITTEN = {
    "pin": (re.compile(r"right|wrong|[0-9]{4,12}"), "a pin is right, wrong, or its digits in quotes"),
    "headphones": (re.compile(r"in|out"), "headphones are in or out"),
    "badge": (re.compile(r"in|out"), "the technician's card is in or out"),
    "technician": (
        re.compile(r"code|wrong-code|same-code|paper-code|joins|stick-(in|out|carried)|revoked"),
        "a technician: code, wrong-code, same-code, paper-code, joins, stick-in, stick-carried, stick-out, revoked",
    ),
    "rejected": (CODE, "rejected wants the office's reason, a code"),
    "identity": (re.compile(r"[a-z]+(-[a-z]+)*"), "an identity card is a persona's, or none"),
    "draw": (
        re.compile(r"\d{1,3},\d{1,3}( \d{1,3},\d{1,3})*"),
        '`draw` takes strokes, each a text of points: draw: ["100,200 900,200", …]',
    ),
}
"""How the argument of a step is written, and what is wanted where it is not."""
_NAMED = {str: "text", list: "a list", dict: "a map", int: "a whole number", float: "a number", bool: "true or false"}


def wrong(verb: str, argument: object) -> str:
    """What is wrong with the argument of this step, in one sentence; empty where nothing is."""
    if verb == "see" and isinstance(argument, str | list):
        return ""
    if argument in _SHORT.get(verb, ()):
        return ""
    if verb in _MAPS:
        return _wrong_map(verb, argument)
    if verb in BARE - {"insert", "pin"}:
        return "" if argument is None else f"`{verb}` stands alone"
    if not _is(argument, _ONE[verb]):
        if verb in {"pin", "type"}:
            return f'`{verb}` takes text; put digits in quotes: {verb}: "000000"'
        return f"`{verb}` takes {_named(_ONE[verb])}"
    return _badly_written(verb, argument)


def _wrong_map(verb: str, argument: object) -> str:
    known = _MAPS[verb]
    if not isinstance(argument, dict):
        short = f"{' or '.join(_SHORT[verb])}, or " if verb in _SHORT else ""
        return f"`{verb}` takes {short}a map of {', '.join(sorted(known))}"
    found = cast("dict[str, object]", argument)
    if unknown := sorted(set(found) - set(known)):
        return f"`{verb}` does not know {', '.join(unknown)}; known: {', '.join(sorted(known))}"
    bad = next((name for name, value in found.items() if not _is(value, known[name])), None)
    if bad is not None:
        return f"`{bad}` of `{verb}` takes {_named(known[bad])}"
    if verb == "phone" and found.get("do") not in DOES:
        return f"a tap on the telephone has a do: {', '.join(DOES)}"
    if verb == "fault" and not {"device", "fault"} <= set(found):
        return "a fault has a device and a fault; GET /api/faults of a bench lists them"
    return ""


def _is(value: object, kinds: Kinds) -> bool:
    """Whether it is of these kinds; true and false are no numbers."""
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _named(kinds: Kinds) -> str:
    """How the kinds are called in a refusal."""
    names = [_NAMED[kind] for kind in kinds if kind in _NAMED]
    return "a number" if kinds == _NUMBER else " or ".join(names)


def _badly_written(verb: str, argument: object) -> str:
    """What is wanted instead of this argument, or nothing."""
    if verb not in _WRITTEN or argument is None:
        return ""
    written, wanted = _WRITTEN[verb]
    texts = cast("list[object]", argument) if isinstance(argument, list) else [argument]
    return "" if texts and all(written.fullmatch(str(one)) for one in texts) else wanted
