"""The reference gateway as the bench's child process, and this terminal's place at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.bench.adapters.gateway import OperatorView
from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import Child, kiosk_command, run_to_end
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.disk.files import read_limited, write_atomic
from offline_cache.errors import CacheError
from offline_cache.gateway import GatewayClient
from offline_cache.messages import json_dumps

READY_TIMEOUT_S = 60.0
CARD_AUTHORITY_FILE = "card-cas/bench.pem"
TOKEN_FILE = "operator.token"  # noqa: S105 - a file's name
MODEL = "bench"
MAX_ENROLMENT_BYTES = 64 * 1024


@dataclass(frozen=True)
class GatewayHandle:
    """A gateway that answers. `child` is None for one that the bench did not start."""

    url: str
    folder: Path | None
    child: Child | None

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 443


def start_gateway(folder: Path, card_authority_pem: bytes, on_death: Callable[[str, int, str], None]) -> GatewayHandle:
    """Make the authority where it is missing, trust the bench's cards, and serve. Raises `BenchError`."""
    run_to_end(kiosk_command("gateway", "init", str(folder)))
    trusted = folder / CARD_AUTHORITY_FILE
    trusted.parent.mkdir(exist_ok=True, mode=0o700)
    trusted.write_bytes(card_authority_pem)
    child = Child(
        "gateway",
        kiosk_command("gateway", "serve", "--dir", str(folder), "--port", "0"),
        output=folder / "gateway.out",
        on_death=on_death,
    )
    return GatewayHandle(child.wait_for_line("ready ", READY_TIMEOUT_S), folder, child)


def join(handle: GatewayHandle, state: Path, near_url: str) -> None:
    """Make this state folder a terminal of the gateway, reached through `near_url` (the cable).

    A folder that joined before keeps its identity; only the way there is written anew. Raises `BenchError`.
    """
    try:
        if enrolments.is_enrolled(state):
            _lead_through(state, near_url)
        elif handle.folder is None:
            raise BenchError(
                "not-enrolled",
                "This state folder has not joined that gateway.",
                f"Run: kiosk enrol --gateway {handle.url} --token T --ca-hash H --state {state}",
                500,
            )
        else:
            invited = _invite(handle.folder)
            device = states.device(state).device
            GatewayClient.enrol(near_url, str(invited["token"]), str(invited["ca_hash"]), device, MODEL, state)
        states.adopt(state, enrolments.load(state))
    except CacheError as error:
        raise BenchError(error.code, str(error), "Choose another --state folder.", 500) from error


def operator_view(handle: GatewayHandle, state: Path) -> OperatorView:
    """The operator's eye on this gateway, past the cable."""
    token = (handle.folder / TOKEN_FILE).read_text("ascii").strip() if handle.folder is not None else None
    return OperatorView(handle.url, enrolments.load(state).ca_file, token)


def _invite(folder: Path) -> Mapping[str, object]:
    return json.loads(run_to_end(kiosk_command("gateway", "invite", "--dir", str(folder), "--json")))


def _lead_through(state: Path, near_url: str) -> None:
    """Write where the gateway is reached now; the cable has another port at every start."""
    path = state / enrolments.ENROLMENT_FILE
    raw = read_limited(path, MAX_ENROLMENT_BYTES)
    record = json.loads(raw or b"{}")
    write_atomic(path, json_dumps({**record, "gateway_url": near_url}))
