"""For whom a visit is made, where that is a company: who stands for several says for which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kiosk.frozen import frozen


@frozen
class Represents:
    """Only somebody who stands for a company may apply; the public register says for which."""

    subject: str
    list: str
    """The key under which every record of these services holds one row for each company."""
    value: str
    """The key of a row that names the company: what is submitted."""
    label: str


@frozen
class Greeting:
    """What is said on home to whom it concerns: for a company of theirs this service is still to be done."""

    subject: str
    """Asked after the PIN for the purpose `greeting`; one row for each company, under the list of `Represents`."""
    when: str
    """The key of a row that says whether it concerns this company: `yes` or `no`."""
    text: Mapping[str, str]


@frozen
class Company:
    """One company that the holder stands for, as the public register names it."""

    number: str = field(repr=False)
    name: str = field(repr=False)


@frozen
class Due:
    """A service that is still to be done for companies of the holder, as the greeting heard. Its repr names none."""

    service: str
    companies: tuple[Company, ...] = field(repr=False)
    """For which; at least one."""
    of: int
    """How many companies the holder stands for."""


@frozen
class Acting:
    """The companies of the holder, and the one that is at hand. Its repr names none."""

    asked: bool = False
    """The register was asked, or could not be."""
    companies: tuple[Company, ...] = field(repr=False, default=())
    number: str = field(repr=False, default="")
    """The company that was chosen, or the only one; empty: none yet."""
    wanted: str = field(repr=False, default="")
    """The company of the greeting that led here: chosen as soon as the register names it."""

    @property
    def open(self) -> bool:
        """Whether the citizen has to say for which."""
        return len(self.companies) > 1 and not self.number

    @property
    def name(self) -> str:
        """The name of the company at hand, or an empty text."""
        return next((one.name for one in self.companies if one.number == self.number), "")
