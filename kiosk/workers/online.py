"""The gateway over HTTPS and the outbox on the disk, as the desks use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kiosk import events as e
from kiosk.services.definition import GREETING
from kiosk.session.asking.events import VerdictCame
from kiosk.session.handing import own_ticket
from kiosk.settings import Settings
from kiosk.workers.app.online import OnlineApp, subject_data
from kiosk.workers.desks import Recorded
from kiosk.workers.shelf import Directory
from offline_cache.disk.keeping import verdict_position
from offline_cache.enrolment import Enrolment
from offline_cache.errors import CacheError, Unavailable
from offline_cache.gateway import GatewayClient, Timeouts
from offline_cache.outbox import Outbox, case_reference
from offline_cache.seal import SealingKey
from offline_cache.wire.encoding import json_dumps
from offline_cache.wire.handover import (
    ANSWER_BYTES,
    HANDOVERS,
    WITHDRAW,
    Handover,
    encode_handover,
    handover_answer,
    handover_context,
)
from offline_cache.wire.public import (
    CARD_STATUS,
    PUBLIC_BYTES,
    STATUS_BYTES,
    card_question,
    card_state,
    public_path,
    public_subject,
)

MAX_PAGES = 8
"""Pages of verdicts that one look reads; the next look begins anew."""


def _data(found: Mapping[str, object]) -> tuple[e.SubjectData, ...]:
    """What a lookup released, as the session knows it. Raises `BadReply`."""
    return tuple(subject_data(subject, raw) for subject, raw in found.items())


class OnlineGateway:
    """`CityGateway` over HTTPS. `requests.Session` is not shared between threads: one client for each use."""

    def __init__(self, enrolment: Enrolment, settings: Settings, directory: Directory | None = None) -> None:
        self._directory = directory
        self._enrolment = enrolment
        timeouts = Timeouts(
            connect_s=2.0, silence_s=float(settings.lookup_wait_s), whole_s=float(settings.lookup_wait_s)
        )
        self._ask = GatewayClient(enrolment, timeouts=timeouts)
        self.app = OnlineApp(self._ask, enrolment.gateway_url)
        self._probe = GatewayClient(enrolment, timeouts=Timeouts(connect_s=2.0, silence_s=3.0, whole_s=3.0))

    def alive(self) -> bool:
        """Whether the gateway answers now."""
        try:
            self._probe.health()
        except CacheError:
            return False
        return True

    def lookup(
        self, service: str, subjects: tuple[str, ...], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[e.SubjectData, ...]:
        """Fetch subjects. Raises `CacheError` leaves, and what `sign` raises."""
        return _data(self._ask.lookup(service, subjects, session, certificate, sign))

    def greeting(
        self, subjects: tuple[str, ...], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[e.SubjectData, ...]:
        """As `lookup`, for what home says; it belongs to the thread that probes."""
        return _data(self._probe.lookup(GREETING, subjects, session, certificate, sign))

    def public(self, subject: str, given: Mapping[str, str]) -> e.SubjectData:
        """Fetch a public subject, or take it from the directory without a network. Raises `CacheError` leaves."""
        try:
            answer = self._ask.ask_json("GET", public_path(subject, given), PUBLIC_BYTES)
        except Unavailable:
            known = None if self._directory is None else self._directory.public(subject, given)
            if known is None:
                raise
            return known
        agency, updated, record = public_subject(answer)
        return e.SubjectData(subject, agency, updated, record)

    def verdict(self, epoch: str, seq: int, after: int) -> VerdictCame | None:
        """The last verdict on this terminal's entry behind a place, or None. Raises `CacheError` leaves."""
        found: VerdictCame | None = None
        for _ in range(MAX_PAGES):
            page = self._ask.verdicts(after)
            for item in page.verdicts:
                if (item.epoch, item.seq) == (epoch, seq):
                    found = VerdictCame(seq, item.verdict == "accepted", item.reason, item.result)
            if not page.more:
                break
            after = page.next
        return found

    def card_lost(self, certificate: bytes) -> bool:
        """Whether the card of this certificate (DER) was reported lost. Raises `CacheError` leaves."""
        answer = self._ask.ask_json("POST", CARD_STATUS, STATUS_BYTES, card_question(certificate))
        return card_state(answer) == "lost"

    def hand_over(
        self, service: str, form: Mapping[str, object], certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> str:
        """Have a form kept for a telephone; returns its URL. Raises `CacheError` leaves, and what `sign` raises."""
        asked = Handover(self._ask.nonce(), service, json_dumps(form), certificate, b"")
        signature = sign(handover_context(asked.nonce, self._enrolment.terminal, service, asked.digest))
        body = encode_handover(replace(asked, signature=signature))
        return handover_answer(self._ask.ask_json("POST", HANDOVERS, ANSWER_BYTES, body), self._enrolment.gateway_url)

    def take_back(self, url: str) -> bool:
        """Have it forgotten; False: it was opened already. Raises `CacheError` leaves."""
        body = json_dumps({"token": url.partition("#")[2]})
        return self._ask.ask_json("POST", WITHDRAW, ANSWER_BYTES, body).get("withdrawn") is True

    def close(self) -> None:
        """Close both connections."""
        self._ask.close()
        self._probe.close()


class OutboxStore:
    """`EntryStore` on the state folder's outbox."""

    def __init__(self, outbox: Outbox, terminal: str, gateway_key_id: str = "") -> None:
        self._outbox = outbox
        self._terminal = terminal
        self._gateway_key_id = gateway_key_id

    def record(self, document: Mapping[str, object]) -> Recorded:
        """Record one document under its case number. Raises `CacheError` leaves."""
        number, epoch = "", ""

        def built(seq: int, _entry_id: str) -> Mapping[str, object]:
            nonlocal number, epoch  # of this transaction: nothing is asked after COMMIT that could fail
            meta = self._outbox.meta()
            number, epoch = case_reference(self._terminal or "T0000", meta.epoch_number, seq), meta.epoch
            letter = document.get("ticket")
            ticket = {"ticket": own_ticket(letter, seq)} if isinstance(letter, str) else {}
            return {"number": number, **document, **ticket}

        after = self._verdicts_so_far()  # before COMMIT: whatever is said of this entry comes behind it
        made = self._outbox.append(built)
        return Recorded(made.seq, number, made.created_ms, epoch, after)

    def _verdicts_so_far(self) -> int:
        with self._outbox.tables.reading("reading the verdicts") as connection:
            return verdict_position(connection, self._gateway_key_id)

    def join(self, terminal: str, gateway_key_id: str) -> None:
        """The outbox was adopted by a gateway: its name, its key. Raises `CacheError` leaves."""
        recipient = self._outbox.meta().recipient
        if recipient is not None:
            self._outbox.use_key(SealingKey(recipient))
        self._terminal, self._gateway_key_id = terminal, gateway_key_id

    def acked_seq(self) -> int:
        """The last seq that the gateway's receipt covers."""
        return self._outbox.acked_seq()

    def refuse_when_full(self) -> None:
        """Whether a new entry would find room. Raises `OutboxFull`, `StorageFailed`, `StorageDamaged`."""
        self._outbox.refuse_when_full()

    def close(self) -> None:
        """Close the database."""
        self._outbox.close()
