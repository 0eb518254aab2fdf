"""Taking in what terminals recorded: identity, signature, chain, then one transaction, then a signed receipt.

Stored before judged: nothing here opens a row. What an office makes of it comes later, entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from offline_cache.errors import BadSignature, ChainBroken, MalformedMessage, SealBroken
from offline_cache.messages import (
    MAX_BATCH_BYTES,
    Ack,
    Row,
    WrappedKey,
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
from provisioning.gateway.store import Conflict, Gap, Revoked, Store, StoredEntry, Terminal

_MOST_WRAPPINGS = 8
"""An entry is carried again only when the epoch that carried it cannot go on either."""
MAX_ENVELOPE_BYTES = MAX_BATCH_BYTES + 128
"""A batch of the largest size inside COSE_Sign1."""


def accept(
    body: bytes, terminal: Terminal, store: Store, authority: Authority, now_ms: int, certificate: bytes | None = None
) -> tuple[bytes, Ack, int]:
    """Store a signed batch. Returns the signed acknowledgement, the same unsigned, and how many rows were new.

    `certificate`: the fingerprint it came under, looked at again in the transaction that stores the rows.

    Raises:
        Refused: `too-large`, `malformed`, `bad-signature`, `wrong-terminal`, `chain-broken`, `terminal-revoked`,
            `seq-gap` with `expected_seq`, `seq-conflict` with `seq`. Nothing of the batch was stored.
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
        stored = store.append(batch, now_ms, certificate)
    except ChainBroken as error:
        raise Refused("chain-broken", str(error), facts={"seq": error.seq}) from None
    except Revoked:
        raise Refused("terminal-revoked") from None
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
            "document": document_of(entry, authority),
            "position": entry.position,
            "received_ms": entry.received_ms,
        }
        if line["document"] is None:
            line["error"] = SealBroken.code
        else:
            inner = salvaged_in(cast("dict[str, object]", line["document"]), entry.terminal, store, authority)
            if inner is not None:
                line["salvaged"] = inner
        yield line


def salvaged_in(
    document: dict[str, object], terminal: str, store: Store, authority: Authority
) -> dict[str, object] | None:
    """The entry of a former epoch that this one carries (`seal.salvaged_document`), opened; None for any other.

    One that was carried more than once is opened to its end. A key that the terminal has lost is looked for here.
    """
    found: dict[str, object] | None = None
    inner: dict[str, object] | None = document
    for _ in range(_MOST_WRAPPINGS):
        if inner is None or inner.get("kind") != "salvaged":
            break
        try:
            row, wrapped, device, epoch = salvaged_row(inner)
        except MalformedMessage:
            return {"document": None, "error": SealBroken.code}
        keys = store.keys(terminal, epoch, row.key_id) if wrapped is None else (wrapped,)
        inner = _opened(row, keys, device, epoch, authority)
        found = {"epoch": epoch, "seq": row.seq, "id": row.id, "document": inner}
        if inner is None:
            found["error"] = SealBroken.code
    return found


def submitted_in(
    document: dict[str, object] | None, terminal: str, store: Store, authority: Authority
) -> dict[str, object] | None:
    """What was submitted: this document, or what it carries of a former epoch; None where that does not open.

    Everybody who works on entries reads them so: where a row was carried, place and verdict are the carrier's.
    """
    if document is None or document.get("kind") != "salvaged":
        return document
    inner = salvaged_in(document, terminal, store, authority)
    return None if inner is None else cast("dict[str, object] | None", inner["document"])


def _opened(
    row: Row, keys: Iterable[WrappedKey], device: str, epoch: str, authority: Authority
) -> dict[str, object] | None:
    for key in keys:
        if key.gateway_key_id != authority.sealing_key_id:
            continue
        try:
            return unseal(row, key, authority.sealing_key, device, epoch)
        except SealBroken:
            continue  # the key may have been wrapped more than once; the caller reports when none opens
    return None


def document_of(entry: StoredEntry, authority: Authority) -> dict[str, object] | None:
    """The entry opened with the gateway's sealing key, or None where it does not open."""
    return _opened(entry.row, entry.keys, entry.device, entry.epoch, authority)
