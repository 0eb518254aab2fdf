"""The reference gateway as the bench's child process, and this terminal's place at it."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import Child, kiosk_command

READY_TIMEOUT_S = 60.0
CARD_AUTHORITY_FILE = "card-cas/bench.pem"
TOKEN_FILE = "operator.token"  # noqa: S105 - a file's name
MODEL = "bench"
MAX_ENROLMENT_BYTES = 64 * 1024
_HOME = "behind_cable"
"""In `enrolment.json` of a bench: where the gateway itself is, while the address is the cable's."""


@dataclass(frozen=True)
class GatewayHandle:
    """A gateway that answers. `folder` is None for one that the bench did not start."""

    url: str
    folder: Path | None
    invited: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """What `kiosk gateway invite --json` prints, where it was asked for."""

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 443


class OwnGateway:
    """A gateway in a folder of the bench. It can be let down and started again on the same port."""

    def __init__(
        self, folder: Path, on_death: Callable[[str, int, str], None], *, inviting: bool, office: str | None = None
    ) -> None:
        """Begin to start it, and return at once. Call from a thread that lives as long as the bench.

        `office` is where the invited terminal will stand; empty: at none; None: where the gateway says.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._on_death = on_death
        self._port = "0"
        self._lasting = ThreadPoolExecutor(1, "gateway-starter")
        """Later starts come from threads of the HTTP interface, which end sooner than the child may."""
        self._inviting = inviting
        (folder / CLOSED_FILE).unlink(missing_ok=True)
        stands = [] if office is None else ["--office", office]
        self.child = self._start("--create", *(["--invite", *stands] if inviting else []))

    def trust(self, card_authority_pem: bytes) -> None:
        """Let it accept the cards of this authority."""
        trusted = self.folder / CARD_AUTHORITY_FILE
        trusted.parent.mkdir(exist_ok=True, mode=0o700)
        trusted.write_bytes(card_authority_pem)

    def ready(self) -> GatewayHandle:
        """Wait until it answers. Raises `BenchError` (`child-failed`)."""
        url = self.child.wait_for_line("ready ", READY_TIMEOUT_S)
        self._port = url.rpartition(":")[2]
        invited = json.loads("{" + self.child.wait_for_line("{", READY_TIMEOUT_S)) if self._inviting else {}
        return GatewayHandle(url, self.folder, invited)

    def let_down(self) -> None:
        """End it, as an operator would."""
        self.child.end()

    def start_again(self) -> None:
        """On the same port. Raises `BenchError` (`child-failed`)."""
        self.child = self._lasting.submit(self._start).result()
        self.child.wait_for_line("ready ", READY_TIMEOUT_S)

    def end(self) -> None:
        """End it for good. May be called twice."""
        self.child.end()
        self._lasting.shutdown()

    def _start(self, *more: str) -> Child:
        return Child(
            "gateway",
            kiosk_command("gateway", "serve", "--dir", str(self.folder), "--port", self._port, *more),
            output=self.folder / "gateway.out",
            on_death=self._on_death,
            orphaned=signal.SIGKILL,  # it may be frozen, and a frozen process does not hear SIGTERM
        )


SLOW_FROZEN_S, SLOW_AWAKE_S = 1.5, 0.1
"""A slow gateway is frozen and woken in turn: what takes it 50 ms then takes a second or two."""
DOWN, SLOW, REFUSING = "down", "slow", "refusing"
CLOSED_FILE = "closed"
"""What `kiosk gateway close` writes; see the gateway's admission."""
REFUSING_S = 3


class GatewayFaults:
    """What can go wrong at the bench's own gateway: the faults of the device `gateway`."""

    def __init__(self, gateway: OwnGateway) -> None:
        self._gateway = gateway
        self._active: list[str] = []
        self._awake = threading.Event()
        self._freezer: threading.Thread | None = None

    def offers(self) -> tuple[str, ...]:
        return (DOWN, SLOW, REFUSING)

    def active(self) -> tuple[str, ...]:
        return tuple(self._active)

    def set(self, fault: str) -> None:
        if fault in self._active:
            return
        if fault == DOWN:
            self._gateway.let_down()
        elif fault == SLOW:
            self._awake.clear()
            self._freezer = threading.Thread(target=self._freeze, name="gateway-slow", daemon=True)
            self._freezer.start()
        else:
            (self._gateway.folder / CLOSED_FILE).write_text(f"{REFUSING_S}\n", "ascii")
        self._active.append(fault)

    def clear(self, fault: str) -> None:
        """Raises `BenchError` (`child-failed`) where the gateway does not come back; it is still down then."""
        if fault not in self._active:
            return
        if fault == DOWN:
            self._gateway.start_again()
        elif fault == SLOW:
            self._thaw()
        else:
            (self._gateway.folder / CLOSED_FILE).unlink(missing_ok=True)
        self._active.remove(fault)

    def close(self) -> None:
        """Let a frozen gateway go, so that it can end."""
        self._thaw()

    def _freeze(self) -> None:
        while not self._awake.is_set():
            self._gateway.child.send(signal.SIGSTOP)
            self._awake.wait(SLOW_FROZEN_S)
            self._gateway.child.send(signal.SIGCONT)
            self._awake.wait(SLOW_AWAKE_S)

    def _thaw(self) -> None:
        self._awake.set()
        if self._freezer is not None:
            self._freezer.join()
            self._freezer = None


def join(handle: GatewayHandle, state: Path, near_url: str) -> None:
    """Make this state folder a terminal of the gateway, reached through `near_url` (the cable).

    A folder that joined before keeps its identity; only the way there is written anew, until `lead_back`. Raises
    `BenchError`.
    """
    from offline_cache import enrolment as enrolments
    from offline_cache import state as states
    from offline_cache.errors import CacheError
    from offline_cache.gateway import GatewayClient

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
            token, ca_hash = str(handle.invited["token"]), str(handle.invited["ca_hash"])
            GatewayClient.enrol(near_url, token, ca_hash, states.device(state).device, MODEL, state)
        states.adopt(state, enrolments.load(state))
    except CacheError as error:
        raise BenchError(error.code, str(error), "Choose another --state folder.", 500) from error


def operator_token(handle: GatewayHandle) -> str | None:
    """The operator's token of the bench's own gateway."""
    return None if handle.folder is None else (handle.folder / TOKEN_FILE).read_text("ascii").strip()


def lead_back(handle: GatewayHandle, state: Path, near_url: str) -> None:
    """Write again where the gateway itself is: the cable ends with the bench, and the folder may serve without it.

    Call when nothing of the bench reads the folder any more. Raises `StorageFailed`.
    """
    record = _record(state)
    if record.get("gateway_url") != near_url:
        return  # it never joined, or joined somewhere else meanwhile
    before = record.pop(_HOME, handle.url)
    _write(state, {**record, "gateway_url": before if handle.folder is None else handle.url})


def _lead_through(state: Path, near_url: str) -> None:
    """Write where the gateway is reached now; the cable has another port at every start.

    Where it was reached before stands beside it: a bench that was shot leaves both.
    """
    record = _record(state)
    _write(state, {_HOME: record.get("gateway_url"), **record, "gateway_url": near_url})


def _record(state: Path) -> dict[str, object]:
    """What stands in `enrolment.json`; nothing where the folder has not joined."""
    from offline_cache import enrolment as enrolments
    from offline_cache.disk.files import read_limited

    raw = read_limited(state / enrolments.ENROLMENT_FILE, MAX_ENROLMENT_BYTES)
    return cast("dict[str, object]", json.loads(raw or b"{}"))


def _write(state: Path, record: Mapping[str, object]) -> None:
    from offline_cache import enrolment as enrolments
    from offline_cache.disk.files import write_atomic
    from offline_cache.messages import json_dumps

    write_atomic(state / enrolments.ENROLMENT_FILE, json_dumps(dict(record)))
