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
HANDOVERS = _operation(
    "Keep a half-filled form for its holder's telephone, against the card's signature; the URL opens once",
    ("application/json", _object(url=_TEXT, expires_s={"type": "integer"})),
    takes=(
        "application/json",
        _object(nonce=_TEXT, service=_TEXT, form=_TEXT, certificate=_TEXT, signature=_TEXT),
    ),
    problems=f"{_TERMINAL}, malformed, nonce-invalid, card-refused, card-lost, service-unknown, too-large",
)
WITHDRAW = _operation(
    "Forget a form that no telephone has opened yet",
    ("application/json", _object(withdrawn={"type": "boolean"})),
    takes=("application/json", _object(token=_TEXT)),
    problems=f"{_TERMINAL}, malformed, too-large",
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
CONFIGURATION = _operation(
    "The signed settings of the terminal that asks: kind, version (only grows), terminal, settings",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key over the configuration's JSON"}),
    problems=_TERMINAL,
    extra={304: {"description": "The version of If-None-Match is the newest"}},
)
DIRECTORY = _operation(
    "The signed directory: kind, offices with their hours, divisions with their streets, hospitals",
    (CBOR_TYPE, {**_BYTES, "description": "COSE_Sign1 by the gateway's key over the directory's JSON"}),
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
_CALL = _object(
    id=_INTEGER,
    number=_TEXT,
    phone=_TEXT,
    topic=_TEXT,
    language=_TEXT,
    slot=_TEXT,
    state=_TEXT,
    tries=_INTEGER,
    asked_ms=_INTEGER,
    due_ms=_INTEGER,
)
MESSAGES = _operation(
    f"How many messages wait, went or were given up, and what the outbox carrier holds; after: {_AFTER}",
    (
        "application/json",
        _object(
            waiting=_INTEGER,
            sent=_INTEGER,
            given_up=_INTEGER,
            messages={
                "type": "array",
                "items": _object(position=_INTEGER, way=_TEXT, to=_TEXT, subject=_TEXT, body=_TEXT, at_ms=_INTEGER),
            },
        ),
    ),
    problems="operator-required, malformed",
)
CALLS = _operation(
    "Whom 12345 calls back in this hour, the longest promised first",
    ("application/json", _object(calls={"type": "array", "items": _CALL})),
    problems="operator-required",
)
TELL_CALL = _operation(
    "An operator of 12345 takes a call, or says how it went; unreached three times, the citizen gets a message",
    ("application/json", _CALL),
    takes=("application/json", _object(said={"enum": ["taken", "done", "unreached"]})),
    problems="operator-required, malformed, call-not-yours, not-found, too-large",
)
EXCHANGE = _operation(
    f"What an agency follows: topic entries or cases, for a subscriber's token; after: {_AFTER}",
    (
        "application/json",
        _object(
            items={"type": "array", "items": {"type": "object", "required": ["position"]}},
            next=_INTEGER,
            more={"type": "boolean"},
        ),
    ),
    problems="subscriber-required, malformed, not-found",
)
SUBSCRIBERS = _operation(
    "Who follows the exchange, and behind which position each asked last",
    (
        "application/json",
        _object(
            subscribers={"type": "array", "items": _object(name=_TEXT, topic=_TEXT, position=_INTEGER, at_ms=_INTEGER)}
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
PUBLIC = _operation(
    "A subject that anybody may know, with the answers it depends on",
    ("application/json", _object(agency=_TEXT, updated={**_TEXT, "format": "date"}, record={"type": "object"})),
    problems=f"{_TERMINAL}, subject-refused",
)
CARD_STATUS = _operation(
    "Whether a card was reported lost",
    ("application/json", _object(state={"enum": ["valid", "lost"]})),
    takes=("application/json", _object(certificate=_TEXT)),
    problems=f"{_TERMINAL}, malformed, card-refused, too-large",
)
CARD_LOSSES = _operation(
    "Somebody called 12345: a person's cards are lost, or found; for the operator's token only",
    ("application/json", _object(state={"enum": ["lost", "found"]}, new={"type": "boolean"})),
    takes=("application/json", _object(id_number=_TEXT, state={"enum": ["lost", "found"]})),
    problems="operator-required, malformed, too-large",
)
_QUEUE = _object(ahead=_INTEGER, counters=_INTEGER, mean_s=_INTEGER, wait_s=_INTEGER)
QUEUES = _operation(
    "How long each queue of an office is; for the operator's token only",
    ("application/json", _object(office=_TEXT, queues={"type": "object", "additionalProperties": _QUEUE})),
    problems="operator-required",
)
CALL = _operation(
    "A counter is free: whoever is first is called; for the operator's token only",
    ("application/json", _object(ticket={"type": ["string", "null"]})),
    problems="operator-required, not-found",
)
COUNTERS = _operation(
    "How many counters are open; for the operator's token only",
    ("application/json", _object(office=_TEXT, matter=_TEXT, counters=_INTEGER)),
    problems="operator-required, malformed, not-found",
)
PROBLEM = _operation(
    "What a problem code means and what to do",
    ("application/json", _object(code=_TEXT, status={"type": "integer"}, next_step=_TEXT)),
    problems="not-found",
)
_STEP_OF_A_CASE = _object(
    number=_TEXT,
    service=_TEXT,
    step=_TEXT,
    days=_INTEGER,
    started=_TEXT,
    asked=_INTEGER,
    papers={"type": "array", "items": _object(code=_TEXT, state=_TEXT)},
    document={"type": ["object", "null"]},
)
STEPS = _operation(
    "What lies on an agency's desk, oldest first, with the application; for its own token or the operator's",
    ("application/json", _object(steps={"type": "array", "items": _STEP_OF_A_CASE})),
    problems="operator-required",
)
MOVE_STEPS = _operation(
    "An agency says what it made of its steps: done, ask for papers, refuse; each by itself",
    (
        "application/json",
        _object(
            moves={"type": "array", "items": _object(number=_TEXT, step=_TEXT, state=_TEXT, problem=_TEXT)},
        ),
    ),
    takes=(
        "application/json",
        _object(
            moves={
                "type": "array",
                "minItems": 1,
                "maxItems": 200,
                "items": _object(
                    number=_TEXT,
                    step=_TEXT,
                    outcome={"enum": ["done", "ask", "refuse"]},
                    asks={"type": "array", "items": _CODE, "maxItems": 10},
                    reason=_CODE,
                ),
            }
        ),
    ),
    problems="operator-required, malformed, too-large",
)
CLAIMS = _operation(
    "A claim code was shown at a counter: true once, if it is this case's",
    ("application/json", _object(collected={"type": "boolean"})),
    takes=("application/json", _object(number=_TEXT, claim=_TEXT)),
    problems="operator-required, malformed, too-large",
)
CASE_EVENTS = _operation(
    f"What happened to cases, in order, nothing of a citizen; after: {_AFTER}",
    (
        "application/json",
        _object(
            events={
                "type": "array",
                "items": _object(
                    position=_INTEGER,
                    number=_TEXT,
                    kind=_TEXT,
                    step=_TEXT,
                    agency=_TEXT,
                    reason=_TEXT,
                    at_ms=_INTEGER,
                ),
            }
        ),
    ),
    problems="operator-required, malformed",
)
CASE_DAYS = _operation(
    "Let days go by on the cases' clock of a simulated city; for the operator's token only",
    ("application/json", _object(now=_TEXT)),
    takes=("application/json", _object(days={"type": "integer", "minimum": 0, "maximum": 400})),
    problems="operator-required, malformed, not-simulated, too-large",
)
operation, members = _operation, _object  # for rooms that keep their own part of the contract beside their routes
