"""Where a terminal stands, and the words it says there: from its enrolment and the files of this program."""

from __future__ import annotations

import functools
from functools import partial
from importlib import resources

from kiosk import failures
from kiosk.paper.receipts import Site
from kiosk.session.state import World
from kiosk.settings import Settings
from kiosk.view_model.frame import Words
from kiosk.words import i18n
from offline_cache.enrolment import Enrolment
from offline_cache.wire.receipt_token import sign_token

UNENROLLED_PLACE = {"zh-Hans": "还没有登记的终端", "en": "A terminal not yet enrolled"}


def printer_state(world: World) -> str:
    """Return one word for the printer."""
    status = world.printer
    if status is None or not status.answered:
        return "absent"
    if status.online:
        return "near-end" if status.paper == "near-end" else "ready"
    return "paper-out" if status.paper == "out" else "cover-open" if status.cover == "open" else "fault"


def site_of(enrolment: Enrolment | None, settings: Settings) -> Site:
    """Return where the terminal stands, from its enrolment."""
    if enrolment is None:
        return Site(UNENROLLED_PLACE, "-")
    place = {key.removeprefix("place."): value for key, value in enrolment.site.items() if key.startswith("place.")}
    sign = partial(sign_token, key=enrolment.private_key)
    return Site(place or UNENROLLED_PLACE, enrolment.terminal, sign, settings.verify_url)


def words(site: Site) -> Words:
    """Return the words of every language, each catalogue read once."""
    table = failures.parse(resources.files("assets").joinpath("failure_codes.toml").read_text("utf-8"))
    return Words(functools.cache(i18n.sayer), table, site)


def staff_words(said: Words) -> Words:
    """Return the words of staff mode: read when it is first opened."""
    return Words(functools.cache(i18n.staff_sayer), said.failures, said.site)
