"""Signing in with the city's app instead of the card: the messages, and what an approval says. JSON, mutual TLS.

`POST /v1/sign-ins` answers a secret for this terminal (`key`), the QR code's URL and four digits that both screens
show; `/look` how it stands, `/lookups` releases, `/ask` puts a finished form before the citizen on the telephone,
`/take-back` takes it away again, and `/end` ends it. Decided in docs/adr/0016.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from offline_cache.errors import BadReply, BadSignature, MalformedMessage
from offline_cache.wire.encoding import (
    Fields,
    decode_cbor,
    encode_cbor,
    from_base64url,
    json_dumps,
    json_object,
    to_base64url,
    verify1,
)

SIGN_INS = "/v1/sign-ins"
LOOK = f"{SIGN_INS}/look"
LOOKUPS = f"{SIGN_INS}/lookups"
ASK = f"{SIGN_INS}/ask"
TAKE_BACK = f"{SIGN_INS}/take-back"
END = f"{SIGN_INS}/end"
CODE_LIFETIME_S = 120
"""From the QR code to the citizen's answer."""
SIGNED_IN_S = 900
"""From that answer to the end of the visit, at the latest."""
ASK_LIFETIME_S = 120
"""From a form put before the citizen to the answer."""
MAX_DRAFT_BYTES = 64 * 1024
MAX_ASK_BYTES = MAX_DRAFT_BYTES * 4 // 3 + 4096
MAX_LOOKUP_BYTES = 8192
MAX_BYTES = 1024
ANSWER_BYTES = 8192
LOOKUP_ANSWER_BYTES = 256 * 1024
MAX_TOKEN_CHARS = 1024
_MAX_KEY = 64
_CODE = re.compile(r"[0-9]{4}")
_HOLDER = ("name", "id_number", "sex", "birth_date")
_APPROVAL = "kiosk-approval-1"
_HASH_BYTES = 32

SignInState = Literal["waiting", "opened", "approved", "refused", "expired", "ended"]
AskState = Literal["", "waiting", "approved", "refused", "expired"]
STATES: tuple[SignInState, ...] = ("waiting", "opened", "approved", "refused", "expired", "ended")
ASK_STATES: tuple[AskState, ...] = ("", "waiting", "approved", "refused", "expired")


@dataclass(frozen=True)
class Begun:
    """A sign-in that waits for a telephone."""

    key: str = field(repr=False)
    url: str = field(repr=False)
    code: str = field(repr=False)
    """Four digits, on both screens."""
    expires_s: int


@dataclass(frozen=True)
class Seen:
    """How a sign-in stands. `holder` once it was approved; `asked` of the form last put before the citizen."""

    state: SignInState
    holder: Mapping[str, str] | None = field(repr=False, default=None)
    """`name`, `id_number`, `sex` (`male`, `female`, `unknown`), `birth_date` (ISO 8601)."""
    asked: AskState = ""
    approval: str = field(repr=False, default="")
    """The gateway's word that the citizen approved that form: an `Approval`, signed, base64url."""


@dataclass(frozen=True)
class AppLookup:
    """A lookup of a citizen who signed in with the app."""

    key: str = field(repr=False)
    service: str
    subjects: tuple[str, ...]
    session: str


@dataclass(frozen=True)
class Approval:
    """What the gateway signs when a citizen approved a form on the telephone.

    `digest` is SHA-256 of the form as it was shown: canonical JSON, without its number and without proofs.
    """

    terminal: str
    service: str
    digest: bytes = field(repr=False)
    at_ms: int


# ------------------------------------------------------------------------------------------------ the terminal's side


def begun(answer: Mapping[str, object], gateway_url: str) -> Begun:
    """Read the answer to `POST /v1/sign-ins`; a gateway without a public address gives a path. Raises `BadReply`."""
    url = answer.get("url")
    if isinstance(url, str) and url.startswith("/"):
        url = gateway_url.rstrip("/") + url
    key, code, life = answer.get("key"), answer.get("code"), answer.get("expires_s")
    if not isinstance(url, str) or not url.startswith("https://") or "#" not in url or len(url) > 300:
        raise BadReply("the answer to a sign-in is no URL with a token")
    if not isinstance(key, str) or not 0 < len(key) <= _MAX_KEY or not isinstance(code, str):
        raise BadReply("the answer to a sign-in has no key or no code")
    if not _CODE.fullmatch(code) or not isinstance(life, int) or not 0 < life <= 10 * CODE_LIFETIME_S:
        raise BadReply("the answer to a sign-in has no code of four digits or no time")
    return Begun(key, url, code, life)


def seen(answer: Mapping[str, object]) -> Seen:
    """Read the answer to `POST /v1/sign-ins/look`. Raises `BadReply`."""
    state, asked = answer.get("state"), answer.get("asked", "")
    holder, approval = answer.get("holder"), answer.get("approval", "")
    if state not in STATES or asked not in ASK_STATES or not isinstance(approval, str):
        raise BadReply("the state of a sign-in is none that this terminal knows")
    found: dict[str, str] | None = None
    if isinstance(holder, Mapping):
        given = cast("Mapping[str, object]", holder)
        found = {name: value for name in _HOLDER if isinstance(value := given.get(name), str) and value}
        if len(found) != len(_HOLDER):
            raise BadReply("the holder of a sign-in is not whole")
    if (state == "approved") != (found is not None) or (asked == "approved") != bool(approval):
        raise BadReply("the state of a sign-in does not fit what comes with it")
    return Seen(state, found, asked, approval)


def encode_key(key: str) -> bytes:
    """The body of `/look`, `/take-back` and `/end`."""
    return json_dumps({"key": key})


def encode_ask(key: str, draft: bytes) -> bytes:
    """The body of `/ask`; `draft` is canonical JSON."""
    return json_dumps({"key": key, "draft": to_base64url(draft)})


def encode_app_lookup(asked: AppLookup) -> bytes:
    """The body of `/lookups`."""
    return json_dumps(
        {"key": asked.key, "service": asked.service, "subjects": list(asked.subjects), "session": asked.session}
    )


# ------------------------------------------------------------------------------------------------- the gateway's side


def decode_begin(data: bytes) -> None:
    """Read the body of `POST /v1/sign-ins`: an empty object. Raises `MalformedMessage`."""
    Fields("sign-in", json_object(data, MAX_BYTES), frozenset())


def decode_key(data: bytes) -> str:
    """Read the body of `/look`, `/take-back` and `/end`. Raises `MalformedMessage`."""
    return Fields("sign-in", json_object(data, MAX_BYTES), frozenset(["key"])).text("key", _MAX_KEY)


def decode_ask(data: bytes) -> tuple[str, bytes]:
    """Read the body of `/ask`: key and draft. Raises `MalformedMessage`."""
    fields = Fields("form to approve", json_object(data, MAX_ASK_BYTES), frozenset(["key", "draft"]))
    return fields.text("key", _MAX_KEY), fields.base64("draft", 2, MAX_DRAFT_BYTES)


def decode_app_lookup(data: bytes) -> AppLookup:
    """Read the body of `/lookups`; unsorted or doubled subjects are refused. Raises `MalformedMessage`."""
    names = frozenset(["key", "service", "subjects", "session"])
    fields = Fields("lookup by app", json_object(data, MAX_LOOKUP_BYTES), names)
    subjects = fields.texts("subjects", 1, 64, 64)
    if list(subjects) != sorted(set(subjects)):
        fields.fail("subjects", "are not sorted, each once")
    return AppLookup(fields.text("key", _MAX_KEY), fields.text("service", 64), subjects, fields.text("session", 128))


# -------------------------------------------------------------------------------------------------------- approvals


def encode_approval(approval: Approval) -> bytes:
    """The payload that the gateway signs (COSE_Sign1, its signing key)."""
    return encode_cbor([_APPROVAL, approval.terminal, approval.service, approval.digest, approval.at_ms])


def read_approval(text: str, public_key: bytes) -> Approval | None:
    """Return what a token says, or None: not a token, or not signed by the holder of `public_key` (Ed25519)."""
    if not text or len(text) > MAX_TOKEN_CHARS:
        return None
    try:
        held = decode_cbor(verify1(from_base64url(text), public_key), MAX_TOKEN_CHARS)
    except (MalformedMessage, BadSignature):
        return None
    match held:
        case [str(kind), str(terminal), str(service), bytes(digest), int(at_ms)] if (
            kind == _APPROVAL and len(digest) == _HASH_BYTES
        ):
            return Approval(terminal, service, digest, at_ms)
        case _:
            return None
