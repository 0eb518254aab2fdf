"""Printing: bytes of a receipt against a picture of it, and the time from "print" to the printer's own word.

The receipt is the 41-line bilingual one of the issue, its QR code a signed token. python-escpos draws the same paper as
one picture in the same run. For the time, the bytes go through the serial driver and a pty that carries them at 38,400
baud, as a wire would; the printer's word comes back after the cut.
Run: `python -m tests.bench.bench_printer`.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from contextlib import redirect_stdout

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from escpos.printer import Dummy

from drivers.api import QR, Banner, JobState, Para, Receipt, Row, Rule, Title
from drivers.printers.escpos import encode_receipt
from drivers.printers.models import generic, model
from drivers.printers.paper.layout import TextLine, lay_out
from drivers.printers.serial_printer import SerialPrinter
from drivers.sim.printer import SimPrinter
from drivers.sim.printer_preview import picture_of
from drivers.sim.pty_link import PtyLink
from kiosk.bench.fleet.plot import Curve
from offline_cache.wire.receipt_token import ReceiptToken, sign_token
from tests.bench.figures import Figure, Figures

ROUNDS = 7
WARM_UP = 1
BAUD = 38_400
BYTES_TARGET = 2_100
SMALLER_TARGET = 25.0
TIME_TARGET = 1.10
"""From the press of "print" to the printer's confirmation, over the time of the same bytes on the wire."""
LINE_BYTES_TARGET = 576 // 8 * 24 + 100
"""A line with a rare character is one picture of its own height."""
LINES = 41


def receipt() -> Receipt:
    """The receipt: 41 lines of text, Chinese and English, and a signed QR code."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    token = sign_token(ReceiptToken("T0001-000042", "T0001", "residence", 1_810_000_000, received=True), key)
    names = (
        ("户口簿", "Household book"),
        ("房产证", "Property title"),
        ("居住证", "Residence permit"),
        ("出生证明", "Birth record"),
        ("社保证明", "Insurance"),
    )
    return Receipt(
        "T0001-000042",
        (
            Title("榕树街便民服务中心"),
            Para("Rongshu Street Service Centre", centred=True),
            Row("终端 T0001", "正本 ORIGINAL", bold=True),
            Rule("double"),
            Title("公办小学入学报名", centred=False),
            Para("Public primary school enrolment"),
            Row("编号 Number", "T0001-000042", bold=True),
            Row("时间 Time", "2027-05-18 10:29"),
            Row("办理人 Name", "陈*娴"),
            Row("证件 ID", "**************0021"),
            Banner("received", "市教育局已收到", ("RECEIVED by the Education Bureau", "2027-05-18 10:29:07")),
            Para("收到的：报名表", bold=True),
            Para("Received: application form"),
            Rule(),
            Para("这些不用交，政府已经查到", bold=True),
            Para("NOT needed, the city has them:"),
            *(block for zh, en in names for block in (Row(f"× {zh}", "公安局"), Para(en, indent=2))),
            Rule(),
            Para("下一步：等短信。6月8日前发到 138****5678。", bold=True),
            Para("Next: a text by 8 June."),
            Para("没有短信，请打 12345。", bold=True),
            Para("No text? Call 12345."),
            QR(token),
            Para("扫码核对真伪", centred=True),
            Para("Scan to verify", centred=True),
            Rule("double"),
            Row("市民热线 Hotline", "12345", bold=True),
            Para("窗口 9:00-17:00"),
            Para("Counters 9 to 5"),
            Para("请收好这张凭条。"),
            Para("Keep this."),
        ),
    )


def as_picture(paper: Receipt) -> int:
    """Bytes that python-escpos sends for the same paper as one picture."""
    image = picture_of(encode_receipt(paper, generic(80)), 80)
    dummy = Dummy()
    with redirect_stdout(io.StringIO()):  # it says for each piece of the picture that its profile has no width
        dummy.image(image.convert("L"), impl="bitImageRaster", center=False)
    return len(dummy.output)


def rare_line_bytes() -> int:
    """What one line with a rare name costs more than the same line without."""
    plain = Receipt("1", (Row("办理人 Name", "黎*吉"),))
    rare = Receipt("1", (Row("办理人 Name", "黎*𠮷"),))
    return encode_receipt(rare, generic(80)).size - encode_receipt(plain, generic(80)).size


def confirmed_s(paper: Receipt) -> tuple[float, int]:
    """Seconds from "print" to the printer's word, and the bytes of the receipt."""
    sim = SimPrinter()
    with PtyLink(sim, baud=BAUD) as link:
        printer = SerialPrinter(link.port, model=model("epson-tm-t88"))
        printer.connect()
        began = time.perf_counter()
        result = printer.print_receipt(paper)
        took = time.perf_counter() - began
        printer.close()
    assert result.state is JobState.DONE, result
    assert [p.complete for p in sim.receipts] == [True]
    return took, result.bytes_sent


def longer(lines: int) -> Receipt:
    """A receipt with so many more lines than the head of the one above."""
    rows = tuple(Row(f"第 {number} 份材料", "已核对") for number in range(1, lines + 1))
    return Receipt("T0001-000042", (Title("榕树街便民服务中心"), *rows))


def main() -> int:
    """Print the figures; 1 if one is missed."""
    paper = receipt()
    lines = sum(isinstance(line, TextLine) for line in lay_out(paper))
    text, picture, line = encode_receipt(paper, generic(80)).size, as_picture(paper), rare_line_bytes()
    measured = [confirmed_s(paper) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    wire = measured[0][1] * 10 / BAUD
    ratios = [took / wire for took, _ in measured]
    told = Figures("printer", "Printing a receipt", ("python-escpos", "pyserial"))
    told.add(Figure("lines of the receipt", lines, "lines", most=LINES, least=LINES))
    told.add(Figure("its bytes", text, "bytes", most=BYTES_TARGET))
    told.add(
        Figure("python-escpos picture of the same / its bytes", picture / text, least=SMALLER_TARGET,
               detail=f"the picture has {picture:,} bytes")
    )  # fmt: skip
    told.add(
        Figure("a line with a rare character", line, "bytes", most=LINE_BYTES_TARGET, detail="one line of picture")
    )
    told.add(
        Figure("print to the printer's word / wire time", statistics.median(ratios), most=TIME_TARGET,
               runs=ROUNDS, low=min(ratios), high=max(ratios),
               detail=f"{measured[0][1]:,} bytes, {wire * 1000:.0f} ms at {BAUD:,} baud")
    )  # fmt: skip
    sizes = (5, 20, 40, 80)
    as_text = [(float(size), float(encode_receipt(longer(size), generic(80)).size)) for size in sizes]
    drawn = [(float(size), float(as_picture(longer(size)))) for size in sizes]
    told.curves.append(Curve("Bytes of a receipt", "lines", "bytes", {"ours": as_text, "a picture": drawn}))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
