"""`AppGateway` over HTTPS: signing in with the city's app, by the messages of `offline_cache/wire/sign_in.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from kiosk import events as e
from kiosk.pieces.sign_in import SignIn
from kiosk.session.asking.events import SignInSeen
from kiosk.workers.desks import canonical
from offline_cache.errors import BadReply
from offline_cache.gateway import GatewayClient
from offline_cache.wire import sign_in as wire


class OnlineApp:
    """Asks with the connection of `client`; belongs to its thread. All methods raise `CacheError` leaves."""

    def __init__(self, client: GatewayClient, gateway_url: str) -> None:
        self._client = client
        self._gateway_url = gateway_url

    def sign_in(self) -> SignIn:
        """A code for a telephone."""
        answer = self._client.ask_json("POST", wire.SIGN_INS, wire.ANSWER_BYTES, b"{}")
        begun = wire.begun(answer, self._gateway_url)
        return SignIn(begun.key, begun.url, begun.code, begun.expires_s)

    def look(self, key: str) -> SignInSeen:
        """How it stands."""
        answer = self._client.ask_json("POST", wire.LOOK, wire.ANSWER_BYTES, wire.encode_key(key))
        seen = wire.seen(answer)
        return SignInSeen(seen.state, dict(seen.holder or {}), seen.asked, seen.approval)

    def lookup(self, key: str, service: str, subjects: tuple[str, ...], session: str) -> tuple[e.SubjectData, ...]:
        """Fetch subjects for a visit without a card."""
        asked = wire.AppLookup(key, service, tuple(sorted(subjects)), session)
        body = wire.encode_app_lookup(asked)
        answer = self._client.ask_json("POST", wire.LOOKUPS, wire.LOOKUP_ANSWER_BYTES, body)
        found = answer.get("subjects")
        if not isinstance(found, Mapping):
            raise BadReply("the answer to a lookup has no subjects")
        held = cast("Mapping[str, object]", found)
        return tuple(subject_data(name, held.get(name)) for name in asked.subjects)

    def ask(self, key: str, draft: Mapping[str, object]) -> None:
        """Put a form before the citizen, in the very bytes that are approved."""
        self._client.ask_json("POST", wire.ASK, wire.ANSWER_BYTES, wire.encode_ask(key, canonical(draft)))

    def take_back(self, key: str) -> bool:
        """Take it away again."""
        return self._said("taken", wire.TAKE_BACK, key)

    def end(self, key: str) -> bool:
        """The visit is over."""
        return self._said("ended", wire.END, key)

    def _said(self, name: str, path: str, key: str) -> bool:
        return self._client.ask_json("POST", path, wire.ANSWER_BYTES, wire.encode_key(key)).get(name) is True


def subject_data(name: str, raw: object) -> e.SubjectData:
    """One subject of an answer, as the session knows it; a record that is none is nothing held. Raises `BadReply`."""
    if not isinstance(raw, Mapping):
        raise BadReply("the answer to a lookup lacks a subject that was asked for")
    entry = cast("Mapping[str, object]", raw)
    record = entry.get("record")
    held = cast("Mapping[str, object]", record) if isinstance(record, Mapping) else None
    return e.SubjectData(name, str(entry.get("agency", "")), str(entry.get("updated", "")), held)
