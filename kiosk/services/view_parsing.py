"""Parses the pages (`[[view]]`) of a service definition; what is wrong is named by service, page and reason. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from kiosk.services import reading as read
from kiosk.services.definition import (
    Cell,
    CellKind,
    DefinitionInvalid,
    Mark,
    PageAction,
    PageKind,
    Prints,
    View,
    Words,
)

PAGE_KINDS: tuple[str, ...] = get_args(PageKind)
CELL_KINDS: tuple[str, ...] = get_args(CellKind)
MARKS: tuple[str, ...] = get_args(Mark)
PRINTS: tuple[str, ...] = get_args(Prints)
OF_A_ROW = ("detail", "timeline", "steps")
"""Pages that show one row: some list, or another page of a row, opens them."""


def views(service: str, raw: object, codes: Mapping[str, object], *, apply: bool) -> tuple[View, ...]:
    """Parse `[[view]]`. Raises `DefinitionInvalid`."""
    found = tuple(_view(service, item, codes) for item in read.listed(service, "view", raw))
    if not apply and not found:
        raise DefinitionInvalid(service, "apply", "a service without an application needs a page to show")
    return found


def check_views(service: str, found: Sequence[View], fields: set[str], policy: str, *, apply: bool) -> None:
    """Hold that pages name pages and fields that exist. Raises `DefinitionInvalid`."""
    if not apply and (fields or policy != "network"):
        raise DefinitionInvalid(service, "apply", "without an application: no fields, and the policy is network")
    kinds = {page.id: page.kind for page in found}
    if len(kinds) < len(found):
        raise DefinitionInvalid(service, "view", "there are two pages with one id")
    opened: set[str] = set()
    for page in found:
        for target in (page.opens, *(action.opens for action in page.actions)):
            if target and kinds.get(target) not in (*OF_A_ROW, "list"):
                raise DefinitionInvalid(service, page.id, f"opens {target!r}, which is no list and no page of a row")
            opened.add(target)
        for action in page.actions:
            unknown = ({*action.set, *action.take}) - fields
            if unknown:
                raise DefinitionInvalid(service, page.id, f"{action.id} sets {min(unknown)!r}, not a field")
            if sum(map(bool, (action.opens, action.service, action.prints, action.set or action.take))) != 1:
                wrong = f"{action.id} prints, opens a page, or a service, or sets fields"
                raise DefinitionInvalid(service, page.id, wrong)
    for page in found:
        if page.kind != "list" and (page.kind in OF_A_ROW) != (page.id in opened):
            raise DefinitionInvalid(service, page.id, f"a {page.kind} page is {_how(page.kind)}")
    if found and all(page.id in opened for page in found):
        raise DefinitionInvalid(service, "view", "no page comes first")


def _how(kind: str) -> str:
    return "opened by a row" if kind in OF_A_ROW else "not opened by another page"


def _view(service: str, raw: object, codes: Mapping[str, object]) -> View:
    table = read.table(service, "view", raw)
    name = read.text(service, "id", table)
    kind = table.get("kind")
    if kind not in PAGE_KINDS:
        raise DefinitionInvalid(service, name, f"kind is one of {', '.join(PAGE_KINDS)}")
    subject = table.get("subject", "")
    if not isinstance(subject, str) or (kind == "list" and not re.fullmatch(r"[^.]+\.[^.]+", subject)):
        raise DefinitionInvalid(service, name, "a list names the subject that holds it, as in case.case")
    rows = table.get("rows", "")
    if not isinstance(rows, str) or (kind in ("list", "timeline", "steps") and not rows):
        raise DefinitionInvalid(service, name, "rows is the key that holds the list")
    cells = tuple(_cell(service, name, item, codes) for item in read.listed(service, name, table.get("cell", [])))
    if kind == "facts" and not all(cell.key.count(".") == 2 for cell in cells):
        raise DefinitionInvalid(service, name, "facts name whole paths, as in si.account.months")
    return View(
        id=name,
        kind=cast(PageKind, kind),
        title=read.words(service, name, table.get("title")),
        subject=subject if kind == "list" else "",
        rows=rows,
        help=_words(service, name, table.get("help")),
        empty=_words(service, name, table.get("empty")),
        only=_wanted(service, name, table.get("only", {})),
        head=_cell(service, name, table["head"], codes) if "head" in table else None,
        cells=cells,
        marks=_marks(service, name, table.get("marks", {})),
        opens=str(table.get("opens", "")),
        actions=tuple(_action(service, name, item) for item in read.listed(service, name, table.get("action", []))),
        onward=_words(service, name, table.get("onward")),
        skip_empty=table.get("skip_empty") is True,
        print=table.get("print") is True,
    )


def _words(service: str, name: str, raw: object) -> Words:
    return {} if raw is None else read.words(service, name, raw)


def _cell(service: str, name: str, raw: object, codes: Mapping[str, object]) -> Cell:
    table = read.table(service, name, raw)
    kind = table.get("as", "code" if "codes" in table else "text")
    if kind not in CELL_KINDS:
        raise DefinitionInvalid(service, name, f"as is one of {', '.join(CELL_KINDS)}")
    code_list = table.get("codes")
    if (kind == "code") != isinstance(code_list, str):
        raise DefinitionInvalid(service, name, "a code names its code list")
    return Cell(
        key=read.text(service, "key", table),
        kind=cast(CellKind, kind),
        label=_words(service, name, table.get("label")),
        codes=read.choices(service, name, "choice", code_list, codes),
        mask=read.mask(service, name, table),
        unit=_words(service, name, table.get("unit")),
        of=str(table.get("of", "")),
    )


def _action(service: str, name: str, raw: object) -> PageAction:
    table = read.table(service, name, raw)
    prints = table.get("prints", "")
    if prints not in PRINTS:
        raise DefinitionInvalid(service, name, f"prints is one of {', '.join(PRINTS[1:])}")
    return PageAction(
        id=read.text(service, "id", table),
        label=read.words(service, name, table.get("label")),
        icon=str(table.get("icon", "")),
        set=_texts(service, name, table.get("set", {})),
        take=_texts(service, name, table.get("take", {})),
        opens=str(table.get("opens", "")),
        service=str(table.get("service", "")),
        prints=cast(Prints, prints),
        when=_wanted(service, name, table.get("when", {})),
    )


def _texts(service: str, name: str, raw: object) -> dict[str, str]:
    table = read.table(service, name, raw)
    if not all(isinstance(value, str) for value in table.values()):
        raise DefinitionInvalid(service, name, "texts by name are wanted")
    return cast(dict[str, str], table)


def _wanted(service: str, name: str, raw: object) -> dict[str, tuple[str, ...]]:
    return {key: read.texts(service, name, value) for key, value in read.table(service, name, raw).items()}


def _marks(service: str, name: str, raw: object) -> dict[str, Mark]:
    table = _texts(service, name, raw)
    if not set(table.values()) <= set(MARKS):
        raise DefinitionInvalid(service, name, f"marks are {', '.join(MARKS)}")
    return cast(dict[str, Mark], table)
