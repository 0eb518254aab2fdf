"""A gateway in memory that implements the contract on its own: only the bytes are shared with the product.

It decodes with cbor2, checks signature and chain with hashlib and cryptography, unseals with HPKE, and keeps what it
accepted. Faults are switched on by attributes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

DICTIONARY = zstandard.ZstdCompressionDict(
    (Path(__file__).resolve().parent.parent / "assets" / "outbox.dict").read_bytes()
)


def cose_sign(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    protected = cbor2.dumps({1: -8})
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def cose_verify(data: bytes, key: Ed25519PublicKey) -> bytes:
    tag = cbor2.loads(data)
    assert tag.tag == 18
    protected, unprotected, payload, signature = tag.value
    assert cbor2.loads(protected) == {1: -8}
    assert unprotected == {}
    key.verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
    return payload


@dataclass
class Refusal(Exception):
    """What the gateway answers instead of an acknowledgement."""

    status: int
    code: str
    facts: dict[str, object] = field(default_factory=dict)

    def body(self) -> bytes:
        return json.dumps({"type": f"https://gateway.test/problems/{self.code}", **self.facts}).encode()


@dataclass
class Line:
    """What is kept for one (terminal, epoch)."""

    device: str
    rows: list[list] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)


class ModelGateway:
    """Accepts signed batches. `terminal_key` verifies them; `signing_key` signs what it says."""

    def __init__(self, terminal_key: Ed25519PublicKey | None = None) -> None:
        self.terminal_key = terminal_key
        self.signing_key = Ed25519PrivateKey.generate()
        self.sealing_key = X25519PrivateKey.generate()
        self.sealing_key_id = "gateway-1"
        self.lines: dict[tuple[str, str], Line] = {}
        self.pushes = 0
        self.max_rows = 500
        self.now_ms = 1
        """The gateway's clock, in its acknowledgements."""
        self.ack_max_seq = False
        """The known-bad gateway: inserts what does not conflict and acknowledges the highest seq it has seen."""

    @property
    def signing_public(self) -> bytes:
        return self.signing_key.public_key().public_bytes_raw()

    @property
    def sealing_public(self) -> bytes:
        return self.sealing_key.public_key().public_bytes_raw()

    def accept(self, body: bytes) -> bytes:
        """Store a batch and return the signed acknowledgement, or raise `Refusal`."""
        self.pushes += 1
        assert self.terminal_key is not None
        batch = cbor2.loads(cose_verify(body, self.terminal_key))
        if len(batch["rows"]) > self.max_rows:
            raise Refusal(413, "too-large")
        line = self.lines.setdefault((batch["terminal"], batch["epoch"]), Line(batch["device"]))
        chain = batch["previous_chain"]
        for row in batch["rows"]:
            chain = hashlib.sha256(chain + cbor2.dumps(row[:7], canonical=True)).digest()
            assert chain == row[7], f"chain broken at {row[0]}"
        if self.ack_max_seq:
            return self._accept_badly(batch, line)
        first, held = batch["first_seq"], len(line.rows)
        if first > held + 1:
            raise Refusal(409, "seq-gap", {"expected_seq": held + 1})
        before = line.rows[first - 2][7] if first > 1 else self.genesis(batch["device"], batch["epoch"])
        if batch["previous_chain"] != before:
            raise Refusal(409, "seq-conflict", {"seq": max(first - 1, 1)})
        for row in batch["rows"]:
            if row[0] <= held:
                if line.rows[row[0] - 1] != row:
                    raise Refusal(409, "seq-conflict", {"seq": row[0]})
            else:
                line.rows.append(row)
        line.keys.update({key_id: enc for key_id, enc, _ in batch["keys"]})
        return self.ack(batch["terminal"], batch["epoch"], len(line.rows), line.rows[-1][7])

    def _accept_badly(self, batch: dict, line: Line) -> bytes:
        held = {row[0] for row in line.rows}
        line.rows += [row for row in batch["rows"] if row[0] not in held]
        line.keys.update({key_id: enc for key_id, enc, _ in batch["keys"]})
        return self.ack(batch["terminal"], batch["epoch"], batch["rows"][-1][0], batch["head"])

    def ack(self, terminal: str, epoch: str, through: int, head: bytes) -> bytes:
        told = {"terminal": terminal, "epoch": epoch, "acked_through": through, "head": head}
        payload = {**told, "received_at_ms": self.now_ms}
        return cose_sign(cbor2.dumps(payload, canonical=True), self.signing_key)

    @staticmethod
    def genesis(device: str, epoch: str) -> bytes:
        return hashlib.sha256(cbor2.dumps(["kiosk-outbox-genesis-1", device, epoch])).digest()

    def documents(self) -> list[tuple[str, str, int, str, dict]]:
        """Everything that was accepted, unsealed: terminal, epoch, seq, id, document."""
        found = []
        for (terminal, epoch), line in self.lines.items():
            for seq, entry_id, _created, _boot, _mono, key_id, body, _chain in line.rows:
                info = cbor2.dumps(["kiosk-outbox-key-1", key_id])
                suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
                body_key = suite.decrypt(line.keys[key_id], self.sealing_key, info=info)
                context = cbor2.dumps(["kiosk-outbox-row-1", line.device, epoch, seq, entry_id])
                packed = AESGCM(body_key).decrypt(body[:12], body[12:], context)
                assert packed[0] == 2
                assert zstandard.get_frame_parameters(packed[1:]).dict_id == 1
                plain = zstandard.ZstdDecompressor(dict_data=DICTIONARY).decompress(packed[1:])
                found.append((terminal, epoch, seq, entry_id, json.loads(plain)))
        return found
