"""The touchscreen as other threads meet it: show a model, look at the screen, touch it. Never blocks the main thread.

Only `TerminalApp` makes a `Bridge`. All coordinates are pixels of the terminal's display, origin top left.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from kivy.base import EventLoop, stopTouchApp  # pyright: ignore[reportMissingTypeStubs]
from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]

from kiosk.events import Event, KeyTyped
from kiosk.pieces.strokes import SIDE, Stroke
from kiosk.screen_model import Beside, DateField, Field, ScreenModel
from kiosk.ui.glass.keypad import code_of
from kiosk.ui.glass.view import SQUARE, View
from kiosk.ui.theme import Rect

TIMEOUT_S = 10.0
"""How long a call from another thread waits for the main thread."""
HOLD_SPARE_S = 0.25
"""A tester's finger stays a little longer than is wanted: down and up are each seen with a frame."""
AIM_SPARE_S, AIMS = 0.02, 20
"""It waits so much longer than the screen wants, seconds, and so often: a screen may move again and again."""
_T = TypeVar("_T")


class ScreenError(Exception):
    """Something asked of the screen cannot be done. `code` says what, in kebab-case."""

    code = "screen-error"


class NoSuchElementError(ScreenError):
    """No control or text of that id is on the screen."""

    code = "no-such-element"


class NoActiveFieldError(ScreenError):
    """There is neither a key for the character nor a field that takes it."""

    code = "no-active-field"


class ScreenTimeoutError(ScreenError):
    """The screen did not come to show what was waited for."""

    code = "screen-timeout"


class Bridge:
    """Latest wins: of several models shown quickly only the last one is drawn."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._view: View | None = None
        self._changed = threading.Condition()
        self._latest: ScreenModel | None = None
        self._shown = 0
        self._drawn = 0
        self._drawn_model: ScreenModel | None = None
        self._elements: list[dict[str, object]] = []
        self._released = 0
        self._png: tuple[int, bytes] = (-1, b"")
        self._main: int | None = None
        self._stopped = False
        self.wake: Callable[[], None] = lambda: None
        """Ends the sleep of the main loop: called, from any thread, whenever something was scheduled for it."""
        self.rest: Callable[[float], object] = threading.Event().wait
        """Lets so many seconds pass for a tester's finger."""

    # ------------------------------------------------------------------------------------- for TerminalApp

    def attach(self, view: View) -> None:
        """Take the view into use, on the main thread; draw what was shown before it existed."""
        self._main = threading.get_ident()
        self._view = view
        view.on_released = self._count_release
        self._draw(0)

    def detach(self) -> None:
        """The main loop has ended; calls that wait are let go."""
        if self._view is not None:
            self._view.close()
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    # ---------------------------------------------------------------------------------------------- showing

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the display in pixels.

        Raises:
            ScreenTimeoutError: the window is not open.
        """
        return self._view_now().size

    @property
    def version(self) -> int:
        """Number of the model that is on the screen now, 0 before the first."""
        return self._drawn

    @property
    def screen_name(self) -> str:
        """Name of the model that is on the screen now, empty before the first."""
        return self._drawn_model.name if self._drawn_model is not None else ""

    def show(self, model: ScreenModel) -> int:
        """Have `model` drawn on the main thread; return its version. From any thread; returns at once."""
        with self._changed:
            self._latest = model
            self._shown += 1
            version = self._shown
        if self._view is not None:
            self._soon(self._draw)
        return version

    def _draw(self, _dt: float) -> None:
        with self._changed:
            model, version = self._latest, self._shown
        if model is None or self._view is None or version == self._drawn:
            return
        self._view.draw(model)
        elements = self._view.elements()
        with self._changed:
            self._drawn, self._drawn_model, self._elements = version, model, elements
            self._changed.notify_all()

    def wait_drawn(
        self, wanted: Callable[[ScreenModel], bool] | int | None = None, timeout_s: float = TIMEOUT_S
    ) -> ScreenModel:
        """Wait until the screen shows what is wanted and return its model.

        Args:
            wanted: a test of the model, a version that `show` returned, or None for the newest model shown.

        Raises:
            ScreenTimeoutError: it did not within `timeout_s`, or the app has stopped.
        """

        def met() -> bool:
            if callable(wanted):
                return self._drawn_model is not None and wanted(self._drawn_model)
            return self._drawn >= (self._shown if wanted is None else wanted) and self._drawn > 0

        self._wait(met, timeout_s)
        with self._changed:
            assert self._drawn_model is not None
            return self._drawn_model

    def _wait(self, met: Callable[[], bool], timeout_s: float) -> None:
        if threading.get_ident() == self._main:
            self._pump(met, timeout_s)
            return
        with self._changed:
            if not self._changed.wait_for(lambda: met() or self._stopped, timeout_s) or not met():
                name = self._drawn_model.name if self._drawn_model else "nothing"
                raise ScreenTimeoutError(f"waited {timeout_s:g} s; the screen shows {name}")

    def _pump(self, met: Callable[[], bool], timeout_s: float) -> None:
        """On the main thread nobody else turns the loop, so turn it here."""
        frames = int(timeout_s * 60) + 1
        for _ in range(frames):
            if met():
                return
            EventLoop.idle()
        raise ScreenTimeoutError(f"turned the loop {frames} times in vain")

    # ---------------------------------------------------------------------------------------------- looking

    def elements(self) -> list[dict[str, object]]:
        """Controls and texts on the screen: `id`, `role`, `text`, `enabled`, `x`, `y`, `width`, `height`."""
        with self._changed:
            return [dict(element) for element in self._elements]

    def screenshot(self) -> bytes:
        """What is on the screen now as PNG, in the display's own size. Kept until another model is drawn.

        Raises:
            ScreenTimeoutError: nothing was drawn yet, or the main thread does not answer.
        """
        self._wait(lambda: self._drawn > 0, TIMEOUT_S)
        with self._changed:
            if self._png[0] == self._drawn:
                return self._png[1]
        version, pixels = self.on_main(lambda: (self._drawn, self._view_now().pixels()))
        png = encode_png(pixels, self._view_now().size)
        with self._changed:
            self._png = (version, png)
        return png

    def _view_now(self) -> View:
        if self._view is None:
            raise ScreenTimeoutError("the window is not open yet")
        return self._view

    def on_main(self, job: Callable[[], _T]) -> _T:
        """Run `job` on the main thread and return what it returns.

        Raises:
            ScreenTimeoutError: the main thread does not answer.
        """
        if threading.get_ident() == self._main:
            return job()
        done = threading.Event()
        results: list[_T] = []
        errors: list[Exception] = []

        def run(_dt: float) -> None:
            try:
                results.append(job())
            except Exception as error:  # noqa: BLE001 (raised again in the caller's thread)
                errors.append(error)
            done.set()

        self._soon(run)
        if not done.wait(TIMEOUT_S):
            raise ScreenTimeoutError("the main thread does not answer")
        if errors:
            raise errors[0]
        return results[0]

    # --------------------------------------------------------------------------------------------- touching

    def touch(self, x: float, y: float) -> None:
        """Put a finger down at x, y and lift it, through Kivy's own input; return after the up was dispatched.

        On what wants to be held it stays as long as that. What has just come under the finger does not answer: `aim`.

        Raises:
            ScreenTimeoutError: the main thread does not answer.
        """
        before = self._released
        hold_s = self.on_main(lambda: self._hold_of(x, y))
        if hold_s:
            self.on_main(lambda: self._finger("on_mouse_down", x, y))
            self.rest(hold_s + HOLD_SPARE_S)
            self.on_main(lambda: self._finger("on_mouse_up", x, y))
        else:
            self.on_main(lambda: self._tap(x, y))
        self._wait(lambda: self._released > before, TIMEOUT_S)

    def _tap(self, x: float, y: float) -> None:
        self._finger("on_mouse_down", x, y)
        self._finger("on_mouse_up", x, y)

    def _finger(self, what: str, x: float, y: float) -> None:
        window: Any = EventLoop.window
        window.dispatch(what, *self._view_now().to_window(x, y), "left", [])

    def _hold_of(self, x: float, y: float) -> float:
        """How long the control there wants to be held, seconds."""
        target = self._view_now().target_at(x, y)
        return 0.0 if target is None else target.control.hold_s

    def aim(self, element_id: str, x: float, y: float) -> tuple[float, float]:
        """Wait until a finger at x, y counts, and return where this element is then: there, or in its new middle.

        Where there is no such element any more, or never was, the place stays as it is.

        Raises:
            ScreenTimeoutError: the screen does not stand still, or the main thread does not answer.
        """
        for _ in range(AIMS):
            now = next((one for one in self.elements() if one["id"] == element_id), None)
            if now is not None and not _rect(now).holds(x, y):
                x, y = _rect(now).centre
            unseen_s = self.on_main(lambda x=x, y=y: self._view_now().unseen_s(x, y))
            if not unseen_s:
                return x, y
            self.rest(unseen_s + AIM_SPARE_S)
        raise ScreenTimeoutError(f"{element_id or 'what is there'} does not stand still")

    def draw(self, strokes: Sequence[Stroke]) -> None:
        """Write in the square on the screen, stroke by stroke, as a finger does; points in thousandths of it.

        Returns after the last up was dispatched.

        Raises:
            NoSuchElementError: there is no writing square.
            ScreenTimeoutError: the main thread does not answer.
        """
        for points in strokes:
            self.aim(SQUARE, *_rect(self.element(SQUARE)).centre)
            square = _rect(self.element(SQUARE))
            scale = (square.width - 1) / SIDE  # the last pixel row still belongs to the square
            places = [(square.x + x * scale, square.y + y * scale) for x, y in points]
            before = self._released
            self.on_main(lambda places=places: self._stroke_of(places))
            self._wait(lambda before=before: self._released > before, TIMEOUT_S)

    def _stroke_of(self, places: list[tuple[float, float]]) -> None:
        window: Any = EventLoop.window
        window.dispatch("on_mouse_down", *self._view_now().to_window(*places[0]), "left", [])
        for x, y in places[1:]:
            window.dispatch("on_mouse_move", *self._view_now().to_window(x, y), [])
        window.dispatch("on_mouse_up", *self._view_now().to_window(*places[-1]), "left", [])

    def press_key(self, name: str) -> None:
        """Press and let go a key of the tactile keypad, through Kivy's own keyboard; return after it was dispatched.

        Raises:
            NoSuchElementError: the keypad has no such key.
            ScreenTimeoutError: the main thread does not answer.
        """
        code = code_of(self._view_now().keys, name)
        if code is None:
            raise NoSuchElementError(f"the keypad has no key {name}")
        self.on_main(lambda: self._stroke(code))

    def _stroke(self, code: int) -> None:
        window: Any = EventLoop.window
        window.dispatch("on_key_down", code, 0, None, [])
        window.dispatch("on_key_up", code, 0)

    def _count_release(self) -> None:
        with self._changed:
            self._released += 1
            self._changed.notify_all()

    def element(self, element_id: str) -> Mapping[str, object]:
        """The element of that id.

        Raises:
            NoSuchElementError: it is not on the screen.
        """
        found = next((one for one in self.elements() if one["id"] == element_id), None)
        if found is None:
            name = self._drawn_model.name if self._drawn_model else "nothing"
            raise NoSuchElementError(f"{element_id} is not on the screen {name}")
        return found

    def touch_id(self, element_id: str) -> None:
        """Touch the middle of an element, as soon as a finger there counts.

        Raises:
            NoSuchElementError: it is not on the screen.
            ScreenTimeoutError: the main thread does not answer.
        """
        self.touch(*self.aim(element_id, *_rect(self.element(element_id)).centre))

    def type_text(self, text: str) -> None:
        """Press the key of each character; where there is none, hand the character to the active field.

        Raises:
            NoActiveFieldError: a character has neither key nor field (a PIN has only keys).
        """
        for character in text:
            key = next((one for one in self.elements() if one["role"] == "key" and _is_key(one, character)), None)
            if key is not None:
                self.touch_id(str(key["id"]))
                continue
            model = self._drawn_model
            if model is None or not any(isinstance(piece, (Field, DateField, Beside)) for piece in model.body):
                raise NoActiveFieldError("the screen has neither a key for the character nor a field")
            self._send(KeyTyped(character, session_id=model.session_id))

    def stop(self) -> None:
        """End the main loop; from any thread and from signal handlers."""
        self._soon(_stop)

    def _soon(self, job: Callable[[float], None]) -> None:
        Clock.schedule_once(job, 0)
        self.wake()


def _stop(_dt: float) -> None:
    stopTouchApp()


def _rect(element: Mapping[str, object]) -> Rect:
    return Rect(*(cast("float", element[side]) for side in ("x", "y", "width", "height")))


def _is_key(element: Mapping[str, object], character: str) -> bool:
    return str(element["text"]).casefold() == character.casefold() and bool(element["enabled"])


def encode_png(pixels: bytes, size: tuple[int, int]) -> bytes:
    """RGBA bytes, bottom row first, as PNG (ISO/IEC 15948), rows unfiltered: three times as quick as a small one."""
    width, height = size
    row = 4 * width
    rows = b"".join(b"\0" + pixels[y * row : (y + 1) * row] for y in range(height - 1, -1, -1))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
