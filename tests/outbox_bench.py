"""What several tests of the offline cache put on their bench: a clock, an enrolment, a client without a cable."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from offline_cache import enrolment, state
from offline_cache.enrolment import Enrolment
from offline_cache.errors import BadReply, BadSignature, MalformedMessage, OutboxFull
from offline_cache.gateway import Receipt
from offline_cache.messages import Batch, EnrolAnswer, decode_ack, encode_batch, sign1, verify1
from offline_cache.outbox import OUTBOX_FILE, Outbox
from offline_cache.policy import Limits
from offline_cache.sync import SyncService
from offline_cache.wire.refusal import refusal
from offline_cache.wire.verdict import EntryVerdict, VerdictPage
from tests.outbox_gateway import ModelGateway, Refusal


def fill(outbox: Outbox, entry_bytes: int = 4000) -> int:
    """Record entries that nothing makes smaller until no more are taken (`OutboxFull`); return how many were."""
    kept = 0
    while True:
        try:
            outbox.append(lambda _seq, _id: {"x": os.urandom(entry_bytes).hex()})
        except OutboxFull:
            return kept
        kept += 1


class FakeClock:
    """Time that only moves when a test moves it."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.wall_ms = now_ms
        self.up_ms = 5_000

    def advance(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.up_ms += round(seconds * 1000)

    def now_ms(self) -> int:
        return self.wall_ms

    def mono_ms(self) -> int:
        return self.up_ms

    def boot_id(self) -> str:
        return "boot-1"


def certificate(name: str, key: Ed25519PrivateKey) -> str:
    """A self-signed certificate, PEM; no TLS server looks at it here."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=9000))
        .sign(key, None)
    )
    return built.public_bytes(Encoding.PEM).decode()


def enrol(state_dir: Path, gateway: ModelGateway, terminal: str = "T0001") -> Enrolment:
    """Join the model gateway without a network."""
    key = Ed25519PrivateKey.generate()
    pem = certificate(terminal, key)
    answer = EnrolAnswer(
        terminal, pem, pem, gateway.sealing_key_id, gateway.sealing_public, gateway.signing_public, {"name.en": "Hall"}
    )
    device = state.device(state_dir).device
    joined = enrolment.save(state_dir, "https://127.0.0.1:1", device, "test", key, answer)
    state.adopt(state_dir, joined)
    gateway.terminal_key = key.public_key()
    return joined


def writer(state_dir: Path, clock: FakeClock | None = None) -> Outbox:
    return state.open_writer(state_dir, clock=clock or FakeClock())


def note(outbox: Outbox, text: str = "x") -> int:
    """Record one synthetic document; returns its seq."""
    return outbox.append(lambda seq, _id: {"n": seq, "text": text}).seq


class CablelessClient:
    """A `GatewayClient` without TLS: signs, hands over, reads the answer as the real one does."""

    def __init__(self, joined: Enrolment, gateway: ModelGateway) -> None:
        self.joined = joined
        self.gateway = gateway
        self.before: Callable[[], None] | None = None
        """Called before the gateway sees the request: raise `Unavailable` to cut the line."""
        self.reply: Callable[[bytes], bytes] | None = None
        """What becomes of the answer on its way back; may raise."""
        self.sent: list[tuple[int, int]] = []
        self.judged: list[EntryVerdict] = []
        self.verdicts_a_page = 500
        self.asked_after: list[int] = []

    def push(self, batch: Batch, look_ahead: Callable[[], Batch | None] | None = None) -> Receipt:
        self.sent.append((batch.first_seq, batch.last_seq))
        if self.before is not None:
            self.before()
        try:
            answer = self.gateway.accept(sign1(encode_batch(batch), self.joined.private_key))
        except Refusal as refused:
            raise refusal(refused.status, {}, refused.body()) from refused
        if look_ahead is not None:
            look_ahead()
        if self.reply is not None:
            answer = self.reply(answer)
        try:
            ack = decode_ack(verify1(answer, self.joined.signing_key))
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(str(error)) from error
        return Receipt(ack, answer)

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        return None

    def published(self, name: str, etag: str | None) -> tuple[str, bytes] | None:
        return None

    def verdicts(self, after: int) -> VerdictPage:
        self.asked_after.append(after)
        found = tuple(item for item in self.judged if item.position > after)
        shown = found[: self.verdicts_a_page]
        return VerdictPage("T0001", shown[-1].position if shown else after, len(found) > len(shown), shown)


class Rig:
    """A terminal and a gateway with a cable between them that a test can pull."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.gateway = ModelGateway()
        self.joined = enrol(folder, self.gateway)
        self.client = CablelessClient(self.joined, self.gateway)
        self.app = writer(folder, self.clock)
        self.outbox = state.open_reader(folder, clock=self.clock)
        self.service = self.start()

    def start(self, limits: Limits | None = None) -> SyncService:
        """The sync process, started anew."""
        self.service = SyncService(
            self.outbox,
            self.client,
            state_dir=self.folder,
            signing_key=self.joined.signing_key,
            clock=self.clock,
            random=lambda: 0.5,
            limits=limits,
        )
        return self.service

    def record(self, count: int) -> None:
        for _ in range(count):
            note(self.app)

    def arrived(self) -> list[int]:
        return [seq for _, _, seq, _, _ in self.gateway.documents()]

    def copy(self) -> dict[Path, bytes]:
        """The outbox's files as they are now, as a backup or a cloned image has them."""
        return {path: path.read_bytes() for path in self.folder.glob(OUTBOX_FILE + "*")}

    def restore(self, kept: dict[Path, bytes]) -> None:
        """Put the disk back to that moment, and open it again."""
        self.app.close()
        self.outbox.close()
        for path in self.folder.glob(OUTBOX_FILE + "*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        self.app = writer(self.folder, self.clock)
        self.outbox = state.open_reader(self.folder, clock=self.clock)
