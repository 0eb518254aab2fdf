"""Named after what happened to the paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import ReceiptInvalid
from tests.scenario.kit import Kiosk


def test_the_paper_ran_out_before_the_service_began(kiosk: Kiosk) -> None:
    kiosk.to_home()
    kiosk.paper.set_fault("paper-out")
    kiosk.to_intro().touch("primary")
    assert kiosk.screen.name == "failure.printer-paper-out"
    kiosk.touch("primary")
    assert kiosk.screen.name == "consent"
    kiosk.touch("primary").through_form().submit().wait(1)
    assert kiosk.screen.name == "saved"
    kiosk.touch("primary")
    assert "现在打不了凭条" in kiosk.words
    assert not kiosk.controls["receipt.paper"].enabled
    kiosk.touch("primary")
    assert kiosk.screen.name == "rating"


def test_there_is_no_printer_at_all(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, printer=False)
    kiosk.to_home().to_intro().touch("primary")
    assert kiosk.screen.name == "failure.printer-absent"
    kiosk.touch("back")
    assert kiosk.screen.name == "intro"
    kiosk.close()


def test_the_cover_is_open(kiosk: Kiosk) -> None:
    kiosk.paper.open_cover()
    kiosk.to_home().to_intro().touch("primary")
    assert kiosk.screen.name == "failure.printer-cover-open"


def test_the_paper_runs_out_in_the_middle_of_the_receipt(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.load_roll(60)
    kiosk.touch("primary")
    assert kiosk.screen.name == "failure.print-partial"
    number = str(kiosk.store.documents[0]["number"])
    assert number in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "rating"


@pytest.mark.parametrize(("answer", "then"), [("paper.whole", "rating"), ("paper.nothing", "receipt")])
def test_the_printer_falls_silent_and_the_citizen_is_asked(kiosk: Kiosk, answer: str, then: str) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.set_fault("mute", after_bytes=400)
    kiosk.touch("primary")
    assert kiosk.screen.name == "failure.print-unknown"
    kiosk.paper.clear_fault()
    kiosk.touch(answer)
    assert kiosk.screen.name == then


def test_a_second_print_of_the_same_number_says_copy(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary")
    kiosk.paper.set_fault("mute", after_bytes=400)
    kiosk.touch("primary")
    kiosk.paper.power_off()
    kiosk.paper.clear_fault()
    kiosk.paper.power_on()
    kiosk.wait(11)
    kiosk.touch("paper.nothing")
    kiosk.touch("primary")
    assert kiosk.screen.name == "rating", kiosk.words
    assert "补打 COPY" in kiosk.paper.receipts[-1].text


def test_no_receipt_is_wanted(kiosk: Kiosk) -> None:
    kiosk.to_home().to_saved().touch("primary", "back")
    assert kiosk.screen.name == "rating"
    assert kiosk.paper.receipts == []


def test_a_receipt_that_no_printer_can_print_is_said_at_once(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character of the city's that is no text, for one: the visit goes on."""

    def refuse(*_: object) -> None:
        raise ReceiptInvalid("blocks[3]", "holds the character U+0007, which cannot be printed")

    monkeypatch.setattr(kiosk.printer, "print_receipt", refuse)
    kiosk.to_home().to_saved().touch("primary", "primary")
    assert kiosk.screen.name == "failure.printer-fault"
