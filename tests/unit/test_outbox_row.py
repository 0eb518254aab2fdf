"""The bytes of a new row, on the hot path and as `wire.chain` reads them back; and what may happen between two."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_cache import state
from offline_cache.disk.files import move_noticed
from offline_cache.disk.row_writer import RowWriter
from offline_cache.errors import DocumentInvalid, StorageMoved
from offline_cache.messages import Row, json_dumps, next_chain, seal_context
from offline_cache.outbox import Outbox
from offline_cache.seal import pack, unpack
from tests.outbox_bench import note, writer

UUIDS = st.uuids().map(str)
NUMBERS = st.one_of(st.integers(0, 70_000), st.integers(0, 2**63 - 1), st.sampled_from([2**32 - 1, 2**32]))
TEXTS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=64)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(UUIDS, UUIDS, TEXTS, TEXTS, NUMBERS, NUMBERS, NUMBERS, st.binary(min_size=1, max_size=70_000))
def test_the_fast_bytes_are_those_that_everybody_reads_back(
    device: str, entry_id: str, boot: str, key_id: str, seq: int, created_ms: int, mono_ms: int, body: bytes
) -> None:
    epoch, previous = device.replace("-", ""), bytes(32)
    writer = RowWriter(device, epoch, boot, key_id)
    assert writer.context(seq, entry_id) == seal_context(device, epoch, seq, entry_id)
    row = Row(seq, entry_id, created_ms, boot, mono_ms, key_id, body, b"")
    assert writer.chain(previous, seq, entry_id, created_ms, mono_ms, body) == next_chain(previous, row)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), JSON, max_size=6))
def test_whatever_json_can_carry_comes_out_of_a_body_as_it_went_in(document: dict[str, object]) -> None:
    assert json_dumps(unpack(pack(document))) == json_dumps(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object(), {1, 2}])
def test_what_json_cannot_carry_is_refused_and_not_changed(value: object) -> None:
    with pytest.raises(DocumentInvalid):
        pack({"none": None, "x": [value]})


def test_rows_of_two_programs_that_take_turns_make_one_chain(tmp_path: Path) -> None:
    with writer(tmp_path) as first, writer(tmp_path) as second:
        assert [note(one) for one in (first, second, second, first, first, second)] == [1, 2, 3, 4, 5, 6]
        assert first.verify().last_seq == 6


def test_an_entry_that_was_rolled_back_leaves_no_trace_in_the_next(tmp_path: Path) -> None:
    with writer(tmp_path) as outbox:
        note(outbox)

        def cut(_connection: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            outbox.append(lambda seq, _id: {"n": seq}, cut)
        assert [note(outbox), note(outbox)] == [2, 3]
        assert outbox.verify().last_seq == 3


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_file_that_another_hand_takes_away_is_noticed_before_the_next_entry(tmp_path: Path, how: str) -> None:
    with writer(tmp_path) as made:
        note(made)
    path = tmp_path / "outbox.db"
    with writer(tmp_path) as outbox:
        note(outbox)
        outbox.renew = None
        before = path.stat().st_ctime_ns
        if how == "moved":
            move_noticed(path, tmp_path / "elsewhere.db")
            assert (tmp_path / "elsewhere.db").stat().st_ctime_ns != before
        elif how == "removed":
            path.unlink()
        else:
            (tmp_path / "new.db").write_bytes(path.read_bytes())
            os.replace(tmp_path / "new.db", path)  # noqa: PTH105
        with pytest.raises(StorageMoved):
            note(outbox)


def test_closing_an_outbox_leaves_no_descriptor_open(tmp_path: Path) -> None:
    with state.open_writer(tmp_path):
        pass
    before = sorted(Path("/proc/self/fd").iterdir())
    for _ in range(5):
        Outbox.open(tmp_path / "outbox.db").close()
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert json.loads((tmp_path / "device.json").read_text())["epochs"]
