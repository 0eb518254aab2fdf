"""From an answer that is not a success to a leaf of `errors`."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from offline_cache.errors import (
    BadReply,
    CacheError,
    MalformedMessage,
    NotAuthorised,
    Refused,
    SeqConflict,
    SeqGap,
    TokenInvalid,
    TooLarge,
    Unavailable,
)
from offline_cache.wire.problem import Problem, decode_problem

_TERMINAL_REFUSED = frozenset(["unknown-terminal", "terminal-revoked", "wrong-terminal"])


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> CacheError:
    """The leaf for an answer that is not a success. 4xx never means that something is deleted."""
    try:
        problem = decode_problem(body, status)
    except MalformedMessage:
        problem = Problem(code="", status=status)
    code = problem.code
    if code in _TERMINAL_REFUSED or (status in {401, 403} and not code):
        return NotAuthorised(f"the gateway does not accept this terminal ({status} {code})")
    simple = {
        "token-invalid": TokenInvalid(
            "the gateway does not take this token: unknown, used or expired; ask for another"
        ),
        "too-large": TooLarge("the gateway wants a smaller batch"),
        "seq-conflict": SeqConflict("the gateway holds other entries under these numbers", _seq(problem, "seq")),
    }
    if code in simple:
        return simple[code]
    if code == "seq-gap":
        return _gap(problem)
    if status in {408, 429} or status >= 500:
        return Unavailable(f"the gateway is busy or down ({status})", _wait_s(headers, problem), answered=True)
    if status == 413:
        return simple["too-large"]
    return Refused(code, status) if code else BadReply(f"the gateway answered {status} without a reason")


def _gap(problem: Problem) -> CacheError:
    expected = _seq(problem, "expected_seq")
    return BadReply("the gateway reports a gap, but not where") if expected is None else SeqGap(expected)


def _seq(problem: Problem, name: str) -> int | None:
    value = problem.facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**63 else None


def _wait_s(headers: Mapping[str, str], problem: Problem) -> float | None:
    """`Retry-After`, and where the problem tells the same more finely, in `retry_after_ms`, that."""
    whole_s, fine_ms = retry_after(headers), problem.facts.get("retry_after_ms")
    if whole_s is None or not isinstance(fine_ms, int) or isinstance(fine_ms, bool):
        return whole_s
    return fine_ms / 1000 if 0 <= whole_s * 1000 - fine_ms < 1000 else whole_s


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3); a date counts from the answer's own `Date`."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):  # the last: a year or an hour of twenty digits
        return None
    return max(0.0, wait.total_seconds())
