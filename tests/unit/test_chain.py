"""The chain: a row that was changed, taken out, put in or moved is found, at its place."""

from __future__ import annotations

import uuid

import pytest

from offline_cache.errors import ChainBroken
from offline_cache.messages import check_chain, genesis, next_chain
from offline_cache.wire.chain import uuid7
from tests.unit.test_messages import DEVICE, EPOCH, make_batch

START = genesis(DEVICE, EPOCH)


def test_an_untouched_chain_leads_to_its_head() -> None:
    batch = make_batch(5)
    assert check_chain(START, batch.rows) == batch.head
    assert check_chain(START, ()) == START


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"other"}, {"id": "01900000-0000-7000-8000-ffffffffffff"}, {"created_ms": 0}, {"mono_ms": 0},
        {"boot_id": "other"}, {"key_id": "other"}, {"seq": 9}, {"chain": bytes(32)},
    ],
)  # fmt: skip
def test_a_changed_field_is_found_at_its_row(change: dict[str, object]) -> None:
    rows = list(make_batch(5).rows)
    rows[2] = rows[2]._replace(**change)
    with pytest.raises(ChainBroken) as caught:
        check_chain(START, rows)
    assert caught.value.seq == rows[2].seq


def test_a_removed_an_inserted_and_a_swapped_row_are_found() -> None:
    rows = list(make_batch(5).rows)
    forged = rows[2]._replace(body=b"forged")
    for broken in (rows[:2] + rows[3:], [*rows[:2], forged, *rows[2:]], [rows[0], rows[2], rows[1], *rows[3:]]):
        with pytest.raises(ChainBroken):
            check_chain(START, broken)


def test_another_epoch_or_device_has_another_chain() -> None:
    row = make_batch(1).rows[0]
    assert len({next_chain(genesis(d, e), row) for d in (DEVICE, DEVICE[::-1]) for e in (EPOCH, EPOCH[::-1])}) == 4


def test_an_entrys_id_is_a_uuid_of_version_7_that_begins_with_its_time_and_never_repeats() -> None:
    ids = {uuid7(1_770_000_000_123) for _ in range(1000)}
    assert len(ids) == 1000
    for made in map(uuid.UUID, ids):
        assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, 1_770_000_000_123)
