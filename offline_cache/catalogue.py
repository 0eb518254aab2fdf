"""The catalogue on this disk: the gateway's signed bytes, fetched when they change, the last good ones kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import json_object, verify1
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor

CATALOGUE_FILE = "catalogue.cbor"
_MAX_FILE_BYTES = 5 * 1024 * 1024
_MAX_JSON_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class StoredCatalogue:
    """`etag` names the version; `content` is the JSON object that the gateway signed."""

    etag: str
    content: dict[str, object] = field(repr=False)


class CatalogueGateway(Protocol):
    """The one method of `gateway.GatewayClient` that is needed here."""

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None: ...


def load(state_dir: Path, signing_key: bytes) -> StoredCatalogue | None:
    """The stored catalogue, or None when there is none that this gateway signed.

    Raises:
        StorageFailed: unreadable.
    """
    raw = read_limited(state_dir / CATALOGUE_FILE, _MAX_FILE_BYTES)
    if raw is None:
        return None
    try:
        fields = Fields(CATALOGUE_FILE, decode_cbor(raw, _MAX_FILE_BYTES), frozenset(["etag", "signed"]))
        signed = fields.binary("signed", 1, _MAX_FILE_BYTES)
        content = json_object(verify1(signed, signing_key), _MAX_JSON_BYTES)
        return StoredCatalogue(fields.text("etag", 256), content)
    except (MalformedMessage, BadSignature):
        return None  # fetched again at the next refresh; until then the definitions that came with the program serve


def refresh(state_dir: Path, client: CatalogueGateway, signing_key: bytes) -> bool:
    """Fetch the catalogue when it is newer than the stored one; returns whether it changed.

    Raises:
        BadReply, NotAuthorised, Refused, Unavailable, Untrusted: the stored one stands.
        StorageFailed: the stored one stands.
    """
    stored = load(state_dir, signing_key)
    found = client.catalogue(None if stored is None else stored.etag)
    if found is None:
        return False
    etag, signed = found
    record = {"etag": etag or "-", "signed": signed}
    if stored is not None and etag == stored.etag:
        return False
    write_atomic(state_dir / CATALOGUE_FILE, encode_cbor(record))
    return True
