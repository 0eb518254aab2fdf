"""`kiosk update`: fetch the version that the gateway published for this terminal; the machine puts it in by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir

if TYPE_CHECKING:
    from offline_cache.fleet.staging import Machine

NO_SITE = "no site.toml beside the settings names the gateway's authority; bring it with: kiosk media write"


def update(
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Without a network: from a stick of kiosk gateway publish --to."),
    ] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lay the newest version ready, if there is one: checked, but not yet put in.

    It is put in when nobody is at the terminal (kiosk-update-apply.service). A fetch that was cut off goes on.
    """
    from offline_cache import enrolment as enrolments
    from offline_cache.errors import CacheError
    from offline_cache.fleet import staging
    from offline_cache.gateway import GatewayClient
    from offline_cache.joining import site as sites

    folder = state_dir(state)
    try:
        file = sites.beside(config)
        site = None if file is None else sites.load(file)
        if site is None:
            fail("update-untrusted", NO_SITE, as_json=as_json)
        machine = _machine()
        if source is not None:
            done = staging.from_folder(folder, source, site.ca_hash, machine)
        else:
            client = GatewayClient(enrolments.load(folder))
            try:
                done = staging.from_gateway(folder, client, site.ca_hash, machine)
            finally:
                client.close()
    except CacheError as error:
        fail(error.code, str(error), as_json=as_json)
    emit({"state": done.state, "number": done.number, "version": done.version}, as_json=as_json)


def _machine() -> Machine:
    """What dpkg and the last update say of this machine."""
    import subprocess

    from offline_cache.fleet.staging import Machine
    from offline_cache.fleet.update import OUTCOME, OWN, read_outcome

    def ask(*command: str) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - dpkg's queries
        except FileNotFoundError:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    installed = ask("dpkg-query", "--show", "--showformat=${Version}", "kiosk")
    return Machine(ask("dpkg", "--print-architecture"), installed, read_outcome(OWN / OUTCOME))
