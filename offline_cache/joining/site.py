"""The site's data: which gateway a terminal belongs to, and what it is. A technician brings it; nothing here is secret.

TOML, beside the settings (`/etc/kiosk/site.toml` on an appliance), written by `kiosk media write`. The hash is what
everything else is believed by, so it comes with the medium and never over the network.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from offline_cache.disk.files import read_limited
from offline_cache.errors import MalformedMessage

SITE_FILE = "site.toml"
_MAX_BYTES = 16 * 1024
_FORMS = {
    "gateway_url": (r"https://[A-Za-z0-9.\-\[\]:]+(:[0-9]{1,5})?", "https://HOST:PORT"),
    "ca_hash": (r"[0-9a-f]{64}", "64 hexadecimal digits"),
    "model": (r"[A-Za-z0-9][A-Za-z0-9._ -]{0,39}", "1 to 40 letters, digits, dots, dashes"),
    "serial": (r"([A-Za-z0-9][A-Za-z0-9._ -]{0,39})?", "at most 40 letters, digits, dots, dashes"),
}


@dataclass(frozen=True)
class SiteData:
    """What a terminal must know before it can join."""

    gateway_url: str
    ca_hash: str
    """SHA-256 of the authority's certificate (DER), hexadecimal."""
    model: str = "kiosk"
    serial: str = ""
    """Empty: the terminal shows the beginning of its device id."""


def checked(gateway_url: str, ca_hash: str, model: str = "kiosk", serial: str = "") -> SiteData:
    """The site's data in their one spelling. Raises `MalformedMessage`, naming the field and its form."""
    mark = ca_hash.strip().lower().removeprefix("sha256:").replace(":", "")
    given = {"gateway_url": gateway_url.strip().rstrip("/"), "ca_hash": mark, "model": model, "serial": serial}
    for name, value in given.items():
        form, words = _FORMS[name]
        if not re.fullmatch(form, value) or (name == "gateway_url" and not _has_a_port(value)):
            raise MalformedMessage(f"site data: {name} is not {words}")
    return SiteData(**given)


def _has_a_port(url: str) -> bool:
    """Whether what stands behind the host, where something does, is a port that can be."""
    try:
        return urlsplit(url).port != 0
    except ValueError:  # no number, or above 65535
        return False


def load(path: Path) -> SiteData | None:
    """Read the file; None where there is none.

    Raises:
        MalformedMessage: not such a file; names the field. StorageFailed: unreadable.
    """
    raw = read_limited(path, _MAX_BYTES)
    if raw is None:
        return None
    try:
        values: dict[str, object] = dict(tomllib.loads(raw.decode("utf-8")))
    except (ValueError, RecursionError):  # no UTF-8, no TOML, or absurd TOML
        raise MalformedMessage(f"site data: {path.name} is not TOML") from None
    strange = sorted(set(values) - set(_FORMS))
    missing = sorted({"gateway_url", "ca_hash"} - set(values))
    if strange or missing:
        raise MalformedMessage(f"site data: {'unknown' if strange else 'missing'}: {', '.join(strange or missing)}")
    return checked(**{name: str(value) for name, value in values.items()})


def encode(site: SiteData) -> bytes:
    """The file's content. JSON strings of these forms are TOML strings."""
    lines = [f"{name} = {json.dumps(getattr(site, name))}" for name in _FORMS]
    return ("# Which gateway this terminal belongs to. Nothing here is secret.\n" + "\n".join(lines) + "\n").encode()


def beside(settings_file: Path | None) -> Path | None:
    """Where the site's data lie: in the folder of the settings file; None where no settings file is named."""
    return None if settings_file is None else settings_file.parent / SITE_FILE
