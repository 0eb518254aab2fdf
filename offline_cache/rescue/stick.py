"""By USB stick: what the network cannot take, a technician carries. The same batches, the same acknowledgements.

An entry may be exported again and again and sent over the network besides: the gateway knows it by terminal, epoch and
seq. Exporting acknowledges nothing; the receipt that the import leaves beside the file does, and so does a later sync.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from offline_cache import state
from offline_cache.disk.files import sync_folder
from offline_cache.enrolment import Enrolment
from offline_cache.errors import MalformedMessage, OutboxFull, StorageFailed
from offline_cache.messages import decode_ack, encode_batch, sign1, verify1
from offline_cache.outbox import Outbox
from offline_cache.rescue.resend import wrap_loose
from offline_cache.rescue.salvage import RECOVERED_FILE, listing
from offline_cache.wire.stick import SUFFIX, read_export, write_export

_BATCH_BYTES = 200 * 1024


@dataclass(frozen=True)
class Exported:
    """What was written. `file` is None when nothing was pending."""

    file: Path | None
    entries: int
    bytes: int


def export(state_dir: Path, enrolment: Enrolment, target: Path) -> Exported:
    """Write every pending entry to one file in a folder, synced and then renamed.

    Raises:
        NotEnrolled, StorageFailed, StorageDamaged.
    """
    with suppress(OutboxFull):  # what has no room goes with a later stick: the receipt of this one makes some
        wrap_loose(state_dir, lambda: state.open_writer(state_dir))
    with ExitStack() as opened:
        outboxes = [opened.enter_context(state.open_reader(state_dir))]
        for aside in listing(state_dir):
            if not aside.done and (aside.folder / RECOVERED_FILE).exists():
                outboxes.insert(-1, opened.enter_context(Outbox.open(aside.folder / RECOVERED_FILE)))
        pending = sum(outbox.last_seq() - outbox.acked_seq() for outbox in outboxes if outbox.last_seq())
        if not pending:
            return Exported(None, 0, 0)
        present = outboxes[-1]
        name = f"{enrolment.terminal}-{present.meta().epoch[:8]}-{present.acked_seq():06d}-{present.last_seq():06d}"
        count: list[int] = []
        file, size = _write(target, name + SUFFIX, _content(enrolment, outboxes, count))
    return Exported(file, sum(count), size)


def _content(enrolment: Enrolment, outboxes: list[Outbox], count: list[int]) -> Iterator[bytes]:
    certificate = Path(enrolment.client_certificate[0]).read_bytes()
    yield x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    for outbox in outboxes:
        batch = outbox.batch(max_bytes=_BATCH_BYTES)
        while batch is not None:
            yield sign1(encode_batch(batch), enrolment.private_key)
            count.append(len(batch.rows))
            batch = outbox.batch(max_bytes=_BATCH_BYTES, from_seq=batch.last_seq + 1)


def _write(folder: Path, name: str, records: Iterator[bytes]) -> tuple[Path, int]:
    part = folder / f".{name}.part"
    try:
        with part.open("wb") as file:
            size = write_export(file, records)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / name)
        sync_folder(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageFailed(f"the export could not be written to {folder}: {error.strerror}") from error
    return folder / name, size


def take_receipt(state_dir: Path, enrolment: Enrolment, file: Path) -> int:
    """Take in what the gateway signed at the import; returns the cursor of the present epoch.

    Raises:
        MalformedMessage, BadSignature, AckRefused: not this gateway's receipt.
        StorageFailed, StorageDamaged.
    """
    try:
        with file.open("rb") as source:
            receipts = list(read_export(source))
    except OSError as error:
        raise StorageFailed(f"{file.name} could not be read: {error.strerror}") from error
    with state.open_reader(state_dir) as outbox:
        for signed in receipts:
            ack = decode_ack(verify1(signed, enrolment.signing_key))
            if ack.terminal != enrolment.terminal:
                raise MalformedMessage("receipt: it is another terminal's")
            if ack.epoch == outbox.meta().epoch:
                outbox.acknowledge(ack, signed)
        return outbox.acked_seq()
