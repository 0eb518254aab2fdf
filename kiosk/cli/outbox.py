"""`kiosk outbox …` and `kiosk sync …`: record, look, verify, send. The contract is in the CLI reference."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from kiosk import settings
from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir
from kiosk.cli.running.next_steps import NEXT
from offline_cache import enrolment as enrolments
from offline_cache import service
from offline_cache import state as states
from offline_cache.errors import CacheError, DocumentInvalid, MalformedMessage
from offline_cache.fleet.heart import Heart
from offline_cache.messages import json_dumps, json_object
from offline_cache.outbox import Outbox
from offline_cache.rescue import report, salvage, stick
from offline_cache.seal import MAX_DOCUMENT_BYTES
from offline_cache.sync import read_status

_MAX_LINE_BYTES = 2 * MAX_DOCUMENT_BYTES
_LEAVE_WITHIN_S = 3.0

outbox_app = typer.Typer(no_args_is_help=True, help="What citizens submitted, until the gateway has it.")
sync_app = typer.Typer(no_args_is_help=True, help="Send what is in the outbox.")


@outbox_app.command("append")
def append(
    jsonl: Annotated[str, typer.Option("--jsonl", metavar="FILE", help="JSON documents, one a line; - is stdin.")],
    state: StateOption = None,
    config: ConfigOption = None,
) -> None:
    """Record documents; after each durable commit one line `{"seq","id"}` is printed."""
    _check_config(config)
    folder = state_dir(state)
    try:
        with states.open_writer(folder) as outbox:
            if jsonl == "-":
                bad = _append_lines(outbox, sys.stdin.buffer)
            else:
                with Path(jsonl).open("rb") as lines:
                    bad = _append_lines(outbox, lines)
    except CacheError as error:
        fail(error.code, str(error))
    except OSError as error:
        fail("input-unreadable", f"{jsonl}: {error.strerror}")
    if bad:
        fail(DocumentInvalid.code, f"{bad} lines were not recorded; the others were")


def _append_lines(outbox: Outbox, source: BinaryIO) -> int:
    bad = 0
    for number, line in enumerate(_lines(source), 1):
        if not line.strip():
            continue
        try:
            document = json_object(line, _MAX_LINE_BYTES)
            done = outbox.append(lambda _seq, _id, document=document: document)
        except (MalformedMessage, DocumentInvalid) as error:
            bad += 1
            typer.echo(f"line {number}: {error} [{error.code}]", err=True)
            continue
        sys.stdout.write(json_dumps({"seq": done.seq, "id": done.id}).decode() + "\n")
        sys.stdout.flush()
    return bad


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines of any length without keeping more than a limit: of a longer one the beginning, which is then refused."""
    while line := source.readline(_MAX_LINE_BYTES + 1):
        rest = line
        while len(rest) == _MAX_LINE_BYTES + 1 and not rest.endswith(b"\n"):
            rest = source.readline(_MAX_LINE_BYTES + 1)
        yield line


def _check_config(config: Path | None, *, as_json: bool = False) -> None:
    """Nothing here is configured yet, but a settings file that cannot be used is refused by every command."""
    try:
        settings.load(config)
    except settings.SettingsInvalid as error:
        fail(error.code, str(error), as_json=as_json)


@outbox_app.command("status")
def status(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Figures of the outbox, and what the sync service last said."""
    _check_config(config, as_json=as_json)
    folder = state_dir(state)
    try:
        with states.open_reader(folder) as outbox:
            figures = asdict(outbox.status())
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    said = read_status(folder)
    figures["sync"] = None if said is None else asdict(said)
    figures["set_aside"] = [_aside(one) for one in salvage.listing(folder)]
    figures["alarm"] = salvage.alarm(folder)
    emit(figures, as_json=as_json)


def _aside(one: salvage.SetAside) -> dict[str, object]:
    """An epoch that could not go on: ids and figures."""
    found = None if one.found is None else asdict(one.found)
    return {
        "epoch": one.why.epoch,
        "epoch_number": one.why.epoch_number,
        "reason": one.why.reason,
        "at_ms": one.why.at_ms,
        "found": found,
        "done": one.done,
        "seen": one.seen,
        "folder": str(one.folder),
    }


@outbox_app.command("acknowledge")
def acknowledge(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """A technician has looked at what was set aside: ends the alarm here and at the gateway. Deletes nothing."""
    _check_config(config, as_json=as_json)
    try:
        seen = salvage.acknowledge(state_dir(state), time.time_ns() // 1_000_000)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"acknowledged": [one.why.epoch_number for one in seen]}, as_json=as_json)


@outbox_app.command("unsent")
def unsent(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """How many entries the gateway does not have yet, those that were set aside with a damaged outbox included."""
    _check_config(config, as_json=as_json)
    folder = state_dir(state)
    try:
        with states.open_reader(folder) as outbox:
            pending = outbox.status().pending
        aside = report.unsent(folder)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"unsent": pending + aside, "pending": pending, "set_aside": aside}, as_json=as_json)


@outbox_app.command("parked")
def parked(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """What offices rejected, and why: ids and codes, one a line, the latest first. Nothing here is ever deleted."""
    _check_config(config, as_json=as_json)
    try:
        with states.open_reader(state_dir(state)) as outbox:
            for one in outbox.parked():
                if as_json:
                    emit(asdict(one), as_json=True)
                else:
                    typer.echo(f"{one.epoch[:8]} {one.seq:>6} {one.id} {one.reason} ({one.agency})")
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)


@outbox_app.command("export")
def export(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder of the USB stick.")],
    state: StateOption = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write every pending entry, sealed and signed, to one file, for: kiosk gateway import. Deletes nothing."""
    _check_config(config, as_json=as_json)
    folder = state_dir(state)
    try:
        enrolment = enrolments.load(folder)
        states.adopt(folder, enrolment)
        done = stick.export(folder, enrolment, to)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    file = None if done.file is None else str(done.file)
    emit({"file": file, "entries": done.entries, "bytes": done.bytes}, as_json=as_json)


@outbox_app.command("receipt")
def receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What: kiosk gateway import left beside the export.")],
    state: StateOption = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take in the gateway's receipt for an export: those entries are not pending any more."""
    _check_config(config, as_json=as_json)
    folder = state_dir(state)
    try:
        acked = stick.take_receipt(folder, enrolments.load(folder), file)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"acked": acked}, as_json=as_json)


@outbox_app.command("verify")
def verify(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Check every row and the chain; names the first seq that does not fit."""
    _check_config(config, as_json=as_json)
    try:
        with states.open_reader(state_dir(state)) as outbox:
            emit(asdict(outbox.verify()), as_json=as_json)
    except CacheError as error:
        seq = getattr(error, "seq", None)
        fail(error.code, str(error), as_json=as_json, seq=seq)


@sync_app.command("once")
def once(state: StateOption = None, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Send what is pending, once; exit 1 when something stays behind, with the reason."""
    _check_config(config, as_json=as_json)
    try:
        drained = service.drain(state_dir(state), settings.usable)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    figures: dict[str, object] = {
        "sent": drained.sent,
        "acked_through": drained.acked_through,
        "pending": drained.pending,
    }
    if drained.problem is not None:
        fail(drained.problem, f"{drained.pending} entries are still here", as_json=as_json, **figures)
    if drained.unheard is not None:
        figures["unheard"] = drained.unheard
        text = "Nothing is left to send, but services and settings could not be fetched"
        typer.echo(f"{text} [{drained.unheard}]. {NEXT.get(drained.unheard, '')}".strip(), err=True)
    emit(figures, as_json=as_json)


_ENDS = (signal.SIGTERM, signal.SIGINT)


@sync_app.command("run")
def run(state: StateOption = None, config: ConfigOption = None) -> None:
    """Send for as long as the process lives; ends on SIGTERM or Ctrl-C with exit 0."""
    _check_config(config)
    folder = state_dir(state)
    stop = threading.Event()
    # Waited for, not handled: a handler that sets an event can meet the lock of the very wait that it interrupts.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    # A request may be under way for many seconds. Nothing in flight is on the disk, so it is left behind at the end.
    handed = (folder, stop, None, os.environ, settings.usable)
    worker = threading.Thread(target=service.serve, args=handed, name="sync", daemon=True)
    worker.start()
    heart = threading.Thread(target=_heart(folder, config).run, args=(stop,), name="heart", daemon=True)
    heart.start()
    while worker.is_alive() and not stop.is_set():
        came = signal.sigtimedwait(_ENDS, 1.0)
        if came is not None and came.si_signo in _ENDS:  # Python 3.11 gives signal 0 after SIGCONT
            stop.set()
    worker.join(_LEAVE_WITHIN_S)
    heart.join(_LEAVE_WITHIN_S)
    if not stop.is_set():
        fail("sync-failed", "the sync service ended by itself; see the lines above")


def _heart(folder: Path, config: Path | None) -> Heart:
    """What tells the gateway every minute how this terminal is, and does what it orders."""
    from kiosk.doctor.gauges import measure
    from kiosk.doctor.site import Site
    from offline_cache.disk.clock import SystemClock
    from provisioning.orders.hands import hands

    clock = SystemClock()
    site = Site(folder, settings.load(config), now_ms=clock.now_ms)
    return Heart(folder, lambda: measure(site), hands(folder), clock=clock, boot=clock.boot_id())
