"""Printing: what GBK text saves over pictures, and what confirmed printing costs over bare writing."""

from __future__ import annotations

import os
import pty
import statistics
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from drivers.api import QR, Banner, JobState, Para, Receipt, Row, Rule, Title
from drivers.printers.escpos import encode_receipt, raster
from drivers.printers.models import generic
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_preview import picture_of
from drivers.sim.pty_link import PtyLink

RUNS = 15
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


@contextmanager
def drained_pty() -> Iterator[int]:
    """The writing end of a pty whose other end is read and thrown away."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    stop = threading.Event()

    def drain() -> None:
        while not stop.is_set():
            os.read(master, 4096)

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    yield slave
    stop.set()
    os.write(slave, b"\n")
    reader.join()
    os.close(slave)
    os.close(master)


def bare_write_s(data: bytes) -> float:
    with drained_pty() as slave:
        began = time.perf_counter()
        view = memoryview(data)
        while view:
            view = view[os.write(slave, view[:256]) :]
        return time.perf_counter() - began


def test_text_and_native_qr_are_a_small_part_of_pictures() -> None:
    encoded = encode_receipt(RECEIPT, generic(80))
    picture = picture_of(encoded, 80)
    dots = raster(Image.eval(picture.convert("L"), lambda v: 255 - v).convert("1"))
    share = encoded.size / len(dots)
    print(f"\ntext {encoded.size} bytes, pictures {len(dots)} bytes: {share:.1%}")
    print("".join(f"at {b}: {encoded.size * 10 / b:.2f} s / {len(dots) * 10 / b:.1f} s  " for b in (9600, 38400, 115200)))
    assert share <= 0.05


def test_confirmed_printing_costs_little_over_bare_writing() -> None:
    """Bound: the twin reads every byte as a printer does, which a bare write does not; 115200 baud takes 0.2 s."""
    encoded = encode_receipt(RECEIPT, generic(80))
    data = b"".join(encoded.segments) + encoded.cut
    times: list[float] = []
    with PtyLink(SimPrinter()) as link:
        printer = SerialPrinter(link.port)
        assert printer.print_receipt(RECEIPT).state is JobState.DONE
        for _ in range(RUNS):
            began = time.perf_counter()
            assert printer.print_receipt(RECEIPT).state is JobState.DONE
            times.append(time.perf_counter() - began)
        printer.close()
    bare = statistics.median(bare_write_s(data) for _ in range(RUNS))
    done = statistics.median(times)
    on_the_wire = len(data) * 10 / 115200
    print(f"\nprinted and confirmed {done * 1000:.1f} ms, bare write {bare * 1000:.2f} ms, wire {on_the_wire * 1000:.0f} ms")
    assert done - bare <= 0.25 * on_the_wire
