"""How much paper is left: an estimate from what was printed, put right by the printer's own sensor.

The sensor of a receipt printer knows "near the end" and "out" and nothing before; the estimate tells a technician when
to come. Kept in one small file, written whole; a file that cannot be read is an unknown roll, never a full one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from drivers.api import PrinterStatus, Receipt, RollLevel
from drivers.errors import PrinterError
from drivers.printers.paper.layout import (
    BarcodeLine,
    CutLine,
    DoubleRule,
    FeedLine,
    GapLine,
    Line,
    QRLine,
    TextLine,
    lay_out,
)
from drivers.printers.paper.raster import qr_dot, qr_modules

ROLL_FILE = "roll.json"
"""In the state folder."""
ROLL_MM = 80_000.0
"""An 80 mm roll of 80 m, the usual one; `loaded` takes another length."""
NEAR_END_MM = 4_000.0
"""What is left when the sensor says near the end: it sits at the core, about here for an 80 mm roll."""
_MOST_MM = 1_000_000.0
_DOTS_PER_MM = 8
_PITCH_DOTS = 30
_CUT_DOTS = 60
_BARCODE_DOTS = 110


class RollUnwritten(PrinterError):
    """The file of the roll cannot be written."""

    code = "roll-unwritten"


@dataclass(frozen=True)
class Roll:
    """What is thought of the roll. `left_mm` is None where nobody said when it was put in."""

    left_mm: float | None = None
    length_mm: float = ROLL_MM
    since: str = ""
    """ISO 8601, UTC: when it was put in."""
    receipts: int = 0
    """Printed on it."""

    @property
    def level(self) -> RollLevel:
        if self.left_mm is None:
            return "unknown"
        return "out" if self.left_mm <= 0 else "near-end" if self.left_mm <= NEAR_END_MM else "ok"

    @property
    def receipts_left(self) -> int | None:
        """How many more of the usual length, or None before there is a usual length."""
        if self.left_mm is None or not self.receipts:
            return None
        used = self.length_mm - self.left_mm
        return int(self.left_mm * self.receipts / used) if used > 0 else None


def length_mm(receipt: Receipt, dots: int = 576, qr_dots: int = 7) -> float:
    """The paper that a receipt takes, with the feed to its cut. Raises `ReceiptInvalid`."""
    total = sum(_dots(line, dots, qr_dots) for line in lay_out(receipt))
    return (total + _CUT_DOTS) / _DOTS_PER_MM


def _dots(line: Line, dots: int, qr_dots: int) -> int:
    match line:
        case TextLine():
            return line.height * 24 + (0 if line.joined else _PITCH_DOTS - 24)
        case QRLine(data):
            dot = qr_dot(data, dots, qr_dots)
            return (len(qr_modules(data)) + 4) * dot
        case FeedLine(count):
            return count * _PITCH_DOTS
        case GapLine(height):
            return height
        case BarcodeLine():
            return _BARCODE_DOTS
        case DoubleRule():
            return 22
        case CutLine():
            return _CUT_DOTS


class RollKeeper:
    """Keeps the estimate in a file. One thread owns it; a technician's own command may write the file meanwhile."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now

    @property
    def roll(self) -> Roll:
        """What the file says now."""
        return _read(self._path)

    def loaded(self, length_mm: float = ROLL_MM) -> Roll:
        """A technician put a roll in. Raises `RollUnwritten`."""
        return self._keep(Roll(length_mm, length_mm, self._now().isoformat()))

    def printed(self, mm: float) -> Roll:
        """So much paper went out, whatever became of the job. Raises `RollUnwritten`."""
        roll = self.roll
        left = None if roll.left_mm is None else max(0.0, roll.left_mm - mm)
        return self._keep(replace(roll, left_mm=left, receipts=roll.receipts + 1))

    def heard(self, status: PrinterStatus) -> Roll:
        """What the printer says goes before the estimate. Raises `RollUnwritten`."""
        roll = self.roll
        left = roll.left_mm
        if status.paper == "out":
            left = 0.0
        elif status.paper == "near-end":
            left = NEAR_END_MM if left is None else min(left, NEAR_END_MM)
        elif status.paper == "ok" and left is not None:
            left = None if left <= 0 else max(left, NEAR_END_MM + 1)
        return roll if left == roll.left_mm else self._keep(replace(roll, left_mm=left))

    def _keep(self, roll: Roll) -> Roll:
        draft = self._path.with_name(self._path.name + ".new")
        text = json.dumps(
            {"left_mm": roll.left_mm, "length_mm": roll.length_mm, "since": roll.since, "receipts": roll.receipts}
        )
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as e:
            raise RollUnwritten(f"cannot write {self._path.name}: {e.strerror}") from e
        return roll


def _read(path: Path) -> Roll:
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Roll()
    if not isinstance(value, dict):
        return Roll()
    found = cast("dict[str, object]", value)
    left, length = found.get("left_mm"), found.get("length_mm")
    since, receipts = found.get("since"), found.get("receipts")
    if not isinstance(receipts, int) or not isinstance(since, str) or not _is_mm(length):
        return Roll()
    if receipts < 0 or not (left is None or _is_mm(left)):
        return Roll()
    return Roll(cast("float | None", left), cast("float", length), since, receipts)


def _is_mm(value: object) -> bool:
    """Whether this is a length of paper that there can be."""
    return isinstance(value, int | float) and 0 <= value <= _MOST_MM
