"""What can happen at any screen: cards, quiet, help, aids, ways out of a failure."""

from __future__ import annotations

import pytest

from drivers.api import JobState, SlotState
from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.common import BUSY, BUSY_LIMIT_S
from kiosk.session.state import State
from tests.unit.visit_kit import MOUTH, Visit

# -------------------------------------------------------------------------------------------------- cards


@pytest.mark.parametrize(
    ("slot", "failure"),
    [
        (SlotState.EMPTY, "card-removed"),
        (SlotState.PRESENT, "card-swapped"),
        (SlotState.MUTE, "card-unreadable"),
        (SlotState.READER_ABSENT, "reader-absent"),
    ],
)
@pytest.mark.parametrize("where", ["form", "timeout", "help", "failure"])
def test_whatever_happens_to_the_slot_ends_a_visit_and_forgets_its_holder(
    slot: SlotState, failure: str, where: str
) -> None:
    visit = Visit().to_form()
    if where == "failure":
        visit = Visit(printer=None).to_home().to_intro().touch("primary")
    elif where != "form":
        visit.touch("help") if where == "help" else visit.fire("idle")
    insertion = visit.insertion + (slot is SlotState.PRESENT)
    visit.send(e.SlotChanged(slot, insertion))
    assert visit.screen.name == f"failure.{failure}"
    assert (visit.session.holder, visit.session.facts, visit.session.application) == (None, None, None)
    assert visit.timers.keys() == {"idle"}


def test_the_same_card_seen_again_changes_nothing() -> None:
    visit = Visit().to_home()
    visit.send(e.SlotChanged(SlotState.PRESENT, visit.insertion))
    assert visit.state is State.HOME


def test_a_reader_that_comes_and_goes_does_not_disturb_somebody_who_only_looks() -> None:
    visit = Visit().touch("language.zh", "start.browse").unplug().pull()
    assert visit.state is State.HOME


def test_a_card_put_in_while_looking_around_begins_at_its_pin() -> None:
    visit = Visit().touch("language.zh", "start.browse").insert().recognised().pin().accepted()
    assert visit.state is State.HOME


def test_a_removed_card_put_in_again_begins_anew_in_the_same_language_and_size() -> None:
    visit = Visit().touch("language.en", "mode.large", "start.card").insert().recognised().pin().accepted().pull()
    before = visit.session.id
    visit.insert()
    assert (visit.state, visit.session.language, visit.session.modes.text_scale) == (State.READING, "en", 1.25)
    assert visit.session.id > before


def test_the_way_forward_out_of_a_removed_card_asks_for_it_again() -> None:
    visit = Visit().to_home().pull().touch("primary")
    assert visit.state is State.CARD
    visit = Visit().to_home().pull().touch("back")
    assert visit.state is State.ATTRACT


def test_a_reader_that_is_mended_with_the_card_in_it_goes_on_by_itself() -> None:
    visit = Visit().to_home().unplug()
    visit.pull()
    assert visit.screen.name == "failure.reader-absent", "an empty slot alone says nothing"
    assert visit.insert().state is State.READING


def test_a_mute_card_in_the_slot_of_a_failure_changes_nothing() -> None:
    visit = Visit().insert().send(e.CardFailed("card-unknown", 1))
    visit.send(e.SlotChanged(SlotState.MUTE, 1))
    assert visit.screen.name == "failure.card-unknown"


def test_a_card_put_back_the_wrong_way_round_after_a_failure_is_told_so() -> None:
    visit = Visit().to_home().pull()
    assert visit.screen.name == "failure.card-removed"
    assert visit.insert(SlotState.MUTE).screen.name == "failure.card-unreadable"
    assert visit.pull().insert().state is State.READING


def test_the_next_citizen_s_card_ends_the_failure_of_the_one_before() -> None:
    visit = Visit().to_check().submit().signed().send(e.SaveFailed("application", "storage-failed")).pull()
    assert visit.screen.name == "failure.storage-failed"
    assert visit.insert().state is State.READING


@pytest.mark.parametrize("code", ["card-unknown", "card-unreadable", "card-busy"])
def test_a_card_that_cannot_be_read_is_taken_out_and_a_better_one_asked_for(code: str) -> None:
    visit = Visit().insert().send(e.CardFailed(code, 1))
    assert visit.screen.name == f"failure.{code}"
    assert visit.pull().state is State.CARD


def test_a_card_of_a_kind_that_needs_the_office_is_let_go() -> None:
    visit = Visit().to_pin().pin().send(e.CardFailed("card-needs-hsm"))
    assert visit.pull().state is State.ATTRACT


# -------------------------------------------------------------------------------------------------- quiet


def test_a_quiet_citizen_is_warned_and_then_let_go() -> None:
    visit = Visit().to_form().fire("idle")
    assert (visit.state, visit.session.left_s) == (State.TIMEOUT, 45)
    assert "还没有提交" in visit.words
    for _ in range(45):
        assert visit.state is State.TIMEOUT
        visit.fire("second")
    assert visit.state is State.TAKE_CARD
    assert visit.timers.keys() == {"second"}, "the reminder to take the card"


def test_somebody_who_is_still_here_goes_on_where_they_were() -> None:
    visit = Visit().to_question("kind").fire("idle").touch("primary")
    assert (visit.state, visit.application.question) == (State.FORM, "kind")
    assert visit.timers.keys() == {"idle"}
    visit.send(e.StillHere())
    assert visit.state is State.FORM


def test_the_warning_can_be_left_for_good() -> None:
    assert Visit().to_home().fire("idle").touch("finish").state is State.TAKE_CARD


def test_a_stray_timer_does_not_count_down() -> None:
    visit = Visit().to_home().fire("idle").send(e.TimerFired("idle"))
    assert visit.session.left_s == 45


def test_typing_is_not_quiet() -> None:
    visit = Visit().to_question("text", "every-type")
    visit.effects.clear()
    for key in ("key.A", "key.delete", "key.B"):
        visit.effects.clear()
        visit.touch(key)
        assert s.StartTimer("idle", 120) in visit.effects
    visit = Visit().to_pin()
    visit.effects.clear()
    visit.touch("pin.1")
    assert s.StartTimer("idle", 120) in visit.effects


def test_what_devices_do_is_quiet() -> None:
    visit = Visit().to_form()
    visit.effects.clear()
    visit.send(e.ClockTicked("2026-05-18T10:25"), e.NetworkChanged(up=False)).printer(paper="out")
    assert not any(isinstance(effect, s.StartTimer) for effect in visit.effects)


def test_the_warning_says_how_much_time_there_is() -> None:
    assert "再给您 2 分钟" in Visit().to_form().fire("idle").words
    assert "再给您 1 分钟" in Visit().to_saved().fire("idle").words
    assert "办件已经存好" in Visit().to_saved().fire("idle").words


def test_whoever_was_only_looking_around_is_not_told_of_a_form() -> None:
    visit = Visit().touch("language.zh", "start.browse").fire("idle")
    assert "还没有提交" not in visit.words


def test_a_failure_left_alone_ends_by_itself() -> None:
    assert Visit().to_home().pull().fire("idle").state is State.ATTRACT


def test_the_reader_fails_while_the_card_prompt_is_behind_a_warning_or_help() -> None:
    for leave in (lambda visit: visit.fire("idle"), lambda visit: visit.touch("help")):
        visit = Visit().touch("language.zh", "start.card")
        leave(visit)
        visit.unplug()
        assert visit.state in {State.TIMEOUT, State.HELP}
        visit.touch("primary" if visit.state is State.TIMEOUT else "back")
        assert visit.screen.name == "failure.reader-absent"
        assert visit.timers.keys() == {"idle"}


@pytest.mark.parametrize("state", sorted(BUSY))
def test_no_working_screen_waits_for_ever(state: State) -> None:
    ways = {
        State.READING: lambda: Visit().insert(),
        State.CHECKING_PIN: lambda: Visit().to_pin().pin(),
        State.FETCHING: lambda: Visit().to_home().to_intro().touch("primary", "primary"),
        State.SIGNING: lambda: Visit().to_check().submit(),
        State.WAITING: lambda: Visit().to_check().submit().signed().saved(),
        State.PRINTING: lambda: Visit().to_printing(),
        State.LOOKING: lambda: Visit().to_looking(),
        State.HANDING: lambda: Visit().to_form().touch("phone"),
        State.ASKING_APP: lambda: Visit().touch("language.zh", "start.app"),
        State.CONFIRMING: lambda: Visit().to_confirming(),
        State.TAKE_PAPER: lambda: Visit().to_printing().send(e.PrinterChanged(MOUTH)).printed(JobState.DONE),
    }
    visit = ways[state]()
    assert visit.state is state
    timer = "wait" if "wait" in visit.timers else "idle"
    assert visit.timers[timer] <= BUSY_LIMIT_S
    visit.send(e.PrimaryPressed(), e.BackPressed(), e.HelpPressed())
    assert visit.state is state, "stray touches change nothing"
    visit.fire(timer)
    assert visit.state is not state


# --------------------------------------------------------------------------------------------------- aids


def test_letters_grow_and_come_back_to_the_first_size() -> None:
    visit = Visit().touch("language.zh")
    sizes = [visit.touch("mode.large").session.modes.text_scale for _ in range(4)]
    assert sizes == [1.25, 1.6, 2.0, 1.0]


def test_contrasts_follow_each_other_and_buttons_come_down() -> None:
    visit = Visit().touch("language.zh")
    assert [visit.touch("mode.contrast").session.modes.contrast for _ in range(3)] == ["dark", "hlight", "light"]
    assert [visit.touch("mode.reach").session.modes.reach for _ in range(2)] == [True, False]


def test_larger_letters_begin_the_pages_anew() -> None:
    assert Visit().to_form("long-proof").touch("page.down", "mode.large").application.page == 0


def test_aids_at_the_attract_screen_are_gone_when_nobody_follows() -> None:
    visit = Visit().touch("mode.large")
    visit.send(e.TimerFired("second"))
    assert visit.session.modes.text_scale == 1.25
    assert visit.fire("idle").session.modes.text_scale == 1.0


def test_aids_taken_at_the_attract_screen_stay_for_the_visit() -> None:
    assert Visit().touch("mode.large", "language.en").session.modes.text_scale == 1.25


WORKING = {
    "card": lambda: Visit().insert(),
    "working": lambda: Visit().to_check().submit(),
    "timeout": lambda: Visit().to_home().fire("idle"),
    "receipt": lambda: Visit().to_printing(),
    "take-card": lambda: Visit().to_home().touch("finish"),
}


@pytest.mark.parametrize("screen", WORKING)
def test_size_and_language_can_be_changed_while_the_terminal_works_or_waits(screen: str) -> None:
    visit = WORKING[screen]()
    state = visit.state
    visit.touch("mode.large", "mode.contrast", "mode.language")
    assert visit.screen.name == screen
    assert visit.state is state
    assert (visit.session.language, visit.session.modes.text_scale) == ("en", 1.25)


def test_help_is_off_while_the_terminal_works() -> None:
    visit = Visit().insert()
    assert not visit.controls["help"].enabled
    assert visit.send(e.HelpPressed()).state is State.READING


def test_help_leads_back_to_where_it_was_asked() -> None:
    visit = Visit().to_question("kind").touch("help")
    assert visit.state is State.HELP
    assert visit.send(e.HelpPressed()).state is State.HELP
    assert visit.touch("back").application.question == "kind"


def test_a_warning_on_the_help_screen_does_not_make_help_a_dead_end() -> None:
    visit = Visit().to_form().touch("help").fire("idle").touch("primary")
    assert visit.state is State.HELP
    assert visit.touch("back").state is State.FORM


def test_help_on_a_failure_leads_back_to_it_and_its_ways_still_work() -> None:
    visit = Visit().to_home().to_intro().printer(paper="out").touch("primary", "help", "back")
    assert visit.screen.name == "failure.printer-paper-out"
    assert visit.touch("back").state is State.INTRO


def test_a_card_put_in_while_help_stands_before_the_end_of_a_visit() -> None:
    visit = Visit().to_saved().pull().touch("help").insert()
    assert visit.state is State.READING
    assert visit.session.saved is None


def test_another_printer_word_for_a_way_without_paper_rechecks_the_door() -> None:
    visit = Visit().to_home().printer(paper="out").to_intro("every-type").touch("primary")
    visit.send(e.NetworkChanged(up=False)).touch("primary")
    assert visit.screen.name == "failure.needs-network"


def test_a_failure_without_a_way_forward_takes_no_stray_touch_for_one() -> None:
    visit = Visit(network_up=False).to_home().to_intro("every-type").touch("primary").send(e.PrimaryPressed())
    assert visit.screen.name == "failure.needs-network"


def test_back_from_an_unreadable_card_still_in_the_slot_asks_for_it_back() -> None:
    visit = Visit().insert(SlotState.MUTE).touch("back")
    assert visit.state is State.TAKE_CARD


def test_the_printer_fails_after_everything_is_saved_and_back_leads_on() -> None:
    visit = Visit().to_printing().printed(JobState.PARTIAL)
    assert "back" not in visit.controls
    assert visit.touch("primary").state is State.RATING


def test_the_terminal_is_enrolled_while_somebody_stands_before_it() -> None:
    visit = Visit(terminal="").to_home().send(e.Enrolled("T0042"))
    assert visit.session.world.terminal == "T0042"
    assert visit.state is State.HOME
