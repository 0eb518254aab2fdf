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
