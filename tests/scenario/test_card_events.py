"""Named after what a hand did with a card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from tests.scenario.kit import PERSONAS, Kiosk

WAYS = {
    "pin": lambda k: k.touch("language.zh", "start.card").insert("parent"),
    "home": lambda k: k.to_home(),
    "services": lambda k: k.to_home().touch("event.moved"),
    "intro": lambda k: k.to_home().to_intro(),
    "consent": lambda k: k.to_home().to_intro().touch("primary"),
    "form": lambda k: k.to_home().to_intro().touch("primary", "primary"),
    "check": lambda k: k.to_home().to_check(),
}


@pytest.mark.parametrize("screen", WAYS)
def test_the_card_is_pulled_before_the_form_was_submitted(kiosk: Kiosk, screen: str) -> None:
    WAYS[screen](kiosk)
    assert kiosk.screen.name == screen
    kiosk.pull()
    assert kiosk.screen.name == "failure.card-removed"
    assert "没有提交" in kiosk.words
    assert kiosk.terminal.runtime.session.holder is None
    assert kiosk.terminal.runtime.session.application is None
    assert kiosk.store.documents == []
    kiosk.touch("back")
    assert kiosk.screen.name == "attract"


@pytest.mark.parametrize("presses", [(), ("primary",), ("primary", "primary"), ("primary", "primary", "rating.3")])
def test_the_card_is_pulled_after_the_entry_was_saved(kiosk: Kiosk, presses: tuple[str, ...]) -> None:
    kiosk.to_home().to_saved().touch(*presses)
    kiosk.pull()
    assert kiosk.screen.name == "failure.card-removed"
    assert "部门已收到" in kiosk.words
    assert str(kiosk.store.documents[0]["number"]) in kiosk.words
    assert kiosk.terminal.runtime.session.holder is None


def test_the_card_is_pulled_while_the_gateway_is_being_waited_for(kiosk: Kiosk) -> None:
    kiosk.store.ack_at_once = False
    kiosk.to_home().to_check().submit()
    assert kiosk.screen.name == "working"
    kiosk.pull()
    assert "已记在本机，还没发出" in kiosk.words
    kiosk.store.acked = 1
    kiosk.wait(1)
    assert "部门已收到" in kiosk.words


def test_a_pulled_card_put_in_again_begins_anew_by_itself(kiosk: Kiosk) -> None:
    kiosk.to_home().pull()
    kiosk.insert()
    assert kiosk.screen.name == "pin"


def test_two_wrong_pins_say_how_many_tries_are_left_and_the_third_is_right(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert()
    kiosk.pin("000000")
    assert kiosk.screen.name == "pin"
    assert "密码不对，还可以试 5 次" in kiosk.words
    kiosk.pin("000000")
    assert "密码不对，还可以试 4 次" in kiosk.words
    kiosk.pin("123456")
    assert kiosk.screen.name == "home"


def test_the_third_wrong_pin_blocks_the_card_that_had_three_tries(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert("blocking")
    kiosk.pin("000000").pin("000000").pin("000000")
    assert kiosk.screen.name == "failure.pin-blocked"
    assert "finish" in kiosk.controls
    kiosk.pull()
    assert kiosk.screen.name == "attract"


def test_a_card_that_is_blocked_already_never_sees_the_pin_pad(kiosk: Kiosk) -> None:
    document = {**PERSONAS["parent"].card, "tries_left": 0}
    kiosk.touch("language.zh", "start.card").put(SimCard(parse_card_document(document), kiosk.authority))
    assert kiosk.screen.name == "failure.pin-blocked"


def test_an_expired_card_is_told_so_before_any_pin(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert("expired")
    assert kiosk.screen.name == "failure.card-expired"
    assert "2024 年 6 月 30 日" in kiosk.words
    kiosk.touch("finish")
    assert kiosk.screen.name == "take-card"


def test_a_bank_card_is_named_unknown_and_the_right_one_goes_on_by_itself(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card")
    document = parse_card_document(PERSONAS["parent"].card)
    stranger = SimCard(document, kiosk.authority)
    answer = stranger.process
    stranger.process = lambda apdu: b"\x6a\x82" if apdu[1] == 0xA4 else answer(apdu)  # type: ignore[method-assign]
    kiosk.put(stranger)
    assert kiosk.screen.name == "failure.card-unknown"
    kiosk.pull()
    assert kiosk.screen.name == "card"
    kiosk.insert()
    assert kiosk.screen.name == "pin"


def test_a_mute_card_is_told_to_be_wiped(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert("parent", mute_after_apdus=1)
    assert kiosk.screen.name == "failure.card-unreadable"
    assert "擦一擦" in kiosk.words
    kiosk.pull()
    assert kiosk.screen.name == "card"


def test_a_card_that_dies_while_signing_leaves_nothing_half_done(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card")
    card = kiosk.insert()
    kiosk.pin("123456").to_check()
    card.process = lambda _apdu: None  # type: ignore[method-assign]
    kiosk.submit()
    assert kiosk.screen.name == "failure.card-unreadable"
    assert kiosk.store.documents == []


def test_another_card_in_the_slot_is_seen_before_anything_is_signed(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card")
    card = kiosk.insert()
    kiosk.pin("123456").to_check()
    other = SimCard(parse_card_document(PERSONAS["elder"].card), kiosk.authority)
    card.process = other.process  # type: ignore[method-assign]
    kiosk.submit()
    assert kiosk.screen.name == "failure.card-swapped"
    assert kiosk.store.documents == []


def test_the_reader_is_unplugged_in_the_middle_and_comes_back(kiosk: Kiosk) -> None:
    kiosk.to_home()
    kiosk.reader.unplug()
    kiosk.pump()
    assert kiosk.screen.name == "failure.reader-absent"
    assert kiosk.terminal.runtime.session.holder is None
    kiosk.reader.plug()
    kiosk.pump()
    assert kiosk.screen.name == "pin"


def test_without_a_reader_the_card_way_is_closed_and_one_may_still_look_around(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    kiosk.reader.unplug()
    kiosk.pump()
    kiosk.touch("language.zh")
    assert not kiosk.controls["start.card"].enabled
    kiosk.touch("start.browse", "event.moved", "service.household-proof", "primary")
    assert kiosk.screen.name == "failure.reader-absent"
    kiosk.touch("back")
    assert kiosk.screen.name == "start"
    kiosk.close()


def test_every_citizen_of_the_tray_gets_as_far_as_their_story_says(tmp_path: Path) -> None:
    ends = {"expired": "failure.card-expired"}
    for persona in PERSONAS:
        kiosk = Kiosk(tmp_path / persona)
        kiosk.touch("language.zh", "start.card").insert(persona)
        if persona not in ends:
            kiosk.pin(str(PERSONAS[persona].card["pin"]))
        assert kiosk.screen.name == ends.get(persona, "home"), persona
        kiosk.close()


def test_the_rare_name_is_greeted_and_printed(kiosk: Kiosk) -> None:
    kiosk.to_home("rare-name")
    assert "黎*𠮷，您好" in kiosk.words
    kiosk.to_saved().touch("primary", "primary")
    (receipt,) = kiosk.paper.receipts
    assert receipt.complete


def test_leaving_the_pin_pad_asks_for_the_card_back(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert()
    kiosk.touch("pin.1", "pin.2", "back")
    assert kiosk.screen.name == "take-card"
    assert len(kiosk.terminal.runtime._pins.holders[""]) == 0


def test_shuffled_digits_are_all_there_and_the_right_pin_still_works(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card").insert()
    kiosk.touch("pin.shuffle")
    pad = [c.text for c in kiosk.controls.values() if c.role == "key" and c.text.isdigit()]
    assert sorted(pad) == list("0123456789")
    assert pad != list("1234567890")
    kiosk.pin("123456")
    assert kiosk.screen.name == "home"


def test_the_pin_state_of_the_card_does_not_outlive_the_visit(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card")
    card = kiosk.insert()
    kiosk.pin("123456").touch("finish")
    assert card.process(bytes.fromhex("00200000")) != b"\x90\x00"


def test_settings_of_the_terminal_are_not_touched_by_a_visit(kiosk: Kiosk) -> None:
    before = kiosk.terminal.runtime.session.world.settings
    kiosk.to_home().touch("finish").pull()
    assert replace(kiosk.terminal.runtime.session.world.settings) == before
