"""What the gateway keeps, behind one small interface: journal, terminals, invites, nonces, consents, access log.

Values only cross this seam, so that another database can stand behind it. Every method is one transaction, and is
durable when it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from offline_cache.messages import Batch, Row, WrappedKey
from provisioning.gateway.authority import IssuedCertificate
from provisioning.gateway.storage.database import Database


class StoreError(Exception):
    """The root of what can go wrong in the store."""

    code = "gateway-store"


class StoreFailed(StoreError):
    """The disk or the database refused; nothing was stored."""

    code = "gateway-store-failed"


class StoreUnsafe(StoreError):
    """This database can lose what it committed: SQLite's WAL-reset bug (3.7.0 to 3.51.2), PostgreSQL without fsync."""

    code = "storage-unsafe"


class StoreUnsupported(StoreError):
    """A database that this gateway does not speak."""

    code = "database-unsupported"


class InviteInvalid(StoreError):
    """The token is unknown, used or expired."""

    code = "token-invalid"


class Gap(StoreError):
    """Rows between what is stored and this batch are missing."""

    code = "seq-gap"

    def __init__(self, expected_seq: int) -> None:
        super().__init__(f"seq {expected_seq} is expected")
        self.expected_seq = expected_seq


class Conflict(StoreError):
    """Another row is stored under `seq` of this epoch."""

    code = "seq-conflict"

    def __init__(self, seq: int) -> None:
        super().__init__(f"another row is stored under seq {seq}")
        self.seq = seq


class Revoked(StoreError):
    """The certificate that a batch came under was revoked; nothing was stored."""

    code = "terminal-revoked"


class EntryUnknown(StoreError):
    """No entry is stored under this terminal, epoch, seq and id."""

    code = "entry-unknown"

    def __init__(self, place: int) -> None:
        super().__init__(f"verdict {place} names no stored entry")
        self.place = place
        """Which of the verdicts, counted from 0."""


@dataclass(frozen=True)
class Terminal:
    """Who a client certificate belongs to."""

    name: str
    device: str
    public_key: bytes = field(repr=False)
    revoked: bool


@dataclass(frozen=True)
class Admission:
    """A terminal that has just joined."""

    terminal: str
    certificate: IssuedCertificate
    site: Mapping[str, str]


@dataclass(frozen=True)
class Stored:
    """The contiguous prefix of one epoch after an append."""

    acked_through: int
    head: bytes
    new_rows: int


@dataclass(frozen=True)
class StoredEntry:
    """One row as it was accepted, with every wrapping of its key. `position` is the order of arrival."""

    position: int
    terminal: str
    device: str
    epoch: str
    row: Row = field(repr=False)
    keys: tuple[WrappedKey, ...] = field(repr=False)
    received_ms: int


@dataclass(frozen=True)
class Consent:
    """What a card signed: who (a pseudonym), where, for what, which subjects, and the proof."""

    at_ms: int
    person: bytes = field(repr=False)
    terminal: str
    service: str
    subjects: tuple[str, ...]
    session: str
    nonce: str = field(repr=False)
    certificate_hash: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True)
class Access:
    """One line of the access log: who saw which subject, when and why. Never what they saw."""

    at_ms: int
    terminal: str
    service: str
    subject: str


@dataclass(frozen=True)
class Alarm:
    """Something that a person must look at. One per terminal, code and epoch, however often it happens."""

    terminal: str
    code: str
    epoch: str
    seq: int
    """The lowest seq it was seen at."""
    first_ms: int
    last_ms: int
    times: int


@dataclass(frozen=True)
class Verdict:
    """What an office made of one entry. Codes and numbers only, no holder data."""

    terminal: str
    epoch: str
    seq: int
    id: str
    verdict: str
    """`accepted` or `rejected`."""
    reason: str
    """A code in kebab-case; empty for `accepted`."""
    agency: str
    result: Mapping[str, str] = field(default_factory=dict[str, str])
    """What came of it, where the citizen waits for that: a ticket, a time. No holder data."""


@dataclass(frozen=True)
class StoredVerdict:
    """A verdict and its place in the order of all verdicts."""

    position: int
    verdict: Verdict
    at_ms: int


@dataclass(frozen=True)
class JournalLine:
    """What the daily root says of one entry: where it stands and its chain value; nothing of its content."""

    position: int
    terminal: str
    epoch: str
    epoch_number: int
    seq: int
    id: str
    chain: bytes
    received_ms: int


@dataclass(frozen=True)
class SealedDay:
    """One closed day of the journal: every row with `after < position <= through`, under one Merkle root."""

    number: int
    """1, 2, 3 …: days without an entry have none."""
    day: str
    """The city's date, ISO 8601."""
    after: int
    through: int
    size: int
    """How many entries: positions may have gaps."""
    root: bytes
    signed: bytes = field(repr=False)
    """COSE_Sign1 by the gateway's key, see `proofs/days.py`."""


@dataclass(frozen=True)
class TerminalSummary:
    """A terminal as the gateway's page shows it."""

    name: str
    model: str
    place: Mapping[str, str]
    enrolled_ms: int
    last_seen_ms: int
    entries: int
    epochs: int
    doubled_epochs: bool
    """Two of its epochs have the same number: a state folder was set up twice from one image."""
    certificate_ends_ms: int
    revoked: bool


class Store(Protocol):
    """The database of one gateway. Safe to call from any thread; all methods raise `StoreFailed`."""

    @property
    def database(self) -> Database:
        """The database itself, for the parts that keep tables of their own on it."""
        ...

    def close(self) -> None:
        """Let go of the database. May be called twice."""
        ...

    def add_invite(self, token_hash: bytes, site: Mapping[str, str], expires_ms: int) -> None:
        """Keep a one-time enrolment token (only its hash) and the site of the terminal it is for."""
        ...

    def admit(
        self,
        token_hash: bytes,
        now_ms: int,
        device: str,
        model: str,
        certify: Callable[[str], IssuedCertificate],
    ) -> Admission:
        """Use up the invite and admit a terminal; all or nothing.

        A device that has been here before keeps its name, and its earlier certificates are revoked. Raises
        `InviteInvalid`; whatever `certify` raises leaves the invite unused.
        """
        ...

    def terminal_of(self, fingerprint: bytes) -> Terminal | None:
        """Whose certificate this is (SHA-256 of its DER), or None."""
        ...

    def keys_of(self, terminal: str) -> tuple[tuple[bytes, bool], ...]:
        """The keys (Ed25519, 32 bytes) that were ever certified for a terminal, each with whether it was revoked."""
        ...

    def touch(self, terminal: str, now_ms: int) -> None:
        """Note that a terminal was seen."""
        ...

    def revoke(self, terminal: str) -> bool:
        """Revoke every certificate of a terminal. False if there is no such terminal."""
        ...

    def append(self, batch: Batch, now_ms: int, certificate: bytes | None = None) -> Stored:
        """Store the rows that are new; the batch's signature, chain and genesis were checked.

        `certificate` (SHA-256 of its DER) must not be revoked at the moment at which the rows are stored. Raises
        `Gap`, `Conflict`, `Revoked`.
        """
        ...

    def line(self, terminal: str, epoch: str, seq: int) -> JournalLine | None:
        """One entry's line of the journal, or None."""
        ...

    def entry(self, terminal: str, epoch: str, seq: int) -> StoredEntry | None:
        """One entry as it was accepted, or None."""
        ...

    def keys(self, terminal: str, epoch: str, key_id: str) -> tuple[WrappedKey, ...]:
        """A body key of an epoch, as often as it was wrapped; none where it never came."""
        ...

    def epochs(self, terminal: str, epoch_number: int) -> tuple[str, ...]:
        """The epochs of a terminal that carry this number; more than one after a state folder was copied."""
        ...

    def raise_alarm(self, terminal: str, code: str, epoch: str, seq: int | None, now_ms: int) -> None:
        """Note that a person must look; the same again counts up. The lowest `seq` stays; None: no place is known."""
        ...

    def alarms(self) -> tuple[Alarm, ...]:
        """All open alarms, the latest first."""
        ...

    def close_alarm(self, terminal: str, code: str, epoch: str) -> int:
        """A technician has looked at the terminal: close this one. Returns how many there were."""
        ...

    def close_alarms(self, terminal: str) -> int:
        """A person has looked: close the alarms of a terminal. Returns how many there were."""
        ...

    def judge(self, verdicts: Sequence[Verdict], now_ms: int) -> int:
        """Keep the verdicts, all or none; one that says what the latest on its entry says is passed over.

        Returns how many were new. Raises `EntryUnknown`.
        """
        ...

    def verdicts(self, terminal: str, after: int, limit: int) -> tuple[StoredVerdict, ...]:
        """The verdicts on a terminal's entries with `position > after`, in order."""
        ...

    def close_day(
        self, end_ms: int, sign: Callable[[SealedDay | None, Sequence[JournalLine]], SealedDay | None]
    ) -> bool:
        """Close the open rows up to the last one received before `end_ms`. False if there are none.

        `sign` gets the last closed day and the rows, and returns the new day, or None to leave it; one process at a
        time does this.
        """
        ...

    def last_day(self) -> SealedDay | None:
        """The last closed day."""
        ...

    def oldest_open_ms(self) -> int | None:
        """When the first row after the last closed day was received; None if there is none."""
        ...

    def days(self, after: int, limit: int) -> tuple[SealedDay, ...]:
        """Closed days with `number > after`, in order."""
        ...

    def day_of(self, position: int) -> SealedDay | None:
        """The closed day that covers a position, or None while it is open."""
        ...

    def lines(self, day: SealedDay) -> tuple[JournalLine, ...]:
        """The rows of a closed day, in order of position."""
        ...

    def add_nonce(self, nonce: str, terminal: str, now_ms: int, expires_ms: int) -> None:
        """Keep a nonce for one lookup of this terminal."""
        ...

    def take_nonce(self, nonce: str, terminal: str, now_ms: int) -> bool:
        """Use a nonce up. False if it is unknown, used, expired or another terminal's."""
        ...

    def record_consent(self, consent: Consent) -> None:
        """Keep the consent, and one access line for each of its subjects."""
        ...

    def accesses(self, person: bytes, limit: int) -> tuple[Access, ...]:
        """The latest accesses to one person's data, newest first."""
        ...

    def entries(self, after: int, terminal: str | None = None) -> Iterator[StoredEntry]:
        """Every accepted row with `position > after`, in order of arrival."""
        ...

    def catalogue_number(self, content_hash: bytes) -> int:
        """A number that grows with each new content of the catalogue."""
        ...

    def terminals(self) -> tuple[TerminalSummary, ...]:
        """All terminals, by name."""
        ...
