"""How a technician comes in, by card or by code; who does not; and how staff mode ends."""

from __future__ import annotations

import pytest

from drivers.sim.cards.card import SimCard
from kiosk.bench.processes.technicians import serial
from kiosk.bench.virtual.staff import PIN
from tests.scenario.kit import Kiosk
from tests.scenario.staff_kit import actions, code_on_phone, come_in, did, type_code

# ------------------------------------------------------------------------------------------------ by card


def test_a_technician_card_and_its_pin_open_the_maintenance_screen(kiosk: Kiosk) -> None:
    come_in(kiosk)
    assert kiosk.screen.name == "staff.maintenance"
    assert "7 项都正常" in kiosk.words
    assert actions(kiosk) == ["entered"]
    assert str(did(kiosk)[0]["by"]).startswith("card:")


def test_a_wrong_pin_counts_on_the_card_and_three_lock_it(kiosk: Kiosk) -> None:
    card = come_in(kiosk, "99999999")
    assert kiosk.screen.name == "staff.pin"
    assert "还可以试 2 次" in kiosk.words
    assert card.tries_left == 2
    kiosk.pin("11111111").pin("22222222")
    assert card.tries_left == 0
    assert "代码 pin-blocked" in kiosk.words
    assert [line["left"] for line in did(kiosk, "staff.refused")] == [2, 1]
    assert did(kiosk, "staff.knocked")[-1]["code"] == "pin-blocked"
    assert PIN not in str(kiosk.terminal.log.recent)
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    kiosk.put(card)
    assert "代码 pin-blocked" in kiosk.words
    assert "pin.1" not in kiosk.controls


def test_a_pin_of_six_digits_is_long_enough_and_five_are_not(kiosk: Kiosk) -> None:
    document = {**kiosk.staff.document(), "pin": "135790"}
    kiosk.put(SimCard.from_document(document))
    kiosk.touch(*(f"pin.{digit}" for digit in "13579"))
    assert kiosk.controls["pin.ok"].event is None
    kiosk.touch("pin.0", "pin.ok")
    assert kiosk.screen.name == "staff.maintenance"


def test_a_revoked_card_is_told_so_before_any_pin(kiosk: Kiosk) -> None:
    document = kiosk.staff.document()
    kiosk.staff.revoked.add(serial(document))
    kiosk.put(SimCard.from_document(document))
    assert "这张技术员卡已收回" in kiosk.words
    assert "pin.1" not in kiosk.controls
    assert did(kiosk, "staff.knocked")[0]["code"] == "technician-revoked"
    kiosk.pull()
    assert kiosk.screen.name == "attract"


def test_a_card_whose_certificate_has_ended_lets_nobody_in(kiosk: Kiosk) -> None:
    kiosk.put(kiosk.staff.card(days=-1))
    assert "代码 technician-expired" in kiosk.words


def test_a_forged_card_with_a_copied_certificate_takes_the_pin_and_is_found_out(kiosk: Kiosk) -> None:
    mine, other = kiosk.staff.document(), kiosk.staff.document("T-0666")
    assert isinstance(mine["signing"], dict)
    assert isinstance(other["signing"], dict)
    forged = {**mine, "signing": {**mine["signing"], "key": other["signing"]["key"]}}
    kiosk.put(SimCard.from_document(forged))
    kiosk.pin(PIN)
    assert "代码 technician-false" in kiosk.words
    assert kiosk.screen.name == "staff.pin"


def test_a_company_card_that_no_gateway_signed_stays_a_wrong_card(kiosk: Kiosk) -> None:
    holder = {"name": "Test Person", "id_number": "X-1"}
    kiosk.put(SimCard.from_document({"profile": "piv", "holder": holder}, kiosk.authority))
    assert kiosk.screen.name == "failure.card-unknown"
    assert not did(kiosk, "staff.knocked")


def test_a_technician_card_in_a_citizens_visit_is_only_a_wrong_card(kiosk: Kiosk) -> None:
    kiosk.touch("language.zh", "start.card")
    kiosk.put(kiosk.staff.card())
    assert kiosk.screen.name == "failure.card-unknown"
    assert not did(kiosk)


def test_the_card_pulled_while_its_pin_is_typed_brings_the_attract_screen_back(kiosk: Kiosk) -> None:
    kiosk.put(kiosk.staff.card())
    kiosk.touch("pin.1", "pin.2")
    kiosk.pull()
    assert kiosk.screen.name == "attract"
    assert all(len(pin) == 0 for pin in kiosk.terminal.runtime._pins.holders.values())


def test_back_from_the_pin_pad_asks_for_the_card(kiosk: Kiosk) -> None:
    kiosk.put(kiosk.staff.card())
    kiosk.touch("back")
    assert kiosk.screen.name == "take-card"
    kiosk.pull()
    assert kiosk.screen.name == "attract"


# ------------------------------------------------------------------------------------------------ by code


def test_the_name_is_held_and_the_code_from_the_phone_opens(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    assert kiosk.screen.name == "staff.code"
    type_code(kiosk, code_on_phone(kiosk))
    assert kiosk.screen.name == "staff.maintenance"
    assert str(did(kiosk)[0]["by"]).startswith("code:")


def test_wrong_codes_are_counted_and_the_fifth_brings_a_new_one(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    first = code_on_phone(kiosk)
    wrong = f"{(int(first) + 1) % 100_000_000:08d}"
    for left in (4, 3, 2, 1):
        type_code(kiosk, wrong)
        assert f"还可以试 {left} 次" in kiosk.words
    type_code(kiosk, wrong)
    assert "已换新码" in kiosk.words
    assert code_on_phone(kiosk) != first
    type_code(kiosk, first)
    assert "还可以试 4 次" in kiosk.words
    assert wrong not in str(kiosk.terminal.log.recent)


def test_a_code_is_too_old_after_ten_minutes(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    old = code_on_phone(kiosk)
    for _ in range(3):
        kiosk.wait(250).touch("key.1", "key.delete")  # somebody is there
    type_code(kiosk, old)
    assert "已换新码" in kiosk.words
    assert did(kiosk, "staff.refused")


def test_a_code_is_good_once(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    used = code_on_phone(kiosk)
    type_code(kiosk, used).touch("finish", "staff.way-in")
    type_code(kiosk, used)
    assert kiosk.screen.name == "staff.code"


def test_half_a_code_goes_nowhere(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in", "key.1", "key.2", "key.clear")
    assert kiosk.controls["primary"].event is None
    kiosk.touch("finish")
    assert kiosk.screen.name == "attract"


def test_the_name_cannot_be_held_while_a_citizen_is_there(kiosk: Kiosk) -> None:
    held = kiosk.controls["staff.way-in"].event
    assert held is not None
    kiosk.touch("language.zh")
    assert "staff.way-in" not in kiosk.controls
    kiosk.terminal.send(held)
    kiosk.pump()
    assert kiosk.screen.name == "start"


# -------------------------------------------------------------------------------------------------- leaving


def test_staff_mode_leaves_by_itself_and_asks_for_the_card(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.wait(290).touch("tool.tools").wait(290)
    assert kiosk.screen.name == "staff.tools"
    kiosk.wait(11)
    assert kiosk.screen.name == "take-card"
    kiosk.pull()
    assert kiosk.screen.name == "attract"


def test_the_card_s_removal_ends_it_at_once(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.touch("tool.tools").pull()
    assert kiosk.screen.name == "attract"
    kiosk.to_home()
    assert kiosk.screen.name == "home"


def test_a_citizen_who_comes_while_maintenance_is_open_gets_nowhere(kiosk: Kiosk) -> None:
    kiosk.touch("staff.way-in")
    type_code(kiosk, code_on_phone(kiosk))
    kiosk.insert()
    assert kiosk.screen.name == "staff.maintenance"
    assert "林" not in kiosk.words
    kiosk.touch("finish")
    assert kiosk.screen.name == "take-card"
    kiosk.pull()
    assert kiosk.screen.name == "attract"


def test_the_network_and_the_printer_are_still_heard_of(kiosk: Kiosk) -> None:
    come_in(kiosk)
    kiosk.cut()
    assert kiosk.terminal.runtime.session.world.network_up is False
    kiosk.touch("finish").pull()
    assert any("没有网络" in chip.text for chip in kiosk.screen.chips)


def test_a_fault_of_ours_in_staff_mode_leads_out_of_it(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    come_in(kiosk)
    monkeypatch.setattr("kiosk.hosting.staff_host.step", lambda *_: 1 / 0)
    kiosk.touch("tool.tools").pull()
    assert kiosk.screen.name == "attract"
    assert did(kiosk, "internal")
