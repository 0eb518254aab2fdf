"""Reading the citizen card's record files by tag, whatever way the card wants its records named.

READ RECORD is `00 B2 P1 P2 Le`, with Le = 2 + length of the value. Four ways are in use, and a card may know only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from drivers.api import CardConnection
from drivers.cards import tlv
from drivers.cards.apdu import INS_READ_RECORD, INS_SELECT, SUCCESS, command, send, send_each, sw_name
from drivers.cards.citizen_fields import Field
from drivers.errors import CardProtocolError

_ABSENT: Final = frozenset({0x6A82, 0x6A83, 0x6A88})
_REFUSED: Final = frozenset(
    {0x6700, 0x6981, 0x6985, 0x6986, 0x6A80, 0x6A81, 0x6A82, 0x6A83, 0x6A86, 0x6A88, 0x6B00, 0x6D00}
)
_MAX_RECORDS: Final = 32


class ReadMode(Enum):
    """How P1 and P2 of READ RECORD name a record; the value is (by tag, by short file identifier, low bits of P2)."""

    TAG_SFI = (True, True, 0x00)
    """P1 the tag, P2 28 or 30: the file by its short identifier 5 or 6."""
    TAG = (True, False, 0x00)
    """P1 the tag, P2 00: the current file."""
    NUMBER_SFI = (False, True, 0x04)
    """P1 the record number, P2 2C or 34."""
    NUMBER = (False, False, 0x04)
    """P1 the record number, P2 04: the current file."""

    def p2(self, file: bytes) -> int:
        """Return P2 for this file."""
        _, by_sfi, low = self.value
        return (file[1] << 3 | low) if by_sfi else low


class RecordReader:
    """Reads record files on one connection, and remembers which mode the card took."""

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection
        self._mode: ReadMode | None = None
        self._select_p1 = 0x00
        self._current = b""

    @property
    def mode(self) -> ReadMode | None:
        """The mode that worked last, or None before the first read."""
        return self._mode

    def forget(self) -> None:
        """Another application was selected, or will be: no file is current any more."""
        self._current = b""

    def read_file(self, file: bytes, layout: Sequence[Field]) -> dict[int, bytes]:
        """Read the fields of one file; those that the card does not have are missing from the answer.

        The first field of `layout` must be there: by it the mode is learned. Raises `CardProtocolError`.
        """
        modes = [self._mode] if self._mode else []
        modes += [mode for mode in ReadMode if mode is not self._mode]
        refusal = CardProtocolError("no way of READ RECORD works")
        for mode in modes:
            try:
                found = self._read_in_mode(file, layout, mode)
            except _ModeRefusedError as refused:
                refusal = CardProtocolError(f"file {file.hex().upper()}: {sw_name(refused.sw)}", refused.sw)
                continue
            self._mode = mode
            return found
        raise refusal

    def _read_in_mode(self, file: bytes, layout: Sequence[Field], mode: ReadMode) -> dict[int, bytes]:
        by_tag, by_sfi, _ = mode.value
        if not by_sfi:
            self._select_file(file)
        return self._by_tag(file, layout, mode) if by_tag else self._by_number(file, layout, mode)

    def _by_tag(self, file: bytes, layout: Sequence[Field], mode: ReadMode) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        p2, left = mode.p2(file), list(layout)
        while left:
            wanted = [command(INS_READ_RECORD, field.tag, p2, le=2 + field.length) for field in left]
            for answer in send_each(self._connection, wanted):  # it ends with a record that is not there
                field = left.pop(0)
                if answer.sw in _ABSENT and found:
                    continue
                if answer.sw != SUCCESS:
                    raise self._refusal(file, answer.sw, learning=not found)
                record = tlv.parse_record(answer.data)
                if record.tag != field.tag:
                    # Some cards ignore the bits of P2 that say "by tag", and take the tag for a number.
                    raise _ModeRefusedError(0x6A86)
                found[field.tag] = _checked(record, field)
        return found

    def _by_number(self, file: bytes, layout: Sequence[Field], mode: ReadMode) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        wanted = {field.tag: field for field in layout}
        for number in range(1, _MAX_RECORDS + 1):
            guess = 2 + layout[min(number, len(layout)) - 1].length
            sw, raw = self._read(number, mode.p2(file), guess)
            if sw == 0x6700:
                sw, raw = self._read(number, mode.p2(file), 256)
            if sw in _ABSENT and found:
                break
            if sw != SUCCESS:
                raise self._refusal(file, sw, learning=number == 1)
            if len(raw) >= 2 and len(raw) == guess < 2 + raw[1]:
                # The card cut a longer record to the length that was asked for.
                sw, raw = self._read(number, mode.p2(file), 2 + raw[1])
            record = tlv.parse_record(raw)
            if record.tag in wanted:
                found[record.tag] = _checked(record, wanted[record.tag])
            if len(found) == len(wanted):
                break
        if layout[0].tag not in found:
            raise _ModeRefusedError(0x6A83)
        return found

    def _read(self, p1: int, p2: int, le: int) -> tuple[int, bytes]:
        answer = send(self._connection, command(INS_READ_RECORD, p1, p2, le=le))
        return answer.sw, answer.data

    def _select_file(self, file: bytes) -> None:
        """SELECT the file in the current application; P1 is 00 on most cards and 02 on some."""
        if self._current == file:
            return
        sw = send(self._connection, command(INS_SELECT, self._select_p1, 0x00, file)).sw
        if sw != SUCCESS:
            self._select_p1 = 0x02 - self._select_p1
            sw = send(self._connection, command(INS_SELECT, self._select_p1, 0x00, file)).sw
        if sw != SUCCESS:
            raise _ModeRefusedError(sw)
        self._current = file

    @staticmethod
    def _refusal(file: bytes, sw: int, *, learning: bool) -> Exception:
        if learning and sw in _REFUSED:
            return _ModeRefusedError(sw)
        return CardProtocolError(f"file {file.hex().upper()}: {sw_name(sw)}", sw)


class _ModeRefusedError(Exception):
    """The card does not take this mode; the next one is tried."""

    def __init__(self, sw: int) -> None:
        super().__init__(sw_name(sw))
        self.sw = sw


def _checked(record: tlv.Record, field: Field) -> bytes:
    if len(record.value) != field.length:
        raise CardProtocolError(f"record {field.tag:02X} has {len(record.value)} bytes instead of {field.length}")
    return record.value
