"""One terminal put together: state folder, devices, gateway, words, runtime. What the roots start.

The caller chooses the devices: real ones for a kiosk, simulated ones for the bench and tests.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from random import Random
from typing import cast

from drivers.api import CardReader, ReceiptPrinter, SlotState
from drivers.cards.secure.mutual import HsmAuthentication
from kiosk import events as e
from kiosk.clock import Clock, local_minute
from kiosk.frozen import frozen
from kiosk.hosting.place import printer_state, site_of, staff_words, words
from kiosk.hosting.staff_host import First, StaffHost
from kiosk.log import Log
from kiosk.pieces.areas import Areas
from kiosk.runtime import Chore, Desks, Runtime
from kiosk.screen_model import ScreenModel
from kiosk.services import reading as read
from kiosk.services.definition import Catalogue, DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from kiosk.session.state import World
from kiosk.settings import Settings
from kiosk.speech.guide import Guide
from kiosk.speech.jack import Jack, JackWatch
from kiosk.speech.speaker import Engine, Speaker
from kiosk.staff.part import Closure
from kiosk.workers.desks import (
    CardDesk,
    EntryStore,
    PrintDesk,
    StoreDesk,
)
from kiosk.workers.gateway_desk import CityGateway, GatewayDesk
from kiosk.workers.identity import IdentityDesk, IdentityReader
from kiosk.workers.online import OnlineGateway, OutboxStore
from kiosk.workers.parts import LOOK_S as PARTS_LOOK_S
from kiosk.workers.parts import PartsFile
from kiosk.workers.security_module import GatewayModule
from kiosk.workers.sheets import PagePrinter, SheetDesk
from kiosk.workers.shelf import Directory, SetAsideWatch
from kiosk.workers.staff_tools import StaffDesk, StaffTools
from kiosk.workers.technicians import OwnSlotDesk, Technicians
from kiosk.workers.threads import InlineWorker, ThreadWorker, Worker
from kiosk.workers.writing import Writers
from offline_cache import catalogue as catalogue_cache
from offline_cache import enrolment as enrolments
from offline_cache import state as outbox_state
from offline_cache.enrolment import Enrolment
from offline_cache.errors import EnrolmentDamaged

CATALOGUE_LOOK_S = 5.0
SET_ASIDE_LOOK_S = 60.0
SHARED_TABLES = ("agencies", "subjects", "codes", "groups")


@frozen
class Devices:
    """What is plugged in. No printer: nothing can be printed, and the screens say so."""

    reader: CardReader
    printer: ReceiptPrinter | None
    pages: PagePrinter | None = None
    """The A4 printer that `a4_queue` names; its queue ends with its job, so nobody closes it."""
    own_slot: CardReader | None = None
    """The reader behind the lock, for technicians' cards alone (`technician_reader_name`)."""
    identity: IdentityReader | None = None
    """The identity cards' reader (`identity_reader_port`)."""


@frozen
class StaffSide:
    """What the composition root gives for staff mode."""

    tools: Callable[[Terminal], StaffTools]
    """Called once, when the terminal's desks are there."""
    technicians: Technicians | None = None
    """Whose cards open it; None: nobody's."""
    closure: Closure | None = None
    """Out of service since before the start."""
    first: First | None = None
    """How the terminal begins instead of at the attract screen (commissioning)."""


# ------------------------------------------------------------------------------------------- catalogue


def shipped_catalogue() -> Catalogue:
    """Return the definitions that came with the program, for a terminal that has not yet heard from its gateway."""
    definitions: list[Mapping[str, object]] = []
    shared: dict[str, dict[str, object]] = {name: {} for name in SHARED_TABLES}
    assets = resources.files("assets")
    files = [*assets.joinpath("services").iterdir(), *(assets.joinpath("city", name) for name in CITY_FILES)]
    for file in sorted(files, key=lambda item: item.name):
        if not file.name.endswith(".toml"):
            continue
        raw = tomllib.loads(file.read_text("utf-8"))
        if "id" in raw:
            definitions.append(raw)
            continue
        for name, table in raw.items():
            shared[name].update(table)
    return parse_catalogue("shipped", definitions, shared)


CITY_FILES = ("catalogue.toml", "codes.toml")


def parse_content(content: Mapping[str, object]) -> Catalogue:
    """Parse the signed catalogue's JSON. Raises `DefinitionInvalid`."""
    shared = {name: cast(Mapping[str, object], content.get(name, {})) for name in SHARED_TABLES}
    definitions = cast(list[Mapping[str, object]], read.listed("catalogue", "services", content.get("services", [])))
    return parse_catalogue(str(content.get("version", "")), definitions, shared)


class CatalogueWatch:
    """Looks whether the sync service stored a newer catalogue; one that cannot be used is not taken."""

    def __init__(self, state_dir: Path, signing_key: bytes, log: Log) -> None:
        self._state_dir = state_dir
        self._signing_key = signing_key
        self._log = log
        self._file = state_dir / catalogue_cache.CATALOGUE_FILE
        self._seen: tuple[int, int] = (0, 0)

    def trust(self, signing_key: bytes) -> None:
        """From now on take what this gateway signed."""
        self._signing_key = signing_key

    def look(self) -> e.Event | None:
        """Return `CatalogueChanged` where there is a newer one that can be used."""
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return None
        if not self._signing_key:
            return None  # nobody's catalogue: this terminal has joined no gateway
        if (stat.st_mtime_ns, stat.st_ino) == self._seen:
            return None
        self._seen = (stat.st_mtime_ns, stat.st_ino)
        stored = catalogue_cache.load(self._state_dir, self._signing_key)
        if stored is None:
            return None
        try:
            found = parse_content(stored.content)
        except DefinitionInvalid as error:
            self._log.write("catalogue.refused", {"service": error.service})
            return None
        self._log.write("catalogue.taken", {"services": len(found.services)})
        return e.CatalogueChanged(found)


# -------------------------------------------------------------------------------------------- terminal


class Terminal:
    """A terminal, ready to be started on any devices."""

    def __init__(  # noqa: PLR0913 - the composition of everything
        self,
        settings: Settings,
        state_dir: Path,
        devices: Devices,
        clock: Clock,
        show: Callable[[ScreenModel], None],
        *,
        inline: bool = False,
        gateway: CityGateway | None = None,
        store: EntryStore | None = None,
        random: Random | None = None,
        play: Callable[[str], None] | None = None,
        engine: Engine | None = None,
        writers: Writers | None = None,
        jack: Jack | None = None,
        staff: StaffSide | None = None,
    ) -> None:
        self.settings = settings
        self.state_dir = state_dir
        self._inline = inline
        log_dir = state_dir / "log"
        log_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log = Log(log_dir / "kiosk.jsonl", clock.wall_ms, settings.log_keep_bytes)
        enrolment = _enrolment(state_dir, self.log)
        self.terminal = enrolment.terminal if enrolment is not None else ""
        key_id = enrolment.sealing_key_id if enrolment is not None else ""
        self._store = store or OutboxStore(outbox_state.open_writer(state_dir), self.terminal, key_id)
        self._gateway = gateway or (_online(state_dir, enrolment, settings) if enrolment is not None else None)
        self._module = GatewayModule(enrolment, float(settings.lookup_wait_s)) if enrolment is not None else None
        said = words(site_of(enrolment, settings))
        host = staff and StaffHost(staff_words(said), staff.closure, staff.first)
        closed = lambda: host is not None and host.closed  # noqa: E731
        parts = PartsFile(state_dir, self.log, lambda: self.runtime.session.world, clock.wall_ms, closed)
        chores: tuple[Chore, ...] = (
            Chore(SET_ASIDE_LOOK_S, SetAsideWatch(state_dir, self.log).look),
            Chore(PARTS_LOOK_S, parts.look),
        )
        key = enrolment.signing_key if enrolment is not None else b""
        self._catalogue = CatalogueWatch(state_dir, key, self.log)
        chores = (*chores, Chore(CATALOGUE_LOOK_S, self._catalogue.look))
        if jack is not None:
            chores = (*chores, Chore(JackWatch.EVERY_S, JackWatch(jack).look))
        world = World(
            settings=settings,
            catalogue=shipped_catalogue(),
            local=local_minute(clock.wall_ms()),
            terminal=self.terminal,
            site=dict(enrolment.site) if enrolment is not None else {},
            areas=Areas(partial(resources.files("assets").joinpath("city", "divisions.json").read_text, "utf-8")),
        )
        self._speaker = Speaker(engine, self._voice_worker(engine)) if engine is not None else None
        self._guide = Guide(self._speaker, play)
        self._staff = staff
        self.runtime = Runtime(
            world,
            said,
            clock,
            self.log,
            show,
            random=random,
            guide=self._guide,
            chores=chores,
            staff=host,
        )
        self._desks = replace(self._open_desks(devices, clock), writers=writers or Writers())
        if staff is not None:
            desk = StaffDesk(staff.tools(self), self._worker("staff"), self.runtime.post)
            self._desks = replace(self._desks, staff=desk)
        self._thread: threading.Thread | None = None

    def _worker(self, name: str) -> Worker:
        return InlineWorker(name, self._report) if self._inline else ThreadWorker(name, self._report)

    def _voice_worker(self, engine: Engine) -> Worker:
        return self._worker("speech") if engine.lasts else InlineWorker("speech", self._report)

    def _report(self, worker: str, error: BaseException) -> None:
        self.log.write("worker.failed", {"worker": worker, "error": type(error).__name__})

    def _open_desks(self, devices: Devices, clock: Clock) -> Desks:
        post = self.runtime.post
        technicians = self._staff.technicians if self._staff is not None else None
        card = CardDesk(
            devices.reader,
            self._worker("card"),
            post,
            lambda: local_minute(clock.wall_ms())[:10],
            None if self._module is None else HsmAuthentication(self._module),
            technicians,
        )
        behind = devices.own_slot
        return Desks(
            card=card,
            own_slot=None if behind is None else OwnSlotDesk(behind, self._worker("own-slot"), post, technicians),
            printer=PrintDesk(devices.printer, self._worker("printer"), post),
            sheets=SheetDesk(devices.pages, self._worker("sheets"), post),
            gateway=GatewayDesk(self._gateway, self._worker("gateway"), self._worker("probe"), post, card),
            store=StoreDesk(self._store, self._worker("store"), post, clock.wall_ms),
            identity=IdentityDesk(devices.identity, self._worker("identity"), post),
        )

    def start(self) -> None:
        """Open the devices and run the session in a thread of its own (a test that is inline pumps itself)."""
        self.runtime.open(self._desks)
        if self._desks.own_slot is not None:
            self._desks.own_slot.start()
        if not self._inline:
            self._thread = threading.Thread(target=self.runtime.run, name="runtime", daemon=True)
            self._thread.start()

    @property
    def printer(self) -> PrintDesk:
        """The receipt printer, for staff's tasks."""
        return self._desks.printer

    @property
    def own_slot(self) -> SlotState | None:
        """The technicians' own slot, for staff's tasks; None: there is none."""
        return self._desks.own_slot.state if self._desks.own_slot is not None else None

    def send(self, event: e.Event) -> None:
        """Send an event, from any thread."""
        self.runtime.post(event)

    def join(self, enrolment: Enrolment, technicians: Technicians | None = None) -> None:
        """The terminal has joined a gateway while it runs (commissioning). From any thread; again changes nothing."""
        self.runtime.after_all(lambda: self._join(enrolment, technicians))

    def _join(self, enrolment: Enrolment, technicians: Technicians | None) -> None:
        if self.terminal == enrolment.terminal:
            return
        self.terminal = enrolment.terminal
        if isinstance(self._store, OutboxStore):
            self._store.join(enrolment.terminal, enrolment.sealing_key_id)
        self._gateway = self._gateway or _online(self.state_dir, enrolment, self.settings)
        self._desks.gateway.join(self._gateway)
        self._module = GatewayModule(enrolment, float(self.settings.lookup_wait_s))
        self._desks.card.join(HsmAuthentication(self._module), technicians)
        if self._desks.own_slot is not None:
            self._desks.own_slot.join(technicians)
        self._catalogue.trust(enrolment.signing_key)
        self.runtime.settle_in(site_of(enrolment, self.settings))
        self.send(e.Enrolled(enrolment.terminal, dict(enrolment.site)))

    def hush(self) -> None:
        """Stop speaking: a finger touched the glass. From any thread."""
        self._guide.hush()

    def settle(self, timeout_s: float) -> bool:
        """Wait until every event sent so far was handled. False where `timeout_s` passed first."""
        done = threading.Event()
        self.runtime.after_all(done.set)
        return done.wait(timeout_s)

    def public_state(self) -> dict[str, object]:
        """Return what a tester may know of the session: nothing of a holder."""
        session = self.runtime.session
        world = session.world
        return {
            "id": session.id,
            "state": str(session.state),
            "language": session.language,
            "modes": {
                "text_scale": session.modes.text_scale,
                "contrast": session.modes.contrast,
                "reach": session.modes.reach,
                "speech": session.modes.speech,
            },
            "service": session.application.service.id if session.application is not None else None,
            "question": session.application.question if session.application is not None else None,
            "number": session.saved.number if session.saved is not None else None,
            "acked": session.saved.acked if session.saved is not None else None,
            "failure": session.failure or None,
            "print": str(session.print_state) if session.print_state is not None else None,
            "slot": str(world.slot),
            "printer": printer_state(world),
            "network_up": world.network_up,
            "terminal": world.terminal,
        }

    def end_session(self) -> None:
        """End the visit as 结束取卡 does, for the bench's reset."""
        self.send(e.FinishPressed())

    def stop(self) -> None:
        """End the session thread, the workers, the devices and the disk, in this order."""
        self.runtime.close()
        if self._thread is not None:
            self._thread.join(5)
        if self._desks.staff is not None:
            self._desks.staff.close()
        if self._desks.own_slot is not None:
            self._desks.own_slot.close()
        self._desks.gateway.close()
        self._desks.card.close()
        self._desks.printer.close()
        self._desks.sheets.close()
        if self._desks.identity is not None:
            self._desks.identity.close()
        self._desks.store.close()
        if self._speaker is not None:
            self._speaker.close()
        for part in (self._gateway, self._store, self._module):
            if isinstance(part, OnlineGateway | OutboxStore | GatewayModule):
                part.close()
        self.log.write("terminal.stopped")
        self.log.close()


def _online(state_dir: Path, enrolment: Enrolment, settings: Settings) -> OnlineGateway:
    """Return the gateway, with the directory of this disk for the days without it."""
    return OnlineGateway(enrolment, settings, Directory(state_dir, enrolment.signing_key))


def _enrolment(state_dir: Path, log: Log) -> Enrolment | None:
    """Whose terminal this is; where that is damaged, it works as without a network. Raises `StorageFailed`."""
    try:
        return enrolments.load(state_dir) if enrolments.is_enrolled(state_dir) else None
    except EnrolmentDamaged as error:
        log.write("enrolment.refused", {"code": error.code})
        return None
