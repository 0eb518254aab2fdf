"""Parses what a definition says of the answer that the citizen waits for. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.services import reading as read
from kiosk.services.definition import (
    Condition,
    Confirm,
    DefinitionInvalid,
    FieldDefinition,
    Guide,
    Places,
    ResultCell,
)

STARTS = ("", "ticket", "call", "found")
CARD = ("needed", "none", "identity")
SITES = ("", "office")


def confirm(service: str, raw: object, fields: Mapping[str, FieldDefinition], own: Condition | None) -> Confirm | None:
    """Return the table `confirm`, or None where there is none; `own` is its parsed `own_ticket`.

    Raises `DefinitionInvalid`.
    """
    if raw is None:
        return None
    table = read.table(service, "confirm", raw)
    retry = str(table.get("retry_field", ""))
    if retry and retry not in fields:
        raise DefinitionInvalid(service, "confirm", f"retry_field {retry!r} is no field")
    reasons = read.table(service, "confirm", table.get("reasons", {}))
    return Confirm(
        office=read.text(service, "office", table),
        retry_field=retry,
        big=_cell(service, table["big"]) if "big" in table else None,
        qr=str(table.get("qr", "")),
        below=str(table.get("below", "")),
        pair=_cells(service, table.get("pair", [])),
        cells=_cells(service, table.get("cells", [])),
        next=tuple(
            read.words(service, "confirm.next", item) for item in read.listed(service, "confirm", table.get("next", []))
        ),
        unsent=read.words(service, "confirm.unsent", table["unsent"]) if "unsent" in table else {},
        reasons={code: read.words(service, f"confirm.reasons.{code}", item) for code, item in reasons.items()},
        own_ticket=own,
    )


def _cells(service: str, raw: object) -> tuple[ResultCell, ...]:
    return tuple(_cell(service, item) for item in read.listed(service, "confirm", raw))


def _cell(service: str, raw: object) -> ResultCell:
    table = read.table(service, "confirm", raw)
    return ResultCell(
        key=read.text(service, "key", table),
        label=read.words(service, "confirm", table.get("label")),
        unit=read.words(service, "confirm", table["unit"]) if "unit" in table else {},
        moment=bool(table.get("moment", False)),
    )


def dependent(service: str, fields: Mapping[str, FieldDefinition]) -> None:
    """Check that choices depend on fields before them only. Raises `DefinitionInvalid`."""
    seen: set[str] = set()
    for item in fields.values():
        given = () if item.subject_choices is None else item.subject_choices.given
        for name in given:
            if name not in seen:
                raise DefinitionInvalid(service, item.id, f"choices.given names {name!r}, not a field before it")
        seen.add(item.id)
        unknown = {*item.online_only, *item.here_only} - {choice.value for choice in item.choices}
        if unknown:
            raise DefinitionInvalid(service, item.id, f"{min(unknown)!r} is not one of the choices")


def word(service: str, name: str, raw: object, known: tuple[str, ...]) -> str:
    """Return one of the known words. Raises `DefinitionInvalid`."""
    if raw not in known:
        raise DefinitionInvalid(service, name, f"{raw!r} is not one of {', '.join(item for item in known if item)}")
    return str(raw)


def places(service: str, raw: object, fields: Mapping[str, FieldDefinition]) -> Places | None:
    """Return the table `places`, or None where there is none. Raises `DefinitionInvalid`."""
    if raw is None:
        return None
    table = read.table(service, "places", raw)
    by = read.text(service, "by", table)
    if by not in fields:
        raise DefinitionInvalid(service, "places", f"by {by!r} is no field")
    guide = read.table(service, "places", table.get("guide", {}))
    values = {choice.value for choice in fields[by].choices}
    if unknown := set(guide) - values:
        raise DefinitionInvalid(service, "places", f"guide {min(unknown)!r} is not one of the choices of {by}")
    return Places(
        subject=read.text(service, "subject", table),
        list=read.text(service, "list", table),
        by=by,
        guide={
            value: Guide(
                read.words(service, f"places.guide.{value}", read.table(service, "places", item).get("bring")),
                read.words(service, f"places.guide.{value}", read.table(service, "places", item).get("leave")),
            )
            for value, item in guide.items()
        },
    )
