"""Changes that keep a document a document: a value of JSON, CBOR or TOML replaced, removed or doubled.

Byte by byte a fuzzer hardly ever makes a list where a text stood. Half of all inputs are changed here instead.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import cbor2

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 7, 2**63, 10**400, 1.5, -0.0, float("inf"), float("nan"), "", "a", "0", "\ud800", "中" * 300,
    "x.y.z", "2027-02-30", "[", "a{99999}", [], {}, [[]], [None], {"a": 1}, {"": {}}, ["a", "a"], {"zh-Hans": 1},
)  # fmt: skip
ODD_CBOR: tuple[Any, ...] = (0, -1, 2**63, 2**64 - 1, "", "a", "中" * 30, b"", b"a", bytes(32), [], {}, [[]], {"a": 1})
ODD_TOML = (
    "0", "-1", "1e308", "nan", "true", '""', '"a"', '"["', "[]", "[[]]", "{}", '{ "zh-Hans" = 1 }', '["a", "a"]',
    "1979-05-27", "07:32:00", "9" * 5000, "[" * 2000 + "]" * 2000,
)  # fmt: skip
_LINE = re.compile(rb"^([A-Za-z0-9_.\"' -]+=)(.*)$", re.MULTILINE)


def changed(data: bytes, seed: int) -> bytes | None:
    """The input with one document inside it changed, or None where there is none. The same seed changes the same."""
    draw = random.Random(seed)
    for start in (1, 2):
        body = data[start:]
        made = _json(body, draw) if body[:1] in (b"{", b"[") else _cbor(body, draw)
        if made is not None:
            return data[:start] + made
    lines = list(_LINE.finditer(data))
    if not lines:
        return None
    line = draw.choice(lines)
    return data[: line.end(1)] + b" " + draw.choice(ODD_TOML).encode() + data[line.end(2) :]


def _json(body: bytes, draw: random.Random) -> bytes | None:
    try:
        value = json.loads(body)
        return json.dumps(_with_change(value, ODD, draw)).encode()
    except (ValueError, RecursionError):
        return None


def _cbor(body: bytes, draw: random.Random) -> bytes | None:
    try:
        value = cbor2.loads(body)
        if not isinstance(value, dict | list):
            return None
        return cbor2.dumps(_with_change(value, ODD_CBOR, draw), canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def _with_change(value: Any, odd: tuple[Any, ...], draw: random.Random) -> Any:
    """The value with one place in it replaced, removed or doubled. It is changed in its place."""
    places: list[tuple[Any, Any]] = []
    left = [value]
    while left:
        item = left.pop()
        keys: list[Any] = list(item) if isinstance(item, dict) else list(range(len(item)))
        places += [(item, key) for key in keys]
        left += [item[key] for key in keys if isinstance(item[key], dict | list)]
    if not places:
        return draw.choice(odd)
    parent, key = draw.choice(places)
    match draw.randrange(6):
        case 0:
            del parent[key]
        case 1 if isinstance(parent, list):
            parent.insert(key, parent[key])
        case 2 if isinstance(parent, dict):
            parent[f"{key}x"] = parent[key]
        case _:
            parent[key] = draw.choice(odd)
    return value
