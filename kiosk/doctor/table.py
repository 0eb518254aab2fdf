"""All checks, in the order in which a technician reads them."""

from __future__ import annotations

from kiosk.doctor import devices, guards, machine, network, storage
from kiosk.doctor.check import Check, Outcome, Result

CHECKS = (
    Check("settings", storage.settings),
    Check("settings-unsafe", machine.settings_unsafe),
    Check("state-folder", storage.state_folder),
    Check("state-writable", storage.state_writable, waits=True),
    Check("disk-space", storage.disk_space),
    Check("disk-files", storage.disk_files),
    Check("disk-wear", storage.disk_wear),
    Check("log-writable", storage.log_writable),
    Check("sqlite-build", storage.sqlite_build),
    Check("outbox-opens", storage.outbox_opens, waits=True),
    Check("outbox-age", storage.outbox_age),
    Check("outbox-room", storage.outbox_room),
    Check("outbox-set-aside", storage.set_aside),
    Check("parked-entries", storage.parked_entries),
    Check("enrolled", network.enrolled),
    Check("certificate-days", network.certificate_days),
    Check("keys-private", network.keys_private),
    Check("key-sealed", network.key_sealed),
    Check("gateway-reachable", network.gateway_reachable, waits=True),
    Check("gateway-latency", network.gateway_latency, waits=True),
    Check("clock-offset", network.clock_offset),
    Check("sync-service", network.sync_service),
    Check("catalogue-age", network.catalogue_age),
    Check("reader-service", devices.reader_service, waits=True),
    Check("reader-present", devices.reader_present),
    Check("technician-reader", devices.technician_reader),
    Check("identity-reader", devices.identity_reader),
    Check("reader-slot", devices.reader_slot),
    Check("reader-power", devices.reader_power),
    Check("printer-port", devices.printer_port),
    Check("printer-name", devices.printer_name),
    Check("printer-answers", devices.printer_answers, waits=True),
    Check("printer-paper", devices.printer_paper),
    Check("clock", machine.clock),
    Check("clock-synchronised", machine.clock_synchronised),
    Check("temperature", machine.temperature),
    Check("memory", machine.memory),
    Check("display", machine.display),
    Check("sound", machine.sound),
    Check("writing", machine.writing),
    Check("fonts", machine.fonts),
    Check("updates", machine.updates),
    Check("usb-guard", guards.usb_guard, waits=True),
    Check("firewall", guards.firewall, waits=True),
)


def healthy(results: list[Result]) -> bool:
    """True where nothing failed; warnings are for the next round."""
    return all(result.outcome is not Outcome.FAIL for result in results)
