"""Technicians at gateway and terminal: who signs their cards, who takes them away, and the code on a phone."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from drivers.errors import CardProtocolError, NoCard
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import CardDocumentError
from drivers.sim.cards.reader import SimReader
from kiosk.__main__ import app
from kiosk.clock import ManualClock
from kiosk.upkeep import side
from kiosk.workers.technicians import TechnicianCardFalse, Technicians, TechnicianSlot, prove
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache.enrolment import Enrolment
from offline_cache.gateway import signing_request
from offline_cache.messages import EnrolAnswer
from offline_cache.wire.fleet.technician import (
    serial_of,
)
from provisioning.gateway.authority import AuthorityDamaged, CsrInvalid
from provisioning.gateway.city.published import PublishedInvalid
from provisioning.gateway.technicians import cards
from tests.gateway_kit import GatewayKit

WHO = "T-0042"


def public_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, shape)


def request_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatever it says")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def technicians(kit: GatewayKit, *revoked: str) -> Technicians:
    return Technicians(kit.authority.ca, lambda: frozenset(revoked), kit.clock)


def joined(kit: GatewayKit, state: Path) -> Enrolment:
    """A state folder that has joined this gateway."""
    state.mkdir(mode=0o700, exist_ok=True)
    key, authority = Ed25519PrivateKey.generate(), kit.authority
    made = authority.certify(signing_request(key, "device"), "T0001", kit.clock.now)
    answer = EnrolAnswer("T0001", made.pem, authority.ca_pem, authority.sealing_key_id,
                         authority.sealing_key.public_key().public_bytes_raw(),
                         authority.signing_key.public_key().public_bytes_raw(), {})  # fmt: skip
    return enrolments.save(state, "https://gateway.example", "device", "bench", key, answer)


# ------------------------------------------------------------------------------------------------------- cards


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=["p256", "p384"])
def test_a_signed_card_is_known_for_its_serial(kit: GatewayKit, curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    for pem in (public_pem(key), request_pem(key)):
        made = cards.certify(kit.authority, pem, WHO, kit.clock.now, 365)
        judged = technicians(kit).judge(der(made))
        assert judged is not None
        assert (judged.serial, judged.problem) == (serial_of(made), "")


def test_a_card_is_good_for_its_days_and_until_it_is_taken_away(kit: GatewayKit) -> None:
    made = cards.certify(kit.authority, public_pem(ec.generate_private_key(ec.SECP256R1())), WHO, kit.clock.now, 30)
    found = technicians(kit, serial_of(made)).judge(der(made))
    assert found is not None
    assert found.problem == "technician-revoked"
    kit.clock.pass_s(31 * 86_400)
    found = technicians(kit).judge(der(made))
    assert found is not None
    assert found.problem == "technician-expired"


def test_a_certificate_of_the_gateway_s_for_something_else_is_no_technician_s(kit: GatewayKit, tmp_path: Path) -> None:
    terminal = joined(kit, tmp_path / "state")
    raw = (terminal.state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
    for other in (der(x509.load_pem_x509_certificate(raw)), der(kit.authority.ca), b"", b"\x30\x00"):
        assert technicians(kit).judge(other) is None


def test_another_gateway_s_technician_is_nobody_here(kit: GatewayKit, tmp_path: Path) -> None:
    other = GatewayKit(tmp_path / "other")
    pem = public_pem(ec.generate_private_key(ec.SECP256R1()))
    assert technicians(kit).judge(der(cards.certify(other.authority, pem, WHO, kit.clock.now, 365))) is None


def test_a_request_that_is_none_is_refused(kit: GatewayKit) -> None:
    spoilt = request_pem(ec.generate_private_key(ec.SECP256R1()))
    parsed = bytearray(x509.load_pem_x509_csr(spoilt).public_bytes(serialization.Encoding.DER))
    parsed[-1] ^= 1
    unsigned = x509.load_der_x509_csr(bytes(parsed)).public_bytes(serialization.Encoding.PEM)
    for pem in (b"", b"x", unsigned, public_pem(rsa.generate_private_key(65537, 2048)),
                public_pem(ec.generate_private_key(ec.SECP521R1()))):  # fmt: skip
        with pytest.raises(CsrInvalid):
            cards.certify(kit.authority, pem, WHO, kit.clock.now, 365)


def test_the_list_of_revoked_cards_goes_into_every_terminal_s_configuration(kit: GatewayKit, tmp_path: Path) -> None:
    state = tmp_path / "state"
    terminal, publisher = joined(kit, state), kit.gateway.published
    assert side.revoked(state, terminal) == frozenset()
    before = publisher.configuration("T0001")
    assert cards.revoke(kit.folder, "1F3A07BC")
    assert not cards.revoke(kit.folder, "1f3a-07bc")
    after = publisher.configuration("T0001")
    assert before.etag != after.etag
    catalogue.bring(state, "configuration", after.etag, after.signed, terminal.signing_key)
    assert side.revoked(state, terminal) == {"1f3a-07bc"}
    assert side.listed({}) == frozenset()
    found = side.technicians_of(state, ManualClock())
    assert found is not None
    with (state / "configuration.cbor").open("ab") as file:
        file.write(b"x")
    assert side.revoked(state, terminal) == frozenset()


@pytest.mark.parametrize("content", ["not hexadecimal\n", "\xe4"])
def test_a_damaged_list_of_revoked_cards_is_said_and_not_passed_over(kit: GatewayKit, content: str) -> None:
    (kit.folder / cards.REVOKED_FILE).write_text(content, "utf-8")
    with pytest.raises(AuthorityDamaged, match=cards.REVOKED_FILE):
        cards.revoked(kit.folder)
    with pytest.raises(PublishedInvalid):
        kit.gateway.published.configuration("T0001")


def test_before_a_terminal_joined_nobody_is_a_technician(tmp_path: Path) -> None:
    assert side.technicians_of(tmp_path, ManualClock()) is None


def card_of(kit: GatewayKit, **change: object) -> SimCard:
    key = ec.generate_private_key(ec.SECP256R1())
    made = cards.certify(kit.authority, public_pem(key), WHO, kit.clock.now, 365)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signing = {"key": private.decode(), "certificate": made.public_bytes(serialization.Encoding.PEM).decode()}
    holder = {"name": WHO, "id_number": WHO}
    return SimCard.from_document({"profile": "piv", "pin": "24681357", "holder": holder, "signing": signing, **change})


def test_the_slot_proves_the_card_after_its_pin_and_forgets_it(kit: GatewayKit) -> None:
    reader = SimReader("Kiosk Citizen", real_time=False)
    reader.start(lambda _event: None)
    reader.insert(card_of(kit))
    slot, connection = TechnicianSlot(technicians(kit)), reader.connect()
    seen = slot.look(connection)
    assert seen is not None
    assert seen.tries_left == 3
    slot.verify("24681357")
    slot.forget()
    with pytest.raises(NoCard):
        slot.verify("24681357")
    assert TechnicianSlot(None).look(connection) is None
    assert slot.look(None) is None
    reader.close()


def test_a_card_that_breaks_while_it_is_looked_at_is_nobody_s(kit: GatewayKit) -> None:
    class Broken:
        atr = b"\x3b"

        def transmit(self, command: bytes, deadline_s: float = 5.0) -> object:
            raise CardProtocolError("broken")

        def close(self) -> None: ...

    assert TechnicianSlot(technicians(kit)).look(Broken()) is None  # pyright: ignore


def test_a_card_with_another_kind_of_key_proves_nothing(kit: GatewayKit) -> None:
    class Rsa:
        def certificate(self) -> bytes:
            key = rsa.generate_private_key(65537, 2048)
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
            now = kit.clock.now
            made = (
                x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
                .sign(key, hashes.SHA256())
            )  # fmt: skip
            return der(made)

        def sign(self, data: bytes) -> bytes:
            return data

    with pytest.raises(TechnicianCardFalse):
        prove(Rsa())  # pyright: ignore


@pytest.mark.parametrize("signing", [{"key": "x", "certificate": "y"}, "rsa"])
def test_a_simulated_card_with_a_key_that_is_none_is_refused(kit: GatewayKit, signing: object) -> None:
    if signing == "rsa":
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signing = {"key": pem.decode(), "certificate": kit.authority.ca_pem}
    with pytest.raises(CardDocumentError, match="signing"):
        card_of(kit, signing=signing)


# ---------------------------------------------------------------------------------------------------- commands


def command(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["gateway", "technician", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_signs_a_key_and_takes_a_card_away(kit: GatewayKit, tmp_path: Path) -> None:
    kit.store.close()
    key, out = tmp_path / "card.pub", tmp_path / "card.pem"
    key.write_bytes(public_pem(ec.generate_private_key(ec.SECP256R1())))
    where = ("--dir", str(kit.folder))
    status, told, _ = command("sign", str(key), "--who", WHO, *where, "--to", str(out), "--json")
    assert status == 0
    serial = json.loads(told)["serial"]
    assert serial == serial_of(x509.load_pem_x509_certificate(out.read_bytes()))
    assert "BEGIN CERTIFICATE" in command("sign", str(key), "--who", WHO, *where)[1]
    assert json.loads(command("revoke", serial, *where, "--json")[1]) == {"revoked": serial, "new": True}
    assert json.loads(command("revoke", serial, *where, "--json")[1])["new"] is False
    assert cards.revoked(kit.folder) == [serial]


@pytest.mark.parametrize(("arguments", "code"), [
    (("sign", "/nowhere", "--who", "x"), "storage-failed"), (("revoke", "not-a-number!"), "malformed"),
])  # fmt: skip
def test_a_wrong_order_is_told_with_its_code(kit: GatewayKit, arguments: tuple[str, ...], code: str) -> None:
    kit.store.close()
    status, _, told = command(*arguments, "--dir", str(kit.folder))
    assert status != 0
    assert code in told
