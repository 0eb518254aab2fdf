"""Named after what became of the receipt: taken, left in the mouth, stuck, printed again, sent as a message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.screen_model import CaseNumber
from tests.scenario.kit import Kiosk

WITH_PHONE = ("marriage", "records")
"""A service whose form holds the number that the city knows."""


@pytest.fixture
def mouth(tmp_path: Path) -> Iterator[Kiosk]:
    """A terminal whose printer presents its tickets, with one waiting in the mouth."""
    made = Kiosk(tmp_path, printer_model="custom-vkp80")
    made.to_home().to_saved().touch("primary", "primary")
    yield made
    made.close()


def tickets(kiosk: Kiosk) -> tuple[int | None, list[int], list[int]]:
    presenter = kiosk.paper.presenter
    assert presenter is not None
    return presenter.waiting, presenter.taken, presenter.retracted


# ---- the mouth of a kiosk printer


def test_the_citizen_takes_the_receipt_and_the_visit_goes_on(mouth: Kiosk) -> None:
    assert mouth.terminal.public_state()["state"] == "take-paper"
    assert "打好了，请拿凭条" in mouth.words
    assert mouth.screen.title_display
    mouth.wait(5)
    assert mouth.screen.name == "receipt"
    assert mouth.paper.take_ticket()
    mouth.wait(1)
    assert mouth.screen.name == "rating"
    assert tickets(mouth) == (None, [1], [])


def test_nobody_takes_the_receipt_and_it_is_drawn_in(mouth: Kiosk) -> None:
    mouth.wait(31)
    assert mouth.screen.name == "failure.print-not-taken"
    assert tickets(mouth) == (None, [], [1])
    mouth.touch("print.again")
    assert mouth.terminal.public_state()["state"] == "take-paper"
    assert "补打 COPY" in mouth.paper.receipts[-1].text
    assert mouth.paper.take_ticket()
    assert mouth.wait(1).screen.name == "rating"


def test_the_receipt_sticks_in_the_mouth(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, printer_model="custom-vkp80")
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.set_fault("presenter-jam", after_lines=3)
    kiosk.touch("primary").wait(1)
    assert kiosk.screen.name == "failure.print-jammed"
    assert "print.again" not in kiosk.controls
    assert any(isinstance(piece, CaseNumber) for piece in kiosk.screen.body), "the code instead of the paper"
    kiosk.touch("primary")
    assert kiosk.screen.name == "rating"
    kiosk.close()


def test_a_mouth_that_jams_while_the_ticket_is_drawn_in(mouth: Kiosk) -> None:
    mouth.wait(28)
    mouth.paper.set_fault("presenter-jam")
    assert mouth.wait(1).screen.name == "failure.print-jammed"
    assert tickets(mouth)[2] == []


def test_the_printer_falls_silent_with_the_ticket_in_its_mouth(mouth: Kiosk) -> None:
    mouth.paper.set_fault("mute")
    for _ in range(60):
        if mouth.screen.name != "receipt":
            break
        mouth.wait(1)
    assert mouth.screen.name == "rating", "nobody claims that it was taken, and nobody has to wait"


def test_the_card_is_pulled_first_and_the_ticket_does_not_stay_for_the_next_citizen(mouth: Kiosk) -> None:
    mouth.pull()
    assert mouth.screen.name == "failure.card-removed"
    mouth.wait(31)
    assert tickets(mouth) == (None, [], [1])


def test_the_ticket_is_taken_after_the_card(mouth: Kiosk) -> None:
    mouth.pull().wait(5)
    assert mouth.paper.take_ticket()
    mouth.wait(60)
    assert tickets(mouth) == (None, [1], [])


# ---- again


def test_the_paper_is_back_before_anything_was_printed(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.set_fault("paper-out")
    kiosk.touch("primary")
    assert kiosk.screen.name == "failure.printer-paper-out"
    assert "print.again" not in kiosk.controls
    kiosk.paper.load_roll()
    kiosk.wait(11)
    assert kiosk.controls["print.again"].text == "纸装好了，打印"
    kiosk.touch("print.again")
    assert kiosk.screen.name == "rating"
    (paper,) = kiosk.paper.receipts
    assert "正本 ORIGINAL" in paper.text


def test_the_paper_is_back_after_half_a_receipt(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.load_roll(60)
    kiosk.touch("primary")
    assert kiosk.screen.name == "failure.print-partial"
    kiosk.paper.load_roll()
    kiosk.wait(11)
    assert kiosk.controls["print.again"].text == "再打一张，会写明“补打”"
    kiosk.touch("print.again")
    assert kiosk.screen.name == "rating"
    assert "补打 COPY" in kiosk.paper.receipts[-1].text
    assert sum("正本 ORIGINAL" in paper.text and paper.complete for paper in kiosk.paper.receipts) == 0


def test_a_printer_that_lies_about_its_paper_gets_no_done(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.set_fault("lying")
    kiosk.paper.load_roll(60)
    kiosk.touch("primary")
    assert kiosk.screen.name == "failure.print-unknown"


# ---- as a message


def test_a_text_message_instead_of_paper(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary")
    assert kiosk.controls["receipt.sms"].detail == "140****0021"
    kiosk.touch("receipt.sms", "primary")
    number = str(kiosk.store.documents[0]["number"])
    made = kiosk.store.documents[-1]
    assert {key: made[key] for key in ("kind", "case", "way", "to", "text_id", "language")} == {
        "kind": "notice", "case": number, "way": "sms", "to": "14000000021", "text_id": "receipt",
        "language": "zh-Hans",
    }  # fmt: skip
    assert "已记下，等着发到 140****0021" in kiosk.words
    assert "14000000021" not in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "rating"
    assert kiosk.paper.receipts == []
    assert len(kiosk.store.documents) == 2


def test_a_letter_by_e_mail_where_the_city_knows_the_address(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary", "receipt.email", "primary")
    assert (kiosk.store.documents[-1]["way"], kiosk.store.documents[-1]["to"]) == ("email", "xiaoxian@example.com")
    assert "xiaoxian@example.com" not in kiosk.words


def test_paper_and_a_text_message(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary", "receipt.both", "primary")
    assert kiosk.screen.name == "rating"
    assert [paper.complete for paper in kiosk.paper.receipts] == [True]
    assert [d["kind"] for d in kiosk.store.documents] == ["application", "notice"]


def test_a_number_is_typed_where_nobody_knows_one(kiosk: Kiosk) -> None:
    kiosk.to_home()
    kiosk.city.up = False
    kiosk.to_saved(*WITH_PHONE).touch("primary")
    assert kiosk.controls["receipt.sms"].detail == "要输手机号"
    kiosk.touch("receipt.sms", "primary")
    assert kiosk.terminal.public_state()["state"] == "address"
    kiosk.touch(*(f"key.{digit}" for digit in "1380000"), "primary")
    assert "要写 11 位的手机号" in kiosk.words
    kiosk.touch(*(f"key.{digit}" for digit in "5678"), "primary")
    assert kiosk.store.documents[-1]["to"] == "13800005678"
    assert "138****5678" in kiosk.words


def test_the_number_is_not_typed_after_all(kiosk: Kiosk) -> None:
    kiosk.to_home()
    kiosk.city.up = False
    kiosk.to_saved(*WITH_PHONE).touch(
        "primary", "receipt.sms", "primary", "key.1", "key.delete", "key.1", "key.clear", "back"
    )
    assert kiosk.screen.name == "receipt"
    assert len(kiosk.store.documents) == 1


def test_a_text_message_after_half_a_receipt(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary")
    kiosk.paper.load_roll(60)
    kiosk.touch("primary", "receipt.sms")
    assert kiosk.screen.name == "receipt"
    assert "notice" in [d["kind"] for d in kiosk.store.documents]
    assert kiosk.touch("primary").screen.name == "rating"


def test_the_disk_refuses_the_message(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary", "receipt.sms")
    error = OSError("full")
    error.code = "outbox-full"  # pyright: ignore[reportAttributeAccessIssue]
    kiosk.store.breaks = error
    kiosk.touch("primary")
    assert "消息没有记下" in kiosk.words
    assert kiosk.touch("primary").screen.name == "rating"


def test_nothing_of_an_address_is_logged_or_kept(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved(*WITH_PHONE).touch("primary", "receipt.sms", "primary")
    assert "14000000021" not in repr(kiosk.terminal.runtime.session)
    kiosk.touch("primary", "back").pull()
    log = (kiosk.state_dir / "log" / "kiosk.jsonl").read_text("utf-8")
    assert "receipt.message" in log
    assert "14000000021" not in log
    assert kiosk.terminal.runtime.session.message is None


# ---- the roll and the fleet


def supplies(kiosk: Kiosk) -> list[tuple[object, object]]:
    return [(d["paper"], d["roll_left_m"]) for d in kiosk.store.documents if d["kind"] == "supply"]


def test_the_roll_runs_low_ends_and_is_changed_and_the_fleet_hears_of_each_once(kiosk: Kiosk) -> None:
    kiosk.paper.load_roll(3000)
    kiosk.wait(40)
    kiosk.paper.load_roll(0)
    kiosk.wait(40)
    kiosk.paper.load_roll()
    kiosk.wait(40)
    assert supplies(kiosk) == [("near-end", None), ("out", None), ("ok", None)]


def test_the_sensor_flickers_at_the_end_of_the_roll_and_the_fleet_hears_of_it_once(kiosk: Kiosk) -> None:
    for length_mm in (3000, 5000, 3000, 5000):
        kiosk.paper.load_roll(length_mm)
        kiosk.wait(40)
    assert supplies(kiosk) == [("near-end", None)]
    kiosk.paper.open_cover()
    kiosk.wait(40)
    kiosk.paper.load_roll()
    kiosk.paper.close_cover()
    kiosk.wait(40)
    assert supplies(kiosk) == [("near-end", None), ("ok", None)]


def test_a_printer_that_is_switched_off_says_nothing_of_its_paper(kiosk: Kiosk) -> None:
    kiosk.paper.load_roll(3000)
    kiosk.wait(11)
    kiosk.paper.power_off()
    kiosk.wait(40)
    kiosk.paper.power_on()
    kiosk.wait(40)
    assert supplies(kiosk) == [("near-end", None)]
