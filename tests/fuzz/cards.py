"""Bytes that come out of a card, of any kind, and of what stands between it and the terminal."""

from __future__ import annotations

import contextlib
import datetime
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import serial
from cryptography import x509

from drivers.api import CardConnection
from drivers.cards import registry, resident_id, tlv
from drivers.cards.emrtd import AccessKey, EmrtdCard, parse_zone
from drivers.cards.registry import Card, Helps
from drivers.cards.secure import ber, pace, passive
from drivers.cards.secure.mutual import HsmAuthentication
from drivers.errors import (
    CardNeedsHsm,
    CardNeedsKey,
    CardProtocolError,
    CardRemoved,
    CardSwapped,
    DriverError,
    NoCard,
    PinBlocked,
    PinFormat,
    PinRejected,
    ReaderGone,
    UnknownCard,
)
from drivers.readers import sdt_frame
from drivers.readers.sdt_serial import SdtModule
from drivers.readers.trace import RecordingConnection, Trace
from drivers.sim.cards.card import DEFAULT_ATR, SimCard
from drivers.sim.cards.chips.citizen import BENCH_MASTER_KEY
from drivers.sim.cards.chips.emrtd import EmrtdChip
from drivers.sim.cards.chips.replay import ReplayCard
from drivers.sim.cards.chips.resident_id import text_of
from drivers.sim.cards.issuer import CardAuthority
from tests.cards import (
    MRZ_KEY,
    PIN,
    Contacts,
    belgian_document,
    card_document,
    emrtd_document,
    piv_document,
    resident_document,
)
from tests.fuzz.kit import Family, Reader, joined, scratch, sliced
from tests.security_module import KeyModule

LEAVES = (CardNeedsHsm, CardNeedsKey, CardProtocolError, UnknownCard, CardSwapped, PinBlocked, PinFormat, PinRejected)
"""Any other leaf would say something of the reader, which did nothing wrong."""
NOW = datetime.datetime(2027, 1, 4, tzinfo=datetime.UTC)
ACTIONS: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("read_facts", ()),
    ("read_holder", ()),
    ("tries_left", ()),
    ("verify_pin", (PIN,)),
    ("certificate", ()),
    ("sign", (b"x",)),
    ("same_card", ("00" * 16,)),
    ("change_pin", (PIN, "135790")),
)


@cache
def authority() -> CardAuthority:
    return CardAuthority.load_or_create(scratch())


@cache
def country() -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority().travel().certificate_pem)


def helps() -> Helps:
    return Helps(HsmAuthentication(KeyModule(BENCH_MASTER_KEY)), AccessKey.parse(MRZ_KEY), (country(),))


def use(card: Card) -> None:
    """Ask the card for everything its profile can do; each question may be refused."""
    for name, given in ACTIONS:
        with contextlib.suppress(*LEAVES):
            if hasattr(card, name):
                getattr(card, name)(*given)


def documents() -> list[dict[str, Any]]:
    """A card of each kind."""
    citizens = [card_document(version=version) for version in ("1.00", "2.00", "3.00")]
    return [*citizens, belgian_document(), piv_document(pin=PIN), emrtd_document(), emrtd_document(access="pace")]


@cache
def sim(kind: int) -> SimCard:
    return SimCard.from_document(documents()[kind], authority())


# ------------------------------------------------------------------------------------------------- whole visits


def answered(raw: bytes) -> None:
    """All answers of a card, in a row: its answer to reset, then one for each command."""
    atr, *answers = sliced(raw) or [b""]
    left = iter(answers)
    use(registry.identify(Contacts(lambda _command: next(left, None), atr), helps()))


def recorded() -> Iterable[bytes]:
    for kind in range(len(documents())):
        card, answers = sim(kind), []

        def process(apdu: bytes, card: SimCard = card, answers: list[bytes] = answers) -> bytes | None:
            answers.append(card.process(apdu) or b"")
            return answers[-1]

        card.reset()
        use(registry.identify(Contacts(process, card.atr), helps()))
        yield joined([card.atr, *answers])


def spoilt(raw: bytes) -> None:
    """A good card, of which one answer in a visit is another: kind, place, answer."""
    kind, place, wrong = raw[0] % len(documents()) if raw else 0, raw[1] if len(raw) > 1 else 0, raw[2:]
    card, count = SimCard.from_document(documents()[kind], authority()), 0

    def process(apdu: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return wrong if count == place else card.process(apdu)

    use(registry.identify(Contacts(process, card.atr), helps()))


def replayed(raw: bytes) -> None:
    """A trace that somebody sends, played as a card and recorded again."""
    trace = Trace.from_json(as_json(raw))
    again = Trace(trace.profile, trace.atr)
    with contextlib.suppress(*LEAVES):
        use(registry.identify(RecordingConnection(Contacts(ReplayCard(trace).process, trace.atr), again), helps()))
    assert Trace.from_json(again.to_json()) == again


def traces() -> Iterable[bytes]:
    for kind in range(len(documents()) - 1):  # of PACE a trace keeps nothing but lengths
        card, trace = sim(kind), Trace(documents()[kind]["profile"], sim(kind).atr)
        card.reset()
        use(registry.identify(RecordingConnection(Contacts(card.process, card.atr), trace), helps()))
        trace.exchanges = trace.exchanges[:60]
        yield json.dumps(trace.to_json()).encode()


def as_json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


# -------------------------------------------------------------------------------------------------- parts of one


def travel_files(raw: bytes) -> None:
    """A genuine chip with other files: EF.COM, DG1, EF.SOD."""
    chip = EmrtdChip(emrtd_document(), None)
    names = [b"\x01\x1e", b"\x01\x01", passive.EF_SOD]
    chip._files = dict(zip(names, sliced(raw), strict=False))
    card = EmrtdCard(Contacts(SimCard(chip=chip).process), AccessKey.parse(MRZ_KEY), (country(),))
    card.select()
    card.read_facts()
    card.read_holder()


def travel_seeds() -> Iterable[bytes]:
    yield joined(EmrtdChip(emrtd_document(), authority())._files.values())
    yield joined(EmrtdChip(emrtd_document(format="TD1"), authority())._files.values())


def security_object(raw: bytes) -> None:
    """EF.SOD and the data group it is about."""
    signed, group = [*sliced(raw), b"", b""][:2]
    passive.check(passive.parse(signed), {1: group}, (country(),), NOW)


def security_seeds() -> Iterable[bytes]:
    files = EmrtdChip(emrtd_document(), authority())._files
    yield joined([files[passive.EF_SOD], list(files.values())[1]])


def objects(raw: bytes) -> None:
    with contextlib.suppress(CardProtocolError):
        record = tlv.parse_record(raw)
        assert tlv.encode(record.tag, record.value) == raw
    list(ber.objects(raw))
    ber.only(raw, 0x31)
    pace.offered(raw)


def object_seeds() -> Iterable[bytes]:
    yield tlv.encode(8, b"44019919900101002X")
    yield ber.encode(0x31, ber.encode(0x30, ber.encode(0x06, pace.GENERIC_MAPPING + b"\x02")))
    yield pace.card_access(pace.Suite(2, 13), pace.Suite(2, 12))


def zone(raw: bytes) -> None:
    parse_zone(raw.decode("latin-1"))


def zones() -> Iterable[bytes]:
    holder = {**emrtd_document()["holder"], "id_number": "ZE18"}
    for form in ("TD1", "TD2", "TD3"):
        files = EmrtdChip(emrtd_document(format=form, holder=holder), None)._files
        yield ber.only(ber.only(files[b"\x01\x01"], 0x61), 0x5F1F)


def resident(raw: bytes) -> None:
    resident_id.parse(raw.ljust(resident_id.TEXT_BYTES, b"\0")[: resident_id.TEXT_BYTES], lambda _code: None)


class Line:
    """The serial line of the identity card's module: what it says, and then nothing for ever."""

    def __init__(self, said: Sequence[bytes]) -> None:
        self._left = list(said)
        self.in_waiting = 0

    def reset_input_buffer(self) -> None: ...

    def write(self, _data: bytes) -> None: ...

    def read(self, _size: int) -> bytes:
        if not self._left:
            raise serial.SerialException("the line is gone")
        return self._left.pop(0)


class WiredModule(SdtModule):
    """The module at a line that is no port."""

    def __init__(self, line: Line) -> None:
        self._reply_s, self._buffer, self._stopping, self._line = 2.0, bytearray(), threading.Event(), line


def module(raw: bytes) -> None:
    said = sliced(raw)
    for ask in (SdtModule.status, SdtModule.read):
        ask(WiredModule(Line(said)))


def module_seeds() -> Iterable[bytes]:
    text = text_of(resident_document())
    reading = len(text).to_bytes(2) + (8).to_bytes(2) + text + bytes(8)
    ok, found = bytes([0, 0, sdt_frame.OK]), bytes([0, 0, sdt_frame.FOUND])
    yield joined([sdt_frame.frame(ok)])
    yield joined([sdt_frame.frame(found), sdt_frame.frame(ok), sdt_frame.frame(ok + reading)])
    yield joined([sdt_frame.frame(found)[:5], sdt_frame.frame(found)[5:]])


def written(raw: bytes) -> None:
    """A card document that somebody wrote, and the card that is made of it."""
    document = as_json(raw)
    card = SimCard.from_document(document, authority())
    with contextlib.suppress(*LEAVES):
        use(registry.identify(Contacts(card.process, card.atr or DEFAULT_ATR), helps()))


def with_key(make: Callable[[CardConnection, Helps], Card]) -> Callable[[bytes], None]:
    """The answers to one profile, its application selected by the first."""

    def read(raw: bytes) -> None:
        left = iter(sliced(raw))
        card = make(Contacts(lambda _command: next(left, None)), helps())
        card.select()
        use(card)

    return read


def answers_of(profile: str) -> Iterable[bytes]:
    made = next(one.make for one in registry.PROFILES if one.name == profile)
    for kind, document in enumerate(documents()[:-1]):
        if document["profile"] != profile:
            continue
        card, answers = sim(kind), []

        def process(apdu: bytes, card: SimCard = card, answers: list[bytes] = answers) -> bytes | None:
            answers.append(card.process(apdu) or b"")
            return answers[-1]

        card.reset()
        found = made(Contacts(process, card.atr), helps())
        found.select()
        use(found)
        yield joined(answers)


def profile_readers() -> Iterable[Reader]:
    for profile in registry.PROFILES:
        yield Reader(profile.name, with_key(profile.make), LEAVES, lambda name=profile.name: answers_of(name))


FAMILY = Family(
    Reader("visit", answered, LEAVES, recorded),
    Reader("spoilt", spoilt, LEAVES, lambda: [bytes([kind, 3]) + b"\x6a\x82" for kind in range(7)]),
    Reader("trace", replayed, (DriverError,), traces),
    Reader("travel-files", travel_files, LEAVES, travel_seeds),
    Reader("security-object", security_object, LEAVES, security_seeds),
    Reader("objects", objects, LEAVES, object_seeds),
    Reader("zone", zone, LEAVES, zones),
    Reader("resident-text", resident, LEAVES, lambda: [text_of(resident_document())]),
    Reader("module", module, (CardProtocolError, NoCard, CardRemoved, ReaderGone), module_seeds),
    Reader("document", written, (DriverError,), lambda: [json.dumps(one).encode() for one in documents()]),
    *profile_readers(),
)
