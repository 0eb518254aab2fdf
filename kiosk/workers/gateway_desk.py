"""The thread that asks the gateway while a citizen waits: data, choices, an office's answer, whether a card is lost."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from drivers.errors import CardProtocolError
from kiosk import events as e
from kiosk.session.arrival.greeting import AskGreeting
from kiosk.session.asking.events import (
    CardLost,
    ChoicesFailed,
    ChoicesFetched,
    GreetingCame,
    HandedOver,
    HandoverFailed,
    VerdictCame,
)
from kiosk.session.asking.phone import HandOver, TakeBack
from kiosk.session.state import FetchChoices
from kiosk.workers.app.desk import AppDesk, AppGateway
from kiosk.workers.desks import CardDesk, Post
from kiosk.workers.threads import Worker

CHECK_S = 5.0
"""How long a card may take to give its certificate before the PIN."""


class CityGateway(Protocol):
    """What the terminal asks of the gateway while a citizen waits. Filled by `offline_cache` at the root.

    Every method may raise an exception with a `code`.
    """

    @property
    def app(self) -> AppGateway:
        """Signing in with the city's app."""
        ...

    def alive(self) -> bool: ...

    def lookup(
        self, service: str, subjects: tuple[str, ...], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[e.SubjectData, ...]: ...

    def greeting(
        self, subjects: tuple[str, ...], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[e.SubjectData, ...]:
        """What home says after the PIN. Asked beside everything else: nothing that a citizen waits for is behind it."""
        ...

    def public(self, subject: str, given: Mapping[str, str]) -> e.SubjectData: ...

    def verdict(self, epoch: str, seq: int, after: int) -> VerdictCame | None:
        """What an office made of this terminal's entry, or None: nothing yet."""
        ...

    def card_lost(self, certificate: bytes) -> bool: ...

    def hand_over(
        self, service: str, form: Mapping[str, object], certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> str:
        """Have the form kept for its holder's telephone; returns the URL of the QR code."""
        ...

    def take_back(self, url: str) -> bool:
        """Have a form forgotten; False: a telephone has opened it already."""
        ...


class GatewayDesk:
    """Asks the gateway: is it there, and what does it hold of this holder."""

    def __init__(self, gateway: CityGateway | None, worker: Worker, probe: Worker, post: Post, card: CardDesk) -> None:
        self._gateway = gateway
        self._worker = worker
        self._probe_worker = probe
        self._post = post
        self._card = card
        self._up: bool | None = None
        self._probing = threading.Event()
        self.app = AppDesk(None if gateway is None else gateway.app, worker, post, self._found)

    def join(self, gateway: CityGateway) -> None:
        """The terminal has joined this gateway while it runs: from now on it is asked."""
        self._gateway = gateway
        self.app = AppDesk(gateway.app, self._worker, self._post, self._found)

    def probe(self) -> None:
        """Look whether the gateway answers; only a change is posted. A look that still hangs is not doubled."""
        if self._probing.is_set():
            return
        self._probing.set()
        self._probe_worker.submit(self._probe)

    def _probe(self) -> None:
        try:
            self._found(self._gateway is not None and self._gateway.alive())
        finally:
            self._probing.clear()

    def _found(self, up: bool) -> None:
        if up != self._up:
            self._up = up
            self._post(e.NetworkChanged(up))

    def fetch(self, session_id: int, service: str, subjects: tuple[str, ...], timeout_s: float) -> None:
        """Look the subjects up, with the card's signature as proof that the card is here."""
        self._worker.submit(lambda: self._fetch(session_id, service, subjects, timeout_s))

    def _fetch(self, session_id: int, service: str, subjects: tuple[str, ...], timeout_s: float) -> None:
        if self._gateway is None:
            self._post(e.LookupFailed("not-enrolled", service, session_id=session_id))
            return
        try:
            certificate = self._card.certificate(timeout_s)
            visit = secrets.token_hex(8)
            found = self._gateway.lookup(
                service, subjects, visit, certificate, lambda context: self._card.sign(context, timeout_s)
            )
        except Exception as error:  # noqa: BLE001 - whatever the gateway or the network did, the visit goes on
            code = str(getattr(error, "code", "gateway-silent"))
            if code == "gateway-unavailable":
                self._found(False)
            self._post(e.LookupFailed(code, service, session_id=session_id))
            return
        self._post(e.DataFetched(found, service, session_id=session_id))

    def ask(self, session_id: int, asked: FetchChoices | HandOver | TakeBack | AskGreeting) -> None:
        """Ask one of what an effect of its own asks for."""
        match asked:
            case FetchChoices():
                self.choices(session_id, asked)
            case AskGreeting():
                self._probe_worker.submit(lambda: self._greet(session_id, asked))
            case _:
                self.to_phone(session_id, asked)

    def _greet(self, session_id: int, asked: AskGreeting) -> None:
        """Nobody waits for it: what goes wrong is nothing to say, and a card that signs nothing stays open."""

        def sign(context: bytes) -> bytes:
            signature = self._card.if_any(lambda card: card.sign(context), CHECK_S)
            if not signature:
                raise CardProtocolError("the card does not sign")
            return signature

        try:
            certificate = self._card.if_any(lambda card: card.certificate(), CHECK_S)
            if self._gateway is None or not certificate:
                return
            found = self._gateway.greeting(asked.subjects, secrets.token_hex(8), certificate, sign)
        except Exception as error:  # noqa: BLE001 - home is on the screen already, and says nothing more
            if getattr(error, "code", "") == "gateway-unavailable":
                self._found(False)
            return
        self._post(GreetingCame(asked.insertion, found, session_id=session_id))

    def choices(self, session_id: int, asked: FetchChoices) -> None:
        """Ask a public subject for what can be chosen."""
        self._worker.submit(lambda: self._choices(session_id, asked))

    def _choices(self, session_id: int, asked: FetchChoices) -> None:
        if self._gateway is None:
            self._post(ChoicesFailed(asked.service, asked.question, "not-enrolled", session_id=session_id))
            return
        try:
            found = self._gateway.public(asked.subject, asked.given)
        except Exception as error:  # noqa: BLE001 - whatever happened, the citizen is told and goes on
            code = str(getattr(error, "code", "gateway-silent"))
            self._post(ChoicesFailed(asked.service, asked.question, code, session_id=session_id))
        else:
            self._post(ChoicesFetched(asked.service, asked.question, found, session_id=session_id))

    def verdict(self, session_id: int, epoch: str, seq: int, after: int) -> None:
        """Look whether the office has answered; what goes wrong is no answer, and the next look comes."""
        self._worker.submit(lambda: self._verdict(session_id, epoch, seq, after))

    def _verdict(self, session_id: int, epoch: str, seq: int, after: int) -> None:
        try:
            found = None if self._gateway is None else self._gateway.verdict(epoch, seq, after)
        except Exception as error:  # noqa: BLE001 - whatever the network did, the entry is stored and the next look comes
            if getattr(error, "code", "") == "gateway-unavailable":
                self._found(False)
            return
        if found is not None:
            self._post(replace(found, session_id=session_id))

    def check_card(self, session_id: int, insertion: int) -> None:
        """Ask whether the card in the slot was reported lost, while its holder types the PIN."""
        self._worker.submit(lambda: self._check_card(session_id, insertion))

    def _check_card(self, session_id: int, insertion: int) -> None:
        try:
            certificate = self._card.if_any(lambda card: card.certificate(), CHECK_S)
            lost = bool(certificate) and self._gateway is not None and self._gateway.card_lost(certificate)
        except Exception:  # noqa: BLE001 - a lookup is refused all the same; without a network nobody can know
            return
        if lost:
            self._post(CardLost(insertion, session_id=session_id))

    def to_phone(self, session_id: int, asked: HandOver | TakeBack) -> None:
        """Give a form to the gateway for the holder's telephone against the card's signature, or have it forgotten.

        Where that cannot be said, its code runs out by itself.
        """
        if isinstance(asked, HandOver):
            self._worker.submit(lambda: self._hand_over(session_id, asked))
        else:
            self._worker.submit(lambda: self._take_back(asked))

    def _hand_over(self, session_id: int, asked: HandOver) -> None:
        if self._gateway is None:
            self._post(HandoverFailed("not-enrolled", session_id=session_id))
            return
        try:
            certificate = self._card.certificate(asked.timeout_s)
            url = self._gateway.hand_over(
                asked.service, asked.form, certificate, lambda context: self._card.sign(context, asked.timeout_s)
            )
        except Exception as error:  # noqa: BLE001 - whatever happened, the form is still here and the citizen is told
            code = str(getattr(error, "code", "gateway-silent"))
            if code == "gateway-unavailable":
                self._found(False)
            self._post(HandoverFailed(code, session_id=session_id))
        else:
            self._post(HandedOver(url, session_id=session_id))

    def _take_back(self, asked: TakeBack) -> None:
        try:
            if self._gateway is not None:
                self._gateway.take_back(asked.url)
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            if getattr(error, "code", "") == "gateway-unavailable":
                self._found(False)

    def close(self) -> None:
        """End both threads."""
        self._worker.stop()
        self._probe_worker.stop()
