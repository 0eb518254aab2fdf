"""What a terminal asks without a citizen's consent: public subjects, and whether a card was reported lost. JSON.

`GET /v1/public/SUBJECT?office=…&matter=…` answers `{agency, updated, record}`; `POST /v1/card-status {certificate}`
answers `{state}`: `valid` or `lost`. Mutual TLS, as everything of a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote, urlencode

from offline_cache.errors import BadReply
from offline_cache.wire.encoding import json_dumps, to_base64url

PUBLIC_BYTES = 512 * 1024
STATUS_BYTES = 4096
CARD_STATUS = "/v1/card-status"
STATES = ("valid", "lost")


def public_path(subject: str, given: Mapping[str, str]) -> str:
    """Return the path that asks for a public subject with the answers it depends on."""
    query = urlencode(sorted(given.items()))
    return f"/v1/public/{quote(subject, safe='.')}" + (f"?{query}" if query else "")


def public_subject(answer: Mapping[str, object]) -> tuple[str, str, Mapping[str, object]]:
    """Return agency, date and record of an answer. Raises `BadReply`."""
    agency, updated, record = (answer.get(name) for name in ("agency", "updated", "record"))
    if not isinstance(agency, str) or not isinstance(updated, str) or not isinstance(record, dict):
        raise BadReply("the answer to a public question is not agency, updated, record")
    return agency, updated, cast("dict[str, object]", record)


def card_question(certificate: bytes) -> bytes:
    """Return the question whether the card of this certificate (DER) was reported lost."""
    return json_dumps({"certificate": to_base64url(certificate)})


def card_state(answer: Mapping[str, object]) -> str:
    """Return `valid` or `lost`. Raises `BadReply`."""
    state = answer.get("state")
    if state not in STATES:
        raise BadReply("the state of a card is neither valid nor lost")
    return str(state)
