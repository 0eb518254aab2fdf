"""What the gateway publishes, on this disk: its signed bytes, fetched when they change, the last good ones kept.

The catalogue (services, subjects, codes), the configuration (settings for this terminal; its version only grows) and
the directory (offices, streets, hospitals). Each is a file of its own, believed only with the gateway's signature, and
as good after a month without a network as on the first day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import BadReply, BadSignature, CacheError, MalformedMessage, Refused
from offline_cache.messages import json_object, verify1
from offline_cache.wire.encoding import Fields, decode_cbor, encode_cbor

Published = Literal["catalogue", "configuration", "directory"]
CATALOGUE_FILE = "catalogue.cbor"
_MAX_FILE_BYTES = 5 * 1024 * 1024
_MAX_JSON_BYTES = 4 * 1024 * 1024
Accept = Callable[[dict[str, object]], bool]
"""Whether this program can use a configuration; one that it cannot use never takes the place of the last good one."""


@dataclass(frozen=True)
class StoredCatalogue:
    """`etag` names the version; `content` is the JSON object that the gateway signed."""

    etag: str
    content: dict[str, object] = field(repr=False)


class CatalogueGateway(Protocol):
    """The two methods of `gateway.GatewayClient` that are needed here."""

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None: ...
    def published(self, name: Published, etag: str | None) -> tuple[str, bytes] | None: ...


def load(state_dir: Path, signing_key: bytes, name: Published = "catalogue") -> StoredCatalogue | None:
    """What is stored under a name, or None when there is nothing that this gateway signed as that.

    Raises:
        StorageFailed: unreadable.
    """
    file = f"{name}.cbor"
    raw = read_limited(state_dir / file, _MAX_FILE_BYTES)
    if raw is None:
        return None
    try:
        fields = Fields(file, decode_cbor(raw, _MAX_FILE_BYTES), frozenset(["etag", "signed"]))
        signed = fields.binary("signed", 1, _MAX_FILE_BYTES)
        return StoredCatalogue(fields.text("etag", 256), _content(name, signed, signing_key))
    except (MalformedMessage, BadSignature):
        return None  # fetched again at the next refresh; until then what came with the program serves


def _content(name: Published, signed: bytes, signing_key: bytes) -> dict[str, object]:
    """The signed object; of the same gateway, but published as something else, it is refused."""
    content = json_object(verify1(signed, signing_key), _MAX_JSON_BYTES)
    if str(content.get("kind", "catalogue")) != name:
        raise MalformedMessage(f"{name}: signed as something else")
    return content


def refresh(state_dir: Path, client: CatalogueGateway, signing_key: bytes) -> bool:
    """Fetch the catalogue when it is newer than the stored one; returns whether it changed.

    Raises:
        BadReply, NotAuthorised, Refused, Unavailable, Untrusted: the stored one stands.
        StorageFailed: the stored one stands.
    """
    stored = load(state_dir, signing_key)
    found = client.catalogue(None if stored is None else stored.etag)
    return _keep(state_dir, "catalogue", stored, found)


def refresh_published(
    state_dir: Path, client: CatalogueGateway, signing_key: bytes, accept: Accept = lambda _content: True
) -> None:
    """Fetch configuration and directory where they changed. One that fails does not hold back the other.

    Raises:
        BadReply, NotAuthorised, Refused, Unavailable, Untrusted, StorageFailed: the stored ones stand.
    """
    failed: CacheError | None = None
    for name in ("configuration", "directory"):
        try:
            _refresh_one(state_dir, client, signing_key, name, accept)
        except CacheError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _refresh_one(
    state_dir: Path, client: CatalogueGateway, signing_key: bytes, name: Published, accept: Accept
) -> None:
    stored = load(state_dir, signing_key, name)
    try:
        found = client.published(name, None if stored is None else stored.etag)
    except Refused as error:
        if error.status == 404:
            return  # an older gateway, which publishes no such thing
        raise
    if found is not None:
        try:
            content = _content(name, found[1], signing_key)
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(f"{name}: cannot be used: {error}") from error
        if name == "configuration":
            _check_configuration(content, stored, accept)
    _keep(state_dir, name, stored, found)


def _check_configuration(content: dict[str, object], stored: StoredCatalogue | None, accept: Accept) -> None:
    version = Fields("configuration", content).integer("version")
    before = 0 if stored is None else stored.content.get("version")
    if isinstance(before, int) and version < before:
        raise BadReply(f"configuration: version {version} is older than {before}, which is kept")
    if not accept(content):
        raise BadReply(f"configuration: version {version} cannot be used by this program; the last good one is kept")


def bring(state_dir: Path, name: str, etag: str, signed: bytes, signing_key: bytes) -> None:
    """Keep what somebody carried here; what is no newer than the stored one, or not signed as that, is left.

    Raises:
        BadReply: not signed by this gateway as that, or an older configuration. StorageFailed.
    """
    published = cast("Published", name)
    stored = load(state_dir, signing_key, published)
    try:
        content = _content(published, signed, signing_key)
    except (MalformedMessage, BadSignature) as error:
        raise BadReply(f"{name}: cannot be used: {error}") from error
    if name == "configuration":
        _check_configuration(content, stored, lambda _content: True)
    _keep(state_dir, published, stored, (etag, signed))


def _keep(state_dir: Path, name: Published, stored: StoredCatalogue | None, found: tuple[str, bytes] | None) -> bool:
    if found is None:
        return False
    etag, signed = found
    if stored is not None and etag == stored.etag:
        return False
    write_atomic(state_dir / f"{name}.cbor", encode_cbor({"etag": etag or "-", "signed": signed}))
    return True
