"""`kiosk bench` from start to end: its temporary folder, its signals, and the gateway, which is started first.

What the rest needs is imported while the gateway starts; see `assembly.py`.
"""

from __future__ import annotations

import gc
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from kiosk import settings as settings_file
from kiosk.bench.options import BenchOptions
from kiosk.bench.ports import IDENTITY_PORT, BenchError
from kiosk.bench.processes import janitor
from kiosk.bench.processes.alone import bind_loopback, hold_folder
from kiosk.bench.processes.ending import Ending
from kiosk.bench.processes.gateway import OwnGateway
from kiosk.settings import Settings

ENROLMENT_FILE = "enrolment.json"
LANDSCAPE = (1920, 1080)
JANITOR_TIMEOUT_S = 5.0
APPLIANCE = Path("/etc/kiosk/appliance")
"""Where this file is, citizens stand before the screen: no bench starts there."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PROBE_S = 1
"""A tester who cuts the network need not wait long until the terminal notices; `--config` decides otherwise."""


def run_bench(options: BenchOptions) -> int:
    """Run until a signal or a dead child; return the exit code. Raises `BenchError` where something cannot start."""
    if APPLIANCE.exists():
        raise BenchError(
            "bench-on-appliance",
            f"This machine is an appliance ({APPLIANCE}): a bench would take its screen from citizens.",
            "Use another machine.",
            403,
        )
    gc.disable()  # what is made until the first screen stays; the application collects again a moment after it
    ending = Ending()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, ending.on_signal)
    settings = _settings(options)
    with ExitStack() as stack:
        folder = _temporary_folder(stack)
        listener = bind_loopback(options.port)
        stack.callback(listener.close)
        state = hold_folder(folder / "state" if options.state is None else options.state, stack)
        gateway = None
        if options.gateway is None:
            inviting = not (state / ENROLMENT_FILE).exists()
            gateway = OwnGateway(state / "gateway", ending.on_death, inviting=inviting, office=options.office)
            stack.callback(gateway.end)
        from kiosk.bench.assembly import World

        World(options, settings, state, ending, gateway, stack).run(listener)
    return ending.code


def _temporary_folder(stack: ExitStack) -> Path:
    """Everything temporary of the bench goes in here, and away with it, also when the bench is shot."""
    folder = Path(tempfile.mkdtemp(prefix="kiosk-bench."))
    command = [sys.executable, "-S", "-E", janitor.__file__, str(folder)]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own script
    assert keeper.stdin is not None
    stack.callback(keeper.wait, JANITOR_TIMEOUT_S)
    stack.callback(keeper.stdin.close)
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
    tempfile.tempdir = str(folder)
    return folder


def _settings(options: BenchOptions) -> Settings:
    """The settings file, with the size that was asked for. Raises `BenchError`."""
    try:
        loaded = settings_file.load(options.config)
    except settings_file.SettingsInvalid as error:
        raise BenchError(error.code, str(error), "Correct the file given with --config.", 500) from error
    if options.config is None:
        loaded = replace(loaded, network_probe_s=PROBE_S)
    loaded = replace(loaded, identity_reader_port=loaded.identity_reader_port or IDENTITY_PORT)
    if options.landscape:
        return replace(loaded, width=LANDSCAPE[0], height=LANDSCAPE[1])
    return loaded
