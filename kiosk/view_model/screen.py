"""`render`: the session as a screen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.screen_model import ScreenModel
from kiosk.session.state import State
from kiosk.view_model import failure, finish, form, identity, modes, paper, service, start, view
from kiosk.view_model.asking import app, company, outcome, phone, places, search
from kiosk.view_model.frame import Scene

VIEWS: Mapping[State, Callable[[Scene], ScreenModel]] = {
    State.ATTRACT: start.attract,
    State.START: start.start,
    State.CARD: start.card,
    State.ASKING_APP: app.asking,
    State.APP: app.code,
    State.IDENTITY: identity.page,
    State.READING: start.card,
    State.PIN: start.pin,
    State.CHECKING_PIN: start.pin,
    State.HOME: start.home_screen,
    State.SEARCH: search.page,
    State.AGENCIES: search.agencies,
    State.SERVICES: start.services,
    State.INTRO: service.intro,
    State.CONSENT: company.asked,
    State.FETCHING: service.fetching,
    State.VIEW: view.page,
    State.LOOKING: outcome.looking,
    State.PLACES: places.page,
    State.FORM: form.form,
    State.CHECK: form.check,
    State.HANDING: phone.sending,
    State.PHONE: phone.code,
    State.APPROVING: app.approving,
    State.SIGNING: finish.working,
    State.WAITING: finish.working,
    State.CONFIRMING: outcome.confirming,
    State.SAVED: finish.saved,
    State.RECEIPT: paper.receipt,
    State.PRINTING: paper.printing,
    State.TAKE_PAPER: paper.take_paper,
    State.ADDRESS: paper.address,
    State.RATING: finish.rating,
    State.TAKE_CARD: finish.take_card,
    State.GOODBYE: identity.goodbye,
    State.TIMEOUT: finish.timeout,
    State.HELP: finish.help_screen,
    State.MODES: modes.modes,
    State.FAILURE: failure.failure,
}


def render(scene: Scene) -> ScreenModel:
    """Return the screen of the scene's session. Every state has one."""
    return modes.curtained(scene, VIEWS[scene.session.state](scene))
