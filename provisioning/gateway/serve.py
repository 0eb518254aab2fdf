"""The gateway as a running service: parts put together, TLS with optional client certificates, signals."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import signal
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from kiosk.personas import load_personas
from provisioning.gateway.authority import CARD_CA_FOLDER, Authority, CardAuthorities
from provisioning.gateway.catalogue import CatalogueSource
from provisioning.gateway.city.people import People, load_material
from provisioning.gateway.city.register import Register
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


class PortBusy(Exception):
    """The port cannot be listened on."""

    code = "port-busy"


@dataclass(frozen=True)
class City:
    """Which synthetic city: the folder of its material (`assets/city`), its size, its seed."""

    folder: Path
    people: int = 500
    seed: int = 1


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
        CatalogueInvalid, PersonasInvalid, CityTooLarge: naming what cannot be used.
    """
    sources = (services, city.folder / "catalogue.toml", city.folder / "codes.toml")
    catalogue = CatalogueSource(sources, authority.signing_key, store.catalogue_number)
    catalogue.current()
    material = load_material((city.folder / "material.toml").read_text("utf-8"))
    people = People(material, people=city.people, seed=city.seed, as_of=datetime.date(2026, 1, 1))
    releaser = Releaser(
        store=store,
        authority=authority,
        cards=CardAuthorities(authority.folder / CARD_CA_FOLDER),
        catalogue=catalogue,
        register=Register(people, load_personas((city.folder / "personas.toml").read_bytes())),
    )
    return Gateway(authority, store, releaser, now_ms, log, Slots(time.monotonic, limits))


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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._days = asyncio.create_task(_close_days(self._gateway))
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._days is not None:
            self._days.cancel()
        await super().shutdown(sockets)


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


def run(gateway: Gateway, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests at work are finished first.

    `on_ready` is called once with the URL, when requests are taken.
    """
    for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):  # the gateway's own log says what may be said
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = [logging.NullHandler()], False, True
    host, port = listener.getsockname()[:2]
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
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
