"""What the simulated printer can do, and how it is, in the bits of its replies. Pure.

Source: Epson "ESC/POS Command Reference", DLE EOT, GS a, GS r.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.printers.models import Model

CUTTER_BIT = 0x08
BUFFER_BYTES = 4096
ERROR_BITS = {"unrecoverable": 0x20, "head-hot": 0x40}


@dataclass(frozen=True)
class Board:
    """What the electronics of a printer can do."""

    markers: bool = True
    """Answers GS ( H."""
    native_qr: bool = True
    status_back: bool = True
    presenter: bool = False
    """Holds the ticket, presents it and takes it back, and answers 10 04 14."""
    power_on_notice: bool = False
    """Says 3B 31 00 when it has started up."""
    name: str = ""
    """What it says to GS I 67; empty if it does not know that question."""
    buffer_bytes: int = BUFFER_BYTES
    boot_s: float = 0.0
    """Seconds after its power came in which it neither answers nor keeps what it is sent."""


def board_like(model: Model) -> Board:
    """The electronics that a model of `models.toml` describes."""
    return Board(
        markers=model.marker == "process-id",
        native_qr=model.native_qr,
        status_back=model.status_back,
        presenter=model.presenter,
    )


@dataclass(frozen=True)
class Condition:
    """Paper, cover and errors. `errors` has the bits of DLE EOT 3."""

    paper_out: bool
    near_end: bool
    cover_open: bool
    errors: int

    @property
    def offline(self) -> bool:
        return self.paper_out or self.cover_open or self.errors != 0

    def real_time(self, n: int) -> int:
        """The answer to DLE EOT n."""
        offline = 0x08 if self.offline else 0
        stopped = (0x04 if self.cover_open else 0) | (0x20 if self.paper_out else 0) | (0x40 if self.errors else 0)
        roll = (0x0C if self.near_end else 0) | (0x60 if self.paper_out else 0)
        return 0x12 | {1: offline, 2: stopped, 3: self.errors, 4: roll}[n]

    def auto(self) -> bytes:
        """The four bytes of automatic status back."""
        first = 0x10 | (0x08 if self.offline else 0) | (0x20 if self.cover_open else 0)
        third = (0x03 if self.near_end else 0) | (0x0C if self.paper_out else 0)
        return bytes([first, self.errors, third, 0x0F])

    def queued(self) -> bytes:
        """The answer to GS r 1."""
        return bytes([0x0C if self.paper_out else 0x03 if self.near_end else 0x00])
