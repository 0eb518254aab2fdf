"""What the gateway gave out of a citizen's records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kiosk.frozen import frozen


@frozen
class SubjectData:
    """One subject of the information catalogue as the gateway released it; `record` None: nothing is held."""

    subject: str
    agency: str
    updated: str
    """ISO 8601 date."""
    record: Mapping[str, object] | None = field(repr=False)
