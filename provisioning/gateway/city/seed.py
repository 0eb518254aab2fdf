"""The city of a gateway at any size: how many people, kept beside its keys; and its base databases as a stream.

Nothing is stored for a person: every record is made from the person's number when it is asked for, and a number is
found from an id number without a table. So thirteen million people cost what a thousand cost, per lookup and on disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from provisioning.gateway.city.people import People
from provisioning.gateway.city.records import Records

CITY_FILE = "city.json"
DEFAULT_PEOPLE = 500


class SeedInvalid(ValueError):
    """The city's file, or a subject that was asked for, cannot be used."""

    code = "city-seed-invalid"


@dataclass(frozen=True)
class Seed:
    """Which people."""

    people: int = DEFAULT_PEOPLE
    seed: int = 1


def keep_seed(folder: Path, seed: Seed) -> None:
    """Write down which city this gateway serves from its next start on."""
    (folder / CITY_FILE).write_text(json.dumps(asdict(seed)) + "\n", "ascii")


def kept_seed(folder: Path) -> Seed:
    """The city of this gateway; the small one where none was seeded.

    Raises:
        SeedInvalid: the file is not one of ours.
    """
    path = folder / CITY_FILE
    if not path.exists():
        return Seed()
    try:
        raw = cast("object", json.loads(path.read_text("ascii")))
    except (UnicodeDecodeError, ValueError) as error:
        raise SeedInvalid(f"{CITY_FILE}: not JSON; make it anew with: kiosk gateway seed") from error
    table = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    people, seed = table.get("people"), table.get("seed")
    if type(people) is not int or type(seed) is not int or len(table) != 2:
        raise SeedInvalid(f"{CITY_FILE}: people and seed, two numbers; make it anew with: kiosk gateway seed")
    return Seed(people, seed)


def stream(people: People, subjects: Sequence[str] = (), first: int = 0) -> Iterator[str]:
    """The base databases, one JSON object a line: `{"rid", "subject", "record"}`, person after person from `first`.

    Takes the same memory at every size. `subjects` empty: all of them. A subject nobody holds of a person has no line.

    Raises:
        SeedInvalid: the city holds no such subject of anybody.
    """
    records = Records(people)
    wanted = tuple(subjects) or records.subjects
    unknown = set(wanted) - set(records.subjects)
    if unknown:
        raise SeedInvalid(
            f"{min(unknown)}: the city's people have no such records; one of {', '.join(records.subjects)}"
        )
    return _lines(people, records, wanted, first)


def _lines(people: People, records: Records, wanted: Sequence[str], first: int) -> Iterator[str]:
    for index in range(first, people.count):
        person = people.person(index)
        for subject in wanted:
            record = records.record(person, subject)
            if record is not None:
                line = {"rid": person.id_number, "subject": subject, "record": record}
                yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))
