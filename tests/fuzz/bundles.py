"""What comes on a stick, or lies in the state folder: exports, receipts, requests and answers of joining, reports."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.staff.setup import progress
from kiosk.staff.setup.state import STEPS, Proof, Setup
from kiosk.upkeep import closing
from kiosk.upkeep.setup import readiness
from offline_cache import catalogue, enrolment, state
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError
from offline_cache.fleet.orders import OrderBook
from offline_cache.gateway import signing_request
from offline_cache.joining import site
from offline_cache.joining.join import own_key
from offline_cache.joining.site import SiteData
from offline_cache.joining.stick import take_answer
from offline_cache.messages import EnrolAnswer, encode_batch, json_dumps, sign1
from offline_cache.rescue.stick import take_receipt
from offline_cache.wire.encoding import encode_cbor, to_base64url
from offline_cache.wire.fleet.carried import _PURPOSE, ANSWER, Carried, encode_carried
from offline_cache.wire.fleet.joining import JoinRequest, encode_join
from offline_cache.wire.stick import read_export, write_export
from provisioning.gateway.authority import CsrInvalid
from provisioning.gateway.enrolment.bindings import Bindings
from provisioning.gateway.enrolment.carried import answer_requests
from provisioning.gateway.ingest import accept
from provisioning.gateway.problems import Refused
from tests.fuzz.kit import Family, Reader, joined, scratch, sliced
from tests.gateway_kit import GatewayKit, Terminal
from tests.outbox_bench import enrol, note, writer
from tests.outbox_gateway import ModelGateway

URL = "https://gateway.example:8443"
PROOFS = (Proof("printer", "ok", {"paper": "80"}), Proof("network", "warn", {}))
PLACE = {"place.zh-Hans": "试验室", "place.en": "Laboratory"}


@cache
def kit() -> GatewayKit:
    return GatewayKit(scratch() / "gateway")


@cache
def terminal() -> Terminal:
    """A terminal of that gateway, with some entries."""
    made = kit().enrol()
    made.record({"kind": "note", "n": 1}, {"kind": "note", "n": 2})
    return made


@cache
def model() -> ModelGateway:
    return ModelGateway()


@cache
def joined_state() -> tuple[Path, Enrolment]:
    """The state folder of a terminal that has joined, with an entry in its outbox."""
    folder = scratch() / "joined"
    made = enrol(folder, model())
    with writer(folder) as outbox:
        note(outbox)
    return folder, made


def exported(records: Iterable[bytes]) -> bytes:
    target = io.BytesIO()
    write_export(target, records)
    return target.getvalue()


# --------------------------------------------------------------------------------------------- the outbox's stick


def export(raw: bytes) -> None:
    """The file as it lies on the stick; what is read was written."""
    records = list(read_export(io.BytesIO(raw)))
    assert exported(records) == raw


def taken_in(raw: bytes) -> None:
    """A whole file, of which each record is what the terminal signed: the gateway takes it in."""
    held, now_ms = kit(), kit().clock()
    of = held.store.terminal_of(hash_of(terminal().certificate))
    assert of is not None
    for record in read_export(io.BytesIO(exported(part for part in sliced(raw) if part))):
        try:
            accept(sign1(record, terminal().key), of, held.store, held.authority, now_ms)
        except Refused as refused:
            if refused.problem.status >= 500:
                raise


def hash_of(certificate: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate)
    return digest.finalize()


def batches() -> Iterable[bytes]:
    yield joined([encode_batch(terminal().batch(1, 1)), encode_batch(terminal().batch(2, 2))])


def receipt(raw: bytes) -> None:
    """The receipt that comes back with the stick."""
    folder, of = joined_state()
    file = scratch() / "stick.receipt"
    file.write_bytes(raw)
    take_receipt(folder, of, file)


def receipts() -> Iterable[bytes]:
    folder, of = joined_state()
    with state.open_reader(folder) as outbox:
        batch = outbox.batch()
    assert batch is not None
    yield exported([model().accept(sign1(encode_batch(batch), of.private_key))])


# ------------------------------------------------------------------------------------------------ joining by stick


def request(raw: bytes) -> None:
    """What a terminal asks on a stick; the gateway answers each, or says why not."""
    held = kit()
    bindings = Bindings(held.store, held.authority, held.clock)
    for one in answer_requests({"a.request": raw}, bindings, held.authority, URL, PLACE, lambda _name: {}):
        assert one.content or one.problem


def requests() -> Iterable[bytes]:
    folder = scratch() / "asking"
    folder.mkdir(exist_ok=True)
    key, device = own_key(folder), state.device(folder).device
    yield encode_join(JoinRequest(signing_request(key, device), device, "GZ-K2", "2027-00318", "0" * 32))


def signed_answer(payload: bytes) -> bytes:
    signature = kit().authority.ca_key.sign(_PURPOSE + payload, ec.ECDSA(hashes.SHA256()))
    return json_dumps({"payload": to_base64url(payload), "signature": to_base64url(signature)})


def answer(raw: bytes) -> None:
    """The gateway's answer on the stick: a raw file, or one whose payload the authority signed."""
    stick, folder = scratch() / "stick", scratch() / "fresh"
    shutil.rmtree(stick, ignore_errors=True)
    stick.mkdir()
    folder.mkdir(exist_ok=True)
    (stick / f"kiosk-a{ANSWER}").write_bytes(raw[1:] if raw[:1] < b"\x80" else signed_answer(raw[1:]))
    take_answer(folder, SiteData(URL, kit().authority.ca_hash, "GZ-K2"), stick)


def answers() -> Iterable[bytes]:
    kept = EnrolAnswer("T0001", "pem", kit().authority.ca_pem, "key-1", bytes(32), bytes(32), PLACE)
    whole = encode_carried(Carried(URL, kept, {"catalogue": ('"1"', b"x")}), lambda data: data[:8])
    yield b"\0" + whole
    payload = {"gateway_url": URL, "enrolment": json.dumps({**json.loads(enrolled()), "ca": kit().authority.ca_pem}),
               "published": {"configuration": ['"1"', to_base64url(b"signed")]}}  # fmt: skip
    yield b"\x80" + json_dumps(payload)


def enrolled() -> bytes:
    values = dataclasses.asdict(EnrolAnswer("T0001", "pem", "pem", "key-1", bytes(32), bytes(32), PLACE))
    return json_dumps({**values, "sealing_key": to_base64url(bytes(32)), "signing_key": to_base64url(bytes(32))})


# --------------------------------------------------------------------------------------------- in the state folder


def site_file(raw: bytes) -> None:
    file = scratch() / "site.toml"
    file.write_bytes(raw)
    found = site.load(file)
    assert found is not None
    file.write_bytes(site.encode(found))
    assert site.load(file) == found


def report(raw: bytes) -> None:
    """A readiness report that somebody sends, read and checked against an authority."""
    found = readiness.decode(raw)
    str(found.proofs), found.made_at, found.terminal, found.digest
    readiness.verify(found, kit().authority.ca_pem.encode())


def reports() -> Iterable[bytes]:
    folder = scratch() / "proven"
    folder.mkdir()
    pem = x509.load_der_x509_certificate(terminal().certificate).public_bytes(serialization.Encoding.PEM)
    (folder / enrolment.CERTIFICATE_FILE).write_bytes(pem)
    of = dataclasses.replace(joined_state()[1], state_dir=folder, terminal=terminal().name, private_key=terminal().key)
    yield readiness.make(of, "2027-00318", PROOFS, "2027-01-04T09:00", 1_800_000_000_000).encoded()


def setup(raw: bytes) -> None:
    """What was proven so far; what is read is written the same."""
    text = raw.decode("utf-8", "replace")
    assert progress.read(progress.written(progress.read(text))) == progress.read(text)


def proofs(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    assert progress.read_proofs(progress.proofs_json(progress.read_proofs(text))) == progress.read_proofs(text)


def setups() -> Iterable[bytes]:
    yield progress.written(Setup(at=STEPS[2], proofs=PROOFS, began="2027-01-04T09:00")).encode()


def closed(raw: bytes) -> None:
    (scratch() / closing.CLOSED_FILE).write_bytes(raw)
    found = closing.read(scratch())
    if found is not None:
        closing.write(scratch(), found)
        assert closing.read(scratch()) == found


def orders(raw: bytes) -> None:
    """The book of orders, whatever became of it: a terminal without it answers nothing twice."""
    (scratch() / "orders.json").write_bytes(raw)
    book = OrderBook(scratch(), lambda _order: "done")
    book.told(book.answers())
    assert not book.answers()


def kept(raw: bytes) -> None:
    """A published file on this disk: it is this gateway's, or it is not there."""
    key = kit().authority.signing_key
    (scratch() / catalogue.CATALOGUE_FILE).write_bytes(
        encode_cbor({"etag": "1", "signed": sign1(raw[1:], key)}) if raw[:1] >= b"\x80" else raw[1:]
    )
    catalogue.load(scratch(), key.public_key().public_bytes_raw())


def identity(raw: bytes) -> None:
    """The record of the enrolment, beside its key and certificates."""
    folder, of = joined_state()
    damaged = scratch() / "damaged"
    if not damaged.exists():
        shutil.copytree(folder, damaged)
    (damaged / enrolment.ENROLMENT_FILE).write_bytes(raw)
    assert enrolment.load(damaged).private_key.public_key() == of.private_key.public_key()


ORDER = {"kind": "refresh", "outcome": "done", "until": 1, "told": 0}
CLOSED = {"reason": "cleaning", "until": "2027-01-04T12:00", "since": "2027-01-04T09:00"}
LEAVES = (CacheError,)

FAMILY = Family(
    Reader("export", export, LEAVES, lambda: [exported([b"certificate", b"batch"])]),
    Reader("import", taken_in, LEAVES, batches),
    Reader("receipt", receipt, LEAVES, receipts),
    Reader("request", request, (*LEAVES, CsrInvalid), requests),
    Reader("answer", answer, LEAVES, answers),
    Reader("site", site_file, LEAVES, lambda: [site.encode(SiteData(URL, "0" * 64, "GZ-K2", "2027-00318"))]),
    Reader("report", report, (readiness.ReadinessInvalid,), reports),
    Reader("setup", setup, (progress.ProgressDamaged,), setups),
    Reader("proofs", proofs, (progress.ProgressDamaged,), lambda: [progress.proofs_json(PROOFS).encode()]),
    Reader("closed", closed, (), lambda: [json.dumps(CLOSED).encode()]),
    Reader("orders", orders, LEAVES, lambda: [json.dumps({"0" * 32: ORDER}).encode()]),
    Reader("kept", kept, LEAVES, lambda: [b'\x80{"version": "1"}', b"\0" + encode_cbor({"etag": "1", "signed": b"x"})]),
    Reader("identity", identity, LEAVES, lambda: [(joined_state()[0] / enrolment.ENROLMENT_FILE).read_bytes()]),
)
