"""The firmware of the simulated printer: bytes -> commands -> strips of paper.

Pure but for its own modes: it knows nothing of paper ends, covers or power, which are the printer's. It reads the
commands that receipt printers have in common, not only those our encoder writes; what it does not know it notes in
`unknown` and skips, as a printer does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from drivers.printers.paper.layout import COLUMN_DOTS, LINE_DOTS, Paper, Run
from drivers.printers.paper.linebreak import columns
from drivers.sim.printer_paper import BlankStrip, Strip, TextStrip, barcode_strip, picture_strip, qr_strip

_ESC_SIZES = dict.fromkeys(b"3aEJd!tGMR-", 1) | {ord("@"): 0, ord("2"): 0, ord("p"): 3}
_FS_SIZES = {ord("&"): 0, ord("."): 0, ord("!"): 1, ord("W"): 1, ord("-"): 1}
_GS_SIZES = dict.fromkeys(b"!BhwHfarI", 1) | {ord("L"): 2, ord("W"): 2, ord("P"): 2}
_DEFAULT_PITCH = 34
"""ESC 2: one sixth of an inch."""


@dataclass(frozen=True)
class Printed:
    strip: Strip


@dataclass(frozen=True)
class Cut:
    """Feed by `feed` dots, then cut."""

    feed: int


@dataclass(frozen=True)
class Marker:
    """A process id to be answered now."""

    marker: bytes


@dataclass(frozen=True)
class QueuedQuery:
    """GS r: a status byte to be answered now."""


@dataclass(frozen=True)
class NameQuery:
    """GS I 67: the printer's name."""


@dataclass(frozen=True)
class StatusBack:
    enabled: bool


@dataclass(frozen=True)
class Present:
    """GS e: show the ticket by so many steps; none takes it back."""

    steps: int


Action = Printed | Cut | Marker | QueuedQuery | StatusBack | Present | NameQuery

_PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}
"""Code pages by ESC t number. Source: Epson "ESC/POS Command Reference", ESC t."""


@dataclass(frozen=True)
class _Command:
    name: bytes
    params: bytes


_PLAIN = re.compile(rb"[\x20-\x7e]+")
_WIDE = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe])+")
"""Characters of one and of two bytes that are no commands (GBK 1.0)."""
_Style = tuple[bool, int, int, bool, bool]
"""Bold, width, height, narrow as in `Run`; and white on black."""


@dataclass
class _Piece:
    """Characters of one style in the line buffer."""

    text: str
    style: _Style

    @property
    def run(self) -> tuple[Run, bool]:
        bold, width, height, narrow, reverse = self.style
        return Run(self.text, bold, width, height, narrow), reverse


class Interpreter:
    """Reads commands from a buffer and carries them out one at a time."""

    def __init__(self, paper: Paper, font: Path, *, native_qr: bool = True) -> None:
        self._paper = paper
        self._font = font
        self._native_qr = native_qr
        self.unknown: list[bytes] = []
        """The names of commands it did not know, the latest 100."""
        self.reset()

    def reset(self) -> None:
        """ESC @, and what power does: all modes as delivered, the line buffer empty."""
        self._chinese = True
        self._page = _PAGES[0]
        self._bold = self._reverse = False
        self._width = self._height = 1
        self._chinese_size: tuple[int, int] | None = None
        self._align = 0
        self._pitch = _DEFAULT_PITCH
        self._line: list[_Piece] = []
        self._used = 0
        self._bar, self._bar_height = 3, 162
        self._qr_dot, self._qr_data = 3, b""

    @property
    def has_half_line(self) -> bool:
        return bool(self._line)

    def read(self, buffer: bytearray) -> list[Action] | None:
        """Take steps until something comes of one; None where the last command is incomplete.

        A character or a mode moves nothing, so the printer has nothing to look at in between.
        """
        actions = self.step(buffer)
        while actions == [] and buffer:
            actions = self.step(buffer)
        return actions

    def step(self, buffer: bytearray) -> list[Action] | None:
        """Take one command or character off the buffer and return what comes of it; None if it is incomplete."""
        first = buffer[0]
        if first in b"\x1b\x1c\x1d\x10":
            found = _read_command(buffer)
            if found is None:
                return None
            command, used = found
            del buffer[:used]
            return self._obey(command)
        if self._put_all(buffer):
            return []
        size = 2 if self._chinese and first >= 0x81 else 1
        if len(buffer) < size:
            return None
        code = bytes(buffer[:size])
        del buffer[:size]
        if code == b"\n":
            return [Printed(self._end_line())]
        if size == 1 and first < 0x20:
            return []
        return self._put(code)

    def _put_all(self, buffer: bytearray) -> bool:
        """Take the characters that begin the buffer together, where nothing comes of them but a longer line."""
        found = (_WIDE if self._chinese and buffer[0] >= 0x81 else _PLAIN).match(buffer)
        if found is None:
            return False
        try:
            text = found[0].decode("gbk")
        except UnicodeDecodeError:
            return False  # a hole in the font: one by one
        double = buffer[0] >= 0x81
        width, height = self._size(double=double)
        need = columns(text) * width
        if self._used + need > self._paper.columns:
            return False
        del buffer[: found.end()]
        self._add(text, need, (self._bold, width, height, False, self._reverse))
        return True

    def _put(self, code: bytes) -> list[Action]:
        narrow = len(code) == 1 and code[0] >= 0x80
        try:
            char = code.decode(self._page if narrow else "gbk")
        except UnicodeDecodeError:
            char = "?" * len(code)  # a hole in the font, or half of a 4-byte code
        width, height = self._size(double=len(code) == 2)
        need = (len(char) if narrow else columns(char)) * width
        actions: list[Action] = []
        if self._used + need > self._paper.columns:
            actions.append(Printed(self._end_line()))
        self._add(char, need, (self._bold, width, height, narrow, self._reverse))
        return actions

    def _size(self, *, double: bool) -> tuple[int, int]:
        """How many cells a character takes; `double`: a Chinese one."""
        return self._chinese_size if double and self._chinese_size is not None else (self._width, self._height)

    def _add(self, text: str, need: int, style: _Style) -> None:
        """Put characters that take `need` columns into the line."""
        self._used += need
        if self._line and self._line[-1].style == style:
            self._line[-1].text += text
        else:
            self._line.append(_Piece(text, style))

    def _end_line(self, feed: int | None = None) -> Strip:
        """Print the line buffer and feed: by the line pitch, and never less than the line is high."""
        if not self._line:
            return BlankStrip(self._pitch if feed is None else feed)
        runs, self._line, self._used = tuple(one.run for one in self._line), [], 0
        height = max(r.height for r, _ in runs)
        used = sum(r.columns for r, _ in runs)
        left = (self._paper.columns - used) * COLUMN_DOTS * self._align // 2
        pitch = max(self._pitch if feed is None else feed, height * LINE_DOTS)
        return TextStrip(runs, left, height, pitch)

    def _feed(self, dots: int) -> list[Action]:
        return [Printed(self._end_line(dots))] if dots or self._line else []

    def _obey(self, command: _Command) -> list[Action]:  # noqa: C901, PLR0911, PLR0912 - one case a command
        name, params = command.name, command.params
        if name.startswith(b"\x10"):
            return []  # was obeyed when it arrived
        if name == b"\x1dV":
            return [*self._feed(0), Cut(params[1] if len(params) > 1 else 0)]
        if name == b"\x1dv":
            return [*self._feed(0), *self._picture(params)]
        if name == b"\x1dk":
            return [*self._feed(0), *self._barcode(params)]
        if name == b"\x1d(":
            return self._function(params)
        if name == b"\x1ba" and params[0] & 3 <= 2:
            self._align = params[0] & 3
        elif name == b"\x1bJ":
            return self._feed(params[0])
        elif name == b"\x1bd":
            return [*self._feed(0), *[Printed(BlankStrip(self._pitch))] * params[0]]
        elif name == b"\x1da":
            return [StatusBack(params[0] != 0)]
        elif name == b"\x1dr":
            return [QueuedQuery()]
        elif name == b"\x1dI" and params == b"C":
            return [NameQuery()]
        elif name == b"\x1de" and params[0] in {2, 3}:
            return [Present(params[1] if params[0] == 3 else 0)]
        elif not self._set_mode(name, params):
            self.unknown = [*self.unknown[-99:], name]
        return []

    def _set_mode(self, name: bytes, params: bytes) -> bool:  # noqa: C901, PLR0912 - one case a command
        """Obey a command that only changes a mode; False if it is none."""
        n = params[0] if params else 0
        match name:
            case b"\x1b@":
                self.reset()
            case b"\x1b2":
                self._pitch = _DEFAULT_PITCH
            case b"\x1b3":
                self._pitch = n
            case b"\x1bE" | b"\x1bG":
                self._bold = bool(n & 1)
            case b"\x1b!":
                self._bold = bool(n & 0x08)
                self._width, self._height = 2 if n & 0x20 else 1, 2 if n & 0x10 else 1
            case b"\x1d!":
                self._width, self._height = (n >> 4 & 7) + 1, (n & 7) + 1
                self._chinese_size = None
            case b"\x1dB":
                self._reverse = bool(n & 1)
            case b"\x1c&" | b"\x1c.":
                self._chinese = name == b"\x1c&"
            case b"\x1c!":
                self._chinese_size = (2 if n & 0x04 else 1, 2 if n & 0x08 else 1)
            case b"\x1cW":
                self._chinese_size = (1 + (n & 1), 1 + (n & 1))
            case b"\x1bt":
                self._page = _PAGES.get(n, self._page)
            case b"\x1dh":
                self._bar_height = max(1, n)
            case b"\x1dw":
                self._bar = max(1, n)
            case _:
                return name in {b"\x1bM", b"\x1bR", b"\x1b-", b"\x1bp", b"\x1c-", b"\x1dH", b"\x1df"}
        return True

    def _picture(self, params: bytes) -> list[Action]:
        scale = (2 if params[1] & 1 else 1, 2 if params[1] & 2 else 1)
        width, height = int.from_bytes(params[2:4], "little"), int.from_bytes(params[4:6], "little")
        if not width or not height:
            return []
        strip = picture_strip(params[6:], width, height, scale, self._paper.dots, self._align)
        return [Printed(strip)]

    def _barcode(self, params: bytes) -> list[Action]:
        kind, data = params[0], params[1:]
        if kind != 73 or not data.startswith(b"{B"):
            self.unknown = [*self.unknown[-99:], b"\x1dk"]
            return []
        text = data[2:].replace(b"{{", b"{").decode("ascii", errors="replace")
        strip = barcode_strip(text, self._bar, self._bar_height, self._paper.dots, self._align, self._font)
        return [Printed(strip)] if strip.image.width <= self._paper.dots else []

    def _function(self, params: bytes) -> list[Action]:
        """GS ( : QR codes (k, cn 49) and process ids (H, fn 48)."""
        kind, data = params[:1], params[3:]
        if kind == b"H" and data[:2] == b"00" and len(data) == 6:
            return [Marker(data[2:])]
        if kind != b"k" or data[:1] != b"1" or len(data) < 2 or not self._native_qr:
            self.unknown = [*self.unknown[-99:], b"\x1d(" + kind]
            return []
        fn, rest = data[1], data[2:]
        if fn == 67:
            self._qr_dot = max(1, min(16, rest[0]))
        elif fn == 80:
            self._qr_data = rest[1:]
        elif fn == 81 and self._qr_data:
            text = self._qr_data.decode("utf-8", errors="replace")
            strip = qr_strip(text, self._qr_dot, 0, self._paper.dots, self._align)
            blank = self._chinese  # as some boards do: a QR code in Chinese mode comes out blank
            return [*self._feed(0), Printed(BlankStrip(strip.pitch) if blank else strip)]
        return []


def _read_command(buffer: bytearray) -> tuple[_Command, int] | None:
    """The command at the start of the buffer and its length, or None while bytes are missing."""
    if len(buffer) < 2:
        return None
    lead, op = buffer[0], buffer[1]
    name = bytes(buffer[:2])
    if lead == 0x1D and op in b"Vvk(e":
        size = _long_size(op, buffer)
    elif lead == 0x10:
        size = {0x04: 1, 0x05: 1, 0x14: 8 if bytes(buffer[2:3]) == b"\x08" else 3}.get(op, 0)
    else:
        sizes = {0x1B: _ESC_SIZES, 0x1C: _FS_SIZES, 0x1D: _GS_SIZES}[lead]
        size = sizes.get(op, 0)
    if size is None or len(buffer) < 2 + size:
        return None
    skip = 1 if name == b"\x1dk" and buffer[2] >= 65 else 0  # the length byte is no parameter
    params = bytes(buffer[2:3]) + bytes(buffer[3 + skip : 2 + size]) if size else b""
    return _Command(name, params), 2 + size


def _long_size(op: int, buffer: bytearray) -> int | None:
    """Bytes that follow the two of the name, or None while their number is not known."""
    have = len(buffer)
    if op == ord("V"):
        return None if have < 3 else (2 if buffer[2] in (65, 66, 97, 98, 103, 104) else 1)
    if op == ord("e"):
        return None if have < 3 else (2 if buffer[2] == 3 else 1)
    if op == ord("v"):
        if have < 8:
            return None
        return 6 + int.from_bytes(buffer[4:6], "little") * int.from_bytes(buffer[6:8], "little")
    if op == ord("k"):
        if have < 4:
            return None
        if buffer[2] >= 65:
            return 2 + buffer[3]
        end = buffer.find(0, 3)
        return None if end < 0 else end - 1
    return None if have < 5 else 3 + int.from_bytes(buffer[3:5], "little")
