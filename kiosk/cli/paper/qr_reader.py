"""QR codes out of pictures, by zbar (Debian libzbar0), called through ctypes.

Source of the calls: zbar.h of zbar 0.23: `zbar_image_scanner_*`, `zbar_image_*`, `zbar_symbol_*`.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

LIBRARY = "libzbar.so.0"
MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM")
"""What cameras and scanners write. Others stay shut: Pillow hands an EPS to an interpreter of programs."""
_GREY = int.from_bytes(b"Y800", "little")
_QR, _ENABLE = 64, 0
_QUIET_PX = 40


class QrReaderError(Exception):
    """The picture could not be looked at."""

    code = "qr-reader"


class ZbarMissing(QrReaderError):
    """libzbar0 is not installed."""

    code = "zbar-missing"


class PictureUnreadable(QrReaderError):
    """Not a picture, or too large a one."""

    code = "picture-unreadable"


def read_qr_codes(picture: Path) -> list[str]:
    """The texts of the QR codes in a picture file. Raises `PictureUnreadable`, `ZbarMissing`."""
    from PIL import Image

    try:
        with Image.open(picture, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureUnreadable(f"{picture.name} has more than {MAX_PIXELS} pixels")
            inner = opened.convert("L")
    except (
        OSError,
        EOFError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:  # as Pillow's readers do
        raise PictureUnreadable(f"{picture.name} is not a picture that can be read") from error
    # A code at the edge of the picture has no quiet zone: paper goes on beyond it.
    grey = Image.new("L", (inner.width + 2 * _QUIET_PX, inner.height + 2 * _QUIET_PX), 255)
    grey.paste(inner, (_QUIET_PX, _QUIET_PX))
    return _scan(grey.tobytes(), grey.width, grey.height)


@cache
def _zbar() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise ZbarMissing("QR codes in pictures are read by zbar; install the package libzbar0") from error
    handle, number = ctypes.c_void_p, ctypes.c_uint
    for name, result, arguments in (
        ("image_scanner_create", handle, []),
        ("image_scanner_destroy", None, [handle]),
        ("image_scanner_set_config", ctypes.c_int, [handle, ctypes.c_int, ctypes.c_int, ctypes.c_int]),
        ("scan_image", ctypes.c_int, [handle, handle]),
        ("image_create", handle, []),
        ("image_destroy", None, [handle]),
        ("image_set_format", None, [handle, ctypes.c_ulong]),
        ("image_set_size", None, [handle, number, number]),
        ("image_set_data", None, [handle, handle, ctypes.c_ulong, handle]),
        ("image_first_symbol", handle, [handle]),
        ("symbol_next", handle, [handle]),
        ("symbol_get_data", handle, [handle]),
        ("symbol_get_data_length", number, [handle]),
    ):
        function = getattr(library, f"zbar_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def _scan(grey: bytes, width: int, height: int) -> list[str]:
    zbar = _zbar()
    scanner, image = zbar.zbar_image_scanner_create(), zbar.zbar_image_create()
    try:
        zbar.zbar_image_scanner_set_config(scanner, 0, _ENABLE, 0)
        zbar.zbar_image_scanner_set_config(scanner, _QR, _ENABLE, 1)
        zbar.zbar_image_set_format(image, _GREY)
        zbar.zbar_image_set_size(image, width, height)
        pixels = ctypes.create_string_buffer(grey, len(grey))
        zbar.zbar_image_set_data(image, ctypes.cast(pixels, ctypes.c_void_p), len(grey), None)
        if zbar.zbar_scan_image(scanner, image) < 0:
            raise PictureUnreadable("zbar cannot scan this picture")
        found: list[str] = []
        symbol = zbar.zbar_image_first_symbol(image)
        while symbol:
            size = zbar.zbar_symbol_get_data_length(symbol)
            found.append(ctypes.string_at(zbar.zbar_symbol_get_data(symbol), size).decode("utf-8", "replace"))
            symbol = zbar.zbar_symbol_next(symbol)
        return found
    finally:
        zbar.zbar_image_destroy(image)
        zbar.zbar_image_scanner_destroy(scanner)
