"""What the citizen is told when paper fails: how much is whole, that nothing is lost, and the code instead of paper."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.api import JobState, PrintResult
from kiosk.screen_model import CaseNumber, ReceiptChoice, ScreenModel, Trouble, Words
from kiosk.session.state import Saved, Session, State
from kiosk.view_model.frame import Scene
from kiosk.view_model.screen import render
from offline_cache.wire.receipt_token import sign_token, verify_token
from tests.unit.visit_kit import AT_MS, FAILURES, HOLDER, SAY, SITE, world

KEY = Ed25519PrivateKey.generate()
SIGNING = replace(SITE, sign=lambda token: sign_token(token, KEY))


def screen(session: Session, language: str = "zh-Hans") -> ScreenModel:
    session = replace(session, language=language)
    return render(Scene(session, SAY[language], FAILURES, SIGNING))


def after(result: PrintResult, copies: int = 1) -> Session:
    kept = Saved(42, "T0001-000042", "household-proof", AT_MS, AT_MS + 1000)
    return Session(
        state=State.FAILURE, world=world(), saved=kept, holder=HOLDER, failure="print-partial", resume=State.RATING,
        printed=result, copies=copies,
    )  # fmt: skip


def code(model: ScreenModel) -> str:
    (piece,) = (p for p in model.body if isinstance(p, CaseNumber))
    return piece.qr


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_a_half_printed_receipt_is_taken_away_as_a_code(language: str) -> None:
    model = screen(after(PrintResult(JobState.PARTIAL, "paper-out", 900)), language)
    token = verify_token(code(model), KEY.public_key())
    assert (token.number, token.received, token.copy) == ("T0001-000042", True, 0)
    assert not any(
        isinstance(piece, Words) and ("打好了" in piece.text or "pieces" in piece.text) for piece in model.body
    )


def test_it_says_why_and_how_many_pieces_are_whole() -> None:
    model = screen(after(PrintResult(JobState.PARTIAL, "paper-out", 900, pieces=2, pieces_done=1)))
    assert any(isinstance(piece, Trouble) and piece.title == "只打了一半，纸用完了" for piece in model.body)
    assert any(isinstance(piece, Words) and piece.text == "2 张里打好了 1 张" for piece in model.body)
    assert any("T0001-000042" in str(piece) for piece in model.body)


def test_another_cause_is_not_called_paper() -> None:
    model = screen(after(PrintResult(JobState.PARTIAL, "cover-open", 900)))
    assert any(isinstance(piece, Trouble) and piece.title == "只打了一半" for piece in model.body)


def test_the_second_sheet_s_code_says_it_is_a_copy() -> None:
    model = screen(after(PrintResult(JobState.PARTIAL, "paper-out", 900), copies=3))
    assert verify_token(code(model), KEY.public_key()).copy == 2


def test_the_code_on_the_screen_is_the_code_of_the_paper() -> None:
    model = screen(replace(after(PrintResult(JobState.DONE, "", 900), copies=0), state=State.RECEIPT, failure=""))
    (choice,) = (p for p in model.body if isinstance(p, ReceiptChoice))
    assert verify_token(choice.qr, KEY.public_key()).number == "T0001-000042"
