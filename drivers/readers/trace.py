"""A card's exchanges written down, without whom the card belongs to, so that they can be played again.

A trace is JSON: `{"kind": "card-trace", "version": 1, "profile", "atr", "exchanges": [{"command", "answer", "sw"}]}`,
all bytes in hexadecimal. PINs, keys and challenges are zeros. Of what a citizen card says of its holder each record is
replaced by one of the same length about nobody, so that the trace still reads as a whole card; of all other files the
bytes are zeros, and only lengths and status words are true. Nothing unmasked is kept beyond one exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from drivers.api import CardConnection, Response
from drivers.cards import citizen_fields as fields
from drivers.cards.apdu import INS_GET_RESPONSE, INS_MANAGE_SECURITY, INS_READ_RECORD, INS_SELECT
from drivers.errors import DriverError

KIND: Final = "card-trace"
VERSION: Final = 1
MAX_EXCHANGES: Final = 10_000

_NOBODY: Final = {
    fields.CARD_ID.tag: bytes.fromhex("440199" + "0" * 26),
    fields.CARD_NUMBER.tag: b"X00000019",
    fields.ID_NUMBER.tag: b"440199199001010028",
    fields.NAME.tag: "无名".encode("gbk"),
    fields.NAME_REST.tag: b"",
    fields.SEX.tag: b"2",
    fields.ETHNIC_GROUP.tag: b"\x01",
    fields.BIRTHPLACE.tag: bytes.fromhex("440199"),
    fields.BIRTH_DATE.tag: bytes.fromhex("19900101"),
}
_KEPT: Final = frozenset(
    {fields.CARD_CLASS.tag, fields.VERSION.tag, fields.ISSUED.tag, fields.EXPIRES.tag}
)  # nobody is known by these


class TraceInvalid(DriverError):
    """A trace that cannot be played. The message names the field."""

    code = "card-trace-invalid"


@dataclass(frozen=True)
class Exchange:
    """One command and its answer, both masked."""

    command: bytes
    data: bytes
    sw: int


@dataclass
class Trace:
    """A card's exchanges."""

    profile: str
    atr: bytes
    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def to_json(self) -> dict[str, object]:
        """Return the trace as JSON values."""
        return {
            "kind": KIND,
            "version": VERSION,
            "profile": self.profile,
            "atr": self.atr.hex().upper(),
            "exchanges": [
                {"command": one.command.hex().upper(), "answer": one.data.hex().upper(), "sw": f"{one.sw:04X}"}
                for one in self.exchanges
            ],
        }

    @classmethod
    def from_json(cls, document: object) -> Trace:
        """Read a trace. Raises `TraceInvalid` naming the field."""
        root = _mapping(document, "trace")
        if root.get("kind") != KIND or root.get("version") != VERSION:
            raise TraceInvalid(f"kind, version: {KIND} {VERSION} is wanted")
        listed: Any = root.get("exchanges")
        if not isinstance(listed, list) or len(cast("list[object]", listed)) > MAX_EXCHANGES:
            raise TraceInvalid(f"exchanges: a list of at most {MAX_EXCHANGES} is wanted")
        made = cls(str(root.get("profile", "")), _hex(root, "atr"))
        for place, item in enumerate(cast("list[object]", listed)):
            where = f"exchanges.{place}"
            one = _mapping(item, where)
            command, sw = _hex(one, "command", where), _hex(one, "sw", where)
            if len(command) < 4 or len(sw) != 2:
                raise TraceInvalid(f"{where}: a command of four bytes or more and a status word are wanted")
            made.exchanges.append(Exchange(command, _hex(one, "answer", where), int.from_bytes(sw, "big")))
        return made


class RecordingConnection:
    """A connection that keeps each exchange, masked, in a trace."""

    def __init__(self, connection: CardConnection, trace: Trace) -> None:
        self._connection = connection
        self._trace = trace
        self._ins = 0

    @property
    def atr(self) -> bytes:
        return self._connection.atr

    def transmit(self, command: bytes, deadline_s: float = 5.0) -> Response:
        """As `CardConnection.transmit`."""
        answer = self._connection.transmit(command, deadline_s)
        if len(command) >= 2 and command[1] != INS_GET_RESPONSE:
            self._ins = command[1]
        masked = mask_answer(self._ins, answer.data)
        self._trace.exchanges.append(Exchange(mask_command(command), masked, answer.sw))
        return answer

    def close(self) -> None:
        """As `CardConnection.close`."""
        self._connection.close()


def mask_command(command: bytes) -> bytes:
    """Return the command with zeros for its data; SELECT and MSE keep theirs, which name files and keys by number."""
    if len(command) <= 5 or command[1] in (INS_SELECT, INS_MANAGE_SECURITY):
        return command
    size = min(command[4], len(command) - 5)
    return command[:5] + bytes(size) + command[5 + size :]


def mask_answer(ins: int, data: bytes) -> bytes:
    """Return an answer about nobody, of the same length."""
    if ins == INS_SELECT:
        return data
    if ins == INS_READ_RECORD and len(data) >= 2 and data[1] == len(data) - 2:
        return data[:2] + _mask_record(data[0], data[2:])
    # The head tells the length of a file in one go; the rest may be anything.
    kept = data[:4] if data[:1] == b"\x30" else b""
    return kept + bytes(len(data) - len(kept))


def _mask_record(tag: int, value: bytes) -> bytes:
    if tag in _KEPT:
        return value
    return _NOBODY.get(tag, b"").ljust(len(value), b"\0")[: len(value)]


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TraceInvalid(f"{where}: an object is wanted")
    return cast("Mapping[str, object]", value)


def _hex(values: Mapping[str, object], name: str, where: str = "trace") -> bytes:
    value = values.get(name)
    try:
        if isinstance(value, str):
            return bytes.fromhex(value)
    except ValueError:
        pass  # refused below like everything that is no hexadecimal text
    raise TraceInvalid(f"{where}.{name}: hexadecimal digits are wanted")
