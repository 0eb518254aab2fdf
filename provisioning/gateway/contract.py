"""What `/openapi.json` says of each operation: the same as the table in `offline_cache/messages.py`, for machines."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from offline_cache.messages import CBOR_TYPE, MAX_BATCH_BYTES, MAX_BATCH_ROWS, NONCE_LIFETIME_S, PROBLEM_TYPE

DESCRIPTION = (
    "Between self-service terminals and the city. Terminals authenticate with mutual TLS. Problems are RFC 9457; the "
    "last path segment of `type` is the code, and `/problems/CODE` tells the next step. Bytes in JSON are base64url "
    "without padding; duplicate JSON keys and unknown members are refused."
)

_TEXT = {"type": "string"}
After = Annotated[str, Query(json_schema_extra={"pattern": "^[0-9]{1,18}$"})]
"""A position or number. Said in the contract, checked by `web/common.py`, which answers with a problem."""
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
}


def _object(**properties: object) -> dict[str, object]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _content(media_type: str, schema: object) -> dict[str, object]:
    return {"content": {media_type: {"schema": schema}}}


def _operation(
    summary: str,
    answer: tuple[str, object],
    *,
    takes: tuple[str, object] | None = None,
    problems: str = "",
    extra: dict[int | str, dict[str, object]] | None = None,
) -> dict[str, Any]:
    """Keyword arguments of a FastAPI route: one good answer, problems, and the request's body."""
    responses: dict[int | str, dict[str, object]] = {200: {"description": "Done", **_content(*answer)}, **(extra or {})}
    if problems:
        responses["4XX"] = {"description": problems, **_content(PROBLEM_TYPE, _PROBLEM_SCHEMA)}
    body = {} if takes is None else {"requestBody": {"required": True, **_content(*takes)}}
    return {"summary": summary, "responses": responses, "openapi_extra": body, "response_model": None}


_BYTES = {"type": "string", "format": "binary"}
_TERMINAL = "unknown-terminal, terminal-revoked"

HEALTH = _operation(
    "Is the gateway there, and what time is it",
    ("application/json", _object(status={"const": "ok"}, time_ms={"type": "integer"})),
)
CA = _operation("The authority's certificate; compare its hash before you trust it", ("application/x-pem-file", _TEXT))
ENROL = _operation(
    "A terminal joins: one-time token and certificate request against certificate and keys",
    (
        "application/json",
        _object(
            terminal=_TEXT,
            certificate=_TEXT,
            ca=_TEXT,
            sealing_key_id=_TEXT,
            sealing_key=_TEXT,
            signing_key=_TEXT,
            site={"type": "object", "additionalProperties": _TEXT},
        ),
    ),
    takes=("application/json", _object(token=_TEXT, csr=_TEXT, device={**_TEXT, "format": "uuid"}, model=_TEXT)),
    problems="token-invalid, malformed, too-large",
)
ENTRIES = _operation(
    f"Store a batch: at most {MAX_BATCH_ROWS} rows and {MAX_BATCH_BYTES} bytes, COSE_Sign1 by the terminal's key",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key: terminal, epoch, acked_through, head"}),
    takes=(CBOR_TYPE, _BYTES),
    problems=f"{_TERMINAL}, wrong-terminal, malformed, bad-signature, chain-broken, seq-gap (with expected_seq), "
    "seq-conflict, too-large",
)
NONCE = _operation(
    f"A nonce for one lookup within {NONCE_LIFETIME_S} s",
    ("application/json", _object(nonce=_TEXT, expires_s={"type": "integer"})),
    problems=_TERMINAL,
)
LOOKUPS = _operation(
    "Release subjects of the card's holder against the card's signature; the access is logged",
    (
        "application/json",
        _object(
            subjects={
                "type": "object",
                "additionalProperties": _object(
                    agency=_TEXT, updated={**_TEXT, "format": "date"}, record={"type": ["object", "null"]}
                ),
            }
        ),
    ),
    takes=(
        "application/json",
        _object(
            nonce=_TEXT,
            service=_TEXT,
            subjects={"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
            session=_TEXT,
            certificate=_TEXT,
            signature=_TEXT,
        ),
    ),
    problems=f"{_TERMINAL}, malformed, nonce-invalid, card-refused, service-unknown, subject-refused, too-large",
)
HSM = _operation(
    "The issuer's security module checks a version 3 card and answers its challenge; hexadecimal",
    ("application/json", _object(proof=_TEXT)),
    takes=("application/json", _object(card_id=_TEXT, challenge=_TEXT, cryptogram=_TEXT, card_challenge=_TEXT)),
    problems=f"{_TERMINAL}, malformed, card-refused, too-large",
)
CATALOGUE = _operation(
    "The signed catalogue: version, services, agencies, subjects, codes, groups",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key over the catalogue's JSON"}),
    problems=_TERMINAL,
    extra={304: {"description": "The version of If-None-Match is the newest"}},
)
READ_ENTRIES = _operation(
    "Every accepted entry behind a position, unsealed, one JSON object a line; for the operator's token only",
    ("application/jsonl", _TEXT),
    problems="operator-required, malformed",
)
_AFTER = "the position or number behind which to begin"
_VERDICT_WORD = {"enum": ["accepted", "rejected"]}
_CODE = {**_TEXT, "pattern": "^([a-z0-9]+(-[a-z0-9]+)*)?$", "maxLength": 64}
_INTEGER = {"type": "integer"}
_DAY = _object(number=_INTEGER, day={**_TEXT, "format": "date"}, size=_INTEGER, root=_TEXT, head=_TEXT)
JUDGE = _operation(
    "An office says what it made of entries; for the operator's token only",
    ("application/json", _object(taken=_INTEGER, new=_INTEGER)),
    takes=(
        "application/json",
        _object(
            verdicts={
                "type": "array",
                "minItems": 1,
                "maxItems": 500,
                "items": _object(
                    terminal=_TEXT,
                    epoch=_TEXT,
                    seq=_INTEGER,
                    id=_TEXT,
                    verdict=_VERDICT_WORD,
                    reason=_CODE,
                    agency=_CODE,
                ),
            }
        ),
    ),
    problems="operator-required, malformed, entry-unknown (with place), too-large",
)
VERDICTS = _operation(
    f"The verdicts on this terminal's entries; after: {_AFTER}",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key: terminal, next, more, verdicts"}),
    problems=f"{_TERMINAL}, malformed",
)
ALARMS = _operation(
    "What a person must look at; for the operator's token only",
    (
        "application/json",
        _object(
            alarms={
                "type": "array",
                "items": _object(
                    terminal=_TEXT,
                    code=_TEXT,
                    epoch=_TEXT,
                    seq=_INTEGER,
                    first_ms=_INTEGER,
                    last_ms=_INTEGER,
                    times=_INTEGER,
                ),
            }
        ),
    ),
    problems="operator-required",
)
DAYS = _operation(
    f"The closed days of the journal with their signed Merkle roots; after: {_AFTER}",
    ("application/json", _object(days={"type": "array", "items": _DAY})),
    problems="malformed",
)
PROOF = _operation(
    "The proof that the entry of a case number is under its day's root; hashes only",
    (
        "application/json",
        _object(case=_TEXT, leaf=_TEXT, index=_INTEGER, path={"type": "array", "items": _TEXT}, day=_DAY),
    ),
    problems="entry-unknown, day-open",
)
PROBLEM = _operation(
    "What a problem code means and what to do",
    ("application/json", _object(code=_TEXT, status={"type": "integer"}, next_step=_TEXT)),
    problems="not-found",
)
