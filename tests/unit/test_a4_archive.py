"""What PDF/A-2b asks of the page, read by qpdf: a reader that has nothing to do with whoever wrote it.

No validator of PDF/A looks at it (docs/printing.md says why), so each thing that is held is named here.
Source: ISO 19005-2:2011, clauses by number.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
