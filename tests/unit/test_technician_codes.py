"""The one-time code: what stands on the phone of a logged-in technician opens the terminal, once."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.clock import ManualClock
from kiosk.upkeep.codes import Codes
from offline_cache.enrolment import Enrolment
from offline_cache.errors import NotEnrolled
from offline_cache.wire.fleet.technician import PATH, CodeOffer, digits_by_gateway
from tests.gateway_kit import GatewayKit
from tests.unit.test_joining import Phone
from tests.unit.test_technicians import WHO, joined


@pytest.fixture
def phone(kit: GatewayKit) -> Phone:
    phone = Phone(kit)
    assert phone.log_in()[0] == 303
    return phone


def scan(phone: Phone, address: str) -> tuple[int, str]:
    parts = urlsplit(address)
    return phone.get(f"{parts.path}?{parts.query}")


def ask(phone: Phone, address: str, who: str = WHO) -> tuple[int, str]:
    """Scan, log in, type the staff number, press."""
    _, page = scan(phone, address)
    proof = re.search(r'name="proof" value="([0-9a-f]+)"', page)
    fields = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    status, told, _ = phone.post(PATH, **fields, who=who, proof=proof[1] if proof else "")
    return status, told


def digits_of(page: str) -> str:
    found = re.search(r"<p[^>]*>(\d{4}) (\d{4})</p>", page)
    assert found
    return found[1] + found[2]


def codes_at(kit: GatewayKit, terminal: str, state: Path) -> Codes:
    clock = ManualClock()
    return Codes(lambda: replace(joined(kit, state), terminal=terminal), clock.monotonic_s)


def test_the_digits_on_the_phone_are_those_of_the_terminal_and_who_asked_is_written_down(
    kit: GatewayKit, phone: Phone, tmp_path: Path
) -> None:
    terminal = kit.enrol().name
    codes = codes_at(kit, terminal, tmp_path / "state")
    offered = codes.offer({})
    status, page = scan(phone, offered.facts["qr"])
    assert status == 200
    assert terminal in page
    status, page = ask(phone, offered.facts["qr"])
    assert status == 200
    done = codes.check({"code": digits_of(page)})
    assert done.ok
    assert codes.check({"code": digits_of(page)}).code == "staff-code-used"
    kit.store.close()
    told = CliRunner().invoke(app, ["gateway", "technician", "codes", "--dir", str(kit.folder), "--json"])
    (row,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (row["terminal"], row["who"], row["reference"]) == (terminal, WHO, offered.facts["reference"])
    assert digits_of(page) not in str(kit.log)
    assert WHO not in str(kit.log)


def test_asking_twice_gives_the_same_code_and_one_line_in_the_book(
    kit: GatewayKit, phone: Phone, tmp_path: Path
) -> None:
    address = codes_at(kit, kit.enrol().name, tmp_path / "state").offer({}).facts["qr"]
    assert digits_of(ask(phone, address)[1]) == digits_of(ask(phone, address)[1])
    ask(phone, address, "T-0007")
    with kit.store.database.reading() as db:
        assert len(db.rows("SELECT who FROM technician_code")) == 2


def test_nobody_gets_a_code_who_is_not_logged_in(kit: GatewayKit, tmp_path: Path) -> None:
    address = codes_at(kit, kit.enrol().name, tmp_path / "state").offer({}).facts["qr"]
    stranger = Phone(kit)
    assert scan(stranger, address)[0] == 401
    status, page = ask(stranger, address)
    assert status in {401, 403}
    assert not re.search(r"\d{4} \d{4}", page)
    assert stranger.log_in(after=f"{PATH}?x")[2].startswith(PATH)


def test_a_wrong_terminal_or_a_wrong_staff_number_is_told(kit: GatewayKit, phone: Phone, tmp_path: Path) -> None:
    known = kit.enrol().name
    address = codes_at(kit, known, tmp_path / "state").offer({}).facts["qr"]
    proof = re.search(r'name="proof" value="([0-9a-f]+)"', scan(phone, address)[1])
    assert proof
    fields = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    wrong = [("T9999", WHO, "不认识这台终端"), *((known, who, "工号写得不对") for who in ("x", "<b>", ""))]
    for terminal, who, says in wrong:
        status, page, _ = phone.post(PATH, **{**fields, "t": terminal}, who=who, proof=proof[1])
        assert status == 400
        assert says in html.unescape(page)


def test_a_revoked_terminal_is_opened_for_nobody(kit: GatewayKit, phone: Phone, tmp_path: Path) -> None:
    name = kit.enrol().name
    address = codes_at(kit, name, tmp_path / "state").offer({}).facts["qr"]
    kit.store.revoke(name)
    status, page = scan(phone, address)
    assert status == 400
    assert "不认识这台终端" in page


def test_a_code_that_is_none_is_told_on_the_phone(kit: GatewayKit, phone: Phone) -> None:
    name = kit.enrol().name
    small = f"t={name}&k={'A' * 43}&n={'A' * 22}"
    for query in ("", "t=T0001", "t=T0001&k=&n="):
        status, page = phone.get(f"{PATH}?{query}")
        assert status == 400
        assert "认不出这个码" in page
    status, page = phone.get(f"{PATH}?{small}")  # a key of small order has the right form
    assert status == 200
    proof = re.search(r'name="proof" value="([0-9a-f]+)"', page)
    assert proof
    fields = {name: values[0] for name, values in parse_qs(small).items()}
    assert phone.post(PATH, **{**fields, "n": "x"}, who=WHO, proof=proof[1])[0] == 400
    status, page, _ = phone.post(PATH, **fields, who=WHO, proof=proof[1])
    assert status == 400
    assert "认不出这个码" in page


def test_without_an_enrolment_there_is_no_code() -> None:
    def none() -> Enrolment:
        raise NotEnrolled("none")

    assert Codes(none, ManualClock().monotonic_s).offer({}).code == "staff-code-unenrolled"


def test_before_any_code_was_offered_none_is_right(kit: GatewayKit, tmp_path: Path) -> None:
    assert codes_at(kit, "T0001", tmp_path / "state").check({"code": "00000000"}).code == "staff-code-used"


def test_digits_need_the_right_key_name_and_nonce(kit: GatewayKit) -> None:
    key = kit.authority.sealing_key
    offer = CodeOffer("T0001", b"\x09" + bytes(31), bytes(16))
    others = (CodeOffer("T0002", offer.public_key, offer.nonce), CodeOffer("T0001", offer.public_key, b"x" * 16))
    digits = {digits_by_gateway(key, one) for one in (offer, *others)}
    assert len(digits) == 3
    assert all(re.fullmatch(r"\d{8}", one) for one in digits)
