"""Printer models: what differs between printers that all speak ESC/POS, kept as data in `models.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from drivers.errors import PrinterError
from drivers.printers.paper.layout import PAPERS, Paper

Origin = Literal["documented", "probed", "unverified"]


class UnknownModel(PrinterError):
    """No model of that name; the message lists those there are."""

    code = "printer-model-unknown"


@dataclass(frozen=True)
class Model:
    """One printer model; see `models.toml` for the meaning of each field."""

    name: str
    width_mm: int
    baud: int
    native_qr: bool
    marker: Literal["process-id", "queued-status", "none"]
    status_back: bool
    clear_buffer: bool
    cutter: bool
    presenter: bool
    qr_dot: int
    origin: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    """Where each field is known from."""

    @property
    def paper(self) -> Paper:
        return PAPERS[self.width_mm]


@cache
def models() -> dict[str, Model]:
    """All models by name."""
    data = cast("dict[str, dict[str, Any]]", tomllib.loads(Path(__file__).with_name("models.toml").read_text("utf-8")))
    default = data.pop("default")
    return {name: _model(name, default, facts) for name, facts in data.items()}


def _model(name: str, default: dict[str, Any], facts: dict[str, Any]) -> Model:
    values: dict[str, Any] = {**default, **facts}
    values["origin"] = {**default["origin"], **facts.get("origin", {})}
    return Model(name=name, **values)


def model(name: str) -> Model:
    """The model of that name. Raises `UnknownModel`."""
    try:
        return models()[name]
    except KeyError:
        raise UnknownModel(f"no printer model {name!r}; known are {', '.join(sorted(models()))}") from None


def generic(width_mm: int) -> Model:
    """The model to assume where none is named."""
    return model("generic-58" if width_mm == 58 else "generic-80")
