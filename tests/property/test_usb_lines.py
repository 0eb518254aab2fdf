"""What USBGuard tells of a device: a device's own words never count as a field, and no line is too odd to be read."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from provisioning.stick import Device, parse

HEX = "0123456789abcdef"
PAIR = st.text(HEX, min_size=2, max_size=2)
INTERFACE = st.tuples(PAIR, PAIR, PAIR).map(":".join)
PORT = st.tuples(st.integers(1, 20), st.lists(st.integers(1, 15), min_size=1, max_size=5)).map(
    lambda parts: f"{parts[0]}-{'.'.join(map(str, parts[1]))}"
)
CONNECT = st.sampled_from(["", "hotplug", "hardwired", "not used", "unknown"])
NASTY = 'x" via-port "9-9" with-interface 08:06:50 with-connect-type "hotplug'


def quoted(words: str) -> str:
    """As USBGuard writes a string: quotes and backslashes escaped, what is no printable character as \\xHH."""
    shown = words.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\x{ord(one) & 0xFF:02x}" for one in shown) + '"'


@given(st.integers(0, 10**6), st.sampled_from(["allow", "block", "reject"]), st.text(), st.text(), PORT,
       st.lists(INTERFACE, min_size=1, max_size=6), CONNECT)  # fmt: skip
@example(7, "block", NASTY, "\\", "1-2", ["08:06:50", "03:01:01"], "hotplug")
def test_a_device_is_what_usbguard_says_and_not_what_it_says_of_itself(
    number: int, target: str, serial: str, name: str, port: str, interfaces: list[str], connect: str
) -> None:
    classes = interfaces[0] if len(interfaces) == 1 else "{ " + " ".join(interfaces) + " }"
    line = (
        f"{number}: {target} id 0781:5567 serial {quoted(serial)} name {quoted(name)} "
        f'hash "n4Zq0r+/=" parent-hash "jEP/6WzviqdJ5VSeTUY8PatCNBKeaREvo2OqdplND/o=" via-port "{port}" '
        f'with-interface {classes} with-connect-type "{connect}"'
    )
    assert parse(line) == Device(str(number), port, tuple(interfaces), target == "allow", connect == "hardwired")


@given(st.text() | st.text('0123456789:- "\\{}abcdefilorstvw\n').map(lambda rest: "1: block " + rest))
@example("1: block with-interface { { 08:06:50 } }")
@example('1: block via-port "../../sda" with-interface 08:06:50')
@example('1: block name "unfinished via-port "1-2" with-interface 08:06:50')
@example('1: block via-port "1-2" with-interface one-of { 08:*:* }')
def test_a_line_that_is_odd_is_no_device_or_one_of_a_port(line: str) -> None:
    device = parse(line)
    assert device is None or (device.port[0].isdigit() and ".." not in device.port and "/" not in device.port)
