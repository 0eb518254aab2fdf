"""The short sounds keep to the look."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from kiosk.session.state import Sound
from kiosk.ui import earcons


def test_every_sound_that_a_session_can_ask_for_is_there() -> None:
    assert set(get_args(get_type_hints(Sound)["name"])) == set(earcons.SOUNDS)


@pytest.mark.parametrize("name", earcons.SOUNDS)
def test_a_sound_is_short_and_starts_and_ends_in_silence(tmp_path: Path, name: str) -> None:
    with wave.open(str(earcons.write(tmp_path)[name])) as sound:
        assert 0 < sound.getnframes() / sound.getframerate() <= 0.33
        assert sound.getnchannels() == 1
    values = earcons.samples(earcons.SOUNDS[name])
    assert abs(values[0]) < 200
    assert abs(values[-1]) < 2000
    assert max(map(abs, values)) > 2000


def test_a_terminal_that_starts_again_takes_the_sounds_that_are_there(tmp_path: Path) -> None:
    first = earcons.write(tmp_path)
    first["key"].write_bytes(b"as it was")
    first["saved"].unlink()
    again = earcons.write(tmp_path)
    assert again == first
    assert again["key"].read_bytes() == b"as it was"
    assert again["saved"].stat().st_size > 44
    assert sorted(tmp_path.iterdir()) == sorted(again.values())


def test_other_notes_are_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = earcons.write(tmp_path)
    monkeypatch.setitem(earcons.SOUNDS, "key", ((600.0, 0.02, 60.0),))
    after = earcons.write(tmp_path)
    assert after["key"] != before["key"]
    assert after["held"] == before["held"]
