"""Joining a gateway: what was recorded before is the gateway's afterwards, and nobody else's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from offline_cache import enrolment, seal, state
from offline_cache.disk import files
from offline_cache.errors import (
    AuthorityMismatch,
    EnrolmentDamaged,
    MalformedMessage,
    NotEnrolled,
    SealBroken,
    StorageDamaged,
    StorageFailed,
)
from offline_cache.messages import encode_batch, sign1
from offline_cache.outbox import Outbox
from offline_cache.seal import SealingKey
from tests.outbox_bench import FakeClock, certificate, enrol, note, writer
from tests.outbox_gateway import ModelGateway


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_entries_recorded_before_enrolment_reach_the_gateway_and_the_local_key_is_gone(folder: Path) -> None:
    gateway = ModelGateway()
    with writer(folder) as app:
        note(app, "before")
        assert (folder / seal.LOCAL_KEY_FILE).exists()
        rows = app.verify().head
        joined = enrol(folder, gateway)
        assert not (folder / seal.LOCAL_KEY_FILE).exists()
        assert app.verify().head == rows
        note(app, "after, same process")
        batch = app.batch()
        assert batch is not None
        gateway.accept(sign1(encode_batch(batch), joined.private_key))
    with writer(folder) as app:
        note(app, "after, next process")
        batch = app.batch()
        assert batch is not None
        gateway.accept(sign1(encode_batch(batch), joined.private_key))
    texts = [document["text"] for *_, document in gateway.documents()]
    assert texts == ["before", "after, same process", "after, next process"]


def test_joining_may_be_repeated_after_a_power_cut_at_any_step(folder: Path) -> None:
    gateway = ModelGateway()
    with writer(folder) as app:
        note(app)
    local = (folder / seal.LOCAL_KEY_FILE).read_bytes()
    joined = enrol(folder, gateway)
    (folder / seal.LOCAL_KEY_FILE).write_bytes(local)  # the power went before it was removed
    state.adopt(folder, joined)
    assert not (folder / seal.LOCAL_KEY_FILE).exists()
    state.adopt(folder, joined)
    with state.open_reader(folder) as outbox:
        meta = outbox.meta()
        assert (meta.terminal, meta.recipient) == ("T0001", joined.recipient)


def test_after_joining_nobody_can_seal_to_the_local_key_any_more(folder: Path) -> None:
    with writer(folder) as app:
        note(app)
        local = seal.make_local_key(folder)
        enrol(folder, ModelGateway())
        with pytest.raises(SealBroken, match="no longer"):
            app.use_key(SealingKey(seal.local_recipient(local)))


def test_a_lost_local_key_stops_the_joining_and_changes_nothing(folder: Path) -> None:
    with writer(folder) as app:
        note(app)
    (folder / seal.LOCAL_KEY_FILE).unlink()
    with pytest.raises(SealBroken, match="gone"):
        enrol(folder, ModelGateway())
    with state.open_reader(folder) as outbox:
        assert outbox.meta().terminal is None


def test_unsent_entries_for_one_gateway_are_not_taken_to_another(folder: Path) -> None:
    first, second = ModelGateway(), ModelGateway()
    second.sealing_key_id = "gateway-2"
    enrol(folder, first)
    with writer(folder) as app:
        note(app)
    with pytest.raises(EnrolmentDamaged, match="another gateway"):
        enrol(folder, second, "T0009")
    with state.open_reader(folder) as outbox:
        assert outbox.meta().terminal == "T0001"


def test_the_enrolment_is_read_back_and_its_key_is_private(folder: Path) -> None:
    joined = enrol(folder, ModelGateway())
    again = enrolment.load(folder)
    assert replace(again, private_key=joined.private_key) == joined
    assert again.private_key.private_bytes_raw() == joined.private_key.private_bytes_raw()
    assert (folder / enrolment.KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert "private" not in repr(again)
    assert enrolment.is_enrolled(folder)


def test_a_folder_that_never_joined_says_so(folder: Path) -> None:
    with pytest.raises(NotEnrolled, match="kiosk enrol"):
        enrolment.load(folder)


@pytest.mark.parametrize("name", [enrolment.KEY_FILE, enrolment.CERTIFICATE_FILE, enrolment.CA_FILE])
def test_an_enrolment_with_a_file_missing_or_scribbled_over_is_refused_by_name(folder: Path, name: str) -> None:
    enrol(folder, ModelGateway())
    kept = (folder / name).read_bytes()
    (folder / name).unlink()
    with pytest.raises(EnrolmentDamaged, match=name):
        enrolment.load(folder)
    if name == enrolment.CA_FILE:
        return
    (folder / name).write_bytes(b"scribble")
    with pytest.raises(EnrolmentDamaged, match=name):
        enrolment.load(folder)
    (folder / name).write_bytes(kept)
    other = Ed25519PrivateKey.generate()
    (folder / enrolment.CERTIFICATE_FILE).write_text(certificate("T0001", other))
    with pytest.raises(EnrolmentDamaged, match="not for"):
        enrolment.load(folder)


def test_an_enrolment_record_with_a_field_missing_is_refused_by_name(folder: Path) -> None:
    enrol(folder, ModelGateway())
    path = folder / enrolment.ENROLMENT_FILE
    record = json.loads(path.read_text())
    del record["signing_key"]
    path.write_text(json.dumps(record))
    with pytest.raises(EnrolmentDamaged, match="signing_key"):
        enrolment.load(folder)


def test_an_authority_is_taken_only_with_its_hash() -> None:
    pem = certificate("authority", Ed25519PrivateKey.generate()).encode()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    digest = hashlib.sha256(der).hexdigest()
    colons = "SHA256:" + ":".join(digest[at : at + 2] for at in range(0, 64, 2)).upper()
    for given in (digest, colons, f" {digest} "):
        assert enrolment.pinned_authority(pem, given) == pem
    assert enrolment.pinned_authority(der, digest) == pem
    for wrong in ("0" * 64, digest[:-1], "", "g" * 64):
        with pytest.raises(AuthorityMismatch):
            enrolment.pinned_authority(pem, wrong)
    for junk in (b"", b"junk", b"-----BEGIN CERTIFICATE-----\n"):
        with pytest.raises(MalformedMessage):
            enrolment.pinned_authority(junk, digest)


def test_the_device_keeps_its_name_and_a_damaged_record_is_said(folder: Path) -> None:
    first = state.device(folder).device
    assert state.device(folder).device == first
    (folder / state.DEVICE_FILE).write_text("{")
    with pytest.raises(StorageDamaged):
        state.device(folder)


def test_an_outbox_of_another_program_version_is_not_touched(folder: Path) -> None:
    with writer(folder) as outbox, outbox.tables.transaction("a test") as connection:
        connection.execute("delete from _sqlite_migrations")
    with pytest.raises(StorageFailed, match="version"):
        Outbox.open(folder / "outbox.db", clock=FakeClock())


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "record"
    files.write_atomic(path, b"one")
    files.write_atomic(path, b"two", files.PUBLIC)
    assert path.read_bytes() == b"two"
    assert [item.name for item in tmp_path.iterdir()] == ["record"]
    with pytest.raises(StorageFailed):
        files.write_atomic(tmp_path / "missing" / "record", b"")
    with pytest.raises(StorageFailed, match="longer"):
        files.read_limited(path, 2)
    with pytest.raises(StorageFailed):
        files.read_limited(tmp_path, 2)
    (tmp_path / "target").mkdir()
    with pytest.raises(StorageFailed):
        files.write_atomic(tmp_path / "target", b"")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["record", "target"]


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="state folder"):
        state.open_reader(tmp_path / "file" / "state")
