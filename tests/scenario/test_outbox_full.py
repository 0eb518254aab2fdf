"""The outbox is full, or its disk refuses: new business is refused before a form, and nothing unsent is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_cache.errors import StorageFailed
from offline_cache.outbox import Quota
from tests.outbox_bench import fill
from tests.scenario.kit import Kiosk

ROOM = Quota(max_bytes=400_000, min_free_bytes=0)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Kiosk]:
    """A terminal whose outbox has little room."""
    made = Kiosk(tmp_path, quota=ROOM)
    yield made
    made.close()


def filled(kiosk: Kiosk) -> int:
    """Days without a network: record until nothing more is taken; returns how many are pending."""
    outbox = kiosk.store._outbox
    fill(outbox, 2000)
    return outbox.status().pending


def the_network_is_back(kiosk: Kiosk) -> None:
    """The gateway's receipt for everything, and a month later the purge."""
    outbox = kiosk.store._outbox
    with outbox.tables.transaction("a receipt") as connection:
        connection.execute("update cursor set acked_seq = ?, received_ms = 1", (outbox.tables.tip(connection)[0],))
    assert outbox.purge(2**60) > 0


def test_a_full_terminal_says_so_before_the_form_and_keeps_what_is_unsent(small: Kiosk) -> None:
    pending = filled(small)
    small.to_home().to_intro()
    assert small.screen.name == "intro"
    small.touch("primary")
    assert small.screen.name == "failure.outbox-full"
    assert "这台机器存满了" in small.words
    assert "到另一台机器或窗口办" in small.words
    assert "以前存的都还在" in small.words
    assert "outbox-full" in small.words
    assert small.store._outbox.status().pending == pending
    assert small.store._outbox.verify().last_seq == pending
    small.touch("finish").pull()
    assert small.screen.name == "attract"


def test_it_says_so_in_english_and_before_a_card_is_asked_for(small: Kiosk) -> None:
    filled(small)
    small.touch("language.en", "start.browse").to_intro().touch("primary")
    assert small.screen.name == "failure.outbox-full"
    assert "This machine is full" in small.words
    assert "another machine or a counter" in small.words


def test_once_the_network_is_back_the_same_citizen_goes_on(small: Kiosk) -> None:
    filled(small)
    small.to_home().to_intro().touch("primary")
    assert small.screen.name == "failure.outbox-full"
    the_network_is_back(small)
    small.touch("back").touch("primary")
    if small.screen.name != "consent":  # the look at the disk that this touch began has just told
        small.touch("back").touch("primary")
    assert small.screen.name == "consent"
    small.touch("primary").through_form().submit()
    assert small.store.documents[-1]["service"] == "household-proof"


def test_it_fills_up_while_a_form_is_in_hand_and_nothing_is_said_to_be_saved(small: Kiosk) -> None:
    small.to_home().to_check()
    pending = filled(small)
    small.submit()
    assert small.screen.name == "failure.outbox-full"
    assert "编号" not in small.words
    assert small.store._outbox.status().pending == pending


def test_a_disk_that_refused_one_entry_is_not_offered_the_next(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses() -> None:
        raise StorageFailed("read-only file system")

    monkeypatch.setattr(kiosk.store, "refuse_when_full", refuses)
    kiosk.to_home().to_intro().touch("primary")
    assert kiosk.screen.name == "failure.storage-failed"
    monkeypatch.undo()
    kiosk.touch("back").wait(1).touch("primary")
    if kiosk.screen.name != "consent":
        kiosk.touch("back").touch("primary")
    assert kiosk.screen.name == "consent"
