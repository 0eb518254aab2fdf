"""Settings are taken whole or refused by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from drivers.printers.models import models
from kiosk import settings
from kiosk.settings import Settings, SettingsInvalid


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    assert settings.load(None) == Settings()
    empty = tmp_path / "kiosk.toml"
    empty.write_text("")
    assert settings.load(empty) == Settings()


def test_what_a_file_says_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('printer_port = "/dev/ttyUSB7"\nidle_timeout_s = 300\n')
    made = settings.load(file)
    assert (made.printer_port, made.idle_timeout_s) == ("/dev/ttyUSB7", 300)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("idle = 3", "idle: there is no such setting$"),
        ('printer_prot = "x"', r"printer_prot: there is no such setting; is printer_port meant\?"),
        ('test_card_pin = "12"', "test_card_pin: is not of the form 6 digits"),
        ('a4_queue = "http://x"', "a4_queue: is not of the form ipp://HOST:PORT/PATH, or empty"),
        ("idle_timeout_s = 19", "idle_timeout_s: 19 is outside its bounds, 20 to 300"),
        ("idle_timeout_s = 301", "idle_timeout_s: 301 is outside"),
        ('idle_timeout_s = "120"', "idle_timeout_s: a whole number is wanted, as in idle_timeout_s = 120"),
        ("idle_timeout_s = true", "idle_timeout_s: a whole number is wanted"),
        ("idle_timeout_s = 30.0", "idle_timeout_s: a whole number is wanted"),
        ("reader_name = 7", 'reader_name: a text between quotation marks is wanted, as in reader_name = ""'),
        ("idle_timeout_s = nan", "idle_timeout_s: a whole number is wanted"),
        ("idle_timeout_s = 1" + "0" * 400, "is outside its bounds, 20 to 300"),
        ("log_keep_bytes = 1", "log_keep_bytes: 1 is outside its bounds, at least 10000"),
        ("printer_baud = 300", "printer_baud: 300 is none of 0, 1200, 2400, .*, 921600$"),
        ("printer_baud = 1199", "printer_baud: 1199 is none of 0, 1200"),
        ("printer_baud = 115201", "printer_baud: 115201 is none of 0, 1200"),
        ("printer_baud = -9600", "printer_baud: -9600 is none of 0, 1200"),
        ("width = [", "kiosk.toml: "),
        ("width = " + "[" * 9000, "kiosk.toml: "),
        ("width = 1" + "0" * 9000, "kiosk.toml: "),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(text)
    with pytest.raises(SettingsInvalid, match=said):
        settings.load(file)


def test_a_printer_speaks_at_a_rate_that_printers_have_and_every_model_has_one() -> None:
    for rate in (0, *settings.SERIAL_RATES):
        assert settings.parse({"printer_baud": rate}).printer_baud == rate
    assert {known.baud for known in models().values()} <= set(settings.SERIAL_RATES)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"/gone\.toml: No such file or directory"):
        settings.load(tmp_path / "gone.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsInvalid, match=r"odd\.toml"):
        settings.load(tmp_path / "odd.toml")


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_every_setting_is_explained_and_its_default_is_within_its_bounds(item: object) -> None:
    name, default = item.name, item.default  # pyright: ignore
    assert item.metadata["doc"].endswith(".")  # pyright: ignore
    assert settings.parse({name: default}) == Settings()
