"""The states that a visit comes to, each reached by what a hand, a card or an office did. Sessions, not pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.api import CardFacts, JobState, PrintResult
from kiosk import events as e
from kiosk import failures
from kiosk.pieces.modes import Modes
from kiosk.session.asking.events import HandedOver, IdentityRead, SignInMade, SignInSeen
from kiosk.session.state import Session, State
from kiosk.settings import Settings
from tests.unit.test_address_known import moving
from tests.unit.test_correcting import at, priced
from tests.unit.test_handwriting import YOU, Writer
from tests.unit.test_keeping import again, half_filled
from tests.unit.test_picking import LIWAN, asked, correcting
from tests.unit.test_pinyin import Typist
from tests.unit.visit_kit import ASSETS, HOLDER, MOUTH, SIGN_IN, Visit

FAILURES = failures.parse(ASSETS.joinpath("failure_codes.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Way:
    """How a state is reached, and the number of the look's picture of it, or empty."""

    of: Callable[[], Visit]
    picture: str = ""


def _wrong_pin() -> Visit:
    return Visit().to_pin().pin().send(e.PinRefused(tries_left=2))


def _half() -> Visit:
    result = PrintResult(JobState.PARTIAL, "paper-out", 900, pieces=2, pieces_done=1)
    return Visit().to_printing().send(e.PrintFinished(result))


def _spoken(*, dark: bool) -> Visit:
    visit = Visit().to_pin()
    visit.session = replace(visit.session, modes=Modes(speech=True, dark_glass=dark))
    return visit


IDENTITY_FACTS = CardFacts("resident-id", "", "", "", "2020-01-01", "2040-01-01")


def _identity() -> Visit:
    visit = Visit(settings=Settings(identity_reader_port="/dev/kiosk-identity"))
    return visit.touch("language.zh", "start.browse").to_intro("card-lost").touch("primary")


def _modes() -> Visit:
    visit = Visit().touch("language.zh", "modes")
    visit.session = replace(visit.session, modes=Modes(speech=True))
    return visit


def _cut(visit: Visit) -> Visit:
    return visit.send(e.NetworkChanged(up=False))


def _disputed() -> Visit:
    visit = Visit().to_form("household-proof")
    wrong = next(name for name in visit.controls if name.startswith("wrong."))
    return visit.touch(wrong)


def _sent() -> Visit:
    visit = Visit().to_saved().touch("primary", "receipt.email", "primary")
    return visit.send(e.EntrySaved("notice", 2, "T0001-000001", 0))


def _app() -> Visit:
    return Visit().touch("language.zh", "start.app").send(SignInMade(SIGN_IN))


def _companies() -> Visit:
    return Visit("director").to_home().to_intro("business").touch("primary").answered()


def _on_the_telephone() -> Visit:
    return Visit().to_form().touch("phone").send(HandedOver("https://city.example.invalid/p?k=7QX2"))


WAYS: dict[str, Way] = {
    "attract": Way(Visit, "10"),
    "start": Way(lambda: Visit().touch("language.zh"), "11"),
    "modes": Way(_modes),
    "card": Way(lambda: Visit().touch("language.zh", "start.card"), "12"),
    "reading": Way(lambda: Visit().touch("language.zh", "start.card").insert(), "12"),
    "identity": Way(_identity),
    "identity goodbye": Way(lambda: _identity().send(IdentityRead(IDENTITY_FACTS, HOLDER)).touch("finish")),
    "identity card": Way(lambda: Visit().touch("language.zh", "start.browse").to_intro("card-lost").touch("primary")),
    "code asked for": Way(lambda: Visit().touch("language.zh", "start.app")),
    "code for the app": Way(_app),
    "digits on the telephone": Way(lambda: _app().send(SignInSeen("opened"))),
    "pin": Way(lambda: Visit().to_pin(), "13"),
    "pin being checked": Way(lambda: Visit().to_pin().pin(), "13"),
    "pin wrong": Way(_wrong_pin, "14"),
    "home": Way(lambda: again(half_filled().pull()), "15"),
    "home told": Way(lambda: Visit("owner").to_home().greeted(), "15"),
    "home told of one in two": Way(lambda: Visit("director").to_home().greeted()),
    "home offline": Way(lambda: _cut(Visit().to_home()), "39"),
    "search": Way(lambda: Visit().to_home().touch("search")),
    "search found": Way(lambda: Visit().to_home().touch("search").type("G"), "16"),
    "search found nothing": Way(lambda: Visit().to_home().touch("search").type("GQQ")),
    "agencies": Way(lambda: Visit().to_home().touch("agencies")),
    "services of an agency": Way(lambda: Visit().to_home().touch("agencies", "agency.tax")),
    "without a card": Way(lambda: Visit().touch("language.zh", "start.browse")),
    "services of an event": Way(lambda: Visit().to_home().touch("event.moved")),
    "intro": Way(lambda: Visit().to_home().to_intro("school"), "17"),
    "consent": Way(lambda: Visit().to_home().to_intro("school").touch("primary"), "18"),
    "which company": Way(_companies),
    "fetching": Way(lambda: Visit().to_home().to_intro("school").touch("primary", "primary")),
    "rows": Way(lambda: Visit().to_form("household-proof"), "19"),
    "rows disputed": Way(lambda: _disputed().touch("primary")),
    "wrong value": Way(lambda: priced().type("2580000"), "58"),
    "wrong choice": Way(lambda: at(Visit("rare-name").to_form("deed-tax"), "wrong.homes")),
    "wrong words": Way(_disputed),
    "wrong proof": Way(lambda: priced().type("2580000").touch("primary", "proof.later")),
    "district": Way(lambda: moving({"district": "440103"}, card=True), "62"),
    "street": Way(lambda: asked().touch(LIWAN).type("H"), "63"),
    "every street": Way(lambda: asked().touch(LIWAN, "list.search")),
    "community": Way(correcting),
    "address elsewhere": Way(lambda: asked().touch("area.elsewhere")),
    "long list": Way(lambda: asked("nation")),
    "long list by letters": Way(lambda: asked("nation").touch("list.search").type("D")),
    "writing square": Way(lambda: Writer().asked().write(*YOU), "61"),
    "writing square empty": Way(lambda: Writer().asked()),
    "pinyin": Way(lambda: Typist().asked().type("youer"), "20"),
    "pinyin written": Way(lambda: Typist().asked().type("youer").touch("candidate.0", "pad.letters").type("12")),
    "form being handed over": Way(lambda: Visit().to_form().touch("phone")),
    "form on the telephone": Way(_on_the_telephone),
    "number": Way(lambda: Visit().to_question("count", "every-type").type("7")),
    "money": Way(lambda: Visit().to_question("sum", "every-type").type("12.5")),
    "date": Way(lambda: Visit().to_question("day", "every-type").type("20260"), "21"),
    "date refused": Way(lambda: Visit().to_question("day", "every-type").type("20261301").touch("primary")),
    "phone number": Way(lambda: Visit().to_question("phone", "every-type").type("138")),
    "e-mail": Way(lambda: Visit().to_question("email", "every-type").type("a@b")),
    "choice": Way(lambda: Visit().to_question("agreed", "every-type"), "22"),
    "check": Way(lambda: Visit().to_check(), "23"),
    "approving": Way(lambda: Visit().to_approval()),
    "signing": Way(lambda: Visit().to_check().submit(), "24"),
    "sending": Way(lambda: Visit().to_check().submit().signed().saved(), "24"),
    "saved": Way(lambda: Visit().to_saved(), "25"),
    "saved offline": Way(lambda: _cut(Visit().to_check()).submit().signed().saved(), "26"),
    "receipt": Way(lambda: Visit().to_saved().touch("primary"), "27"),
    "receipt without paper": Way(lambda: Visit().to_saved().printer(paper="out").touch("primary", "receipt.sms"), "69"),
    "receipt by message": Way(lambda: Visit().to_saved("bare").touch("primary", "receipt.sms", "primary")),
    "receipt sent": Way(_sent),
    "printing": Way(lambda: Visit().to_printing(), "70"),
    "paper to take": Way(lambda: Visit(printer=MOUTH).to_printing().printed(JobState.DONE)),
    "print unknown": Way(lambda: Visit().to_printing().printed(JobState.UNKNOWN), "28"),
    "copy": Way(lambda: Visit().to_printing().printed(JobState.UNKNOWN).touch("paper.nothing"), "72"),
    "half printed": Way(_half, "71"),
    "rating": Way(lambda: Visit().to_saved().touch("primary", "back"), "29"),
    "take card": Way(lambda: Visit().to_home().touch("finish"), "30"),
    "goodbye": Way(lambda: Visit().by_app().touch("finish")),
    "timeout": Way(lambda: half_filled().fire("idle"), "31"),
    "card pulled": Way(lambda: half_filled().pull(), "32"),
    "help": Way(lambda: Visit().to_form().touch("help"), "59"),
    "new PIN": Way(lambda: Visit().to_new_pin()),
    "looking": Way(lambda: Visit().to_looking()),
    "confirming": Way(lambda: Visit().to_confirming()),
    "unanswered": Way(lambda: Visit().to_confirming().fire("wait")),
    "speech": Way(lambda: _spoken(dark=False)),
    "screen off": Way(lambda: _spoken(dark=True), "74"),
}
"""Name -> how it comes about."""

FAILED_PICTURES = {
    "pin-blocked": "54",
    "card-unreadable": "55",
    "card-unknown": "56",
    "card-expired": "57",
    "card-swapped": "73",
    "reader-absent": "33",
}


def failed(code: str) -> Session:
    """A visit that a failure stopped, at the form where the citizen may go back to one."""
    session = Visit().to_form().session
    return replace(session, state=State.FAILURE, failure=code, resume=State.FORM)


def failure_pictures() -> dict[str, str]:
    """Failure code -> the number of the look's picture of it, or empty."""
    return {code: FAILED_PICTURES.get(code, "") for code in FAILURES}
