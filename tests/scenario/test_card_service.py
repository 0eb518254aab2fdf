"""The citizen card's own services: a new PIN on the card, a card that is stopped, and one that was found."""

from __future__ import annotations

import pytest

from kiosk.session.asking.events import VerdictCame
from tests.scenario.kit import PERSONAS, Kiosk

NEW = "902817"


def to_new_pin(kiosk: Kiosk) -> Kiosk:
    kiosk.to_home("parent").touch("event.records", "service.card", "primary", "primary", "do.pin")
    while kiosk.screen.name == "form" and "pin.1" not in kiosk.controls:
        kiosk.touch("primary")
    return kiosk


def test_the_pin_is_changed_on_the_card_and_nowhere_else(kiosk: Kiosk) -> None:
    card = kiosk.touch("language.zh", "start.card").insert("parent")
    kiosk.pin("123456").touch("event.records", "service.card", "primary", "primary", "do.pin")
    while "pin.1" not in kiosk.controls:
        kiosk.touch("primary")
    kiosk.pin("123456").pin(NEW)
    assert kiosk.terminal.runtime.session.pin_step == "again"
    kiosk.pin(NEW)
    assert kiosk.screen.name == "check"
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    kiosk.wait(1)
    assert kiosk.screen.name == "saved"
    document = kiosk.store.documents[-1]
    assert document["fields"]["pin"] == {"value": "changed", "origin": "answer"}  # type: ignore[index]
    assert NEW not in str(document)
    assert "123456" not in str(document).replace(PERSONAS["parent"].id_number, "")
    kiosk.touch("finish")
    kiosk.pull()
    kiosk.touch("language.zh", "start.card").put(card)
    kiosk.pin("123456")
    assert "密码不对，还可以试 5 次" in kiosk.words, "the old one is gone"
    kiosk.pin(NEW)
    assert kiosk.screen.name == "home"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("777777", "六个一样的数字太好猜"),
        ("900307", "生日太好猜"),
        ("070390", "生日太好猜"),
        ("199003", "生日太好猜"),
        ("123456", "新密码和原来的一样"),
    ],
)
def test_a_pin_that_is_easy_to_guess_is_not_taken(kiosk: Kiosk, new: str, said: str) -> None:
    to_new_pin(kiosk).pin("123456").pin(new)
    assert said in kiosk.words
    assert kiosk.terminal.runtime.session.pin_step == "new"
    assert len(kiosk.terminal.runtime._pins.holders["new"]) == 0  # pyright: ignore[reportPrivateUsage]
    kiosk.pin(NEW).pin(NEW)
    assert kiosk.screen.name == "check"


def test_two_that_differ_change_nothing(kiosk: Kiosk) -> None:
    to_new_pin(kiosk).pin("123456").pin(NEW).pin("902818")
    assert "两次输的不一样" in kiosk.words
    kiosk.pin(NEW).pin(NEW)
    assert kiosk.screen.name == "check"


def test_a_wrong_old_pin_costs_a_try_and_changes_nothing(kiosk: Kiosk) -> None:
    to_new_pin(kiosk).pin("111111").pin(NEW).pin(NEW)
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    assert "密码不对，还可以试 5 次" in kiosk.words
    assert kiosk.store.documents == []
    kiosk.pin("123456").pin(NEW).pin(NEW)
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    kiosk.wait(1)
    assert kiosk.screen.name == "saved"


@pytest.mark.parametrize("leaves", ["home", "finish"])
def test_whoever_turns_back_leaves_no_digits(kiosk: Kiosk, leaves: str) -> None:
    to_new_pin(kiosk).pin("123456").pin(NEW)
    kiosk.touch(leaves)
    assert all(len(pin) == 0 for pin in kiosk.terminal.runtime._pins.holders.values())  # pyright: ignore[reportPrivateUsage]
    assert kiosk.terminal.runtime.session.pin_step == ""


def test_the_card_is_pulled_between_the_two_new_pins(kiosk: Kiosk) -> None:
    to_new_pin(kiosk).pin("123456").pin(NEW)
    kiosk.pull()
    assert kiosk.screen.name == "failure.card-removed"
    assert all(len(pin) == 0 for pin in kiosk.terminal.runtime._pins.holders.values())  # pyright: ignore[reportPrivateUsage]


def test_the_disk_is_full_after_the_card_has_its_new_pin(kiosk: Kiosk) -> None:
    to_new_pin(kiosk).pin("123456").pin(NEW).pin(NEW)
    kiosk.store.breaks = OSError("no room")
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    assert kiosk.screen.name == "failure.pin-changed-only"
    assert "从现在起用新密码" in kiosk.words


@pytest.mark.parametrize(
    ("instruction", "pulled", "screen"),
    [
        (0x5E, True, "pin-change-unknown"),
        (0x5E, False, "pin-change-unknown"),
        (0x20, True, "pin-changed-only"),
        (0x20, False, "pin-changed-only"),
    ],
    ids=["pulled at the change", "mute at the change", "pulled after it", "mute after it"],
)
def test_the_card_goes_while_its_pin_is_changed_and_which_one_counts_is_said(
    kiosk: Kiosk, instruction: int, pulled: bool, screen: str
) -> None:
    card = kiosk.touch("language.zh", "start.card").insert("parent")
    kiosk.pin("123456").touch("event.records", "service.card", "primary", "primary", "do.pin")
    while "pin.1" not in kiosk.controls:
        kiosk.touch("primary")
    kiosk.pin("123456").pin(NEW).pin(NEW)
    whole = card.process

    def process(apdu: bytes) -> bytes | None:
        answer = whole(apdu)
        if apdu[1] != instruction:
            return answer
        if pulled:
            kiosk.reader.remove()
        return None

    card.process = process  # type: ignore[method-assign]
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    assert kiosk.screen.name == f"failure.{screen}"
    assert "新密码" in kiosk.words
    assert kiosk.store.documents == []
    card.process = whole  # type: ignore[method-assign]
    if not pulled:
        kiosk.pull()
    if kiosk.screen.name == "attract":
        kiosk.touch("language.zh", "start.card")
    kiosk.put(card)
    kiosk.pin(NEW)
    assert kiosk.screen.name == "home"


def test_no_digit_of_a_new_pin_is_on_a_screen_or_in_the_log(kiosk: Kiosk) -> None:
    to_new_pin(kiosk)
    before = len(kiosk.screens)
    kiosk.pin("123456").pin(NEW).pin(NEW)
    log = (kiosk.state_dir / "log" / "kiosk.jsonl").read_text("utf-8")
    for secret in (NEW, "123456"):
        assert secret not in log
        assert all(secret not in repr(screen) for screen in kiosk.screens[before:])
        assert secret not in repr(kiosk.terminal.runtime.session)


def test_a_card_reported_lost_is_refused_while_the_pin_is_asked_for(kiosk: Kiosk) -> None:
    kiosk.city.lost = True
    kiosk.touch("language.zh", "start.card").insert("parent")
    assert kiosk.screen.name == "failure.card-lost"
    assert "pin.1" not in kiosk.controls
    assert kiosk.terminal.runtime.session.holder is None


def test_a_lost_card_is_refused_at_the_lookup_at_the_latest(kiosk: Kiosk) -> None:
    kiosk.to_home("parent")
    kiosk.city.refuses = "card-lost"
    kiosk.touch("event.moved", "service.household-proof", "primary", "primary")
    assert kiosk.screen.name == "failure.card-lost"
    assert kiosk.terminal.runtime.session.holder is None


def test_the_gateway_does_not_answer_and_the_card_goes_on(kiosk: Kiosk) -> None:
    kiosk.city.card_lost = lambda _certificate: (_ for _ in ()).throw(OSError)  # type: ignore[method-assign]
    kiosk.to_home("parent")
    assert kiosk.screen.name == "home"


def test_a_card_that_was_found_is_opened_again_with_its_pin(kiosk: Kiosk) -> None:
    kiosk.city.lost = True
    kiosk.touch("language.zh", "start.card").insert("parent")
    kiosk.touch("primary")
    assert kiosk.screen.name == "pin"
    kiosk.pin("123456")
    assert kiosk.terminal.runtime.session.application is not None
    kiosk.touch("primary")
    while kiosk.screen.name in {"form", "check"}:
        choice = next((name for name in kiosk.controls if name.startswith("choice.")), None)
        kiosk.touch(*((choice,) if choice is not None else ()), "primary")
    kiosk.wait(1)
    assert kiosk.screen.name == "saved"
    assert kiosk.store.documents[-1]["fields"]["action"]["value"] == "withdraw"  # type: ignore[index]
    assert kiosk.city.asked == [], "nothing was looked up with a card reported lost"


def test_stopping_a_card_that_is_stopped_already_is_said_so(kiosk: Kiosk) -> None:
    kiosk.to_home("parent").touch("event.records", "service.card", "primary", "primary", "do.loss")
    while kiosk.screen.name == "form":
        kiosk.touch("primary")
    kiosk.city.verdicts[kiosk.store.last_seq + 1] = VerdictCame(
        kiosk.store.last_seq + 1, False, "loss-reported-already"
    )
    while kiosk.screen.name == "check":
        kiosk.touch("primary")
    kiosk.wait(1)
    assert kiosk.screen.name == "failure.not-accepted"
    assert "这张卡已经挂失了" in kiosk.words
    kiosk.touch("back")
    assert kiosk.screen.name == "home"
