"""The doctor looks at what the terminal runs with: its settings in force, and a printer that the terminal holds."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.printers.models import model
from drivers.printers.serial_printer import SerialPrinter
from kiosk.cli.running.site import looked_at
from kiosk.doctor import devices
from kiosk.doctor.check import Outcome
from kiosk.doctor.probes import real_site
from kiosk.doctor.site import Site
from kiosk.settings import Settings
from offline_cache.errors import StorageFailed


def test_a_printer_model_that_is_misspelled_is_not_looked_for_in_its_cable() -> None:
    found = devices.printer_answers(Site(Path(), Settings(), printer=lambda: model("custom-vpk80")))  # pyright: ignore
    assert "'custom-vpk80'; known are" in found.cause
    assert "[printer-model-unknown]" in found.cause
    assert found.next_action == "Correct printer_model in the settings, then restart the terminal."


def test_a_printer_that_the_running_terminal_holds_is_no_fault(tmp_path: Path) -> None:
    master, slave = os.openpty()
    held = SerialPrinter(os.ttyname(slave))
    held.connect()
    try:
        asked = real_site(tmp_path, Settings(printer_port=os.ttyname(slave)), "", tmp_path)
        results = [devices.printer_answers(asked), devices.printer_paper(asked)]
        assert [one.outcome for one in results] == [Outcome.SKIP, Outcome.SKIP]
        assert "maintenance screen" in results[0].cause
    finally:
        held.close()
        os.close(master)
        os.close(slave)


def test_the_doctor_looks_at_the_settings_that_are_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_folder: Path) -> None:
        raise StorageFailed("x")

    file = tmp_path / "settings.toml"
    file.write_text('printer_port = "/dev/one"\nreader_name = "A"\n')
    assert looked_at(tmp_path, file) == (Settings(printer_port="/dev/one", reader_name="A"), "")
    stored = SimpleNamespace(content={"settings": {"printer_port": "/dev/two"}})
    monkeypatch.setattr("kiosk.cli.running.site.published", lambda _folder: stored)
    assert looked_at(tmp_path, file) == (Settings(printer_port="/dev/two", reader_name="A"), "")
    monkeypatch.setattr("kiosk.cli.running.site.published", unreadable)
    assert looked_at(tmp_path, file)[0].printer_port == "/dev/one"
    file.write_text("printer_prot = 1")
    assert looked_at(tmp_path, file) == (Settings(), "printer_prot: there is no such setting; is printer_port meant?")
