"""The tasks that bring a terminal into service: what each step asks of this machine. All run in the staff worker."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Protocol

from cryptography import x509

from drivers.api import CardReader, JobState, PrintResult, Receipt
from drivers.printers.paper.raster import FontMissing
from kiosk.frozen import frozen
from kiosk.speech.speaker import Engine, Manner, SpeechFailed
from kiosk.staff.part import TaskDone
from kiosk.staff.setup import clock, joining, look, network, progress, reader, report, table
from kiosk.upkeep.setup import probe, readiness, sheet, trial
from kiosk.upkeep.stick import Stick, StickMissing, StickUnusable, plugged
from kiosk.workers.staff_tools import Task
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.disk.clock import OutboxClock
from offline_cache.disk.files import read_limited, sync_folder, write_atomic
from offline_cache.enrolment import Enrolment
from offline_cache.errors import StorageFailed
from offline_cache.joining import line, stick
from offline_cache.joining.join import Joining
from offline_cache.joining.site import SiteData
from offline_cache.wire.exchange import Timeouts

QUICK = Timeouts(connect_s=2.0, silence_s=3.0, whole_s=5.0)
SAID = {"zh-Hans": "您好，这是普通话。", "yue-Hant": "你好，呢句係廣州話。", "en": "Hello, this is English."}
"""One sentence in each language of the voice."""


class NoSite(Exception):
    """Nobody told this terminal which gateway it belongs to."""

    code = "no-site"


class NotYet(Exception):
    """What was asked for has not come yet; `code` says what."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Printer(Protocol):
    """The receipt printer, through the worker that owns it."""

    def print_for_staff(self, receipt: Receipt) -> PrintResult: ...


@frozen
class SetupMachine:
    """What the tasks work on."""

    state_dir: Path
    site: Callable[[], SiteData | None]
    """Read anew each time: a technician may bring it late."""
    reader: CardReader
    printer: Printer
    engine: Engine | None
    test_card_pin: str
    clock: OutboxClock
    joined: Callable[[Enrolment], None]
    """The terminal learns that it belongs to a gateway now."""
    stick: Stick = plugged
    """A bench has no mounts: there a stick is a folder."""
    prove_outbox: Callable[[Path], probe.Kept] = lambda folder: probe.probe(folder, secrets.randbelow)


class SetupTasks:
    """The tasks, by name. Raise leaves with a `code`. One thread."""

    def __init__(self, machine: SetupMachine) -> None:
        self._machine = machine
        self._joining: Joining | None = None
        self._seq = 0

    def tasks(self) -> dict[str, Task]:
        """Name -> task."""
        return {
            table.LOAD: self.load,
            table.SAVE: self.save,
            look.TASK: self.speak,
            reader.FIRST: self.card,
            reader.AGAIN: self.card_again,
            network.TASK: self.network,
            clock.TASK: self.clock,
            joining.TASK: self.join,
            joining.WRITE: self.write_stick,
            joining.READ: self.read_stick,
            report.DATA: self.data,
            report.PROBE: self.probe,
            report.MAKE: self.report,
            report.SENT: self.sent,
            report.PRINT: self.print,
            report.OPEN: self.open,
        }

    # ------------------------------------------------------------------------------------------------ progress

    def load(self, _arguments: Mapping[str, str]) -> TaskDone:
        """What was proven before. Raises `StorageFailed`."""
        raw = read_limited(self._machine.state_dir / progress.FILE, progress.MAX_CHARS * 4)
        text = raw.decode("utf-8", "replace") if raw is not None else ""
        return TaskDone(table.LOAD, ok=True, facts={"progress": text} if text else {})

    def save(self, arguments: Mapping[str, str]) -> TaskDone:
        """Keep what was proven. Raises `StorageFailed`."""
        write_atomic(self._machine.state_dir / progress.FILE, arguments["progress"].encode())
        return TaskDone(table.SAVE, ok=True)

    # ------------------------------------------------------------------------------------------------- devices

    def speak(self, arguments: Mapping[str, str]) -> TaskDone:
        """Say one sentence in each language. Raises `SpeechFailed`."""
        engine = self._machine.engine
        if engine is None:
            raise SpeechFailed("this terminal has no voice")
        for language in arguments.get("voices", "").split():
            engine.say(SAID[language], Manner(language), lambda: True)
        return TaskDone(look.TASK, ok=True)

    def card(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Try the test card. A card that is none is told with the tries that it has left."""
        try:
            tried = trial.try_card(self._machine.reader, self._machine.test_card_pin, time.perf_counter_ns)
        except trial.NotTestCard as error:
            return TaskDone(reader.FIRST, ok=False, code=error.code, facts={"tries": str(error.tries_left)})
        facts = {
            "profile": tried.profile,
            "version": tried.version,
            "fields": str(tried.fields),
            "tries": str(tried.tries),
            "took_ms": str(tried.took_ms),
        }
        return TaskDone(reader.FIRST, ok=True, facts=facts)

    def card_again(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Read the card that was put in again. Raises `SameReading`, `CardError` leaves."""
        trial.read_again(self._machine.reader)
        return TaskDone(reader.AGAIN, ok=True)

    # ------------------------------------------------------------------------------------------------- the site

    def network(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Whether the gateway of the site's data answers, and how fast. Raises `NoSite`."""
        found = self._look()
        facts = {"ms": str(found.ms)}
        if found.offset_ms is not None:
            facts["clock_off_s"] = str(abs(found.offset_ms) // 1000)
        return TaskDone(
            network.TASK, ok=found.state == "up", code="" if found.state == "up" else found.state, facts=facts
        )

    def clock(self, _arguments: Mapping[str, str]) -> TaskDone:
        """This clock against the gateway's; no offset where nobody answers."""
        try:
            found = self._look()
        except NoSite:
            return TaskDone(clock.TASK, ok=True)
        facts = {} if found.offset_ms is None else {"offset_ms": str(found.offset_ms)}
        return TaskDone(clock.TASK, ok=True, facts=facts)

    def _look(self) -> line.Look:
        site, machine = self._site(), self._machine
        return line.look(
            machine.state_dir, site.gateway_url, site.ca_hash, machine.clock.now_ms, time.perf_counter_ns, QUICK
        )

    def _site(self) -> SiteData:
        found = self._machine.site()
        if found is None:
            raise NoSite("there is no site.toml")
        return found

    def join(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The code first; from then on, ask whether a technician has decided. Raises `NoSite`, `CacheError`."""
        machine = self._machine
        if enrolments.is_enrolled(machine.state_dir):
            return self._belongs(joining.TASK, enrolments.load(machine.state_dir))
        if self._joining is None:
            site = self._site()
            serial = site.serial or states.device(machine.state_dir).device[:8]
            self._joining = Joining(machine.state_dir, site.gateway_url, site.ca_hash, site.model, serial,
                                    clock=machine.clock, timeouts=QUICK)  # fmt: skip
            return TaskDone(joining.TASK, ok=True, facts={**self._shown(), "state": "waiting", "wait_s": "0"})
        found = self._joining.step()
        if found.enrolment is not None:
            self._joining = None
            return self._belongs(joining.TASK, found.enrolment)
        facts = {**self._shown(), "state": found.state, "wait_s": str(round(found.wait_s))}
        facts["clock_off_s"] = str(abs(found.clock_off_s))
        return TaskDone(joining.TASK, ok=found.state == "waiting", code=found.code, facts=facts)

    def _shown(self) -> dict[str, str]:
        assert self._joining is not None
        offer = self._joining.offer
        return {
            "code": offer.code,
            "address": self._joining.address,
            "left_s": str(self._joining.left_s),
            "model": offer.model,
            "serial": offer.serial,
            "fingerprint": offer.fingerprint,
        }

    def _belongs(self, task: str, enrolment: Enrolment) -> TaskDone:
        self._machine.joined(enrolment)
        pem = (enrolment.state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
        until = x509.load_pem_x509_certificate(pem).not_valid_after_utc.date()
        facts = {"state": "joined", "until": until.isoformat(), "terminal": enrolment.terminal}
        return TaskDone(task, ok=True, facts=facts)

    def write_stick(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The request onto a stick. Raises `NoSite`, `StickMissing`, `StickUnusable`, `StickAmbiguous`."""
        site = self._site()
        with self._stick() as folder:
            offer = stick.write_request(self._machine.state_dir, site, folder)
        return TaskDone(joining.WRITE, ok=True, facts={"code": offer.code})

    def read_stick(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The gateway's answer from a stick. Raises as `write_stick`, `NotYet`, `CacheError` leaves."""
        site = self._site()
        with self._stick() as folder:
            joined = stick.take_answer(self._machine.state_dir, site, folder)
        if joined is None:
            raise NotYet("no-answer-on-stick")
        return self._belongs(joining.READ, joined)

    @contextlib.contextmanager
    def _stick(self) -> Generator[Path]:
        """Where it is, while the block lasts. What it refuses is not told as this terminal's disk."""
        with self._machine.stick() as found:
            if found is None:
                raise StickMissing("no stick is plugged in")
            try:
                yield found
            except StorageFailed as error:
                raise StickUnusable(str(error)) from error

    # ------------------------------------------------------------------------------------------------ the report

    def data(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The catalogue of this gateway is on the disk. Raises `NotYet`, `CacheError` leaves."""
        joined = enrolments.load(self._machine.state_dir)
        stored = catalogue.load(self._machine.state_dir, joined.signing_key)
        if stored is None:
            raise NotYet("no-catalogue")
        version = str(stored.content.get("version", ""))
        return TaskDone(report.DATA, ok=True, facts={"version": version[:40]})

    def probe(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Stop the recorder in the middle, three times. Raises `ProbeLost`, `StorageFailed`."""
        kept = self._machine.prove_outbox(self._machine.state_dir)
        return TaskDone(report.PROBE, ok=True, facts={"cuts": str(kept.cuts), "entries": str(kept.entries)})

    def report(self, arguments: Mapping[str, str]) -> TaskDone:
        """Make, sign, keep, draw, and send on its way. Raises `CacheError` leaves."""
        machine = self._machine
        joined = enrolments.load(machine.state_dir)
        proofs = progress.read_proofs(arguments["proofs"])
        site = machine.site()
        serial = (site.serial if site is not None else "") or joined.device[:8]
        made = readiness.make(joined, serial, proofs, arguments["began"], machine.clock.now_ms())
        readiness.keep(machine.state_dir, made)
        with contextlib.suppress(FontMissing):  # the signed report is the JSON; `kiosk readiness --pdf` draws it later
            write_atomic(machine.state_dir / readiness.PDF_FILE, sheet.pdf(made))
        self._seq = readiness.queue(machine.state_dir, made)
        return TaskDone(report.MAKE, ok=True, facts={"digest": made.digest})

    def sent(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Whether the gateway's receipt covers the report. Raises `NotYet`, `CacheError` leaves."""
        with states.open_reader(self._machine.state_dir) as outbox:
            if not self._seq or outbox.acked_seq() < self._seq:
                raise NotYet("not-sent")
        return TaskDone(report.SENT, ok=True)

    def print(self, arguments: Mapping[str, str]) -> TaskDone:
        """The report on the receipt printer. Raises `NoReadiness`, `ReadinessInvalid`."""
        page = sheet.strip(readiness.load(self._machine.state_dir), arguments.get("language", "zh-Hans"))
        result = self._machine.printer.print_for_staff(page)
        done = result.state is JobState.DONE
        return TaskDone(report.PRINT, ok=done, code="" if done else result.reason or "print-unknown")

    def open(self, _arguments: Mapping[str, str]) -> TaskDone:
        """In service from now on. Raises `NotEnrolled`, `StorageFailed`."""
        enrolments.load(self._machine.state_dir)
        (self._machine.state_dir / progress.FILE).unlink(missing_ok=True)
        sync_folder(self._machine.state_dir)
        return TaskDone(report.OPEN, ok=True)
