"""What `/openapi.json` says of a terminal's messages about a sign-in with the city's app."""

from __future__ import annotations

from offline_cache.wire.sign_in import ASK_STATES, STATES
from provisioning.gateway.contract import members, operation

_TEXT, _INTEGER = {"type": "string"}, {"type": "integer"}
_JSON = "application/json"
_TERMINAL = "unknown-terminal, terminal-revoked, malformed, too-large"
BEGIN = operation(
    "A code for a telephone to sign in with; an older one of this terminal ends",
    (_JSON, members(key=_TEXT, url=_TEXT, code=_TEXT, expires_s=_INTEGER)),
    takes=(_JSON, members()),
    problems=_TERMINAL,
)
_HOLDER = members(name=_TEXT, id_number=_TEXT, sex=_TEXT, birth_date=_TEXT)
LOOK = operation(
    "How a sign-in stands, and the form last put before its citizen",
    (
        _JSON,
        {
            "type": "object",
            "required": ["state", "asked", "approval"],
            "properties": {"state": {"enum": list(STATES)}, "asked": {"enum": list(ASK_STATES)}, "approval": _TEXT,
                           "holder": _HOLDER},
            "additionalProperties": False,
        },
    ),
    takes=(_JSON, members(key=_TEXT)),
    problems=f"{_TERMINAL}, sign-in-over",
)  # fmt: skip
LOOKUPS = operation(
    "Release subjects to a visit that was signed in to with the app: class 1 and 2, for services that allow it",
    (_JSON, members(subjects={"type": "object"})),
    takes=(
        _JSON,
        members(key=_TEXT, service=_TEXT, subjects={"type": "array", "items": _TEXT, "minItems": 1}, session=_TEXT),
    ),
    problems=f"{_TERMINAL}, sign-in-over, service-unknown, subject-refused, app-not-enough",
)
ASK = operation(
    "Put a finished form before the citizen on the telephone; one that waits there is replaced",
    (_JSON, members(expires_s=_INTEGER)),
    takes=(_JSON, members(key=_TEXT, draft=_TEXT)),
    problems=f"{_TERMINAL}, sign-in-over, service-unknown, app-not-enough",
)
TAKE_BACK = operation(
    "Take a form away from the telephone that was not answered yet",
    (_JSON, members(taken={"type": "boolean"})),
    takes=(_JSON, members(key=_TEXT)),
    problems=f"{_TERMINAL}, sign-in-over",
)
END = operation(
    "The visit is over",
    (_JSON, members(ended={"type": "boolean"})),
    takes=(_JSON, members(key=_TEXT)),
    problems=_TERMINAL,
)
