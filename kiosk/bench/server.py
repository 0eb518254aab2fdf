"""The bench's HTTP interface: JSON for scripts, one page for people. Loopback only.

The contract is in the design's `cli.md`; its OpenAPI document is at `/openapi.json`. Every refusal is a 4xx with
`{"error", "message", "next"}`. A web page of another origin cannot drive the bench: the Host header must name loopback
(against DNS rebinding), an Origin header must be ours, and a POST body must be declared as JSON (a page elsewhere
would need our consent for that).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi import Path as PathParam
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import (
    CardBody,
    ClockBody,
    ElementBody,
    ErrorBody,
    FaultBody,
    FaultsAnswer,
    HeardBody,
    KeyBody,
    NetworkAnswer,
    NetworkBody,
    ReceiptBody,
    StateBody,
    TouchBody,
    TypeBody,
)
from kiosk.bench.ports import BenchError, BenchPorts
from kiosk.bench.processes.alone import bind_loopback
from kiosk.bench.scenarios.format import write_scenario

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
    _add_screen(app, actions, ports)
    _add_cards(app, actions, ports)
    _add_paper_and_gateway(app, actions, ports)
    _add_world(app, actions, ports)
    app.mount("/panel", StaticFiles(directory=PANEL), name="panel")

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(PANEL / "index.html", media_type="text/html; charset=utf-8")

    return app


def _add_screen(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    @app.get("/api/state", response_model=StateBody)
    def state() -> dict[str, object]:
        """What the terminal is doing. No holder data."""
        return actions.state()

    @app.get("/api/screen.png", response_class=Response, responses={200: {"content": {"image/png": {}}}, 304: {}})
    def screen(request: Request) -> Response:
        """What the citizen sees now, as PNG. Send back the ETag in If-None-Match: 304 while nothing changed."""
        frame = ports.screen.frame()
        etag = f'"{frame.version}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(frame.png, media_type="image/png", headers=headers)

    @app.get("/api/elements", response_model=list[ElementBody])
    def elements() -> list[dict[str, object]]:
        """Every control on the screen, in display pixels, origin top left."""
        return [asdict(element) for element in ports.screen.elements()]

    @app.get("/api/words")
    def words() -> list[str]:
        """Every text on the screen, in order: what an eye reads."""
        return list(ports.terminal.words())

    @app.post("/api/touch", response_model=StateBody)
    def touch(body: TouchBody) -> dict[str, object]:
        """Press here; answers when the event was handled and the screen that follows was drawn."""
        if body.id is not None:
            return actions.touch_element(body.id)
        assert body.x is not None
        assert body.y is not None
        return actions.touch_point(body.x, body.y)

    @app.post("/api/type", response_model=StateBody)
    def type_text(body: TypeBody) -> dict[str, object]:
        """Press the keys of the pad or keyboard on the screen, one after the other."""
        return actions.type_text(body.text)

    @app.post("/api/key", response_model=StateBody)
    def key(body: KeyBody) -> dict[str, object]:
        """Press a key of the tactile keypad."""
        return actions.press_key(body.key)

    @app.get("/api/speech", response_model=list[HeardBody])
    def speech(after: int = 0) -> list[dict[str, object]]:
        """What was spoken and sounded since number `after`, in order: nothing until `mode.speech` is on."""
        return [asdict(heard) for heard in ports.speech.heard(after)]


def _add_cards(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    @app.get("/api/personas")
    def personas() -> list[dict[str, object]]:
        """The synthetic citizens of the tray, each with a story and a whole card document."""
        return [asdict(persona) for persona in ports.tray.personas()]

    @app.post("/api/card/insert", response_model=StateBody)
    def insert(body: CardBody) -> dict[str, object]:
        """Put a card into the slot: a persona's, or one made from a whole card document."""
        if body.persona is not None:
            return actions.insert_persona(body.persona)
        assert body.card is not None
        return actions.insert_document(body.card)

    @app.post("/api/card/remove", response_model=StateBody)
    def remove() -> dict[str, object]:
        """Pull the card out."""
        return actions.remove_card()


def _add_paper_and_gateway(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    @app.get("/api/receipts", response_model=list[ReceiptBody])
    def receipts() -> list[dict[str, object]]:
        """What was printed since the start or the last reset, oldest first: text, and the state of the job."""
        return [
            {**asdict(receipt), "picture": f"/api/receipts/{receipt.n}.png" if receipt.has_picture else None}
            for receipt in ports.paper.receipts()
        ]

    @app.get("/api/receipts/{n}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
    def receipt_picture(n: Annotated[int, PathParam(ge=1)]) -> Response:
        """The n-th paper as the printer put it out; the first is 1."""
        return Response(ports.paper.picture(n), media_type="image/png")

    @app.post("/api/receipts/take")
    def take_receipt() -> dict[str, object]:
        """Take the receipt out of the mouth of a kiosk printer (`printer_model` of the settings with a presenter)."""
        return actions.take_receipt()

    @app.get("/api/entries")
    def entries() -> Sequence[Any]:
        """What the gateway holds, unsealed: `{"terminal", "epoch", "seq", "id", "document"}`."""
        return [dict(entry) for entry in ports.gateway.entries()]

    @app.get("/api/messages")
    def messages() -> Sequence[Any]:
        """Text messages and e-mails that the gateway sent: `{"way", "to", "subject", "body", "at_ms"}`."""
        return [dict(message) for message in ports.gateway.messages()]

    @app.post("/api/network", response_model=NetworkAnswer)
    def network(body: NetworkBody) -> dict[str, object]:
        """Cut, slow or mend the cable between terminal and gateway. What is left out stays as it is."""
        return actions.set_network(body.up, body.latency_ms, body.loss)


def _add_world(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    def faults_now() -> dict[str, object]:
        return {
            "faults": [asdict(fault) for fault in ports.faults.active()],
            "offers": [asdict(offer) for offer in ports.faults.offers()],
        }

    @app.get("/api/faults", response_model=FaultsAnswer)
    def faults() -> dict[str, object]:
        """What is broken now, and what can be broken."""
        return faults_now()

    @app.post("/api/faults", response_model=FaultsAnswer)
    def set_fault(body: FaultBody) -> dict[str, object]:
        """Break a device."""
        actions.set_fault(body.device, body.fault, body.after)
        return faults_now()

    @app.delete("/api/faults", response_model=FaultsAnswer)
    def clear_faults(device: str | None = None, fault: str | None = None) -> dict[str, object]:
        """Make everything whole again, or only this device or this fault of it."""
        actions.clear_faults(device, fault)
        return faults_now()

    @app.post("/api/clock", response_model=StateBody)
    def clock(body: ClockBody) -> dict[str, object]:
        """Let time pass at once: timers that fall due fire."""
        return actions.advance_clock(body.advance_s)

    @app.post("/api/reset", response_model=StateBody)
    def reset() -> dict[str, object]:
        """Start afresh: card out and as new, faults gone, network up, paper taken away, clock right, attract screen.

        What the outbox and the gateway hold stays: entries are never deleted.
        """
        return actions.reset()

    @app.get("/api/recording", response_class=Response, responses={200: {"content": {"text/yaml": {}}}})
    def recording(name: str = "Recorded at the panel") -> Response:
        """What was done since the start or the last reset, as a scenario that `kiosk bench play` plays again."""
        return Response(write_scenario(actions.recorder.scenario(name)), media_type="text/yaml; charset=utf-8")

    @app.get("/api/log")
    def log(after: int = 0) -> list[dict[str, object]]:
        """What happened since line `after`: codes and numbers, no holder data."""
        return [asdict(line) for line in ports.log.after(after)]


class BenchServer:
    """The HTTP interface in a thread of its own, on a loopback port that is bound before `start` returns."""

    def __init__(self, app: FastAPI, port: int = 0, *, listener: socket.socket | None = None) -> None:
        """`listener`: a bound socket. Raises `BenchError` (`port-taken`) where the port cannot be bound."""
        self._socket = listener if listener is not None else bind_loopback(port)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2, loop="asyncio"
        )
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
