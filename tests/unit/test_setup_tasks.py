"""What this machine answers while it is brought into service: cards, line, joining, outbox, report; wrong turns too."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from drivers.errors import DriverError
from drivers.sim.cards.reader import SimReader
from kiosk.speech.recording import RecordingEngine
from kiosk.speech.speaker import SpeechFailed
from kiosk.staff.part import Part, Staff
from kiosk.staff.setup import progress
from kiosk.terminal import StaffSide
from kiosk.upkeep.setup import probe, trial
from kiosk.upkeep.setup.side import begins, site_at, with_setup
from kiosk.upkeep.setup.tasks import NotYet
from kiosk.upkeep.stick import StickMissing
from kiosk.workers.staff_tools import TaskTable
from offline_cache import state as states
from offline_cache.errors import StorageFailed
from offline_cache.joining.site import SITE_FILE, checked, encode
from tests.unit.setup_machine import BEGAN, Bench, Clock, Still, alone, bench, bind, data_of, site
from tests.unit.test_joining import Phone, Site

__all__ = ["alone", "bench", "site"]


# ---------------------------------------------------------------------------------------------------------- the card


def test_the_test_card_is_opened_refused_once_and_left_with_all_its_tries(alone: Bench) -> None:
    alone.insert()
    for _ in range(2):
        facts = alone.run("setup-card").facts
        assert (facts["profile"], facts["version"], facts["fields"], facts["tries"]) == ("citizen", "2.00", "6", "5")
    assert alone.run("setup-card-again").ok


def test_a_citizen_s_card_loses_one_try_and_no_more_and_one_with_few_loses_none(alone: Bench) -> None:
    alone.insert(pin="246810")
    done = alone.run("setup-card")
    assert (done.ok, done.code, done.facts) == (False, "not-test-card", {"tries": "5"})
    alone.reader.remove()
    alone.insert(pin="246810", tries_left=2)
    with pytest.raises(trial.TooFewTries):
        alone.run("setup-card")
    alone.reader.remove()
    with pytest.raises(DriverError):
        alone.run("setup-card")
    with pytest.raises(DriverError):
        alone.run("setup-card-again")


def test_the_voice_says_one_sentence_in_each_language_or_that_there_is_none(alone: Bench) -> None:
    assert alone.run("setup-speech", voices="zh-Hans yue-Hant").ok
    assert isinstance(alone.engine, RecordingEngine)
    assert [one.language for one in alone.engine.heard()] == ["zh-Hans", "yue-Hant"]
    alone.engine = None
    alone.plug_in()
    with pytest.raises(SpeechFailed):
        alone.run("setup-speech", voices="zh-Hans")


# ---------------------------------------------------------------------------------------------------------- progress


def test_what_was_proven_survives_a_pulled_plug(alone: Bench) -> None:
    assert alone.run("setup-load").facts == {}
    alone.run("setup-save", progress='{"at": "network"}')
    alone.plug_in()
    assert alone.run("setup-load").facts == {"progress": '{"at": "network"}'}


def test_a_disk_that_refuses_is_named_by_every_task_that_writes(alone: Bench, tmp_path: Path) -> None:
    refused = tmp_path / "file"
    refused.write_bytes(b"")
    machine_less = Bench.__new__(Bench)
    machine_less.__dict__.update(alone.__dict__, state=refused)
    machine_less.plug_in()
    with pytest.raises(StorageFailed):
        machine_less.run("setup-save", progress="{}")
    with pytest.raises(StorageFailed):
        probe.probe(refused, lambda _n: 0)


# -------------------------------------------------------------------------------------------------------------- line


def test_the_gateway_of_the_site_s_data_answers_with_its_time(bench: Bench) -> None:
    done = bench.run("setup-network")
    assert (done.ok, done.code) == (True, "")
    assert int(done.facts["ms"]) < 3000
    assert abs(int(bench.run("setup-clock").facts["offset_ms"])) < 5000


def test_another_authority_no_line_and_no_site_data_each_have_their_name(site: Site, bench: Bench) -> None:
    bench.site = data_of(site, "ab" * 32)
    assert bench.run("setup-network").code == "wrong-authority"
    bench.site = checked("https://127.0.0.1:9", site.kit.authority.ca_hash)
    assert bench.run("setup-network").code == "no-network"
    bench.site = None
    for name in ("setup-network", "setup-join", "setup-stick-write"):
        with pytest.raises(Exception, match="site"):
            bench.run(name)
    assert bench.run("setup-clock").facts == {}


def test_a_clock_of_another_year_is_named_with_how_far_off_it_is(tmp_path: Path) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)
    site = Site(tmp_path, now=later)
    try:
        bench = Bench(site.state, data_of(site), clock=Clock(Still()))  # pyright: ignore[reportArgumentType]
        done = bench.run("setup-network")
        assert (done.ok, done.code) == (False, "clock-wrong")
        assert int(done.facts["clock_off_s"]) > 300
        bench.run("setup-join")
        assert bench.run("setup-join").code == "clock-wrong"
    finally:
        site.stop()


# ----------------------------------------------------------------------------------------------------------- joining


def test_the_code_stands_before_anybody_is_asked_and_after_a_pulled_plug(site: Site, bench: Bench) -> None:
    first = bench.run("setup-join")
    assert (first.facts["state"], first.facts["wait_s"]) == ("waiting", "0")
    assert first.facts["serial"] == "2027-00318"
    assert bench.run("setup-join").facts["state"] == "waiting"
    bench.plug_in()
    assert bench.run("setup-join").facts["code"] == first.facts["code"]
    phone = Phone(site.kit)
    phone.log_in()
    assert bind(phone, first.facts["address"]) == 303
    joined = bench.run("setup-join")
    assert joined.facts["state"] == "joined"
    assert joined.facts["until"] > datetime.datetime.now(datetime.UTC).date().isoformat()
    bench.plug_in()
    assert bench.run("setup-join").facts["state"] == "joined"
    assert bench.joined == [joined.facts["terminal"]] * 2


def test_a_code_that_expired_was_used_or_taken_back_is_followed_by_a_new_one(site: Site, bench: Bench) -> None:
    first = bench.run("setup-join").facts
    site.kit.clock.pass_s(16 * 60)
    done = bench.run("setup-join")
    assert (done.ok, done.code, done.facts["state"]) == (False, "token-expired", "new-code")
    assert done.facts["code"] != first["code"]


def test_without_a_network_the_request_goes_onto_a_stick(
    site: Site, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StickMissing):
        bench.run("setup-stick-write")
    stick = bench.state / "media" / "usb"
    stick.mkdir(parents=True)
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == stick)
    assert "-" in bench.run("setup-stick-write").facts["code"]
    assert [one.suffix for one in stick.iterdir()]
    with pytest.raises(NotYet, match="no-answer-on-stick"):
        bench.run("setup-stick-read")
    for one in stick.iterdir():
        one.unlink()
    stick.rmdir()
    stick.write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.setattr(Path, "is_dir", lambda _self: True)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - the code is what counts
        bench.run("setup-stick-read")
    assert getattr(refused.value, "code", "") == "stick-unreadable"
    assert site.state == bench.state


# ------------------------------------------------------------------------------------------------------------- probe


def test_a_recorder_that_is_killed_in_its_work_loses_nothing(tmp_path: Path) -> None:
    kept = probe.probe(tmp_path, lambda _n: 0, cuts=2)
    assert kept.cuts == 2
    assert kept.entries >= 2 * probe.LEAST
    assert not (tmp_path / probe.FOLDER).exists()


def test_a_disk_that_forgets_is_named(tmp_path: Path) -> None:
    with states.open_writer(tmp_path) as outbox:
        seq = outbox.append(lambda seq, _id: {"kind": "probe", "number": f"P-{seq}"}).seq
    probe._find(tmp_path, seq)
    with pytest.raises(probe.ProbeLost):
        probe._find(tmp_path, seq + 1)


# ---------------------------------------------------------------------------------------------------------- the rule


def test_a_terminal_with_site_s_data_begins_with_commissioning_until_it_was_opened(tmp_path: Path) -> None:
    file = tmp_path / SITE_FILE
    read = site_at(file)
    assert site_at(None)() is None
    assert read() is None
    file.write_text("gateway_url = 5", "utf-8")
    assert read() is None
    file.write_bytes(encode(checked("https://gateway.example:8443", "ab" * 32)))
    assert begins(tmp_path, read())
    assert not begins(tmp_path, None)
    (tmp_path / progress.FILE).write_text("{}", "utf-8")
    assert begins(tmp_path, None)


def test_only_a_fresh_terminal_is_given_commissioning_s_tasks(tmp_path: Path) -> None:
    side = StaffSide(lambda _terminal: TaskTable({}))
    reader = SimReader("Kiosk Citizen", real_time=False)
    clock = Clock(Still())  # pyright: ignore[reportArgumentType]
    plain = with_setup(side, tmp_path, lambda: None, reader, None, clock)
    assert plain.first is None
    fresh = with_setup(side, tmp_path, lambda: checked("https://g.example", "ab" * 32), reader, None, clock)
    assert fresh.first is not None
    begun, effects = fresh.first(Staff(Part(), _world()))
    assert begun is not None
    assert effects


def _world():
    from kiosk.session.state import World

    return World(local=BEGAN)
