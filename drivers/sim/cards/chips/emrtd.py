"""The travel document's twin: BAC or PACE, secure messaging, EF.COM, DG1, EF.SOD. See `drivers.cards.emrtd`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from drivers.cards import emrtd as profile
from drivers.cards.secure import ber, messaging, pace
from drivers.cards.secure.passive import EF_SOD
from drivers.errors import CardProtocolError
from drivers.sim.cards.chips.chip import Answer, Command, take_apart
from drivers.sim.cards.chips.emrtd_pace import PaceChip
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.schema import DATE, CardDocumentError, day, object_schema, profile_schema

PROFILE: Final = profile.PROFILE
_SEX: Final = {"male": "M", "female": "F", "unknown": "<"}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of this profile's documents."""
    words = {"type": "string", "pattern": "^[A-Z]+( [A-Z]+)*$", "maxLength": 30}
    return profile_schema(
        PROFILE,
        {
            "format": {"enum": ["TD1", "TD2", "TD3"], "default": "TD3"},
            "access": {
                "enum": ["bac", "pace", "pace-p256"],
                "default": "bac",
                "description": "How the chip opens: Basic Access Control only, or PACE only (brainpoolP256r1, P-256).",
            },
            "pace": {
                **object_schema(
                    {
                        "cipher": {"enum": list(pace.CIPHERS), "default": "aes-128"},
                        "parameters": {
                            "type": "array",
                            "items": {"type": "integer", "minimum": min(pace.CURVES), "maximum": max(pace.CURVES)},
                            "minItems": 1,
                            "description": "Numbers of the curves that EF.CardAccess offers (Doc 9303 part 11, 9.5.1).",
                        },
                    }
                ),
                "description": "Suite and curves of PACE. Default: AES-128 on the curve that `access` names.",
            },
            "forged": {
                "type": "boolean",
                "default": False,
                "description": "The zone on the chip is not the one that its issuer signed.",
            },
            "card": object_schema(
                {
                    "document_number": {"type": "string", "pattern": "^[0-9A-Z]{1,9}$"},
                    "access_number": {
                        "type": "string",
                        "pattern": "^[0-9]{6}$",
                        "default": "123456",
                        "description": "The CAN, which opens a chip with PACE too.",
                    },
                    "issuing_state": {"type": "string", "pattern": "^[A-Z]{3}$", "default": "UTO"},
                    "expires": {**DATE, "default": "2030-01-01"},
                },
                required=["document_number"],
            ),
            "holder": object_schema(
                {
                    "surname": words,
                    "given_names": words,
                    "nationality": {"type": "string", "pattern": "^[A-Z]{3}$", "default": "UTO"},
                    "id_number": {"type": "string", "pattern": "^[0-9A-Z]{1,14}$", "description": "Optional data."},
                    "sex": {"enum": ["female", "male", "unknown"]},
                    "birth_date": DATE,
                },
                required=["surname", "birth_date"],
            ),
        },
        ["holder", "card"],
    )


class EmrtdChip:
    """The chip of one travel document."""

    profile = PROFILE
    label = PROFILE
    atr = bytes.fromhex("3B8980014A434F5033315632322F2E")[:-2] + b"\x4a"
    classes = frozenset({0x00, 0x0C, 0x10})
    exact = frozenset[int]()
    tries_left = 0
    pin_verified = False

    def __init__(self, document: Mapping[str, Any], authority: CardAuthority | None = None) -> None:
        """Make it of a document that the schema has accepted; without an authority it has no EF.SOD.

        Raises `CardDocumentError`.
        """
        zone = machine_readable_zone(document)
        parsed = profile.parse_zone(zone)
        key = profile.AccessKey(parsed.document_number, parsed.birth_date, parsed.expires)
        self._seed = key.seed()
        number = profile.AccessNumber(document["card"].get("access_number", "123456"))
        self._passwords = {known.reference: known for known in (key.password(), number.password())}
        self._suites = _suites(document)
        present = ber.encode(0x5F01, b"0107") + ber.encode(0x5F36, b"040000") + ber.encode(0x5C, b"\x61")
        data = ber.encode(0x61, ber.encode(0x5F1F, zone.encode("ascii")))
        self._files = {
            profile.EF_COM: ber.encode(0x60, present),
            profile.DG1: data,
        }
        if authority is not None:
            signed = zone.replace("<", "X", 1) if document.get("forged", False) else zone
            over = ber.encode(0x61, ber.encode(0x5F1F, signed.encode("ascii")))
            self._files[EF_SOD] = authority.travel().security_object({1: over})
        self.reset()

    def reset(self) -> None:
        """As `Chip.reset`."""
        self._selected = False
        self._challenge = b""
        self._file = b""
        self._channel: messaging.Channel | None = None
        self._pace: PaceChip | None = None

    def answer(self, command: Command) -> Answer:
        """As `Chip.answer`."""
        if command.cla == 0x0C:
            return self._protected(command)
        self._channel, self._file = None, b""
        if self._suites:
            return self._before_pace(command)
        if command.ins == 0xA4:
            self._selected = command.p1 == 0x04 and command.data == profile.AID
            return b"", 0x9000 if self._selected else 0x6A82
        if not self._selected:
            return b"", 0x6982
        if command.ins == profile.INS_GET_CHALLENGE:
            self._challenge = secrets.token_bytes(8)
            return self._challenge, 0x9000
        if command.ins == profile.INS_EXTERNAL_AUTHENTICATE:
            return self._authenticate(command.data)
        return b"", 0x6982 if command.ins == 0xB0 else 0x6D00

    def _before_pace(self, command: Command) -> Answer:
        """What a chip that wants PACE answers in the open: its name, EF.CardAccess, and the protocol."""
        if command.ins == 0xA4:
            known = {0x04: (profile.AID,), 0x00: (profile.MASTER_FILE,), 0x02: (profile.CARD_ACCESS,)}
            if command.data not in known.get(command.p1, ()):
                return b"", 0x6A82
            self._file = command.data
            return b"", 0x9000
        if command.ins == 0xB0:
            content = pace.card_access(*self._suites)[command.p1 << 8 | command.p2 :]
            return content[: command.wanted], 0x9000
        if command.ins == 0x22:
            return self._begin_pace(command.data)
        if command.ins != pace.INS_GENERAL_AUTHENTICATE or self._pace is None:
            return b"", 0x6985
        data, sw = self._pace.answer(command)
        self._channel = self._pace.channel
        return data, sw

    def _begin_pace(self, template: bytes) -> Answer:
        """MSE:SET AT names the suite, the password, and the curve where there is more than one."""
        self._pace = None
        try:
            asked = ber.parse(template)
        except CardProtocolError:
            return b"", 0x6A80
        password = self._passwords.get(int.from_bytes(asked.get(0x83, b""), "big"))
        known = {bytes([suite.parameter]): suite for suite in self._suites if suite.oid == asked.get(0x80)}
        curve = asked.get(0x84, next(iter(known)) if len(known) == 1 else b"")
        if password is None or curve not in known:
            return b"", 0x6A88 if known else 0x6A80
        self._pace = PaceChip(password, known[curve])
        return b"", 0x9000

    def _authenticate(self, told: bytes) -> Answer:
        ours, self._challenge = self._challenge, b""
        enc, mac = messaging.derive(self._seed, 1), messaging.derive(self._seed, 2)
        if len(told) != 40 or len(ours) != 8:
            return b"", 0x6985
        if not secrets.compare_digest(messaging.retail_mac(mac, told[:32]), told[32:]):
            return b"", 0x6300
        plain = messaging.decrypt(enc, told[:32])
        if plain[8:16] != ours:
            return b"", 0x6300
        theirs, half = plain[:8], secrets.token_bytes(16)
        answer = messaging.encrypt(enc, ours + theirs + half)
        joined = bytes(one ^ other for one, other in zip(plain[16:], half, strict=True))
        self._channel = messaging.Channel(joined, ours[4:] + theirs[4:])
        return answer + messaging.retail_mac(mac, answer), 0x9000

    def _protected(self, command: Command) -> Answer:
        if self._channel is None:
            return b"", 0x6982
        raw = bytes([command.cla, command.ins, command.p1, command.p2, len(command.data)]) + command.data
        try:
            inner = take_apart(self._channel.open_command(raw))
        except CardProtocolError:
            self._channel = None
            return b"", 0x6988
        if inner is None:
            self._channel = None
            return b"", 0x6987
        return self._channel.protect_answer(*self._inside(inner)), 0x9000

    def _inside(self, command: Command) -> Answer:
        if command.ins == 0xA4 and command.p1 == 0x04:
            return b"", 0x9000 if command.data == profile.AID else 0x6A82
        if command.ins == 0xA4 and command.p1 == 0x02:
            self._file = command.data if command.data in self._files else b""
            return b"", 0x9000 if self._file else 0x6A82
        if command.ins != 0xB0 or not self._file:
            return b"", 0x6986
        left = self._files[self._file][command.p1 << 8 | command.p2 :]
        if not left:
            return b"", 0x6B00
        part = left[: command.wanted]
        return part, 0x9000 if len(part) == command.wanted else 0x6282


def _suites(document: Mapping[str, Any]) -> tuple[pace.Suite, ...]:
    """What EF.CardAccess offers; nothing where the chip opens to Basic Access Control."""
    default = {"bac": 0, "pace": 13, "pace-p256": 12}[document.get("access", "bac")]
    if not default:
        return ()
    chosen: Mapping[str, Any] = document.get("pace", {})
    cipher = pace.CIPHERS[chosen.get("cipher", "aes-128")]
    return tuple(pace.Suite(cipher, parameter) for parameter in chosen.get("parameters", [default]))


def machine_readable_zone(document: Mapping[str, Any]) -> str:
    """Return the zone that is printed on the document, without line breaks. Raises `CardDocumentError`."""
    holder: Mapping[str, Any] = document["holder"]
    card: Mapping[str, Any] = document["card"]
    number = card["document_number"].ljust(9, "<")
    state, nation = card.get("issuing_state", "UTO"), holder.get("nationality", "UTO")
    born = day("holder.birth_date", holder["birth_date"]).replace("-", "")[2:]
    expires = day("card.expires", card.get("expires", "2030-01-01")).replace("-", "")[2:]
    names = holder["surname"] + ("  " + holder["given_names"] if "given_names" in holder else "")
    names = names.replace(" ", "<")
    optional = holder.get("id_number", "")
    digit = profile.check_digit
    dated = born + digit(born) + _SEX[holder.get("sex", "unknown")] + expires + digit(expires)
    if document.get("format", "TD3") == "TD1":
        first = f"I<{state}{number}{digit(number)}{optional:<<15}"
        whole = number + digit(number) + f"{optional:<<15}" + dated[:7] + dated[8:] + "<" * 11
        second = f"{dated}{nation}{'<' * 11}"
        zone = first + second + digit(whole) + f"{names:<<30}"
        width, size = 30, 90
    else:
        width = 44 if document.get("format", "TD3") == "TD3" else 36
        code = "P" if width == 44 else "I"
        size = 2 * width
        room = 14 if width == 44 else 7
        second = f"{number}{digit(number)}{nation}{dated}{optional:<<{room}}"
        if width == 44:
            second += digit(optional.ljust(14, "<"))
        whole = second[0:10] + second[13:20] + second[21:]
        zone = f"{code}<{state}{names:<<{width - 5}}{second}{digit(whole)}"
    if len(zone) != size:
        raise CardDocumentError("holder", f"does not fit into a machine readable zone of {width} columns")
    return zone
