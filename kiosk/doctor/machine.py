"""Checks of the machine beneath: clock, heat, memory, screen, sound, fonts, updates, settings that are unwise."""

from __future__ import annotations

from kiosk.doctor.check import Finding, fail, ok, skip, warn
from kiosk.doctor.site import Site
from offline_cache.fleet.update import OUTCOME, OWN, read_outcome

BUILT_MS = 1_767_225_600_000
"""2026-01-01 UTC: no terminal of this program was ever started before."""
HOT_C, TOO_HOT_C = 75, 90
MEMORY_LOW_MB, MEMORY_OUT_MB = 200, 80
WRITING = {
    "librime1": "usr/lib/*/librime.so.1",
    "rime-data-pinyin-simp": "usr/share/rime-data/pinyin_simp.dict.yaml",
    "rime-prelude": "usr/share/rime-data/default.yaml",
    "libopencc-data": "usr/share/opencc/s2t.json",
    "libzinnia0": "usr/lib/*/libzinnia.so.0",
    "tegaki-zinnia-simplified-chinese": "usr/share/tegaki/models/zinnia/handwriting-zh_CN.model",
    "tegaki-zinnia-japanese": "usr/share/tegaki/models/zinnia/handwriting-ja.model",
}
"""Debian package -> the file that is opened of it."""
UPDATE_NEXT = {
    "rolled-back": "Nothing: the version before is at work again. Tell the makers; a newer release is taken by itself.",
    "stuck": "Install the package anew: apt-get install ./kiosk_VERSION.deb; entries stay.",
    "update-untrusted": "Put the gateway's hash into /etc/kiosk/site.toml (the operator has it). Then: kiosk update",
    "update-no-room": "Make room on the disk. Then: kiosk update",
    "update-refused": "Publish the right package at the gateway. Then: kiosk update",
}
"""What became of an update that is not in -> what to do."""
FONT_FILES = ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf")


def clock(site: Site) -> Finding:
    """The clock is not before this program was made."""
    if site.now_ms() < BUILT_MS:
        return fail("the clock stands before 2026", "Replace the clock's battery; then: systemctl restart chrony")
    return ok()


def clock_synchronised(site: Site) -> Finding:
    """The kernel's clock is kept by a time service."""
    kept = site.clock_synchronised()
    if kept is None:
        return skip("the machine cannot tell")
    return ok() if kept else warn("no time service keeps the clock", "Run: systemctl start chrony")


def temperature(site: Site) -> Finding:
    """The machine is not too hot."""
    degrees: list[int] = []
    for zone in sorted((site.root / "sys/class/thermal").glob("thermal_zone*/temp")):
        told = (site.text(str(zone.relative_to(site.root))) or "").strip()
        if told.lstrip("-").isdigit():
            degrees.append(int(told) // 1000)
    if not degrees:
        return skip("no sensor tells")
    hottest = max(degrees)
    if hottest >= TOO_HOT_C:
        return fail(f"{hottest} °C", "Switch off, clear the air slots, look at the fan.")
    if hottest >= HOT_C:
        return warn(f"{hottest} °C", "Clear the air slots and look at the fan.")
    return ok(f"{hottest} °C")


def memory(site: Site) -> Finding:
    """Enough memory is free."""
    told = site.text("proc/meminfo") or ""
    line = next((line for line in told.splitlines() if line.startswith("MemAvailable:")), "")
    if not line:
        return skip("the machine cannot tell")
    free_mb = int(line.split()[1]) // 1024
    if free_mb < MEMORY_OUT_MB:
        return fail(f"{free_mb} MB of memory are free", "Restart the machine; see what else runs on it.")
    if free_mb < MEMORY_LOW_MB:
        return warn(f"{free_mb} MB of memory are free", "See what else runs on this machine.")
    return ok(f"{free_mb} MB")


def fonts(site: Site) -> Finding:
    """The terminal's own fonts are there."""
    missing = [name for name in FONT_FILES if not (site.fonts / name).is_file()]
    if missing:
        return fail(f"{missing[0]} is missing", "Install the package again (in a checkout: make setup).")
    return ok()


def sound(site: Site) -> Finding:
    """There is a sound card and a voice."""
    if not site.has_program("espeak-ng"):
        return warn("the voice is missing", "Run: apt install espeak-ng")
    cards = site.text("proc/asound/cards") or ""
    if not cards.strip() or "no soundcards" in cards:
        return warn("there is no sound card", "Plug the loudspeaker or the headphone box in.")
    return ok()


def writing(site: Site) -> Finding:
    """Chinese can be written by pinyin and by hand."""
    missing = [package for package, file in WRITING.items() if not any(site.root.glob(file))]
    if missing:
        return warn(f"missing: {', '.join(missing)}", f"Run: apt install {' '.join(missing)}")
    return ok()


def display(site: Site) -> Finding:
    """There is something to draw on."""
    if any((site.root / "dev/dri").glob("card*")) or any((site.root / "tmp/.X11-unix").glob("X*")):
        return ok()
    return warn("no graphics card and no X server", "Plug the screen in and restart.")


def updates(site: Site) -> Finding:
    """The last update did well, and none waits for a restart."""
    update = read_outcome(site.root / OWN.relative_to("/") / OUTCOME)
    if update.outcome in UPDATE_NEXT:
        words = f"{update.outcome}: version {update.version or '-'}"
        return warn(f"{words}, {update.why}" if update.why else words, UPDATE_NEXT[update.outcome])
    if site.text("run/reboot-required") is not None or site.text("var/run/reboot-required") is not None:
        return warn("an update waits for a restart", "Restart outside opening hours.")
    return ok()


def settings_unsafe(site: Site) -> Finding:
    """No setting gives away safety for comfort."""
    settings = site.settings
    unwise = [
        words
        for words, found in (
            ("verify_url is not HTTPS", bool(settings.verify_url) and not settings.verify_url.startswith("https://")),
            ("idle_timeout_s keeps a left card open for long", settings.idle_timeout_s > 240),
            ("the technician's slot is the citizen's", bool(settings.reader_name)
             and settings.reader_name == settings.technician_reader_name),
            ("log_keep_bytes keeps next to nothing", settings.log_keep_bytes < 100_000),
        )
        if found
    ]  # fmt: skip
    if unwise:
        return warn("; ".join(unwise), "Correct it in the settings, or have the operator accept it in writing.")
    return ok()
