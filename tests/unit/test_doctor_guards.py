"""The doctor's looks at USBGuard and the firewall: what stands before them, and the programs that are asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kiosk.doctor import probes
from kiosk.doctor.guards import APPLIANCE, BLOCKED, FIREWALL, FIRST, NFT, RULES, USBGUARD
from kiosk.doctor.site import NOT_FOUND, Site
from kiosk.doctor.table import CHECKS
from kiosk.settings import Settings
from kiosk.staff import checks
from tests.unit.test_doctor import look

PACKAGED = Path("provisioning/package/files")
BOTH = ("usb-guard", "firewall")


def terminal(
    folder: Path, states: Mapping[str, str] | None = None, held: Callable[[], bool | None] = lambda: None
) -> Site:
    """A machine with the package's files; `states` is what systemd says of the two units."""
    for path in (APPLIANCE, RULES):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes((PACKAGED / path).read_bytes())
    (folder / NFT).parent.mkdir(parents=True)
    (folder / NFT).touch()
    told = {USBGUARD: "active", FIREWALL: "active"} if states is None else states
    return Site(folder, Settings(), root=folder, unit=told.get, firewall=held)


def test_both_are_at_work_as_the_package_brings_them(tmp_path: Path) -> None:
    site = terminal(tmp_path)
    assert look(site, "usb-guard") == ("ok", "at work, with the package's rules", "")
    assert look(site, "firewall")[0] == "ok"


@pytest.mark.parametrize("name", BOTH)
def test_a_machine_that_is_no_terminal_is_not_blamed(name: str, tmp_path: Path) -> None:
    outcome, cause, next_action = look(Site(tmp_path, Settings(), root=tmp_path), name)
    assert (outcome, bool(cause), bool(next_action)) == ("skip", True, True)


@pytest.mark.parametrize("name", BOTH)
def test_where_systemd_cannot_be_asked_nothing_is_claimed(name: str, tmp_path: Path) -> None:
    outcome, cause, next_action = look(terminal(tmp_path, {}), name)
    assert (outcome, cause, bool(next_action)) == ("skip", "systemd does not answer here", True)


@pytest.mark.parametrize(
    ("name", "states", "words", "title"),
    [
        ("usb-guard", {USBGUARD: NOT_FOUND}, "not installed", "没有装 USB 防护"),
        ("usb-guard", {USBGUARD: "failed"}, "USBGuard is failed", "USB 防护没有运行"),
        ("usb-guard", {USBGUARD: "inactive"}, "USBGuard is inactive", "USB 防护没有运行"),
        ("firewall", {FIREWALL: "failed"}, "the firewall is failed", "防火墙没有运行"),
        ("firewall", {FIREWALL: NOT_FOUND}, "the firewall is not-found", "防火墙没有运行"),
    ],
)
def test_a_guard_that_was_stopped_or_left_out_is_named(
    name: str, states: dict[str, str], words: str, title: str, tmp_path: Path
) -> None:
    outcome, cause, next_action = look(terminal(tmp_path, states), name)
    assert (outcome, words in cause, next_action.startswith("Run: ")) == ("warn", True, True), cause
    assert checks.problem(name, outcome, cause).title == title


def test_a_terminal_without_nftables_is_told_so(tmp_path: Path) -> None:
    site = terminal(tmp_path)
    (tmp_path / NFT).unlink()
    outcome, cause, _ = look(site, "firewall")
    assert (outcome, checks.problem("firewall", outcome, cause).title) == ("warn", "没有装防火墙")


def test_a_table_that_somebody_flushed_is_missed_by_root_although_systemd_says_active(tmp_path: Path) -> None:
    assert look(terminal(tmp_path, held=lambda: False), "firewall")[0] == "warn"
    assert look(terminal(tmp_path / "well", {}, lambda: True), "firewall")[:2] == ("ok", "the kernel holds it")


@pytest.mark.parametrize("gone", BLOCKED)
def test_rules_out_of_which_a_block_was_taken_are_named(gone: str, tmp_path: Path) -> None:
    site = terminal(tmp_path)
    rules = tmp_path / RULES
    rules.write_text(rules.read_text().replace(gone, "fe:01:01"))
    outcome, cause, _ = look(site, "usb-guard")
    assert (outcome, gone in cause) == ("warn", True)
    assert checks.problem("usb-guard", outcome, cause).title == "USB 防护的规则不对"


def test_a_class_that_is_allowed_before_it_is_blocked_is_not_blocked(tmp_path: Path) -> None:
    site = terminal(tmp_path)
    rules = tmp_path / RULES
    packaged = rules.read_text()
    rules.write_text(f"allow with-interface one-of {{ 03:*:* }}\n{packaged}")
    assert look(site, "usb-guard")[0] == "warn"
    rules.write_text(f"allow id 1234:5678\n{packaged}")
    assert look(site, "usb-guard")[0] == "ok", "the site's own keypad"


GENERATED = (
    'allow id 046d:c31c serial "" name "USB Keyboard" hash "aGFzaA==" with-interface { 03:01:01 03:00:00 }\n'
    'allow id 0781:5567 serial "4C53" name "Cruzer" hash "aGFzaA==" with-interface 08:06:50 via-port "1-2"\n'
    'allow id 1d6b:0002 serial "0000:00:14.0" name "xHCI Host Controller" with-interface 09:00:00\n'
)
"""As `usbguard generate-policy` writes it (usbguard(1)), with what a technician had plugged in."""


def test_what_was_plugged_in_when_usbguard_was_installed_is_found_among_its_rules(tmp_path: Path) -> None:
    site = terminal(tmp_path)
    (tmp_path / FIRST).write_text(GENERATED)
    outcome, cause, _ = look(site, "usb-guard")
    assert (outcome, cause) == ("warn", "other rules let 2 keyboards or sticks in")
    assert checks.problem("usb-guard", outcome, cause).title == "USB 防护的规则不对"
    (tmp_path / FIRST).write_text("# Nothing.\nallow id 1234:5678\n")
    assert look(site, "usb-guard")[0] == "ok", "a keypad that the site let in by name"


def test_rules_that_are_gone_and_rules_for_root_alone_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = terminal(tmp_path)
    (tmp_path / RULES).unlink()
    assert look(site, "usb-guard")[:2] == ("warn", "the package's rules are not there")

    def denied(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr(Site, "text", lambda *_: "")  # type: ignore[misc]
    monkeypatch.setattr(Path, "read_text", denied)
    assert look(site, "usb-guard") == ("ok", "at work; its rules are for root to read", "")


def program(folder: Path, said: str, code: int = 0) -> str:
    file = folder / "program"
    file.write_text(f"#!/bin/sh\nprintf '%b' '{said}'\nexit {code}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("said", "code", "state"),
    [
        ("LoadState=loaded\\nActiveState=active\\n", 0, "active"),
        ("ActiveState=inactive\\nLoadState=not-found\\n", 0, NOT_FOUND),
        ("LoadState=masked\\nActiveState=inactive\\n", 0, "inactive"),
        ("", 1, None),
        ("something else\\n", 0, None),
    ],
)
def test_what_systemd_says_of_a_unit(said: str, code: int, state: str | None, tmp_path: Path) -> None:
    assert probes.unit_state(USBGUARD, program(tmp_path, said, code)) == state


def test_a_machine_without_systemd_or_nft_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert probes.unit_state(USBGUARD, nowhere) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert probes.firewall_held(nowhere) is None
    assert probes.firewall_held(program(tmp_path, "table inet kiosk {}")) is True
    assert probes.firewall_held(program(tmp_path, "", 1)) is False
    monkeypatch.setattr(os, "geteuid", lambda: 998)
    assert probes.firewall_held(program(tmp_path, "")) is None, "only root may ask"


def test_what_the_two_ask_is_begun_before_those_that_only_look() -> None:
    assert all(one.waits for one in CHECKS if one.name in BOTH)
