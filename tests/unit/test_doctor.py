"""The doctor: each check, with the thing broken that it looks at."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partialmethod
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from drivers.api import PrinterStatus, SlotState
from drivers.errors import ReaderGone
from kiosk.__main__ import app
from kiosk.doctor import storage
from kiosk.doctor.check import Check, Finding, Outcome, ok, run_checks
from kiosk.doctor.machine import FONT_FILES, WRITING
from kiosk.doctor.probes import Once, clock_synchronised
from kiosk.doctor.site import ReaderSeen, Site
from kiosk.doctor.table import CHECKS, healthy
from kiosk.settings import Settings
from offline_cache import state as states
from offline_cache.errors import NotAuthorised, OutboxFull, Unavailable, Untrusted
from offline_cache.outbox import Outbox

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
GOOD_PRINTER = PrinterStatus(online=True, answered=True, cover="closed", paper="ok", error=None)
READER = ReaderSeen("Slot", SlotState.EMPTY)


@dataclass
class Gateway:
    """Answers with its time, or not at all."""

    time_ms: int = NOW_MS
    error: Exception | None = None

    def health(self) -> int:
        if self.error is not None:
            raise self.error
        return self.time_ms

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A healthy terminal: what no check may complain about."""
    root, state, fonts = tmp_path / "root", tmp_path / "state", tmp_path / "fonts"
    for folder in (root / "proc/asound", root / "dev/dri", root / "sys/class/thermal/thermal_zone0", fonts):
        folder.mkdir(parents=True)
    state.mkdir(mode=0o700)
    (root / "proc/asound/cards").write_text(" 0 [PCH]: HDA-Intel\n")
    (root / "proc/meminfo").write_text("MemTotal: 2000000 kB\nMemAvailable:    900000 kB\n")
    (root / "dev/dri/card0").touch()
    (root / "sys/class/thermal/thermal_zone0/temp").write_text("41000\n")
    for name in FONT_FILES:
        (fonts / name).touch()
    for file in WRITING.values():
        path = root / file.replace("*", "x86_64-linux-gnu")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Site(
        state_dir=state,
        settings=Settings(printer_port="/dev/null"),
        root=root,
        now_ms=lambda: NOW_MS,
        readers=lambda: [READER],
        printer=lambda: GOOD_PRINTER,
        gateway=Gateway,
        clock_synchronised=lambda: True,
        fonts=fonts,
        has_program=lambda _name: True,
    )


def look(site: Site, name: str) -> tuple[str, str, str]:
    (check,) = [one for one in CHECKS if one.name == name]
    (found,) = run_checks([check], site)
    return str(found.outcome), found.cause, found.next_action


def raising(error: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise error

    return ask


def usb(site: Site, control: str) -> Site:
    device = site.root / "sys/bus/usb/devices/1-2"
    (site.root / "sys/bus/usb/devices/1-2:1.0").mkdir(parents=True)
    (site.root / "sys/bus/usb/devices/1-2:1.0/bInterfaceClass").write_text("0b\n")
    (device / "power").mkdir(parents=True)
    (device / "power/control").write_text(control)
    return site


def flash(site: Site, life: str) -> Site:
    device = site.root / "sys/block/mmcblk0/device"
    device.mkdir(parents=True)
    (device / "life_time").write_text(life)
    return site


def write(site: Site, path: str, text: str) -> Site:
    (site.root / path).parent.mkdir(parents=True, exist_ok=True)
    (site.root / path).write_text(text)
    return site


def certified(site: Site, days: int) -> Site:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "T0001")])
    ends = datetime.datetime.fromtimestamp(NOW_MS / 1000, datetime.UTC) + datetime.timedelta(days=days, hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - datetime.timedelta(days=400))
        .not_valid_after(ends)
        .sign(key, None)
    )
    (site.state_dir / "terminal.crt").write_bytes(made.public_bytes(Encoding.PEM))
    return site


def synced(site: Site, **said: object) -> Site:
    status = {"state": "idle", "alarm": None, "problem": None, "since_ms": NOW_MS, "last_answer_ms": NOW_MS, **said}
    (site.state_dir / "sync-status.json").write_text(json.dumps(status))
    return site


def mode(site: Site, path: str, bits: int) -> Site:
    target = site.state_dir / path
    if not target.exists():
        target.write_bytes(b"")
    target.chmod(bits)
    return site


def linked(site: Site, *, opened: bool = False) -> Site:
    """The key as the package's script leaves it: sealed, and a link to where it is opened."""
    (site.state_dir / "terminal.key.sealed").write_bytes(b"")
    (site.state_dir / "terminal.key").symlink_to(site.state_dir.parent / "opened")
    if opened:
        (site.state_dir.parent / "opened").write_bytes(b"")
    return site


def printing(site: Site, **change: object) -> Site:
    return replace(site, printer=lambda: replace(GOOD_PRINTER, **change))  # type: ignore[arg-type]


def answering(site: Site, **how: object) -> Site:
    return replace(site, gateway=lambda: Gateway(**how))  # type: ignore[arg-type]


def setting(site: Site, **change: object) -> Site:
    return replace(site, settings=replace(site.settings, **change))  # type: ignore[arg-type]


def reading(site: Site, *readers: ReaderSeen) -> Site:
    return replace(site, readers=lambda: readers)


def nothing(_name: str) -> bool:
    return False


def damaged(site: Site) -> Site:
    (site.state_dir / "outbox.db").write_bytes(b"x" * 9000)
    return site


def without(site: Site, path: Path) -> Site:
    path.unlink()
    return site


def port(site: Site, name: str) -> Site:
    return replace(site, settings=replace(site.settings, printer_port=name))


BROKEN: list[tuple[str, Callable[[Site], Site], Outcome, str]] = [
    ("settings", lambda s: replace(s, settings_problem="idle_timeout_s: 5 is outside 20 to 300"), Outcome.FAIL, "idle"),
    ("settings-unsafe", lambda s: setting(s, verify_url="http://x"), Outcome.WARN, "HTTPS"),
    ("settings-unsafe", lambda s: setting(s, idle_timeout_s=300), Outcome.WARN, "left card"),
    ("state-folder", lambda s: replace(s, state_dir=s.state_dir / "gone"), Outcome.FAIL, "not there"),
    ("state-folder", lambda s: mode(s, ".", 0o755), Outcome.WARN, "others"),
    ("state-writable", lambda s: replace(s, state_dir=s.state_dir / "gone"), Outcome.FAIL, "nothing can be written"),
    ("disk-wear", lambda s: flash(s, "0x01 0x09\n"), Outcome.WARN, "9 tenths"),
    ("disk-wear", lambda s: flash(s, "0x0b 0x01\n"), Outcome.FAIL, "end of its life"),
    ("outbox-opens", damaged, Outcome.FAIL, "does not open"),
    ("enrolled", lambda s: s, Outcome.FAIL, "not-enrolled"),
    ("certificate-days", lambda s: certified(s, 20), Outcome.WARN, "ends in 20 days"),
    ("certificate-days", lambda s: certified(s, 3), Outcome.FAIL, "ends in 3 days"),
    ("certificate-days", lambda s: certified(s, -5), Outcome.FAIL, "ended 5 days ago"),
    ("certificate-days", lambda s: certified(s, -40), Outcome.FAIL, "too long to be renewed"),
    ("key-sealed", lambda s: write(mode(s, "terminal.key", 0o600), "dev/tpmrm0", ""), Outcome.WARN, "there is a TPM"),
    ("key-sealed", linked, Outcome.FAIL, "has not opened"),
    ("keys-private", lambda s: mode(s, "terminal.key", 0o644), Outcome.FAIL, "terminal.key"),
    ("gateway-reachable", lambda s: answering(s, error=Unavailable("x")), Outcome.FAIL, "answer"),
    ("gateway-reachable", lambda s: answering(s, error=Untrusted("x")), Outcome.FAIL, "answer"),
    ("gateway-reachable", lambda s: answering(s, error=NotAuthorised("x")), Outcome.FAIL, "answer"),
    ("clock-offset", lambda s: answering(s, time_ms=NOW_MS + 90_000), Outcome.WARN, "90 s"),
    ("clock-offset", lambda s: answering(s, time_ms=NOW_MS - 400_000), Outcome.FAIL, "400 s"),
    ("sync-service", lambda s: s, Outcome.WARN, "never run"),
    ("sync-service", lambda s: synced(s, alarm="seq-conflict"), Outcome.FAIL, "seq-conflict"),
    ("sync-service", lambda s: synced(s, last_answer_ms=NOW_MS - 7_200_000), Outcome.WARN, "120 min"),
    ("reader-service", lambda s: replace(s, readers=raising(ReaderGone("x"))), Outcome.FAIL, "PC/SC does not answer"),
    ("reader-present", reading, Outcome.FAIL, "no reader"),
    ("reader-present", lambda s: setting(s, reader_name="B"), Outcome.FAIL, "'B' is not"),
    ("reader-present", lambda s: reading(s, READER, ReaderSeen("B", SlotState.EMPTY)), Outcome.WARN, "2"),
    ("technician-reader", lambda s: setting(s, technician_reader_name="Behind"), Outcome.WARN, "'Behind' is not"),
    ("identity-reader", lambda s: replace(s, identity_reader=raising(ReaderGone("x"))), Outcome.WARN, "not answer"),
    ("identity-reader", lambda s: replace(s, identity_reader=lambda: False), Outcome.WARN, "not well"),
    ("reader-slot", lambda s: reading(s, ReaderSeen("A", SlotState.MUTE)), Outcome.WARN, "not answer"),
    ("reader-power", lambda s: usb(s, "auto\n"), Outcome.WARN, "sleep"),
    ("printer-port", lambda s: port(s, "/dev/kiosk-printer"), Outcome.FAIL, "not there"),
    ("printer-port", lambda s: port(write(s, "dev/file", ""), "/dev/file"), Outcome.FAIL, "not a serial"),
    ("printer-name", lambda s: port(s, "/dev/ttyUSB0"), Outcome.WARN, "another device"),
    ("printer-answers", lambda s: printing(s, answered=False), Outcome.FAIL, "does not"),
    ("printer-answers", lambda s: printing(s, error="cutter"), Outcome.FAIL, "cutter"),
    ("printer-answers", lambda s: printing(s, cover="open"), Outcome.FAIL, "cover"),
    ("printer-paper", lambda s: printing(s, paper="out"), Outcome.FAIL, "out"),
    ("printer-paper", lambda s: printing(s, paper="near-end"), Outcome.WARN, "roll"),
    ("clock", lambda s: replace(s, now_ms=lambda: 946_684_800_000), Outcome.FAIL, "before 2026"),
    ("clock-synchronised", lambda s: replace(s, clock_synchronised=lambda: False), Outcome.WARN, "time service"),
    ("temperature", lambda s: write(s, "sys/class/thermal/thermal_zone0/temp", "80000"), Outcome.WARN, "80 °C"),
    ("temperature", lambda s: write(s, "sys/class/thermal/thermal_zone0/temp", "95000"), Outcome.FAIL, "95 °C"),
    ("memory", lambda s: write(s, "proc/meminfo", "MemAvailable: 150000 kB"), Outcome.WARN, "146 MB"),
    ("memory", lambda s: write(s, "proc/meminfo", "MemAvailable: 50000 kB"), Outcome.FAIL, "48 MB"),
    ("display", lambda s: without(s, s.root / "dev/dri/card0"), Outcome.WARN, "no graphics"),
    ("sound", lambda s: replace(s, has_program=nothing), Outcome.WARN, "voice"),
    ("sound", lambda s: write(s, "proc/asound/cards", "--- no soundcards ---"), Outcome.WARN, "sound card"),
    ("writing", lambda s: without(s, s.root / WRITING["rime-data-pinyin-simp"]), Outcome.WARN, "rime-data-pinyin-simp"),
    ("writing", lambda s: without(s, s.root / "usr/lib/x86_64-linux-gnu/libzinnia.so.0"), Outcome.WARN, "libzinnia0"),
    ("fonts", lambda s: without(s, s.fonts / FONT_FILES[0]), Outcome.FAIL, FONT_FILES[0]),
    ("updates", lambda s: write(s, "run/reboot-required", "*"), Outcome.WARN, "restart"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "break_it", "outcome", "words"), BROKEN, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_is_broken_is_named_with_its_cause_and_one_next_action(
    name: str, break_it: Callable[[Site], Site], outcome: Outcome, words: str, site: Site
) -> None:
    found, cause, next_action = look(break_it(site), name)
    assert found == outcome, cause
    assert words in cause
    assert next_action.endswith(
        (".", "once", "doctor", "pcscd", "chrony", "export", "verify", "H", "md", "sync", "ng", "kiosk-key", *WRITING)
    )


def test_a_healthy_terminal_is_told_so(site: Site) -> None:
    states.open_writer(site.state_dir).close()
    results = {one.name: one for one in run_checks(CHECKS, certified(synced(site), 200))}
    unwell = {name for name, one in results.items() if one.outcome in {Outcome.WARN, Outcome.FAIL}}
    assert unwell == {"enrolled", "printer-port"}, "the two that only a whole installation has"
    assert not healthy(list(results.values()))


def test_the_identity_cards_reader_is_asked_where_there_is_one(site: Site) -> None:
    assert look(site, "identity-reader")[0] == "skip"
    there = replace(setting(site, identity_reader_port="/dev/ttyS1"), identity_reader=lambda: True)
    assert look(there, "identity-reader")[:2] == ("ok", "/dev/ttyS1")


def test_full_disk_full_outbox_and_old_entries_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", usage(50))
    assert look(site, "disk-space")[:2] == ("fail", "50 MB are free")
    monkeypatch.setattr(storage.shutil, "disk_usage", usage(500))
    assert look(site, "disk-space")[0] == "warn"

    states.open_writer(site.state_dir).close()

    def full(_: Outbox) -> None:
        raise OutboxFull("the quota is reached")

    monkeypatch.setattr(Outbox, "refuse_when_full", full)
    assert look(site, "outbox-room")[0] == "fail"
    with states.open_writer(site.state_dir) as outbox:
        status = outbox.status()
    for age_s, outcome in ((3600, "ok"), (90_000, "warn"), (700_000, "fail")):
        told = replace(status, pending=3, oldest_age_s=age_s, parked=2)
        monkeypatch.setattr(Outbox, "status", partialmethod(_said, told))
        assert look(site, "outbox-age")[0] == outcome
    assert look(site, "parked-entries")[:2] == ("warn", "2 entries were rejected by an office")


def _said(_: Outbox, told: object) -> object:
    return told


@dataclass
class _Usage:
    free: int


def usage(megabytes: int) -> Callable[[Path], _Usage]:
    def look_at(_: Path) -> _Usage:
        return _Usage(megabytes * storage.MB)

    return look_at


def test_a_check_that_falls_over_is_a_failed_check_and_hides_no_other(site: Site) -> None:
    def falls(_: Site) -> object:
        raise ZeroDivisionError

    results = run_checks([Check("one", falls), next(c for c in CHECKS if c.name == "clock")], site)  # type: ignore[arg-type]
    assert [str(one.outcome) for one in results] == ["fail", "ok"]
    assert "ZeroDivisionError" in results[0].cause


def test_a_key_is_told_as_sealed_as_a_file_or_as_none(site: Site) -> None:
    assert look(site, "key-sealed") == ("skip", "not joined to a gateway", "")
    assert look(mode(site, "terminal.key", 0o600), "key-sealed")[:2] == (
        "ok", "no TPM here: a file that only root and the terminal's user may read")  # fmt: skip
    (site.state_dir / "terminal.key").unlink()
    assert look(linked(site, opened=True), "key-sealed")[:2] == ("ok", "sealed by the TPM")
    (site.state_dir / "terminal.key.sealed").unlink()
    (site.state_dir.parent / "opened").unlink()
    assert look(site, "key-sealed")[0] == "fail"


def test_a_check_that_hangs_is_named_and_holds_up_no_other(site: Site) -> None:
    released = threading.Event()

    def hangs(_: Site) -> Finding:
        released.wait(60)
        return ok()

    checks = [Check("hangs", hangs), *(one for one in CHECKS if one.name in {"clock", "memory"})]
    found, *others = run_checks(checks, site, deadline_s=0.2)
    released.set()
    assert (found.name, str(found.outcome), found.cause) == ("hangs", "fail", "it has not ended after 0.2 s")
    assert found.next_action.endswith("kiosk doctor")
    assert {one.name: str(one.outcome) for one in others} == {"memory": "ok", "clock": "ok"}


def test_a_device_is_asked_once_however_many_checks_want_to_know() -> None:
    asked: list[int] = []
    once = Once(lambda: asked.append(1) or len(asked))
    assert (once(), once()) == (1, 1)
    failing = Once(raising(ReaderGone("away")))
    for _ in range(2):
        with pytest.raises(ReaderGone):
            failing()


def test_the_kernel_is_asked_about_its_clock() -> None:
    assert clock_synchronised() in {True, False, None}


def test_names_are_stable_lower_kebab_and_each_has_a_test_that_breaks_it() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) >= 30
    assert all(name == name.lower().replace("_", "-") for name in names)
    broken = {name for name, *_ in BROKEN} | {"disk-space", "outbox-room", "outbox-age", "parked-entries"}
    looked_at_elsewhere = {"disk-files", "log-writable", "sqlite-build", "outbox-set-aside", "gateway-latency",
                           "catalogue-age", "usb-guard", "firewall"}  # fmt: skip
    assert set(names) == broken | looked_at_elsewhere


def test_the_command_tells_scripts_and_people_and_ends_with_one(tmp_path: Path) -> None:
    state = tmp_path / "state"
    config = tmp_path / "kiosk.toml"
    config.write_text('printer_port = "/dev/nothing-here"\nreader_helper = ""\n')
    arguments = ["doctor", "--state", str(state), "--config", str(config)]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    found = {one["name"]: one for one in told["checks"]}
    assert found["enrolled"]["outcome"] == "fail"
    assert found["printer-port"]["cause"] == "/dev/nothing-here is not there"
    assert told["healthy"] is False
    people = CliRunner().invoke(app, arguments)
    assert "FAIL printer-port: /dev/nothing-here is not there" in people.stdout
    assert "Plug the printer's cable in" in people.stdout
