"""`kiosk print certificate`: the document, the page, and what is said of its printing."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from drivers.errors import ReceiptInvalid
from drivers.printers.a4.certificate_document import parse_certificate
from drivers.sim.ipp_printer import SimIppPrinter
from kiosk.__main__ import app

DOCUMENT: dict[str, Any] = {
    "number": "ZM-2027-004417",
    "city": {"zh": "广州市政务服务", "en": "Guangzhou Government Services"},
    "title": {"zh": "居住登记证明", "en": "Certificate of Residence Registration"},
    "sentence": {"zh": "兹证明 陈*娴 在本市登记居住。", "en": "This certifies a registration."},
    "rows": [[{"zh": "姓名", "en": "Name"}, "陈*娴"], [{"zh": "证件", "en": "ID"}, "440199********0021"]],
    "issuer": "广州市公安局",
    "issued": "2027-05-18",
    "token": "KR1:ABC",
    "check_code": "7351 0642",
    "terminal": "T0001",
}


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(DOCUMENT, ensure_ascii=False), encoding="utf-8")
    return str(path)


def kiosk(*words: str) -> tuple[int, dict[str, Any]]:
    run = CliRunner().invoke(app, ["print", "certificate", *words, "--json"])
    return run.exit_code, json.loads(run.stdout) if run.stdout else {}


def test_a_page_is_printed_and_counted_by_the_printer(document: str) -> None:
    with SimIppPrinter() as printer:
        code, facts = kiosk(document, "--queue", printer.url)
        assert (code, facts["state"], facts["reason"]) == (0, "done", "")
        assert printer.documents[0].startswith(b"%PDF")
        printer.set_fault("paper-out")
        code, facts = kiosk(document, "--queue", printer.url)
        assert (code, facts) == (1, {"state": "not_printed", "reason": "paper-out", "bytes": 0})


def test_a_page_goes_to_a_file(document: str, tmp_path: Path) -> None:
    out = tmp_path / "page.pdf"
    assert kiosk(document, "--out", str(out)) == (0, {"file": str(out), "bytes": out.stat().st_size})
    assert out.read_bytes().startswith(b"%PDF")


def test_what_cannot_be_done_is_named(document: str, tmp_path: Path) -> None:
    assert kiosk(document)[0] == 2
    assert kiosk(document, "--out", "x.pdf", "--queue", "ipp://127.0.0.1:1/x")[0] == 2
    assert kiosk(document, "--queue", "http://127.0.0.1/x")[1]["error"] == "queue-invalid"
    assert kiosk(str(tmp_path / "none.json"), "--out", "x.pdf")[1]["error"] == "file-not-found"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"rows": []}, "rows"), ({"rows": [["x", "y"]]}, "rows[0]"), ({"rows": [["x"]]}, "rows[0]"),
        ({"issued": "18 May"}, "issued"), ({"title": {"zh": "x"}}, "title"), ({"city": "x"}, "city"),
        ({"copy": 1}, "copy"), ({"colour": "red"}, "colour"), ({"token": "x" * 999}, "token"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(change: dict[str, Any], where: str) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        parse_certificate(json.dumps({**DOCUMENT, **change}))
    assert caught.value.where == where


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({k: v for k, v in DOCUMENT.items() if k != "issuer"}), "utf-8")
    assert kiosk(str(tmp_path / "x.json"), "--out", "x.pdf") == (1, {"error": "receipt-invalid", "where": "issuer"})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*DOCUMENT, "zh", "en", "x"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_document_is_read_or_refused(value: object) -> None:
    for document in (value, {**DOCUMENT, **value} if isinstance(value, dict) else value):
        with suppress(ReceiptInvalid):  # anything else that is raised fails the test
            parse_certificate(json.dumps(document))
