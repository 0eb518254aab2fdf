"""What can go wrong with the offline cache. Each leaf has a failure code and carries facts, never holder data.

Foreign exceptions (SQLite, requests, cryptography, cbor2) are mapped to these once, in the module that uses them.
"""

from __future__ import annotations


class CacheError(Exception):
    """The root. `code` is the key into `assets/failure_codes.toml`."""

    code = "storage-failed"


# --- the outbox on this disk ---------------------------------------------------------------------------------------


class StorageFailed(CacheError):
    """The disk or the database refused: nothing was recorded. The cause is in `__cause__`."""

    code = "storage-failed"


class StorageUnsafe(CacheError):
    """This SQLite can lose committed rows (the WAL-reset bug, 3.7.0 to 3.51.2)."""

    code = "storage-unsafe"


class StorageDamaged(CacheError):
    """The outbox was changed from outside: `seq` is the first row that does not fit, or None for the file itself."""

    code = "storage-damaged"

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(message)
        self.seq = seq


class StorageMoved(CacheError):
    """Another process has set the outbox file aside and begun a new epoch; open it again. Nothing was recorded."""

    code = "storage-moved"


class OutboxFull(CacheError):
    """The disk quota is reached: new business is refused, nothing unsent is deleted."""

    code = "outbox-full"


class DocumentInvalid(CacheError):
    """The document cannot be recorded: not a JSON object, or too large."""

    code = "document-invalid"


class AckRefused(CacheError):
    """An acknowledgement that does not fit this outbox; nothing was acknowledged."""

    code = "ack-refused"


# --- keys and identity ---------------------------------------------------------------------------------------------


class SealBroken(CacheError):
    """A sealed row or a wrapped key does not open with this key and context."""

    code = "seal-broken"


class NotEnrolled(CacheError):
    """This state folder has not joined a gateway yet."""

    code = "not-enrolled"


class EnrolmentDamaged(CacheError):
    """The files of the enrolment are missing in part, or do not fit each other."""

    code = "enrolment-damaged"


class AuthorityMismatch(CacheError):
    """The gateway's authority is not the one whose hash was given."""

    code = "ca-mismatch"


class TokenInvalid(CacheError):
    """The gateway does not take this enrolment token: unknown, used or expired."""

    code = "token-invalid"


# --- messages ------------------------------------------------------------------------------------------------------


class MalformedMessage(CacheError):
    """Bytes that are not the message they should be; the text names the field, never its value."""

    code = "malformed"


class BadSignature(CacheError):
    """A message that its sender did not sign."""

    code = "bad-signature"


class ChainBroken(CacheError):
    """A row was changed, removed or put in: `seq` is the first that does not fit."""

    code = "chain-broken"

    def __init__(self, message: str, seq: int) -> None:
        super().__init__(message)
        self.seq = seq


# --- the gateway's answers -----------------------------------------------------------------------------------------


class SeqGap(CacheError):
    """The gateway wants to continue at `expected_seq`."""

    code = "seq-gap"

    def __init__(self, expected_seq: int) -> None:
        super().__init__(f"the gateway expects seq {expected_seq}")
        self.expected_seq = expected_seq


class SeqConflict(CacheError):
    """The gateway holds another row under `seq` of this epoch (None: it did not say which)."""

    code = "seq-conflict"

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(message)
        self.seq = seq


class TooLarge(CacheError):
    """The gateway wants a smaller batch."""

    code = "too-large"


class NotAuthorised(CacheError):
    """The gateway does not accept this terminal (401, 403): sending pauses; nothing is deleted."""

    code = "not-authorised"


class Unavailable(CacheError):
    """No gateway for now: no connection, time-out, 408, 429 or 5xx.

    `retry_after_s` is what it asked for; `answered` says whether anything answered at all.
    """

    code = "gateway-unavailable"

    def __init__(self, message: str, retry_after_s: float | None = None, *, answered: bool = False) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.answered = answered


class Untrusted(Unavailable):
    """Whoever answers there cannot prove to be the gateway that this terminal joined."""

    code = "gateway-untrusted"


class BadReply(CacheError):
    """An answer that is not the protocol: truncated, garbage, wrong epoch, wrong signature."""

    code = "bad-reply"


class Refused(CacheError):
    """The gateway said no for a reason of its own; `problem` is its code (`nonce-invalid`, `card-refused` …)."""

    code = "gateway-refused"

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(f"the gateway refused: {problem} ({status})")
        self.problem = problem
        self.status = status
