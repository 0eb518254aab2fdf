"""The screen of the bench's HTTP interface: looking at it, touching it, listening to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import FastAPI, Request, Response
from fastapi import Path as PathParam

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import (
    DrawBody,
    ElementBody,
    HeadphonesBody,
    HeardBody,
    KeyBody,
    StateBody,
    TouchBody,
    TypeBody,
)
from kiosk.bench.ports import BenchPorts


def add_screen(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    """Look, touch, listen."""

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

    _add_hand(app, actions)

    @app.get("/api/speech", response_model=list[HeardBody])
    def speech(after: int = 0) -> list[dict[str, object]]:
        """What was spoken and sounded since number `after`, in order: nothing until `mode.speech` is on."""
        return [asdict(heard) for heard in ports.speech.heard(after)]

    @app.get("/api/speech/{n}.wav", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    def wav(n: Annotated[int, PathParam(ge=1)]) -> Response:
        """The n-th thing of `/api/speech` to listen to: the terminal's own voice (espeak-ng) and sounds."""
        return Response(ports.speech.wav(n), media_type="audio/wav")


def _add_hand(app: FastAPI, actions: BenchActions) -> None:
    """Touch, type, write, press keys."""

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

    @app.post("/api/draw", response_model=StateBody)
    def draw(body: DrawBody) -> dict[str, object]:
        """Write in the square on the screen (`square` of `/api/elements`), stroke by stroke, as a finger does."""
        return actions.draw([tuple(stroke) for stroke in body.strokes])

    @app.post("/api/headphones", response_model=StateBody)
    def headphones(body: HeadphonesBody) -> dict[str, object]:
        """Plug headphones in or pull them out: speech begins or ends within half a second."""
        return actions.plug_headphones(there=body.plugged)

    @app.post("/api/key", response_model=StateBody)
    def key(body: KeyBody) -> dict[str, object]:
        """Press a key of the tactile keypad."""
        return actions.press_key(body.key)
