"""`kiosk support-bundle` and `kiosk decommission`: what leaves the terminal, and what may not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir


def support_bundle(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder, a USB stick's for instance.")] = Path(),
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one file for the makers: findings, settings, versions, figures, the log. No keys, entries or people."""
    from kiosk.cli.running.site import looked_at
    from kiosk.doctor.check import run_checks
    from kiosk.doctor.probes import real_site
    from kiosk.doctor.table import CHECKS
    from kiosk.leaving.bundle import write_bundle
    from kiosk.ui.build_fonts import fonts_folder

    folder = state_dir(state)
    settings, problem = looked_at(folder, config)
    results = run_checks(CHECKS, real_site(folder, settings, problem, fonts_folder()))
    try:
        done = write_bundle(folder, to, settings, results, time.time_ns() // 1_000_000)
    except OSError as error:
        fail("bundle-unwritable", f"{to}: {error.strerror}", as_json=as_json)
    emit({"file": str(done.file), "bytes": done.bytes, "left_out": done.left_out}, as_json=as_json)


def decommission(
    state: StateOption = None,
    config: ConfigOption = None,
    erase: Annotated[bool, typer.Option("--erase", help="Do it. Without: only say what would be lost.")] = False,
    lose_unsent: Annotated[bool, typer.Option("--lose-unsent", help="Erase although entries are unsent.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what the gateway does not have; with --erase, take every key, entry and log from this terminal and prove it.

    Stop the services first: systemctl stop kiosk kiosk-sync.
    """
    from kiosk.leaving.decommission import erase_all, stock
    from offline_cache.errors import CacheError

    del config
    folder = state_dir(state)
    try:
        found = stock(folder)
        if not erase:
            emit({"erased": False, "unsent": found.unsent, "readable": found.readable, "keys": found.keys},
                 as_json=as_json)  # fmt: skip
            return
        if (found.unsent or not found.readable) and not lose_unsent:
            fail("entries-unsent", f"{found.words()}. Run: kiosk sync once (or outbox export). Nothing was erased",
                 as_json=as_json, unsent=found.unsent, readable=found.readable)  # fmt: skip
        proof = erase_all(folder)
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"erased": True, "unsent": found.unsent, "keys": list(proof.keys), "files": proof.files,
          "left": list(proof.left)}, as_json=as_json)  # fmt: skip
    if proof.left:
        fail("not-erased", f"still there: {', '.join(proof.left)}")
