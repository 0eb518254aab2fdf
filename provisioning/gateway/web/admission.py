"""The door: one admission for each request, before anything is read or stored; see `slots.py` for who is told when.

An operator may close it (`kiosk gateway close`): a file in the gateway's folder says so, and for how long to stay away.
Whoever has the operator's token still comes in. A browser hears the same as a page, in words for a citizen.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, certificate_of, problem_answer
from provisioning.gateway.web.mobile import both, call, page

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_ALWAYS = frozenset(["/", "/v1/health", "/v1/ca", "/openapi.json"])
"""Cheap, and how somebody finds out what is the matter."""
_URGENT = frozenset(["/v1/nonce", "/v1/lookups", "/v1/enrol", "/v1/simpleenroll"])
"""Somebody stands before the screen."""
_DRAIN_BYTES = 512 * 1024
CLOSED_FILE = "closed"
"""In the gateway's folder, while it is closed: after how many seconds to come back."""
CLOSED_S = 30
MOST_CLOSED_S = 86_400


def closed_for_s(folder: Path) -> int | None:
    """After how many seconds a closed gateway wants to be asked again; None where it is open."""
    try:
        text = (folder / CLOSED_FILE).read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError:
        return CLOSED_S
    known = text.isdigit() and len(text) <= len(str(MOST_CLOSED_S))
    return min(max(int(text), 1), MOST_CLOSED_S) if known else CLOSED_S


def close_door(folder: Path, seconds: int) -> None:
    """Close the gateway of this folder to terminals and citizens. Raises `OSError`."""
    (folder / CLOSED_FILE).write_text(f"{seconds}\n", "ascii")


def open_door(folder: Path) -> bool:
    """Open it again; False where it was open. Raises `OSError`."""
    was = (folder / CLOSED_FILE).exists()
    (folder / CLOSED_FILE).unlink(missing_ok=True)
    return was


class Admission:
    """ASGI middleware around the application of one gateway."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer 503 `overloaded` with a time of its own to come back, the connection kept."""
        slots = self._gateway.slots
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or path in _ALWAYS:
            await self._app(scope, receive, send)
            return
        closed_s = closed_for_s(self._gateway.authority.folder)
        if closed_s is not None and not self._operator(scope):
            spread = hashlib.sha256(_who(scope)).digest()[0] / 510  # so that not all of them come back together
            refused = Refused("gateway-closed", retry_after_s=closed_s * (1 + spread))
            await self._turn_away(refused, scope, receive, send)
            return
        who = _who(scope)
        wait_s = slots.enter(who, urgent=path in _URGENT)
        if wait_s is not None:
            await self._turn_away(Refused("overloaded", retry_after_s=wait_s), scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            slots.leave(who)

    async def _turn_away(self, refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
        await _drain(receive)
        problem = problem_answer(refused, self._gateway)
        wants_page = b"text/html" in dict(scope.get("headers", ())).get(b"accept", b"")
        await (_later(problem) if wants_page else problem)(scope, receive, send)

    def _operator(self, scope: Scope) -> bool:
        headers = dict(scope.get("headers", ()))
        wanted = f"Bearer {self._gateway.authority.operator_token}".encode()
        return hmac.compare_digest(bytes(headers.get(b"authorization", b"")), wanted)


def _later(problem: Response) -> Response:
    """The same answer for somebody with a telephone in the hand."""
    seconds = problem.headers["retry-after"]
    body = (
        '<section class="answer no"><h1>' + both("现在打不开", "Not open just now") + "</h1></section><p>"
        + both(f"请过 {seconds} 秒再试。您交过的件都在。",
               f"Please try again in {seconds} seconds. What you handed in is safe.")
        + "</p>" + call()
    )  # fmt: skip
    answer = page("现在打不开", body, "市民自助终端 Citizen kiosk")
    answer.status_code = problem.status_code
    answer.headers["Retry-After"] = seconds
    return answer


def _who(scope: Scope) -> bytes:
    certificate = certificate_of(scope)
    if certificate is not None:
        return hashlib.sha256(certificate).digest()
    client = scope.get("client") or ("", 0)
    return str(client[0]).encode()


async def _drain(receive: Receive) -> None:
    """Read the body away: a connection with an unread request cannot be used again, and a new one costs more."""
    read = 0
    while read <= _DRAIN_BYTES:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
