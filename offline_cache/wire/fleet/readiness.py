"""The readiness report as terminal and gateway understand it: its form, and the bytes that are signed.

An outbox entry of kind `readiness` carries `report` (below) and `signature`, Ed25519 by the terminal's key, base64url,
over the report as JSON with sorted keys, no blanks, UTF-8. Nothing of a holder is in it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_cache.errors import BadSignature, MalformedMessage

FORMAT = "kiosk-readiness-1"
KIND = "readiness"
MAX_BYTES = 64 * 1024
_TEXTS = ("terminal", "device", "model", "serial", "made_at", "began", "version", "gateway")
_MAX_ROWS = 32


def canonical(report: Mapping[str, object]) -> bytes:
    """What is signed."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(report: Mapping[str, object], key: Ed25519PrivateKey) -> str:
    """The signature, as text."""
    return base64.urlsafe_b64encode(key.sign(canonical(report))).decode("ascii")


def check(report: object) -> Mapping[str, object]:
    """Whether this has a report's form: the texts, and rows of name, mark and facts. Raises `MalformedMessage`."""
    if not isinstance(report, dict):
        raise MalformedMessage("readiness: no report")
    given = cast("dict[str, object]", report)
    if given.get("format") != FORMAT or not all(isinstance(given.get(name), str) for name in _TEXTS):
        raise MalformedMessage("readiness: another format")
    rows = given.get("proofs")
    if not isinstance(rows, list) or len(cast("list[object]", rows)) > _MAX_ROWS:
        raise MalformedMessage("readiness: no rows")
    if not all(_is_row(row) for row in cast("list[object]", rows)):
        raise MalformedMessage("readiness: a row has another form")
    if len(canonical(given)) > MAX_BYTES:
        raise MalformedMessage("readiness: too large")
    return given


def _is_row(row: object) -> bool:
    if not isinstance(row, dict):
        return False
    given = cast("dict[str, object]", row)
    facts = given.get("facts")
    if not isinstance(facts, dict) or not isinstance(given.get("name"), str) or given.get("mark") not in ("ok", "warn"):
        return False
    return all(isinstance(value, str) for value in cast("dict[str, object]", facts).values())


def verify(report: Mapping[str, object], signature: str, key: Ed25519PublicKey) -> None:
    """Whether this key signed exactly this. Raises `BadSignature`."""
    try:
        key.verify(base64.urlsafe_b64decode(signature), canonical(report))
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadSignature("the readiness report was changed after it was signed") from None
