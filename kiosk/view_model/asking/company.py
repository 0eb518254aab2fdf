"""For which company a visit is made, where the holder stands for several; then the consent. Pure."""

from __future__ import annotations

from kiosk.events import AnswerChosen
from kiosk.frozen import replace
from kiosk.screen_model import Choices, Control, ScreenModel
from kiosk.session.common import application_of
from kiosk.session.form import pages, per_page
from kiosk.view_model.form import pager
from kiosk.view_model.frame import Scene, back, button
from kiosk.view_model.service import consent, stepped


def asked(scene: Scene) -> ScreenModel:
    """The consent, or before it the question for which company; a touch on one goes on."""
    acting, say = application_of(scene.session).acting, scene.say
    if not acting.open:
        return _named(scene, consent(scene), acting.name)
    size = per_page(scene.session, "choices")
    count = pages(len(acting.companies), size)
    page = min(application_of(scene.session).page, count - 1)
    rows = tuple(
        button(scene, Control(f"company.{one.number}", "choice", one.name, AnswerChosen(one.number), detail=one.number))
        for one in acting.companies[page * size : page * size + size]
    )
    return replace(
        stepped(scene, 2, say("选公司")),
        title=say("替哪一家公司办？"),
        subtitle=say("只查您选的这一家。"),
        body=(Choices(rows), *pager(scene, page, count)),
        back=back(scene),
    )


def _named(scene: Scene, model: ScreenModel, company: str) -> ScreenModel:
    """Say above the consent for which company it is given."""
    if not company:
        return model
    said = scene.say("替{company}办", company=company)
    return replace(model, subtitle=f"{said} · {model.subtitle}" if model.subtitle else said)
