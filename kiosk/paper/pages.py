"""A page of what the city holds, on paper: every row of it, in the citizen's language. Pure.

The person is masked as on the screen; the paper says where and when it was printed, so that it is no certificate.
"""

from __future__ import annotations

from drivers.api import Receipt
from drivers.printers.paper.receipt_document import MAX_LINES, receipt_from_json
from kiosk.paper.receipts import LARGE_PRINT_FROM, Site
from kiosk.services import views
from kiosk.services.definition import Catalogue, Cell, View, words
from kiosk.session.common import application_of
from kiosk.session.state import Session
from kiosk.session.view import page_of, record_of, row_count

NO_CERTIFICATE = {"zh-Hans": "仅供本人查看，不作证明。", "en": "For your own information, not a certificate."}
Block = dict[str, object]


def build_page(session: Session, site: Site) -> Receipt:
    """Return the page on the screen as a document for the receipt printer. Raises `ValueError` without a catalogue."""
    catalogue = session.world.catalogue
    if catalogue is None:
        raise ValueError("there is no catalogue to name things by")
    application, language = application_of(session), session.language
    shown = page_of(application)
    title = views.title_text(shown, shown.title, record_of(application), row_count(application), language)
    blocks: list[Block] = [
        {"title": words(application.service.name, language)},
        {"para": title},
        {"rule": True},
        *_lines(session, shown, catalogue),
        {"rule": True},
        {"row": [words(site.place, language), session.world.local.replace("T", " ")]},
        {"para": NO_CERTIFICATE.get(language, NO_CERTIFICATE["zh-Hans"])},
    ]
    large = session.modes.text_scale >= LARGE_PRINT_FROM
    return receipt_from_json({"number": site.terminal or "-", "large": large, "blocks": blocks})


def _lines(session: Session, shown: View, catalogue: Catalogue) -> list[Block]:
    application, record, language = application_of(session), record_of(application_of(session)), session.language
    subjects = application.subjects

    def text(cell: Cell, row: views.Record | None) -> str:
        return views.cell_text(cell, subjects, row, catalogue, language)

    if shown.kind == "list":
        found: list[Block] = []
        for row in views.rows(shown, subjects)[:MAX_LINES]:
            head = text(shown.head, row.record) if shown.head is not None else ""
            details = [part for cell in shown.cells if (part := text(cell, row.record))]
            found.extend([{"para": head}] if head else [])
            found.extend([{"list": details}] if details else [])
        return found
    if shown.kind in ("timeline", "steps"):
        codes = {item.value: words(item.names, language) for item in (shown.head.codes if shown.head else ())}
        steps = views.steps(shown, record)
        named = [(f"{at}. {codes.get(step.id, step.id)}", step.ended[:10] or "-") for at, step in enumerate(steps, 1)]
        return [{"row": list(line)} for line in named]
    cells = views.filled(shown, subjects, record)
    return [{"row": [words(cell.label, language) if cell.label else "-", text(cell, record)]} for cell in cells]
