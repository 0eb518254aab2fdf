"""The city's app, and the gateway's part of it, for a terminal on a fake clock: scanned, approved, refused, expired.

As `provisioning/gateway/identity/sign_ins.py` does it; the same telephone (`kiosk/bench/hands/phone.py`) meets both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from kiosk.personas import Persona
from kiosk.pieces.released import SubjectData
from kiosk.pieces.sign_in import SignIn
from kiosk.session.asking.events import SignInSeen
from offline_cache.wire.sign_in import ASK_LIFETIME_S, CODE_LIFETIME_S, SIGNED_IN_S

WRONG_CODES = 3
_SENSITIVE = 3
_SEX = {"1": "male", "2": "female"}
_State = Literal["waiting", "opened", "approved", "refused", "expired", "ended"]
_Asked = Literal["", "waiting", "approved", "refused", "expired"]


class OfficeDown(Exception):
    """The gateway does not answer, or refuses with `code`."""

    def __init__(self, code: str = "gateway-unavailable") -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Visit:
    """One sign-in, at the gateway."""

    code: str
    until_s: float
    state: _State = "waiting"
    persona: Persona | None = None
    tries: int = 0
    asked: _Asked = ""
    asked_until_s: float = 0.0
    draft: Mapping[str, object] = field(repr=False, default_factory=dict[str, object])
    agreed: bool = False


class Held(Protocol):
    """What the city holds of a persona, as `City.released` tells it."""

    def __call__(
        self, persona: Persona | None, service: str, subjects: tuple[str, ...], most: int = 3
    ) -> tuple[SubjectData, ...]: ...


class AppCity:
    """`AppGateway` of the virtual city, and its telephone. `clock` is the terminal's.

    `there` raises `OfficeDown` where the gateway does not answer.
    """

    def __init__(self, there: Callable[[], None], released: Held) -> None:
        self._there = there
        self._released = released
        self.clock: Callable[[], float] = lambda: 0.0
        self.visits: dict[str, Visit] = {}
        self.phone = ""
        """The sign-in that the telephone has open."""
        self.approved: set[tuple[object, str]] = set()
        """What was ever approved on a telephone: the service, and by whom."""

    # ------------------------------------------------------------------------------------------ the terminal

    def sign_in(self) -> SignIn:
        """Raises `OfficeDown` where the network is cut or the gateway refuses, as everything here."""
        self._there()
        for one in self.visits.values():
            if one.state in {"waiting", "opened", "approved"}:
                one.state = "ended"
        number = len(self.visits)
        key = f"key{number:019d}"
        code = f"{int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % 10_000:04d}"
        self.visits[key] = Visit(code, self.clock() + CODE_LIFETIME_S)
        return SignIn(key, f"https://gateway.example/app#{number:022d}", code, CODE_LIFETIME_S)

    def look(self, key: str) -> SignInSeen:
        self._there()
        visit = self._visit(key)
        if visit.state != "approved" or visit.persona is None:
            return SignInSeen(visit.state)
        if visit.asked == "waiting" and visit.asked_until_s <= self.clock():
            visit.asked = "expired"
        approval = f"approved {visit.draft.get('service')}" if visit.asked == "approved" else ""
        return SignInSeen("approved", _holder(visit.persona), visit.asked, approval)

    def lookup(self, key: str, service: str, subjects: tuple[str, ...], session: str) -> tuple[SubjectData, ...]:
        self._there()
        visit = self._signed_in(key)
        assert visit.persona is not None
        return self._released(visit.persona, service, subjects, most=_SENSITIVE - 1)

    def ask(self, key: str, draft: Mapping[str, object]) -> None:
        self._there()
        visit = self._signed_in(key)
        visit.draft, visit.asked, visit.asked_until_s = dict(draft), "waiting", self.clock() + ASK_LIFETIME_S

    def take_back(self, key: str) -> bool:
        self._there()
        visit = self._visit(key)
        waited, visit.asked = visit.asked == "waiting", ""
        return waited

    def end(self, key: str) -> bool:
        self._there()
        visit = self._visit(key)
        was, visit.state = visit.state, "ended"
        return was in {"waiting", "opened", "approved"}

    # ----------------------------------------------------------------------------------------- the telephone

    def scan(self, url: str, persona: Persona) -> str:
        """Hold the telephone to the code; returns what its page says."""
        key = f"key{int(url.partition('#')[2] or '0'):019d}"
        visit = self._visit(key) if key in self.visits else None
        if visit is None:
            return "unknown"
        if visit.state != "waiting":
            return "used" if visit.state in {"opened", "approved"} else visit.state
        visit.state, visit.persona, self.phone = "opened", persona, key
        return "asks"

    def answer(self, code: str, *, yes: bool) -> str:
        """Type the digits and agree, or refuse."""
        visit = self._visit(self.phone)
        if visit.state != "opened":
            return visit.state
        if not yes:
            visit.state = "refused"
        elif code == visit.code:
            visit.state, visit.until_s, visit.agreed = "approved", self.clock() + SIGNED_IN_S, True
        else:
            visit.tries += 1
            visit.state = "refused" if visit.tries >= WRONG_CODES else "opened"
        return {"approved": "signed-in", "opened": "wrong"}.get(visit.state, visit.state)

    def decide(self, *, yes: bool) -> str:
        """Approve the form that the telephone shows, or decline it."""
        visit = self._visit(self.phone)
        if visit.state != "approved":
            return visit.state
        if visit.asked != "waiting" or visit.asked_until_s <= self.clock():
            return "signed-in"
        visit.asked = "approved" if yes else "refused"
        if yes and visit.persona is not None:
            self.approved.add((visit.draft.get("service"), visit.persona.id_number))
        return "sent" if yes else "declined"

    def page(self) -> str:
        """What the telephone shows now."""
        visit = self._visit(self.phone) if self.phone else Visit("", 0, "ended")
        waits = visit.asked == "waiting" and visit.asked_until_s > self.clock()
        return {"approved": "form" if waits else "signed-in", "opened": "asks"}.get(visit.state, visit.state)

    def leave(self) -> str:
        """Sign out on the telephone."""
        self._visit(self.phone).state = "ended"
        return "ended"

    # ------------------------------------------------------------------------------------------------ inside

    def _visit(self, key: str) -> Visit:
        visit = self.visits.get(key)
        if visit is None:
            raise OfficeDown("sign-in-over")
        if visit.until_s <= self.clock() and visit.state in {"waiting", "opened", "approved"}:
            visit.state = "ended" if visit.state == "approved" else "expired"
        return visit

    def _signed_in(self, key: str) -> Visit:
        visit = self._visit(key)
        if visit.state != "approved":
            raise OfficeDown("sign-in-over")
        return visit


def _holder(persona: Persona) -> dict[str, str]:
    person = persona.records.get("pop.person", {})
    held = cast("Mapping[str, object]", persona.card["holder"])
    return {
        "name": str(person.get("name", held["name"])),
        "id_number": persona.id_number,
        "sex": _SEX.get(str(person.get("sex", "")), "unknown"),
        "birth_date": str(person.get("birth", held.get("birth_date", ""))),
    }
