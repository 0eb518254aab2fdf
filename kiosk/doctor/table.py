"""All checks, in the order in which a technician reads them."""

from __future__ import annotations

from kiosk.doctor import devices, machine, network, storage
from kiosk.doctor.check import Check, Outcome, Result

CHECKS = (
    Check("settings", "the settings file", storage.settings),
    Check("settings-unsafe", "settings that give safety away", machine.settings_unsafe),
    Check("state-folder", "owner and mode of the state folder", storage.state_folder),
    Check("state-writable", "a forced write into the state folder", storage.state_writable, waits=True),
    Check("disk-space", "free space", storage.disk_space),
    Check("disk-files", "room for new files", storage.disk_files),
    Check("disk-wear", "wear of the flash memory", storage.disk_wear),
    Check("log-writable", "the log folder", storage.log_writable),
    Check("sqlite-build", "SQLite that cannot lose commits", storage.sqlite_build),
    Check("outbox-opens", "the outbox can be read", storage.outbox_opens, waits=True),
    Check("outbox-age", "how long the oldest entry waits", storage.outbox_age),
    Check("outbox-room", "how full the outbox is", storage.outbox_room),
    Check("outbox-set-aside", "damaged outboxes that were set aside", storage.set_aside),
    Check("parked-entries", "entries that an office rejected", storage.parked_entries),
    Check("enrolled", "the terminal's place at its gateway", network.enrolled),
    Check("certificate-days", "how long the certificate is valid", network.certificate_days),
    Check("keys-private", "who may read the keys", network.keys_private),
    Check("key-sealed", "the TPM's seal on the key", network.key_sealed),
    Check("gateway-reachable", "the gateway answers", network.gateway_reachable, waits=True),
    Check("gateway-latency", "how long its answer takes", network.gateway_latency, waits=True),
    Check("clock-offset", "this clock against the gateway's", network.clock_offset),
    Check("sync-service", "the service that sends", network.sync_service),
    Check("catalogue-age", "how old the catalogue is", network.catalogue_age),
    Check("reader-service", "PC/SC answers", devices.reader_service, waits=True),
    Check("reader-present", "the citizen's reader", devices.reader_present),
    Check("technician-reader", "the technicians' own reader", devices.technician_reader),
    Check("identity-reader", "the identity cards' reader", devices.identity_reader),
    Check("reader-slot", "a mute card in a slot", devices.reader_slot),
    Check("reader-power", "USB power saving of the reader", devices.reader_power),
    Check("printer-port", "the printer's device", devices.printer_port),
    Check("printer-name", "a name that stays", devices.printer_name),
    Check("printer-answers", "the printer's own word", devices.printer_answers, waits=True),
    Check("printer-paper", "paper", devices.printer_paper),
    Check("clock", "a clock that cannot be right", machine.clock),
    Check("clock-synchronised", "a service that keeps the clock", machine.clock_synchronised),
    Check("temperature", "heat", machine.temperature),
    Check("memory", "free memory", machine.memory),
    Check("display", "something to draw on", machine.display),
    Check("sound", "sound card and voice", machine.sound),
    Check("writing", "pinyin and handwriting", machine.writing),
    Check("fonts", "the terminal's fonts", machine.fonts),
    Check("updates", "an update that waits for a restart", machine.updates),
)


def healthy(results: list[Result]) -> bool:
    """True where nothing failed; warnings are for the next round."""
    return all(result.outcome is not Outcome.FAIL for result in results)
