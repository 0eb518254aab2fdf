"""What the heartbeat says of this machine: some twenty gauges, looked at when it is sent. Nothing here takes long."""

from __future__ import annotations

import json
import os
import shutil
from importlib import metadata
from typing import cast

from cryptography import x509

from kiosk.doctor.site import Site
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache import state as states
from offline_cache.errors import CacheError
from offline_cache.fleet.heart import Measured
from offline_cache.fleet.update import OUTCOME, OWN, PACKAGE_REFUSED, TAKEN_BACK, read_outcome, read_seen
from offline_cache.sync import read_status
from offline_cache.wire.fleet.heartbeat import GAUGES, PARTS_ALIVE_MS, PARTS_FILE

MB = 1024 * 1024
_DAY_MS = 86_400_000
_SLOT = "kiosk.slot="
DISTRIBUTION = "citizen-kiosk"


def measure(site: Site) -> Measured:
    """All that can be measured now; what cannot is left out."""
    gauges = {**_parts(site), **_outbox(site), **_certificate(site), **_machine(site), **_catalogue_age(site)}
    status = read_status(site.state_dir)
    facts = {"version": metadata.version(DISTRIBUTION), "slot": _slot(site), **_versions(site)}
    if status is not None:
        facts["sync"] = status.state
    faults = (status.alarm,) if status is not None and status.alarm else ()
    update = read_outcome(site.root / OWN.relative_to("/") / OUTCOME)
    facts["package"] = str(max(update.newest, read_seen(site.state_dir)))
    if update.outcome in TAKEN_BACK:
        faults = (*faults, PACKAGE_REFUSED)
    known = {name: max(GAUGES[name][1], min(value, GAUGES[name][2])) for name, value in gauges.items()}
    return Measured(known, facts, faults)


def _parts(site: Site) -> dict[str, int]:
    """What the touchscreen program wrote down; a file that is old says that it is down."""
    try:
        path = site.state_dir / PARTS_FILE
        at_ms = path.stat().st_mtime_ns // 1_000_000
        given = cast("dict[str, dict[str, int]]", json.loads(path.read_text("ascii")))["gauges"]
        gauges = {name: int(value) for name, value in given.items() if name in GAUGES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"app_up": 0}
    # The clock may have been put back meanwhile: then the file looks as if it came from later, and is believed.
    alive = site.now_ms() - at_ms < 3 * PARTS_ALIVE_MS
    return {**gauges, "app_up": 1} if alive else {"app_up": 0}


def _outbox(site: Site) -> dict[str, int]:
    try:
        with states.open_reader(site.state_dir) as outbox:
            found = outbox.status()
    except CacheError:
        return {}
    return {
        "outbox_pending": found.pending,
        "outbox_oldest_age_s": found.oldest_age_s or 0,
        "outbox_bytes": found.bytes,
        "outbox_parked": found.parked,
    }


def _certificate(site: Site) -> dict[str, int]:
    try:
        raw = (site.state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
        ends_ms = x509.load_pem_x509_certificate(raw).not_valid_after_utc.timestamp() * 1000
    except (OSError, ValueError):
        return {}
    return {"certificate_days": int((ends_ms - site.now_ms()) // _DAY_MS)}


def _machine(site: Site) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        found["disk_free_mb"] = shutil.disk_usage(site.state_dir).free // MB
    except OSError:
        return found
    memory = _number(next((line for line in _lines(site, "proc/meminfo") if line.startswith("MemAvailable:")), ""), 1)
    if memory is not None:
        found["memory_free_mb"] = memory // 1024
    uptime = (site.text("proc/uptime") or "").split(".")[0]
    if uptime.isdigit():
        found["uptime_s"] = int(uptime)
    degrees = [
        int(told) // 1000
        for zone in sorted((site.root / "sys/class/thermal").glob("thermal_zone*/temp"))
        if (told := (site.text(os.fspath(zone.relative_to(site.root))) or "").strip()).lstrip("-").isdigit()
    ]
    if degrees:
        found["temperature_celsius"] = max(degrees)
    worn = [
        int(word, 16) * 10
        for disk in sorted((site.root / "sys/block").glob("mmcblk*/device/life_time"))
        for word in (site.text(os.fspath(disk.relative_to(site.root))) or "").split()
        if word.startswith("0x")
    ]
    if worn:
        found["disk_wear_percent"] = max(worn)
    return found


def _catalogue_age(site: Site) -> dict[str, int]:
    try:
        changed_ms = (site.state_dir / catalogue.CATALOGUE_FILE).stat().st_mtime * 1000
    except OSError:
        return {}
    return {"catalogue_age_s": max(0, int(site.now_ms() - changed_ms) // 1000)}


def _versions(site: Site) -> dict[str, str]:
    """The versions of catalogue and configuration that this terminal holds."""
    found: dict[str, str] = {}
    try:
        key = enrolments.load(site.state_dir).signing_key
        for name in ("catalogue", "configuration"):
            held = catalogue.load(site.state_dir, key, name)
            if held is not None:
                found[name] = str(held.content.get("version", ""))[:64] or "-"
    except CacheError:
        return found
    return found


def _slot(site: Site) -> str:
    """The image's slot, as its boot entry names it; `-` on a plain Debian."""
    words = (site.text("proc/cmdline") or "").split()
    return next((word.removeprefix(_SLOT) for word in words if word.startswith(_SLOT)), "-")[:16] or "-"


def _lines(site: Site, path: str) -> list[str]:
    return (site.text(path) or "").splitlines()


def _number(line: str, place: int) -> int | None:
    words = line.split()
    return int(words[place]) if len(words) > place and words[place].isdigit() else None
