"""The tactile keypad: a USB keyboard whose keys the settings name. Every other key of a keyboard does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from kiosk.events import KeyName

DIGIT_CODES = {48 + digit: str(digit) for digit in range(10)} | {256 + digit: str(digit) for digit in range(10)}
"""SDL's codes of the digits, on the keyboard's row and on its number pad."""
NAMES = frozenset(str(name) for name in get_args(KeyName))


class KeypadInvalid(Exception):
    """The setting `keypad_keys` cannot be used; says which part."""

    code = "keypad-invalid"


def parse(text: str) -> Mapping[int, KeyName]:
    """Return SDL key code -> key name, from `up=273 ok=13 …`. Raises `KeypadInvalid`."""
    found: dict[int, KeyName] = {code: digit for code, digit in DIGIT_CODES.items() if digit in NAMES}  # pyright: ignore[reportAssignmentType]
    for part in text.split():
        name, _, code = part.partition("=")
        if name not in NAMES or not code.isdecimal():
            raise KeypadInvalid(f"{part}: name=code is wanted, the name one of {', '.join(sorted(NAMES))}")
        found[int(code)] = name  # pyright: ignore[reportArgumentType]
    return found


def code_of(keys: Mapping[int, KeyName], name: str) -> int | None:
    """Return a code that gives this key, or None where the keypad has no such key."""
    return next((code for code, key in keys.items() if key == name), None)
