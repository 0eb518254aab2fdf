"""Passive authentication: what a travel document's issuer signed, with OpenSSL as the second opinion."""

from __future__ import annotations

import datetime
import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.cards.emrtd import AccessKey, EmrtdCard
from drivers.cards.registry import Helps, identify
from drivers.cards.secure import ber, passive
from drivers.cards.secure.passive import NotGenuine
from drivers.errors import CardProtocolError
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.issuing.travel import TravelAuthority
from tests.cards import MRZ_KEY, Contacts, emrtd_document

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
FILES = {1: b"the machine readable zone", 2: b"the face"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority.load_or_create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def country(authority: CardAuthority) -> TravelAuthority:
    return authority.travel()


@pytest.fixture(scope="module")
def signed(country: TravelAuthority) -> bytes:
    return country.security_object(FILES)


def trusted(country: TravelAuthority) -> tuple[x509.Certificate, ...]:
    return (x509.load_pem_x509_certificate(country.certificate_pem),)


def opened(sim: SimCard, *authorities: x509.Certificate) -> EmrtdCard:
    helps = Helps(key=AccessKey.parse(MRZ_KEY), country_authorities=authorities)
    card = identify(Contacts(sim.process, sim.atr), helps)
    assert isinstance(card, EmrtdCard)
    return card


@pytest.mark.parametrize("access", ["bac", "pace"])
def test_a_document_proves_that_its_issuer_wrote_it(
    authority: CardAuthority, country: TravelAuthority, access: str
) -> None:
    card = opened(SimCard.from_document(emrtd_document(access=access), authority), *trusted(country))
    assert card.read_holder().name == "ANNA MARIA ERIKSSON"
    assert card.genuine
    assert card.warnings == ()


def test_without_an_authority_nobody_looked(authority: CardAuthority) -> None:
    card = opened(SimCard.from_document(emrtd_document(), authority))
    assert card.warnings == ()
    card.read_holder()
    assert (card.genuine, card.warnings) == (False, ("issuer-unchecked",))


@pytest.mark.parametrize("forged", [True, False], ids=["another zone on the chip", "no signature at all"])
def test_a_forged_document_gives_no_holder(authority: CardAuthority, country: TravelAuthority, forged: bool) -> None:
    sim = SimCard.from_document(emrtd_document(forged=forged), authority if forged else None)
    card = opened(sim, *trusted(country))
    for ask in (card.read_holder, card.read_facts):
        with pytest.raises(NotGenuine, match="data group 1" if forged else "no signature") as caught:
            ask()
        assert caught.value.code == "document-not-genuine"
    assert not card.genuine


def test_a_document_of_another_country(authority: CardAuthority, tmp_path: Path) -> None:
    other = CardAuthority.load_or_create(tmp_path).travel()
    card = opened(SimCard.from_document(emrtd_document(), authority), *trusted(other))
    with pytest.raises(NotGenuine, match="no known country authority"):
        card.read_holder()


def test_openssl_reads_the_same_signature(country: TravelAuthority, signed: bytes, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    assert program is not None
    (tmp_path / "sod").write_bytes(ber.only(signed, 0x77))
    (tmp_path / "csca.pem").write_bytes(country.certificate_pem)
    arguments = ["cms", "-verify", "-inform", "DER", "-in", str(tmp_path / "sod"), "-purpose", "any", "-binary"]
    done = subprocess.run(
        [program, *arguments, "-CAfile", str(tmp_path / "csca.pem")], capture_output=True, timeout=30, check=False
    )
    assert b"Verification successful" in done.stderr, done.stderr
    assert done.stdout == passive.parse(signed).content
    assert hashlib.sha256(FILES[2]).digest() in done.stdout


def test_what_is_signed_is_held_to_the_last_group(country: TravelAuthority, signed: bytes) -> None:
    found = passive.parse(signed)
    passive.check(found, FILES, trusted(country), NOW)
    with pytest.raises(NotGenuine, match="data group 2"):
        passive.check(found, {**FILES, 2: b"another face"}, trusted(country), NOW)
    with pytest.raises(NotGenuine, match="data group 3"):
        passive.check(found, {**FILES, 3: b"never signed"}, trusted(country), NOW)


@pytest.mark.parametrize("year", [2019, 2050])
def test_a_signer_that_is_not_valid_today(country: TravelAuthority, signed: bytes, year: int) -> None:
    with pytest.raises(NotGenuine, match="not for today"):
        passive.check(passive.parse(signed), FILES, trusted(country), NOW.replace(year=year))


def test_a_signer_is_no_country_authority(country: TravelAuthority, signed: bytes) -> None:
    """Whoever trusts the document signer itself by mistake trusts nobody."""
    found = passive.parse(signed)
    signer = x509.load_der_x509_certificate(found.certificates[0])
    with pytest.raises(NotGenuine, match="no known country authority"):
        passive.check(found, FILES, (signer,), NOW)


@pytest.mark.parametrize("kind", [0xA3, 0xA5])
def test_a_signer_with_an_absurd_name_in_an_extension(country: TravelAuthority, signed: bytes, kind: int) -> None:
    """An X.400 or EDI name is one that `cryptography` answers with an exception of its own."""
    names = ber.encode(0x30, ber.encode(kind, b"\x30\x00"))
    absurd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), names)
    found = replace(passive.parse(signed), certificates=(signer_with(BRAINPOOL, country, absurd),))
    with pytest.raises(CardProtocolError, match="cannot be read"):
        passive.check(found, FILES, trusted(country), NOW)


def signer_with(key: Any, country: TravelAuthority, *more: x509.ExtensionType) -> bytes:
    """A document signer's certificate for another kind of key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signer")])
    identity = x509.SubjectKeyIdentifier(b"k" * 20)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(trusted(country)[0].subject)
    builder = builder.public_key(key.public_key()).serial_number(0x81).add_extension(identity, critical=False)
    builder = builder.not_valid_before(NOW.replace(year=2020)).not_valid_after(NOW.replace(year=2030))
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(country._key, hashes.SHA256()).public_bytes(passive_encoding())


def passive_encoding() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


RSA = rsa.generate_private_key(65537, 2048)
BRAINPOOL = ec.generate_private_key(ec.BrainpoolP384R1())
PSS = bytes.fromhex("2A864886F70D01010A")


@pytest.mark.parametrize("by_key_id", [True, False])
@pytest.mark.parametrize("kind", ["rsa", "rsa-pss", "brainpool"])
def test_the_other_kinds_of_signer(country: TravelAuthority, signed: bytes, kind: str, by_key_id: bool) -> None:
    found = passive.parse(signed)
    key = BRAINPOOL if kind == "brainpool" else RSA
    der = signer_with(key, country)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(found.attributes, ec.ECDSA(hashes.SHA256()))
    else:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        signature = key.sign(found.attributes, pss if kind == "rsa-pss" else padding.PKCS1v15(), hashes.SHA256())
    issuer = trusted(country)[0].subject.public_bytes()
    named = ber.encode(0x80, b"k" * 20) if by_key_id else ber.encode(0x30, issuer + bytes.fromhex("02020081"))
    made = {**vars(found), "certificates": (der,), "signer": named, "signature": signature, "pss": kind == "rsa-pss"}
    passive.check(passive.SecurityObject(**made), FILES, trusted(country), NOW)
    made["signature"] = bytes(len(signature))
    with pytest.raises(NotGenuine, match="does not fit"):
        passive.check(passive.SecurityObject(**made), FILES, trusted(country), NOW)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_security_object_with_a_byte_changed_is_refused_or_the_same(
    country: TravelAuthority, signed: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(signed) - 1))
    spoilt = signed[:place] + bytes([signed[place] ^ data.draw(st.integers(1, 255))]) + signed[place + 1 :]
    try:
        found = passive.parse(spoilt)
        passive.check(found, FILES, trusted(country), NOW)
    except CardProtocolError:
        return
    assert {number: found.groups[number] for number in FILES} == {
        number: hashlib.sha256(content).digest() for number, content in FILES.items()
    }


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_any_bytes_are_refused(raw: bytes) -> None:
    for whole in (raw, ber.encode(0x77, raw), ber.encode(0x77, ber.encode(0x30, raw))):
        with pytest.raises(CardProtocolError):
            passive.parse(whole)
