"""The touchscreen as the bench's eye and finger meet it: the `Screen` port over the real Kivy application."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from kiosk.bench.ports import BenchError, ElementView, Frame, no_square
from kiosk.events import Event
from kiosk.pieces.strokes import Stroke
from kiosk.screen_model import ScreenModel

_T = TypeVar("_T")
DEBOUNCE_S = 0.26
"""The screen takes two taps on one control within 0.25 s for the shaking of a hand. A script means both of them, so
the bench's finger waits that long before it presses the same control again; keys have no such limit."""


class KivyScreen:
    """One touchscreen. Make and `run` it on the main thread; everything else may be called from any thread."""

    def __init__(self, size: tuple[int, int], *, headless: bool, kivy_home: Path, keypad_keys: str = "") -> None:
        """Configure Kivy. `headless` draws without a display; otherwise that is so only where there is none."""
        from kiosk.ui.app import TerminalApp

        self._size = size
        self._send: Callable[[Event], None] | None = None
        self._app = TerminalApp(
            size=size,
            send=self._pressed,
            headless=True if headless else None,
            kivy_home=kivy_home,
            touched=self._touched,
            keypad_keys=keypad_keys,
        )
        self.on_touched: Callable[[], None] = lambda: None
        """A finger is on the glass: what is being said stops."""
        self._finger = threading.Lock()
        self._last: tuple[str, float] = ("", 0.0)

    def show(self, model: ScreenModel) -> None:
        """Have a model drawn; returns at once."""
        self._app.bridge.show(model)

    def run(self, send: Callable[[Event], None]) -> None:
        """Open the window and turn Kivy's loop until `stop`. `send` gets what is pressed.

        Raises `BenchError` (`fonts-missing`).
        """
        from kiosk.ui.letters import FontsMissingError

        self._send = send
        try:
            self._app.run()
        except FontsMissingError as error:
            raise BenchError("fonts-missing", str(error), "Run make setup.", 500) from error

    def stop(self) -> None:
        """End `run`."""
        self._app.bridge.stop()

    def _touched(self) -> None:
        self.on_touched()

    def _pressed(self, event: Event) -> None:
        if self._send is not None:
            self._send(event)

    # ----------------------------------------------------------------------------------------------- the port

    def size(self) -> tuple[int, int]:
        return self._size

    def elements(self) -> Sequence[ElementView]:
        return [_view(cast("dict[str, Any]", element)) for element in self._app.bridge.elements()]

    def frame(self) -> Frame:
        version = self._app.bridge.version
        return Frame(str(version), self._asked(self._app.bridge.screenshot))

    def touch(self, x: float, y: float) -> None:
        """As the port says; where something has just slid under this place, once the screen takes a touch there.

        The finger follows the control that was meant.
        """
        with self._finger:
            met = next((one.id for one in self.elements() if _holds(one, x, y)), "")
            self._as_a_hand(met)
            place = self._asked(lambda: self._app.bridge.aim(met, x, y))
            self._asked(lambda: self._app.bridge.touch(*place))
            self._last = (met, time.monotonic())

    def type_text(self, text: str) -> None:
        from kiosk.ui.bridge import NoActiveFieldError

        with self._finger:
            try:
                self._asked(lambda: self._app.bridge.type_text(text))
            except NoActiveFieldError as error:
                raise BenchError(
                    "no-such-key", str(error), "GET /api/elements lists the keys on the screen.", 409
                ) from error

    def draw(self, strokes: Sequence[Stroke]) -> None:
        from kiosk.ui.bridge import NoSuchElementError

        with self._finger:
            try:
                self._asked(lambda: self._app.bridge.draw(strokes))
            except NoSuchElementError as error:
                raise no_square() from error

    def press_key(self, key: str) -> None:
        from kiosk.ui.bridge import NoSuchElementError

        try:
            self._asked(lambda: self._app.bridge.press_key(key))
        except NoSuchElementError as error:
            raise BenchError("no-such-key", str(error), "The setting keypad_keys names the keys.", 409) from error

    def drawn(self, timeout_s: float) -> bool:
        from kiosk.ui.bridge import ScreenTimeoutError

        try:
            self._app.bridge.wait_drawn(None, timeout_s)
        except ScreenTimeoutError:
            return False
        return True

    def on_glass(self) -> ScreenModel:
        """The newest model, once it is drawn. Raises `BenchError` (`screen-silent`)."""
        return self._asked(self._app.bridge.wait_drawn)

    # ------------------------------------------------------------------------------------------------- inside

    def _as_a_hand(self, element_id: str) -> None:
        """Wait until the screen would take a tap on this control for a new one."""
        before, at = self._last
        wait_s = at + DEBOUNCE_S - time.monotonic()
        if element_id and element_id == before and wait_s > 0:
            threading.Event().wait(wait_s)

    def _asked(self, ask: Callable[[], _T]) -> _T:
        """Do what `ask` does. Raises `BenchError` (`screen-silent`) where the main thread does not answer."""
        from kiosk.ui.bridge import ScreenTimeoutError

        try:
            return ask()
        except ScreenTimeoutError as error:
            raise BenchError("screen-silent", str(error), "See the bench's stderr; restart it.", 503) from error


def _view(element: dict[str, Any]) -> ElementView:
    return ElementView(
        id=str(element["id"]),
        role=str(element["role"]),
        text=str(element["text"]),
        enabled=bool(element["enabled"]),
        x=float(element["x"]),
        y=float(element["y"]),
        width=float(element["width"]),
        height=float(element["height"]),
    )


def _holds(element: ElementView, x: float, y: float) -> bool:
    """Whether this is a control at that place for which the screen minds shaking hands."""
    inside = element.x <= x < element.x + element.width and element.y <= y < element.y + element.height
    return inside and element.role not in {"text", "key", "square"}
