"""`kiosk card …`: readers and the card in one of them, on PC/SC. The contract is in the CLI reference."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, cast

import typer
from cryptography import x509

from drivers.api import CardConnection, CardFacts, Holder, SlotEvent
from drivers.cards.emrtd import AccessKey, AccessNumber, EmrtdCard, parse_key
from drivers.cards.registry import Card, Helps, identify
from drivers.errors import CardError, CardNeedsHsm, CardNeedsKey, CardProtocolError
from drivers.readers.pcsc import PcscReader, list_readers
from drivers.readers.roles import interface, roles
from kiosk.cli import card_tools
from kiosk.cli.card_tools import ReaderOption, opened, settings_of, told
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail

if TYPE_CHECKING:
    from kiosk.workers.security_module import GatewayModule

app = typer.Typer(
    no_args_is_help=True, help="Card readers, and the card in one of them.", pretty_exceptions_show_locals=False
)
app.command("apdu")(card_tools.apdu)
app.command("record")(card_tools.record)
app.command("replay")(card_tools.replay)

_SECURITY_STATUS = 0x6982


class PinCard(Protocol):
    """A profile with a PIN that this terminal presents."""

    def verify_pin(self, digits: str) -> None: ...


@app.command("readers")
def readers(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the readers that PC/SC knows: role, contact or contactless, and what is in their slots."""
    del state  # nothing is kept about readers; every command takes the option
    known = settings_of(config, as_json=as_json)
    try:
        found = list_readers()
    except CardError as error:
        told(error, as_json=as_json)
    given = roles([one.name for one in found], known.reader_name, known.technician_reader_name)
    if as_json:
        listed = [
            {
                "name": one.name,
                "state": one.state.value,
                "atr": _hex(one.atr),
                "role": given[one.name].value,
                "interface": interface(one.name, one.atr),
            }
            for one in found
        ]
        emit({"readers": listed}, as_json=True)
        return
    for one in found:
        kind = f"{given[one.name].value}, {interface(one.name, one.atr)}"
        typer.echo(f"{one.name}: {one.state.value} ({kind}) {_hex(one.atr) or ''}".rstrip())
    if not found:
        typer.echo("No reader.")


@app.command("watch")
def watch(
    reader: ReaderOption = "",
    events: Annotated[int, typer.Option("--events", metavar="N", min=0, help="End after so many; 0: never.")] = 0,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print each change of a slot, until Ctrl-C: cards that come and go, a reader that is lost and found."""
    del state  # nothing is kept about readers; every command takes the option
    known = settings_of(config, as_json=as_json)
    slot = PcscReader(reader or known.reader_name, other="" if reader else known.technician_reader_name)
    seen = threading.Semaphore(0)

    def show(event: SlotEvent) -> None:
        facts = {"reader": event.reader, "state": event.state.value, "insertion": event.insertion}
        if as_json:
            emit({**facts, "atr": _hex(event.atr)}, as_json=True)
        else:
            typer.echo(f"{event.reader}: {event.state.value} {_hex(event.atr) or ''}".rstrip())
        seen.release()

    slot.start(show)
    try:
        for _ in range(events):
            seen.acquire()
        if not events:
            threading.Event().wait()
    except KeyboardInterrupt:
        return  # the way to end it
    finally:
        slot.close()


@app.command("read")
def read(
    reader: ReaderOption = "",
    pin_file: Annotated[
        Path | None,
        typer.Option(
            "--pin-file", metavar="F", exists=True, dir_okay=False, readable=True, help="File that holds the PIN."
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--mrz-file",
            metavar="F",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Travel documents: file with number, birth date and expiry (YYMMDD), the printed zone, or the CAN.",
        ),
    ] = None,
    country_file: Annotated[
        Path | None,
        typer.Option(
            "--csca",
            metavar="F",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Travel documents: trusted country authorities, PEM; the document must prove that it is of one.",
        ),
    ] = None,
    module: Annotated[
        str, typer.Option("--module", metavar="DEV", help="Serial port of a resident identity card module.")
    ] = "",
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recognise the card, whatever its profile, and read it. A wrong PIN costs one try, as at the terminal."""
    if module:
        result = _read_module(module, as_json=as_json)
    else:
        pin = None if pin_file is None else _pin(pin_file, as_json=as_json)
        helps = Helps(
            key=None if key_file is None else _key(key_file, as_json=as_json),
            country_authorities=() if country_file is None else _countries(country_file, as_json=as_json),
        )
        security = _security_module(state)
        if security is not None:
            from drivers.cards.secure.mutual import HsmAuthentication

            helps = replace(helps, authentication=HsmAuthentication(security))
        with opened(reader, config, as_json=as_json) as (name, connection):
            result = _read(name, connection, helps, pin)
        if security is not None:
            security.close()
    emit(result if as_json else _masked(result), as_json=as_json)


def _security_module(state: Path | None) -> GatewayModule | None:
    """Return the gateway's security module where a state folder was given that has joined one."""
    if state is None:
        return None
    from kiosk.workers.security_module import GatewayModule
    from offline_cache import enrolment
    from offline_cache.errors import CacheError

    try:
        joined = enrolment.load(state) if enrolment.is_enrolled(state) else None
    except CacheError as error:
        fail(error.code, f"{error}.")
    return None if joined is None else GatewayModule(joined, 10.0)


def _read_module(port: str, *, as_json: bool) -> dict[str, object]:
    from drivers.readers.sdt_serial import SdtModule

    try:
        device = SdtModule(port)
        try:
            reading = device.read()
        finally:
            device.close()
    except CardError as error:
        told(error, as_json=as_json)
    result: dict[str, object] = {"profile": reading.facts.profile, "reader": port, "atr": None}
    result |= {"card": _facts(reading.facts), "holder": _holder(reading.holder)}
    return result | ({"warnings": list(reading.warnings)} if reading.warnings else {})


def _pin(path: Path, *, as_json: bool) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        fail("pin-format", "The PIN file cannot be read as digits.", as_json=as_json)


def _key(path: Path, *, as_json: bool) -> AccessKey | AccessNumber:
    try:
        return parse_key(path.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        fail("key-format", "The file of the printed key cannot be read.", as_json=as_json)
    except ValueError as error:
        fail("key-format", f"The printed key: {error}.", as_json=as_json)


def _countries(path: Path, *, as_json: bool) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError, x509.InvalidVersion):
        fail("csca-format", "The file of country authorities holds no certificates in PEM.", as_json=as_json)


def _read(name: str, connection: CardConnection, helps: Helps, pin: str | None) -> dict[str, object]:
    card: Card = identify(connection, helps)
    facts = card.read_facts()
    if pin is not None and hasattr(card, "verify_pin"):
        cast("PinCard", card).verify_pin(pin)
    result: dict[str, object] = {
        "profile": facts.profile,
        "reader": name,
        "atr": _hex(connection.atr),
        "card": _facts(facts),
        "holder": None,
    }
    try:
        result["holder"] = _holder(card.read_holder())
    except (CardNeedsHsm, CardNeedsKey) as error:
        result["holder_error"] = error.code
    except CardProtocolError as error:
        if error.sw != _SECURITY_STATUS:
            raise
        result["holder_error"] = "pin-needed"
    if isinstance(card, EmrtdCard) and result["holder"]:
        result["genuine"] = card.genuine
    if card.warnings:
        result["warnings"] = list(card.warnings)
    return result


def _facts(facts: CardFacts) -> dict[str, str]:
    return {key: str(value) for key, value in asdict(facts).items() if key != "profile" and value}


def _holder(holder: Holder) -> dict[str, object]:
    """The holder's fields that the card has."""
    return {key: value for key, value in asdict(holder).items() if value not in (None, "")}


def _masked(result: dict[str, object]) -> dict[str, object]:
    """The same for eyes and scrolling terminals: who it is stays on the card."""
    shown: dict[str, object] = {}
    for key, value in result.items():
        if isinstance(value, dict):
            items = cast("dict[str, object]", value)
            shown.update({name: _mask(name, str(item)) for name, item in items.items()})
        elif isinstance(value, list):
            shown[key] = ", ".join(str(item) for item in cast("list[object]", value))
        elif value is not None:
            shown[key] = value
    return shown


def _mask(name: str, value: str) -> str:
    kept = {"name": (1, 0), "id_number": (1, 1), "birth_date": (4, 0), "card_id": (6, 0), "card_number": (0, 2)}
    kept["address"] = (0, 0)
    if name not in kept:
        return value
    first, last = kept[name]
    hidden = max(len(value) - first - last, 1)
    return value[:first] + "*" * hidden + (value[len(value) - last :] if last else "")


def _hex(atr: bytes) -> str | None:
    return atr.hex().upper() or None
