"""The one theme of the touchscreen: colours, type, spacing and zones, read from `assets/theme.json`. Knows no Kivy.

All lengths are pixels of the terminal's display (1080×1920 or 1920×1080), the origin is top left, y grows downwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from kiosk.frozen import frozen
from kiosk.pieces.modes import Contrast
from kiosk.screen_model import Modes

ASSETS: Final = Path(__file__).resolve().parents[2] / "assets"
Rgb = tuple[float, float, float]
Posture = Literal["portrait", "landscape", "reach"]
Role = Literal["note", "body", "label", "title", "display"]
ROLES: Final[tuple[Role, ...]] = ("note", "body", "label", "title", "display")
PORTRAIT: Final = (1080, 1920)
LANDSCAPE: Final = (1920, 1080)
SMALLEST_TEXT: Final = 28
SMALLEST_TEXT_IN_MODES: Final = 35


@frozen
class Rect:
    """A rectangle on the display, top left corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside; the right and bottom edges belong to the neighbour."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def inset(self, by: float) -> Rect:
        return Rect(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)

    def moved(self, dx: float, dy: float) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)


@cache
def tokens() -> Mapping[str, Any]:
    """The design tokens as they stand in `assets/theme.json`."""
    return json.loads((ASSETS / "theme.json").read_text(encoding="utf-8"))


def rgb(hex_colour: str) -> Rgb:
    """`#RRGGBB` as three numbers from 0 to 1."""
    return (int(hex_colour[1:3], 16) / 255, int(hex_colour[3:5], 16) / 255, int(hex_colour[5:7], 16) / 255)


def luminance(colour: Rgb) -> float:
    """Relative luminance after WCAG 2.2 (0 black, 1 white)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = colour
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


@frozen
class Zones:
    """Where the fixed parts of the frame lie; `keypad` and `second` (answers) depend on the posture."""

    status: Rect
    where: Rect
    steps: Rect
    body: Rect
    back: Rect
    primary: Rect
    aids: Rect
    keypad: Rect
    question: Rect
    """Where the question stands: the whole body in portrait, the left column otherwise."""
    answers: Rect
    """Where the answers stand; equal to `question` in portrait."""


@dataclass(frozen=True, eq=False)
class Theme:
    """Everything a widget needs to know about looks. One per display size, mode and language; never changed."""

    size: tuple[int, int]
    posture: Posture
    contrast: Contrast
    text_scale: float
    english: bool
    left_handed: bool
    zones: Zones
    sizes: Mapping[str, int]
    colours: Mapping[str, Rgb] = field(repr=False)

    @property
    def high_contrast(self) -> bool:
        return self.contrast != "light"

    @property
    def smallest(self) -> int:
        """The smallest text size allowed in this mode; low down, larger text is larger as far as there is room."""
        return SMALLEST_TEXT if self.text_scale == 1.0 or self.posture == "reach" else SMALLEST_TEXT_IN_MODES

    @property
    def edge(self) -> int:
        return int(tokens()["edge"]["contrast" if self.high_contrast else "light"])

    @property
    def lip(self) -> int:
        """How far the lip stands out below a control, 0 in high contrast where it lies inside."""
        return 0 if self.high_contrast else int(tokens()["lip"])

    @property
    def missing_lip(self) -> int:
        """What keeps a control from the next piece where its lip does not."""
        return int(tokens()["lip"]) - self.lip

    @property
    def back_icon_above(self) -> bool:
        """In large modes the icon of the quiet way out stands above its word (portrait only)."""
        return self.text_scale > 1.0 and self.posture == "portrait"

    def colour(self, name: str) -> Rgb:
        return self.colours[name]

    def radius(self, name: Literal["chip", "key", "button", "result"]) -> int:
        return int(tokens()["radius"][name])

    def line_height(self, size: int, *, heading: bool = False) -> float:
        """The height of one line of text of `size` pixels."""
        heights: Mapping[str, float] = tokens()["line_height"]
        return size * heights["heading" if heading else "en" if self.english else "zh"]

    def smaller_sizes(self, size: int) -> tuple[int, ...]:
        """`size` and the type sizes below it that are still allowed, largest first."""
        return _sizes_between(self.smallest, size)

    def capped(self, role: Role, at: int) -> int:
        """The size of a role that stops growing at `at` (finish, aids, where am I)."""
        return min(self.sizes[role], at)


@cache
def _sizes_between(smallest: int, size: int) -> tuple[int, ...]:
    return tuple(one for one in sorted({*tokens()["sizes"], size}, reverse=True) if smallest <= one <= size)


def _rect(values: list[float]) -> Rect:
    return Rect(*values)


def _portrait_zones(text_scale: float) -> Zones:
    numbers = tokens()["portrait"]
    back, primary = _rect(numbers["back"]), _rect(numbers["primary"])
    height = tokens()["action_height_by_text_mode"][f"{text_scale:g}"]
    back = Rect(back.x, back.bottom - height, back.width, height)
    primary = Rect(primary.x, primary.bottom - height, primary.width, height)
    body = _rect(numbers["body"])
    body = Rect(body.x, body.y, body.width, back.y - 24 - body.y)
    keypad = _rect(numbers["keypad"])
    keypad = Rect(keypad.x, keypad.y, keypad.width, back.y - 24 - keypad.y)
    return Zones(
        status=_rect(numbers["status"]),
        where=_rect(numbers["where"]),
        steps=_rect(numbers["steps"]),
        body=body,
        back=back,
        primary=primary,
        aids=_rect(numbers["aids"]),
        keypad=keypad,
        question=body,
        answers=body,
    )


def _reach_zones() -> Zones:
    numbers = tokens()["reach"]
    body = _rect(numbers["body"])
    where = _rect(numbers["where"])
    return Zones(
        status=Rect(0, 0, 1080, 920),
        where=where,
        steps=Rect(where.x, where.bottom + 4, where.width, 8),
        body=body,
        back=_rect(numbers["back"]),
        primary=_rect(numbers["primary"]),
        aids=_rect(numbers["aids"]),
        keypad=Rect(384, body.y + 4, 636, body.height - 4),
        question=Rect(body.x, body.y, 300, body.height),
        answers=Rect(384, body.y, 636, body.height),
    )


def _landscape_zones() -> Zones:
    numbers = tokens()["landscape"]
    body = _rect(numbers["body"])
    where = _rect(numbers["where"])
    return Zones(
        status=_rect(numbers["status"]),
        where=where,
        steps=Rect(where.x, where.bottom + 8, where.width, 10),
        body=body,
        back=_rect(numbers["back"]),
        primary=_rect(numbers["primary"]),
        aids=_rect(numbers["aids"]),
        keypad=Rect(740, body.y, 1120, body.height - 20),
        question=Rect(body.x, body.y, 600, body.height),
        answers=Rect(700, body.y, 1160, body.height),
    )


def mirrored(zones: Zones) -> Zones:
    """The same zones for the left hand: what is pressed most lies at the left, within the same margins."""
    left, right = zones.body.x, zones.body.right

    def turned(rect: Rect) -> Rect:
        return replace(rect, x=left + right - rect.right)

    return replace(
        zones,
        back=turned(zones.back),
        primary=turned(zones.primary),
        aids=turned(zones.aids),
        keypad=turned(zones.keypad),
        question=turned(zones.question),
        answers=turned(zones.answers),
    )


def sizes_of(text_scale: float, posture: Posture) -> dict[str, int]:
    """Type size of each role at a text scale; in landscape labels stop at 56."""
    sizes = dict(zip(ROLES, tokens()["roles_by_text_mode"][f"{text_scale:g}"], strict=True))
    if posture == "landscape":
        sizes["label"] = min(sizes["label"], tokens()["landscape_action_label_max"])
    return {str(role): int(size) for role, size in sizes.items()}


@lru_cache(maxsize=64)
def theme_for(size: tuple[int, int], modes: Modes, language: str) -> Theme:
    """The theme of a display of `size` pixels (width, height) for one citizen's modes and language.

    Raises:
        KeyError: the text scale is none of `screen_model.TEXT_SCALES`.
    """
    posture: Posture = "landscape" if size[0] > size[1] else "reach" if modes.reach else "portrait"
    zones = {
        "portrait": lambda: _portrait_zones(modes.text_scale),
        "reach": _reach_zones,
        "landscape": _landscape_zones,
    }[posture]()
    if modes.left_handed:
        zones = mirrored(zones)
    return Theme(
        size=size,
        posture=posture,
        contrast=modes.contrast,
        text_scale=modes.text_scale,
        english=language == "en",
        left_handed=modes.left_handed,
        zones=zones,
        sizes=sizes_of(modes.text_scale, posture),
        colours={name: rgb(value) for name, value in tokens()["colours"][modes.contrast].items()}
        | {"receiptInk": rgb(tokens()["colours"]["light"]["ink"])},
    )
