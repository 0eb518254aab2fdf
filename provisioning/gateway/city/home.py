"""Where a household of the synthetic city lives, and what a maker of records is: from a person and a home, a record."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from provisioning.gateway.city.people import Person, Road

Record = Mapping[str, object]


@dataclass(frozen=True)
class Home:
    """Where a household lives, and where it is registered."""

    road: Road = field(repr=False)
    door: str = field(repr=False)
    number: int
    hukou: str = field(repr=False)
    hukou_city: str
    moved_in: datetime.date
    owned: bool

    @property
    def newcomer(self) -> bool:
        """Registered in another city."""
        return self.hukou_city != "440100"

    @property
    def place(self) -> str:
        """The address as one line."""
        return f"广州市{self.road.district_name}{self.road.street_name}{self.road.name}{self.door}"


Maker = Callable[[Person, Home], Record | None]
"""Makes one record, or None where nothing is held."""
