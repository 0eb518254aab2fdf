"""`kiosk card …`: readers and the card in one of them, on PC/SC. The contract is in the CLI reference."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from drivers.api import CardConnection, CardFacts, Holder, SlotState
from drivers.cards.registry import recognise
from drivers.errors import CardError, CardNeedsHsm, CardProtocolError, PinBlocked, PinRejected, UnknownCard
from drivers.readers.pcsc import PcscReader, ReaderInfo, list_readers
from kiosk import settings
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail

app = typer.Typer(
    no_args_is_help=True, help="Card readers, and the card in one of them.", pretty_exceptions_show_locals=False
)

_SECURITY_STATUS = 0x6982


@app.command("readers")
def readers(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the readers that PC/SC knows, with what is in their slots."""
    del state  # nothing is kept about readers; every command takes the option
    _settings(config, as_json=as_json)
    try:
        found = list_readers()
    except CardError as error:
        _fail(error, as_json=as_json)
    if as_json:
        listed = [{"name": reader.name, "state": reader.state.value, "atr": _hex(reader.atr)} for reader in found]
        emit({"readers": listed}, as_json=True)
        return
    for reader in found:
        typer.echo(f"{reader.name}: {reader.state.value} {_hex(reader.atr) or ''}".rstrip())
    if not found:
        typer.echo("No reader.")


@app.command("read")
def read(
    reader: Annotated[
        str, typer.Option("--reader", metavar="NAME", help="Default: of the settings, else the first with a card.")
    ] = "",
    pin_file: Annotated[
        Path | None,
        typer.Option(
            "--pin-file", metavar="F", exists=True, dir_okay=False, readable=True, help="File that holds the PIN."
        ),
    ] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recognise the card and read it. A wrong PIN costs one try, as at the terminal."""
    del state  # nothing is kept of a card; every command takes the option
    wanted = reader or _settings(config, as_json=as_json).reader_name
    pin = None if pin_file is None else _pin(pin_file, as_json=as_json)
    try:
        name = _choose(list_readers(), wanted, as_json=as_json)
        slot = PcscReader(name)
        try:
            connection = slot.connect()
            try:
                result = _read(name, connection, pin)
            finally:
                connection.close()
        finally:
            slot.close()
    except CardError as error:
        _fail(error, as_json=as_json)
    emit(result if as_json else _masked(result), as_json=as_json)


def _settings(config: Path | None, *, as_json: bool) -> settings.Settings:
    try:
        return settings.load(config)
    except settings.SettingsInvalid as error:
        fail(error.code, str(error), as_json=as_json)


def _pin(path: Path, *, as_json: bool) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        fail("pin-format", "The PIN file cannot be read as digits.", as_json=as_json)


def _choose(found: list[ReaderInfo], wanted: str, *, as_json: bool) -> str:
    """Return the reader that was asked for, else the first with something in its slot. Ends where there is none."""
    matching = [one for one in found if wanted in ("", one.name)] or [
        one for one in found if one.name.startswith(wanted + " ")
    ]
    if not matching:
        known = ", ".join(one.name for one in found) or "none"
        fail("reader-absent", f"There is no such reader. Readers: {known}.", as_json=as_json)
    loaded = [one for one in matching if one.state in (SlotState.PRESENT, SlotState.MUTE)]
    if not loaded:
        fail("no-card", "There is no card in the reader: insert one.", as_json=as_json)
    return loaded[0].name


def _read(name: str, connection: CardConnection, pin: str | None) -> dict[str, object]:
    card = recognise(connection)
    facts = card.read_facts()
    if pin is not None:
        card.verify_pin(pin)
    result: dict[str, object] = {
        "profile": facts.profile,
        "reader": name,
        "atr": _hex(connection.atr),
        "card": _facts(facts),
        "holder": None,
    }
    try:
        result["holder"] = _holder(card.read_holder())
    except CardNeedsHsm as error:
        result["holder_error"] = error.code
    except CardProtocolError as error:
        if error.sw != _SECURITY_STATUS:
            raise
        result["holder_error"] = "pin-needed"
    if card.warnings:
        result["warnings"] = list(card.warnings)
    return result


def _facts(facts: CardFacts) -> dict[str, str]:
    return {key: str(value) for key, value in asdict(facts).items() if key != "profile" and value}


def _holder(holder: Holder) -> dict[str, object]:
    """The holder's fields that the card has."""
    return {key: value for key, value in asdict(holder).items() if value is not None}


def _masked(result: dict[str, object]) -> dict[str, object]:
    """The same for eyes and scrolling terminals: who it is stays on the card."""
    shown: dict[str, object] = {}
    for key, value in result.items():
        if isinstance(value, dict):
            shown.update({name: _mask(name, str(item)) for name, item in value.items()})
        elif isinstance(value, list):
            shown[key] = ", ".join(str(item) for item in value)
        elif value is not None:
            shown[key] = value
    return shown


def _mask(name: str, value: str) -> str:
    kept = {"name": (1, 0), "id_number": (1, 1), "birth_date": (4, 0), "card_id": (6, 0), "card_number": (0, 2)}
    if name not in kept:
        return value
    first, last = kept[name]
    hidden = max(len(value) - first - last, 1)
    return value[:first] + "*" * hidden + (value[len(value) - last :] if last else "")


def _hex(atr: bytes) -> str | None:
    return atr.hex().upper() or None


def _fail(error: CardError, *, as_json: bool) -> NoReturn:
    """Say what the card or reader did, in the words of the contract."""
    match error:
        case PinRejected(tries_left=left):
            fail(error.code, f"The PIN is wrong; {left} tries left.", as_json=as_json, tries_left=left)
        case PinBlocked():
            fail(error.code, "The PIN is blocked: a counter can unlock it.", as_json=as_json, tries_left=0)
        case UnknownCard(atr=atr):
            fail("unknown-card", "No profile knows this card.", as_json=as_json, atr=_hex(atr))
        case _:
            fail(error.code, f"{error}.", as_json=as_json)
