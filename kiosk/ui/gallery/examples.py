"""All example screens by the number of their design picture, and the modes in which the pictures show them."""

from __future__ import annotations

from typing import NamedTuple

from kiosk.screen_model import Modes, ScreenModel
from kiosk.ui.gallery import beginning, ending, machine, paper, places, service, trouble, writing
from kiosk.ui.gallery.common import Example, Scene
from kiosk.ui.theme import LANDSCAPE, PORTRAIT

EXAMPLES: dict[str, Example] = {
    "10-attract": beginning.attract,
    "11-start": beginning.start,
    "12-insert-card": beginning.insert_card,
    "13-pin": beginning.pin,
    "14-pin-wrong": beginning.pin_wrong,
    "15-home": beginning.home,
    "17-intro": service.intro,
    "18-consent": service.consent,
    "19-form": service.form,
    "20-question-pinyin": service.text_question,
    "21-date": service.date,
    "21-number": service.number,
    "22-choice": service.choice,
    "23-check": service.check,
    "24-working": ending.working,
    "25-saved": ending.saved,
    "26-saved-offline": ending.saved_offline,
    "27-receipt": paper.receipt,
    "28-print-trouble": paper.print_unknown,
    "29-rating": ending.rating,
    "30-take-card": ending.take_card,
    "31-timeout": ending.timeout,
    "32-card-pulled": trouble.card_pulled,
    "33-out-of-service": machine.out_of_service,
    "39-home-offline": beginning.home_offline,
    "54-pin-blocked": trouble.pin_blocked,
    "55-card-unreadable": trouble.card_unreadable,
    "56-card-unknown": trouble.card_unknown,
    "57-card-expired": trouble.card_expired,
    "58-wrong": writing.wrong,
    "59-help": machine.help_,
    "61-handwriting": writing.handwriting,
    "62-place-district": places.district,
    "68-tax-check": trouble.tax_check,
    "69-no-paper": machine.no_paper,
    "70-printing": paper.printing,
    "71-half-printed": paper.half_printed,
    "73-card-swapped": trouble.card_swapped,
    "75-keypad-focus": writing.keypad_focus,
}
"""Name of the design picture -> the same screen as a model."""


class Variant(NamedTuple):
    """One design picture that shows an example in another mode."""

    example: str
    scene: Scene
    size: tuple[int, int] = PORTRAIT


VARIANTS: dict[str, Variant] = {
    "40-home-large": Variant("15-home", Scene(modes=Modes(1.6))),
    "41-home-large2": Variant("15-home", Scene(modes=Modes(2.0))),
    "42-home-dark": Variant("15-home", Scene(modes=Modes(contrast="dark"))),
    "43-home-hlight": Variant("15-home", Scene(modes=Modes(contrast="hlight"))),
    "44-home-reach": Variant("15-home", Scene(modes=Modes(reach=True))),
    "45-home-en": Variant("15-home", Scene("en")),
    "46-home-landscape": Variant("15-home", Scene(), LANDSCAPE),
    "47-pin-reach": Variant("13-pin", Scene(modes=Modes(reach=True))),
    "48-saved-en-large": Variant("25-saved", Scene("en", Modes(1.25))),
    "49-offline-dark": Variant("26-saved-offline", Scene(modes=Modes(contrast="dark"))),
    "52-pin-landscape": Variant("13-pin", Scene(), LANDSCAPE),
    "53-form-large": Variant("19-form", Scene(modes=Modes(1.6))),
    "81-form-landscape": Variant("19-form", Scene(), LANDSCAPE),
    "82-check-landscape": Variant("23-check", Scene(), LANDSCAPE),
    "83-date-landscape": Variant("21-date", Scene(), LANDSCAPE),
    "84-home-landscape-large": Variant("15-home", Scene(modes=Modes(1.6)), LANDSCAPE),
    "85-pin-dark": Variant("13-pin", Scene(modes=Modes(contrast="dark"))),
    "86-form-dark": Variant("19-form", Scene(modes=Modes(contrast="dark"))),
    "87-check-white": Variant("23-check", Scene(modes=Modes(contrast="hlight"))),
    "88-saved-white": Variant("25-saved", Scene(modes=Modes(contrast="hlight"))),
}


def model(name: str, scene: Scene | None = None) -> ScreenModel:
    """The example of that name; without a scene in the mode its picture shows.

    Raises:
        KeyError: there is no such example.
    """
    variant = VARIANTS.get(name)
    if variant:
        return EXAMPLES[variant.example](scene or variant.scene)
    return EXAMPLES[name](scene or Scene())


def display(name: str) -> tuple[int, int]:
    """The display size on which the picture of that name shows it."""
    return VARIANTS[name].size if name in VARIANTS else PORTRAIT
