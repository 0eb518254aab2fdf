"""What the routes share: the parts of a gateway, work in threads, who asks, bodies, answers."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import anyio
from anyio.to_thread import run_sync
from fastapi import Request, Response

from offline_cache.messages import CBOR_TYPE, PROBLEM_TYPE, encode_problem, json_dumps
from provisioning.gateway.authority import Authority
from provisioning.gateway.cases.office import CaseOffice
from provisioning.gateway.city.published import Publisher
from provisioning.gateway.fleet.desk import FleetDesk
from provisioning.gateway.handover.desk import HandoverDesk
from provisioning.gateway.hsm import MockHsm
from provisioning.gateway.identity.sign_ins import SignInDesk
from provisioning.gateway.licences.shares import LicenceDesk
from provisioning.gateway.messages.desk import MessageDesk
from provisioning.gateway.offices.town import Town
from provisioning.gateway.problems import Refused
from provisioning.gateway.release import Releaser
from provisioning.gateway.store import Store, Terminal
from provisioning.gateway.web.slots import Slots

JSON = "application/json"
SEEN_EVERY_MS = 60_000
"""A terminal that only asks for its health is written down once a minute."""
_DRAIN_BYTES = 4 * 1024 * 1024
_REMEMBERED = 50_000
"""Certificates, of some 300 bytes each."""
_T = TypeVar("_T")

LogWrite = Callable[[str, Mapping[str, object]], None]


@dataclass
class Gateway:
    """The parts of one gateway."""

    authority: Authority
    store: Store
    releaser: Releaser
    now_ms: Callable[[], int]
    log: LogWrite
    slots: Slots
    town: Town
    """Offices, desks and the reader of entries."""
    messages: MessageDesk
    """What goes out to citizens."""
    licences: LicenceDesk
    """What citizens show to others by a code."""
    cases: CaseOffice
    """What becomes of applications."""
    published: Publisher
    """Configuration and directory, signed."""
    fleet: FleetDesk
    """Heartbeats, orders, alerts, roll-outs."""
    handover: HandoverDesk
    """Forms on their way to a telephone."""
    sign_ins: SignInDesk
    """Citizens who sign in with the city's app."""
    hsm: MockHsm = field(default_factory=MockHsm)
    """The issuer's security module for version 3 cards; a bench's own here."""
    seen: dict[str, int] = field(default_factory=dict[str, int], init=False)
    """Terminal -> when that was last written down; touched by the event loop only."""
    certified: dict[bytes, Terminal] = field(default_factory=dict[bytes, Terminal], init=False, repr=False)
    """Certificate -> whose it is; that never changes. See `certified_terminal`."""
    wake: Callable[[], None] = field(default=lambda: None, repr=False)
    """Tells the reader of entries that there is something new; set by the server that runs one."""
    threads: anyio.CapacityLimiter = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.threads = anyio.CapacityLimiter(max(self.slots.limits.at_once, 1))


async def work(gateway: Gateway, task: Callable[[], _T]) -> _T:
    """Run blocking work in one of the gateway's threads; the door (`admission.py`) bounds how many wait here."""
    return await run_sync(task, limiter=gateway.threads)


async def body_of(request: Request, limit: int) -> bytes:
    """The whole body. Raises `Refused` `too-large`, after reading on a little, so that the client hears why."""
    held = bytearray()
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read <= limit:
            held += chunk
        elif read > _DRAIN_BYTES:
            break
    if read > limit:
        raise Refused("too-large", facts={"limit_bytes": limit})
    return bytes(held)


def certificate_of(scope: Mapping[str, object]) -> bytes | None:
    """The client's certificate (DER) that the TLS server of `serve.py` put there, verified; or None."""
    state = cast("Mapping[str, object]", scope.get("state", {}))
    certificate = state.get("client_certificate")
    return certificate if isinstance(certificate, bytes) else None


def fingerprint_of(request: Request) -> bytes:
    """SHA-256 of the client certificate. Raises `Refused` `unknown-terminal` where there is none."""
    certificate = certificate_of(request.scope)
    if certificate is None:
        raise Refused("unknown-terminal", "a client certificate is wanted")
    return hashlib.sha256(certificate).digest()


def known_terminal(gateway: Gateway, fingerprint: bytes) -> Terminal:
    """Whose certificate this is; to be called in a thread. Raises `Refused`, `StoreFailed`."""
    terminal = gateway.store.terminal_of(fingerprint)
    if terminal is None:
        raise Refused("unknown-terminal")
    if terminal.revoked:
        raise Refused("terminal-revoked")
    return terminal


def certified_terminal(gateway: Gateway, fingerprint: bytes) -> Terminal:
    """As `known_terminal`, from memory where it was asked before: the caller must still look at the revocation."""
    terminal = gateway.certified.get(fingerprint)
    if terminal is None:
        terminal = known_terminal(gateway, fingerprint)
        if len(gateway.certified) >= _REMEMBERED:
            gateway.certified.clear()
        gateway.certified[fingerprint] = terminal
    return terminal


async def terminal_of(gateway: Gateway, request: Request) -> Terminal:
    """Who asks. Raises `Refused` `unknown-terminal` or `terminal-revoked`."""
    fingerprint = fingerprint_of(request)
    terminal = await work(gateway, lambda: known_terminal(gateway, fingerprint))
    now_ms = gateway.now_ms()
    if not 0 <= now_ms - gateway.seen.get(terminal.name, -SEEN_EVERY_MS) < SEEN_EVERY_MS:
        gateway.seen[terminal.name] = now_ms
        await work(gateway, lambda: gateway.store.touch(terminal.name, now_ms))
    return terminal


def check_operator(gateway: Gateway, request: Request) -> None:
    """Raises `Refused` `operator-required` without the operator's token."""
    given = request.headers.get("authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, f"Bearer {gateway.authority.operator_token}".encode()):
        raise Refused("operator-required")


def number_of(text: str, name: str) -> int:
    """A number of a query, 0 or more. Raises `Refused` `malformed`."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refused("malformed", f"{name} is not a number")
    return int(text)


def signed_answer(request: Request, etag: str, signed: bytes) -> Response:
    """Something signed under its entity tag, or 304 where the caller has it already."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    wanted = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    return Response(signed, media_type=CBOR_TYPE, headers=headers)


def json_answer(value: object) -> Response:
    """An answer that nobody keeps."""
    return Response(json_dumps(value), media_type=JSON, headers={"Cache-Control": "no-store"})


def problem_answer(refused: Refused, gateway: Gateway) -> Response:
    """The problem as an answer, and a line in the log."""
    problem = refused.problem
    gateway.log("gateway.refused", {"code": problem.code, "status": problem.status})
    headers = {"Cache-Control": "no-store"}
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refused.retry_after_s)))
    if problem.status == 401 and problem.code.endswith("-required"):
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 413:
        headers["Connection"] = "close"
    return Response(encode_problem(problem), problem.status, headers, PROBLEM_TYPE)
