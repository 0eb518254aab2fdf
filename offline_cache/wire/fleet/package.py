"""A new version of the program: what the gateway's authority signs, so that a terminal installs it.

JSON {payload, signature, authority}. The payload names a number that only grows and, for each architecture, version,
length and SHA-256 of one Debian package. The version may be an older one: going back is a release of its own, under a
higher number, so that nobody can replay an old release. The signature is ECDSA P-256 with SHA-256 by the authority,
whose certificate (PEM) lies beside it and is taken only if its hash is the pinned one (`site.toml`, root's own file):
whoever holds the terminal's account, or the gateway's address, still installs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.enrolment import pinned_authority
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.messages import json_dumps, json_object
from offline_cache.wire.encoding import Fields, to_base64url

MAX_RELEASE_BYTES = 32 * 1024
MAX_PACKAGE_BYTES = 512 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
"""The gateway gives a package in pieces of at most so much, so that a slow line goes on where it was cut."""
_PURPOSE = b"kiosk-release-1\n"
"""Signed before the payload, so that the authority's signature of something else is none of this."""
_ARCHITECTURE = re.compile(r"[a-z0-9-]{1,32}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~:-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Package:
    """One Debian package."""

    version: str
    bytes: int
    sha256: str
    """64 hexadecimal digits."""


@dataclass(frozen=True)
class Release:
    """What a terminal is to run, by architecture (`dpkg --print-architecture`)."""

    number: int
    packages: Mapping[str, Package]


def encode_release(release: Release, authority: str, sign: Callable[[bytes], bytes]) -> bytes:
    """The signed file. `authority` is its certificate, PEM; `sign` gives ECDSA P-256 over SHA-256, DER."""
    packages = {
        name: {"version": one.version, "bytes": one.bytes, "sha256": one.sha256}
        for name, one in release.packages.items()
    }
    payload = json_dumps({"number": release.number, "packages": packages})
    signature = sign(_PURPOSE + payload)
    return json_dumps({"payload": to_base64url(payload), "signature": to_base64url(signature), "authority": authority})


def decode_release(data: bytes, ca_hash: str) -> Release:
    """Read a release, and believe it only where the authority of this hash signed it.

    Raises:
        MalformedMessage: not such a file, or cut short.
        AuthorityMismatch: another gateway's. BadSignature: changed on its way.
    """
    names = frozenset(["payload", "signature", "authority"])
    outer = Fields("release", json_object(data, MAX_RELEASE_BYTES), names)
    payload = outer.base64("payload", 1, MAX_RELEASE_BYTES)
    pem = pinned_authority(outer.text("authority", 16 * 1024).encode(), ca_hash)
    key = x509.load_pem_x509_certificate(pem).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise MalformedMessage("release: the authority's key is of another kind")
    try:
        key.verify(outer.base64("signature", 8, 128), _PURPOSE + payload, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise BadSignature("the release was not signed by this gateway's authority") from None
    inner = json_object(payload, MAX_RELEASE_BYTES)
    number = Fields("release", inner, frozenset(["number", "packages"])).integer("number", 1)
    packages = inner["packages"]
    if not isinstance(packages, dict) or not packages:
        raise MalformedMessage("release: packages is no object, or empty")
    return Release(number, {str(name): _package(str(name), one) for name, one in packages.items()})


def _package(name: str, value: object) -> Package:
    fields = Fields("release", value, frozenset(["version", "bytes", "sha256"]))
    found = Package(
        fields.text("version", 64), fields.integer("bytes", 1, MAX_PACKAGE_BYTES), fields.text("sha256", 64)
    )
    if (
        not _ARCHITECTURE.fullmatch(name)
        or not _VERSION.fullmatch(found.version)
        or not _DIGEST.fullmatch(found.sha256)
    ):
        fields.fail("packages", "names an architecture, version or hash that is none")
    return found
