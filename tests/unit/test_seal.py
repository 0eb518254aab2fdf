"""Sealing: only the recipient opens a row, and only at its own place."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import threading
import tomllib
from importlib import resources
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from offline_cache import seal
from offline_cache.errors import DocumentInvalid, SealBroken
from offline_cache.messages import Row, json_dumps, seal_context
from offline_cache.seal import MAX_DOCUMENT_BYTES, Recipient, SealingKey, pack, unpack, unseal, unwrap
from tests.outbox_documents import application
from tests.unit.test_messages import DEVICE, EPOCH

ID = "01900000-0000-7000-8000-000000000001"
DOCUMENT = {"service": "household-proof", "答": "好𠮷"}


def _recipient(key: X25519PrivateKey) -> Recipient:
    return Recipient("g1", key.public_key().public_bytes_raw())


def _sealed(sealing: SealingKey, document: dict[str, object] | None = None) -> Row:
    body = sealing.seal(document or DOCUMENT, seal_context(DEVICE, EPOCH, 1, ID))
    return Row(1, ID, 0, "b", 0, sealing.key_id, body, bytes(32))


def test_the_gateway_opens_what_a_terminal_sealed() -> None:
    private = X25519PrivateKey.generate()
    sealing = SealingKey(_recipient(private))
    assert unseal(_sealed(sealing), sealing.wrapped, private, DEVICE, EPOCH) == DOCUMENT


def test_a_stolen_disk_shows_nothing() -> None:
    sealing = SealingKey(_recipient(X25519PrivateKey.generate()))
    row = _sealed(sealing, {"name": "ABCDEFGHIJ" * 20})
    on_disk = row.body + sealing.wrapped.enc
    assert b"ABCDEFGHIJ" not in on_disk
    with pytest.raises(SealBroken):
        unseal(row, sealing.wrapped, X25519PrivateKey.generate(), DEVICE, EPOCH)


@pytest.mark.parametrize(
    "move", [{"seq": 2}, {"id": ID[:-1] + "2"}, {"body": b"\x00" * 12}, {"body": b""}, {"key_id": "other"}]
)
def test_a_row_opens_nowhere_but_at_its_own_place(move: dict[str, object]) -> None:
    private = X25519PrivateKey.generate()
    sealing = SealingKey(_recipient(private))
    with pytest.raises(SealBroken):
        unseal(_sealed(sealing)._replace(**move), sealing.wrapped, private, DEVICE, EPOCH)


def test_another_device_or_epoch_or_a_flipped_bit_does_not_open() -> None:
    private = X25519PrivateKey.generate()
    sealing = SealingKey(_recipient(private))
    row = _sealed(sealing)
    for device, epoch in ((DEVICE[::-1], EPOCH), (DEVICE, EPOCH[::-1])):
        with pytest.raises(SealBroken):
            unseal(row, sealing.wrapped, private, device, epoch)
    for place in (0, 12, len(row.body) - 1):
        flipped = bytearray(row.body)
        flipped[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(row._replace(body=bytes(flipped)), sealing.wrapped, private, DEVICE, EPOCH)


def test_a_wrapped_key_opens_only_under_its_own_name() -> None:
    private = X25519PrivateKey.generate()
    wrapped = SealingKey(_recipient(private)).wrapped
    assert len(unwrap(wrapped, private)) == 32
    for change in ({"key_id": "other"}, {"enc": wrapped.enc[:-1]}, {"enc": bytes(80)}, {"enc": b""}):
        with pytest.raises(SealBroken):
            unwrap(dataclasses.replace(wrapped, **change), private)


def test_a_recipient_key_that_is_none_is_refused() -> None:
    for bad in (b"short", bytes(32)):
        with pytest.raises(SealBroken):
            SealingKey(Recipient("g1", bad))


def test_no_nonce_is_used_twice_by_any_thread_or_after_a_failure() -> None:
    sealing = SealingKey(_recipient(X25519PrivateKey.generate()))
    nonces: list[bytes] = []

    def work() -> None:
        nonces.extend(sealing.seal({}, b"context")[:12] for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(nonces)) == 800


def test_a_forked_child_cannot_seal_with_its_parents_nonces(monkeypatch: pytest.MonkeyPatch) -> None:
    sealing = SealingKey(_recipient(X25519PrivateKey.generate()))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(SealBroken, match="another process"):
        sealing.seal({}, b"")


def test_a_document_that_is_too_large_or_not_json_is_refused_without_its_content() -> None:
    with pytest.raises(DocumentInvalid, match="longer"):
        pack({"a": "x" * MAX_DOCUMENT_BYTES})
    with pytest.raises(DocumentInvalid) as caught:
        pack({"a": {"王小明"}})
    assert "王" not in str(caught.value)


def test_the_largest_document_however_random_fits_a_batch() -> None:
    noise = os.urandom(MAX_DOCUMENT_BYTES // 2 - 10).hex()
    assert unpack(pack({"a": noise})) == {"a": noise}
    assert len(pack({"a": noise})) < 200 * 1024


def test_a_body_that_would_grow_without_bound_is_refused() -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * (MAX_DOCUMENT_BYTES + 1))
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"{}")
    good = pack({})
    plain = zstandard.ZstdCompressor().compress(b"{}")
    assert unpack(b"\x01" + plain) == {}, "what the first terminals wrote still opens"
    bad = (b"\x01" + bomb, b"\x01" + unsized, b"\x01" + good[1:], b"\x02" + plain, b"", b"\x01", good[:-1], b"\x02junk")
    for packed in (*bad, b"\x03" + good[1:]):
        with pytest.raises(SealBroken):
            unpack(packed)


def test_nothing_secret_is_in_a_repr() -> None:
    sealing = SealingKey(_recipient(X25519PrivateKey.generate()))
    row = _sealed(sealing)
    assert repr(row.body) not in repr(row)
    assert repr(sealing.wrapped.enc) not in repr(sealing.wrapped)


def test_the_local_key_is_private_kept_and_destroyed(tmp_path: Path) -> None:
    folder = tmp_path
    assert seal.local_key(folder) is None
    first = seal.make_local_key(folder)
    path = folder / seal.LOCAL_KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    again = seal.make_local_key(folder)
    assert again.private_bytes_raw() == first.private_bytes_raw()
    path.write_bytes(b"short")
    with pytest.raises(SealBroken):
        seal.local_key(folder)
    seal.destroy_local_key(folder)
    seal.destroy_local_key(folder)
    assert not path.exists()


# --------------------------------------------------------------------------------------------------- dictionary


def test_a_dictionary_that_was_shipped_never_changes() -> None:
    """Bodies that were sealed years ago open with it. A better one gets the next number and a file of its own."""
    shipped = {1: "57bf9ad453656464e6d7a9dd6947b46ec01899b91f20e7bc60af84caaea44b2e"}
    assert seal._DICTIONARIES.keys() == shipped.keys()
    for number, digest in shipped.items():
        raw = resources.files("assets").joinpath(seal._DICTIONARIES[number]).read_bytes()
        assert zstandard.ZstdCompressionDict(raw).dict_id() == number
        assert hashlib.sha256(raw).hexdigest() == digest
        assert len(raw) < 64 * 1024


def test_a_body_that_needs_a_dictionary_of_the_future_says_so() -> None:
    samples = [f'{{"a":{number},"b":"{number * 7}"}}'.encode() * 4 for number in range(2000)]
    future = zstandard.train_dictionary(4096, samples, dict_id=99)
    frame = zstandard.ZstdCompressor(dict_data=future).compress(samples[0])
    with pytest.raises(SealBroken, match="dictionary 99"):
        unpack(b"\x02" + frame)


def test_an_application_is_sealed_in_less_than_half_of_what_it_takes_without_the_dictionary() -> None:
    numbers = random.Random(99)
    documents = [application(numbers, seq) for seq in range(50)]
    packed = sum(len(pack(document)) for document in documents)
    plain = sum(len(zstandard.ZstdCompressor(level=3).compress(json_dumps(document))) for document in documents)
    assert packed < 0.5 * plain
    assert [unpack(pack(document)) for document in documents] == documents


def test_the_dictionary_holds_no_persona() -> None:
    raw = resources.files("assets").joinpath("outbox.dict").read_bytes()
    people = tomllib.loads(resources.files("assets").joinpath("city/personas.toml").read_text("utf-8"))
    holders = [person["card"]["holder"] for person in people["persona"]]
    assert len(holders) == 9
    for holder in holders:
        for value in (holder["name"], holder["id_number"]):
            assert value.encode() not in raw
