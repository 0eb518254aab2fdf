"""A technician's card in a slot of its own, behind the lock: who comes in, what stays free, and how it ends."""

from __future__ import annotations

from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from kiosk.bench.processes.technicians import serial
from kiosk.bench.virtual.city import personas
from kiosk.bench.virtual.staff import PIN
from tests.scenario.kit import Kiosk
from tests.scenario.staff_kit import actions, code_on_phone, did, type_code


def put_behind(kiosk: Kiosk, card: SimCard | None = None) -> SimCard:
    """Put a card into the technicians' own slot."""
    card = card or kiosk.staff.card()
    kiosk.own_reader.insert(card)
    kiosk.pump()
    return card


def pull_behind(kiosk: Kiosk) -> None:
    kiosk.own_reader.remove()
    kiosk.pump()


def test_the_card_opens_maintenance_from_its_own_slot_and_ends_it_by_leaving(kiosk: Kiosk) -> None:
    put_behind(kiosk)
    assert kiosk.screen.name == "staff.pin"
    kiosk.pin(PIN)
    assert kiosk.screen.name == "staff.maintenance"
    assert str(did(kiosk)[0]["by"]).startswith("card:")
    pull_behind(kiosk)
    assert kiosk.screen.name == "attract"
    assert actions(kiosk) == ["entered", "left"]


def test_test_cards_go_through_the_citizens_slot_while_it_stays_where_it_is(kiosk: Kiosk) -> None:
    put_behind(kiosk)
    kiosk.pin(PIN).touch("tool.read", "primary")
    kiosk.insert()
    assert "认出了 citizen" in kiosk.words
    kiosk.pull()
    kiosk.touch("primary")
    kiosk.put(kiosk.staff.card("T-0007"))
    assert "认出了一张技术员卡" in kiosk.words
    kiosk.pull().touch("back")
    assert kiosk.screen.name == "staff.maintenance"


def test_a_citizen_s_visit_goes_on_and_the_technician_waits_for_its_end(kiosk: Kiosk) -> None:
    kiosk.to_home()
    put_behind(kiosk)
    assert kiosk.screen.name == "home"
    kiosk.touch("finish")
    assert kiosk.screen.name == "take-card"
    kiosk.pull()
    assert kiosk.screen.name == "staff.pin"
    kiosk.touch("back")
    assert kiosk.screen.name == "attract"
    kiosk.to_home()
    assert kiosk.screen.name == "home"


def test_a_technician_who_does_not_wait_leaves_nothing_behind(kiosk: Kiosk) -> None:
    kiosk.to_home()
    put_behind(kiosk)
    pull_behind(kiosk)
    kiosk.touch("finish").pull()
    assert kiosk.screen.name == "attract"


def test_a_wrong_pin_counts_and_the_third_locks(kiosk: Kiosk) -> None:
    card = put_behind(kiosk)
    kiosk.pin("99999999")
    assert "还可以试 2 次" in kiosk.words
    kiosk.pin("11111111").pin("22222222")
    assert "代码 pin-blocked" in kiosk.words
    assert card.tries_left == 0


def test_a_citizen_s_card_in_it_is_named_and_not_served(kiosk: Kiosk) -> None:
    put_behind(kiosk, SimCard(parse_card_document(personas()["parent"].card), kiosk.authority))
    assert "这张不是技术员卡" in kiosk.words
    assert "pin.1" not in kiosk.controls
    pull_behind(kiosk)
    assert kiosk.screen.name == "attract"


def test_a_revoked_a_mute_and_a_forged_card_open_nothing(kiosk: Kiosk) -> None:
    mine, other = kiosk.staff.document(), kiosk.staff.document("T-0666")
    assert isinstance(mine["signing"], dict)
    assert isinstance(other["signing"], dict)
    put_behind(kiosk, SimCard.from_document({**mine, "signing": {**mine["signing"], "key": other["signing"]["key"]}}))
    kiosk.pin(PIN)
    assert "代码 technician-false" in kiosk.words
    pull_behind(kiosk)
    put_behind(kiosk, SimCard.from_document({**mine, "quirks": {"mute_after_apdus": 0}}))
    assert "代码 card-unreadable" in kiosk.words
    pull_behind(kiosk)
    kiosk.staff.revoked.add(serial(mine))
    put_behind(kiosk, SimCard.from_document(mine))
    assert "代码 technician-revoked" in kiosk.words


def test_another_card_slipped_in_after_the_look_is_found_out(kiosk: Kiosk) -> None:
    """Pulled and swapped so fast that the screen still asks the first one's PIN."""
    put_behind(kiosk)
    kiosk.touch(*(f"pin.{digit}" for digit in PIN))
    kiosk.own_reader.remove()
    kiosk.own_reader.insert(kiosk.staff.card("T-0007"))
    kiosk.own_reader.settle()
    kiosk.touch("pin.ok")
    assert kiosk.screen.name != "staff.maintenance"
    assert "entered" not in actions(kiosk)


def test_a_closed_terminal_opens_from_it_too(kiosk: Kiosk) -> None:
    put_behind(kiosk)
    kiosk.pin(PIN).touch("tool.tools", "tool.close", "reason.work", "primary", "finish")
    assert kiosk.screen.name == "out-of-service"
    pull_behind(kiosk)
    put_behind(kiosk)
    kiosk.pin(PIN).touch("tool.tools", "tool.open", "primary", "finish")
    assert kiosk.screen.name == "attract"


def test_who_came_by_code_is_not_thrown_out_by_it(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    type_code(kiosk, code_on_phone(kiosk))
    put_behind(kiosk)
    pull_behind(kiosk)
    assert kiosk.screen.name == "staff.maintenance"
