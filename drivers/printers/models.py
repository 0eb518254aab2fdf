"""Printer models: what differs between printers that all speak ESC/POS, kept as data in `models.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from drivers.errors import PrinterError
from drivers.printers.paper.layout import PAPERS, Paper


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

    @property
    def paper(self) -> Paper:
        return PAPERS[self.width_mm]


@cache
def models() -> dict[str, Model]:
    """All models by name."""
    data = tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
    default = data.pop("default")
    return {name: Model(name=name, **cast("dict[str, Any]", {**default, **facts})) for name, facts in data.items()}


def model(name: str) -> Model:
    """The model of that name. Raises `UnknownModel`."""
    try:
        return models()[name]
    except KeyError:
        raise UnknownModel(f"no printer model {name!r}; known are {', '.join(sorted(models()))}") from None


def generic(width_mm: int) -> Model:
    """The model to assume where none is named."""
    return model("generic-58" if width_mm == 58 else "generic-80")
