"""`kiosk gateway`: its authority, its service, its terminals and their entries; the rest is in the modules beside."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import re
import secrets
import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail, reading, start_quickly
from kiosk.cli.gateway.common import DatabaseOption, DirOption, failing, now_ms, opened
from kiosk.cli.gateway.proofs import days, prove, public_key, verify_proof
from kiosk.cli.gateway.publish import publish
from kiosk.cli.gateway.seed import seed
from kiosk.cli.gateway.stick import enrol_stick
from kiosk.cli.gateway.technician import technician_app

if TYPE_CHECKING:
    from provisioning.gateway.storage.open import SqlStore

INVITE_MINUTES = 15
PLACE, PLACE_EN, OFFICE = "榕树街便民服务中心", "Rongshu Street Service Centre", "rongshu"
"""Where a terminal stands, if nobody says."""
NO_LINKS = (
    "Listening on every address, so messages go without links, e-mails with a code wait, and the codes of certificates"
    " and shared licences open nowhere: set public_url in {file} and start the server anew."
)
NAME, NAME_EN = "广州市民自助终端", "Guangzhou self-service terminal"

_NAME = re.compile(
    r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
)

gateway = typer.Typer(no_args_is_help=True, help="The reference gateway: authority, service, invitations, entries.")


def _names(given: list[str] | None) -> list[str] | None:
    """Refuse what is neither an address nor a name of the DNS."""
    for name in given or ():
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if _NAME.fullmatch(name) is None:
                told = (
                    f"{name!r} is neither a name, as in gateway.example, nor an address, as in 10.0.0.1; without port"
                )
                raise typer.BadParameter(told) from None
    return given


@gateway.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is missing, mode 0700.")],
    name: Annotated[
        list[str] | None, typer.Option("--name", callback=_names, help="Another name or address of the server.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the gateway's authority and keys, or complete what is there; prints the authority's hash as JSON.

    Without --json the next step stands on stderr.
    """
    from provisioning.gateway.authority import create

    with failing(as_json=True):
        authority = create(folder, name or (), datetime.datetime.now(datetime.UTC))
        emit({"ca_hash": authority.ca_hash}, as_json=True)
    if not as_json:
        where = shlex.quote(str(folder))
        typer.echo(
            f"Next: kiosk gateway serve --dir {where} --host 0.0.0.0 (without --host: this machine only);", err=True
        )
        typer.echo(f"then, for each terminal: kiosk gateway invite --dir {where} --json", err=True)


@gateway.command()
def serve(  # noqa: PLR0913, PLR0917 - one option each
    folder: DirOption,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8443,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    database: DatabaseOption = "",
    people: Annotated[int | None, typer.Option(help="Size of the city; else as kiosk gateway seed made it.")] = None,
    number: Annotated[int | None, typer.Option("--seed", help="Another seed, another city.")] = None,
    services: Annotated[Path | None, typer.Option(metavar="DIR", help="Service definitions.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=256, help="Requests at work at once.")] = 4,
    waiting: Annotated[int, typer.Option(min=0, help="Requests that may wait; others are told when to come.")] = 512,
    real: Annotated[
        list[str] | None,
        typer.Option("--real-agency", metavar="ID", help="Works its steps over HTTP; the others are simulated."),
    ] = None,
    simulate: Annotated[bool, typer.Option(help="Let agencies that are not real work by themselves.")] = True,
    create: Annotated[bool, typer.Option("--create", help="First make what is missing, as init does.")] = False,
    inviting: Annotated[bool, typer.Option("--invite", help="Print an invitation, as invite --json does.")] = False,
    office: Annotated[str, typer.Option(help="With --invite: the terminal's office; or none.")] = OFFICE,
) -> None:
    """Serve terminals over HTTPS until SIGTERM; prints `ready URL` when requests are taken."""
    started = start_quickly()
    from importlib import resources

    from kiosk.log import Log
    from provisioning.gateway import authority
    from provisioning.gateway import serve as service
    from provisioning.gateway.cases.simulated import Habits
    from provisioning.gateway.city.seed import kept_seed
    from provisioning.gateway.storage.open import open_store
    from provisioning.gateway.web.slots import SlotLimits

    with failing(as_json=False):
        keys = authority.create(folder, (), datetime.datetime.now(datetime.UTC)) if create else authority.load(folder)
        with (
            closing(open_store(folder, database)) as store,
            closing(Log(folder / "gateway.log", now_ms)) as log,
            resources.as_file(resources.files("assets")) as assets,
        ):
            kept = kept_seed(folder)
            size = kept.people if people is None else people
            seed_ = kept.seed if number is None else number
            habits = Habits(seed=seed_, real=frozenset(real or ())) if simulate else None
            city = service.City(assets / "city", size, seed_, habits)
            limits = SlotLimits(at_once=at_once, waiting=waiting)
            folders = services or assets / "services"
            parts = service.open_gateway(keys, store, folders, city, now_ms, log.write, limits)
            listener = service.listen(host, port)
            if not (parts.messages.carriers.public_url or service.own_address(listener)):
                typer.echo(NO_LINKS.format(file=folder / "messages.toml"), err=True)
            if inviting:
                site = {"name.zh-Hans": NAME, "name.en": NAME_EN, "place.zh-Hans": PLACE, "place.en": PLACE_EN}
                emit(_invited(store, keys.ca_hash, {**site, **_where(office)}), as_json=True)
            log.write("gateway.started", {"people": size})

            def ready(url: str) -> None:
                started()
                print(f"ready {url}", flush=True)

            service.run(parts, listener, ready)
            log.write("gateway.stopped")


@gateway.command()
def close(
    folder: DirOption,
    seconds: Annotated[
        int, typer.Option("--for", metavar="SECONDS", min=1, max=86_400, help="Seconds until terminals ask again.")
    ] = 30,
    as_json: JsonOption = False,
) -> None:
    """Close the gateway to terminals and citizens until `open`: they are told when to ask again; nothing is lost."""
    from provisioning.gateway import authority
    from provisioning.gateway.web.admission import close_door

    with failing(as_json=as_json):
        close_door(authority.load(folder).folder, seconds)
    emit({"closed": True, "retry_after_s": seconds}, as_json=as_json)


@gateway.command("open")
def open_(folder: DirOption, as_json: JsonOption = False) -> None:
    """Open a closed gateway again."""
    from provisioning.gateway import authority
    from provisioning.gateway.web.admission import open_door

    with failing(as_json=as_json):
        was_closed = open_door(authority.load(folder).folder)
    emit({"closed": False, "was_closed": was_closed}, as_json=as_json)


@gateway.command()
def agency(
    folder: DirOption,
    name: Annotated[str, typer.Argument(metavar="ID", help="An agency of the catalogue, such as psb.")],
    as_json: JsonOption = False,
) -> None:
    """Print the token with which one agency reads and moves the steps of cases that lie on its desk."""
    from provisioning.gateway import authority
    from provisioning.gateway.cases.outside.routes import agency_token

    _check_agency(name, as_json=as_json)
    with failing(as_json=as_json):
        token = agency_token(authority.load(folder), name)
        emit({"agency": name, "token": token}, as_json=as_json) if as_json else typer.echo(token)


def _check_agency(name: str, *, as_json: bool) -> None:
    """End the command where the catalogue has no such agency."""
    from kiosk.terminal import shipped_catalogue

    known = shipped_catalogue().agencies
    if name not in known:
        fail("agency-unknown", f"no agency {name!r}; there are {', '.join(sorted(known))}", as_json=as_json)


def _where(office: str) -> dict[str, str]:
    """What the site says of an office: its id, its district and its matters. Raises `OfficesInvalid`."""
    from importlib import resources

    from provisioning.gateway.appointments.offices import OfficesInvalid, load_offices

    if not office:
        return {}
    with resources.as_file(resources.files("assets").joinpath("city", "offices.toml")) as file:
        offices = load_offices(file)
    if office not in offices:
        raise OfficesInvalid(f"no office {office!r}; there are {', '.join(offices)}")
    found = offices[office]
    return {"office": office, "district": str(found.public.get("district", "")), "matters": ",".join(found.matters)}


def _invited(store: SqlStore, ca_hash: str, site: dict[str, str]) -> dict[str, object]:
    """Make one token for a terminal that will stand there."""
    expires_ms = now_ms() + INVITE_MINUTES * 60 * 1000
    expires = datetime.datetime.fromtimestamp(expires_ms / 1000, datetime.UTC).isoformat(timespec="seconds")
    token = secrets.token_urlsafe(32)
    store.add_invite(hashlib.sha256(token.encode("ascii")).digest(), site, expires_ms)
    return {"token": token, "expires_at": expires, "ca_hash": ca_hash}


@gateway.command()
def invite(
    folder: DirOption,
    url: Annotated[str, typer.Option("--gateway", metavar="URL", help="Repeated in the answer.")] = "",
    place: Annotated[str, typer.Option(help="Where the terminal will stand, Chinese.")] = PLACE,
    place_en: Annotated[str, typer.Option(help="The same, English.")] = PLACE_EN,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many tokens; one is printed a line.")] = 1,
    office: Annotated[str, typer.Option(help="Its office in assets/city/offices.toml; or none.")] = OFFICE,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a token with which one terminal may join, once, within 15 minutes."""
    with opened(folder, database, as_json=as_json) as (keys, store):
        names = {"name.zh-Hans": NAME, "name.en": NAME_EN, "place.zh-Hans": place, "place.en": place_en}
        site = {**names, **_where(office)}
        for _ in range(count):
            answer = _invited(store, keys.ca_hash, site)
            emit({**answer, "gateway": url} if url else answer, as_json=as_json)


@gateway.command()
def revoke(
    folder: DirOption,
    terminal: Annotated[str, typer.Argument(metavar="TERMINAL", help="Its name, such as T0001.")],
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Revoke a terminal: it is refused from now on; what it sent stays, what it holds is kept by it."""
    with opened(folder, database, as_json=as_json) as (_, store):
        if not store.revoke(terminal):
            fail("unknown-terminal", f"There is no terminal {terminal}.", as_json=as_json)
        emit({"revoked": terminal}, as_json=as_json)


@gateway.command()
def entries(
    folder: DirOption,
    after: Annotated[int, typer.Option(min=0, help="Only those behind this position.")] = 0,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print every accepted entry, unsealed, one JSON object a line."""
    from provisioning.gateway.ingest import unsealed

    with opened(folder, database, as_json=as_json) as (keys, store):
        for line in unsealed(store, keys, after):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


@gateway.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="From: kiosk outbox export; a receipt goes beside it.")],
    folder: DirOption,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take in what a terminal without network exported to a USB stick; the same again changes nothing."""
    from offline_cache.errors import MalformedMessage
    from offline_cache.wire.stick import read_export, write_export
    from provisioning.gateway import authority
    from provisioning.gateway.ingest import accept
    from provisioning.gateway.problems import Refused
    from provisioning.gateway.storage.open import open_store

    with failing(as_json=as_json):
        keys = authority.load(folder)
        receipts: dict[str, bytes] = {}
        new = 0
        with reading(file, as_json=as_json):
            opened_file = file.open("rb")
        try:
            with opened_file as source, closing(open_store(folder, database)) as store:
                records = read_export(source)
                terminal = store.terminal_of(hashlib.sha256(next(records, b"")).digest())
                if terminal is None or terminal.revoked:
                    code = "unknown-terminal" if terminal is None else "terminal-revoked"
                    fail(code, "this gateway does not take entries of that terminal", as_json=as_json)
                for body in records:
                    signed, ack, count = accept(body, terminal, store, keys, now_ms())
                    receipts[ack.epoch] = signed
                    new += count
        except Refused as error:
            fail(error.problem.code, str(error), as_json=as_json, new=new)
        except MalformedMessage as error:
            fail(error.code, str(error), as_json=as_json)
        receipt = file.with_name(file.name + ".receipt")
        try:
            with receipt.open("wb") as target:
                write_export(target, receipts.values())
        except OSError as error:
            told = f"{new} entries were taken, but {receipt} cannot be written: {error.strerror}"
            fail("file-not-written", told, as_json=as_json, new=new)
        emit({"terminal": terminal.name, "new": new, "receipt": str(receipt)}, as_json=as_json)


@gateway.command()
def alarms(
    folder: DirOption,
    close: Annotated[str, typer.Option("--close", metavar="TERMINAL", help="A person has looked: close these.")] = "",
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print what a person must look at, one JSON object a line; or close a terminal's alarms."""
    from dataclasses import asdict

    with opened(folder, database, as_json=as_json) as (_, store):
        if close:
            emit({"closed": store.close_alarms(close)}, as_json=as_json)
            return
        for alarm in store.alarms():
            emit(asdict(alarm), as_json=True)


@gateway.command()
def subscribe(
    folder: DirOption,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the subscriber is called.")],
    agency: Annotated[str, typer.Option(help="Whose entries it gets; * for all.")],
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let an agency follow the exchange; prints its token, which is not kept."""
    from provisioning.gateway.exchange.subscribers import EVERYTHING, Subscribers, SubscriberTaken

    if agency != EVERYTHING:
        _check_agency(agency, as_json=as_json)
    with opened(folder, database, as_json=as_json) as (_, store):
        try:
            token = Subscribers(store.database).add(name, agency, now_ms())
        except SubscriberTaken as error:
            fail(error.code, str(error), as_json=as_json)
        emit({"name": name, "agency": agency, "token": token}, as_json=as_json)


@gateway.command()
def order(
    folder: DirOption,
    terminal: Annotated[str, typer.Argument(metavar="TERMINAL", help="Its name, such as T0001.")],
    kind: Annotated[str, typer.Argument(help="restart, reboot, refresh, stage-update or support-bundle.")],
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the order is good.")] = 15,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Order a terminal to do something, once; it fetches the order with its next heartbeat."""
    from dataclasses import asdict

    from provisioning.gateway.fleet.orders import Orders
    from provisioning.gateway.problems import Refused

    with opened(folder, database, as_json=as_json) as (keys, store):
        try:
            given = Orders(store.database, keys.signing_key).give(terminal, kind, now_ms(), minutes)
        except Refused as error:
            fail(error.problem.code, error.said, as_json=as_json)
        emit(asdict(given), as_json=as_json)


# Behind those above, so that help begins with how a gateway begins.
gateway.command()(days)
gateway.command()(prove)
gateway.command()(seed)
gateway.command("enrol-stick")(enrol_stick)
gateway.add_typer(technician_app, name="technician")
gateway.command("public-key")(public_key)
gateway.command()(publish)
gateway.command("verify-proof")(verify_proof)
