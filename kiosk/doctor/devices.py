"""Checks of the reader, the printer and what they hang on."""

from __future__ import annotations

import os
import re
import stat

from drivers.api import SlotState
from drivers.errors import DriverError
from drivers.readers.roles import matching
from kiosk.doctor.check import Finding, fail, ok, skip, warn
from kiosk.doctor.site import Site

UNSTABLE = re.compile(r"/dev/tty(USB|ACM)\d+")
PRINTER_NEXT = {
    "printer-model-unknown": "Correct printer_model in the settings, then restart the terminal.",
    "port-denied": "Correct printer_port in the settings; it must be a serial device that the group dialout may open.",
}
"""What to do where it is not the cable, by the driver's code."""
CCID_CLASS = "0b"
"""USB interface class of smart card readers (USB CCID 1.1, 4.2.1)."""


def reader_service(site: Site) -> Finding:
    """The PC/SC service answers."""
    try:
        site.readers()
    except DriverError as error:
        return fail(f"PC/SC does not answer [{error.code}]", "Run: systemctl restart pcscd")
    return ok()


def reader_present(site: Site) -> Finding:
    """The citizen's reader is there, under the name that the settings say."""
    try:
        names = [reader.name for reader in site.readers()]
    except DriverError as error:
        return skip(f"PC/SC does not answer [{error.code}]")
    wanted = site.settings.reader_name
    behind = site.settings.technician_reader_name
    others = [name for name in names if not behind or name != matching(names, behind)]
    if wanted and matching(others, wanted) is None:
        seen = ", ".join(names) or "none"
        return fail(f"{wanted!r} is not there; there is: {seen}", "Plug the reader in, or correct reader_name.")
    if not wanted and not others:
        return fail("there is no reader", "Plug the card reader's USB cable in.")
    if not wanted and len(others) > 1:
        return warn(f"{len(others)} readers, and the settings name none", "Set reader_name to the citizen's slot.")
    return ok(wanted or others[0])


def technician_reader(site: Site) -> Finding:
    """The reader behind the lock is there, where the settings name one."""
    wanted = site.settings.technician_reader_name
    if not wanted:
        return skip("technicians have no slot of their own here")
    try:
        names = [reader.name for reader in site.readers()]
    except DriverError as error:
        return skip(f"PC/SC does not answer [{error.code}]")
    if matching(names, wanted) is None:
        seen = ", ".join(names) or "none"
        return warn(f"{wanted!r} is not there; there is: {seen}", "Plug it in, or correct technician_reader_name.")
    return ok(wanted)


def identity_reader(site: Site) -> Finding:
    """The identity cards' reader says that it is well, where the settings name one."""
    port = site.settings.identity_reader_port
    try:
        well = site.identity_reader()
    except DriverError as error:
        return warn(f"{port} does not answer [{error.code}]", "Look at its cable, or correct identity_reader_port.")
    if well is None:
        return skip("no reader for identity cards is set")
    return ok(port) if well else warn(f"{port} says that it is not well", "Change the identity cards' reader.")


def reader_slot(site: Site) -> Finding:
    """No card that does not answer is stuck in a slot."""
    try:
        mute = [reader.name for reader in site.readers() if reader.state is SlotState.MUTE]
    except DriverError as error:
        return skip(f"PC/SC does not answer [{error.code}]")
    if mute:
        return warn(f"something in {mute[0]!r} does not answer", "Pull out what is in the slot.")
    return ok()


def reader_power(site: Site) -> Finding:
    """The reader is not put to sleep by USB power saving."""
    asleep: list[str] = []
    found = 0
    for interface in sorted((site.root / "sys/bus/usb/devices").glob("*/bInterfaceClass")):
        if (site.text(str(interface.relative_to(site.root))) or "").strip() != CCID_CLASS:
            continue
        found += 1
        device = interface.parent.name.partition(":")[0]
        if (site.text(f"sys/bus/usb/devices/{device}/power/control") or "on").strip() != "on":
            asleep.append(device)
    if not found:
        return skip("no USB reader is listed")
    if asleep:
        return warn(f"USB {asleep[0]} may be put to sleep", "Install the package's udev rules again.")
    return ok()


def printer_port(site: Site) -> Finding:
    """The printer's serial device is there and may be opened."""
    port = site.settings.printer_port
    if not port:
        return skip("no printer is set")
    try:
        mode = (site.root / port.lstrip("/")).stat().st_mode
    except OSError:
        return fail(f"{port} is not there", "Plug the printer's cable in and switch it on.")
    if not stat.S_ISCHR(mode):
        return fail(f"{port} is not a serial device", "Correct printer_port.")
    if not os.access(site.root / port.lstrip("/"), os.R_OK | os.W_OK):
        return fail(f"{port} may not be opened by this user", "Add the terminal's user to the group dialout.")
    return ok(port)


def printer_name(site: Site) -> Finding:
    """The printer's device has a name that stays when another one is plugged in."""
    if UNSTABLE.fullmatch(site.settings.printer_port):
        return warn(
            f"{site.settings.printer_port} may be another device after a restart",
            "Set printer_port to /dev/kiosk-printer, which the package's udev rule makes.",
        )
    return ok()


def printer_answers(site: Site) -> Finding:
    """The printer says how it is."""
    try:
        status = site.printer()
    except DriverError as error:
        if error.code == "port-busy":  # a terminal at work holds its printer for itself
            return skip("the running terminal has the printer: its maintenance screen says how it is")
        return fail(f"{error} [{error.code}]", PRINTER_NEXT.get(error.code, "Look at the printer's power and cable."))
    if status is None:
        return skip("no printer is set")
    if not status.answered:
        return fail("the printer does not answer", "Look at its power and cable, and at printer_baud.")
    if status.error:
        return fail(f"the printer reports {status.error}", "Open its cover, clear the paper path, close it.")
    if status.cover == "open":
        return fail("the printer's cover is open", "Close the cover.")
    return ok()


def printer_paper(site: Site) -> Finding:
    """There is paper, and enough of it."""
    try:
        status = site.printer()
    except DriverError as error:
        return skip(f"the printer cannot be asked [{error.code}]")
    if status is None or not status.answered:
        return skip("the printer does not answer")
    if status.paper == "out":
        return fail("the paper is out", "Put in a new roll.")
    if status.paper == "near-end":
        return warn("the roll is nearly used up", "Bring a new roll.")
    return ok(str(status.paper))
