"""The simulated card at its contacts, and the authority that issues it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from drivers.cards import citizen
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.issuer import CardAuthority, CardAuthorityError
from tests.cards import ID_NUMBER, NAME, PIN, card_document, sim_card

SELECT = bytes.fromhex("00A404000F") + citizen.AID
VERIFY = bytes.fromhex("0020000003" + PIN)
WRONG = bytes.fromhex("0020000003999999")
TRIES = bytes.fromhex("00200000")


def said(card: SimCard, command: str | bytes) -> str:
    answer = card.process(bytes.fromhex(command) if isinstance(command, str) else command)
    assert answer is not None
    return answer.hex().upper()


def test_pulling_the_card_does_not_give_tries_back_but_forgets_the_pin() -> None:
    card = sim_card()
    said(card, WRONG)
    card.reset()
    assert said(card, TRIES) == "63C2"
    assert said(card, VERIFY) == "9000"
    assert card.pin_verified
    card.reset()
    assert not card.pin_verified
    assert said(card, TRIES) == "63C6"


def test_the_last_wrong_try_blocks_the_card_for_good() -> None:
    card = sim_card(tries_left=1)
    assert [said(card, each) for each in (WRONG, VERIFY, TRIES)] == ["63C0", "6983", "6983"]
    card.reset()
    assert said(card, VERIFY) == "6983"


def test_a_wrong_pin_takes_back_what_the_right_one_gave() -> None:
    card = sim_card()
    said(card, VERIFY)
    assert said(card, TRIES) == "9000"
    said(card, WRONG)
    assert said(card, TRIES) == "63C5"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("00", "6700"),
        ("80A40400", "6D00"),
        ("00FF0000", "6D00"),
        ("00A4040005AABB", "6700"),
        ("00A40400", "6A82"),
        ("00A4010002EF05", "6A86"),
        ("00A4000002EF05", "6A82"),
        ("00A40000023F00", "9000"),
        ("00C0000010", "6985"),
        ("00B2010415", "6986"),
        ("00B2012C15", "6A82"),
        ("00B2010515", "6A86"),
        ("0020000103" + PIN, "6A88"),
        ("0020000002AABB", "6700"),
        ("00B0000004", "6986"),
        ("00B00000", "6700"),
        ("002241B606800101840101", "6A86"),
        ("002A9E9A01AA", "6985"),
        ("002A000001AA", "6A86"),
    ],
)
def test_what_does_not_belong_here_is_refused(command: str, answer: str) -> None:
    assert said(sim_card(), command) == answer


def test_a_challenge_is_random_and_as_long_as_asked() -> None:
    card = sim_card()
    first, second = said(card, "0084000008"), said(card, "0084000008")
    assert first != second
    assert len(first) == 2 * 8 + 4


def test_an_answer_not_fetched_is_lost_with_the_next_command() -> None:
    card = sim_card()
    waiting = said(card, SELECT)
    assert waiting.startswith("61")
    said(card, TRIES)
    assert said(card, "00C00000" + waiting[2:]) == "6985"


def test_an_answer_is_fetched_in_parts() -> None:
    card = sim_card()
    size = int(said(card, SELECT)[2:], 16)
    first = said(card, "00C0000004")
    assert first.endswith(f"61{size - 4:02X}")
    assert said(card, f"00C00000{size - 4:02X}").endswith("9000")


def test_the_answer_to_select_names_the_application_and_its_algorithm() -> None:
    answer = said(sim_card(quirks={"response_style": "direct"}), SELECT)
    assert answer == "6F19840F" + citizen.AID.hex().upper() + "A5069F0C038601019000"


def test_records_by_number_and_by_tag() -> None:
    card = sim_card(quirks={"response_style": "direct"})
    said(card, SELECT)
    assert said(card, "00B2012C12") == said(card, "00B2012812") == "0110" + "44019900D156000005A0B1C2D3E4F506" + "9000"
    assert said(card, "00B2012C00") == "6C12"
    assert said(card, "00B2002C12") == said(card, "00B2082C12") == said(card, "00B2992812") == "6A83"


def test_a_card_that_serves_any_length() -> None:
    card = sim_card(quirks={"wrong_le": "accept"})
    said(card, SELECT)
    assert said(card, "00B2012C02") == "01109000"
    assert len(said(card, "00B2012C00")) == 2 * 18 + 4


def test_a_card_falls_silent_after_so_many_apdus_and_again_after_each_power_up() -> None:
    card = sim_card(quirks={"mute_after_apdus": 2})
    for _ in range(2):
        assert [card.process(TRIES) is None for _ in range(4)] == [False, False, True, True]
        card.reset()
    assert card.apdus == 8


def test_the_answer_that_was_asked_for_is_cut_and_no_other() -> None:
    card = sim_card(quirks={"truncate_apdu": 2, "response_style": "direct"})
    said(card, SELECT)
    assert len(said(card, "00B2012C12")) < 2 * 20
    assert said(card, TRIES) == "63C3"
    card = sim_card(quirks={"truncate_apdu": 1})
    assert said(card, TRIES) == "63"


def test_waiting_for_an_apdu_that_never_comes_ends() -> None:
    card = sim_card()
    assert not card.wait_for_apdus(1, 0.0)
    threading.Thread(target=card.process, args=(TRIES,)).start()
    assert card.wait_for_apdus(1, 5.0)


def test_a_card_shows_nothing_of_its_holder() -> None:
    assert repr(sim_card()) == "SimCard(<citizen 2.00>)"


def test_the_certificate_ends_where_it_ends(tmp_path: Path) -> None:
    card = sim_card(CardAuthority.load_or_create(tmp_path))
    said(card, bytes.fromhex("00A404000B") + citizen.SIGNING_AID)
    assert said(card, "00A4000002C001") == "9000"
    assert said(card, "00B0000004").startswith("3082")
    assert said(card, "00B001B0FF").endswith("6282")
    assert said(card, "00B00FFF04") == "6B00"
    assert said(card, "00B0800004") == "6986"
    assert said(card, "002241B606800102840101") == "6A88"
    said(card, VERIFY)
    assert said(card, "002241B606800101840101") == "9000"
    assert said(card, "002A9E9A02AABB") == "6700"


# ---- keys and certificates


def test_the_authority_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = (CardAuthority.load_or_create(tmp_path / "authority") for _ in range(2))
    assert first.certificate_pem == second.certificate_pem == (tmp_path / "authority/ca.pem").read_bytes()
    assert stat.S_IMODE((tmp_path / "authority/ca.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "authority").iterdir()) == ["ca.key", "ca.pem"]


def test_many_that_start_at_once_agree_on_one_authority(tmp_path: Path) -> None:
    gate, made = threading.Barrier(4), list[bytes]()

    def load() -> None:
        gate.wait(10)
        made.append(CardAuthority.load_or_create(tmp_path / "authority").certificate_pem)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_certificate_says_whose_card_it_is_and_who_vouches_for_it(tmp_path: Path) -> None:
    authority = CardAuthority.load_or_create(tmp_path)
    key, der = authority.issue(ID_NUMBER, NAME)
    certificate = x509.load_der_x509_certificate(der)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem))
    assert certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == ID_NUMBER
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NAME
    assert certificate.public_key() == key.public_key()
    again, _ = CardAuthority.load_or_create(tmp_path).issue(ID_NUMBER, NAME)
    other, _ = authority.issue(ID_NUMBER, "另一位")
    assert again.private_numbers() == key.private_numbers() != other.private_numbers()


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_an_authority_that_is_damaged_says_what_to_do(tmp_path: Path, name: str) -> None:
    CardAuthority.load_or_create(tmp_path)
    (tmp_path / name).write_text("damaged")
    with pytest.raises(CardAuthorityError, match="unusable"):
        CardAuthority.load_or_create(tmp_path)


def test_an_authority_of_two_halves_is_refused(tmp_path: Path) -> None:
    CardAuthority.load_or_create(tmp_path / "one")
    CardAuthority.load_or_create(tmp_path / "two")
    (tmp_path / "two/ca.pem").rename(tmp_path / "one/ca.pem")
    with pytest.raises(CardAuthorityError, match="does not belong"):
        CardAuthority.load_or_create(tmp_path / "one")
    (tmp_path / "one/ca.key").write_bytes(_pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(CardAuthorityError, match="no P-256 key"):
        CardAuthority.load_or_create(tmp_path / "one")


def _pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_document_may_bring_its_own_key(tmp_path: Path) -> None:
    key, der = CardAuthority.load_or_create(tmp_path).issue(ID_NUMBER, NAME)
    certificate = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()
    own = {"key": _pem(key).decode(), "certificate": certificate}
    card = SimCard.from_document(card_document(signing=own))
    said(card, bytes.fromhex("00A404000B") + citizen.SIGNING_AID)
    said(card, "00A4000002C001")
    assert said(card, "00B0000010")[:32] == der[:16].hex().upper()


def test_a_key_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    key, der = CardAuthority.load_or_create(tmp_path).issue(ID_NUMBER, NAME)
    pem = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()
    stranger = _pem(ec.generate_private_key(ec.SECP256R1())).decode()
    edwards = _pem(ed25519.Ed25519PrivateKey.generate()).decode()
    for signing, field, reason in (
        ({"key": "x", "certificate": pem}, "signing.key", "no unencrypted"),
        ({"key": _pem(key).decode(), "certificate": "x"}, "signing.certificate", "no X.509"),
        ({"key": stranger, "certificate": pem}, "signing.certificate", "does not belong"),
        ({"key": edwards, "certificate": pem}, "signing.key", "P-256"),
    ):
        with pytest.raises(CardDocumentError, match=reason) as caught:
            SimCard.from_document(card_document(signing=signing))
        assert caught.value.field == field
