"""Printing: what GBK text saves over pictures, and what confirmed printing costs over bare writing.

Both ways send the same bytes over a pty to the same simulated printer, in turn: the terminal's asks for the status,
sends a heartbeat and two markers and waits for their answers; the bare way is `os.write` until the paper is cut. A pty
has no baud rate, so the difference is held against the time the bytes would take on a wire.
Run: `python -m tests.bench.bench_printer`.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from PIL import Image

from drivers.api import QR, Banner, JobState, Para, Receipt, Row, Rule, Title
from drivers.printers.escpos import encode_receipt, raster
from drivers.printers.models import generic
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_preview import picture_of
from drivers.sim.pty_link import PtyLink

ROUNDS = 40
WARM_UP = 3
SHARE_TARGET = 0.05
"""Text bytes over picture bytes."""
OVERHEAD_TARGET = 0.25
"""What confirmation adds over bare writing, as a part of the time the same bytes take on the wire at 115200 baud."""
RECEIPT = Receipt(
    "T0001-000042",
    (
        Title("榕树街便民服务中心"),
        Para("Rongshu Street Service Centre", centred=True),
        Row("终端 T0001", "正本 ORIGINAL", bold=True),
        Rule("double"),
        Title("户籍和居住证明", centred=False),
        *(Row(f"项目 Item {n}", f"内容 {n}") for n in range(14)),
        Banner("received", "市公安局已收到", ("RECEIVED by the Public Security Bureau",)),
        *(Para(f"第{n}项不用交，政府已经查到。\nItem {n} is not needed.") for n in range(8)),
        QR("https://example.invalid/v/0123456789abcdef"),
        Row("市民热线 Hotline", "12345", bold=True),
    ),
)


def sizes() -> tuple[int, int]:
    """Bytes of the receipt as text with a native QR code, and as one picture."""
    encoded = encode_receipt(RECEIPT, generic(80))
    ink = picture_of(encoded, 80).convert("L").point(lambda v: 255 - v).convert("1", dither=Image.Dither.NONE)
    return encoded.size, len(raster(ink))


def printed_ms(printer: SerialPrinter) -> float:
    began = time.perf_counter()
    result = printer.print_receipt(RECEIPT)
    took = (time.perf_counter() - began) * 1000
    assert result.state is JobState.DONE, result
    return took


def bare_ms(sim: SimPrinter, port: str, data: bytes) -> float:
    """The same bytes by bare `os.write`, encoded too, until the paper is cut."""
    before = len(sim.receipts)
    began = time.perf_counter()
    encode_receipt(RECEIPT, generic(80))
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        with sim.changed:
            assert sim.changed.wait_for(lambda: len(sim.receipts) > before, timeout=10)
        return (time.perf_counter() - began) * 1000
    finally:
        os.close(fd)


def main() -> int:
    """Print the figures; 1 if one is missed."""
    text, picture = sizes()
    share = text / picture
    for baud in (9600, 38400, 115200):
        print(f"{baud:>7} baud: text {text * 10 / baud:6.2f} s, picture {picture * 10 / baud:6.1f} s")
    print(f"text {text} bytes, picture {picture} bytes: {share:.1%} (target {SHARE_TARGET:.0%})")
    encoded = encode_receipt(RECEIPT, generic(80))
    data = b"".join(encoded.segments) + encoded.cut
    done, bare = [], []
    for n in range(ROUNDS + WARM_UP):
        sim = SimPrinter()
        with PtyLink(sim) as link:
            printer = SerialPrinter(link.port)
            printer.connect()
            took = printed_ms(printer)
            printer.close()
            direct = bare_ms(sim, link.port, data)
        if n >= WARM_UP:
            done.append(took)
            bare.append(direct)
    printed, written, wire = statistics.median(done), statistics.median(bare), len(data) * 10_000 / 115200
    overhead = (printed - written) / wire
    print(f"confirmed {printed:.1f} ms, bare write {written:.1f} ms, ratio {printed / written:.2f}; wire {wire:.0f} ms")
    print(f"confirmation adds {overhead:.1%} of the time on the wire (target {OVERHEAD_TARGET:.0%})")
    return 0 if share <= SHARE_TARGET and overhead <= OVERHEAD_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
