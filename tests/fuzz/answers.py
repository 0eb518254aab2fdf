"""What a gateway sends to a terminal: whatever it is, the terminal gets values or leaves of `CacheError`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.api import Holder
from kiosk.personas import load_personas
from kiosk.pieces.released import SubjectData
from kiosk.services import forms, views
from kiosk.services.definition import Catalogue
from kiosk.services.forms import Form
from kiosk.settings import Settings
from kiosk.terminal import shipped_catalogue
from kiosk.workers.online import OnlineGateway
from offline_cache import catalogue as published
from offline_cache.enrolment import Enrolment
from offline_cache.errors import BadReply, CacheError, MalformedMessage, Unavailable
from offline_cache.fleet.orders import OrderBook
from offline_cache.gateway import GatewayClient
from offline_cache.messages import (
    Ack,
    EnrolAnswer,
    decode_ack,
    decode_enrol_answer,
    encode_ack,
    encode_enrol_answer,
    json_dumps,
    json_object,
    sign1,
)
from offline_cache.wire.encoding import decode_cbor, encode_cbor, json_loads
from offline_cache.wire.exchange import Answer
from offline_cache.wire.fleet.heartbeat import Order, Pulse, decode_order, decode_pulse, encode_order, encode_pulse
from offline_cache.wire.fleet.joining import decode_renewed, encode_renewed
from offline_cache.wire.problem import Problem, encode_problem
from offline_cache.wire.refusal import refusal
from offline_cache.wire.verdict import EntryVerdict, VerdictPage, decode_verdicts, encode_verdicts
from tests.fuzz.kit import Family, Reader, joined, scratch, sliced
from tests.unit.test_messages import DEVICE, EPOCH, make_batch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
STATUSES = (200, 201, 202, 204, 302, 304, 400, 401, 403, 404, 408, 409, 413, 429, 500, 503)
HEADERS = ("Retry-After", "Date", "ETag")
HOLDER = Holder("测试人", "44019919900101002X", "female", 1, "1990-01-01", "440199")
NOW_MS = 1_800_000_000_000


@cache
def enrolment() -> Enrolment:
    return Enrolment(
        scratch(), "https://127.0.0.1:1", "T0001", DEVICE, "bench", "key-1", bytes(32), PUBLIC, {}, private_key=KEY
    )


class Line:
    """The line to a gateway that gives these answers, and then none: status, sign it or not, headers, body."""

    def __init__(self) -> None:
        self.left: list[bytes] = []

    def exchange(self, _method: str, _path: str, limit: int, **_more: object) -> Answer:
        if not self.left:
            raise Unavailable("no more answers")
        raw = self.left.pop(0)
        head, body = raw[:1], raw[1:]
        status = STATUSES[(head or b"\0")[0] % len(STATUSES)]
        lines, _, body = body.partition(b"\n\n")
        values = lines.decode("latin-1").split("\n")
        if head >= b"\x80":
            body = sign1(body, KEY)
        if len(body) > limit:
            raise BadReply("too long")
        return Answer(status, dict(zip(HEADERS, values, strict=False)), body)

    def close(self) -> None: ...


def answer(body: bytes, status: int = 200, *, signed: bool = False, headers: str = "") -> bytes:
    return bytes([STATUSES.index(status) + (0x80 if signed else 0)]) + headers.encode() + b"\n\n" + body


@cache
def gateway() -> tuple[OnlineGateway, Line]:
    made, line = OnlineGateway(enrolment(), Settings()), Line()
    made._ask._http = made._probe._http = line  # pyright: ignore
    return made, line


def signed(_context: bytes) -> bytes:
    return bytes(64)


def refreshed(client: GatewayClient) -> None:
    published.refresh(scratch(), client, PUBLIC)
    published.refresh_published(scratch(), client, PUBLIC)


CALLS: tuple[Callable[[OnlineGateway], object], ...] = (
    lambda g: g._ask.health(),
    lambda g: g._ask.push(make_batch(1)),
    lambda g: g.lookup("household-proof", ("pop.person",), "s", b"der", signed),
    lambda g: g.public("geo.office", {"office": "hall"}),
    lambda g: g.verdict(EPOCH, 1, 0),
    lambda g: g.card_lost(b"der"),
    lambda g: g.hand_over("household-proof", {}, b"der", signed),
    lambda g: g.take_back("https://127.0.0.1/app#token"),
    lambda g: g.app.sign_in(),
    lambda g: g.app.look("key"),
    lambda g: g.app.lookup("key", "household-proof", ("pop.person",), "s"),
    lambda g: g.app.take_back("key"),
    lambda g: g._ask.prove_card("00" * 16, bytes(16), bytes(8), bytes(16)),
    lambda g: refreshed(g._ask),
)


def called(raw: bytes) -> None:
    """One question, and everything that the gateway answers to it."""
    asked, line = gateway()
    line.left = sliced(raw[1:])
    for one in scratch().glob("*.cbor"):
        one.unlink()
    CALLS[raw[0] % len(CALLS) if raw else 0](asked)


def calls() -> Iterable[bytes]:
    ack = answer(encode_ack(Ack("T0001", make_batch(1).epoch, 1, bytes(32), NOW_MS)), signed=True)
    record = {"agency": "a", "updated": "2027-01-04", "record": {"name": "测试人"}}
    subjects = answer(json_dumps({"subjects": {"pop.person": record}}))
    nonce = answer(json_dumps({"nonce": "n", "expires_s": 120}))
    verdict = EntryVerdict(1, EPOCH, 1, "i", "rejected", "other", "agency", NOW_MS, {"ticket": "A1"})
    begun = {"key": "k", "url": "/app#t", "code": "4821", "expires_s": 120}
    holder = {"name": "测试人", "id_number": "44019919900101002X", "sex": "female", "birth_date": "1990-01-01"}
    seen = {"state": "approved", "holder": holder, "asked": "approved", "approval": "x"}
    busy = answer(encode_problem(Problem("overloaded", 503, "", {"retry_after_ms": 1500})), 503, headers="2")
    gap = answer(encode_problem(Problem("seq-gap", 409, "", {"expected_seq": 7})), 409)
    settings = json_dumps({"kind": "configuration", "version": 1, "settings": {"idle_timeout_s": 90}})
    told: tuple[tuple[bytes, ...], ...] = (
        (answer(b'{"status": "ok", "time_ms": 1800000000000}'),),
        (ack,),
        (nonce, subjects),
        (answer(json_dumps(record)),),
        (answer(encode_verdicts(VerdictPage("T0001", 1, False, (verdict,))), signed=True),),
        (answer(b'{"state": "lost"}'),),
        (nonce, answer(b'{"url": "/continue#t", "expires_s": 900}')),
        (answer(b'{"withdrawn": true}'),),
        (answer(json_dumps(begun)),),
        (answer(json_dumps(seen)),),
        (subjects,),
        (answer(b'{"taken": true}'),),
        (answer(b'{"proof": "000102030405060708090a0b0c0d0e0f"}'),),
        (answer(b'{"version": "1"}', signed=True, headers='\n\n"1"'), answer(settings, signed=True), gap),
    )
    for place, parts in enumerate(told):
        yield bytes([place]) + joined(parts)
    yield b"\x01" + joined([gap])
    yield b"\x02" + joined([busy])


def own_bytes(decode: Callable[[bytes], object], encode: Callable[[Any], bytes]) -> Callable[[bytes], None]:
    """A message that is read means exactly its own bytes."""

    def read(raw: bytes) -> None:
        assert encode(decode(raw)) == raw

    return read


def order(raw: bytes) -> None:
    """An order that the gateway signed, and the book of orders after it."""
    (scratch() / "orders.json").unlink(missing_ok=True)
    book = OrderBook(scratch(), lambda _order: "done")
    book.take(sign1(raw, KEY), "T0001", PUBLIC, NOW_MS)
    assert OrderBook(scratch(), lambda _order: "done").answers() == book.answers()


def refused(raw: bytes) -> None:
    """Any refusal is a leaf."""
    status, headers, body = raw[:1], raw[1:30], raw[30:]
    number = STATUSES[(status or b"\0")[0] % len(STATUSES)]
    leaf = refusal(number, {"Retry-After": headers.decode("latin-1"), "Date": headers.decode("latin-1")}, body)
    assert isinstance(leaf, CacheError)


def json_text(raw: bytes) -> None:
    value = json_loads(raw)
    assert json_loads(json_dumps(value)) == value


def enrolled(raw: bytes) -> None:
    found = decode_enrol_answer(raw)
    assert decode_enrol_answer(encode_enrol_answer(found)) == found


@cache
def offered() -> Catalogue:
    return shipped_catalogue()


def released(raw: bytes) -> None:
    """Records that agencies released, in every form and on every page of one service."""
    held = json_object(raw[1:])
    names = sorted(offered().services)
    service = offered().services[names[raw[0] % len(names)]]
    subjects = {
        name: SubjectData(name, "agency", "2027-01-04", record if isinstance(record, Mapping) else None)
        for name, record in held.items()
    }
    form = Form(service, "2027-01-04", HOLDER, subjects)
    forms.plan(form)
    forms.eligible(form)
    for item in service.fields:
        forms.options(form, item)
        forms.shown(form, item, "en")
    json.dumps(forms.document_fields(form))
    for page in views.pages(service, subjects):
        rows: list[Any] = [None, *(row.record for row in views.rows(page, subjects))]
        for record in rows:
            views.offered(page, record)
            views.steps(page, record)
            views.title_text(page, page.title, record, len(rows) - 1, "en")
            for cell in views.filled(page, subjects, record):
                views.cell_text(cell, subjects, record, offered(), "en")


def releases() -> Iterable[bytes]:
    person = load_personas(resources.files("assets").joinpath("city", "personas.toml").read_text("utf-8"))[0]
    for place, name in enumerate(sorted(offered().services)):
        service = offered().services[name]
        held = {subject: person.records[subject] for subject in service.subjects if subject in person.records}
        if held:
            yield bytes([place]) + json.dumps(held, ensure_ascii=False).encode()


ENROLLED = EnrolAnswer("T0001", "pem", "pem", "key-1", bytes(32), PUBLIC, {"place.en": "Hall"})
ORDER = Order("0" * 32, "T0001", "refresh", NOW_MS - 1000, NOW_MS + 1000)
MALFORMED = (MalformedMessage,)

FAMILY = Family(
    Reader("call", called, (CacheError,), calls),
    Reader(
        "ack", own_bytes(decode_ack, encode_ack), MALFORMED, lambda: [encode_ack(Ack("T0001", EPOCH, 3, bytes(32), 1))]
    ),
    Reader(
        "verdicts",
        own_bytes(decode_verdicts, encode_verdicts),
        MALFORMED,
        lambda: [
            encode_verdicts(
                VerdictPage("T0001", 1, False, (EntryVerdict(1, EPOCH, 1, "i", "accepted", "", "agency", NOW_MS),))
            )
        ],
    ),
    Reader(
        "pulse",
        own_bytes(decode_pulse, encode_pulse),
        MALFORMED,
        lambda: [encode_pulse(Pulse("T0001", NOW_MS, 60, (b"x",)))],
    ),
    Reader("order-bytes", own_bytes(decode_order, encode_order), MALFORMED, lambda: [encode_order(ORDER)]),
    Reader("order", order, (CacheError,), lambda: [encode_order(ORDER)]),
    Reader(
        "cbor",
        own_bytes(lambda raw: decode_cbor(raw, 4096), encode_cbor),
        MALFORMED,
        lambda: [encode_cbor({"a": [1, -1, b"b", "c"]})],
    ),
    Reader("json", json_text, MALFORMED, lambda: [b'{"a": [1, 2.5e3, null, true, "\\u00e9"]}']),
    Reader(
        "refusal",
        refused,
        (),
        lambda: [b"\x0b".ljust(30) + encode_problem(Problem("seq-gap", 409, "", {"expected_seq": 7}))],
    ),
    Reader("enrolled", enrolled, MALFORMED, lambda: [encode_enrol_answer(ENROLLED)]),
    Reader("renewed", decode_renewed, MALFORMED, lambda: [encode_renewed("-----BEGIN CERTIFICATE-----")]),
    Reader("released", released, MALFORMED, releases),
)
