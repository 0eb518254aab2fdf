"""Nobody is there; the disk refuses; the office is silent; the program errs."""

from __future__ import annotations

import json

import pytest

from kiosk import events as e
from offline_cache.errors import OutboxFull, StorageFailed
from tests.scenario.kit import PERSONAS, Kiosk


def test_two_quiet_minutes_bring_the_warning_and_its_end_asks_for_the_card(kiosk: Kiosk) -> None:
    kiosk.to_home().to_intro().wait(121)
    assert kiosk.screen.name == "timeout"
    kiosk.wait(46)
    assert kiosk.screen.name == "take-card"
    assert kiosk.terminal.runtime.session.holder is None


def test_the_warning_is_answered_ten_times(kiosk: Kiosk) -> None:
    kiosk.to_home().to_check()
    for _ in range(10):
        kiosk.wait(121)
        assert kiosk.screen.name == "timeout"
        kiosk.wait(20)
        kiosk.touch("primary")
        assert kiosk.screen.name == "check"
    kiosk.submit().wait(1)
    assert kiosk.screen.name == "saved"


def test_somebody_looks_around_without_a_card_and_walks_away(kiosk: Kiosk) -> None:
    kiosk.touch("language.en", "start.browse").wait(121).wait(46)
    assert kiosk.screen.name == "attract"
    assert kiosk.screen.language == "zh-Hans"


def test_a_large_text_left_on_the_attract_screen_goes_back(kiosk: Kiosk) -> None:
    kiosk.touch("mode.large").wait(121)
    assert kiosk.screen.modes.text_scale == 1.0


def test_a_failure_left_alone_ends_by_itself(kiosk: Kiosk) -> None:
    kiosk.to_home().pull().wait(61)
    assert kiosk.screen.name == "attract"


@pytest.mark.parametrize("error", [StorageFailed("no space"), OutboxFull("quota")])
def test_the_disk_refuses_and_nothing_is_said_to_be_saved(kiosk: Kiosk, error: Exception) -> None:
    kiosk.to_home().to_check()
    kiosk.store.breaks = error
    kiosk.submit()
    assert kiosk.screen.name == f"failure.{error.code}"  # pyright: ignore
    assert "编号" not in kiosk.words
    kiosk.touch("finish").pull()
    assert kiosk.screen.name == "attract"


def test_the_office_is_silent_for_the_receipt_and_it_is_recorded_here(kiosk: Kiosk) -> None:
    kiosk.store.ack_at_once = False
    kiosk.to_home().to_check().submit()
    assert kiosk.screen.name == "working"
    kiosk.wait(11)
    assert kiosk.screen.name == "saved"
    assert "已记在本机，还没发出" in kiosk.words


def test_the_wait_for_the_office_may_be_left(kiosk: Kiosk) -> None:
    kiosk.store.ack_at_once = False
    kiosk.to_home().to_check().submit().touch("finish")
    assert kiosk.screen.name == "take-card"
    assert "已记在本机" in kiosk.words


def test_the_office_refuses_the_lookup_and_the_card_fills_the_form(kiosk: Kiosk) -> None:
    kiosk.city.refuses = "card-refused"
    kiosk.to_home().to_intro().touch("primary", "primary")
    assert kiosk.screen.name == "form"
    assert "来自您的卡" in kiosk.words


def test_help_and_back_lose_nothing_that_was_chosen(kiosk: Kiosk) -> None:
    kiosk.to_home().to_intro().touch("primary", "primary", "primary")
    choice = next(c.id for c in kiosk.controls.values() if c.role == "choice")
    kiosk.touch(choice, "help")
    assert kiosk.screen.name == "help"
    kiosk.touch("back")
    assert kiosk.controls[choice].selected


def test_the_language_may_change_in_the_middle_without_losing_what_was_typed(kiosk: Kiosk) -> None:
    kiosk.cut().to_home("newcomer").to_intro("residence").touch("primary", "primary", "primary")
    assert "phone" in str(kiosk.screen.body)
    kiosk.touch("key.1", "key.3", "key.8", "mode.language")
    assert kiosk.screen.language == "en"
    assert "138" in kiosk.words
    assert "Mobile number" in kiosk.words


def test_something_is_wrong_with_the_data_and_the_citizen_says_so(kiosk: Kiosk) -> None:
    kiosk.to_home().to_intro().touch("primary", "primary", "wrong.name", "primary")
    assert "您说不对，先照办，部门会核对" in kiosk.words
    kiosk.through_form().submit().wait(1)
    assert kiosk.store.documents[0]["fields"]["name"]["disputed"] == "yes"  # pyright: ignore


def test_an_answer_is_changed_from_the_check_screen(kiosk: Kiosk) -> None:
    kiosk.to_home().to_check()
    while "change.use" not in kiosk.controls:
        kiosk.touch("page.down")
    kiosk.touch("change.use", "choice.use.work", "primary")
    assert kiosk.screen.name == "check"
    kiosk.submit().wait(1)
    assert kiosk.store.documents[0]["fields"]["use"]["value"] == "work"  # pyright: ignore


def test_a_fault_of_the_program_ends_the_visit_and_not_the_terminal(kiosk: Kiosk) -> None:
    class Unheard(e.Event):
        pass

    kiosk.to_home()
    kiosk.terminal.send(Unheard())
    kiosk.pump()
    assert kiosk.screen.name == "take-card"
    kiosk.pull()
    kiosk.to_home()
    assert kiosk.screen.name == "home"
    assert any(line["event"] == "internal" for line in kiosk.terminal.log.recent)


def test_a_late_answer_of_an_older_visit_changes_nothing(kiosk: Kiosk) -> None:
    kiosk.to_home()
    old = kiosk.terminal.runtime.session.id
    kiosk.touch("finish").pull()
    kiosk.terminal.send(e.PinAccepted(None, session_id=old))  # pyright: ignore
    kiosk.pump()
    assert kiosk.screen.name == "attract"


def test_a_flood_of_touches_never_pushes_out_the_card_that_left(kiosk: Kiosk) -> None:
    kiosk.to_home()
    event = kiosk.controls["event.moved"].event
    assert event is not None
    for _ in range(2000):
        kiosk.terminal.send(event)
    kiosk.reader.remove()
    kiosk.pump()
    assert kiosk.screen.name == "failure.card-removed"


def test_no_file_or_log_of_the_visit_holds_name_number_or_pin(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary", "primary", "rating.4", "primary")
    kiosk.pull().wait(5)
    kiosk.close()
    card = PERSONAS["parent"].card
    secrets = [card["holder"]["name"], card["holder"]["id_number"], card["pin"]]  # pyright: ignore
    files = [path for path in kiosk.state_dir.rglob("*") if path.is_file()]
    assert any(path.name == "outbox.db" for path in files)
    assert any(path.name == "kiosk.jsonl" for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert str(secret).encode("utf-8") not in content, f"a secret of the holder is in {path.name}"
            assert str(secret).encode("gb18030") not in content, f"a secret of the holder is in {path.name}"
            assert json.dumps(secret).strip('"').encode() not in content, f"a secret is in {path.name}"
