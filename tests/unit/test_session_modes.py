"""How a citizen wants screen and voice: on, off, within bounds, and gone with the visit."""

from __future__ import annotations

import pytest

from drivers.api import SlotState
from kiosk import events as e
from kiosk.pieces.modes import PACES, VOLUMES, Modes
from kiosk.session.state import State
from tests.unit.visit_kit import Visit


def modes(visit: Visit) -> Modes:
    return visit.session.modes


@pytest.mark.parametrize(("control", "field"), [("mode.left", "left_handed"), ("mode.calm", "calm")])
def test_a_mode_is_switched_on_and_off_again(control: str, field: str) -> None:
    visit = Visit().touch("language.zh", "modes", control)
    assert getattr(modes(visit), field)
    assert visit.controls[control].selected
    assert not getattr(modes(visit.touch(control)), field)


def test_the_screen_goes_dark_only_where_somebody_listens() -> None:
    visit = Visit().touch("language.zh", "modes")
    assert not visit.controls["mode.curtain"].enabled
    assert not modes(visit.send(e.ModeToggled("curtain"))).dark_glass
    visit.touch("mode.speech", "mode.curtain")
    assert modes(visit).dark_glass
    assert not modes(visit.touch("mode.speech")).dark_glass, "without a voice a dark screen would be a dead end"


def test_volume_and_pace_have_ends() -> None:
    visit = Visit().touch("language.zh", "mode.speech", "modes")
    for name, field, end in (("louder", "volume", VOLUMES), ("softer", "volume", 1),
                             ("faster", "pace", PACES), ("slower", "pace", 1)):  # fmt: skip
        for _ in range(VOLUMES):
            if visit.controls[f"speech.{name}"].enabled:
                visit.touch(f"speech.{name}")
        assert getattr(modes(visit), field) == end
    assert modes(visit.send(e.SpeechTuned("pace", -1), e.SpeechTuned("volume", 1))).volume == 2
    assert modes(visit).pace == 1


def test_the_voice_is_tuned_on_every_screen() -> None:
    assert modes(Visit().to_pin().send(e.SpeechTuned("volume", -1))).volume == 4
    assert modes(Visit().send(e.SpeechTuned("volume", 1))).volume == 6


def test_speech_left_on_at_the_attract_screen_is_gone_when_nobody_follows() -> None:
    visit = Visit().touch("mode.speech").send(e.KeyPressed("down"), e.SpeechTuned("volume", 1))
    assert modes(visit) == Modes(speech=True, volume=6)
    assert modes(visit.fire("idle")) == Modes()


def test_the_modes_stay_for_the_visit_and_end_with_it() -> None:
    visit = Visit().touch("language.zh", "modes", "mode.left", "mode.calm", "back", "start.browse")
    assert modes(visit) == Modes(left_handed=True, calm=True)
    assert modes(visit.touch("finish")) == Modes()


def test_the_modes_screen_leads_back_to_the_ways_to_start() -> None:
    assert Visit().touch("language.zh", "modes", "back").state is State.START
    assert Visit().touch("language.zh", "modes").send(e.PrimaryPressed()).state is State.START


def test_a_card_put_in_while_the_modes_are_chosen_goes_on_with_them() -> None:
    visit = Visit().touch("language.zh", "modes", "mode.left").insert().recognised()
    assert visit.state is State.PIN
    assert modes(visit).left_handed


def test_a_reader_that_breaks_while_the_modes_are_chosen_disturbs_nobody() -> None:
    visit = Visit().touch("language.zh", "modes").send(e.SlotChanged(SlotState.READER_ABSENT, 0))
    assert visit.state is State.MODES


def test_in_calm_mode_every_wait_for_the_citizen_is_twice_as_long() -> None:
    plain, calm = Visit().touch("language.zh"), Visit().touch("language.zh", "modes", "mode.calm", "back")
    assert calm.timers["idle"] == 2 * plain.timers["idle"]
    assert calm.fire("idle").session.left_s == 2 * plain.fire("idle").session.left_s


def test_no_other_mode_leaves_a_page_of_the_form() -> None:
    visit = Visit().to_form("long-proof").send(e.PageTurned(1))
    assert visit.application.page == 1
    assert visit.send(e.ModeToggled("speech"), e.ModeToggled("left")).application.page == 1
    assert visit.send(e.ModeToggled("large")).application.page == 0


def test_low_down_the_modes_are_named_without_their_second_lines() -> None:
    plain, low = Visit().touch("language.zh", "modes"), Visit().touch("language.zh", "mode.reach", "modes")
    assert all(plain.controls[name].detail and not low.controls[name].detail for name in ("mode.left", "mode.calm"))


def test_who_changes_the_size_of_letters_in_a_change_finds_the_last_look_at_its_beginning() -> None:
    visit = Visit().to_check().touch("mode.large", "mode.large", "mode.large", "primary")
    assert visit.application.page == 1, "in the largest letters it has more pages"
    changes = [name for name in visit.controls if name.startswith("change.")]
    visit.touch(changes[0], "mode.large", "back")
    assert (visit.screen.name, visit.application.page) == ("check", 0)
    assert visit.touch("back").screen.name == "form", "one touch goes one step back"


def test_a_search_begins_again_where_a_page_has_more_room() -> None:
    visit = Visit().to_home().touch("search", "mode.large", "mode.large", "mode.large").type("s")
    visit.touch("page.down", "page.down", "mode.large")
    assert visit.session.search.page == 0
    assert any(name.startswith("service.") for name in visit.controls)
