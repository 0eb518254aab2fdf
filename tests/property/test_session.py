"""Any event in any state: nothing falls over, nobody's data stay behind, and every visit comes to an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, note, settings
from hypothesis import strategies as st

from drivers.api import JobState, PrinterStatus, PrintResult, SlotState
from kiosk import events as e
from kiosk.log import Log
from kiosk.services import forms
from kiosk.services.definition import LIFE_EVENTS
from kiosk.session import state as s
from kiosk.session.asking import events as asked
from kiosk.session.common import BUSY, form_of
from kiosk.session.state import State
from tests.unit.test_session_table import EVENTS, RUNTIME_ONLY
from tests.unit.visit_kit import APP_HOLDER, AT_MS, CATALOGUE, FACTS, FAILURES, HOLDER, MOUTH, SIGN_IN, Visit

FIELD_IDS = sorted({item.id for service in CATALOGUE.services.values() for item in service.fields})
VALUES = sorted({choice.value for service in CATALOGUE.services.values() for item in service.fields
                 for choice in item.choices})  # fmt: skip
SERVICES = [*sorted(CATALOGUE.services), "gone"]
CODES = st.sampled_from([*sorted(FAILURES), "gateway-silent", "gateway-refused", "never-heard-of"])
SLOTS, INSERTIONS, SEQS = st.sampled_from(SlotState), st.integers(0, 3), st.integers(0, 3)
KINDS = st.sampled_from(["application", "rating", "notice", "supply"])
SUBJECTS = st.builds(
    e.SubjectData,
    st.sampled_from([*sorted(CATALOGUE.subjects), "x.y"]), st.sampled_from(sorted(CATALOGUE.agencies)),
    st.sampled_from(["2026-05-01", ""]),
    st.one_of(st.none(), st.dictionaries(st.sampled_from(["name", "hukou_city", "members", "dwell", "phone"]),
                                         st.one_of(st.text(max_size=4), st.none()), max_size=3)),
)  # fmt: skip
GREETINGS = st.lists(
    st.builds(e.SubjectData, st.just("tax.greeting"), st.just("tax"), st.just(""), st.fixed_dictionaries({
        "companies": st.lists(st.fixed_dictionaries({
            "uscc": st.sampled_from(["91440199MA0000001P", "91440199MA0000007A", ""]),
            "lname": st.sampled_from(["甲", ""]),
            "missing": st.booleans(),
        }), max_size=3)})),
    max_size=2,
).map(tuple)  # fmt: skip
PAYLOADS: dict[type[e.Event], st.SearchStrategy[e.Event]] = {
    e.LanguageChosen: st.builds(e.LanguageChosen, st.sampled_from(["zh-Hans", "en"])),
    e.StartChosen: st.builds(e.StartChosen, st.sampled_from(["card", "app", "browse"])),
    e.ModeToggled: st.builds(e.ModeToggled, st.sampled_from(["large", "contrast", "reach"])),
    e.PinErased: st.builds(e.PinErased, st.booleans()),
    e.PinLengthChanged: st.builds(e.PinLengthChanged, st.integers(0, 6)),
    e.LifeEventChosen: st.builds(e.LifeEventChosen, st.sampled_from(LIFE_EVENTS)),
    e.ServiceChosen: st.builds(e.ServiceChosen, st.sampled_from(SERVICES)),
    asked.AgencyChosen: st.builds(asked.AgencyChosen, st.sampled_from(["tax", "data", "?"])),
    e.PageTurned: st.builds(e.PageTurned, st.integers(-2, 2)),
    e.FieldDisputed: st.builds(e.FieldDisputed, st.sampled_from([*FIELD_IDS, "?"])),
    e.ChangeAsked: st.builds(e.ChangeAsked, st.sampled_from([*FIELD_IDS, "?"])),
    e.AnswerChosen: st.builds(e.AnswerChosen, st.sampled_from([*VALUES, "?"])),
    e.KeyTyped: st.builds(e.KeyTyped, st.one_of(st.sampled_from("0123456789AZ@."), st.text(max_size=2))),
    e.KeysErased: st.builds(e.KeysErased, st.booleans()),
    e.ReceiptChosen: st.builds(e.ReceiptChosen, st.sampled_from(["paper", "sms", "email", "both"])),
    e.PaperSeen: st.builds(e.PaperSeen, st.sampled_from(["whole", "half", "nothing"])),
    e.RatingChosen: st.builds(e.RatingChosen, st.integers(1, 5)),
    e.SlotChanged: st.builds(e.SlotChanged, SLOTS, INSERTIONS),
    e.CardRecognised: st.builds(e.CardRecognised, INSERTIONS, st.just(FACTS), st.integers(0, 6), st.booleans()),
    e.Enrolled: st.builds(e.Enrolled, st.just("T0042")),
    e.PinAccepted: st.builds(e.PinAccepted, st.just(HOLDER)),
    e.PinRefused: st.builds(e.PinRefused, st.integers(0, 5)),
    e.CardFailed: st.builds(e.CardFailed, CODES, INSERTIONS),
    e.DataFetched: st.builds(
        e.DataFetched, st.lists(SUBJECTS, max_size=4).map(tuple), st.sampled_from(SERVICES)
    ),
    e.LookupFailed: st.builds(e.LookupFailed, CODES, st.sampled_from(SERVICES)),
    e.DocumentSigned: st.builds(e.DocumentSigned, st.just(b"s"), st.just(b"c")),
    e.EntrySaved: st.builds(e.EntrySaved, KINDS, SEQS, st.just("T0001-000001"), st.just(AT_MS)),
    e.SaveFailed: st.builds(e.SaveFailed, KINDS, CODES),
    e.EntryAcked: st.builds(e.EntryAcked, SEQS, st.just(AT_MS)),
    e.PrintProgress: st.builds(e.PrintProgress, st.sampled_from(JobState)),
    e.PrintFinished: st.builds(e.PrintFinished, st.builds(
        PrintResult, st.sampled_from(JobState), st.sampled_from(["", "paper-out", "no-reply", "cutter"]),
        st.integers(0, 9))),
    asked.SheetFinished: st.builds(
        asked.SheetFinished, SEQS, st.just("T0001-000001"), st.sampled_from(SERVICES), st.builds(
        PrintResult, st.sampled_from(JobState), st.sampled_from(["", "paper-out", "no-reply"]), st.integers(0, 9))),
    e.PrinterChanged: st.builds(e.PrinterChanged, st.builds(
        PrinterStatus, st.booleans(), st.booleans(), st.sampled_from([None, "open", "closed"]),
        st.sampled_from([None, "ok", "near-end", "out"]), st.none(), ticket=st.sampled_from([None, "none"]))),
    e.TicketSeen: st.builds(
        e.TicketSeen, st.sampled_from(["waiting", "taken", "retracted", "jammed", "unknown"])),
    e.NetworkChanged: st.builds(e.NetworkChanged, st.booleans()),
    e.StoreChanged: st.builds(e.StoreChanged, st.sampled_from(["", "outbox-full", "storage-failed"])),
    e.ClockTicked: st.builds(e.ClockTicked, st.sampled_from(["2026-05-19T00:00", "2030-01-01T12:34"])),
    e.CatalogueChanged: st.builds(
        e.CatalogueChanged, st.sampled_from([CATALOGUE, replace(CATALOGUE, services={}, version="empty")])
    ),
    e.RowOpened: st.builds(e.RowOpened, st.integers(-1, 9)),
    e.ActionChosen: st.builds(e.ActionChosen, st.sampled_from(["steps", "supplement", "evaluate", "payments", "x"])),
    e.TimerFired: st.builds(e.TimerFired, st.sampled_from(["idle", "second", "wait", "app", "other"])),
    asked.GreetingCame: st.builds(asked.GreetingCame, INSERTIONS, GREETINGS),
    asked.SignInMade: st.builds(asked.SignInMade, st.just(SIGN_IN)),
    asked.SignInFailed: st.builds(asked.SignInFailed, CODES),
    asked.SignInSeen: st.one_of(
        st.builds(asked.SignInSeen, st.sampled_from(["waiting", "opened", "refused", "expired", "ended"])),
        st.builds(asked.SignInSeen, st.just("approved"), st.just(APP_HOLDER),
                  st.sampled_from(["", "waiting", "refused", "expired", "approved"]), st.just("token")),
    ),
}  # fmt: skip
ANY_EVENT = st.one_of(
    [PAYLOADS.get(kind, st.builds(kind)) for kind in EVENTS if kind not in RUNTIME_ONLY]  # pyright: ignore
)
BEGINNINGS: dict[str, Callable[[], Visit]] = {
    "attract": Visit,
    "pin": lambda: Visit().to_pin(),
    "checking": lambda: Visit().to_pin().pin(),
    "browsing": lambda: Visit().touch("language.zh", "start.browse").to_intro(),
    "home": lambda: Visit().to_home(),
    "app code": lambda: Visit().touch("language.zh", "start.app").send(asked.SignInMade(SIGN_IN)),
    "app home": lambda: Visit().by_app(),
    "approving": lambda: Visit().to_approval(),
    "goodbye": lambda: Visit().to_approval().touch("finish"),
    "services": lambda: Visit().to_home().touch("event.moved"),
    "consent": lambda: Visit().to_home().to_intro().touch("primary"),
    "fetching": lambda: Visit().to_home().to_intro().touch("primary", "primary"),
    "form": lambda: Visit().to_form(),
    "residence": lambda: Visit("newcomer").to_question("action", "residence"),
    "every type": lambda: Visit().to_question("day", "every-type"),
    "cases": lambda: Visit("owner").to_home().to_intro("my-cases").touch("primary", "primary").answered(),
    "timeline": lambda: Visit("owner").to_form("construction").touch("row.0"),
    "insurance": lambda: Visit().to_form("social-insurance"),
    "check": lambda: Visit().to_check(),
    "signing": lambda: Visit().to_check().submit(),
    "waiting": lambda: Visit().to_check().submit().signed().saved(),
    "receipt": lambda: Visit().to_saved().touch("primary"),
    "printing": lambda: Visit().to_printing(),
    "take paper": lambda: Visit(printer=MOUTH).to_printing().printed(JobState.DONE),
    "half": lambda: Visit().to_printing().printed(JobState.PARTIAL, "paper-out"),
    "address": lambda: Visit().to_saved("bare").touch("primary", "receipt.sms", "primary"),
    "rating": lambda: Visit().to_saved().touch("primary", "back"),
    "no printer": lambda: Visit(printer=None).to_home().to_intro().touch("primary"),
}
WITH_A_CARD = sorted(BEGINNINGS.keys() - {"app home", "approving"})
"""Who signed in with the app has no card that could go."""
ACTS = st.lists(st.one_of(ANY_EVENT, st.integers(0, 40)), min_size=1, max_size=25)


def act(visit: Visit, what: e.Event | int) -> None:
    """Something happens, or some control of the screen is touched."""
    if isinstance(what, e.Event):
        visit.send(what)
        return
    usable = [control.id for control in visit.controls.values() if control.event is not None]
    if usable:
        visit.touch(usable[what % len(usable)])


def held(visit: Visit) -> None:
    """Promises beyond those of every screen."""
    session = visit.session
    if session.holder is not None:
        assert (session.facts is None) is session.by_app
    if session.state is State.APPROVING:
        assert session.by_app
        assert session.draft is not None
    if session.state in {State.APP, State.START, State.CARD, State.READING, State.PIN, State.CHECKING_PIN}:
        assert (session.holder, session.draft) == (None, None)
    if session.state is State.SIGNING:
        assert session.application is not None
        form = form_of(session, session.application)
        asked = [item for item in forms.plan(form).questions if item.required]
        assert session.holder is None or all(form.answers.get(item.id) for item in asked)
    if session.state in {State.SAVED, State.RECEIPT, State.PRINTING, State.RATING, State.WAITING}:
        assert session.saved is not None
    if session.state not in BUSY | {State.ATTRACT, State.TAKE_CARD, State.TIMEOUT}:
        assert "idle" in visit.timers, f"{session.state} waits for ever"


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(BEGINNINGS)), ACTS)
def test_any_event_in_any_state_keeps_every_promise(beginning: str, acts: list[e.Event | int]) -> None:
    log = Log(None, lambda: 0)
    visit = BEGINNINGS[beginning]()
    for what in acts:
        note(f"{what!r} at {visit.state}")
        act(visit, what)
        held(visit)
    for effect in visit.effects:
        if isinstance(effect, s.Note):
            log.write(effect.event, effect.fields)
    ends(visit)


def ends(visit: Visit) -> None:
    """The citizen walks away with the card: time alone brings the terminal back to where it began."""
    visit.pull()
    if visit.state is State.SIGNING:
        visit.send(e.SaveFailed("application", "storage-failed"))
    if visit.state in {State.APP, State.APPROVING}:
        visit.send(asked.SignInSeen("expired"))
    for _ in range(400):
        if visit.state is State.ATTRACT and "idle" not in visit.timers:
            break
        soonest = min(visit.timers, key=lambda name: visit.timers[name])
        passed = visit.timers[soonest]
        visit.timers = {name: left - passed for name, left in visit.timers.items()}
        visit.fire(soonest)
    assert visit.state is State.ATTRACT
    assert visit.session == s.Session(visit.session.id, world=visit.session.world)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(BEGINNINGS)), st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_hands_alone_never_reach_a_screen_without_a_way_on(beginning: str, touches: list[int]) -> None:
    visit = BEGINNINGS[beginning]()
    for touch in touches:
        note(f"{touch} on {visit.screen.name}")
        act(visit, touch)
        held(visit)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WITH_A_CARD), SLOTS.filter(lambda slot: slot is not SlotState.PRESENT), ACTS)
def test_once_the_card_is_gone_nothing_brings_its_holder_back(
    beginning: str, slot: SlotState, acts: list[e.Event | int]
) -> None:
    visit = BEGINNINGS[beginning]()
    visit.send(e.SlotChanged(slot, visit.insertion))
    assert visit.session.holder is None
    for what in acts:
        if isinstance(what, e.SlotChanged | e.CardRecognised | e.PinAccepted | asked.SignInSeen):
            continue
        act(visit, what)
        assert visit.session.holder is None
