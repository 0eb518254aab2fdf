"""What stands on a page of PDF, read by ghostscript: a reader that has nothing to do with whoever wrote it."""

from __future__ import annotations

import io
import subprocess

from PIL import Image


def page_text(pdf: bytes) -> str:
    """The text of the document. Raises `CalledProcessError` for what is no PDF."""
    return _ghostscript(pdf, "txtwrite").decode("utf-8")


def picture_of(pdf: bytes, dpi: int = 100) -> Image.Image:
    """Its first page as a picture."""
    return Image.open(io.BytesIO(_ghostscript(pdf, "png16m", f"-r{dpi}", "-dLastPage=1")))


def _ghostscript(pdf: bytes, device: str, *more: str) -> bytes:
    command = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", f"-sDEVICE={device}", *more, "-sOutputFile=-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, timeout=60, check=True).stdout
