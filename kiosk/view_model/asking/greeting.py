"""Home's one alert (15): what the city told at the greeting, as one control above the life events. Pure."""

from __future__ import annotations

from kiosk.screen_model import Choices, Control
from kiosk.services.definition import words
from kiosk.session.arrival import greeting
from kiosk.session.asking.events import AlertChosen
from kiosk.view_model.frame import Scene, button

LARGEST = 2.0


def alert(scene: Scene) -> tuple[Choices, ...]:
    """Return the alert; empty where there is nothing to say."""
    session, say = scene.session, scene.say
    due, catalogue = greeting.offered(session), session.world.catalogue
    if due is None or catalogue is None:
        return ()
    service = catalogue.services[due.service]
    assert service.greeting is not None  # it was what asked
    whose = due.companies[0].name if due.of == 1 else say("您 {m} 家公司中的 {k} 家", m=due.of, k=len(due.companies))
    detail = f"{whose} · {say('在这里办，约 {n} 分钟', n=service.minutes)}"
    control = Control(
        "alert",
        "choice",
        words(service.greeting.text, scene.language),
        AlertChosen(),
        detail="" if session.modes.text_scale == LARGEST else detail,
        meaning="att",
        onward=True,
    )
    return (Choices((button(scene, control),)),)
