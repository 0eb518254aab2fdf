"""The authority's folder: made once, completed, renewed, and never silently replaced."""

from __future__ import annotations

import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.gateway import authority
from tests.gateway_kit import NOON


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def names(folder: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(item.value) for item in held}


def test_everything_is_private_and_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    made = authority.create(folder, (), NOON)
    before = files(folder)
    assert set(before) == {
        "ca.key", "ca.pem", "operator.token", "sealing.key", "server.key", "server.pem", "signing.key"
    }  # fmt: skip
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in before} == {0o600}
    again = authority.create(folder, (), NOON + datetime.timedelta(days=100))
    assert files(folder) == before
    assert again.ca_hash == made.ca_hash
    assert len(made.ca_hash) == 64
    assert names(folder) == {"localhost", "127.0.0.1", "::1"}
    assert made.server_ends is not None
    assert made.server_ends - NOON == datetime.timedelta(days=397)
    assert isinstance(made.server_tls(), ssl.SSLContext)


def test_another_name_and_old_age_renew_only_the_servers_certificate(tmp_path: Path) -> None:
    authority.create(tmp_path, (), NOON)
    before = files(tmp_path)
    authority.create(tmp_path, ("gateway.example", "10.0.0.1"), NOON)
    assert names(tmp_path) == {"localhost", "127.0.0.1", "::1", "gateway.example", "10.0.0.1"}
    named = files(tmp_path)
    authority.create(tmp_path, (), NOON + datetime.timedelta(days=300))
    assert names(tmp_path) >= {"gateway.example"}
    renewed = files(tmp_path)
    assert {name for name in before if before[name] != named[name]} == {"server.key", "server.pem"}
    assert {name for name in named if named[name] != renewed[name]} == {"server.key", "server.pem"}


def test_a_folder_without_an_authority(tmp_path: Path) -> None:
    with pytest.raises(authority.AuthorityMissing, match="kiosk gateway init"):
        authority.load(tmp_path)


@pytest.mark.parametrize("name", ["ca.key", "ca.pem", "sealing.key", "signing.key", "server.pem"])
def test_a_damaged_file_is_named_and_not_replaced(tmp_path: Path, name: str) -> None:
    authority.create(tmp_path, (), NOON)
    (tmp_path / name).write_text("scribble")
    with pytest.raises(authority.AuthorityDamaged, match=name):
        authority.load(tmp_path)
    with pytest.raises(authority.AuthorityDamaged, match=name):
        authority.create(tmp_path, (), NOON)
    assert (tmp_path / name).read_text() == "scribble"


@pytest.mark.parametrize(
    ("name", "other"), [("ca.key", "server.key"), ("sealing.key", "ca.key"), ("signing.key", "ca.key")]
)
def test_keys_that_were_mixed_up(tmp_path: Path, name: str, other: str) -> None:
    authority.create(tmp_path, (), NOON)
    (tmp_path / name).write_bytes((tmp_path / other).read_bytes())
    with pytest.raises(authority.AuthorityDamaged, match=name):
        authority.load(tmp_path)


def test_a_pseudonym_is_one_gateways_own(tmp_path: Path) -> None:
    one = authority.create(tmp_path / "one", (), NOON)
    two = authority.create(tmp_path / "two", (), NOON)
    assert one.pseudonym("a") == authority.load(tmp_path / "one").pseudonym("a")
    assert len({one.pseudonym("a"), one.pseudonym("b"), two.pseudonym("a")}) == 3
