"""What receipts say, as data: `assets/receipts/default.toml`, and a file for each service that says it differently.

A template is checked whole when it is read: names of facts, conditions, and every block against the receipt document.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import cast

from drivers.api import Receipt
from drivers.errors import ReceiptInvalid
from drivers.printers.paper.receipt_document import receipt_from_json
from kiosk.frozen import frozen

FOLDER = Path(str(resources.files("assets"))) / "receipts"
DEFAULT = "default"
FACTS = frozenset({
    "place.zh", "place.en", "terminal", "mark", "service.zh", "service.en", "number", "time", "person", "id", "company",
    "agency.zh", "agency.en", "received_at", "recorded_at", "limit.zh", "limit.en", "code", "hotline",
    "ticket", "where.zh", "where.en", "ahead", "wait", "start",
})  # fmt: skip
EVIDENCE_FACTS = frozenset({"replaces.zh", "replaces.en", "holder.zh"})
CONDITIONS = frozenset({"received", "recorded", "evidence", "person", "signed", "unsigned", "large", "standard",
                        "wait", "booked", "company", "bring"})  # fmt: skip
_NAME = re.compile(r"\{([^{}]*)\}")


class TemplateInvalid(Exception):
    """A template that cannot be used: the file, the block and the reason."""

    code = "receipt-template-invalid"


@frozen
class Facts:
    """What one receipt is made of. The repr shows nothing."""

    values: Mapping[str, str] = field(repr=False)
    conditions: frozenset[str]
    evidence: tuple[Mapping[str, str], ...] = field(default=(), repr=False)


@frozen
class Template:
    """The blocks of one service's receipts, not yet filled."""

    name: str
    words: Mapping[str, str]
    blocks: tuple[Mapping[str, object], ...]

    def fill(self, facts: Facts, *, copy: bool) -> Receipt:
        """Make the receipt. Raises `ReceiptInvalid` where a fact cannot go onto paper."""
        document = {
            "number": facts.values["number"],
            "copy": copy,
            "large": "large" in facts.conditions,
            "blocks": list(self._filled(facts)),
        }
        return receipt_from_json(document)

    def _filled(self, facts: Facts) -> Iterator[Mapping[str, object]]:
        """The blocks that hold; those for each document that follow each other are printed together, one document
        after the other."""
        holding = (
            block for block in self.blocks if facts.conditions.issuperset(cast("list[str]", block.get("when", [])))
        )
        for each, group in groupby(holding, lambda block: "each" in block):
            bodies = [{key: value for key, value in block.items() if key not in {"when", "each"}} for block in group]
            for item in facts.evidence if each else ({},):
                values = {**self.words, **facts.values, **item}
                yield from (cast("Mapping[str, object]", _put(body, values)) for body in bodies)


def template_of(service: str) -> Template:
    """Return the template of a service, or the default one. Raises `TemplateInvalid`."""
    known = templates()
    return known.get(service, known[DEFAULT])


@cache
def templates(folder: Path = FOLDER) -> Mapping[str, Template]:
    """All templates by name. Raises `TemplateInvalid`."""
    if not (folder / f"{DEFAULT}.toml").exists():
        raise TemplateInvalid(f"{folder / DEFAULT}.toml is missing")
    default = _read(folder / f"{DEFAULT}.toml", None)
    others = (_read(path, default) for path in sorted(folder.glob("*.toml")) if path.stem != DEFAULT)
    return {DEFAULT: default, **{template.name: template for template in others}}


def _read(path: Path, default: Template | None) -> Template:
    try:
        table: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TemplateInvalid(f"{path.name}: {error}") from error
    if unknown := table.keys() - {"words", "block"}:
        raise TemplateInvalid(f"{path.name}: unknown table {sorted(unknown)[0]}")
    own = cast("dict[str, str]", table.get("words", {}))
    words = {**(default.words if default is not None else {}), **own}
    if default is not None and (strange := own.keys() - default.words.keys()):
        raise TemplateInvalid(f"{path.name}: the default has no words {sorted(strange)[0]}")
    blocks = tuple(cast("list[Mapping[str, object]]", table.get("block", [])))
    template = Template(path.stem, words, blocks or (default.blocks if default is not None else ()))
    _check(template)
    return template


def _check(template: Template) -> None:
    for number, block in enumerate(template.blocks, start=1):
        where = f"{template.name}.toml, block {number}"
        if strange := set(cast("list[str]", block.get("when", []))) - CONDITIONS:
            raise TemplateInvalid(f"{where}: unknown condition {sorted(strange)[0]}")
        if block.get("each", "evidence") != "evidence":
            raise TemplateInvalid(f"{where}: each may only be evidence")
        known = FACTS | template.words.keys() | (EVIDENCE_FACTS if "each" in block else frozenset[str]())
        if missing := sorted({n for text in _texts(block) for n in _NAME.findall(text)} - known):
            raise TemplateInvalid(f"{where}: unknown fact {missing[0]}")
    values = dict.fromkeys(FACTS, "甲") | {"number": "1", "ticket": "B1"}
    sample = Facts(values, CONDITIONS, (dict.fromkeys(EVIDENCE_FACTS, "乙"),))
    try:
        template.fill(sample, copy=False)
    except ReceiptInvalid as error:
        raise TemplateInvalid(f"{template.name}.toml: {error}") from error


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)


def _put(value: object, facts: Mapping[str, str]) -> object:
    """The same value with every {name} replaced, once: a fact that holds braces stays as it is."""
    if isinstance(value, str):
        return _NAME.sub(lambda found: facts[found.group(1)], value)
    if isinstance(value, Mapping):
        return {key: _put(item, facts) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_put(item, facts) for item in cast("list[object]", value)]
    return value
