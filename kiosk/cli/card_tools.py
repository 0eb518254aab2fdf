"""What the commands on cards share, and the technician's: one APDU by hand, a trace recorded, a trace replayed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from drivers.api import CardConnection, SlotState
from drivers.cards.apdu import describe, sw_name
from drivers.cards.registry import Card, identify
from drivers.errors import (
    CardError,
    CardNeedsHsm,
    CardNeedsKey,
    CardProtocolError,
    DriverError,
    PinBlocked,
    PinRejected,
    UnknownCard,
)
from drivers.readers.pcsc import PcscReader, ReaderInfo, list_readers
from drivers.readers.roles import matching
from drivers.readers.trace import RecordingConnection, Trace
from kiosk import settings
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail

if TYPE_CHECKING:
    from drivers.sim.cards.chips.replay import ReplayCard

ReaderOption = Annotated[
    str, typer.Option("--reader", metavar="NAME", help="Default: of the settings, else the first with a card.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Also on a card that is not a simulated one.")]

SIMULATED_REGION = bytes.fromhex("440199")
"""Simulated citizen cards carry this region, which does not exist, in their answer to reset."""


def settings_of(config: Path | None, *, as_json: bool) -> settings.Settings:
    """Load the settings, or end the command."""
    try:
        return settings.load(config)
    except settings.SettingsInvalid as error:
        fail(error.code, str(error), as_json=as_json)


def choose(found: list[ReaderInfo], wanted: str, other: str, *, as_json: bool) -> str:
    """Return the reader that was asked for, else the first with something in its slot. Ends where there is none."""
    names = [one.name for one in found]
    named = matching(names, wanted) if wanted else None
    behind = matching(names, other) if other else None
    wished = [one for one in found if (one.name == named if wanted else one.name != behind)]
    if not wished:
        fail("reader-absent", f"There is no such reader. Readers: {', '.join(names) or 'none'}.", as_json=as_json)
    loaded = [one for one in wished if one.state in (SlotState.PRESENT, SlotState.MUTE)]
    if not loaded:
        fail("no-card", "There is no card in the reader: insert one.", as_json=as_json)
    return loaded[0].name


@contextlib.contextmanager
def opened(wanted: str, config: Path | None, *, as_json: bool) -> Generator[tuple[str, CardConnection]]:
    """Open the card in the reader that was asked for; unpower it at the end. Card errors end the command."""
    known = settings_of(config, as_json=as_json)
    try:
        name = choose(
            list_readers(), wanted or known.reader_name, "" if wanted else known.technician_reader_name, as_json=as_json
        )
        slot = PcscReader(name)
        try:
            connection = slot.connect()
            try:
                yield name, connection
            finally:
                connection.close()
        finally:
            slot.close()
    except CardError as error:
        told(error, as_json=as_json)


def told(error: DriverError, *, as_json: bool) -> NoReturn:
    """Say what the card or reader did, in the words of the contract."""
    match error:
        case PinRejected(tries_left=left):
            fail(error.code, f"The PIN is wrong; {left} tries left.", as_json=as_json, tries_left=left)
        case PinBlocked():
            fail(error.code, "The PIN is blocked: a counter can unlock it.", as_json=as_json, tries_left=0)
        case UnknownCard(atr=atr):
            fail("unknown-card", "No profile knows this card.", as_json=as_json, atr=atr.hex().upper() or None)
        case _:
            fail(error.code, f"{error}.", as_json=as_json)


# ------------------------------------------------------------------------------------------------------ commands


def apdu(
    commands: Annotated[list[str], typer.Argument(metavar="HEX...", help="Commands, in hexadecimal.")],
    reader: ReaderOption = "",
    force: ForceOption = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send commands to the card as they are, and print its answers. A PIN in a command is never printed."""
    del state  # nothing is kept of a card; every command takes the option
    sent = [_command(text, as_json=as_json) for text in commands]
    with opened(reader, config, as_json=as_json) as (_name, connection):
        if not (force or SIMULATED_REGION in connection.atr):
            fail("card-is-real", "This is no simulated card: its answers may name a person. --force.", as_json=as_json)
        for command in sent:
            answer = connection.transmit(command)
            line = {"command": describe(command), "answer": answer.data.hex().upper(), "sw": f"{answer.sw:04X}"}
            if as_json:
                emit(line, as_json=True)
            else:
                typer.echo(f"{line['command']}\n  {line['answer'] or '-'}  {sw_name(answer.sw)}")


def record(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The trace, JSON.", dir_okay=False)],
    reader: ReaderOption = "",
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the card and write its exchanges without whom it belongs to. No PIN is asked."""
    del state  # nothing is kept of a card; every command takes the option
    with opened(reader, config, as_json=as_json) as (name, connection):
        trace = Trace("", connection.atr)
        card = identify(RecordingConnection(connection, trace))
        trace.profile = card.profile
        ended = _read_through(card)
    try:
        out.write_text(json.dumps(trace.to_json(), indent=1) + "\n", "utf-8")
    except OSError as error:
        fail("file-not-written", f"{out} cannot be written: {error.strerror}.", as_json=as_json)
    facts = {"profile": trace.profile, "reader": name, "exchanges": len(trace.exchanges), "file": str(out)}
    emit({**facts, **({"ended": ended} if ended else {})}, as_json=as_json)


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace of `kiosk card record`.", exists=True)],
    vpcd_port: Annotated[
        int | None,
        typer.Option(
            "--vpcd-port", metavar="N", help="Put it into this virtual slot until Ctrl-C, or until the slot goes."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Play a recorded card: read it here, or put it into a virtual reader for other programs."""
    from drivers.readers.trace import TraceInvalid
    from drivers.sim.cards.chips.replay import ReplayCard
    from drivers.sim.cards.vpcd import VpcdCard

    try:
        trace = Trace.from_json(json.loads(file.read_text("utf-8")))
    except OSError as error:
        fail("card-trace-invalid", f"{file.name} cannot be read: {error.strerror}.", as_json=as_json)
    except (ValueError, RecursionError):
        fail("card-trace-invalid", f"{file.name} is not JSON: name what was written there.", as_json=as_json)
    except TraceInvalid as error:
        fail(error.code, f"{file.name}: {error}.", as_json=as_json)
    card = ReplayCard(trace)
    if vpcd_port is None:
        _replay_here(card, trace, as_json=as_json)
        return
    try:
        inserted = VpcdCard(card, vpcd_port)
    except DriverError as error:
        told(error, as_json=as_json)
    emit({"state": "inserted", "profile": trace.profile, "port": vpcd_port}, as_json=as_json)
    with contextlib.suppress(KeyboardInterrupt):
        inserted.wait()  # ends too when the virtual reader goes away
    inserted.remove()


def _replay_here(card: ReplayCard, trace: Trace, *, as_json: bool) -> None:
    from drivers.sim.cards.reader import SimReader

    slot = SimReader("replay", real_time=False)
    try:
        slot.insert(card)
        found = identify(slot.connect())
        ended = _read_through(found)
    except CardError as error:
        told(error, as_json=as_json)
    finally:
        slot.close()
    facts = {"profile": found.profile, "atr": trace.atr.hex().upper(), "unknown_commands": card.unknown}
    emit({**facts, **({"ended": ended} if ended else {})}, as_json=as_json)


def _read_through(card: Card) -> str:
    """Read all that the card gives to everybody; return the code of what ended it early, or nothing."""
    try:
        card.read_facts()
        card.read_holder()
    except (CardProtocolError, CardNeedsHsm, CardNeedsKey) as error:
        return error.code
    return ""


def _command(text: str, *, as_json: bool) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if not 4 <= len(raw) <= 261:
        fail("apdu-invalid", "A command is 4 to 261 bytes in hexadecimal.", as_json=as_json)
    return raw
