"""The gateway as a running service: parts put together, TLS with optional client certificates, signals."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import logging
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvicorn
from anyio.to_thread import run_sync
from uvicorn.protocols.http.h11_impl import H11Protocol

from kiosk.personas import load_personas
from provisioning.gateway.authority import CARD_CA_FOLDER, Authority, CardAuthorities
from provisioning.gateway.cases.office import CaseOffice, Parts, open_office
from provisioning.gateway.cases.outside.news import CaseNews
from provisioning.gateway.cases.outside.readings import Readings
from provisioning.gateway.cases.simulated import Habits
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.certificates.desk import CertificateDesk
from provisioning.gateway.certificates.templates import load_templates
from provisioning.gateway.city.people import People, load_material
from provisioning.gateway.city.published import Publisher
from provisioning.gateway.city.register import Register
from provisioning.gateway.exchange.readings import ExchangeReadings
from provisioning.gateway.fleet.desk import FleetDesk
from provisioning.gateway.fleet.settings import load_settings
from provisioning.gateway.handover.desk import HandoverDesk
from provisioning.gateway.handover.window import PhoneWindow
from provisioning.gateway.identity.cards import CardRegister
from provisioning.gateway.identity.sign_ins import SignInDesk
from provisioning.gateway.licences.issued import LICENCES, HeldLicences
from provisioning.gateway.licences.shares import LicenceDesk
from provisioning.gateway.messages.carriers import load_carriers
from provisioning.gateway.messages.desk import Courier, MessageDesk
from provisioning.gateway.messages.texts import load_texts
from provisioning.gateway.offices.intake import IntakeThread
from provisioning.gateway.offices.town import open_town
from provisioning.gateway.proofs.days import close_days
from provisioning.gateway.release import Releaser
from provisioning.gateway.server import create_app
from provisioning.gateway.store import Store, StoreFailed
from provisioning.gateway.web.common import Gateway, LogWrite, work
from provisioning.gateway.web.slots import SlotLimits, Slots

KEEP_ALIVE_S = 75
"""Longer than a terminal's quiet minute: a new TLS connection per request costs seven times as much."""
DRAIN_S = 5
_CLOSE_DAYS_S = 300
_MOST_WAY_S = 1.0
_LOOK_S = 0.02
_FLEET_EVERY_S = 15.0


class PortBusy(Exception):
    """The port cannot be listened on."""

    code = "port-busy"


@dataclass(frozen=True)
class City:
    """Which synthetic city: the folder of its material (`assets/city`), its size, its seed."""

    folder: Path
    people: int = 500
    seed: int = 1
    agencies: Habits | None = field(default_factory=Habits)
    """How its simulated agencies work on cases; None: all of them are real."""


def open_gateway(
    authority: Authority,
    store: Store,
    services: Path,
    city: City,
    now_ms: Callable[[], int],
    log: LogWrite,
    limits: SlotLimits | None = None,
) -> Gateway:
    """Put the parts together; `services` is the folder of the service definitions.

    Raises:
        CatalogueInvalid, PersonasInvalid, CityTooLarge, OfficesInvalid, MessagesInvalid, CarrierSettingsInvalid,
            CertificatesInvalid: naming what cannot be used.
    """
    sources = (services, city.folder / "catalogue.toml", city.folder / "codes.toml")
    catalogue = CatalogueSource(sources, authority.signing_key, store.catalogue_number)
    catalogue.current()
    material = load_material((city.folder / "material.toml").read_text("utf-8"))
    people = People(material, people=city.people, seed=city.seed, as_of=datetime.date(2026, 1, 1))
    personas = load_personas((city.folder / "personas.toml").read_bytes())
    releaser = Releaser(
        store=store,
        authority=authority,
        cards=CardAuthorities(authority.folder / CARD_CA_FOLDER, authority.signing_key.public_key().public_bytes_raw()),
        catalogue=catalogue,
        register=Register(people, personas),
        known_cards=CardRegister(store.database),
    )
    town = open_town(store, releaser, city.folder, now_ms)
    texts = load_texts((city.folder / "messages.toml").read_text("utf-8"))
    messages = MessageDesk(store, releaser, texts, load_carriers(authority.folder, store.database), now_ms)
    releaser.live["msg.contact"] = messages.contact
    town.intake.add(messages.feeds.filed)
    cases = _cases(store, releaser, city, now_ms, messages.reached_at)
    town.intake.add(cases.clerk)
    held = HeldLicences(cases.records, releaser.register.record, authority.pseudonym)
    releaser.live[LICENCES] = lambda _person, id_number, _at_ms: held.of(id_number)
    secret = authority.secret("shared licences")
    licences = LicenceDesk(store.database, held.of, authority.signing_key, secret, messages.reached_at)
    town.desks.desks["licences"] = licences
    messages.said["case"] = CaseNews(cases.records, messages.application).said
    slots = Slots(time.monotonic, limits)
    published = Publisher(authority.folder, city.folder, services, authority.signing_key)
    published.directory()
    fleet = FleetDesk(store, authority, load_settings(authority.folder), now_ms)
    town.intake.add(fleet.readiness)
    handover = HandoverDesk(
        releaser, PhoneWindow(store, authority), authority.secret("forms handed over"), messages.reached_at
    )
    return Gateway(authority, store, releaser, now_ms, log, slots, town, messages, licences, cases, published, fleet,
                   handover, SignInDesk(releaser, messages.reached_at, personas))  # fmt: skip


def _cases(
    store: Store, releaser: Releaser, city: City, now_ms: Callable[[], int], address: Callable[[], str]
) -> CaseOffice:
    """Open the office of the cases, and let their holders see them."""
    templates = load_templates((city.folder / "certificates.toml").read_text("utf-8"))
    held = releaser.register.record
    desk = CertificateDesk(store.database, releaser.authority, releaser.catalogue, templates, held, address)
    parts = Parts(store.database, store, releaser.authority, releaser.cards, releaser.catalogue, now_ms, desk, held)
    cases = open_office(city.folder, parts, city.agencies)
    releaser.live["case.case"] = lambda person, _id, at_ms: cases.records.of(
        person, releaser.catalogue.current().parsed, at_ms
    )
    releaser.read.append(Readings(store.database).looks)
    releaser.read.append(ExchangeReadings(store.database, releaser.authority.pseudonym).looks)
    return cases


class PeerCertificateProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the client's certificate in the scope: `scope["state"]["client_certificate"]`, DER."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Called when the TLS handshake is done, so the certificate has been verified."""
        super().connection_made(transport)
        tls = cast("ssl.SSLObject | None", transport.get_extra_info("ssl_object"))
        certificate = None if tls is None else tls.getpeercert(binary_form=True)
        if certificate is not None:
            self.app_state = {**self.app_state, "client_certificate": certificate}


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, gateway: Gateway, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._gateway = gateway
        self._on_ready = on_ready
        self._days: asyncio.Task[None] | None = None
        log = gateway.log
        self._way = GivingWay(gateway.slots, time.monotonic)
        gateway.town.intake.give_way = self._way.wait
        self._intake = IntakeThread(gateway.town.intake, lambda code: log("gateway.failed", {"error": code}))
        self._courier = IntakeThread(
            Courier(gateway.messages, log), lambda code: log("gateway.failed", {"error": code}), 1.0, "courier"
        )

        self._agencies = IntakeThread(
            gateway.cases, lambda code: log("gateway.failed", {"error": code}), 5.0, "agencies"
        )
        self._fleet = IntakeThread(
            gateway.fleet, lambda code: log("gateway.failed", {"error": code}), _FLEET_EVERY_S, "fleet"
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._days = asyncio.create_task(_close_days(self._gateway))
            self._intake.start()
            self._courier.start()
            self._agencies.start()
            self._fleet.start()
            self._gateway.wake = self._intake.wake
            self._intake.wake()
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._days is not None:
            self._days.cancel()
        await super().shutdown(sockets)
        self._way.over.set()
        await run_sync(self._intake.stop)
        await run_sync(self._courier.stop)
        await run_sync(self._agencies.stop)
        await run_sync(self._fleet.stop)


class GivingWay:
    """Who works on stored entries gets a tenth of the time while terminals are sending, and all of it otherwise.

    Opening an entry costs more than storing it, and both want the interpreter: what is not stored yet goes before.
    """

    def __init__(self, slots: Slots, clock: Callable[[], float]) -> None:
        self.over = threading.Event()
        self._slots = slots
        self._clock = clock
        self._since = clock()

    def wait(self) -> None:
        """To be called between two pieces of work."""
        now = self._clock()
        until = now + min(9 * (now - self._since), _MOST_WAY_S)
        while self._slots.busy() and not self.over.is_set() and self._clock() < until:
            self.over.wait(_LOOK_S)
        self._since = self._clock()


async def _close_days(gateway: Gateway) -> None:
    """Close the days that are over, now and every few minutes; several servers on one database do it once."""
    key = gateway.authority.signing_key
    while True:
        try:
            closed = await work(gateway, lambda: close_days(gateway.store, key, gateway.now_ms()))
            if closed:
                gateway.log("gateway.day", {"days": closed})
        except StoreFailed as error:
            gateway.log("gateway.failed", {"error": error.code})
        await asyncio.sleep(_CLOSE_DAYS_S)


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen. Port 0 takes a free one.

    Raises:
        PortBusy: somebody else listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, because asyncio only then switches Nagle's algorithm off: 40 ms an answer otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortBusy(f"{host} port {port} cannot be listened on: {error.strerror}") from error
    return listener


def own_address(listener: socket.socket) -> str:
    """Where citizens reach what listens here, a URL; empty for a listener on all addresses (0.0.0.0, ::): none of them.

    Terminals then put the address at which they reach the gateway themselves before what they show.
    """
    return "" if ipaddress.ip_address(listener.getsockname()[0]).is_unspecified else _url(listener)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def run(gateway: Gateway, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests at work are finished first.

    `on_ready` is called once with the URL, when requests are taken.
    """
    for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):  # the gateway's own log says what may be said
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [logging.NullHandler()], False, True
    url = _url(listener)
    gateway.messages.address = own_address(listener)
    config = uvicorn.Config(
        create_app(gateway),
        http=PeerCertificateProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_context_factory=lambda _config, _default: gateway.authority.server_tls(),
    )
    server = _Server(config, gateway, lambda: on_ready(url))
    with _quiet_signals((signal.SIGTERM, signal.SIGINT)):
        asyncio.run(server.serve(sockets=[listener]))


@contextlib.contextmanager
def _quiet_signals(numbers: Iterable[signal.Signals]) -> Generator[None]:
    """uvicorn raises the signal that ended it once more when it is done; here that shall not end the process again."""
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
