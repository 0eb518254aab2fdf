"""What every staff screen has: the status line, who is in, the way out, the aids. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk import events as e
from kiosk.failures import Failure
from kiosk.frozen import frozen, replace
from kiosk.paper.receipts import Site
from kiosk.screen_model import Control, ScreenModel
from kiosk.session.state import Session
from kiosk.staff.events import NameHeld
from kiosk.staff.part import Staff
from kiosk.view_model import frame
from kiosk.view_model.frame import Scene
from kiosk.words.i18n import Say

HOLD_S = 5.0
"""How long the terminal's name is held."""
AIDS = frozenset({"mode.large", "mode.contrast", "mode.language"})
"""The aids that a technician has: voice, help and the lowered screen are the citizen's."""


@frozen
class View:
    """What a staff screen is drawn from."""

    staff: Staff
    say: Say
    site: Site
    failures: Mapping[str, Failure]

    @property
    def scene(self) -> Scene:
        """The same world as a citizen's scene: for pieces that are drawn alike."""
        staff = self.staff
        return Scene(
            Session(world=staff.world, language=staff.language, modes=staff.modes), self.say, self.failures, self.site
        )


def blank(view: View, name: str) -> ScreenModel:
    """Return the frame of a staff screen, `name` as in `staff.maintenance`, with an empty body."""
    model = frame.blank(view.scene)
    leave = Control("finish", "finish", view.say("退出维护"), e.FinishPressed(), icon="cross")
    seen = tuple(one for one in model.aids if one.id in AIDS)
    modes = replace(model.modes, reach=False)
    return replace(model, name=name, finish=leave, aids=seen, chips=(), modes=modes, lowered_note="")


def for_citizens(view: View, name: str) -> ScreenModel:
    """Return the frame of a screen that citizens see while staff mode is on, with their aids but voice and help."""
    model = frame.blank(view.scene)
    seen = tuple(one for one in model.aids if one.id in AIDS | {"mode.reach"})
    return replace(model, name=name, finish=None, aids=seen, chips=())


def with_way_in(model: ScreenModel) -> ScreenModel:
    """Return the attract screen, or that of a closed terminal, on which the name can be held; any other as it is."""
    if model.name not in {"attract", "out-of-service"}:
        return model
    held = Control("staff.way-in", "text", model.terminal, NameHeld(), hold_s=HOLD_S)
    return replace(model, way_in=held)


def primary(view: View, text: str, *, enabled: bool = True, icon: str = "", onward: bool = True) -> Control:
    """Return the one way forward (`PrimaryPressed`)."""
    return frame.primary(view.scene, text, enabled=enabled, icon=icon, onward=onward)


def back(view: View, text: str = "") -> Control:
    """Return the quiet way back (`BackPressed`)."""
    return frame.back(view.scene, text)
