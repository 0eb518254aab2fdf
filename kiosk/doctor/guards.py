"""Checks of what guards an installed terminal: USBGuard against sticks and keyboards, nftables against callers.

Only the package makes a machine a terminal, and only there are both looked at. The terminal's own user asks systemd;
USBGuard's rules and the kernel's table are for root to read, and are looked at where that may be.
"""

from __future__ import annotations

import re

from kiosk.doctor.check import Finding, ok, skip, warn
from kiosk.doctor.site import NOT_FOUND, Site

APPLIANCE = "etc/kiosk/appliance"
USBGUARD, FIREWALL = "usbguard.service", "kiosk-firewall.service"
RULES = "etc/usbguard/rules.d/50-kiosk.conf"
BLOCKED = ("08:*:*", "03:01:01")
"""Storage and keyboards, as the package's rules name them (USB class:subclass:protocol)."""
FIRST = "etc/usbguard/rules.conf"
"""Counts before `RULES`. Debian's USBGuard may have written into it whatever was plugged in when it was installed."""
_OPENED = re.compile(r"allow .*\b(08:[0-9a-f*]{1,2}:|03:0[01]:01)", re.IGNORECASE)
NFT = "usr/sbin/nft"
"""Without it systemd does not start the firewall (`ConditionPathExists` of its unit)."""
_NO_TERMINAL = skip("this machine is no installed terminal", "On a terminal: install its package.")
_NO_ANSWER = skip("systemd does not answer here", "Run it on the terminal itself: sudo kiosk doctor")


def usb_guard(site: Site) -> Finding:
    """USBGuard is at work with the package's rules: sticks and keyboards are blocked."""
    if site.text(APPLIANCE) is None:
        return _NO_TERMINAL
    state = site.unit(USBGUARD)
    if state is None:
        return _NO_ANSWER
    if state == NOT_FOUND:
        return warn("not installed: sticks and keyboards are let in", "Run: apt-get install usbguard.")
    if state != "active":
        return warn(f"USBGuard is {state}: sticks and keyboards are let in", f"Run: systemctl restart {USBGUARD}.")
    return _rules(site)


def _rules(site: Site) -> Finding:
    """The rules are the package's, and nothing before them undoes them."""
    try:
        rules = (site.root / RULES).read_text("utf-8", "replace")
    except PermissionError:
        return ok("at work; its rules are for root to read")
    except OSError:
        return warn("the package's rules are not there", f"Put /{RULES} back: install the package again.")
    if opened := sum(bool(_OPENED.match(line)) for line in (site.text(FIRST) or "").splitlines()):
        return warn(f"other rules let {opened} keyboards or sticks in", f"Take them out of /{FIRST}, restart USBGuard.")
    if missing := _let_in(rules):
        return warn(f"the rules do not block {' and '.join(missing)}", f"Correct /{RULES}, then restart USBGuard.")
    return ok("at work, with the package's rules")


def _let_in(rules: str) -> list[str]:
    """What ought to be blocked before a whole class is allowed, and is not; one device (`allow id`) may come before."""
    blocking = ""
    for line in map(str.strip, rules.splitlines()):
        if line.startswith(("allow", "apply-policy")) and not line.startswith("allow id "):
            break
        blocking += f"{line}\n" if line.startswith(("block", "reject")) else ""
    return [one for one in BLOCKED if one not in blocking]


def firewall(site: Site) -> Finding:
    """The package's firewall is loaded: nobody calls in."""
    if site.text(APPLIANCE) is None:
        return _NO_TERMINAL
    if not (site.root / NFT).exists():
        return warn("nftables is not installed: nothing keeps callers out", "Run: apt-get install nftables; restart.")
    again = f"Run: systemctl restart {FIREWALL}."
    held = site.firewall()
    if held is not None:
        return ok("the kernel holds it") if held else warn("the kernel holds no table of the terminal", again)
    state = site.unit(FIREWALL)
    if state is None:
        return _NO_ANSWER
    if state != "active":
        return warn(f"the firewall is {state}: nothing keeps callers out", again)
    return ok("loaded; the kernel's table is for root to read")
