"""The JSON document of a certificate, and the `Certificate` that is drawn from it.

`{"number", "city", "title", "sentence", "rows", "issuer", "issued", "token", "check_code", "terminal", "copy",
"sample"}`: city, title, sentence and a row's label are `{"zh", "en"}`; `rows` is a list of `[label, value]`; `issued`
is an ISO 8601 date. Whatever is wrong is one `ReceiptInvalid(where, message)`, as for a receipt.
"""

from __future__ import annotations

import datetime
from typing import cast

from drivers.errors import ReceiptInvalid
from drivers.printers.a4.certificate import MAX_ROWS, Bilingual, Certificate
from drivers.printers.paper.receipt_document import check_qr, check_text, read_json

_REQUIRED = frozenset(
    ["number", "city", "title", "sentence", "rows", "issuer", "issued", "token", "check_code", "terminal"]
)
_OPTIONAL = frozenset(["copy", "sample"])
_MAX_TEXT = 120


def parse_certificate(text: str | bytes) -> Certificate:
    """Read a certificate from JSON text. Raises `ReceiptInvalid`."""
    found = _object(read_json(text), "document")
    if missing := _REQUIRED - found.keys():
        raise ReceiptInvalid(sorted(missing)[0], "is missing")
    if unknown := found.keys() - _REQUIRED - _OPTIONAL:
        raise ReceiptInvalid(sorted(unknown)[0], "is not known")
    return Certificate(
        number=check_text(found["number"], "number", limit=_MAX_TEXT),
        city=_bilingual(found["city"], "city"),
        title=_bilingual(found["title"], "title"),
        sentence=_bilingual(found["sentence"], "sentence"),
        rows=_rows(found["rows"]),
        issuer=check_text(found["issuer"], "issuer", limit=_MAX_TEXT),
        issued=_date(found["issued"]),
        token=check_qr(found["token"], "token"),
        check_code=check_text(found["check_code"], "check_code", limit=_MAX_TEXT),
        terminal=check_text(found["terminal"], "terminal", limit=_MAX_TEXT),
        copy=_bool(found.get("copy", False), "copy"),
        sample=_bool(found.get("sample", False), "sample"),
    )


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ReceiptInvalid(where, "must be an object")
    return cast("dict[str, object]", value)


def _bool(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ReceiptInvalid(where, "must be true or false")
    return value


def _bilingual(value: object, where: str) -> Bilingual:
    found = _object(value, where)
    if found.keys() != {"zh", "en"}:
        raise ReceiptInvalid(where, "must have zh and en and nothing else")
    return Bilingual(*(check_text(found[key], f"{where}.{key}", limit=_MAX_TEXT) for key in ("zh", "en")))


def _rows(value: object) -> tuple[tuple[Bilingual, str], ...]:
    if not isinstance(value, list) or not 1 <= len(cast("list[object]", value)) <= MAX_ROWS:
        raise ReceiptInvalid("rows", f"must be a list of 1 to {MAX_ROWS} entries")
    made: list[tuple[Bilingual, str]] = []
    for i, row in enumerate(cast("list[object]", value)):
        where = f"rows[{i}]"
        if not isinstance(row, list) or len(cast("list[object]", row)) != 2:
            raise ReceiptInvalid(where, "must be a label and a value")
        label, text = cast("list[object]", row)
        made.append((_bilingual(label, where), check_text(text, where, limit=_MAX_TEXT)))
    return tuple(made)


def _date(value: object) -> datetime.date:
    try:
        return datetime.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ReceiptInvalid("issued", "must be a date such as 2027-05-18") from None
