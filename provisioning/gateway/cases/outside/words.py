"""The words for steps, papers and reasons of cases, out of the code lists that the definitions show them with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.services.definition import Catalogue, Cell, Words

ZH = "zh-Hans"
_CASES = "case.case"


@dataclass(frozen=True)
class Names:
    """Chinese names by code; an unknown code stands for itself."""

    steps: Mapping[str, str]
    papers: Mapping[str, str]
    reasons: Mapping[str, str]
    agencies: Mapping[str, Words]

    def step(self, code: str) -> str:
        return self.steps.get(code, code)

    def paper(self, code: str) -> str:
        return self.papers.get(code, code)

    def reason(self, code: str) -> str:
        return self.reasons.get(code, code)

    def agency(self, code: str) -> str:
        return self.agencies.get(code, {}).get(ZH, code)


def names_of(catalogue: Catalogue) -> Names:
    """Return the names that any service's pages of cases use."""
    found: dict[str, dict[str, str]] = {"id": {}, "asks": {}, "result": {}}
    for service in catalogue.services.values():
        if not any(page.subject == _CASES for page in service.views):
            continue
        for page in service.views:
            for cell in (*page.cells, *((page.head,) if page.head is not None else ())):
                if cell.key in found:
                    found[cell.key].update(_codes(cell))
    return Names(found["id"], found["asks"], found["result"], catalogue.agencies)


def _codes(cell: Cell) -> dict[str, str]:
    return {choice.value: choice.names[ZH] for choice in cell.codes}
