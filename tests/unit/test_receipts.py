"""What stands on the paper, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.api import QR, Banner, Receipt, Row
from kiosk import receipts
from kiosk.session.state import Saved, Session
from tests.unit.visit_kit import AT_MS, CATALOGUE, HOLDER, SECRETS, SITE, world


def session(service: str = "household-proof", *, acked: bool = True) -> Session:
    kept = Saved(42, "T0001-000042", service, AT_MS, AT_MS + 1000 if acked else None)
    return Session(world=world(), saved=kept, holder=HOLDER)


def text(receipt: Receipt) -> str:
    return "\n".join(repr(block) for block in receipt.blocks)


def test_a_received_application_says_who_has_it_and_when() -> None:
    made = receipts.build(session(), SITE, copy=False)
    banner = next(block for block in made.blocks if isinstance(block, Banner))
    assert (banner.style, banner.title) == ("received", "公安局已收到")
    assert banner.lines[1] == receipts.stamp(AT_MS + 1000, seconds=True) == "2026-05-18 10:06:41"
    assert "NOT YET SENT" not in text(made)


def test_a_recorded_application_never_says_received() -> None:
    made = receipts.build(session(acked=False), SITE, copy=False)
    banner = next(block for block in made.blocks if isinstance(block, Banner))
    assert (banner.style, banner.lines[0]) == ("recorded", "RECORDED HERE, NOT YET SENT")
    assert "RECEIVED" not in text(made)
    assert "已收到" not in text(made)


@pytest.mark.parametrize("acked", [True, False])
@pytest.mark.parametrize("service", sorted(CATALOGUE.services))
def test_nothing_on_the_paper_tells_who_it_was(service: str, acked: bool) -> None:
    made = receipts.build(session(service, acked=acked), SITE, copy=False)
    assert not any(secret in text(made) for secret in SECRETS)
    assert Row("办理人 Name", "陈*娴") in made.blocks
    assert Row("证件 ID", "*" * 14 + "0021") in made.blocks
    assert QR("T0001-000042") in made.blocks


def test_without_a_holder_nobody_is_named() -> None:
    made = receipts.build(replace(session(), holder=None), SITE, copy=False)
    assert not any(isinstance(block, Row) and block.left.startswith("办理人") for block in made.blocks)


def test_a_copy_says_so() -> None:
    assert "补打 COPY" in text(receipts.build(session(), SITE, copy=True))
    assert "正本 ORIGINAL" in text(receipts.build(session(), SITE, copy=False))


def test_what_need_not_be_brought_is_listed_with_who_has_it() -> None:
    assert Row("× 户口簿", "公安局") in receipts.build(session(), SITE, copy=False).blocks
    assert "NOT needed" not in text(receipts.build(session("bare"), SITE, copy=False))


@pytest.mark.parametrize(
    ("service", "zh", "en"),
    [
        ("household-proof", "当天", "the same day"),
        ("residence", "10 个工作日内", "within 10 working days"),
        ("bare", "5 天内", "within 5 days"),
    ],
)
def test_the_next_step_says_how_long_it_takes(service: str, zh: str, en: str) -> None:
    made = text(receipts.build(session(service), SITE, copy=False))
    assert zh in made
    assert en in made


def test_no_promise_is_made_up() -> None:
    service = replace(CATALOGUE.services["bare"], promised=None)
    unknown = replace(CATALOGUE, services={"bare": service})
    made = receipts.build(replace(session("bare"), world=world(catalogue=unknown)), SITE, copy=False)
    assert "由部门答复" in text(made)


@pytest.mark.parametrize("missing", [Session(world=world()), replace(session(), world=world(catalogue=None))])
def test_there_is_no_receipt_of_nothing(missing: Session) -> None:
    with pytest.raises(ValueError, match="no saved entry"):
        receipts.build(missing, SITE, copy=False)


def test_a_receipt_s_repr_tells_only_its_number() -> None:
    said = repr(receipts.build(session(), SITE, copy=False))
    assert "T0001-000042" in said
    assert "陈" not in said
    assert "公安局" not in said
