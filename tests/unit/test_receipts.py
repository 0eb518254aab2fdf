"""What stands on the paper, and what never does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.api import QR, Banner, Para, Receipt, Row
from drivers.printers.paper.layout import TextLine, lay_out
from kiosk.paper import receipts
from kiosk.paper.templates import Facts, TemplateInvalid, templates
from kiosk.screen_model import Modes
from kiosk.session.state import Saved, Session
from offline_cache.wire.receipt_token import ReceiptToken, sign_token, verify_token
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


@pytest.mark.parametrize("acked", [True, False])
def test_who_did_not_agree_to_the_look_ups_reads_what_a_counter_wants_to_see(acked: bool) -> None:
    made = session(acked=acked)
    assert made.saved is not None
    printed = text(receipts.build(replace(made, saved=replace(made.saved, refused=True)), SITE, copy=False))
    assert "请带这些到窗口核对" in printed
    assert "户口簿" in printed
    assert "Household booklet" in printed
    assert "不用交" not in printed
    assert "×" not in printed, "what is crossed out need not be brought"


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


# --- the code, large print, templates -------------------------------------------------------------------------------

KEY = Ed25519PrivateKey.generate()
SIGNING = replace(SITE, sign=lambda token: sign_token(token, KEY))


def code_of(receipt: Receipt) -> ReceiptToken:
    (code,) = (block.data for block in receipt.blocks if isinstance(block, QR))
    return verify_token(code, KEY.public_key())


def test_an_enrolled_terminal_signs_what_it_prints() -> None:
    token = code_of(receipts.build(session(), SIGNING, copy=False))
    assert token == ReceiptToken("T0001-000042", "T0001", "household-proof", AT_MS // 1000, received=True)
    assert Para("扫码核对真伪", centred=True) in receipts.build(session(), SIGNING, copy=False).blocks


def test_the_code_of_an_entry_not_yet_sent_says_so() -> None:
    made = receipts.build(session(acked=False), SIGNING, copy=False)
    assert not code_of(made).received
    assert Para("扫码看发出了没有", centred=True) in made.blocks


def test_the_code_of_a_copy_counts_it() -> None:
    second = replace(session(), copies=3)
    assert code_of(receipts.build(second, SIGNING, copy=True)).copy == 2


@pytest.mark.parametrize("acked", [True, False])
def test_who_reads_large_letters_gets_large_print(acked: bool) -> None:
    reader = replace(session(acked=acked), modes=Modes(text_scale=1.6))
    made = receipts.build(reader, SIGNING, copy=False)
    assert made.large
    assert Row("证件 ID", "*" * 14 + "0021") not in made.blocks
    lines = [x for x in lay_out(made) if isinstance(x, TextLine) and x.text.strip("═║╔╗╚╝- ")]
    assert min(r.height for line in lines for r in line.runs if r.text.strip("═║╔╗╚╝- ")) == 2


@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_under_every_chinese_line_of_a_document_stands_its_english(scale: float) -> None:
    reader = replace(session("school"), modes=Modes(text_scale=scale))
    said = text(receipts.build(reader, SIGNING, copy=False))
    assert "Received: application form" in said
    assert "Liwan" in said or "Service" in said
    papers = CATALOGUE.services["school"].evidence
    places = [said.index(words) for item in papers for words in (item.replaces["zh-Hans"], item.replaces["en"])]
    assert len(papers) > 1
    assert places == sorted(places), "one document after the other, Chinese then English"


def test_a_service_says_in_its_own_words_what_was_received() -> None:
    assert "居住登记表" in text(receipts.build(session("residence"), SITE, copy=False))
    assert "申请表" in text(receipts.build(session("bare"), SITE, copy=False))


GOOD = '[words]\nx = "y"\n[[block]]\npara = "{x} {number}"\n'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("default", "[[block]", "default.toml"),
        ("default", '[[block]]\npara = "{nonsense}"\n', "unknown fact nonsense"),
        ("default", '[[block]]\nwhen = ["rain"]\npara = "x"\n', "unknown condition rain"),
        ("default", '[[block]]\neach = "person"\npara = "x"\n', "each may only be evidence"),
        ("default", '[[block]]\npara = "{replaces.zh}"\n', "unknown fact replaces.zh"),
        ("default", '[[block]]\npicture = "x"\n', "blocks[0]"),
        ("default", "[colours]\n", "unknown table colours"),
        ("tax", '[words]\nz = "y"\n', "no words z"),
    ],
)
def test_a_template_with_a_mistake_is_named(name: str, content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / f"{name}.toml").write_text(content, encoding="utf-8")
    with pytest.raises(TemplateInvalid) as caught:
        templates(tmp_path)
    assert reason in str(caught.value)


def test_a_fact_with_braces_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text(GOOD, encoding="utf-8")
    facts = Facts({"number": "{x}"}, frozenset())
    assert templates(tmp_path)["default"].fill(facts, copy=False).blocks == (Para("y {x}"),)


def test_without_a_default_there_is_no_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateInvalid, match="missing"):
        templates(tmp_path)
