"""The words for steps, papers and reasons of cases, out of the code lists that the definitions show them with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.services.definition import Catalogue, Cell, Words

ZH = "zh-Hans"
_CASES = "case.case"


@dataclass(frozen=True)
class Names:
    """Names by code, in every language; an unknown code stands for itself."""

    steps: Mapping[str, Words]
    papers: Mapping[str, Words]
    reasons: Mapping[str, Words]
    agencies: Mapping[str, Words]

    def step(self, code: str) -> Words:
        return self.steps.get(code, {ZH: code})

    def paper(self, code: str) -> Words:
        return self.papers.get(code, {ZH: code})

    def reason(self, code: str) -> Words:
        return self.reasons.get(code, {ZH: code})

    def agency(self, code: str) -> Words:
        return self.agencies.get(code, {ZH: code})


def names_of(catalogue: Catalogue) -> Names:
    """Return the names that any service's pages of cases use."""
    found: dict[str, dict[str, Words]] = {"id": {}, "asks": {}, "result": {}}
    for service in catalogue.services.values():
        if not any(page.subject == _CASES for page in service.views):
            continue
        for page in service.views:
            for cell in (*page.cells, *((page.head,) if page.head is not None else ())):
                if cell.key in found:
                    found[cell.key].update(_codes(cell))
    return Names(found["id"], found["asks"], found["result"], catalogue.agencies)


def _codes(cell: Cell) -> dict[str, Words]:
    return {choice.value: choice.names for choice in cell.codes}
