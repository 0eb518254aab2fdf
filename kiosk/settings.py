"""The terminal's settings: one frozen value, read from TOML, each with its unit and its bounds.

A file that cannot be read, or holds a key or value that is not known, is refused with the key's name: a terminal that
ignores half of its configuration is worse than one that does not start.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import cast

from kiosk.frozen import frozen

SERIAL_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
"""Bits per second that receipt printers have: those of their DIP switches, and what USB adapters add to them."""


class SettingsInvalid(Exception):
    """A settings file that cannot be used; says which key and why."""

    code = "settings-invalid"


def _setting(
    default: object,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    among: tuple[int, ...] = (),
    pattern: str = "",
    form: str = "",
    told: bool = True,
) -> object:
    limits = {"low": low, "high": high, "among": among, "pattern": pattern, "form": form}
    return field(default=default, repr=told, metadata={"doc": doc, **limits})


@frozen
class Settings:
    """Everything a technician may set. Units are the last word of a name."""

    reader_name: str = cast(str, _setting("", "PC/SC name of the citizen slot; empty: the first reader found."))
    technician_reader_name: str = cast(
        str, _setting("", "PC/SC name of the slot behind the lock, never taken for the citizen's; empty: none.")
    )
    identity_reader_port: str = cast(
        str, _setting("", "Serial device of the identity cards' reader (its module's frames, 115200); empty: none.")
    )
    reader_helper: str = cast(
        str,
        _setting("/run/kiosk/reader-helper", "Unix socket of the helper that may restart PC/SC; empty: none is asked."),
    )
    printer_port: str = cast(str, _setting("/dev/kiosk-printer", "Serial device of the receipt printer."))
    printer_baud: int = cast(
        int,
        _setting(
            0, "Serial speed of that device, bits per second; 0: the printer model's own.", among=(0, *SERIAL_RATES)
        ),
    )
    printer_model: str = cast(
        str, _setting("generic-80", "Model of the receipt printer, one of those below the table.")
    )
    a4_queue: str = cast(
        str,
        _setting(
            "",
            "Queue or printer for certificates on A4, as in `ipp://127.0.0.1:631/printers/a4`; empty: none.",
            pattern=r"(ipp://[^/\s]+(/\S*)?)?",
            form="ipp://HOST:PORT/PATH, or empty",
        ),
    )
    width: int = cast(int, _setting(1080, "Screen width, pixels.", low=640, high=3840))
    height: int = cast(int, _setting(1920, "Screen height, pixels.", low=640, high=3840))
    idle_timeout_s: int = cast(int, _setting(120, "Quiet time before the warning.", low=20, high=300))
    warning_s: int = cast(int, _setting(45, "Countdown of the warning.", low=20, high=120))
    ack_wait_s: int = cast(int, _setting(10, "Longest wait for the gateway's receipt on the screen.", low=1, high=60))
    lookup_wait_s: int = cast(int, _setting(8, "Longest wait for the city's data.", low=1, high=60))
    test_card_pin: str = cast(
        str,
        _setting(
            "123456",
            "PIN of the technicians' test cards: all that is ever tried on a card while setting up.",
            pattern=r"[0-9]{6}",
            form="6 digits",
            told=False,
        ),
    )
    staff_idle_s: int = cast(int, _setting(300, "Quiet time after which staff mode ends.", low=30, high=1800))
    saved_shown_s: int = cast(
        int, _setting(60, "Quiet time on the last screens before the card is asked back.", low=5, high=300)
    )
    ticket_wait_s: int = cast(
        int, _setting(30, "How long a receipt waits in the printer's mouth before it is drawn in.", low=5, high=300)
    )
    verify_url: str = cast(
        str,
        _setting("", "Public address of the gateway's page `/verify`, for the code on receipts; empty: the bare code."),
    )
    card_reminder_s: int = cast(int, _setting(5, "Between two reminders to take the card.", low=2, high=60))
    network_probe_s: int = cast(int, _setting(5, "Between two looks whether the gateway answers.", low=1, high=600))
    speech_device: str = cast(str, _setting("", "ALSA device that speaks (headphones or speaker); empty: the default."))
    speech_variant: str = cast(str, _setting("", "Variant of the espeak-ng voices, as in `+f3`; empty: none."))
    keypad_keys: str = cast(
        str,
        _setting(
            "up=273 down=274 right=275 left=276 ok=13 back=8 help=282 repeat=283 skip=284 pause=1073741896 "
            "pause=1073742085 louder=270 softer=269 faster=280 slower=281",
            "Keys of the tactile keypad: name=SDL key code, apart by blanks.",
        ),
    )
    log_keep_bytes: int = cast(int, _setting(5_000_000, "Size of the log file before it is turned over.", low=10_000))


def load(path: Path | None) -> Settings:
    """Read settings from a TOML file, or the defaults where `path` is None. Raises `SettingsInvalid`."""
    if path is None:
        return Settings()
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsInvalid(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or absurd TOML
        raise SettingsInvalid(f"{path.name}: {error}") from error
    return parse(values)


def parse(values: dict[str, object]) -> Settings:
    """Check each key, type and bound. Raises `SettingsInvalid` naming the key."""
    fields = {item.name: item for item in dataclasses.fields(Settings)}
    checked: dict[str, object] = {}
    for key, value in values.items():
        if key not in fields:
            raise SettingsInvalid(f"{key}: there is no such setting{_near(key, fields)}")
        checked[key] = _checked(key, value, fields[key])
    return Settings(**checked)  # pyright: ignore[reportArgumentType]


def _near(key: str, known: Mapping[str, object]) -> str:
    """The setting that was meant, where one is spelled nearly so."""
    import difflib

    meant = difflib.get_close_matches(key, known, n=1)
    return f"; is {meant[0]} meant?" if meant else ""


def _checked(key: str, value: object, item: dataclasses.Field[object]) -> object:
    if type(value) is not type(item.default):
        kind = "a whole number" if isinstance(item.default, int) else "a text between quotation marks"
        raise SettingsInvalid(f"{key}: {kind} is wanted, as in {key} = {json.dumps(item.default)}")
    low, high = item.metadata["low"], item.metadata["high"]
    low, high = float("-inf") if low is None else low, float("inf") if high is None else high
    if isinstance(value, int | float) and not low <= value <= high:
        raise SettingsInvalid(f"{key}: {value} is outside its bounds, {bounds(item)}")
    if item.metadata["among"] and value not in item.metadata["among"]:
        raise SettingsInvalid(f"{key}: {value} is none of {bounds(item)}")
    if isinstance(value, str) and re.fullmatch(item.metadata["pattern"] or ".*", value, re.DOTALL) is None:
        raise SettingsInvalid(f"{key}: is not of the form {item.metadata['form']}")
    return value


def bounds(item: dataclasses.Field[object]) -> str:
    """What a setting may be, in words; empty: any text."""
    low, high, among = item.metadata["low"], item.metadata["high"], item.metadata["among"]
    if among:
        return ", ".join(str(one) for one in among)
    if low is None:
        return str(item.metadata["form"])
    return f"at least {low}" if high is None else f"{low} to {high}"


def usable(content: Mapping[str, object]) -> bool:
    """Whether a configuration that the gateway published holds only settings that this program knows."""
    try:
        managed(Settings(), content)
    except SettingsInvalid:
        return False
    return True


def managed(local: Settings, content: Mapping[str, object]) -> Settings:
    """Return the terminal's own settings, those of the gateway's configuration over them. Raises `SettingsInvalid`."""
    found = content.get("settings")
    if not isinstance(found, dict):
        raise SettingsInvalid("settings: the gateway's configuration has none")
    named = cast("dict[str, object]", found)
    parsed = parse(named)
    return dataclasses.replace(local, **{name: getattr(parsed, name) for name in named})
