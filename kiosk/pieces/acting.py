"""For whom a visit is made, where that is a company: who stands for several says for which."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Company:
    """One company that the holder stands for, as the public register names it."""

    number: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class Acting:
    """The companies of the holder, and the one that is at hand. Its repr names none."""

    asked: bool = False
    """The register was asked, or could not be."""
    companies: tuple[Company, ...] = field(repr=False, default=())
    number: str = field(repr=False, default="")
    """The company that was chosen, or the only one; empty: none yet."""

    @property
    def open(self) -> bool:
        """Whether the citizen has to say for which."""
        return len(self.companies) > 1 and not self.number

    @property
    def name(self) -> str:
        """The name of the company at hand, or an empty text."""
        return next((one.name for one in self.companies if one.number == self.number), "")
