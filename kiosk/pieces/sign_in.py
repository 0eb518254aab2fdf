"""A sign-in with the city's app, as the visit knows it. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from kiosk.frozen import frozen


@frozen
class SignIn:
    """What the gateway gave for one sign-in; its repr tells neither key nor code."""

    key: str = field(repr=False)
    """The terminal's own secret."""
    url: str = field(repr=False)
    """What the telephone scans."""
    code: str = field(repr=False)
    """Four digits: on this screen, and typed on the telephone."""
    expires_s: int
    phase: Literal["waiting", "opened", "approved"] = "waiting"
    """`opened`: a telephone has scanned it."""
    asked: bool = False
    """A form is before the citizen, on the telephone."""

    @property
    def shown(self) -> str:
        """The digits in pairs, as they are read out."""
        return f"{self.code[:2]} {self.code[2:]}"
