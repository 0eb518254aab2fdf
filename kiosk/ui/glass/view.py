"""The window's content: draws models, turns touches into the events that controls carry. Main thread only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]
from kivy.graphics.opengl import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    glFinish,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from kiosk.events import Event, KeyName, KeyPressed
from kiosk.screen_model import Control, Role, ScreenModel
from kiosk.ui.drawing import Sheet, Target
from kiosk.ui.glass import keypad
from kiosk.ui.glass.painter import Layer, read_apart, read_window
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import Rect

DEBOUNCE_S = 0.25
"""A second tap on the same control of the same screen within this time is the shaking of a hand."""
DEBOUNCED: frozenset[Role] = frozenset({"primary", "secondary", "back", "finish", "choice", "aid"})
"""Keys are not: digits may be tapped fast, and the same one twice."""
STRIKE_S = 0.5
"""In calm mode the same key again within this time is the shaking of a hand."""
CHORDS = frozenset({"ctrl", "alt", "meta"})
"""Keys held together with these mean nothing here."""
FERRY_STEP_S = 0.5
FERRY_SPEED = 8.0
"""Pixels a second."""
FERRY_AWAY = 60.0
"""How far the ferry goes beyond the edge before it comes in again at the other side."""


class Touch(Protocol):
    """What of Kivy's touches is used."""

    x: float
    y: float
    uid: int


class View:
    """Shows models in Kivy's window. `send` gets the event of a control that was pressed and let go."""

    def __init__(self, window: Any, size: tuple[int, int], fonts: Path, send: Callable[[Event], None]) -> None:
        """Open the fonts and make the buffer.

        Raises:
            FontsMissingError: the fonts were not built.
        """
        self.size = size
        self._fonts = fonts
        self._letters = {"SC": Letters(fonts, "SC")}
        self._send = send
        self._window = window
        self._layer = Layer(size)
        self._at, self._scale = (0.0, 0.0), 1.0
        self.now: Callable[[], float] = time.monotonic
        self.model: ScreenModel | None = None
        self.sheet: Sheet | None = None
        self._pressed: tuple[int, str] | None = None
        """uid of the finger and id of the control that it went down on."""
        self._fired: dict[str, tuple[tuple[object, ...], float]] = {}
        """Controls that were pressed a moment ago: on which screen, and when."""
        self._repaint: Any = Clock.create_trigger(self._paint_pressed, -1)
        """However many fingers come and go, what is pressed is drawn once a frame."""
        self.ferry_x = 0.0
        self.on_drawn: Callable[[], None] = lambda: None
        self.on_released: Callable[[], None] = lambda: None
        self.on_touched: Callable[[], None] = lambda: None
        """A finger is on the glass, on a control or not: what is being said stops."""
        self.keys: Mapping[int, KeyName] = keypad.parse("")
        """The tactile keypad: SDL key code -> name."""
        self.closable = True
        """Whether a request to close the window (Alt-F4) is granted: on a tester's desk, never on a terminal."""
        self._held: set[int] = set()
        self._struck: tuple[str, float] = ("", 0.0)
        window.canvas.add(self._layer.group)
        self._place()
        # without a display nothing waits for the drawing, and the driver would queue frame after frame in memory
        window.bind(on_flip=self._flip, on_resize=self._resized)
        window.bind(on_touch_down=self._down, on_touch_move=self._move, on_touch_up=self._up)
        window.bind(on_key_down=self._key_down, on_key_up=self._key_up, on_request_close=self._close_asked)
        Clock.schedule_interval(self.sail, FERRY_STEP_S)

    def close(self) -> None:
        """Let the window go; nothing is drawn or touched through this view any more."""
        Clock.unschedule(self.sail)
        self._repaint.cancel()
        window = self._window
        window.unbind(on_flip=self._flip, on_resize=self._resized)
        window.unbind(on_touch_down=self._down, on_touch_move=self._move, on_touch_up=self._up)
        window.unbind(on_key_down=self._key_down, on_key_up=self._key_up, on_request_close=self._close_asked)
        window.canvas.remove(self._layer.group)

    # ------------------------------------------------------------------------------------------------ drawing

    def _close_asked(self, *_args: object, **_source: object) -> bool:
        return not self.closable

    def _flip(self, *_args: object) -> None:
        glFinish()

    def _resized(self, *_args: object) -> None:
        self._place()

    def _place(self) -> None:
        """Show the display as large as the window allows, its shape kept, in the middle."""
        width, height = self._window.size
        self._scale = min(width / self.size[0], height / self.size[1])
        self._at = ((width - self.size[0] * self._scale) / 2, (height - self.size[1] * self._scale) / 2)
        self._layer.place(self._at, self._scale)

    def letters_of(self, model: ScreenModel) -> Letters:
        """The letters of a screen's language; the Hong Kong face is opened when it is first needed."""
        face = face_of(model.language)
        if face not in self._letters:
            self._letters[face] = Letters(self._fonts, face)
        return self._letters[face]

    def draw(self, model: ScreenModel) -> bool:
        """Lay the model out and draw it; False when it is what is shown already."""
        if model == self.model:
            return False
        if self.model is not None and self.model.session_id != model.session_id:
            for letters in self._letters.values():
                letters.forget()
        self.sheet = lay_out(model, self.size, self.letters_of(model).measure)
        self.model = model
        self._paint()
        self.on_drawn()
        return True

    def _paint_pressed(self, _dt: float) -> None:
        self._paint()

    def _paint(self) -> None:
        if self.sheet is None or self.model is None:
            return
        self._layer.paint(self.sheet, self.letters_of(self.model), self._pressed_index())
        self._window.canvas.ask_update()

    def _pressed_index(self) -> int:
        if self._pressed is None or self.sheet is None:
            return -1
        ids = [target.control.id for target in self.sheet.targets]
        return ids.index(self._pressed[1]) if self._pressed[1] in ids else -1

    def pixels(self) -> bytes:
        """RGBA bytes of what is shown, bottom row first, in the display's own size."""
        if tuple(self._window.size) == self.size:
            return read_window(self._window)
        if self.sheet is None or self.model is None:
            return bytes(4 * self.size[0] * self.size[1])
        return read_apart(self.size, self.sheet, self.letters_of(self.model), self._pressed_index())

    def sail(self, _dt: float = 0.0) -> None:
        """Move the ferry of the attract screen, the only thing that moves by itself."""
        if self.sheet is None or not self.sheet.ferry or (self.model is not None and self.model.modes.calm):
            return
        span = self.size[0] + 2 * FERRY_AWAY + 240
        self.ferry_x = (self.ferry_x + FERRY_SPEED * FERRY_STEP_S) % span
        self._layer.move_ferry(self.ferry_x, self.size[0] + FERRY_AWAY, span)
        self._window.canvas.ask_update()

    # ------------------------------------------------------------------------------------------------ touches

    def to_display(self, x: float, y: float) -> tuple[float, float]:
        """Window coordinates (origin bottom left) to display pixels (origin top left)."""
        return (x - self._at[0]) / self._scale, self.size[1] - (y - self._at[1]) / self._scale

    def to_window(self, x: float, y: float) -> tuple[float, float]:
        """Display pixels to what the window system reports for a finger there (origin top left)."""
        left, bottom = self._at
        window_y = bottom + (self.size[1] - y) * self._scale
        return left + x * self._scale, self._window.size[1] - window_y

    def target_at(self, x: float, y: float) -> Target | None:
        """The control at a place on the display."""
        if self.sheet is None:
            return None
        return next((one for one in self.sheet.targets if one.rect.holds(x, y)), None)

    def _down(self, _window: object, touch: Touch) -> bool:
        self.on_touched()
        if self._pressed is not None:
            return True
        target = self.target_at(*self.to_display(touch.x, touch.y))
        if target is not None and target.control.enabled:
            self._pressed = (touch.uid, target.control.id)
            self._repaint()
        return True

    def _move(self, _window: object, _touch: Touch) -> bool:
        """Only down and up count: no gesture is ever needed."""
        return True

    def _up(self, _window: object, touch: Touch) -> bool:
        pressed = self._pressed
        if pressed is not None and pressed[0] == touch.uid:
            self._pressed = None
            target = self.target_at(*self.to_display(touch.x, touch.y))
            if target is not None and target.control.id == pressed[1]:
                self._fire(target.control)
            self._repaint()
        self.on_released()
        return True

    def _fire(self, control: Control) -> None:
        model = self.model
        if model is None or control.event is None or not control.enabled:
            return
        screen = (model.session_id, model.name, model.title, model.steps)
        if control.role in DEBOUNCED:
            now = self.now()
            self._fired = {id_: one for id_, one in self._fired.items() if now - one[1] < DEBOUNCE_S}
            before = self._fired.get(control.id)
            self._fired[control.id] = (screen, now)
            if before is not None and (before[0] == screen or control.role == "primary"):
                return  # a double tap on one screen must not agree to the next one unread
        self._send(control.event)

    # --------------------------------------------------------------------------------------------------- keys

    def _key_down(self, _window: object, code: int, _scan: int, _text: str | None, modifiers: list[str]) -> bool:
        """A key of the tactile keypad is sent once for each press, however long it is held."""
        key = self.keys.get(code)
        model = self.model
        held = code in self._held
        self._held.add(code)
        if key is None or model is None or CHORDS & set(modifiers) or held or self._struck_twice(key, model):
            return True
        self._send(KeyPressed(key, session_id=model.session_id))
        return True

    def _struck_twice(self, key: KeyName, model: ScreenModel) -> bool:
        """In calm mode, whether a key comes again so soon that a trembling hand did it (EN 301 549, 5.8)."""
        before, at = self._struck
        self._struck = (key, self.now())
        return model.modes.calm and key == before and self.now() - at < STRIKE_S

    def _key_up(self, _window: object, code: int, _scan: int) -> bool:
        self._held.discard(code)
        return True

    # ----------------------------------------------------------------------------------------------- elements

    def elements(self) -> list[dict[str, object]]:
        """Every control and every other text of the screen, in drawing order."""
        if self.sheet is None:
            return []
        found: list[dict[str, object]] = [
            _element(label.id, "text", label.text, label.rect, enabled=True) for label in self.sheet.labels
        ]
        for control, rect in self.sheet.targets:
            found.append(_element(control.id, control.role, control.text, rect, enabled=control.enabled))
        return found


def _element(id_: str, role: str, text: str, rect: Rect, *, enabled: bool) -> dict[str, object]:
    return {
        "id": id_,
        "role": role,
        "text": text,
        "enabled": enabled,
        "x": rect.x,
        "y": rect.y,
        "width": rect.width,
        "height": rect.height,
    }
