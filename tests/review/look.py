"""Which screen of a service shows which picture of the look; and which pictures show no screen of ours, and why."""

from __future__ import annotations

OF_SERVICES: dict[str, str] = {
    "construction view timeline 0": "34",
    "access-log view looks -1": "35",
    "appointment slot": "36",
    "ticket 06 saved": "60",
    "info 04 places": "64",
    "my-licences view licences -1": "65",
    "my-licences 09 saved": "66",
}
"""Name of a service's screen -> the number of its picture."""

OF_SERVICES_IN_MODES: dict[tuple[str, str, str], str] = {("34", "zh-Hans", "dark"): "51"}
"""(number of the plain picture, language, mode) -> the number of the picture in that mode."""

_SHEETS = "explains the look; no screen"
_PAPER = "paper: `docs/printing.md` and its tests"
_WEB = "a page of the gateway, in a browser: `docs/gateway.md`"
NO_SCREEN: dict[str, str] = {
    **dict.fromkeys(("00", "01", "02", "03", "04", "05"), _SHEETS),
    "67": "what need not be handed in stands on the intro (17), on the last page (25) and on the receipt (89)",
    **dict.fromkeys(("89", "90", "91", "92", "93"), _PAPER),
    "94": "the bench, in a browser",
    **dict.fromkeys(("95", "96", "97", "98", "99"), _WEB),
}
"""Number of a picture -> why the page has no screen beside it."""

NUMBERS = frozenset(f"{n:02}" for n in range(100)) - {"06", "07", "08", "09", "37", "38"}
"""Every picture that the look has."""
