"""The terminal was stolen after a visit: what do its files tell?"""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from offline_cache import state
from offline_cache.errors import SealBroken
from offline_cache.messages import Row, WrappedKey, seal_context
from offline_cache.outbox import OUTBOX_FILE
from offline_cache.seal import LOCAL_KEY_FILE, unseal, unwrap
from offline_cache.sync import SyncService
from tests.gateway_kit import ASSETS
from tests.outbox_bench import CablelessClient, FakeClock, enrol
from tests.outbox_gateway import ModelGateway
from tests.scenario.kit import Kiosk

KEY_BYTES = 32


def traces(document: object) -> Iterator[str]:
    """Every text of a document that would tell who was here."""
    if isinstance(document, dict):
        for value in document.values():
            yield from traces(value)
    elif isinstance(document, list):
        for value in document:
            yield from traces(value)
    elif isinstance(document, str) and (len(document) >= 8 or not document.isascii()):
        yield document


def holder_traces() -> set[str]:
    """What is on the personas' cards and in their records: names, numbers, addresses, phones."""
    people = tomllib.loads((ASSETS / "city" / "personas.toml").read_text("utf-8"))["persona"]
    parent = next(person for person in people if person["id"] == "parent")
    holder = parent["card"]["holder"]
    found = {holder["name"], holder["id_number"], holder["birth_date"], *traces(parent["records"]["msg.contact"])}
    found |= set(traces(parent["records"]["pop.household"])) | {parent["records"]["pop.person"]["hukou"]}
    return {text for text in found if text not in {"zh-Hans"} and not text.startswith("2026-")}


def spellings(text: str) -> Iterator[bytes]:
    """As it may lie in a file: UTF-8, UTF-16, hexadecimal, JSON escapes, base64 at any of the three places."""
    raw = text.encode()
    yield raw
    yield text.encode("utf-16-le")
    yield raw.hex().encode()
    yield text.encode("unicode_escape")
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw + b"\0" * 3)
        yield coded[4 if shift else 0 : 4 * ((shift + len(raw)) // 3)]


def files_of(folder: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "cards" not in path.relative_to(folder).parts  # the simulated cards are not the terminal
    }


def found_in(folder: Path) -> list[str]:
    return [
        f"{path.name}: {len(text)} characters"
        for path, content in files_of(folder).items()
        for text in sorted(holder_traces())
        for spelling in spellings(text)
        if len(spelling) >= 6 and spelling in content
    ]


class Stolen:
    """A terminal on which somebody was served, and its gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gateway = ModelGateway()
        self.joined = enrol(folder, self.gateway)
        self.kiosk = Kiosk(folder)

    def visit(self) -> None:
        self.kiosk.to_home().to_saved()
        self.kiosk.touch("primary", "primary")
        self.kiosk.touch("rating.5", "primary")
        self.kiosk.wait(11)
        self.kiosk.pull()

    def rows(self) -> list[tuple[Row, WrappedKey]]:
        with state.open_reader(self.folder) as outbox:
            batch = outbox.batch(from_seq=1)
            assert batch is not None
            keys = {key.key_id: key for key in batch.keys}
            return [(row, keys[row.key_id]) for row in batch.rows]


@pytest.fixture
def stolen(tmp_path: Path) -> Iterator[Stolen]:
    terminal = Stolen(tmp_path / "state")
    yield terminal
    terminal.kiosk.close()


def test_no_file_tells_who_was_here(stolen: Stolen) -> None:
    stolen.visit()
    assert "陈晓娴" in str(stolen.kiosk.store.documents), "there was somebody"
    assert (stolen.folder / f"{OUTBOX_FILE}-wal").stat().st_size > 0
    assert found_in(stolen.folder) == []


def test_neither_do_freed_pages_after_the_entries_were_sent_and_purged(stolen: Stolen) -> None:
    stolen.visit()
    stolen.visit()
    clock = FakeClock()
    with state.open_reader(stolen.folder) as outbox:
        service = SyncService(outbox, CablelessClient(stolen.joined, stolen.gateway), state_dir=stolen.folder)
        assert service.drain_once().pending == 0
        assert outbox.purge(2**62) >= 1
    assert len(stolen.gateway.documents()) >= 4
    assert clock.now_ms()
    assert found_in(stolen.folder) == []


def test_with_every_file_of_the_terminal_no_body_opens(stolen: Stolen) -> None:
    stolen.visit()
    rows = stolen.rows()
    assert not (stolen.folder / LOCAL_KEY_FILE).exists()
    row, wrapped = rows[0]
    meta = stolen.kiosk.store._outbox.meta()
    assert unseal(row, wrapped, stolen.gateway.sealing_key, meta.device, meta.epoch), "the gateway opens it"
    context = seal_context(meta.device, meta.epoch, row.seq, row.id)
    tried = 0
    for path, content in files_of(stolen.folder).items():
        if path.name.startswith(OUTBOX_FILE):
            continue  # that is what is to be opened; its own bytes are tried below
        for secret in _secrets(content):
            tried += 1
            _stays_shut(row, wrapped, secret, context, as_private_key=len(content) < 4096)
    for secret in (wrapped.enc[:KEY_BYTES], wrapped.enc[KEY_BYTES : 2 * KEY_BYTES], row.chain, row.body[:KEY_BYTES]):
        _stays_shut(row, wrapped, secret, context, as_private_key=True)
    assert tried > 100


def _secrets(content: bytes) -> Iterator[bytes]:
    """Every 32 bytes of a file, as they lie there and as base64 or PEM hides them."""
    if b"PRIVATE KEY" in content:
        key = serialization.load_pem_private_key(content, None)
        assert isinstance(key, Ed25519PrivateKey)
        yield key.private_bytes_raw()
    for start in range(max(0, len(content) - KEY_BYTES + 1)):
        yield content[start : start + KEY_BYTES]


def _stays_shut(row: Row, wrapped: WrappedKey, secret: bytes, context: bytes, *, as_private_key: bool) -> None:
    with pytest.raises(InvalidTag):
        AESGCM(secret).decrypt(row.body[:12], row.body[12:], context)
    if as_private_key:
        with pytest.raises(SealBroken):
            unwrap(wrapped, X25519PrivateKey.from_private_bytes(secret))


def test_a_terminal_that_does_not_seal_would_be_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: bodies are only compressed at level 0 of secrecy, that is, written as they are."""
    from offline_cache.messages import json_dumps
    from offline_cache.seal import SealingKey

    monkeypatch.setattr(SealingKey, "seal", lambda _self, document, _context: json_dumps(document))
    terminal = Stolen(tmp_path / "state")
    terminal.visit()
    assert found_in(terminal.folder)
    terminal.kiosk.close()
