"""A stick that somebody prepared against the terminal."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from offline_cache.joining.stick import take_answer, write_request
from offline_cache.wire.fleet.carried import ANSWER, REQUEST
from tests.unit.test_stick_enrolment import Away


def test_a_stick_full_of_pipes_and_links_keeps_nobody_waiting(tmp_path: Path) -> None:
    """ext4 brings both; a pipe that nobody writes to would be read for ever."""
    away = Away(tmp_path)
    os.mkfifo(away.stick / f"kiosk-A{ANSWER}")
    os.mkfifo(away.stick / f"kiosk-A{REQUEST}")
    (away.stick / f"kiosk-B{ANSWER}").symlink_to("/dev/zero")
    found: list[object] = []

    def both() -> None:
        write_request(away.state, away.site, away.stick)
        found.append(take_answer(away.state, away.site, away.stick))

    reading = threading.Thread(target=both, daemon=True)
    reading.start()
    reading.join(timeout=20)
    assert found == [None]
    away.kit.store.close()
