"""The window's content: draws models, turns touches into the events that controls carry. Main thread only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from kivy.clock import Clock  # pyright: ignore[reportMissingTypeStubs]
from kivy.graphics.opengl import (  # pyright: ignore[reportMissingTypeStubs, reportMissingModuleSource]
    glFinish,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from kiosk.events import Event, KeyName, KeyPressed
from kiosk.screen_model import Control, ScreenModel
from kiosk.staff.events import GlassTouched
from kiosk.ui.drawing import Shape, Sheet, Target, extent
from kiosk.ui.glass import keypad
from kiosk.ui.glass.aim import Aim, same, screen_of, target_at
from kiosk.ui.glass.damage import Damage
from kiosk.ui.glass.ink import MOST_SEEN, Ink
from kiosk.ui.glass.painter import Layer, read_apart, read_window
from kiosk.ui.letters import Letters, face_of
from kiosk.ui.screen import lay_out
from kiosk.ui.theme import Rect

STRIKE_S = 0.5
"""In calm mode the same key again within this time is the shaking of a hand."""
LOST_S = 2.0
"""A finger that has rested so long is a palm, or was lifted unseen: the next one takes its place. Alone it still
counts, however slowly it presses."""
KEY_LOST_S = 2.0
"""A key that is held repeats many times a second; silent for so long, it was let go unseen."""
CHORDS = frozenset({"ctrl", "alt", "meta"})
"""Keys held together with these mean nothing here."""
SQUARE = "square"
"""Id and role of the writing square among the elements."""
FERRY_STEP_S = 1.0
"""Each step draws the whole screen: twice as often costs twice as much of a core while nobody is there."""
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
        self._damage = Damage(window)
        self._at, self._scale = (0.0, 0.0), 1.0
        self.now: Callable[[], float] = time.monotonic
        self.model: ScreenModel | None = None
        self.sheet: Sheet | None = None
        self._aim = Aim()
        self._pressed: tuple[int, Control] | None = None
        """uid of the finger and the control that it went down on."""
        self._ink: Ink | None = None
        """What a finger is writing; after it was lifted, until the screen with its stroke comes, `_dry`."""
        self._dry = False
        self._way: list[tuple[float, float]] = []
        """Where the pointer went since it came down. Kivy gives a touch once a frame, with the last of these places."""
        self._since = 0.0
        """When the finger that counts came down, or wrote."""
        self._repaint: Any = Clock.create_trigger(self._paint_pressed, -1)
        """However many fingers come and go, what is pressed is drawn once a frame."""
        self._rewrite: Any = Clock.create_trigger(self._paint_ink, -1)
        self._painted: tuple[int, Rect | None] = (-1, None)
        """What is drawn as pressed, and where a stroke is drawn."""
        self.ferry_x = 0.0
        self.on_drawn: Callable[[], None] = lambda: None
        self.on_released: Callable[[], None] = lambda: None
        self.on_touched: Callable[[], None] = lambda: None
        """A finger is on the glass, on a control or not: what is being said stops."""
        self.keys: Mapping[int, KeyName] = keypad.parse("")
        """The tactile keypad: SDL key code -> name."""
        self.closable = True
        """Whether a request to close the window (Alt-F4) is granted: on a tester's desk, never on a terminal."""
        self._held: dict[int, float] = {}
        self._struck: tuple[str, float] = ("", 0.0)
        window.canvas.add(self._layer.group)
        self._place()
        # without a display nothing waits for the drawing, and the driver would queue frame after frame in memory
        window.bind(on_flip=self._flip, on_resize=self._resized)
        window.bind(on_touch_down=self._down, on_touch_move=self._move, on_touch_up=self._up)
        window.bind(on_mouse_down=self._pen_down, on_mouse_move=self._pen_moved)
        window.bind(on_key_down=self._key_down, on_key_up=self._key_up, on_request_close=self._close_asked)
        Clock.schedule_interval(self.sail, FERRY_STEP_S)

    def close(self) -> None:
        """Let the window go; nothing is drawn or touched through this view any more."""
        Clock.unschedule(self.sail)
        self._repaint.cancel()
        self._rewrite.cancel()
        window = self._window
        window.unbind(on_flip=self._flip, on_resize=self._resized)
        window.unbind(on_touch_down=self._down, on_touch_move=self._move, on_touch_up=self._up)
        window.unbind(on_mouse_down=self._pen_down, on_mouse_move=self._pen_moved)
        window.unbind(on_key_down=self._key_down, on_key_up=self._key_up, on_request_close=self._close_asked)
        self._damage.close()
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
        self._layer.ground = max(self._at) >= 1  # beside the display the window stays black
        self._paint()

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
        if self.model is not None and screen_of(self.model) != screen_of(model):
            self._pressed = None  # the finger that is still down belongs to the screen before
        self.sheet = lay_out(model, self.size, self.letters_of(model).measure)
        self.model = model
        self._aim.lay(screen_of(model), self.sheet, self.now())
        if self._ink is not None and (self._dry or self.sheet.square != self._ink.square):
            self._ink = None
        self._paint()
        self.on_drawn()
        return True

    def _paint_pressed(self, _dt: float) -> None:
        """Draw the control under the finger pressed and the one before let go, and nothing else."""
        before, after = self._painted, self._to_paint()
        if before == after and after[1] is None:
            return
        parts = [self._part_of(index) for index in {before[0], after[0]} - {-1}]
        parts += [part for part in {before[1], after[1]} if part is not None]
        self._paint(parts)

    def _to_paint(self) -> tuple[int, Rect | None]:
        return self._pressed_index(), self._ink.part if self._ink is not None else None

    def _part_of(self, index: int) -> Rect:
        """All that can look different while a control is pressed: it sinks by its lip."""
        assert self.sheet is not None
        own = [shape for shape in self.sheet.shapes if shape.group == index]
        rects = [self.sheet.targets[index].rect, *([extent(own)] if own else [])]
        rects += [Rect(one.x, one.y, one.width, one.height).inset(-one.size / 2)
                  for one in self.sheet.runs if one.group == index]  # fmt: skip
        left, top = min(one.x for one in rects), min(one.y for one in rects)
        right, bottom = max(one.right for one in rects), max(one.bottom for one in rects)
        return Rect(left, top, right - left, bottom - top + self.sheet.theme.lip)

    def _paint(self, parts: Sequence[Rect] | None = None) -> None:
        """Draw the sheet anew with the next frame; `parts`: nothing else than these parts of the display changed."""
        if self.sheet is None or self.model is None:
            return
        paper = self.sheet.theme.colour("paper")
        self._window.clearcolor = (0, 0, 0, 1) if self._layer.ground else (*paper, 1)
        self._painted = self._to_paint()
        self._layer.paint(self.sheet, self.letters_of(self.model), self._pressed_index(), self._trail())
        self._changed(parts)

    def _changed(self, parts: Sequence[Rect] | None) -> None:
        """Have the next frame draw these parts of the display; None: all of it."""
        if parts is None:
            self._damage.whole()
        for one in parts or ():
            (left, top), (right, bottom) = self.to_window(one.x, one.y), self.to_window(one.right, one.bottom)
            self._damage.add(Rect(left, self._window.size[1] - bottom, right - left, bottom - top))
        self._window.canvas.ask_update()

    def _paint_ink(self, _dt: float) -> None:
        if self.sheet is not None and self._ink is not None:
            self._layer.write(self._trail(), self.sheet.theme)
            self._changed([self._ink.part])

    def _trail(self) -> list[Shape]:
        return self._ink.shapes(self.sheet) if self._ink is not None and self.sheet is not None else []

    def _pressed_index(self) -> int:
        if self._pressed is None or self.sheet is None:
            return -1
        ids = [target.control.id for target in self.sheet.targets]
        return ids.index(self._pressed[1].id) if self._pressed[1].id in ids else -1

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
        self._changed(self._layer.move_ferry(self.ferry_x, self.size[0] + FERRY_AWAY, span))

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
        return target_at(self.sheet.targets, x, y) if self.sheet is not None else None

    def unseen_s(self, x: float, y: float) -> float:
        """How long a finger that comes down there does not count yet, because something else has just been there."""
        return self._aim.unseen_s(x, y, self.now())

    def _down(self, _window: object, touch: Touch) -> bool:
        self.on_touched()
        down = self._pressed is not None or (self._ink is not None and not self._dry)
        if down and self.now() - self._since < LOST_S:
            return True
        self._pressed, self._ink, self._dry = None, None, False
        self._since = self.now()
        place = self.to_display(touch.x, touch.y)
        way = self._way or [place]
        target = self.target_at(*place)
        if self.sheet is not None and self.sheet.square is not None and self.sheet.square.rect.holds(*way[0]):
            self._ink = Ink(touch.uid, self.sheet.square, way) if not self.unseen_s(*way[0]) else None
        elif target is not None and target.control.enabled and not self.unseen_s(*place):
            self._pressed = (touch.uid, target.control)
        self._repaint()
        return True

    def _pen_down(self, _window: object, x: float, y: float, button: str, _modifiers: object) -> None:
        if button == "left":
            self._way = [self.to_display(x, self._window.size[1] - y)]

    def _pen_moved(self, _window: object, x: float, y: float, _modifiers: object) -> None:
        if len(self._way) in range(1, MOST_SEEN):
            self._way.append(self.to_display(x, self._window.size[1] - y))

    def _move(self, _window: object, touch: Touch) -> bool:
        """On buttons only down and up count: no gesture is ever needed. In the writing square the finger writes."""
        if self._ink is not None and not self._dry and self._ink.finger == touch.uid:
            self._since = self.now()
            if not self._way and len(self._ink.way) < MOST_SEEN:  # a touch that is no pointer
                self._ink.way.append(self.to_display(touch.x, touch.y))
            self._rewrite()
        return True

    def _written(self) -> None:
        """The finger was lifted from the writing square: the stroke stays until the screen shows it."""
        assert self._ink is not None
        self._dry = True
        self._send(replace(self._ink.square.event, points=self._ink.stroke))

    def _up(self, _window: object, touch: Touch) -> bool:
        if self._ink is not None and not self._dry and self._ink.finger == touch.uid:
            self._written()
        pressed = self._pressed
        if pressed is not None and pressed[0] == touch.uid:
            self._pressed = None
            target = self.target_at(*self.to_display(touch.x, touch.y))
            if target is not None and same(target.control, pressed[1]) and self._long_enough(target.control):
                self._fire(_placed(target.control, self.to_display(touch.x, touch.y)))
            self._repaint()
        self._way = []
        self.on_released()
        return True

    def _long_enough(self, control: Control) -> bool:
        """Whether the finger that is lifted now has stayed as long as this control wants."""
        return self.now() - self._since >= control.hold_s

    def _fire(self, control: Control) -> None:
        if control.event is not None and control.enabled and not self._aim.twice(control, self.now()):
            self._send(control.event)

    # --------------------------------------------------------------------------------------------------- keys

    def _key_down(self, _window: object, code: int, _scan: int, _text: str | None, modifiers: list[str]) -> bool:
        """A key of the tactile keypad is sent once for each press, however long it is held."""
        key = self.keys.get(code)
        model = self.model
        held = self.now() - self._held.get(code, -KEY_LOST_S) < KEY_LOST_S
        self._held[code] = self.now()
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
        self._held.pop(code, None)
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
        if self.sheet.square is not None:
            found.append(_element(SQUARE, "square", self.sheet.square.label, self.sheet.square.rect, enabled=True))
        return found


def _placed(control: Control, at: tuple[float, float]) -> Control:
    """A control of the touch test tells where the finger was, not where it should have been."""
    if not isinstance(control.event, GlassTouched):
        return control
    return replace(control, event=replace(control.event, x=round(at[0]), y=round(at[1])))


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
