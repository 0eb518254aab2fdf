"""What a printer answers to: every question that needs no paper, each with its own deadline.

A question that a board does not know may stand in its line as text; `ESC @` at the end forgets it, so nothing prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivers.api import PrinterStatus
from drivers.printers.escpos import ESC, GS, QUEUED_STATUS, STATUS_BACK_ON, process_id
from drivers.printers.link import Dialogue
from drivers.printers.replies import AutoStatus, Block, ProcessId, QueuedStatus

_MARKER = b"prob"
_STATUS_BACK_OFF = GS + b"a\x00"
_MODEL_NAME = GS + b"IC"
"""GS I 67: the printer's name, as a block that begins with 5F."""
_NAME_HEADER = 0x5F


@dataclass(frozen=True)
class Probed:
    """What answered. A `False` says only that no answer came in time."""

    status: PrinterStatus
    name: str = ""
    process_id: bool = False
    queued_status: bool = False
    status_back: bool = False
    clear_buffer: bool = False
    presenter: bool = False

    @property
    def marker(self) -> Literal["process-id", "queued-status", "none"]:
        """What may prove printing on this printer."""
        return "process-id" if self.process_id else "queued-status" if self.queued_status else "none"

    def as_toml(self, name: str, baud: int) -> str:
        """A model for `models.toml`: what was probed; what a probe cannot see is left to the defaults."""
        lines = [
            f"[{name}]",
            f"baud = {baud}",
            f'marker = "{self.marker}"',
            f"status_back = {str(self.status_back).lower()}",
            f"clear_buffer = {str(self.clear_buffer).lower()}",
            f"presenter = {str(self.presenter).lower()}",
            "",
            f"[{name}.origin]",
            *(f'{key} = "probed"' for key in ("baud", "marker", "status_back", "clear_buffer", "presenter")),
        ]
        return "\n".join(lines)


def probe(dialogue: Dialogue) -> Probed:
    """Ask everything. A silent printer is asked the first question only. Raises `LinkLost`.

    The dialogue must have been made with `full_status`: only so is the answer of a kiosk printer told from others.
    """
    status = dialogue.status()
    if not status.answered:
        return Probed(status)
    presenter = status.ticket is not None
    cleared = dialogue.clear_buffer()
    marked = dialogue.exchange(process_id(_MARKER), ProcessId)
    queued = dialogue.exchange(QUEUED_STATUS, QueuedStatus)
    name = dialogue.exchange(_MODEL_NAME, Block)
    back = None if presenter else dialogue.for_auto_status().exchange(STATUS_BACK_ON, AutoStatus)
    dialogue.send(_STATUS_BACK_OFF + ESC + b"@")
    return Probed(
        status,
        name=name.data.decode("ascii", "replace") if name is not None and name.header == _NAME_HEADER else "",
        process_id=marked is not None and marked.marker == _MARKER,
        queued_status=queued is not None,
        status_back=back is not None,
        clear_buffer=cleared,
        presenter=presenter,
    )
