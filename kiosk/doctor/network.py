"""Checks of the enrolment, the gateway, and what came from it."""

from __future__ import annotations

import stat
import time

from cryptography import x509

from kiosk.doctor.check import Finding, fail, ok, skip, warn
from kiosk.doctor.site import Site
from offline_cache import catalogue
from offline_cache import enrolment as enrolments
from offline_cache.errors import CacheError
from offline_cache.sync import read_status
from offline_cache.wire.fleet.joining import GRACE_DAYS

DAY_MS = 86_400_000
LATE_DAYS, ENDS_DAYS = 27, 7
"""The sync service renews from 30 days before the end; after three days of trying somebody should look."""
SLOW_MS = 1500
OFF_S, FAR_OFF_S = 60, 300
OLD_CATALOGUE_DAYS = 7
SYNC_SILENT_S = 3600
ENROL = "Run: kiosk enrol --gateway URL --token T --ca-hash H"
RENEW = "Run: kiosk sync once"
SEALED = ".sealed"
TPM = "dev/tpmrm0"


def enrolled(site: Site) -> Finding:
    """This terminal has joined a gateway, and its files fit each other."""
    try:
        joined = enrolments.load(site.state_dir)
    except CacheError as error:
        return fail(f"not joined to a gateway [{error.code}]", ENROL)
    return ok(joined.terminal)


def certificate_days(site: Site) -> Finding:
    """The terminal's certificate is valid for weeks."""
    raw = _certificate(site)
    if raw is None:
        return skip("not joined to a gateway")
    try:
        ends = x509.load_pem_x509_certificate(raw).not_valid_after_utc.timestamp()
    except ValueError:
        return fail("the certificate cannot be read", ENROL)
    days = int((ends * 1000 - site.now_ms()) // DAY_MS)
    if days < -GRACE_DAYS:
        return fail(f"the certificate ended {-days} days ago, too long to be renewed", ENROL)
    if days < 0:
        return fail(f"the certificate ended {-days} days ago", RENEW)
    if days < ENDS_DAYS:
        return fail(f"the certificate ends in {days} days and was not renewed", RENEW)
    if days < LATE_DAYS:
        return warn(f"the certificate ends in {days} days and was not renewed", RENEW)
    return ok(f"{days} days")


def keys_private(site: Site) -> Finding:
    """Nobody else may read the terminal's keys."""
    open_to_others = [
        file.name
        for file in sorted(site.state_dir.glob("*.key"))
        if stat.S_IMODE(file.stat().st_mode) & 0o077
    ]  # fmt: skip
    if open_to_others:
        return fail(f"others may read {', '.join(open_to_others)}", "Run: chmod 600 on it, then enrol again.")
    return ok()


def key_sealed(site: Site) -> Finding:
    """The terminal's key is of no use on a disk that was taken out, where the machine has a TPM."""
    key = site.state_dir / enrolments.KEY_FILE
    sealed = key.with_name(key.name + SEALED)
    if key.is_symlink():
        if key.exists():
            return ok("sealed by the TPM")
        return fail("the TPM has not opened the key", "Run: systemctl start kiosk-key" if sealed.exists() else ENROL)
    if not key.exists():
        return skip("not joined to a gateway")
    if (site.root / TPM).exists():
        return warn("there is a TPM, and the key lies beside it in a file", "Run: systemctl start kiosk-key")
    return ok("no TPM here: a file that only root and the terminal's user may read")


def gateway_reachable(site: Site) -> Finding:
    """The gateway answers, and it is the one that this terminal joined."""
    if site.gateway is None:
        return skip("not joined to a gateway")
    try:
        _health(site)
    except CacheError as error:
        return fail(f"the gateway does not answer [{error.code}]", _next_of(error.code))
    return ok()


def gateway_latency(site: Site) -> Finding:
    """The gateway answers quickly enough for a citizen who waits."""
    if site.gateway is None:
        return skip("not joined to a gateway")
    try:
        _, took_ms = _health(site)
    except CacheError as error:
        return skip(f"the gateway does not answer [{error.code}]")
    if took_ms > SLOW_MS:
        return warn(f"the gateway took {took_ms} ms", "Look at the line with the network's operator.")
    return ok(f"{took_ms} ms")


def clock_offset(site: Site) -> Finding:
    """The machine's clock agrees with the gateway's."""
    if site.gateway is None:
        return skip("not joined to a gateway")
    try:
        theirs, _ = _health(site)
    except CacheError as error:
        return skip(f"the gateway does not answer [{error.code}]")
    off_s = abs(theirs - site.now_ms()) // 1000
    if off_s > FAR_OFF_S:
        return fail(f"the clock is off by {off_s} s", "Run: systemctl restart chrony")
    if off_s > OFF_S:
        return warn(f"the clock is off by {off_s} s", "Run: systemctl restart chrony")
    return ok(f"{off_s} s")


def sync_service(site: Site) -> Finding:
    """The sync service runs and is not stopped by an alarm."""
    status = read_status(site.state_dir)
    if status is None:
        return warn("the sync service has never run here", "Run: systemctl start kiosk-sync")
    if status.alarm:
        return fail(f"sending has stopped [{status.alarm}]", "Look that code up in docs/reference/failure-codes.md")
    silent_s = (site.now_ms() - (status.last_answer_ms or status.since_ms)) // 1000
    if silent_s > SYNC_SILENT_S:
        return warn(f"the gateway has confirmed nothing for {silent_s // 60} min", "Run: kiosk sync once")
    return ok(status.state)


def catalogue_age(site: Site) -> Finding:
    """The service catalogue came from the gateway not long ago."""
    try:
        joined = enrolments.load(site.state_dir)
    except CacheError:
        return skip("not joined to a gateway")
    if catalogue.load(site.state_dir, joined.signing_key) is None:
        return warn("the catalogue that came with the program is in use", "Run: kiosk sync once")
    changed_ms = (site.state_dir / catalogue.CATALOGUE_FILE).stat().st_mtime * 1000
    days = int((site.now_ms() - changed_ms) // DAY_MS)
    status = read_status(site.state_dir)
    confirmed_ms = (status.last_answer_ms if status is not None else None) or changed_ms
    if (site.now_ms() - confirmed_ms) // DAY_MS >= OLD_CATALOGUE_DAYS:
        return warn(f"the catalogue is {days} days old and was not confirmed for a week", "Run: kiosk sync once")
    return ok(f"{days} days old")


def _health(site: Site) -> tuple[int, int]:
    """The gateway's time and how long it took to say it, both milliseconds."""
    assert site.gateway is not None
    began = time.perf_counter()
    probe = site.gateway()
    try:
        theirs = probe.health()
    finally:
        probe.close()
    return theirs, round((time.perf_counter() - began) * 1000)


def _next_of(code: str) -> str:
    if code == "untrusted":
        return "Do not enter anything; ask the operator who answers at that address."
    if code in {"not-authorised", "terminal-revoked"}:
        return ENROL
    return "Look at the network cable and the router's lights."


def _certificate(site: Site) -> bytes | None:
    try:
        return (site.state_dir / enrolments.CERTIFICATE_FILE).read_bytes()
    except OSError:
        return None
