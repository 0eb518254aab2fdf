"""A receipt as a picture, made from the very bytes that a printer gets."""

from __future__ import annotations

from PIL import Image

from drivers.printers.escpos import EncodedReceipt
from drivers.sim.printer import SimPrinter


def picture_of(encoded: EncodedReceipt, width_mm: int) -> Image.Image:
    """The bytes of a receipt as a picture, read as the printer reads them. Raises `FontMissing`."""
    printer = SimPrinter(width_mm=width_mm)
    for data in (*encoded.segments, encoded.cut):
        printer.receive(data)
    return printer.receipts[0].image()
