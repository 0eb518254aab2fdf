"""From the signature to the card's return."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.api import JobState, SlotState
from kiosk import events as e
from kiosk.session import state as s
from kiosk.session.asking.events import CallBackAsked, VerdictCame
from kiosk.session.state import State
from tests.unit.visit_kit import AT_MS, Visit


def signing() -> Visit:
    return Visit().to_check().submit()


def test_the_card_signs_and_only_then_the_disk_is_asked() -> None:
    visit = signing()
    assert not any(isinstance(effect, s.SaveEntry) for effect in visit.effects)
    visit.signed()
    entry: Any = visit.last(s.SaveEntry).document
    assert entry["card_signature"]["certificate"] == "Yw=="
    assert entry["fields"]["name"]["value"] == "陈晓娴"


def test_a_second_signature_saves_nothing_twice() -> None:
    visit = signing().signed().signed()
    assert sum(isinstance(effect, s.SaveEntry) for effect in visit.effects) == 1


def test_the_screen_says_signed_once_the_card_has_signed() -> None:
    visit = signing()
    assert [tick.mark for tick in visit.screen.body[1].rows] == ["current", "todo", "todo"]  # pyright: ignore
    assert [tick.mark for tick in visit.signed().screen.body[1].rows] == ["done", "todo", "todo"]  # pyright: ignore
    assert [tick.mark for tick in visit.saved().screen.body[1].rows] == ["done", "done", "current"]  # pyright: ignore


@pytest.mark.parametrize(("code", "screen"), [("card-unreadable", "card-unreadable"), ("card-swapped", "card-swapped")])
def test_a_card_that_does_not_sign_saves_nothing(code: str, screen: str) -> None:
    visit = signing().send(e.CardFailed(code))
    assert visit.screen.name == f"failure.{screen}"
    assert (visit.session.holder, visit.session.draft, visit.session.saved) == (None, None, None)


def test_a_card_that_hangs_while_signing_is_given_up() -> None:
    assert signing().fire("idle").screen.name == "failure.card-unreadable"


def test_once_signed_only_the_disk_s_word_counts() -> None:
    visit = signing().signed()
    visit.send(e.TimerFired("second")).fire("idle")
    assert visit.state is State.SIGNING
    assert visit.saved().state is State.WAITING


def test_the_card_is_pulled_before_it_signed() -> None:
    visit = signing().pull()
    assert (visit.state, visit.session.holder) == (State.SIGNING, None)
    visit.send(e.CardFailed("card-removed"))
    assert visit.screen.name == "failure.card-removed"
    assert "没有提交" in visit.words


def test_the_card_is_pulled_between_its_signature_and_the_disk() -> None:
    visit = signing().signed().pull().saved()
    assert visit.screen.name == "failure.card-removed"
    assert "已记在本机，还没发出" in visit.words
    visit.acked()
    assert "部门已收到" in visit.words


def test_the_same_card_seen_again_while_signing_changes_nothing() -> None:
    visit = signing()
    visit.send(e.SlotChanged(SlotState.PRESENT, visit.insertion))
    assert not visit.session.card_gone


def test_the_disk_refuses() -> None:
    visit = signing().signed().send(e.SaveFailed("application", "outbox-full"))
    assert visit.screen.name == "failure.outbox-full"
    assert (visit.session.holder, visit.session.application) == (None, None)
    assert visit.touch("finish").state is State.TAKE_CARD


def test_a_code_without_words_is_shown_with_the_words_of_a_fault_of_ours() -> None:
    visit = signing().signed().send(e.SaveFailed("application", "never-heard-of"))
    assert "机器出了差错" in visit.words
    assert "never-heard-of" in visit.words


def test_what_becomes_of_a_rating_says_nothing_of_the_application() -> None:
    visit = signing().signed()
    visit.send(e.EntrySaved("rating", 1, "x", AT_MS), e.SaveFailed("rating", "outbox-full"))
    assert visit.state is State.SIGNING


def test_the_gateway_s_receipt_comes_while_the_citizen_waits() -> None:
    visit = signing().signed().saved()
    visit.fire("second")
    assert "1 秒" in visit.words
    visit.send(e.TimerFired("idle"), e.EntryAcked(0, AT_MS))
    assert visit.state is State.WAITING
    visit.acked()
    assert (visit.state, visit.session.saved.acked) == (State.SAVED, True)  # pyright: ignore
    assert visit.timers.keys() == {"idle"}
    assert s.Sound("saved") in visit.effects


def test_the_gateway_s_receipt_does_not_come_and_nobody_is_told_it_has() -> None:
    visit = signing().signed().saved().fire("wait")
    assert visit.state is State.SAVED
    assert "已记在本机，还没发出" in visit.words
    visit.acked().acked()
    assert "公安局已收到" in visit.words


def test_a_receipt_of_the_gateway_for_nobody() -> None:
    assert Visit().send(e.EntryAcked(3, AT_MS)).state is State.ATTRACT


def test_without_a_network_nobody_waits() -> None:
    visit = Visit(network_up=False).to_home().to_intro().touch("primary", "primary").until().submit().signed().saved()
    assert visit.state is State.SAVED
    assert s.Sound("held") in visit.effects


def test_the_card_is_pulled_while_the_gateway_is_waited_for() -> None:
    visit = signing().signed().saved().pull()
    assert visit.screen.name == "failure.card-removed"
    assert visit.timers.keys() == {"idle"}


def test_home_from_saved_begins_another_application() -> None:
    visit = Visit().to_saved().touch("back")
    assert (visit.state, visit.session.saved) == (State.HOME, None)
    visit.to_intro().touch("primary", "primary").answered().until().submit().signed().saved().acked()
    assert visit.session.saved.seq == 2  # pyright: ignore


def test_the_printer_s_own_word_leads_on_to_the_rating() -> None:
    visit = Visit().to_printing()
    marks = [[tick.mark for tick in visit.screen.body[1].rows]]  # pyright: ignore
    for progress in (JobState.SENDING, JobState.SENT, JobState.PRINTED):
        visit.send(e.PrintProgress(progress))
        marks.append([tick.mark for tick in visit.screen.body[1].rows])  # pyright: ignore
    assert marks == [
        ["current", "todo", "todo"], ["current", "todo", "todo"], ["done", "current", "todo"],
        ["done", "done", "current"],
    ]  # fmt: skip
    assert visit.printed(JobState.DONE).state is State.RATING


@pytest.mark.parametrize(
    ("state", "reason", "failure"),
    [
        (JobState.PRINTED_NOT_CUT, "cutter", "print-not-cut"),
        (JobState.PARTIAL, "paper-out", "print-partial"),
        (JobState.NOT_PRINTED, "paper-out", "printer-paper-out"),
        (JobState.NOT_PRINTED, "cover-open", "printer-cover-open"),
        (JobState.NOT_PRINTED, "no-reply", "printer-absent"),
        (JobState.BLOCKED, "head-hot", "printer-fault"),
    ],
)
def test_whatever_the_paper_does_the_visit_goes_on(state: JobState, reason: str, failure: str) -> None:
    visit = Visit().to_printing().printed(state, reason)
    assert visit.screen.name == f"failure.{failure}"
    assert "办件已收到" in visit.words
    assert visit.touch("primary").state is State.RATING


def test_what_was_not_printed_is_no_copy_the_next_time() -> None:
    assert Visit().to_printing().printed(JobState.NOT_PRINTED, "paper-out").session.copies == 0
    assert Visit().to_printing().printed(JobState.PARTIAL, "paper-out").session.copies == 1


@pytest.mark.parametrize(
    ("answer", "state"), [("whole", State.RATING), ("half", State.RECEIPT), ("nothing", State.RECEIPT)]
)
def test_the_printer_says_nothing_and_the_citizen_is_asked(answer: str, state: State) -> None:
    visit = Visit().to_printing().printed(JobState.UNKNOWN)
    before = visit.session
    visit.send(e.PrimaryPressed())
    assert visit.session == before, "there is no way forward but an answer"
    assert visit.touch(f"paper.{answer}").state is state


def test_no_receipt_is_wanted_after_all() -> None:
    assert Visit().to_printing().printed(JobState.UNKNOWN).touch("back").state is State.RATING


def test_a_printer_that_hangs_is_given_up_and_the_citizen_is_asked() -> None:
    visit = Visit().to_printing()
    visit.send(e.TimerFired("wait"))
    assert visit.state is State.PRINTING
    assert visit.fire("idle").screen.name == "failure.print-unknown"


def test_an_answer_about_the_paper_that_nobody_asked_for() -> None:
    visit = Visit().to_home().pull().send(e.PaperSeen("nothing"))
    assert visit.screen.name == "failure.card-removed"


def test_printing_again_and_a_message_instead_are_for_a_receipt_that_failed() -> None:
    visit = Visit().to_home().pull()
    before = visit.session
    visit.send(e.PrintAgain(), e.ReceiptChosen("sms"))
    assert visit.session == before


def test_a_second_print_is_marked_a_copy() -> None:
    visit = Visit().to_printing().printed(JobState.UNKNOWN).touch("paper.nothing")
    assert visit.controls["receipt.paper"].text == "打印补打件"
    visit.touch("primary")
    assert visit.last(s.PrintReceipt).copy


def test_without_paper_the_number_stays_on_the_screen() -> None:
    visit = Visit().to_saved().printer(paper="out").touch("primary")
    assert "现在打不了凭条" in visit.words
    assert visit.touch("primary").state is State.RATING


def test_paper_that_is_back_has_to_be_chosen() -> None:
    visit = Visit().to_saved().printer(paper="out").touch("primary").printer(online=True)
    assert not visit.controls["primary"].enabled
    visit.send(e.PrimaryPressed())
    assert visit.state is State.RECEIPT
    assert visit.touch("receipt.paper", "primary").state is State.PRINTING


def test_no_receipt_no_rating_and_the_card_is_asked_back() -> None:
    visit = Visit().to_saved().touch("primary", "back", "back")
    assert visit.state is State.TAKE_CARD
    assert "办件已收到" in visit.words


def test_nothing_is_preselected_and_a_rating_needs_a_face() -> None:
    visit = Visit().to_saved().touch("primary", "back")
    assert not any(visit.controls[f"rating.{score}"].selected for score in range(1, 6))
    visit.send(e.PrimaryPressed())
    assert visit.state is State.RATING
    visit.touch("rating.2", "primary")
    entry: Any = visit.last(s.SaveEntry).document
    assert (entry["kind"], entry["score"], entry["number"]) == ("rating", 2, "T0001-000001")
    assert not any(secret in str(entry) for secret in ("陈晓娴", "440199199003070021"))


def test_who_was_dissatisfied_may_have_a_call_about_it() -> None:
    visit = Visit().to_saved().touch("primary", "back", "rating.3")
    assert "rating.call" not in visit.controls
    visit.send(CallBackAsked())
    assert not visit.session.call_back
    visit.touch("rating.2")
    assert not visit.controls["rating.call"].selected, "nothing is preselected"
    visit.touch("rating.call", "rating.1")
    assert visit.controls["rating.call"].selected
    visit.touch("rating.call", "rating.call", "primary")
    assert visit.last(s.SaveEntry).document["call_back"] is True
    better = Visit().to_saved().touch("primary", "back", "rating.1", "rating.call", "rating.4", "primary")
    assert "call_back" not in better.last(s.SaveEntry).document


def test_the_card_is_asked_back_until_it_is_gone() -> None:
    visit = Visit().to_home().touch("finish")
    for _ in range(3):
        visit.fire("second")
    assert visit.effects.count(s.Sound("reminder")) == 3
    visit.send(e.TimerFired("wait"), e.SlotChanged(SlotState.MUTE, visit.insertion))
    assert visit.state is State.TAKE_CARD
    assert visit.pull().state is State.ATTRACT
    assert visit.timers == {}


def test_the_reader_is_unplugged_with_the_card_in_it() -> None:
    assert Visit().to_home().touch("finish").unplug().state is State.ATTRACT


def test_the_next_citizen_s_card_is_in_before_anybody_saw_the_slot_empty() -> None:
    visit = Visit().to_saved().touch("finish")
    before = visit.session.id
    visit.insert()
    assert visit.state is State.READING
    assert visit.session.id > before
    assert visit.session.saved is None


def test_an_answer_about_another_entry_changes_nothing_for_who_waits_for_this_one() -> None:
    visit = Visit().to_confirming()
    before = visit.session
    assert visit.send(VerdictCame(visit.seq + 1, accepted=True)).session == before


def test_an_office_that_says_no_while_the_last_page_stands_is_told() -> None:
    visit = Visit().to_confirming().fire("wait")
    assert visit.state is State.SAVED
    visit.send(VerdictCame(visit.seq, False, "not-the-holder"))
    assert (visit.state, visit.session.failure) == (State.FAILURE, "not-accepted")


def test_whoever_does_not_wait_for_the_answer_is_told_where_it_comes_and_under_which_number() -> None:
    visit = Visit().to_confirming()
    assert visit.session.saved is not None
    number = visit.session.saved.number
    for words in (visit.words, visit.fire("wait").words):
        assert "我的办件" not in words, "an entry that a desk answers opens no case"
        assert "12345" in words
        assert number in words


def test_a_receipt_for_an_earlier_entry_does_not_end_the_wait_for_this_one() -> None:
    visit = Visit().to_check().submit().signed().saved()
    assert visit.send(e.EntryAcked(visit.seq - 1, AT_MS)).state is State.WAITING
    assert visit.acked().state is State.SAVED
