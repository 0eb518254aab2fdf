"""The token on the paper: what it says, who signed it, and that nothing else is believed."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from drivers.api import QR, Para, Receipt
from drivers.printers.escpos import encode_receipt
from drivers.printers.models import generic, model
from drivers.sim.printer_preview import picture_of
from kiosk.__main__ import app
from kiosk.cli.paper.qr_reader import PictureUnreadable, read_qr_codes
from kiosk.cli.running.next_steps import NEXT
from kiosk.paper.receipts import build, code_text
from kiosk.session.state import Saved, Session
from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire import base45
from offline_cache.wire.receipt_token import ReceiptToken, claimed, sign_token, verify_token
from provisioning.gateway.verify_page import render, verify
from tests.gateway_kit import GatewayKit, Terminal
from tests.unit.visit_kit import AT_MS, HOLDER, SECRETS, SITE, world

KEY = Ed25519PrivateKey.generate()
TOKEN = ReceiptToken("T0001-000042", "T0001", "residence", 1_810_000_000, received=True)


@given(st.binary(max_size=200))
def test_base45_gives_back_every_byte(data: bytes) -> None:
    text = base45.encode(data)
    assert set(text) <= set(base45.ALPHABET)
    assert base45.decode(text) == data


@pytest.mark.parametrize(("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"ietf!", "QED8WEX0")])
def test_base45_is_that_of_the_rfc(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize("text", ["A", "ab", "GGW", "::", "ABCD"])
def test_base45_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        base45.decode(text)


def test_a_token_says_what_was_signed_and_nothing_of_the_person() -> None:
    text = sign_token(TOKEN, KEY)
    assert text.startswith("KR1:")
    assert len(text) <= 260
    assert verify_token(text, KEY.public_key()) == claimed(text) == TOKEN


@given(st.integers(0, 250), st.sampled_from(base45.ALPHABET))
def test_a_changed_token_is_never_believed(place: int, char: str) -> None:
    text = sign_token(TOKEN, KEY)
    place %= len(text)
    changed = text[:place] + char + text[place + 1 :]
    if changed == text:
        return
    with pytest.raises((MalformedMessage, BadSignature)):
        verify_token(changed, KEY.public_key())


@given(st.text(max_size=80) | st.text(base45.ALPHABET, max_size=200).map("KR1:".__add__))
def test_any_text_is_no_token(text: str) -> None:
    with pytest.raises((MalformedMessage, BadSignature)):
        verify_token(text, KEY.public_key())
    with pytest.raises(MalformedMessage):
        claimed(text)


def test_another_terminals_key_is_not_believed() -> None:
    with pytest.raises(BadSignature):
        verify_token(sign_token(TOKEN, KEY), Ed25519PrivateKey.generate().public_key())


# --- on paper -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["generic-80", "generic-58", "clone-80-no-qr", "custom-vkp80"])
def test_the_code_is_read_off_the_paper(name: str, tmp_path: Path) -> None:
    text = sign_token(TOKEN, KEY)
    receipt = Receipt("T0001-000042", (Para("上"), QR(text), Para("下")), width_mm=model(name).width_mm)
    picture = tmp_path / "paper.png"
    picture_of(encode_receipt(receipt, model(name)), model(name).width_mm).save(picture)
    assert read_qr_codes(picture) == [text]


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    Image.new("L", (40, 40), 255).save(tmp_path / "x.png")
    whole = (tmp_path / "x.png").read_bytes()
    for wrong in (b"no picture", whole[:60], whole.replace(b"IDAT", b"\0\0\0\0"), b""):
        (tmp_path / "x.png").write_bytes(wrong)
        with pytest.raises(PictureUnreadable):
            read_qr_codes(tmp_path / "x.png")


def test_a_picture_that_breaks_in_the_middle_is_named(tmp_path: Path) -> None:
    """Pillow tells a chunk that has no name, where more of the picture should come, with a `SyntaxError`."""
    Image.frombytes("L", (40, 40), bytes(range(40)) * 40).save(tmp_path / "x.png")
    whole = (tmp_path / "x.png").read_bytes()
    at = whole.index(b"IDAT") - 4
    length = int.from_bytes(whole[at : at + 4])
    half = whole[at + 8 : at + 8 + length // 2]
    first = len(half).to_bytes(4) + b"IDAT" + half + zlib.crc32(b"IDAT" + half).to_bytes(4)
    (tmp_path / "x.png").write_bytes(whole[:at] + first + bytes(12) + whole[at + 12 + length :])
    with Image.open(tmp_path / "x.png") as opened, pytest.raises(SyntaxError):
        opened.load()
    with pytest.raises(PictureUnreadable):
        read_qr_codes(tmp_path / "x.png")


def test_a_page_of_a_program_is_not_run_to_see_whether_it_is_a_picture(tmp_path: Path) -> None:
    Image.new("L", (40, 40), 255).save(tmp_path / "x.png", "EPS")
    with pytest.raises(PictureUnreadable):
        read_qr_codes(tmp_path / "x.png")


# --- the command ----------------------------------------------------------------------------------------------------


def kiosk(*arguments: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["receipt", "verify", *arguments, "--json"])
    return done.exit_code, json.loads(done.stdout.splitlines()[0])


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "terminal.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(KEY.public_key().public_bytes(serialization.Encoding.PEM, form))
    return str(path)


def test_a_token_is_checked_offline(key_file: str) -> None:
    code, facts = kiosk(sign_token(replace(TOKEN, copy=1, received=False), KEY), "--key", key_file)
    assert code == 0
    assert facts == {
        "genuine": True, "number": "T0001-000042", "terminal": "T0001", "service": "residence",
        "time_s": 1_810_000_000, "received": False, "copy": 1,
    }  # fmt: skip


def test_a_photograph_of_the_paper_is_checked(key_file: str, tmp_path: Path) -> None:
    receipt = Receipt("T0001-000042", (QR(sign_token(TOKEN, KEY)),))
    picture_of(encode_receipt(receipt, generic(80)), 80).save(tmp_path / "paper.png")
    assert kiosk(str(tmp_path / "paper.png"), "--key", key_file)[0] == 0


def test_the_code_is_an_address_that_a_telephone_opens(key_file: str, tmp_path: Path) -> None:
    made = receipt_of("https://check.example.invalid/verify")
    picture_of(encode_receipt(made, generic(80)), 80).save(tmp_path / "paper.png")
    (code,) = read_qr_codes(tmp_path / "paper.png")
    assert code.startswith("https://check.example.invalid/verify?token=KR1:")
    found, facts = kiosk(str(tmp_path / "paper.png"), "--key", key_file)
    assert (found, facts["number"]) == (0, "T0001-000042")
    assert kiosk(code, "--key", key_file) == (found, facts)
    assert kiosk("https://check.example.invalid/verify?token=x", "--key", key_file)[1] == {
        "error": "receipt-unreadable"
    }


def receipt_of(verify_url: str) -> Receipt:
    """The receipt of a terminal that is enrolled."""
    site = replace(SITE, sign=partial(sign_token, key=KEY), verify_url=verify_url)
    kept = Saved(42, "T0001-000042", "household-proof", AT_MS, AT_MS + 1000)
    return build(Session(world=world(), saved=kept, holder=HOLDER), site, copy=False)


def test_what_is_not_genuine_is_refused(key_file: str, tmp_path: Path) -> None:
    forged = sign_token(TOKEN, Ed25519PrivateKey.generate())
    assert kiosk(forged, "--key", key_file) == (1, {"error": "receipt-not-genuine"})
    assert kiosk("KR1:ABC", "--key", key_file) == (1, {"error": "receipt-unreadable"})
    assert kiosk(forged, "--key", str(tmp_path / "none")) == (1, {"error": "file-not-found"})
    assert kiosk(forged, "--gateway-dir", str(tmp_path)) == (1, {"error": "gateway-folder"})
    assert kiosk(forged, "--state", str(tmp_path)) == (1, {"error": "no-key"})
    assert kiosk(str(tmp_path / "no.png"), "--key", key_file) == (1, {"error": "file-not-found"})
    picture_of(encode_receipt(Receipt("1", (QR("x"),)), generic(80)), 80).save(tmp_path / "other.png")
    assert kiosk(str(tmp_path / "other.png"), "--key", key_file) == (1, {"error": "no-receipt-code"})


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("kr1:6BF5", "receipt-unreadable", "begins with KR1: in capitals"),
        ("KR2:6BF5", "receipt-unreadable", "no file of that name is here"),
        ("6BF5/A.B+C", "receipt-unreadable", "begins with KR1:"),
        ("", "receipt-unreadable", "begins with KR1:"),
        ("kr1:" + "6BF5" * 100, "receipt-unreadable", "begins with KR1:"),
        ("KR1:abc", "receipt-unreadable", "between quotation marks"),
        ("https://check.example.invalid/verify", "receipt-unreadable", "this address has no code"),
        ("凭条.JPG", "file-not-found", "there is no picture 凭条.JPG"),
        (".", "picture-unreadable", "is a folder"),
    ],
)
def test_a_code_with_a_slip_is_told_from_a_file_that_is_not_there(
    given: str, code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["receipt", "verify", given])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr
    assert said in done.stderr
    assert NEXT[code] in done.stderr


# --- the gateway's page ---------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return GatewayKit(tmp_path).enrol()


def token_of(terminal: Terminal, seq: int = 1) -> ReceiptToken:
    return ReceiptToken(f"{terminal.name}-{seq:06d}", terminal.name, "residence", 1_790_000_000, received=False)


def page(terminal: Terminal, text: str) -> str:
    answer = terminal.kit.call("GET", f"/verify?token={quote(text, safe='')}")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    return answer.body.decode()


def test_the_page_behind_the_printed_address_answers(terminal: Terminal) -> None:
    site = replace(SITE, sign=partial(sign_token, key=terminal.key), terminal=terminal.name, verify_url="/verify")
    kept = Saved(1, f"{terminal.name}-000001", "household-proof", AT_MS)
    text = code_text(Session(world=world(), saved=kept, holder=HOLDER), kept, site, copy=False)
    answer = terminal.kit.call("GET", text)
    assert "这张凭条是真的" in answer.body.decode()
    assert not any(secret in text for secret in SECRETS)


def test_the_page_answers_first_and_shows_no_person(terminal: Terminal) -> None:
    html = page(terminal, sign_token(token_of(terminal), terminal.key))
    for words in (
        "这张凭条是真的",
        f"{terminal.name}-000001",
        "居住登记和居住证",
        "试验室",
        "还没收到",
        "正本",
        "12345",
    ):
        assert words in html, words


def test_the_page_knows_when_the_entry_has_arrived(terminal: Terminal) -> None:
    terminal.record({"kind": "x"})
    assert terminal.push(terminal.batch(1, 1)).status == 200
    html = page(terminal, sign_token(replace(token_of(terminal), copy=1), terminal.key))
    assert "网关已收到" in html
    assert "补打第 1 张" in html


def test_a_forged_receipt_is_named(terminal: Terminal) -> None:
    forged = sign_token(token_of(terminal), Ed25519PrivateKey.generate())
    assert "被改过" in page(terminal, forged)
    elsewhere = sign_token(replace(token_of(terminal), terminal="T9999"), terminal.key)
    assert "没有这台终端" in page(terminal, elsewhere)
    assert "不是凭条上的码" in page(terminal, "<script>")
    assert "<script>" not in page(terminal, "<script>")
    assert "扫码得到的字" in page(terminal, "")


def test_a_terminal_that_was_taken_out_of_service_is_named(terminal: Terminal) -> None:
    text = sign_token(token_of(terminal), terminal.key)
    assert terminal.kit.store.revoke(terminal.name)
    found = verify(text, terminal.kit.store)
    assert (found.outcome, found.revoked) == ("genuine", True)
    assert "停用" in render(found, "", 0).body.decode()


def test_the_gateways_folder_verifies_too(terminal: Terminal) -> None:
    text = sign_token(token_of(terminal), terminal.key)
    code, facts = kiosk(text, "--gateway-dir", str(terminal.kit.folder))
    assert (code, facts["terminal"]) == (0, terminal.name)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_folder_of_a_gateway_on_postgresql_says_where_the_key_is_instead(kit: GatewayKit) -> None:
    joined = kit.enrol()
    text = sign_token(token_of(joined), joined.key)
    done = CliRunner().invoke(app, ["receipt", "verify", text, "--gateway-dir", str(kit.folder)])
    assert done.exit_code == 1
    assert "[no-key]" in done.stderr
    assert "--key with the terminal's certificate" in done.stderr
    assert not (kit.folder / "gateway.db").exists()
