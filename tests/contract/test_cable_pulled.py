"""The cable of the printer is pulled at some byte: nothing of it stays behind, no thread, no file handle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from drivers.api import JobState, Para, Receipt
from drivers.printers.escpos import encode_receipt
from drivers.printers.link import Deadlines
from drivers.printers.models import generic
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.pty_link import PtyLink

RECEIPT = Receipt("T0001-000042", tuple(Para(f"第{n}行，内容。Line {n}.") for n in range(30)))
SIZE = encode_receipt(RECEIPT, generic(80)).size
DEADLINES = Deadlines(reply_s=0.3, heartbeat_s=0.02, silent_s=0.6, stall_s=0.6, finish_s=0.6)


def handles() -> set[str]:
    """The targets of the open file handles, ptys and sockets by kind: numbers of pipes differ from run to run."""
    found: set[str] = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{fd.name}:{fd.readlink()}")
        except FileNotFoundError:  # the handle that listed the folder
            continue
    return found


@pytest.mark.parametrize("at_byte", [0, 1, 3, 12, *range(40, SIZE, SIZE // 12), SIZE + 20])
def test_nothing_stays_behind(at_byte: int) -> None:
    SimPrinter().receive("预热\n".encode("gbk"))  # fonts are opened once
    threads, before = set(threading.enumerate()), handles()
    sim = SimPrinter()
    with PtyLink(sim) as link:
        printer = SerialPrinter(link.port, deadlines=DEADLINES)
        sim.set_fault("unplugged", after_bytes=at_byte)
        result = printer.print_receipt(RECEIPT)
        assert result.state in {
            JobState.NOT_PRINTED, JobState.PARTIAL, JobState.UNKNOWN, JobState.PRINTED_NOT_CUT, JobState.DONE,
        }  # fmt: skip
        if result.state is JobState.DONE:
            assert [p.complete for p in sim.receipts] == [True]
        assert not printer.status().answered or at_byte > SIZE
        printer.close()
    assert set(threading.enumerate()) == threads
    assert handles() == before


def test_the_cable_goes_in_and_out_again_and_again() -> None:
    sim = SimPrinter()
    with PtyLink(sim) as link:
        printer = SerialPrinter(link.port, deadlines=DEADLINES)
        assert printer.print_receipt(RECEIPT).state is JobState.DONE
        open_handles = len(handles())
        for _ in range(10):
            sim.unplug()
            while printer.status().answered:
                pass
            sim.plug()
            assert link.wait_for_port()
            assert printer.status().answered
        assert len(handles()) == open_handles
        printer.close()
