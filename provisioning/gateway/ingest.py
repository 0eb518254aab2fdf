"""Taking in what terminals recorded: identity, signature, chain, then one transaction, then a signed receipt.

Stored before judged: nothing here opens a row. What an office makes of it comes later, entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from offline_cache.errors import BadSignature, ChainBroken, MalformedMessage, SealBroken
from offline_cache.messages import (
    MAX_BATCH_BYTES,
    Ack,
    check_chain,
    decode_batch,
    encode_ack,
    genesis,
    sign1,
    verify1,
)
from offline_cache.seal import salvaged_row, unseal
from provisioning.gateway.authority import Authority
from provisioning.gateway.problems import Refused
from provisioning.gateway.store import Conflict, Gap, Store, StoredEntry, Terminal

MAX_ENVELOPE_BYTES = MAX_BATCH_BYTES + 128
"""A batch of the largest size inside COSE_Sign1."""


def accept(body: bytes, terminal: Terminal, store: Store, authority: Authority, now_ms: int) -> tuple[bytes, Ack, int]:
    """Store a signed batch. Returns the signed acknowledgement, the same unsigned, and how many rows were new.

    Raises:
        Refused: `too-large`, `malformed`, `bad-signature`, `wrong-terminal`, `chain-broken`, `seq-gap` with
            `expected_seq`, `seq-conflict` with `seq`. Nothing of the batch was stored.
        StoreFailed: the database refused.
    """
    if len(body) > MAX_ENVELOPE_BYTES:
        raise Refused("too-large")
    try:
        batch = decode_batch(verify1(body, terminal.public_key))
    except BadSignature:
        raise Refused("bad-signature") from None
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    if batch.terminal != terminal.name or batch.device != terminal.device:
        raise Refused("wrong-terminal")
    if batch.first_seq == 1 and batch.previous_chain != genesis(batch.device, batch.epoch):
        raise Refused("chain-broken", "the chain does not begin at this epoch's genesis", facts={"seq": 1})
    try:
        check_chain(batch.previous_chain, batch.rows)
        stored = store.append(batch, now_ms)
    except ChainBroken as error:
        raise Refused("chain-broken", str(error), facts={"seq": error.seq}) from None
    except Gap as error:
        raise Refused("seq-gap", facts={"expected_seq": error.expected_seq}) from None
    except Conflict as error:
        store.raise_alarm(terminal.name, error.code, batch.epoch, error.seq, now_ms)
        raise Refused("seq-conflict", facts={"seq": error.seq}) from None
    ack = Ack(batch.terminal, batch.epoch, stored.acked_through, stored.head, now_ms)
    return sign1(encode_ack(ack), authority.signing_key), ack, stored.new_rows


def unsealed(store: Store, authority: Authority, after: int = 0) -> Iterator[dict[str, object]]:
    """Every accepted entry with `position > after`, opened with the gateway's sealing key.

    An entry that does not open has `document` None and `error` `seal-broken`; it is never left out.

    Raises:
        StoreFailed: the database refused.
    """
    for entry in store.entries(after):
        line: dict[str, object] = {
            "terminal": entry.terminal,
            "epoch": entry.epoch,
            "seq": entry.row.seq,
            "id": entry.row.id,
            "document": _document(entry, authority),
            "position": entry.position,
            "received_ms": entry.received_ms,
        }
        if line["document"] is None:
            line["error"] = SealBroken.code
        elif salvaged := _salvaged(cast("dict[str, object]", line["document"]), authority):
            line["salvaged"] = salvaged
        yield line


def _salvaged(document: dict[str, object], authority: Authority) -> dict[str, object] | None:
    """The entry of a former epoch that this one carries (`seal.salvaged_document`), opened; None for any other."""
    if document.get("kind") != "salvaged":
        return None
    try:
        row, wrapped, device, epoch = salvaged_row(document)
        opened = None if wrapped is None else unseal(row, wrapped, authority.sealing_key, device, epoch)
    except (MalformedMessage, SealBroken):
        return {"document": None, "error": SealBroken.code}
    return {"epoch": epoch, "seq": row.seq, "id": row.id, "document": opened}


def _document(entry: StoredEntry, authority: Authority) -> dict[str, object] | None:
    for key in entry.keys:
        if key.gateway_key_id != authority.sealing_key_id:
            continue
        try:
            return unseal(entry.row, key, authority.sealing_key, entry.device, entry.epoch)
        except SealBroken:
            continue  # the key may have been wrapped more than once; the caller reports when none opens
    return None
