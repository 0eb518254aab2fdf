"""Where an address that is being picked begins: at what was answered or is held, else with the districts. Pure."""

from __future__ import annotations

from typing import Literal

from kiosk.frozen import replace
from kiosk.pieces.areas import DIGITS, Areas
from kiosk.pieces.visit import Picking
from kiosk.services import forms
from kiosk.services.definition import FieldDefinition, ServiceDefinition
from kiosk.session.state import Application

Level = Literal["district", "street", "community", "rest"]
LEVELS: tuple[Level, ...] = ("district", "street", "community")
SEARCHED_FROM = 13
"""A list of so many choices or more can be searched by letters."""


def begun(areas: Areas, application: Application, form: forms.Form, item: FieldDefinition) -> Application:
    """Return the application with its picking as a question begins.

    An answer of before stands at its place, what is left of it to be written on; what is held only shows the place.
    """
    if item.type != "place" or item.pattern or not areas:
        return replace(application, picking=Picking())
    if application.typed:
        area, rest = areas.read(application.typed)
        return replace(application, picking=Picking("rest", area), typed=rest)
    held = forms.prefilled(form, item)
    area, _ = areas.read(held.text) if held is not None else ("", "")
    return replace(application, picking=at(areas, below(areas, area), area))


def below(areas: Areas, area: str) -> Level:
    """Return what is asked after this area was chosen: what lies in it, else the rest of the address."""
    if not areas.within.get(area):
        return "rest"
    return LEVELS[0] if not area else LEVELS[DIGITS.index(len(area)) + 1]


def above(areas: Areas, picking: Picking) -> Level | None:
    """Return the level to which back leads; None: out of the question."""
    if not picking.level:
        return None
    found: Level | None = None
    for one, digits in _OUTER.items():
        if digits < _OUTER[picking.level] and len(picking.area) >= digits and areas.within.get(picking.area[:digits]):
            found = one
    return found


_OUTER: dict[Level, int] = {}
_OUTER["district"], _OUTER["street"], _OUTER["community"], _OUTER["rest"] = 0, *DIGITS
"""The digits of the code whose parts are listed at a level."""


def outer(picking: Picking) -> str:
    """Return the code of the area whose parts are listed at this level; empty: the city."""
    return picking.area[: _OUTER[picking.level]] if picking.level else ""


def at(areas: Areas, level: Level, area: str) -> Picking:
    """Return the picking at a level; a long list begins with its letters."""
    picking = Picking(level, area)
    listed = areas.within.get(outer(picking), ()) if level != "rest" else ()
    return replace(picking, seeking=len(listed) >= SEARCHED_FROM)


def coded(areas: Areas, service: ServiceDefinition, fields: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return the fields of a document, the citizen's own addresses with the code of the area that they begin with.

    `area_code` is of the value that was answered, `said_area_code` of what is right instead; neither is there where the
    address names no area of this city. The code follows from the text: the text is what the citizen saw and signed.
    """
    result: dict[str, dict[str, str]] = {}
    for name, one in fields.items():
        own = {"area_code": one["value"] if one["origin"] == "answer" else "", "said_area_code": one.get("said", "")}
        place = service.field(name).type == "place"
        codes = {key: areas.read(text)[0] for key, text in own.items() if place and text}
        result[name] = {**one, **{key: code for key, code in codes.items() if code}}
    return result
