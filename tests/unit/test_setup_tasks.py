"""What this machine answers while it is brought into service: cards, line, joining, outbox, report; wrong turns too."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from drivers.api import JobState, PrintResult, Receipt
from drivers.errors import DriverError
from drivers.printers.paper.layout import preview_text
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.document import parse_card_document
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.reader import SimReader
from kiosk.__main__ import app
from kiosk.bench.virtual.city import personas
from kiosk.speech.recording import RecordingEngine
from kiosk.speech.speaker import Engine, SpeechFailed
from kiosk.staff.part import Part, Staff, TaskDone
from kiosk.staff.setup.progress import proofs_json
from kiosk.staff.setup.state import Proof, accepted
from kiosk.terminal import StaffSide
from kiosk.upkeep.setup import probe, readiness, sheet, trial
from kiosk.upkeep.setup.side import PROGRESS_FILE, begins, site_at, with_setup
from kiosk.upkeep.setup.tasks import NotYet, SetupMachine, SetupTasks, StickMissing
from kiosk.workers.staff_tools import TaskTable
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.errors import NotEnrolled, StorageFailed
from offline_cache.joining.site import SITE_FILE, SiteData, checked, encode
from offline_cache.service import drain
from offline_cache.wire.fleet import readiness as wire
from provisioning.gateway.fleet.readiness import Readiness
from provisioning.gateway.offices.intake import Filed
from tests.unit.test_joining import Phone, Site, _Now

PROOFS = (Proof("touch", facts={"n": "5", "px": "3"}), accepted("clock-offset", s="1.8"), Proof("outbox"))
BEGAN = "2027-05-18T10:02"


class Strip:
    """A printer that keeps what it was given."""

    def __init__(self, state: JobState = JobState.DONE) -> None:
        self.state = state
        self.pages: list[Receipt] = []

    def print_for_staff(self, receipt: Receipt) -> PrintResult:
        self.pages.append(receipt)
        return PrintResult(self.state, "" if self.state is JobState.DONE else "paper-out", 0)


class Clock(_Now):
    def boot_id(self) -> str:
        return "boot"


class Bench:
    """The tasks of one terminal in `state`."""

    def __init__(self, state: Path, site: SiteData | None, *, clock: Clock, printer: Strip | None = None) -> None:
        self.state = state
        self.reader = SimReader("Kiosk Citizen", real_time=False)
        self.authority = CardAuthority.load_or_create(state / "cards")
        self.printer = printer or Strip()
        self.engine: Engine | None = RecordingEngine()
        self.joined: list[str] = []
        self.clock = clock
        self.site = site
        self.plug_in()

    def plug_in(self) -> None:
        """Start the program again: only the disk remembers."""
        machine = SetupMachine(
            self.state, lambda: self.site, self.reader, self.printer, self.engine, "123456", self.clock,
            lambda enrolment: self.joined.append(enrolment.terminal), sticks=(self.state / "media",),
            prove_outbox=lambda _folder: probe.Kept(3, 21),
        )  # fmt: skip
        self.tasks = SetupTasks(machine).tasks()

    def run(self, name: str, **arguments: str) -> TaskDone:
        done = self.tasks[name](arguments)
        assert done.name == name
        return done

    def insert(self, **more: object) -> None:
        card = {**personas()["parent"].card, "pin": "123456", **more}
        self.reader.insert(SimCard(parse_card_document(card), self.authority))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.stop()


def data_of(site: Site, ca_hash: str = "") -> SiteData:
    return checked(site.url, ca_hash or site.kit.authority.ca_hash, "GZ-K2", "2027-00318")


@pytest.fixture
def bench(site: Site) -> Bench:
    return Bench(site.state, data_of(site), clock=Clock(site.kit.clock))


@pytest.fixture
def alone(tmp_path: Path) -> Bench:
    """A terminal that nobody told which gateway it belongs to."""
    state = tmp_path / "alone"
    state.mkdir(mode=0o700)
    return Bench(state, None, clock=Clock(_Still()))  # pyright: ignore[reportArgumentType]


class _Still:
    ms = 1_800_000_000_000


def bind(phone: Phone, address: str) -> int:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return phone.post("/enrol/bind", **asked, office="rongshu", label="3 号机", proof=phone.proof())[0]


def join(site: Site, bench: Bench) -> None:
    phone = Phone(site.kit)
    phone.log_in()
    assert bind(phone, bench.run("setup-join").facts["address"]) == 303
    assert bench.run("setup-join").facts["state"] == "joined"


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
        bench = Bench(site.state, data_of(site), clock=Clock(_Still()))  # pyright: ignore[reportArgumentType]
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


# ------------------------------------------------------------------------------------------------------------ report


def test_the_report_is_signed_kept_printed_and_reaches_the_gateway_s_page(site: Site, bench: Bench) -> None:
    with pytest.raises(NotEnrolled):
        bench.run("setup-data")
    join(site, bench)
    with pytest.raises(NotYet, match="no-catalogue"):
        bench.run("setup-data")
    bench.run("setup-report", proofs=proofs_json(PROOFS), began=BEGAN)
    with pytest.raises(NotYet, match="not-sent"):
        bench.run("setup-sent")
    drain(bench.state)
    assert bench.run("setup-sent").ok
    assert bench.run("setup-data").ok
    assert bench.run("setup-report-print").ok
    paper = "\n".join(preview_text(bench.printer.pages[0]))
    assert "开通报告" in paper
    assert "差 1.8 秒，您说照用" in paper
    bench.printer.state = JobState.NOT_PRINTED
    assert bench.run("setup-report-print").code == "paper-out"
    assert (bench.state / readiness.PDF_FILE).read_bytes().startswith(b"%PDF")

    site.kit.gateway.town.intake.work()
    terminal = bench.joined[-1]
    ready = site.kit.gateway.fleet.readiness.of(terminal)
    assert ready is not None
    assert ready.genuine
    assert [row[0] for row in ready.rows] == ["touch", "clock-offset", "outbox"]
    phone = Phone(site.kit)
    assert phone.get(f"/fleet/{terminal}/readiness.json")[0] == 401
    phone.log_in()
    status, page = phone.get(f"/fleet/{terminal}")
    assert status == 200
    assert "开通报告" in page
    assert "照用 1 项" in page
    assert "别信" not in page
    original = json.loads(phone.get(f"/fleet/{terminal}/readiness.json")[1])
    assert original["signature"] == readiness.load(bench.state).signature
    assert phone.get("/fleet/T0999/readiness.json")[0] == 404

    bench.run("setup-save", progress="{}")
    assert begins(bench.state, None)
    assert bench.run("setup-open").ok
    assert not begins(bench.state, bench.site)


def test_a_report_signed_by_another_key_is_kept_and_marked(site: Site, bench: Bench) -> None:
    join(site, bench)
    joined = enrolments.load(bench.state)
    report = dict(readiness.make(joined, "1", PROOFS, BEGAN, site.kit.clock.ms).plain)
    desk: Readiness = site.kit.gateway.fleet.readiness

    def file(document: Mapping[str, object], at_ms: int) -> None:
        desk(Filed(1, joined.terminal, "e", 1, "i", at_ms, at_ms, document))

    for document in ({"kind": "rating"}, {"kind": wire.KIND, "report": {}, "signature": "x"},
                     {"kind": wire.KIND, "report": report, "signature": 5}):  # fmt: skip
        file(document, 1)
    assert desk.of(joined.terminal) is None
    file({"kind": wire.KIND, "report": report, "signature": "AAAA"}, 2)
    found = desk.of(joined.terminal)
    assert found is not None
    assert not found.genuine
    phone = Phone(site.kit)
    phone.log_in()
    assert "别信" in phone.get(f"/fleet/{joined.terminal}")[1]
    file({"kind": wire.KIND, "report": report, "signature": wire.signed(report, joined.private_key)}, 1)
    assert not found.genuine, "an older one does not take its place"


def test_kiosk_readiness_tells_verifies_prints_and_refuses_what_was_changed(
    site: Site, bench: Bench, tmp_path: Path
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["readiness", "--state", str(bench.state), *arguments])
        return done.exit_code, done.output

    assert run("--json")[0] == 1
    join(site, bench)
    readiness.keep(bench.state, readiness.make(enrolments.load(bench.state), "1", PROOFS, BEGAN, site.kit.clock.ms))
    code, output = run()
    assert code == 0
    assert "WARN clock-offset: 1.8 s off, accepted" in output
    code, output = run("--json", "--pdf", str(tmp_path / "r.pdf"))
    assert json.loads(output)["overrides"] == ["clock-offset"]
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    file = bench.state / readiness.JSON_FILE
    changed = tmp_path / "changed.json"
    changed.write_text(file.read_text("utf-8").replace('"px": "3"', '"px": "0"'), "utf-8")
    assert run("--verify", str(file))[0] == 0
    for other in (changed, tmp_path / "none.json", tmp_path):
        assert run("--verify", str(other))[0] == 1
    ca = bench.state / enrolments.CA_FILE
    assert run("--verify", str(file), "--ca", str(ca))[0] == 0
    assert run("--verify", str(file), "--ca", str(changed))[0] == 1
    assert run("--verify", str(file), "--ca", str(tmp_path / "no.pem"))[0] == 1
    settings = tmp_path / "settings.toml"
    settings.write_text(f'printer_port = "{tmp_path / "no-printer"}"\n', "utf-8")
    assert run("--print", "--config", str(settings))[0] == 1
    assert run("--pdf", str(tmp_path / "no" / "r.pdf"))[0] == 1
    file.write_text("[]", "utf-8")
    assert run()[0] == 1


def test_both_papers_hold_every_row_in_both_languages(site: Site, bench: Bench) -> None:
    join(site, bench)
    report = readiness.make(enrolments.load(bench.state), "1", PROOFS, BEGAN, site.kit.clock.ms)
    english = "\n".join(preview_text(sheet.strip(report, "en")))
    assert "Readiness report" in english
    assert "5 points, at most 3 px off" in english
    assert report.digest in sheet.code(report)
    whole = report.encoded()
    assert readiness.decode(whole).proofs == PROOFS
    for raw in (whole * 30, b"{", b"[]", b"{}", whole.replace(b"kiosk-readiness-1", b"other")):
        with pytest.raises(readiness.ReadinessInvalid):
            readiness.decode(raw)


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
    (tmp_path / PROGRESS_FILE).write_text("{}", "utf-8")
    assert begins(tmp_path, None)


def test_only_a_fresh_terminal_is_given_commissioning_s_tasks(tmp_path: Path) -> None:
    side = StaffSide(lambda _terminal: TaskTable({}))
    reader = SimReader("Kiosk Citizen", real_time=False)
    clock = Clock(_Still())  # pyright: ignore[reportArgumentType]
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
