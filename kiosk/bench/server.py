"""The bench's HTTP interface: JSON for scripts, one page for people. Loopback only.

The contract is in the design's `cli.md`; its OpenAPI document is at `/openapi.json`. Every refusal is a 4xx with
`{"error", "message", "next"}`. A web page of another origin cannot drive the bench: the Host header must name loopback
(against DNS rebinding), an Origin header must be ours, and a POST body must be declared as JSON (a page elsewhere
would need our consent for that).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import ErrorBody
from kiosk.bench.ports import BenchError, BenchPorts
from kiosk.bench.processes.alone import bind_loopback
from kiosk.bench.routes.devices import add_devices
from kiosk.bench.routes.play import add_play
from kiosk.bench.routes.screen import add_screen
from kiosk.bench.routes.world import add_world

PANEL = Path(__file__).with_name("panel")
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
START_TIMEOUT_S = 15.0
REFUSALS: dict[int | str, dict[str, Any]] = {"4XX": {"model": ErrorBody, "description": "refused, with a next step"}}


def refusal(status: int, code: str, message: str, next_step: str) -> JSONResponse:
    return JSONResponse({"error": code, "message": message, "next": next_step}, status_code=status)


def host_is_loopback(host: str) -> bool:
    """True for a Host header that names this machine's loopback, with or without a port."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK_NAMES
    except ValueError:
        return False


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse what did not come from this machine's own pages and scripts; forbid caching and foreign resources."""
    origin = request.headers.get("origin")
    if not host_is_loopback(request.headers.get("host", "")):
        return refusal(
            421, "host-not-loopback", "The Host header does not name loopback.", "Use http://127.0.0.1:PORT."
        )
    if origin is not None and urlsplit(origin).netloc != request.headers["host"]:
        return refusal(403, "foreign-origin", "A page of another origin asked.", "Open the panel of this bench itself.")
    if request.method == "POST":
        declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        if declared != "application/json" and (has_body or declared):
            return refusal(
                415, "not-json", "A POST body must be JSON.", "Send the header Content-Type: application/json."
            )
    response = await call_next(request)
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return response


def _on_bench_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BenchError)
    return refusal(error.status, error.code, error.message, error.next_step)


def _on_invalid(_request: Request, error: Exception) -> Response:
    """Name the field and the reason; never repeat the value, which may be a card's holder or a PIN."""
    assert isinstance(error, RequestValidationError)
    reasons = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    return refusal(422, "malformed", "; ".join(reasons), "See /openapi.json for what this request takes.")


def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "refused")
    return refusal(error.status_code, code, str(error.detail), "See /openapi.json for what there is.")


def build_app(ports: BenchPorts) -> FastAPI:
    """The application over these ports. It holds no state of its own beside the lock of `BenchActions`."""
    actions = BenchActions(ports)
    app = FastAPI(
        title="Tester's bench",
        version="1",
        summary="A terminal on simulated devices, driven over HTTP. Loopback only.",
        docs_url=None,
        redoc_url=None,
        responses=REFUSALS,
    )
    app.middleware("http")(guard)
    app.add_exception_handler(BenchError, _on_bench_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    add_screen(app, actions, ports)
    add_devices(app, actions, ports)
    add_world(app, actions, ports)
    add_play(app, actions)
    app.mount("/panel", StaticFiles(directory=PANEL), name="panel")

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(PANEL / "index.html", media_type="text/html; charset=utf-8")

    return app


ASGIApplication = Callable[..., Awaitable[None]]


class BenchServer:
    """The HTTP interface in a thread of its own, on a loopback port that is bound before `start` returns."""

    def __init__(self, app: ASGIApplication, port: int = 0, *, listener: socket.socket | None = None) -> None:
        """`listener`: a bound socket. Raises `BenchError` (`port-taken`) where the port cannot be bound."""
        self._socket = listener if listener is not None else bind_loopback(port)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2, loop="asyncio",
            http="h11", ws="none",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="bench-http", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Returns when the first request would be answered. Raises `BenchError` (`server-silent`)."""
        self._thread.start()
        ready = threading.Event()
        waited = 0.0
        while not self._server.started:
            if waited > START_TIMEOUT_S or not self._thread.is_alive():
                raise BenchError("server-silent", "The HTTP interface did not start.", "See the lines above.", 500)
            ready.wait(0.02)
            waited += 0.02

    def close(self) -> None:
        """Finish what is being answered, then stop. May be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(START_TIMEOUT_S)
        self._socket.close()
