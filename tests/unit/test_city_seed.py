"""The city at any size: the same records, the same work for a lookup, a stream that needs no memory; its companies."""

from __future__ import annotations

import datetime
import itertools
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.cli.gateway.command import gateway as command
from provisioning.gateway.city.holdings import company_code, uscc_check
from provisioning.gateway.city.people import People, load_material
from provisioning.gateway.city.records import Records
from provisioning.gateway.city.seed import Seed, SeedInvalid, keep_seed, kept_seed, stream
from tests.gateway_kit import ASSETS

MATERIAL = load_material((ASSETS / "city" / "material.toml").read_text("utf-8"))
AS_OF = datetime.date(2026, 1, 1)


def city(people: int) -> People:
    return People(MATERIAL, people=people, seed=1, as_of=AS_OF)


class Counted(People):
    """Counts the numbers that are drawn: what a lookup costs."""

    drawn = 0

    def number(self, tag: str, key: int, below: int) -> int:
        self.drawn += 1
        return super().number(tag, key, below)


def cost(people: int, lookups: int = 300) -> float:
    """Numbers drawn for one lookup, on the average over people spread over the whole city."""
    town = Counted(MATERIAL, people=people, seed=1, as_of=AS_OF)
    records = Records(town)
    numbers = [town.person(index * (people // lookups)).id_number for index in range(lookups)]
    town.drawn = 0
    for number in numbers:
        person = town.find(number)
        assert person is not None
        records.record(person, "pop.household")
        records.record(person, "lic.elicence")
    return town.drawn / lookups


def test_a_lookup_costs_the_same_among_a_thousand_and_among_thirteen_million() -> None:
    assert cost(13_000_000) < 1.15 * cost(1_000)


def test_the_last_of_thirteen_million_is_found_by_number() -> None:
    people = city(13_000_000)
    last = people.person(people.count - 1)
    assert people.find(last.id_number) == last


def test_the_stream_goes_on_where_it_was_left() -> None:
    people = city(300)
    whole = list(stream(people, ["pop.person"]))
    assert len(whole) == 300
    assert whole[200:] == list(stream(people, ["pop.person"], first=200))
    line = json.loads(next(stream(city(13_000_000), first=12_999_999)))
    assert line["subject"] == "pop.person"
    with pytest.raises(SeedInvalid, match=r"no\.such"):
        stream(people, ["no.such"])


def test_companies_have_codes_with_a_right_check_character_and_one_owner() -> None:
    assert uscc_check("91440199MA0000001") == "P"
    codes = {company_code(index) for index in itertools.chain(range(5000), range(12_990_000, 13_000_000))}
    assert len(codes) == 15_000
    assert all(uscc_check(code[:17]) == code[17] and len(code) == 18 for code in codes)
    people = city(4000)
    records = Records(people)
    owners = [person for person in people if records.record(person, "legal.entity")]
    assert 20 < len(owners) < 300
    for owner in owners:
        entity, role = (records.record(owner, subject) for subject in ("legal.entity", "legal.role"))
        link, tax = (records.record(owner, subject) for subject in ("id.link", "tax.registration"))
        assert entity
        assert role
        assert link
        assert tax
        assert entity["rep"] == owner.name
        assert link["uscc"] == [entity["uscc"]] == [tax["uscc"]]


def test_a_city_is_seeded_and_served_from_then_on(tmp_path: Path) -> None:
    runner = CliRunner()
    assert kept_seed(tmp_path) == Seed()
    answer = runner.invoke(command, ["seed", "--people", "13000000", "--seed", "9", "--dir", str(tmp_path), "--json"])
    assert json.loads(answer.stdout) == {"people": 13_000_000, "seed": 9, "lines": 0}
    assert kept_seed(tmp_path) == Seed(13_000_000, 9)
    file = tmp_path / "records.jsonl"
    runner.invoke(command, ["seed", "--people", "50", "--to", str(file), "--subject", "pop.person"])
    assert len(file.read_text("utf-8").splitlines()) == 50
    assert kept_seed(tmp_path) == Seed(13_000_000, 9)
    for wrong in (["--people", "99000000"], ["--people", "9", "--to", str(file), "--subject", "x"], ["--people", "9"]):
        refused = runner.invoke(
            command,
            ["seed", *wrong, "--json"] + (["--dir", str(tmp_path)] if len(wrong) == 2 and wrong[1] != "9" else []),
        )
        assert refused.exit_code == 1
        assert json.loads(refused.stdout)["error"] in {"city-too-large", "city-seed-invalid"}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"people": "1", "seed": 1}', '{"people": 1, "seed": 1, "more": 1}'])
def test_a_citys_file_that_is_not_ours_is_refused(tmp_path: Path, text: str) -> None:
    keep_seed(tmp_path, Seed(1, 1))
    (tmp_path / "city.json").write_text(text)
    with pytest.raises(SeedInvalid):
        kept_seed(tmp_path)
