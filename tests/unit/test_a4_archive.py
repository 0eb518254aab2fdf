"""What PDF/A-2b asks of the page, read by qpdf: a reader that has nothing to do with whoever wrote it.

No validator of PDF/A looks at it (docs/printing.md says why), so each thing that is held is named here.
Source: ISO 19005-2:2011, clauses by number.
"""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.basePen import NullPen

from drivers.printers.a4.certificate import render_certificate
from tests.pages import page_text
from tests.unit.test_a4_document import PAGE

Json = dict[str, Any]
SAMPLE = render_certificate(replace(PAGE, sample=True, copy=True))
FORBIDDEN = ("/JS", "/JavaScript", "/AA", "/EmbeddedFiles", "/AcroForm", "/Encrypt", "/Launch", "/Movie")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """Every object of the file, by its name; streams unpacked."""
    file = tmp_path_factory.mktemp("a4") / "page.pdf"
    file.write_bytes(SAMPLE)
    return read(file)


def read(file: Path) -> Json:
    command = ["qpdf", "--json=2", "--json-stream-data=inline", "--decode-level=generalized", str(file)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)["qpdf"][1]


def value(objects: Json, name: object) -> Any:
    """What a reference points to; anything else is itself."""
    if not isinstance(name, str) or not re.fullmatch(r"\d+ \d+ R", name):
        return name
    held = objects[f"obj:{name}"]
    return held["stream"] if "stream" in held else held["value"]


def data(stream: Json) -> bytes:
    return base64.b64decode(stream["data"])


def dictionaries(node: object) -> Iterator[Json]:
    """Every dictionary of the file."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from dictionaries(part)
    elif isinstance(node, list):
        for part in node:
            yield from dictionaries(part)


def root(objects: Json) -> Json:
    return value(objects, objects["trailer"]["value"]["/Root"])


def test_the_header_is_binary_and_the_file_has_an_id_and_no_secret(objects: Json) -> None:
    first, second = SAMPLE.split(b"\n")[:2]
    assert re.fullmatch(rb"%PDF-1\.[0-7]", first.strip())  # 6.1.2
    assert second.startswith(b"%")
    assert all(byte > 127 for byte in second[1:5])
    trailer = objects["trailer"]["value"]
    assert len(trailer["/ID"]) == 2  # 6.1.3
    assert "/Encrypt" not in trailer


def test_the_metadata_say_what_it_is_and_agree_with_the_file(objects: Json) -> None:
    stream = value(objects, root(objects)["/Metadata"])
    assert (stream["dict"]["/Type"], stream["dict"]["/Subtype"]) == ("/Metadata", "/XML")
    assert "/Filter" not in stream["dict"]  # 6.6.2.1
    text = data(stream).decode("utf-8")
    part = re.search(r"<pdfaid:part>(\d)</pdfaid:part>|pdfaid:part=\"(\d)\"", text)
    level = re.search(r"<pdfaid:conformance>(\w)</pdfaid:conformance>|pdfaid:conformance=\"(\w)\"", text)
    assert part is not None
    assert level is not None
    assert (part[1] or part[2], level[1] or level[2]) == ("2", "B")  # 6.6.4
    assert PAGE.title.zh in text


def test_colours_are_those_of_one_embedded_profile(objects: Json) -> None:
    (intent,) = [value(objects, one) for one in root(objects)["/OutputIntents"]]
    assert intent["/S"] == "/GTS_PDFA1"  # 6.2.3
    profile = value(objects, intent["/DestOutputProfile"])
    assert profile["dict"]["/N"] == 3
    icc = data(profile)
    assert (icc[36:40], icc[16:20]) == (b"acsp", b"RGB ")
    assert int.from_bytes(icc[:4]) == len(icc)
    spaces = {str(one["/ColorSpace"]) for one in dictionaries(objects) if "/ColorSpace" in one}
    assert not any("CMYK" in space for space in spaces)
    contents = [data(item["stream"]) for item in objects.values() if "stream" in item]
    drawn = [content for content in contents if b" Tf" in content]
    assert drawn
    assert not any(re.search(rb"[\d.]+ [\d.]+ [\d.]+ [\d.]+ [kK]\s", content) for content in drawn)


def test_every_font_is_in_the_file_and_every_letter_can_be_copied_out(objects: Json) -> None:
    fonts = [one for one in dictionaries(objects) if one.get("/Type") == "/Font"]
    assert fonts
    for font in fonts:
        assert font["/Subtype"] in {"/Type0", "/CIDFontType0", "/CIDFontType2"}, "no font that a printer must have"
        if font["/Subtype"] == "/Type0":
            assert "/ToUnicode" in font
            continue
        descriptor = value(objects, font["/FontDescriptor"])
        found = [descriptor[key] for key in ("/FontFile2", "/FontFile3") if key in descriptor]
        assert len(found) == 1  # 6.2.11.4.1
        assert len(data(value(objects, found[0]))) > 1000
    assert PAGE.title.zh in page_text(SAMPLE).replace(" ", "")


def test_nothing_is_transparent(objects: Json) -> None:
    for one in dictionaries(objects):  # 6.2.10 allows some; none is used
        assert one.get("/SMask", "/None") == "/None"
        assert (one.get("/ca", 1), one.get("/CA", 1)) == (1, 1)
        assert one.get("/BM", "/Normal") in {"/Normal", "/Compatible"}
        if one.get("/S") == "/Transparency":  # fpdf2 declares a group for every page
            assert one["/CS"] == "/DeviceRGB"


def test_nothing_runs_and_nothing_is_fetched(objects: Json) -> None:
    assert isinstance(root(objects).get("/OpenAction", []), list), "a place on the page, no action"
    for one in dictionaries(objects):
        assert not [name for name in FORBIDDEN if name in one]  # 6.5
        assert one.get("/S") not in {"/URI", "/GoToR", "/SubmitForm", "/ImportData"}
        assert one.get("/Subtype") not in {"/Link", "/Widget", "/PostScript"} or one.get("/Type") == "/Metadata"
        assert "/F" not in one or "/Length" not in one, "streams are inside the file"  # 6.1.7.1


# ---------------------------------------------------------------------------------------- what is drawn, and with what


ESCAPED = {b"r": b"\r", b"n": b"\n"}


def shown_codes(content: bytes) -> dict[str, set[int]]:
    """Which codes of two bytes each font shows in a page's content."""
    used: dict[str, set[int]] = {}
    font = ""
    for name, text in re.findall(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) ?(?:Tj|')", content, re.DOTALL):
        if name:
            font = name.decode()
            continue
        plain = re.sub(rb"\\(.)", lambda one: ESCAPED.get(one[1], one[1]), text, flags=re.DOTALL)
        codes = used.setdefault(font, set())
        codes |= {int.from_bytes(plain[at : at + 2]) for at in range(0, len(plain), 2)}
    return used


def listed_widths(raw: list[Any]) -> dict[int, float]:
    """A `/W` array by CID (ISO 32000-1, 9.7.4.3)."""
    found: dict[int, float] = {}
    at = 0
    while at < len(raw):
        if isinstance(raw[at + 1], list):
            found |= {raw[at] + place: float(width) for place, width in enumerate(raw[at + 1])}
            at += 2
        else:
            found |= dict.fromkeys(range(raw[at], raw[at + 1] + 1), float(raw[at + 2]))
            at += 3
    return found


def program_widths(cff: bytes) -> dict[int, Any]:
    """The advance of each glyph by CID, from the embedded font program itself."""
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(cff), None)
    top: Any = fonts[0]
    assert top.ROS[:2] == ("Adobe", "Identity")
    widths: dict[int, Any] = {}
    for name in top.charset:
        glyph = top.CharStrings[name]
        glyph.draw(NullPen())
        widths[0 if name == ".notdef" else int(name.removeprefix("cid"))] = glyph.width
    return widths


def test_every_letter_that_is_drawn_is_in_its_font_with_the_width_that_is_said(objects: Json) -> None:
    pages = [one for one in dictionaries(objects) if one.get("/Type") == "/Page"]
    (page,) = pages
    fonts = value(objects, value(objects, page["/Resources"])["/Font"])
    used = shown_codes(data(value(objects, page["/Contents"])))
    assert used
    for name, codes in used.items():
        font = value(objects, fonts[f"/{name}"])
        (inner,) = [value(objects, one) for one in font["/DescendantFonts"]]
        system = value(objects, inner["/CIDSystemInfo"])
        assert (system["/Registry"], system["/Ordering"]) == ("u:Adobe", "u:Identity")  # 6.2.11.3.1
        cmap = data(value(objects, font["/Encoding"]))  # 6.2.11.3.3: it is in the file
        of = {int(code, 16): int(cid) for code, cid in re.findall(rb"<([0-9A-F]{4})> (\d+)\n", cmap)}
        said = listed_widths(value(objects, inner["/W"]))
        true = program_widths(data(value(objects, value(objects, inner["/FontDescriptor"])["/FontFile3"])))
        assert len(codes) > 10
        for code in codes:
            cid = of[code]
            assert cid > 0, "no letter is missing"  # 6.2.11.8
            assert cid in true, f"the letter {cid} is embedded"  # 6.2.11.4.1
            assert abs(said.get(cid, inner["/DW"]) - true[cid]) <= 1, cid  # 6.2.11.5


def test_the_file_is_whole_and_nothing_stands_behind_its_end(objects: Json) -> None:
    assert SAMPLE.rstrip(b"\r\n").endswith(b"%%EOF")  # 6.1.3
    assert SAMPLE.count(b"%%EOF") == 1, "no changes were added later"
    filters = {str(one["/Filter"]) for one in dictionaries(objects) if "/Filter" in one}
    assert not any(name in filter_ for filter_ in filters for name in ("LZW", "Crypt", "JPX"))  # 6.1.7.2
    assert "/OCProperties" not in root(objects), "no layers"  # 6.9
    for one in dictionaries(objects):
        assert one.get("/Interpolate", False) is False  # 6.2.8
        assert not {"/TR", "/HTP", "/Alternates", "/OPI"} & set(one)  # 6.2.5, 6.2.8


def test_the_readers_of_these_tests_read_what_is_there() -> None:
    assert shown_codes(b"BT /F1 9 Tf ET (\x00\\)\x00\\\\) Tj") == {"F1": {0x29, 0x5C}}
    assert listed_widths([1, 3, 500, 7, [600, 700]]) == {1: 500, 2: 500, 3: 500, 7: 600, 8: 700}
