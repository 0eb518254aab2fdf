"""What the gateway publishes besides the catalogue, signed: each terminal's configuration, and the city's directory.

`configuration.toml` in the gateway's folder, if there is one: `version` (raised by hand with every change: terminals
refuse one that goes back), `[settings]` for every terminal, `[terminal.T0001]` for one; with it goes the list of
technicians' cards that were taken away. The directory comes from the city's own files: offices with their hours,
streets, hospitals. A file that cannot be used leaves the last good version.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.settings import SettingsInvalid, parse
from offline_cache.messages import json_dumps, sign1
from provisioning.gateway.appointments.offices import OfficesInvalid, load_offices
from provisioning.gateway.authority import AuthorityDamaged
from provisioning.gateway.catalogue import CatalogueInvalid
from provisioning.gateway.technicians.cards import revoked

CONFIGURATION_FILE = "configuration.toml"
CODES_FILE = "codes.toml"
_HOSPITALS = ("hospital-primary", "hospital-other")
_Stamp = tuple[tuple[int, int] | None, ...]


class PublishedInvalid(CatalogueInvalid):
    """A file that cannot be used; names file and field."""


@dataclass(frozen=True)
class SignedDocument:
    """One version of something published."""

    etag: str
    """A strong entity tag."""
    signed: bytes = field(repr=False)
    """COSE_Sign1 over the JSON, the gateway's key."""


@dataclass(frozen=True)
class _Configuration:
    version: int
    everywhere: Mapping[str, object]
    by_terminal: Mapping[str, Mapping[str, object]]


class Publisher:
    """Reads the files again when they change. `refused` says what could not be used, for the operators' page.

    `folder` is the gateway's, `city` the city's material, `services` the service definitions: their code lists name the
    hospitals.
    """

    def __init__(self, folder: Path, city: Path, services: Path, key: Ed25519PrivateKey) -> None:
        self._configuration_file = folder / CONFIGURATION_FILE
        self._city = city
        self._codes = services / CODES_FILE
        self._key = key
        self._lock = threading.Lock()
        self._seen: dict[str, _Stamp] = {}
        self._configuration = _Configuration(0, {}, {})
        self._directory: dict[str, object] = {}
        self.refused = ""

    def configuration(self, terminal: str) -> SignedDocument:
        """A terminal's settings; version 0 and none where the operator has set nothing."""
        return self.configuration_from(self.configuration_source()[1], terminal)

    def configuration_source(self) -> tuple[int, bytes]:
        """The newest usable version for all terminals, unsigned: its number, and what `configuration_from` takes."""
        with self._lock:
            if self._changed("configuration", (self._configuration_file,)):
                try:
                    self._configuration = _read_configuration(self._configuration_file)
                    self.refused = ""
                except PublishedInvalid as error:
                    self.refused = str(error)
            found = self._configuration
        return found.version, json_dumps(dataclasses.asdict(found))

    def configuration_from(self, source: bytes, terminal: str) -> SignedDocument:
        """The same as one terminal gets it."""
        found = _Configuration(**json.loads(source))
        settings = {**found.everywhere, **found.by_terminal.get(terminal, {})}
        try:
            taken_away = revoked(self._configuration_file.parent)
        except AuthorityDamaged as error:
            raise PublishedInvalid(str(error)) from error
        content = {"kind": "configuration", "version": found.version, "terminal": terminal, "settings": settings,
                   "technicians_revoked": taken_away}  # fmt: skip
        return self._sign(content)

    def directory(self) -> SignedDocument:
        """Offices, divisions with their streets, hospitals."""
        return self._sign(self._directory_now())

    def directory_content(self) -> bytes:
        """The same unsigned, JSON."""
        return json_dumps(self._directory_now())

    def _directory_now(self) -> Mapping[str, object]:
        files = (self._city / "offices.toml", self._city / "material.toml", self._codes)
        with self._lock:
            if self._changed("directory", files) or not self._directory:
                try:
                    self._directory = _read_directory(*files)
                except PublishedInvalid as error:
                    if not self._directory:
                        raise
                    self.refused = str(error)
            return self._directory

    def _changed(self, name: str, files: tuple[Path, ...]) -> bool:
        found = tuple(_stamp(file) for file in files)
        before, self._seen[name] = self._seen.get(name), found
        return before != found

    def _sign(self, content: Mapping[str, object]) -> SignedDocument:
        payload = json_dumps(content)
        return SignedDocument(f'"{hashlib.sha256(payload).hexdigest()[:24]}"', sign1(payload, self._key))


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _table(file: Path) -> dict[str, object]:
    try:
        return cast("dict[str, object]", json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=str)))
    except (OSError, ValueError, RecursionError) as error:
        raise PublishedInvalid(f"{file.name}: {error}") from error


def _read_configuration(file: Path) -> _Configuration:
    if not file.exists():
        return _Configuration(0, {}, {})
    table = _table(file)
    version = table.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise PublishedInvalid(f"{file.name}: version is a whole number from 1, raised with every change")
    unknown = set(table) - {"version", "settings", "terminal"}
    if unknown:
        raise PublishedInvalid(f"{file.name}: {min(unknown)}: only version, settings and terminal stand here")
    everywhere = _settings(file, "settings", table.get("settings", {}))
    terminals = table.get("terminal", {})
    if not isinstance(terminals, dict):
        raise PublishedInvalid(f"{file.name}: terminal: a table for each terminal, as [terminal.T0001]")
    named = cast("dict[str, object]", terminals)
    return _Configuration(version, everywhere, {name: _settings(file, name, value) for name, value in named.items()})


def _settings(file: Path, name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise PublishedInvalid(f"{file.name}: {name}: a table of settings is wanted")
    settings = cast("dict[str, object]", value)
    try:
        parse(settings)
    except SettingsInvalid as error:
        raise PublishedInvalid(f"{file.name}: {name}: {error}") from error
    return settings


def _read_directory(offices: Path, material: Path, codes: Path) -> dict[str, object]:
    try:
        found = load_offices(offices)
    except OfficesInvalid as error:
        raise PublishedInvalid(str(error)) from error
    listed = [{**office.public, "matters": sorted(office.matters)} for office in found.values()]
    divisions = cast("list[dict[str, object]]", _table(material).get("district", []))
    kept = ("code", "name", "street")
    tables = cast("dict[str, dict[str, object]]", _table(codes).get("codes", {})) if codes.exists() else {}
    hospitals = {name: tables[name] for name in _HOSPITALS if name in tables}
    if not listed or not divisions:
        raise PublishedInvalid(f"{offices.name}, {material.name}: there are no offices, or no districts")
    return {
        "kind": "directory",
        "offices": listed,
        "divisions": [{name: item[name] for name in kept if name in item} for item in divisions],
        "hospitals": hospitals,
    }
