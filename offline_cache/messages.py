"""The messages between terminal and gateway: types, deterministic bytes, and what is signed.

CBOR (RFC 8949, core deterministic encoding) inside COSE_Sign1 (RFC 9052, EdDSA) where a message is signed. JSON
(UTF-8, no duplicate keys) elsewhere; bytes in JSON are base64url without padding. The gateway shares this module with
the terminal and nothing else (`seal.unseal` besides, to read what was accepted).

| request | who | body | answer |
|---|---|---|---|
| `GET /v1/health` | anyone | - | `{"status": "ok", "time_ms"}` |
| `GET /v1/ca` | anyone | - | the authority's certificate (PEM); the client compares its hash |
| `POST /v1/enrol` | token | `EnrolRequest` JSON | `EnrolAnswer` JSON |
| `POST /v1/entries` | mutual TLS | COSE_Sign1 over `Batch` (terminal's key) | COSE_Sign1 over `Ack` (gateway's key) |
| `POST /v1/nonce` | mutual TLS | - | `{"nonce", "expires_s"}` |
| `POST /v1/lookups` | mutual TLS | `LookupRequest` JSON | `{"subjects": {id: {"agency", "updated", "record"}}}` |
| `GET /v1/catalogue` | mutual TLS | `If-None-Match` | COSE_Sign1 over catalogue JSON bytes (gateway's key), `ETag` |

Problems are RFC 9457 (`application/problem+json`); the last path segment of `type` is the code: `seq-gap` (with
`expected_seq`), `seq-conflict`, `too-large`, `bad-signature`, `chain-broken`, `unknown-terminal`, `token-invalid`,
`nonce-invalid`, `card-refused`, `malformed`, `overloaded`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from offline_cache.errors import MalformedMessage
from offline_cache.wire.chain import check_chain, genesis, lookup_context, next_chain, row_bytes, seal_context
from offline_cache.wire.encoding import (
    Fields,
    decode_cbor,
    encode_cbor,
    json_dumps,
    json_loads,
    json_object,
    sign1,
    to_base64url,
    verify1,
)
from offline_cache.wire.problem import Problem, decode_problem, encode_problem

__all__ = [
    "CBOR_TYPE", "MAX_BATCH_BYTES", "MAX_BATCH_ROWS", "NONCE_LIFETIME_S", "PROBLEM_TYPE",
    "Ack", "Batch", "EnrolAnswer", "EnrolRequest", "LookupRequest", "Problem", "Row", "WrappedKey",
    "check_chain", "decode_ack", "decode_batch", "decode_enrol_answer", "decode_enrol_request", "decode_lookup_request",
    "decode_problem", "encode_ack", "encode_batch", "encode_enrol_answer", "encode_enrol_request",
    "encode_lookup_request", "encode_problem", "genesis", "json_dumps", "json_loads", "json_object",
    "lookup_context", "next_chain", "row_bytes", "seal_context", "sign1", "verify1",
]  # fmt: skip

CBOR_TYPE = 'application/cose; cose-type="cose-sign1"'
PROBLEM_TYPE = "application/problem+json"
MAX_BATCH_BYTES = 256 * 1024
MAX_BATCH_ROWS = 500
NONCE_LIFETIME_S = 120


class Row(NamedTuple):
    """One sealed outbox row as it lies on disk and as it travels (CBOR array in this order)."""

    seq: int
    id: str
    """UUIDv7, lower case with hyphens."""
    created_ms: int
    boot_id: str
    mono_ms: int
    key_id: str
    body: bytes
    """nonce (12) | AES-256-GCM ciphertext and tag of (format byte | zstd(document JSON)); AAD = `seal_context(...)`."""
    chain: bytes
    """SHA-256(previous chain | deterministic CBOR of the seven fields above)."""

    def __repr__(self) -> str:
        return f"Row(seq={self.seq}, id={self.id!r}, created_ms={self.created_ms}, body={len(self.body)} bytes)"


@dataclass(frozen=True)
class WrappedKey:
    """A body key, HPKE-wrapped (RFC 9180, base mode, X25519-HKDF-SHA256, HKDF-SHA256, AES-256-GCM) to the gateway."""

    key_id: str
    enc: bytes = field(repr=False)
    """encapsulated key (32) | ciphertext."""
    gateway_key_id: str


@dataclass(frozen=True)
class Batch:
    """A contiguous run of rows.

    CBOR map: terminal, device, epoch, epoch_number, first_seq, previous_chain, keys, rows, head (the last row's chain).
    """

    terminal: str
    """The name the gateway gave at enrolment, such as `T0001`."""
    device: str
    """UUID minted with the state folder; part of every row's AAD."""
    epoch: str
    """32 hexadecimal digits minted with the database."""
    first_seq: int
    previous_chain: bytes
    """The chain value of row `first_seq - 1` (of seq 0: `genesis(device, epoch)`)."""
    keys: tuple[WrappedKey, ...]
    rows: tuple[Row, ...]
    epoch_number: int = 1
    """Counts the databases this state folder has had; part of a case number from the second on."""

    @property
    def last_seq(self) -> int:
        """The seq of the last row."""
        return self.rows[-1].seq

    @property
    def head(self) -> bytes:
        """The chain value of the last row."""
        return self.rows[-1].chain


@dataclass(frozen=True)
class Ack:
    """The gateway's countersigned head. CBOR map with these names."""

    terminal: str
    epoch: str
    acked_through: int
    """Contiguous prefix: every seq up to and including this is stored by the gateway."""
    head: bytes
    """The chain value of that seq."""
    received_at_ms: int


@dataclass(frozen=True)
class EnrolRequest:
    """JSON: token, csr (PEM, Ed25519 key), device, model."""

    token: str = field(repr=False)
    csr: str
    device: str
    model: str


@dataclass(frozen=True)
class EnrolAnswer:
    """JSON: what a terminal keeps after it joined (STATE/enrolment.json holds all but the certificate files)."""

    terminal: str
    certificate: str
    """PEM, the terminal's own."""
    ca: str
    """PEM of the authority; pinned from now on."""
    sealing_key_id: str
    sealing_key: bytes
    """X25519 public key, 32 bytes."""
    signing_key: bytes
    """Ed25519 public key, 32 bytes: acknowledgements and catalogue."""
    site: dict[str, str]
    """`place.zh-Hans`, `place.en`, `name.zh-Hans`, `name.en` …"""


@dataclass(frozen=True)
class LookupRequest:
    """A lookup with proof that the card is in this terminal now.

    JSON: nonce, service, subjects (sorted), session, certificate (DER, base64url), signature (base64url, ECDSA P-256
    as r|s of 64 bytes over SHA-256 of `lookup_context(...)`).
    """

    nonce: str
    service: str
    subjects: tuple[str, ...]
    session: str
    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)


_HASH_BYTES = 32
_MAX_KEYS = MAX_BATCH_ROWS
_MAX_REQUEST_BYTES = 64 * 1024
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EPOCH = re.compile(r"[0-9a-f]{32}")
_BATCH_NAMES = frozenset(
    ["terminal", "device", "epoch", "epoch_number", "first_seq", "previous_chain", "keys", "rows", "head"]
)
_ACK_NAMES = frozenset(["terminal", "epoch", "acked_through", "head", "received_at_ms"])
_ROW_FIELDS = 8


# --- batch and acknowledgement (CBOR, to be signed) -----------------------------------------------------------------


def encode_batch(batch: Batch) -> bytes:
    """The payload that the terminal signs with `sign1`."""
    return encode_cbor(
        {
            "terminal": batch.terminal,
            "device": batch.device,
            "epoch": batch.epoch,
            "epoch_number": batch.epoch_number,
            "first_seq": batch.first_seq,
            "previous_chain": batch.previous_chain,
            "keys": [[key.key_id, key.enc, key.gateway_key_id] for key in batch.keys],
            "rows": batch.rows,
            "head": batch.head,
        }
    )


def decode_batch(data: bytes) -> Batch:
    """Read a batch payload: fields, limits, contiguous rows, every key present, head. The chain: `check_chain`.

    Raises:
        MalformedMessage: naming the field.
    """
    fields = Fields("batch", decode_cbor(data, MAX_BATCH_BYTES), _BATCH_NAMES)
    first_seq = fields.integer("first_seq", 1, 2**63 - 1 - MAX_BATCH_ROWS)
    rows = _decode_rows(fields.array("rows", 1, MAX_BATCH_ROWS), first_seq)
    keys = tuple(_decode_key(value) for value in fields.array("keys", 1, _MAX_KEYS))
    if len({key.key_id for key in keys}) != len(keys) or {row.key_id for row in rows} != {key.key_id for key in keys}:
        fields.fail("keys", "are not exactly those of the rows")
    if fields.binary("head", _HASH_BYTES) != rows[-1].chain:
        fields.fail("head", "is not the last row's chain value")
    return Batch(
        terminal=fields.text("terminal", 64),
        device=_matching(fields, "device", _UUID),
        epoch=_matching(fields, "epoch", _EPOCH),
        first_seq=first_seq,
        previous_chain=fields.binary("previous_chain", _HASH_BYTES),
        keys=keys,
        rows=rows,
        epoch_number=fields.integer("epoch_number", 1, 9999),
    )


def _decode_rows(values: list[object], first_seq: int) -> tuple[Row, ...]:
    """All rows at once, column by column: some ten times as fast as field by field."""
    if any(type(value) is not list or len(cast("list[object]", value)) != _ROW_FIELDS for value in values):
        raise MalformedMessage("row: not a list of eight")
    rows = cast("list[list[Any]]", values)
    seq, id_, created, boot, mono, key, body, chain = zip(*rows, strict=True)
    if seq != tuple(range(first_seq, first_seq + len(rows))):
        raise MalformedMessage("batch: rows are not contiguous from first_seq")
    if not _all_of(str, id_) or not all(map(_UUID.fullmatch, id_)):
        raise MalformedMessage("row: id has another form")
    for name, column in (("created_ms", created), ("mono_ms", mono)):
        if not _all_of(int, column) or min(column) < 0 or max(column) >= 2**63:
            raise MalformedMessage(f"row: {name} is not an integer of 63 bits")
    for name, column in (("boot_id", boot), ("key_id", key)):
        if not _all_of(str, column) or not all(0 < len(text) <= 64 for text in set(column)):
            raise MalformedMessage(f"row: {name} is not text of 1 to 64 characters")
    if not _all_of(bytes, body) or not all(body):
        raise MalformedMessage("row: body is not 1 byte or more")
    if not _all_of(bytes, chain) or set(map(len, chain)) != {_HASH_BYTES}:
        raise MalformedMessage(f"row: chain is not {_HASH_BYTES} bytes")
    return tuple(map(Row._make, rows))


def _all_of(kind: type, column: tuple[Any, ...]) -> bool:
    return set(map(type, column)) == {kind}


def _decode_key(value: object) -> WrappedKey:
    if not isinstance(value, list) or len(cast("list[object]", value)) != 3:
        raise MalformedMessage("key: not a list of three")
    fields = Fields("key", dict(zip(("key_id", "enc", "gateway_key_id"), cast("list[object]", value), strict=True)))
    return WrappedKey(
        key_id=fields.text("key_id", 64),
        enc=fields.binary("enc", _HASH_BYTES, 512),
        gateway_key_id=fields.text("gateway_key_id", 64),
    )


def _matching(fields: Fields, name: str, pattern: re.Pattern[str]) -> str:
    value = fields.text(name, 64)
    if pattern.fullmatch(value) is None:
        fields.fail(name, "has another form")
    return value


def encode_ack(ack: Ack) -> bytes:
    """The payload that the gateway signs with `sign1`."""
    return encode_cbor(
        {
            "terminal": ack.terminal,
            "epoch": ack.epoch,
            "acked_through": ack.acked_through,
            "head": ack.head,
            "received_at_ms": ack.received_at_ms,
        }
    )


def decode_ack(data: bytes) -> Ack:
    """Read an acknowledgement payload.

    Raises:
        MalformedMessage: naming the field.
    """
    fields = Fields("ack", decode_cbor(data, 1024), _ACK_NAMES)
    return Ack(
        terminal=fields.text("terminal", 64),
        epoch=_matching(fields, "epoch", _EPOCH),
        acked_through=fields.integer("acked_through"),
        head=fields.binary("head", _HASH_BYTES),
        received_at_ms=fields.integer("received_at_ms"),
    )


# --- JSON messages --------------------------------------------------------------------------------------------------


def encode_enrol_request(request: EnrolRequest) -> bytes:
    """The body of `POST /v1/enrol`."""
    return json_dumps({"token": request.token, "csr": request.csr, "device": request.device, "model": request.model})


def decode_enrol_request(data: bytes) -> EnrolRequest:
    """Read the body of `POST /v1/enrol`; unknown fields are refused.

    Raises:
        MalformedMessage: naming the field.
    """
    names = frozenset(["token", "csr", "device", "model"])
    fields = Fields("enrol request", json_object(data, _MAX_REQUEST_BYTES), names)
    return EnrolRequest(
        token=fields.text("token", 256),
        csr=fields.text("csr", 8192),
        device=_matching(fields, "device", _UUID),
        model=fields.text("model", 64),
    )


def encode_enrol_answer(answer: EnrolAnswer) -> bytes:
    """The answer of `POST /v1/enrol`."""
    return json_dumps(
        {
            "terminal": answer.terminal,
            "certificate": answer.certificate,
            "ca": answer.ca,
            "sealing_key_id": answer.sealing_key_id,
            "sealing_key": to_base64url(answer.sealing_key),
            "signing_key": to_base64url(answer.signing_key),
            "site": answer.site,
        }
    )


def decode_enrol_answer(data: bytes) -> EnrolAnswer:
    """Read the answer of `POST /v1/enrol`; unknown fields are passed over, so a gateway may say more.

    Raises:
        MalformedMessage: naming the field.
    """
    fields = Fields("enrol answer", json_object(data, _MAX_REQUEST_BYTES))
    return EnrolAnswer(
        terminal=fields.text("terminal", 64),
        certificate=fields.text("certificate", 16384),
        ca=fields.text("ca", 16384),
        sealing_key_id=fields.text("sealing_key_id", 64),
        sealing_key=fields.base64("sealing_key", 32),
        signing_key=fields.base64("signing_key", 32),
        site=fields.text_map("site", 64, 256),
    )


def encode_lookup_request(request: LookupRequest) -> bytes:
    """The body of `POST /v1/lookups`."""
    return json_dumps(
        {
            "nonce": request.nonce,
            "service": request.service,
            "subjects": sorted(request.subjects),
            "session": request.session,
            "certificate": to_base64url(request.certificate),
            "signature": to_base64url(request.signature),
        }
    )


def decode_lookup_request(data: bytes) -> LookupRequest:
    """Read the body of `POST /v1/lookups`; unknown fields, unsorted or doubled subjects are refused.

    Raises:
        MalformedMessage: naming the field.
    """
    names = frozenset(["nonce", "service", "subjects", "session", "certificate", "signature"])
    fields = Fields("lookup request", json_object(data, _MAX_REQUEST_BYTES), names)
    subjects = fields.texts("subjects", 1, 64, 64)
    if list(subjects) != sorted(set(subjects)):
        fields.fail("subjects", "are not sorted, each once")
    return LookupRequest(
        nonce=fields.text("nonce", 128),
        service=fields.text("service", 64),
        subjects=subjects,
        session=fields.text("session", 128),
        certificate=fields.base64("certificate", 1, 8192),
        signature=fields.base64("signature", 64),
    )
