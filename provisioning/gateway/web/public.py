"""Routes for what needs no citizen's consent: public subjects, whether a card was reported lost, and the halls."""

from __future__ import annotations

import datetime

from fastapi import FastAPI, Request, Response

from kiosk.words.city_time import city_moment
from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_object
from offline_cache.wire.encoding import Fields
from provisioning.gateway import contract
from provisioning.gateway.appointments.bookings import AppointmentRefused
from provisioning.gateway.city.register import updated
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import (
    Gateway,
    body_of,
    check_operator,
    json_answer,
    number_of,
    terminal_of,
    work,
)

MAX_CARD_BYTES = 8 * 1024
_MAX_CERTIFICATE = 4096
_LONGEST = 64


def add_public_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _subjects(app, gateway)
    _cards(app, gateway)
    _halls(app, gateway)


def _subjects(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/public/{subject}", **contract.PUBLIC)
    async def public(  # pyright: ignore[reportUnusedFunction]
        request: Request, subject: str, office: str = "", matter: str = "", day: str = "", people: str = ""
    ) -> Response:
        await terminal_of(gateway, request)
        given = {"office": office[:_LONGEST], "matter": matter[:_LONGEST], "day": day[:_LONGEST]}
        given |= {"people": people[:1]} if people else {}
        now_ms = gateway.now_ms()
        return json_answer(await work(gateway, lambda: _public(gateway, subject, given, now_ms)))


def _public(gateway: Gateway, subject: str, given: dict[str, str], now_ms: int) -> dict[str, object]:
    """Raises `Refused` `subject-refused` for a subject that is not public, or that nobody answers for."""
    catalogue = gateway.releaser.catalogue.current()
    if subject not in catalogue.parsed.subjects or subject not in catalogue.public:
        raise Refused("subject-refused")
    made = gateway.town.public.get(subject)
    record = gateway.releaser.register.record("", subject) if made is None else made(given, now_ms)
    if record is None:
        raise Refused("subject-refused")
    today = city_moment(now_ms).date()
    return {
        "agency": catalogue.parsed.subjects[subject].agency,
        "updated": updated(record, catalogue.cycles[subject], today),
        "record": record,
    }


def _cards(app: FastAPI, gateway: Gateway) -> None:
    @app.post("/v1/card-status", **contract.CARD_STATUS)
    async def status(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        await terminal_of(gateway, request)
        body = await body_of(request, MAX_CARD_BYTES)
        return json_answer(await work(gateway, lambda: {"state": _state(gateway, body)}))

    @app.post("/v1/card-losses", **contract.CARD_LOSSES)
    async def losses(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        body = await body_of(request, MAX_CARD_BYTES)
        return json_answer(await work(gateway, lambda: _told(gateway, body)))


def _told(gateway: Gateway, body: bytes) -> dict[str, object]:
    """Somebody called 12345: block or open a person's cards. Raises `Refused` `malformed`.

    `id_number` may be any number that is linked to the person: whoever lost a card may know another one.
    """
    try:
        fields = Fields("card-losses", json_object(body, MAX_CARD_BYTES), frozenset(["id_number", "state"]))
        number, state = fields.text("id_number", 18), fields.text("state", 8)
        if state not in ("lost", "found"):
            fields.fail("state", "is neither lost nor found")
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    rid = gateway.releaser.register.id_number_of(number) or number
    person, now_ms, cards = gateway.authority.pseudonym(rid), gateway.now_ms(), gateway.town.cards
    with gateway.store.database.transaction() as db:
        new = cards.report(db, person, now_ms) if state == "lost" else cards.withdraw(db, person, now_ms)
    return {"state": state, "new": new}


def _state(gateway: Gateway, body: bytes) -> str:
    """`lost` or `valid`. Raises `Refused` `malformed`, or `card-refused` for a card of no trusted authority."""
    try:
        fields = Fields("card-status", json_object(body, MAX_CARD_BYTES), frozenset(["certificate"]))
        der = fields.base64("certificate", 1, _MAX_CERTIFICATE)
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    now = datetime.datetime.fromtimestamp(gateway.now_ms() / 1000, datetime.UTC)
    certificate, id_number = gateway.releaser.card_of(der, now)
    person = gateway.authority.pseudonym(id_number)
    return "lost" if gateway.town.cards.lost(person, certificate) else "valid"


def _halls(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/v1/queues/{office}", **contract.QUEUES)
    async def standing(request: Request, office: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        now_ms = gateway.now_ms()
        waits = await work(gateway, lambda: gateway.town.appointments.queues.standing(office, now_ms))
        told = {
            matter: {"ahead": wait.ahead, "counters": wait.counters, "mean_s": wait.mean_s, "wait_s": wait.seconds}
            for matter, wait in waits.items()
        }
        return json_answer({"office": office, "queues": told})

    @app.post("/v1/queues/{office}/{matter}/call", **contract.CALL)
    async def call(request: Request, office: str, matter: str, counter: str = "1") -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        now_ms = gateway.now_ms()
        queues = gateway.town.appointments.queues
        try:
            ticket = await work(gateway, lambda: queues.call(office, matter, counter[:_LONGEST], now_ms))
        except AppointmentRefused:
            raise Refused("not-found") from None
        return json_answer({"ticket": None if ticket is None else ticket.number})

    @app.put("/v1/queues/{office}/{matter}", **contract.COUNTERS)
    async def open_counters(  # pyright: ignore[reportUnusedFunction]
        request: Request, office: str, matter: str, counters: str = "1"
    ) -> Response:
        check_operator(gateway, request)
        wanted = min(number_of(counters, "counters"), 1000)
        try:
            await work(gateway, lambda: gateway.town.appointments.queues.open_counters(office, matter, wanted))
        except AppointmentRefused:
            raise Refused("not-found") from None
        return json_answer({"office": office, "matter": matter, "counters": wanted})
