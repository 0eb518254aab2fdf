"""The signed catalogue: service definitions, agencies, subjects and codes, read again when their files change."""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.services.definition import Catalogue, DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from offline_cache.messages import sign1

SHARED_TABLES = ("agencies", "subjects", "codes", "groups")


class CatalogueInvalid(Exception):
    """The definitions cannot be used; names file or service, field and reason."""

    code = "service-definition-invalid"


@dataclass(frozen=True)
class SignedCatalogue:
    """One version of the catalogue, ready to be handed out."""

    version: str
    signed: bytes = field(repr=False)
    """COSE_Sign1 over the JSON, the gateway's key."""
    parsed: Catalogue = field(repr=False)
    purposes: Mapping[str, frozenset[str]] = field(repr=False)
    """Subject -> services that may ask for it; `all` stands for every service."""
    cycles: Mapping[str, str] = field(repr=False)
    """Subject -> `daily`, `monthly` or `change`: how often its agency updates it."""
    subjects: Mapping[str, Mapping[str, object]] = field(repr=False)
    """The subjects as they stand in the files: what the catalogue's page shows."""
    codes: Mapping[str, Mapping[str, Mapping[str, str]]] = field(repr=False)
    """The code lists: list -> code -> its name in every language."""

    public: frozenset[str] = frozenset()
    """Subjects of class 1: anybody may know them."""

    @property
    def etag(self) -> str:
        """A strong entity tag."""
        return f'"{self.version}"'

    def allows(self, service: str, subject: str) -> bool:
        """True if the catalogue lets this service ask for this subject."""
        allowed = self.purposes.get(subject, frozenset())
        return "all" in allowed or service in allowed


class CatalogueSource:
    """Reads definitions (`*.toml` with an `id`) and shared tables (`*.toml` without) from folders and single files.

    A change that cannot be used is refused as a whole: the last good version stays, and `refused` says why.
    """

    def __init__(self, sources: tuple[Path, ...], key: Ed25519PrivateKey, number_of: Callable[[bytes], int]) -> None:
        self._sources = sources
        self._key = key
        self._number_of = number_of
        self._lock = threading.Lock()
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._current: SignedCatalogue | None = None
        self.refused = ""

    def current(self) -> SignedCatalogue:
        """The newest usable version.

        Raises:
            CatalogueInvalid: there is none.
            StoreFailed: the version's number could not be kept.
        """
        with self._lock:
            seen = self._look()
            if self._current is not None and seen == self._seen:
                return self._current
            try:
                self._current = self._build()
                self.refused = ""
            except CatalogueInvalid as error:
                if self._current is None:
                    raise
                self.refused = str(error)
            self._seen = seen
            return self._current

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for source in self._sources:
            found.extend(sorted(source.glob("*.toml")) if source.is_dir() else [source])
        return found

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        found: list[tuple[str, int, int]] = []
        for file in self._files():
            try:
                state = file.stat()
            except FileNotFoundError:
                continue  # renamed between listing and looking: the next look sees it under its new name
            found.append((str(file), state.st_mtime_ns, state.st_size))
        return tuple(found)

    def _build(self) -> SignedCatalogue:
        services, shared = self._read()
        try:
            parsed = parse_catalogue("unsigned", services, shared)
        except DefinitionInvalid as error:
            raise CatalogueInvalid(str(error)) from error
        content: dict[str, object] = {"services": services, **shared}
        digest = hashlib.sha256(_in_order(content)).digest()
        version = f"{self._number_of(digest)}.{digest.hex()[:8]}"
        subjects = cast("Mapping[str, Mapping[str, object]]", shared["subjects"])
        return SignedCatalogue(
            version=version,
            signed=sign1(_in_order({"version": version, **content}), self._key),
            parsed=parsed,
            purposes={name: _purposes(name, table) for name, table in subjects.items()},
            cycles={name: str(table.get("cycle", "change")) for name, table in subjects.items()},
            subjects=subjects,
            codes=cast("Mapping[str, Mapping[str, Mapping[str, str]]]", shared["codes"]),
            public=frozenset(name for name, table in subjects.items() if table.get("class") == 1),
        )

    def _read(self) -> tuple[list[dict[str, object]], dict[str, dict[str, object]]]:
        services: list[dict[str, object]] = []
        shared: dict[str, dict[str, object]] = {name: {} for name in SHARED_TABLES}
        for file in self._files():
            raw = _load(file)
            if "id" in raw:
                services.append(raw)
                continue
            for name, table in raw.items():
                if name not in shared or not isinstance(table, dict):
                    raise CatalogueInvalid(f"{file.name}: {name}: only {', '.join(SHARED_TABLES)} are shared tables")
                doubled = set(shared[name]) & set(cast("dict[str, object]", table))
                if doubled:
                    raise CatalogueInvalid(f"{file.name}: {name}.{min(doubled)} is defined twice")
                shared[name].update(cast("dict[str, object]", table))
        if not services:
            raise CatalogueInvalid(f"no service definition in {', '.join(source.name for source in self._sources)}")
        return services, shared


def _load(file: Path) -> dict[str, object]:
    try:
        raw = cast("object", tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise CatalogueInvalid(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CatalogueInvalid(f"{file.name}: {error}") from error
    return cast("dict[str, object]", _plain(raw))


def _in_order(content: Mapping[str, object]) -> bytes:
    """JSON with keys as they stand in the files: the order of a code list is the order of its choices."""
    try:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except ValueError as error:
        raise CatalogueInvalid(f"a value that JSON cannot carry: {error}") from error


def _plain(value: object) -> object:
    """The same value as JSON has it: dates and times of TOML become ISO 8601 text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


def _purposes(subject: str, table: Mapping[str, object]) -> frozenset[str]:
    listed = table.get("services")
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in cast("list[object]", listed)):
        raise CatalogueInvalid(f'subjects.{subject}: services is a list of service ids, or ["all"]')
    return frozenset(cast("list[str]", listed))
