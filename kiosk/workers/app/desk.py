"""What the terminal asks of the gateway about a sign-in with the city's app. Runs in the gateway's own thread."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from kiosk import events as e
from kiosk.pieces.sign_in import SignIn
from kiosk.session.arrival.effects import (
    AppEffect,
    AskApproval,
    AskSignIn,
    EndSignIn,
    FetchByApp,
    LookAtSignIn,
    TakeBackForm,
)
from kiosk.session.asking.events import FormAsked, SignInFailed, SignInMade, SignInSeen
from kiosk.workers.threads import Worker, WorkerBusy

Post = Callable[[e.Event], None]
OVER = "sign-in-over"


class AppGateway(Protocol):
    """The part of the gateway that binds a telephone to a visit. Every method may raise an exception with a `code`.

    An answer of the gateway has its own code in `problem`, such as `sign-in-over`.
    """

    def sign_in(self) -> SignIn:
        """A code for a telephone."""
        ...

    def look(self, key: str) -> SignInSeen: ...

    def lookup(self, key: str, service: str, subjects: tuple[str, ...], session: str) -> tuple[e.SubjectData, ...]: ...

    def ask(self, key: str, draft: Mapping[str, object]) -> None:
        """Put a form before the citizen on the telephone."""
        ...

    def take_back(self, key: str) -> bool: ...

    def end(self, key: str) -> bool: ...


class AppDesk:
    """Performs `AppEffect`s in the thread of the gateway's desk, one after the other."""

    def __init__(self, gateway: AppGateway | None, worker: Worker, post: Post, found: Callable[[bool], None]) -> None:
        """`found` hears that the gateway is not there, as a look around would."""
        self._gateway = gateway
        self._worker = worker
        self._post = post
        self._found = found
        self._looking = threading.Event()

    def perform(self, session_id: int, effect: AppEffect) -> None:
        """Returns at once; what comes of it is posted. A look that still hangs is not doubled."""
        if isinstance(effect, LookAtSignIn):
            if self._looking.is_set():
                return
            self._looking.set()
        try:
            self._worker.submit(lambda: self._perform(session_id, effect))
        except WorkerBusy as error:
            self._looking.clear()
            self._failed(session_id, effect, error.code)

    def _perform(self, session_id: int, effect: AppEffect) -> None:
        if isinstance(effect, LookAtSignIn):
            self._looking.clear()
        gateway = self._gateway
        if gateway is None:
            self._failed(session_id, effect, "not-enrolled")
            return
        try:
            event = _ask(gateway, effect)
        except Exception as error:  # noqa: BLE001 - whatever the gateway or the network did, the visit goes on
            self._failed(session_id, effect, _code(error))
            return
        if event is not None:
            self._tell(session_id, event)

    def _failed(self, session_id: int, effect: AppEffect, code: str) -> None:
        """A look that failed is made again a second later; what somebody waits for is told."""
        if code == "gateway-unavailable":
            self._found(False)
        match effect:
            case FetchByApp():
                self._tell(session_id, e.LookupFailed(code, effect.service))
            case AskSignIn() | AskApproval():
                self._tell(session_id, SignInFailed(code))
            case LookAtSignIn() if code == OVER:
                self._tell(session_id, SignInSeen("ended"))
            case _:
                return

    def _tell(self, session_id: int, event: e.Event) -> None:
        self._post(replace(event, session_id=session_id))


def _ask(gateway: AppGateway, effect: AppEffect) -> e.Event | None:
    match effect:
        case AskSignIn():
            return SignInMade(gateway.sign_in())
        case LookAtSignIn(key=key):
            return gateway.look(key)
        case AskApproval(key=key, draft=draft):
            gateway.ask(key, draft)
            return FormAsked()
        case FetchByApp(key=key, service=service, subjects=subjects):
            found = gateway.lookup(key, service, subjects, secrets.token_hex(8))
            return e.DataFetched(found, service)
        case TakeBackForm(key=key):
            gateway.take_back(key)
        case EndSignIn(key=key):
            gateway.end(key)
        case _:
            raise TypeError(f"nobody performs {type(effect).__name__}")
    return None


def _code(error: Exception) -> str:
    return str(getattr(error, "problem", "") or getattr(error, "code", "gateway-silent"))
