"""`kiosk gateway seed`: the synthetic city of a gateway, at any size."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import JsonOption, emit, fail


def seed(
    people: Annotated[int, typer.Option(min=0, help="How many people live in the city; up to 16 million.")],
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="The gateway whose city this is from its next start on.")
    ] = None,
    number: Annotated[int, typer.Option("--seed", help="Another seed, another city.")] = 1,
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="Stream all records there, one JSON object a line; - is stdout.")
    ] = "",
    subject: Annotated[list[str] | None, typer.Option("--subject", help="Stream only these subjects.")] = None,
    first: Annotated[int, typer.Option("--from", min=0, help="Go on from this person; to share the work.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Make the base databases of N people: for a gateway to serve, or as a stream of records."""
    from provisioning.gateway.city.people import CityTooLarge, People, load_material
    from provisioning.gateway.city.seed import Seed, SeedInvalid, keep_seed, stream

    if folder is None and not to:
        fail("city-seed-invalid", "say where: --dir DIR, --to FILE, or both", as_json=as_json)
    text = resources.files("assets").joinpath("city", "material.toml").read_text("utf-8")
    try:
        city = People(load_material(text), people=people, seed=number, as_of=datetime.date(2026, 1, 1))
        lines = 0
        if to:
            lines = _write(stream(city, subject or (), first), to, as_json=as_json)
        if folder is not None:
            keep_seed(folder, Seed(people, number))
    except (CityTooLarge, SeedInvalid) as error:
        fail(error.code, str(error), as_json=as_json)
    except OSError as error:
        fail("gateway-folder", f"{error.filename}: {error.strerror}", as_json=as_json)
    if to != "-":
        emit({"people": people, "seed": number, "lines": lines}, as_json=as_json)


def _write(records: Iterator[str], to: str, *, as_json: bool) -> int:
    """Write them, one a line, and count them. Ends the command where the file cannot be written."""
    lines = 0
    try:
        with nullcontext(sys.stdout) if to == "-" else Path(to).open("w", encoding="utf-8") as target:
            for line in records:
                target.write(line + "\n")
                lines += 1
    except OSError as error:
        fail("file-not-written", f"cannot write {to}: {error.strerror}", as_json=as_json)
    return lines
