"""What a visit knows of the certificate at the A4 printer. A frozen value."""

from __future__ import annotations

from drivers.api import JobState
from kiosk.frozen import frozen


@frozen
class Sheet:
    """The last certificate that was sent to the A4 printer in this visit, and what is known of it."""

    number: str
    state: JobState
    reason: str = ""
    sent: frozenset[str] = frozenset()
    """Cases whose certificate may have come out: another is a copy."""
    seen: bool = False
    """The citizen says that it came out whole."""
    wanted: bool = False
    """Asked for on the last page of its own visit: it is being fetched, and printed when it comes."""
