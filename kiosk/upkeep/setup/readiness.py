"""The readiness report: what was proven, by which terminal, signed with its key. Nothing of a holder is in it.

`STATE/readiness.json` is `{"report": …, "certificate": PEM, "signature": base64url}`; the signature is Ed25519 over the
report as JSON with sorted keys, no blanks, UTF-8. Whoever has the authority's certificate can verify it offline.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.frozen import frozen
from kiosk.staff.setup.state import Proof
from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.enrolment import CERTIFICATE_FILE, Enrolment
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.outbox import case_reference
from offline_cache.state import open_writer
from offline_cache.wire.fleet import readiness as wire

JSON_FILE, PDF_FILE = "readiness.json", "readiness.pdf"
_DISTRIBUTION = "citizen-kiosk"
_ISO = "%Y-%m-%dT%H:%M:%SZ"


class ReadinessInvalid(Exception):
    """Not a report of a terminal of this authority, or changed since it was signed."""

    code = "readiness-invalid"


class NoReadiness(Exception):
    """This terminal was not brought into service at its screen."""

    code = "no-readiness"


@frozen
class Report:
    """A signed report. `plain` is the report proper."""

    plain: Mapping[str, object]
    certificate: str
    signature: str

    @property
    def terminal(self) -> str:
        return str(self.plain["terminal"])

    @property
    def made_at(self) -> str:
        """ISO 8601, UTC."""
        return str(self.plain["made_at"])

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The rows, in the order of the screen."""
        rows = cast("Sequence[Mapping[str, object]]", self.plain["proofs"])
        return tuple(
            Proof(str(row["name"]), "ok" if row["mark"] == "ok" else "warn", cast("Mapping[str, str]", row["facts"]))
            for row in rows
        )

    @property
    def digest(self) -> str:
        """SHA-256 of what is signed, hexadecimal."""
        return hashlib.sha256(wire.canonical(self.plain)).hexdigest()

    def encoded(self) -> bytes:
        """The file's content."""
        whole = {"report": dict(self.plain), "certificate": self.certificate, "signature": self.signature}
        return (json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def make(enrolment: Enrolment, serial: str, proofs: Sequence[Proof], began: str, now_ms: int) -> Report:
    """Write and sign a report. Raises `OSError` where the certificate cannot be read."""
    now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    plain: dict[str, object] = {
        "format": wire.FORMAT,
        "terminal": enrolment.terminal,
        "device": enrolment.device,
        "model": enrolment.model,
        "serial": serial,
        "gateway": enrolment.gateway_url,
        "place": {key: value for key, value in enrolment.site.items() if key.startswith("place.")},
        "version": metadata.version(_DISTRIBUTION),
        "began": began,
        "made_at": now.strftime(_ISO),
        "proofs": [{"name": one.name, "mark": one.mark, "facts": dict(one.facts)} for one in proofs],
        "overrides": [one.name for one in proofs if one.accepted],
    }
    certificate = (enrolment.state_dir / CERTIFICATE_FILE).read_text("ascii")
    return Report(plain, certificate, wire.signed(plain, enrolment.private_key))


def keep(state_dir: Path, report: Report) -> None:
    """Write it into the state folder. Raises `StorageFailed`."""
    write_atomic(state_dir / JSON_FILE, report.encoded(), PUBLIC)


def queue(state_dir: Path, report: Report) -> int:
    """Put it into the outbox, for the gateway; returns its place there. Raises `CacheError` leaves."""
    with open_writer(state_dir) as outbox:
        epoch = outbox.meta().epoch_number

        def built(seq: int, _entry_id: str) -> Mapping[str, object]:
            number = case_reference(report.terminal, epoch, seq)
            return {"kind": wire.KIND, "number": number, "report": dict(report.plain), "signature": report.signature}

        return outbox.append(built).seq


def load(state_dir: Path) -> Report:
    """Read this terminal's report. Raises `NoReadiness`, `ReadinessInvalid`, `StorageFailed`."""
    raw = read_limited(state_dir / JSON_FILE, wire.MAX_BYTES)
    if raw is None:
        raise NoReadiness("this terminal was not brought into service at its screen yet")
    return decode(raw)


def decode(raw: bytes) -> Report:
    """Read a file's content; nothing is verified. Raises `ReadinessInvalid`."""
    if len(raw) > wire.MAX_BYTES:
        raise ReadinessInvalid("too large to be a readiness report")
    try:
        whole = json.loads(raw)
        json.dumps(whole, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # half a character, too: it could not be hashed
        raise ReadinessInvalid("not JSON") from None
    if not isinstance(whole, dict):
        raise ReadinessInvalid("not a readiness report")
    given = cast("dict[str, object]", whole)
    plain, certificate, signature = (given.get(name) for name in ("report", "certificate", "signature"))
    if not isinstance(plain, dict) or not isinstance(certificate, str) or not isinstance(signature, str):
        raise ReadinessInvalid("report, certificate or signature is missing")
    try:
        return Report(wire.check(cast("object", plain)), certificate, signature)
    except MalformedMessage as error:
        raise ReadinessInvalid(str(error)) from error


def verify(report: Report, authority_pem: bytes) -> None:
    """Whether a terminal of this authority signed exactly this. Raises `ReadinessInvalid`, saying what is wrong."""
    try:
        certificate = x509.load_pem_x509_certificate(report.certificate.encode())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority_pem))
    except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion):
        raise ReadinessInvalid("its certificate is none of this authority") from None
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if not names or names[0].value != report.terminal:
        raise ReadinessInvalid("its certificate belongs to another terminal")
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise ReadinessInvalid("its certificate has another kind of key")
    try:
        wire.verify(report.plain, report.signature, key)
    except BadSignature as error:
        raise ReadinessInvalid("it was changed after it was signed") from error
