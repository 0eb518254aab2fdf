"""What the keys of the tactile keypad do, on the screen while it is used (75). Pure."""

from __future__ import annotations

from kiosk.pieces.drawn import Legend
from kiosk.words.i18n import Say


def legend(say: Say, pressed: str = "") -> Legend:
    """Return the legend; `pressed` is the arrow that was pressed last."""
    rows = (
        (say("上下键"), say("换一个")),
        (say("圆点键"), say("就要这个")),
        (say("再读"), say("这一项再读一遍")),
    )
    return Legend(rows, say("帮助"), say("再读"), pressed)
