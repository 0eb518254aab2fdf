"""Sealing: what the terminal recorded, only the gateway can read.

A body key (AES-256-GCM) is made for each process, lives in its memory only, and is wrapped to the gateway's X25519 key
(HPKE, RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). A document is JSON, compressed (zstd
with a trained dictionary, whose number the frame carries), behind one format byte; all of that is inside the seal. A
dictionary that was shipped never changes, because bodies are opened with it years later. Before enrolment the body key
is wrapped to a local key in the state folder; at enrolment it is wrapped again to the gateway and the local key is
destroyed. Rows never change.
"""

from __future__ import annotations

import functools
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import orjson
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from offline_cache.disk.files import destroy, read_limited, write_atomic
from offline_cache.errors import DocumentInvalid, MalformedMessage, SealBroken
from offline_cache.messages import Row, WrappedKey, seal_context
from offline_cache.wire.encoding import Fields, encode_cbor, json_dumps, json_object, to_base64url

LOCAL_KEY_ID = "local"
LOCAL_KEY_FILE = "local-seal.key"
MAX_DOCUMENT_BYTES = 128 * 1024

_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32
_LEVEL = 1
"""Of zstd: with the dictionary, level 3 gives 1.5 % fewer bytes and takes twice as long with cold caches."""
_ZSTD = 1
"""Format byte of a body: zstd without a dictionary, as the first terminals wrote it. Still opened."""
_ZSTD_DICTIONARY = 2
"""Format byte of a body: zstd with the dictionary whose number is in the frame's header."""
_DICTIONARIES = {1: "outbox.dict"}
"""Number -> file in `assets/`. The highest is sealed with; all of them open."""


@functools.cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    """A dictionary that came with the program. Raises `SealBroken` for a number that is not known here."""
    name = _DICTIONARIES.get(number)
    if name is None:
        raise SealBroken(f"the body needs dictionary {number}, which is not known here; update the program")
    return zstandard.ZstdCompressionDict(resources.files("assets").joinpath(name).read_bytes())


def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(max(_DICTIONARIES)))


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _wrap_info(key_id: str) -> bytes:
    return encode_cbor(["kiosk-outbox-key-1", key_id])


@dataclass(frozen=True)
class Recipient:
    """Who can open body keys: the gateway, or before enrolment this state folder (`LOCAL_KEY_ID`)."""

    key_id: str
    public_key: bytes
    """X25519, 32 bytes."""

    def wrap(self, key_id: str, body_key: bytes) -> WrappedKey:
        """Wrap a body key so that only this recipient can open it.

        Raises:
            SealBroken: the public key is not one.
        """
        try:
            public = X25519PublicKey.from_public_bytes(self.public_key)
            enc = _suite().encrypt(body_key, public, info=_wrap_info(key_id))
        except ValueError:
            raise SealBroken("the recipient's public key is not a usable X25519 key") from None
        return WrappedKey(key_id=key_id, enc=enc, gateway_key_id=self.key_id)


class SealingKey:
    """The body key of this process. Thread-safe; a forked child must make its own."""

    def __init__(self, recipient: Recipient) -> None:
        body_key = AESGCM.generate_key(256)
        self.wrapped = recipient.wrap(secrets.token_hex(16), body_key)
        self._cipher = AESGCM(body_key)
        self._compressor = _compressor()
        self._next_nonce = 0
        self._process = os.getpid()
        self._lock = threading.Lock()

    @property
    def key_id(self) -> str:
        """Random name of this key, 32 hexadecimal digits."""
        return self.wrapped.key_id

    def seal(self, document: Mapping[str, object], context: bytes) -> bytes:
        """`nonce | ciphertext | tag`. Every call uses a nonce of its own, also when its row is rolled back.

        Raises:
            DocumentInvalid: not JSON, or longer than `MAX_DOCUMENT_BYTES`.
            SealBroken: called in a forked child, which would use nonces twice.
        """
        with self._lock:
            if os.getpid() != self._process:
                raise SealBroken("this sealing key belongs to another process")
            packed = pack(document, self._compressor)
            counter = self._next_nonce
            self._next_nonce += 1
        nonce = counter.to_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, packed, context)


_ORJSON = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_DICTIONARY_HEAD = bytes([_ZSTD_DICTIONARY])


def pack(document: Mapping[str, object], compressor: zstandard.ZstdCompressor | None = None) -> bytes:
    """Format byte and compressed JSON. A compressor of one's own saves making one, and is for one thread at a time.

    Raises:
        DocumentInvalid: not JSON, or longer than `MAX_DOCUMENT_BYTES`.
    """
    plain = _plain(document)
    if len(plain) > MAX_DOCUMENT_BYTES:
        raise DocumentInvalid(f"the document is longer than {MAX_DOCUMENT_BYTES} bytes")
    return _DICTIONARY_HEAD + (compressor or _compressor()).compress(plain)


def _plain(document: Mapping[str, object]) -> bytes:
    """JSON as `json_dumps` writes it; orjson does it ten times as fast.

    orjson writes NaN as null, and refuses a few things that JSON can carry (a number beyond 64 bits): where it wrote a
    null or refused, `json_dumps` has the last word.
    """
    try:
        plain = orjson.dumps(document, option=_ORJSON)
        if b"null" not in plain:
            return plain
    except orjson.JSONEncodeError:
        pass  # said again below, or not
    try:
        return json_dumps(document)
    except MalformedMessage:
        raise DocumentInvalid("the document holds something that JSON cannot carry") from None


def unpack(packed: bytes) -> dict[str, object]:
    """The document of `pack`, with a limit on what it may grow to.

    Raises:
        SealBroken: another format, or damaged.
    """
    if packed[:1] not in {bytes([_ZSTD]), _DICTIONARY_HEAD}:
        raise SealBroken("the body has a format that is not known here")
    try:
        frame = zstandard.get_frame_parameters(packed[1:])
        if not 0 <= frame.content_size <= MAX_DOCUMENT_BYTES:  # "does not say" is a number beyond any limit
            raise SealBroken("the body does not say its size, or grows too large")
        if (frame.dict_id == 0) != (packed[0] == _ZSTD):
            raise SealBroken("the body's format and its dictionary do not fit")
        dictionary = _dictionary(frame.dict_id) if frame.dict_id else None
        opener = zstandard.ZstdDecompressor(dict_data=dictionary)
        return json_object(opener.decompress(packed[1:], max_output_size=MAX_DOCUMENT_BYTES))
    except (zstandard.ZstdError, MalformedMessage):
        raise SealBroken("the body does not unpack") from None


def unwrap(wrapped: WrappedKey, private_key: X25519PrivateKey) -> bytes:
    """The body key (32 bytes).

    Raises:
        SealBroken: wrapped to another key, or damaged.
    """
    try:
        body_key = _suite().decrypt(wrapped.enc, private_key, info=_wrap_info(wrapped.key_id))
    except (InvalidTag, ValueError):
        raise SealBroken("the wrapped key does not open with this private key") from None
    if len(body_key) != _KEY_BYTES:
        raise SealBroken("the wrapped key has another length")
    return body_key


def open_body(row: Row, body_key: bytes, device: str, epoch: str) -> dict[str, object]:
    """The document of one row.

    Raises:
        SealBroken: another key, place or device, or changed bytes.
    """
    nonce, sealed = row.body[:_NONCE_BYTES], row.body[_NONCE_BYTES:]
    if len(sealed) < _TAG_BYTES:
        raise SealBroken(f"the body of seq {row.seq} is too short")
    try:
        packed = AESGCM(body_key).decrypt(nonce, sealed, seal_context(device, epoch, row.seq, row.id))
    except (InvalidTag, ValueError):
        raise SealBroken(f"the body of seq {row.seq} does not open") from None
    return unpack(packed)


def unseal(row: Row, wrapped: WrappedKey, private_key: X25519PrivateKey, device: str, epoch: str) -> dict[str, object]:
    """The document of one row, for the holder of the recipient's private key (the gateway).

    Raises:
        SealBroken: another key, place or device, or changed bytes.
    """
    if row.key_id != wrapped.key_id:
        raise SealBroken(f"seq {row.seq} was sealed with another key")
    return open_body(row, unwrap(wrapped, private_key), device, epoch)


# --- an entry inside another ----------------------------------------------------------------------------------------


def salvaged_document(row: Row, wrapped: WrappedKey | None, device: str, epoch: str, reason: str) -> dict[str, object]:
    """The document that carries a sealed row of a former epoch. `wrapped` None: the key was lost on this disk."""
    key = None
    if wrapped is not None:
        key = {"key_id": wrapped.key_id, "enc": to_base64url(wrapped.enc), "gateway_key_id": wrapped.gateway_key_id}
    return {
        "kind": "salvaged",
        "schema": 1,
        "reason": reason,
        "device": device,
        "epoch": epoch,
        "row": {
            "seq": row.seq,
            "id": row.id,
            "created_ms": row.created_ms,
            "boot_id": row.boot_id,
            "mono_ms": row.mono_ms,
            "key_id": row.key_id,
            "body": to_base64url(row.body),
            "chain": to_base64url(row.chain),
        },
        "key": key,
    }


def salvaged_row(document: Mapping[str, object]) -> tuple[Row, WrappedKey | None, str, str]:
    """The row, its key, device and epoch inside a salvaged document; `unseal` or `open_body` opens it.

    Raises:
        MalformedMessage: not a salvaged document.
    """
    fields = Fields("salvaged entry", document)
    inner = Fields("salvaged row", document.get("row"))
    if fields.text("kind", 64) != "salvaged":
        fields.fail("kind", "is not that of a salvaged entry")
    row = Row(
        seq=inner.integer("seq", 1),
        id=inner.text("id", 36),
        created_ms=inner.integer("created_ms"),
        boot_id=inner.text("boot_id", 64),
        mono_ms=inner.integer("mono_ms"),
        key_id=inner.text("key_id", 64),
        body=inner.base64("body", 1, MAX_DOCUMENT_BYTES),
        chain=inner.base64("chain", 32),
    )
    wrapped = None
    if document.get("key") is not None:
        key = Fields("salvaged key", document["key"])
        wrapped = WrappedKey(key.text("key_id", 64), key.base64("enc", 32, 512), key.text("gateway_key_id", 64))
    return row, wrapped, fields.text("device", 36), fields.text("epoch", 32)


# --- before enrolment -----------------------------------------------------------------------------------------------


def local_key(state_dir: Path) -> X25519PrivateKey | None:
    """The key in the state folder (mode 0600) that stands in for the gateway's until enrolment, or None.

    Raises:
        StorageFailed: unreadable.
        SealBroken: the file is not a key.
    """
    raw = read_limited(state_dir / LOCAL_KEY_FILE, 1024)
    if raw is None:
        return None
    try:
        return X25519PrivateKey.from_private_bytes(raw)
    except ValueError:
        raise SealBroken(f"{LOCAL_KEY_FILE} is not an X25519 key") from None


def make_local_key(state_dir: Path) -> X25519PrivateKey:
    """The local key, made when there is none. Call under `files.folder_lock`.

    Raises:
        StorageFailed, SealBroken.
    """
    key = local_key(state_dir)
    if key is None:
        key = X25519PrivateKey.generate()
        write_atomic(state_dir / LOCAL_KEY_FILE, key.private_bytes_raw())
    return key


def local_recipient(key: X25519PrivateKey) -> Recipient:
    """The recipient that stands in for the gateway until enrolment."""
    return Recipient(LOCAL_KEY_ID, key.public_key().public_bytes_raw())


def destroy_local_key(state_dir: Path) -> None:
    """Remove the local key, after every body key was wrapped to the gateway.

    Raises:
        StorageFailed: it could not be removed.
    """
    destroy(state_dir / LOCAL_KEY_FILE)
