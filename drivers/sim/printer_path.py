"""The way of the paper through the simulated printer: roll, head, cutter, tray. Not thread-safe; the printer locks."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from drivers.printers.paper.layout import Paper
from drivers.sim.printer_paper import DOTS_PER_MM, BlankStrip, SimReceipt, Strip, TextStrip

ROLL_MM = 80_000.0
NEAR_END_MM = 4_000.0
KEPT_RECEIPTS = 200
HEAD_TO_CUTTER_DOTS = 24


class PaperPath:
    """What was printed, and what is left of the roll."""

    def __init__(self, paper: Paper, font: Path) -> None:
        self.paper = paper
        self._font = font
        self.roll_mm = ROLL_MM
        self.lines = 0
        """Text lines printed since it was made."""
        self.lost = False
        """Something meant for the piece in the printer will never be on it."""
        self._pieces: deque[SimReceipt] = deque(maxlen=KEPT_RECEIPTS)
        self._strips: list[Strip] = [BlankStrip(HEAD_TO_CUTTER_DOTS)]
        self._cuts = 0

    def fresh(self) -> PaperPath:
        """A path of the same width with a full roll and nothing printed."""
        return PaperPath(self.paper, self._font)

    def print(self, strip: Strip) -> None:
        """Print a strip; on no paper it is lost."""
        if self.roll_mm <= 0:  # the roll ended within one command
            self.lost = True
            return
        self._strips.append(strip)
        self.roll_mm -= strip.pitch / DOTS_PER_MM
        if isinstance(strip, TextStrip):
            self.lines += 1

    def cut(self, feed: int) -> SimReceipt | None:
        """Feed by `feed` dots and cut; None where the piece is blank."""
        self.print(BlankStrip(HEAD_TO_CUTTER_DOTS + feed))
        piece = None
        if self.has_print:
            self._cuts += 1
            piece = self._piece(cut=True)
            self._pieces.append(piece)
        # What lies between head and cutter is the top of the next piece.
        self._strips = [BlankStrip(HEAD_TO_CUTTER_DOTS)]
        self.lost = False
        return piece

    @property
    def has_print(self) -> bool:
        """Whether anything is on the piece that hangs in the printer."""
        return any(not isinstance(s, BlankStrip) for s in self._strips)

    @property
    def pieces(self) -> list[SimReceipt]:
        """The pieces, oldest first; the last may still hang in the printer."""
        return [*self._pieces, *([self._piece(cut=False)] if self.has_print else [])]

    def _piece(self, *, cut: bool) -> SimReceipt:
        number = self._cuts if cut else self._cuts + 1
        return SimReceipt(number, tuple(self._strips), cut, cut and not self.lost, self.paper.dots, self._font)
