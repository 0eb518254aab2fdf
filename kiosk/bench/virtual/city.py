"""A gateway in the same process, for a terminal on a fake clock: releases a persona's records against her card."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import cast

from kiosk.bench.virtual.app import AppCity, OfficeDown
from kiosk.personas import Persona, load_personas
from kiosk.pieces.released import SubjectData
from kiosk.services.definition import GREETING
from kiosk.session.asking.events import VerdictCame

UPDATED = "2026-05-17"
"""The day all records of the virtual city were last written."""


@cache
def personas() -> dict[str, Persona]:
    """The synthetic citizens of the tray, by id."""
    text = resources.files("assets").joinpath("city", "personas.toml").read_text("utf-8")
    return {persona.id: persona for persona in load_personas(text)}


@cache
def catalogue_subjects() -> dict[str, dict[str, object]]:
    """The subjects of the information catalogue, by id."""
    return tomllib.loads(resources.files("assets").joinpath("city", "catalogue.toml").read_text("utf-8"))["subjects"]


class City:
    """`up`: the network; `refuses`: a refusal's code; `persona`: whose card is in the slot; `asked`: the lookups."""

    def __init__(self) -> None:
        self.up = True
        self.refuses = ""
        self.persona: Persona | None = None
        self.answers = True
        """Whether desks answer while the citizen waits; False: they are closed today."""
        self.verdicts: dict[int, VerdictCame] = {}
        """What a desk said of an entry; one that is not in here is accepted with `result`."""
        self.result: dict[str, str] = {}
        self.lost = False
        self.live: dict[str, Mapping[str, object] | None] = {}
        """Records that have changed since, by subject."""
        self.offices: Mapping[str, Callable[[Mapping[str, str]], Mapping[str, object] | None]] = {}
        """Public subjects, by name."""
        self.directory: dict[str, object] = {}
        """What lies on the disk of `geo.office`; empty: the terminal has never fetched it."""
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.greeted: list[tuple[str, ...]] = []
        """What it was asked to say at greetings."""
        self.app = AppCity(self.there, self.released)
        """Signing in with the city's app, and the telephone that does it."""
        self.phones: dict[str, Mapping[str, object]] = {}
        """Forms that wait for a telephone, by URL."""

    def alive(self) -> bool:
        return self.up

    def there(self) -> None:
        """Raises `OfficeDown` where the network is cut, or the office refuses."""
        if not self.up:
            raise OfficeDown
        if self.refuses:
            raise OfficeDown(self.refuses)

    def lookup(
        self,
        service: str,
        subjects: tuple[str, ...],
        session: str,
        certificate: bytes,
        sign: Callable[[bytes], bytes],
    ) -> tuple[SubjectData, ...]:
        """Raises `OfficeDown` where the network is cut, the office refuses, or the card's answer is no signature."""
        self.there()
        if len(sign(f"{service}{session}".encode())) != 64 or not certificate:
            raise OfficeDown("card-refused")
        return self.released(self.persona, service, subjects)

    def released(
        self, persona: Persona | None, service: str, subjects: tuple[str, ...], most: int = 3
    ) -> tuple[SubjectData, ...]:
        """What the city holds, of subjects up to class `most`. Raises `OfficeDown`."""
        self.asked.append((service, subjects))
        known = catalogue_subjects()
        if any(cast("int", known[subject]["class"]) > most for subject in subjects):
            raise OfficeDown("app-not-enough")
        records = {**(persona.records if persona is not None else {}), **self.live}
        return tuple(SubjectData(s, str(known[s]["agency"]), UPDATED, records.get(s)) for s in subjects)

    def greeting(
        self, subjects: tuple[str, ...], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> tuple[SubjectData, ...]:
        """Raises `OfficeDown` as `lookup` does."""
        asked = list(self.asked)
        try:
            found = self.lookup(GREETING, subjects, session, certificate, sign)
        finally:
            self.asked = asked  # what was looked up for a service is told apart
        self.greeted.append(subjects)
        return found

    def public(self, subject: str, given: Mapping[str, str]) -> SubjectData:
        """Raises `OfficeDown` where the network is cut, or nobody answers for this subject."""
        if not self.up and subject == "geo.office" and self.directory:
            return SubjectData(subject, "data", UPDATED, self.directory)
        self.there()
        record = self.offices[subject](given) if subject in self.offices else None
        if record is None:
            raise OfficeDown("subject-refused")
        return SubjectData(subject, str(catalogue_subjects()[subject]["agency"]), UPDATED, record)

    def verdict(self, epoch: str, seq: int, after: int) -> VerdictCame | None:
        """Raises `OfficeDown` where the network is cut."""
        if not self.up:
            raise OfficeDown
        if not epoch or after < 0 or not self.answers:
            return None
        return self.verdicts.get(seq, VerdictCame(seq, accepted=True, result=self.result))

    def card_lost(self, certificate: bytes) -> bool:
        """Raises `OfficeDown` where the network is cut."""
        if not self.up:
            raise OfficeDown
        return self.lost and bool(certificate)

    def hand_over(
        self, service: str, form: Mapping[str, object], certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> str:
        """Raises `OfficeDown` as `lookup` does."""
        self.there()
        if len(sign(service.encode())) != 64 or not certificate:
            raise OfficeDown("card-refused")
        url = f"https://gateway.example/phone#{len(self.phones):022d}"
        self.phones[url] = form
        return url

    def take_back(self, url: str) -> bool:
        """Raises `OfficeDown` where the network is cut."""
        if not self.up:
            raise OfficeDown
        return self.phones.pop(url, None) is not None
