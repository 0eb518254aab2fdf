"""What the gateway refuses, as RFC 9457 problems: code, HTTP status, and the next step. Never holder data."""

from __future__ import annotations

from collections.abc import Mapping

from offline_cache.messages import Problem

CODES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The message is not what the protocol says; the detail names the field. Do not repeat it."),
    "bad-signature": (400, "The signature does not fit the message and the terminal's key. Do not repeat it."),
    "chain-broken": (400, "A row does not fit the chain. Check the outbox with: kiosk outbox verify"),
    "unknown-terminal": (401, "No terminal of this gateway. Enrol it with a new token."),
    "terminal-revoked": (403, "This terminal's certificate was revoked. Enrol it with a new token."),
    "certificate-ended": (403, "The certificate ended too long ago to be renewed. Enrol the terminal again."),
    "wrong-terminal": (403, "The message names another terminal or device than the certificate."),
    "token-invalid": (403, "The token is unknown, used or expired. Ask for a new one: kiosk gateway invite"),
    "token-expired": (403, "The code is older than 15 minutes. Scan the new one on the terminal's screen."),
    "token-used": (403, "The code was used by this terminal. Unbind it at the gateway, then scan its new code."),
    "token-cancelled": (403, "A technician took this code back. Scan the new one on the terminal's screen."),
    "operator-required": (401, "Send the token of operator.token as: Authorization: Bearer TOKEN"),
    "subscriber-required": (401, "Send the token of kiosk gateway subscribe as: Authorization: Bearer TOKEN"),
    "nonce-invalid": (409, "The nonce is unknown, used, expired, or another terminal's. Ask for a new one."),
    "card-refused": (403, "The card's certificate or signature is not accepted. Ask the citizen to try once more."),
    "card-lost": (
        403,
        "This card was reported lost. Nothing was released. Its holder takes the report back by ID card.",
    ),
    "sign-in-over": (409, "There is no such sign-in, it is over, or another terminal's. Begin again with a new code."),
    "app-not-enough": (403, "This service or subject needs the card. Nothing was released. Ask for the card."),
    "service-unknown": (404, "The catalogue has no such service. Read the catalogue again."),
    "subject-refused": (403, "The catalogue does not allow this subject for this service. Nothing was released."),
    "seq-gap": (409, "Rows before this batch are missing. Continue at expected_seq."),
    "seq-conflict": (409, "Another row is stored under this seq. Stop, and let a person look."),
    "entry-unknown": (404, "No entry is stored under this place and id. Read the entries again."),
    "call-not-yours": (409, "There is no such call, another operator has it, or it is over. Read the calls again."),
    "not-simulated": (409, "No agency of this gateway is simulated: its clock is not to be turned."),
    "day-open": (404, "The day's root is made after midnight. Ask again tomorrow."),
    "too-large": (413, "The message is larger than this gateway takes. Halve the batch."),
    "not-found": (404, "There is nothing at this address. See /openapi.json"),
    "method-not-allowed": (405, "This address takes another method. See /openapi.json"),
    "overloaded": (503, "Too many requests at once. Come back after retry_after_ms, or Retry-After seconds."),
    "gateway-closed": (
        503,
        "An operator closed this gateway for a while. Come back after Retry-After seconds.",
    ),
    "gateway-failed": (500, "The gateway failed; nothing was stored by this request. Try again later."),
    "gateway-store-failed": (503, "The gateway's database refused; nothing was stored. Try again later."),
}


class Refused(Exception):
    """A request that is refused: `problem` goes to the client as it is."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        facts: Mapping[str, object] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        status, next_step = CODES[code]
        super().__init__(f"{code} ({status})")
        text = f"{detail}. {next_step}" if detail else next_step
        if retry_after_s is not None:  # the header knows whole seconds only
            facts = {**(facts or {}), "retry_after_ms": round(retry_after_s * 1000)}
        self.problem = Problem(code=code, status=status, detail=text, facts=facts or {})
        self.retry_after_s = retry_after_s
        self.said = detail or next_step
        """What was wrong this time, for a command: without the step that is meant for a program."""
