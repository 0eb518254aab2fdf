"""Builds the touchscreen's fonts out of Debian's `fonts-noto-cjk`: `python -m kiosk.ui.build_fonts [build/fonts]`.

Noto's collection opens its Japanese face, which writes 直 骨 令 角 复 门 in shapes that a reader in Guangzhou takes for
mistakes. So the Simplified Chinese face (and the Hong Kong face for Traditional text) is taken out and cut down to
what a terminal shows: Latin, punctuation, arrows, shapes and all Chinese characters. The result is not committed.

Opening a font of 45,000 glyphs takes 7 ms, and a screen opens eight (a size and weight each). So a small font of the
common characters is cut as well; the large one is opened for the rare ones only.
"""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE_FOLDER = Path("/usr/share/fonts/opentype/noto")
DEFAULT_TARGET = Path("build/fonts")
WEIGHTS = ("Regular", "Bold")
FACES = {"SC": "Noto Sans CJK SC", "HK": "Noto Sans CJK HK"}
"""Part of the file name -> how the full name of the face in the collection begins."""
RANGES = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x2010, 0x206F),
    (0x20AC, 0x20AC),
    (0x2190, 0x21FF),
    (0x2460, 0x2473),
    (0x25A0, 0x25FF),
    (0x3000, 0x303F),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x2FFFF),
    (0x30000, 0x3134F),
)
"""Code points kept, both ends included. 𠮷 (U+20BB7) and other rare names are in the last two."""
CODECS = {"SC": "gb2312", "HK": "big5"}
"""Part of the file name -> the character set whose ideographs are common for its readers."""
OWN_NAMES = frozenset("廣話话")
"""What the languages' own names have beyond those: the first screen shows all of them, whatever its language."""


def fonts_folder() -> Path:
    """Where the fonts lie: in the environment that the package installed, else where `make` built them.

    A checkout's are beside its program, whatever folder the command is given in.
    """
    installed = Path(sys.prefix) / "share" / "kiosk" / "fonts"
    beside = Path(__file__).parents[2] / DEFAULT_TARGET
    return next((folder for folder in (installed, DEFAULT_TARGET, beside) if folder.is_dir()), DEFAULT_TARGET)


class FontSourceMissingError(Exception):
    """The Debian package with the collection is not installed; `code` and `next_step` say what to do."""

    code = "font-source-missing"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing; install the Debian package fonts-noto-cjk")
        self.next_step = "apt-get install fonts-noto-cjk"


def font_file(folder: Path, face: str, weight: str, *, common: bool = False) -> Path:
    """Where the font of one face ("SC", "HK") and weight ("Regular", "Bold") lies in `folder`."""
    return folder / f"NotoSans{face}-{weight}{'-common' if common else ''}.otf"


def font_files(folder: Path) -> list[Path]:
    """All files that `build` writes into `folder`."""
    kinds = (False, True)
    return [font_file(folder, face, weight, common=kind) for weight in WEIGHTS for face in FACES for kind in kinds]


def is_common(text: str, face: str) -> bool:
    """Whether the small font of `face` has every character of `text` that the large one has."""
    beyond = (letter for letter in text if 0x3040 <= ord(letter) < 0xFF00 or ord(letter) > 0xFFEF)
    ideographs = "".join(letter for letter in beyond if letter not in OWN_NAMES)
    try:
        ideographs.encode(CODECS[face])
    except UnicodeEncodeError:
        return False
    return True


def codes(face: str, *, common: bool) -> list[int]:
    """The code points of a font."""
    every = [code for first, last in RANGES for code in range(first, last + 1)]
    return [code for code in every if is_common(chr(code), face)] if common else every


def build(target: Path, source: Path = SOURCE_FOLDER) -> list[Path]:
    """Write the fonts that are not yet in `target` and return the paths of all. Takes about a minute.

    Raises:
        FontSourceMissingError: a collection is not in `source`.
    """
    for weight in WEIGHTS:
        if not (source / f"NotoSansCJK-{weight}.ttc").exists():
            raise FontSourceMissingError(source / f"NotoSansCJK-{weight}.ttc")
    target.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        collection = source / f"NotoSansCJK-{weight}.ttc"
        for face, begins in FACES.items():
            for common in (False, True):
                out = font_file(target, face, weight, common=common)
                if not out.exists():
                    _cut(collection, begins, codes(face, common=common), out)
    return font_files(target)


def _cut(source: Path, begins: str, unicodes: list[int], out: Path) -> None:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTCollection

    # opened anew each time: the subsetter changes the font it is given
    fonts = TTCollection(str(source), lazy=True).fonts
    names = [str(one["name"].getDebugName(4)) for one in fonts]
    font = fonts[next(i for i, name in enumerate(names) if f"{name} ".startswith(f"{begins} "))]
    options = Options()
    options.layout_features = ["kern", "liga"]
    options.hinting = False
    options.desubroutinize = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    cutter = Subsetter(options)
    cutter.populate(unicodes=unicodes)
    cutter.subset(font)
    part = out.with_suffix(".part")
    font.save(str(part))
    part.replace(out)


def main(argv: list[str]) -> int:
    """Build into the folder named on the command line; return the exit code."""
    target = Path(argv[0]) if argv else DEFAULT_TARGET
    missing = [path for path in font_files(target) if not path.exists()]
    if not missing:
        sys.stdout.write(f"fonts are in {target}\n")
        return 0
    try:
        paths = build(target)
    except FontSourceMissingError as error:
        sys.stderr.write(f"{error} ({error.code})\n")
        return 1
    for path in paths:
        sys.stdout.write(f"{path} {path.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
