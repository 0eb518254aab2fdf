"""The synthetic city: the same every time, consistent, and nobody real in it."""

from __future__ import annotations

import datetime
import itertools
import json
import re
import tomllib

import pytest

from drivers.sim.cards.document import parse_card_document
from kiosk.personas import Persona, PersonasInvalid, load_personas
from provisioning.gateway.city.people import CityTooLarge, People, id_check, load_material
from provisioning.gateway.city.records import Records
from provisioning.gateway.city.register import Register, updated
from tests.gateway_kit import ASSETS

CITY = ASSETS / "city"
MATERIAL = load_material((CITY / "material.toml").read_text("utf-8"))
PERSONAS = load_personas((CITY / "personas.toml").read_bytes())
SUBJECTS = tomllib.loads((CITY / "catalogue.toml").read_text("utf-8"))["subjects"]
CODES = tomllib.loads((CITY / "codes.toml").read_text("utf-8"))["codes"]
HOSPITALS = tomllib.loads((ASSETS / "services" / "codes.toml").read_text("utf-8"))["codes"]
AS_OF = datetime.date(2026, 1, 1)


def city(people: int = 2000, seed: int = 1) -> People:
    return People(MATERIAL, people=people, seed=seed, as_of=AS_OF)


def valid(id_number: str) -> bool:
    """GB 11643-1999, reckoned another way than the generator does: ISO 7064 MOD 11-2 over all eighteen."""
    if not re.fullmatch(r"440199\d{11}[\dX]", id_number):
        return False
    datetime.date.fromisoformat(f"{id_number[6:10]}-{id_number[10:12]}-{id_number[12:14]}")
    total = 0
    for character in id_number:
        total = (total * 2 + (10 if character == "X" else int(character))) % 11
    return total == 1


def ids_in(value: object) -> set[str]:
    return set(re.findall(r"(?<!\w)\d{17}[\dXx](?!\w)", json.dumps(value)))


def test_the_check_character_is_the_standards() -> None:
    assert id_check("11010519491231002") == "X"
    assert valid("440199199003070021")
    assert not valid("440199199003070022")
    assert not valid("110105194912310021")


def test_the_same_seed_gives_the_same_city_and_another_seed_another() -> None:
    first = [(person.id_number, person.name) for person in city(400)]
    assert first == [(person.id_number, person.name) for person in city(400)]
    assert first[:100] == [(person.id_number, person.name) for person in city(100)], "a larger city only adds people"
    assert not {number for number, _ in first} & {person.id_number for person in city(400, seed=2)}


def test_every_number_is_valid_unique_and_of_the_region_never_issued() -> None:
    people = city()
    numbers = [person.id_number for person in people]
    assert all(valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers) == 2000
    for person in people:
        assert (int(person.id_number[16]) % 2 == 1) == (person.sex == "1")
        assert person.id_number[6:14] == f"{person.birth:%Y%m%d}"
        assert people.find(person.id_number) == person


def test_personas_are_nobody_elses_number() -> None:
    people = city()
    assert all(int(person.id_number[14:17]) >= 20 for person in people)
    assert all(people.find(persona.id_number) is None for persona in PERSONAS)


@pytest.mark.parametrize(
    "number",
    ["", "440199199003070022", "44019919900307002", "440199199002300021", "110105194912310021", "４40199199003070021"],
)
def test_numbers_that_nobody_has(number: str) -> None:
    assert city().find(number) is None


def test_families_could_be_families() -> None:
    people = city()
    records = Records(people)
    for number in range(400):
        household = people.household(number)
        head = household[0]
        assert head.relation == "02"
        for child in (person for person in household if person.relation in {"20", "30"}):
            parents = [person for person in household if person.relation in {"02", "10"}]
            assert all(18 <= (child.birth - parent.birth).days / 365.25 <= 41 for parent in parents)
        for mother in (person for person in household if person.relation == "52"):
            assert (head.birth - mother.birth).days / 365.25 >= 18
        homes = {str(records.record(person, "pop.person")["hukou"]) for person in household}  # type: ignore[index]
        assert len(homes) == 1


def test_every_record_names_only_people_of_the_city() -> None:
    people = city(600)
    records = Records(people)
    subjects = [subject for subject in SUBJECTS if any(records.record(person, subject) for person in people)]
    assert {"pop.person", "pop.household", "pop.history", "resid.registration", "resid.permit"} <= set(subjects)
    assert {"msg.contact", "lease.record", "property.title", "geo.address", "si.employment"} <= set(subjects)
    for person, subject in itertools.product(people, subjects):
        record = records.record(person, subject)
        assert record is None or all(valid(number) for number in ids_in(record))
        json.dumps(record)


def test_records_agree_with_each_other() -> None:
    people = city(600)
    records = Records(people)
    for person in people:
        base = records.record(person, "pop.person")
        registration = records.record(person, "resid.registration")
        permit = records.record(person, "resid.permit")
        lease = records.record(person, "lease.record")
        contact = records.record(person, "msg.contact")
        assert base is not None
        assert contact is not None
        assert (base["hukou_city"] == "440100") == (registration is None)
        if permit is not None:
            assert registration is not None
            assert str(permit["from"]) >= str(registration["since"])
            assert str(permit["from"]) <= AS_OF.isoformat() < str(permit["to"])
        if lease is not None and registration is not None:
            assert lease["place"] == registration["place"]
            assert str(lease["from"]) <= AS_OF.isoformat() <= str(lease["to"])
        assert re.fullmatch(r"140\d{8}", str(contact["phone"]))
        assert base["sex"] in CODES["sex"]
        assert base["ethnic"] in CODES["ethnic"]
        household = records.record(person, "pop.household")
        assert household is not None
        assert household["relation"] in CODES["relation"]


def test_a_city_of_thirteen_million_is_made_by_index() -> None:
    people = city(13_000_000)
    for index in (0, 1, 6_543_210, 12_999_999):
        person = people.person(index)
        assert valid(person.id_number)
        assert people.find(person.id_number) == person
    with pytest.raises(IndexError):
        people.person(13_000_000)
    with pytest.raises(CityTooLarge):
        city(20_000_000)
    assert list(city(0)) == []


def test_the_register_knows_personas_people_and_public_tables() -> None:
    people = city(100)
    register = Register(people, PERSONAS)
    someone = people.person(50)
    assert register.record(someone.id_number, "pop.person") == Records(people).record(someone, "pop.person")
    assert register.record(PERSONAS[0].id_number, "pop.person") == PERSONAS[0].records["pop.person"]
    assert register.record(PERSONAS[0].id_number, "resid.permit") is None
    assert register.record("nobody", "pop.person") is None
    divisions = register.record("nobody", "geo.division")
    assert divisions is not None
    assert len([item for item in divisions["divisions"] if item["level"] == 3]) == 11  # type: ignore[attr-defined]


def test_when_a_record_was_brought_up_to_date() -> None:
    today = datetime.date(2026, 3, 1)
    assert updated(None, "daily", today) == "2026-02-28"
    assert updated({"updated": "2025-01-02"}, "daily", today) == "2025-01-02"
    assert updated({}, "monthly", today) == "2026-02-28"
    assert updated({}, "monthly", datetime.date(2026, 1, 31)) == "2025-12-31"


# --- personas -------------------------------------------------------------------------------------------------------


def persona(name: str) -> Persona:
    return next(item for item in PERSONAS if item.id == name)


def test_the_nine_are_there_and_their_cards_can_be_made() -> None:
    assert [item.id for item in PERSONAS] == [
        "parent", "expired", "blocking", "rare-name", "elder", "newcomer", "owner", "child", "director"
    ]  # fmt: skip
    for item in PERSONAS:
        document = parse_card_document(item.card)
        base = item.records["pop.person"]
        assert (document.holder.name, document.holder.id_number) == (base["name"], base["rid"])
        assert document.holder.birth_date == base["birth"]
        assert {"male": "1", "female": "2"}[document.holder.sex] == base["sex"]
        assert f"{document.holder.ethnic_group:02d}" == base["ethnic"]
        assert set(item.records) <= set(SUBJECTS)
        assert "pop.household" in item.records
        assert item.id_number not in repr(item)
    cards = [item.card["card"] for item in PERSONAS]
    assert len({card["card_id"] for card in cards}) == len({card["card_number"] for card in cards}) == 9  # type: ignore[index]


def test_every_number_of_a_persona_is_valid_also_of_the_family() -> None:
    for item in PERSONAS:
        found = ids_in([dict(item.card), {key: dict(record) for key, record in item.records.items()}])
        assert item.id_number in found
        assert all(valid(number) for number in found), item.id


def test_each_story_is_true_of_its_card() -> None:
    day = {item.id: item.card["card"]["expires"] for item in PERSONAS}  # type: ignore[index]
    assert day.pop("expired") < "2025-01-01"
    assert all(value > "2029-01-01" for value in day.values())
    assert {item.id: item.card["tries_left"] for item in PERSONAS if item.card["tries_left"] != 6} == {"blocking": 3}
    assert "𠮷" in persona("rare-name").records["pop.person"]["name"]  # type: ignore[operator]
    with pytest.raises(UnicodeEncodeError):
        "𠮷".encode("gbk")
    assert datetime.date(2026, 11, 21).year - int(persona("elder").id_number[6:10]) == 82
    newcomer = persona("newcomer").records
    assert newcomer["pop.person"]["hukou_city"] != "440100"
    assert newcomer["lease.record"]["place"] == newcomer["resid.registration"]["place"]
    assert persona("owner").records["legal.entity"]["uscc"] in persona("owner").records["id.link"]["uscc"]  # type: ignore[operator]
    assert len({item.card["pin"] for item in PERSONAS}) == 9


def test_parent_and_child_live_in_one_household() -> None:
    parent, child = persona("parent").records["pop.household"], persona("child").records["pop.household"]
    assert parent["hh_no"] == child["hh_no"]
    assert parent["members"] == child["members"]
    assert {persona("parent").id_number, persona("child").id_number} <= ids_in(parent["members"])


def test_credit_codes_have_their_check_character() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    found = set(re.findall(r"91440199[0-9A-Z]{10}", (CITY / "personas.toml").read_text("utf-8")))
    assert len(found) == 7
    for code in found:
        total = sum(alphabet.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
        assert alphabet[(31 - total % 31) % 31] == code[17]


GOOD = """
schema = 1
[[persona]]
id = "someone"
names = {zh-Hans = "某", en = "Some"}
note = {zh-Hans = "某", en = "Some"}
story = {zh-Hans = "某", en = "Some"}
card = {profile = "citizen", holder = {name = "某人", id_number = "440199199003070013"}}
records = {}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("schema = 1", "schema = 2", "schema = 1"),
        ("schema = 1", "schema = ", "personas"),
        ('id = "someone"', 'id = "Some One"', "an id is lower case"),
        ("note = {zh-Hans", "note = {zh-Hant", "someone.note"),
        ('profile = "citizen", ', "", "someone.card"),
        ('name = "某人", ', "", "name is missing"),
        ("records = {}", "records = 1", "someone.records"),
        ("records = {}", 'records = {"pop.person" = 1}', "someone.records.pop.person"),
        ("records = {}", "records = {}\nextra = 1", "there is no extra"),
        ("records = {}", "records = {}" + GOOD.replace("schema = 1", ""), "two personas"),
    ],
)
def test_a_persona_file_with_a_mistake_is_refused_with_its_place(old: str, new: str, says: str) -> None:
    assert len(load_personas(GOOD)) == 1
    with pytest.raises(PersonasInvalid, match=says):
        load_personas(GOOD.replace(old, new))


def test_a_persona_file_that_is_not_text() -> None:
    with pytest.raises(PersonasInvalid):
        load_personas(b"\xff\xfe")


def test_the_catalogue_has_the_forty_three_subjects_of_the_design_and_the_greeting_s() -> None:
    agencies = tomllib.loads((CITY / "catalogue.toml").read_text("utf-8"))["agencies"]
    assert len(SUBJECTS) == 44
    assert {subject["agency"] for subject in SUBJECTS.values()} <= set(agencies)
    assert len(CODES["ethnic"]) == 56
    assert SUBJECTS["audit.access"]["services"] == ["access-log"]


def test_what_the_agencies_hold_agrees_with_itself() -> None:
    people = city(2000)
    records = Records(people)
    states: set[object] = set()
    buyers = 0
    for person in people:
        job, account = records.record(person, "si.employment"), records.record(person, "si.account")
        fund, pension = records.record(person, "pf.account"), records.record(person, "si.pension")
        state = job["state"] if job is not None else None
        states.add(state)
        assert (account is None) == (job is None) == (records.age(person) < 20)
        if account is not None:
            assert account["state"] == {"employed": "paying", "none": "paused", "retired": "receiving"}[str(state)]
        assert (fund is not None) == (state == "employed") == (records.record(person, "si.payment") is not None)
        assert (pension is not None) == (state == "retired")
        if fund is not None:
            assert 0 <= float(str(fund["available"])) <= float(str(fund["balance"]))
        if pension is not None:
            assert str(pension["since"]) <= AS_OF.isoformat()
        if state == "none":
            assert job is not None
            assert str(job["jobs"][0]["start"]) < str(job["left"]) < AS_OF.isoformat()  # type: ignore[index]
        contract, tax = records.record(person, "property.contract"), records.record(person, "tax.deed")
        assert (contract is None) == (tax is None)
        if contract is not None and tax is not None:
            buyers += 1
            assert person.name in contract["buyers"]  # type: ignore[operator]
            assert tax["contract"] == contract["no"]
        choice, zone = records.record(person, "med.choice"), records.record(person, "edu.zone")
        assert choice is not None
        assert choice["primary"] in HOSPITALS["hospital-primary"]
        assert choice["other"] in HOSPITALS["hospital-other"]
        assert zone is not None
        assert records.record(person, "med.account") is not None
    assert states == {None, "employed", "none", "retired"}
    assert buyers > 0


def test_records_hold_what_the_catalogue_says() -> None:
    people = city(400)
    records = Records(people)
    for person, subject in itertools.product(people, list(SUBJECTS)):
        record = records.record(person, subject)
        assert record is None or set(record) - {"updated"} <= {
            *SUBJECTS[subject]["items"],
            "rid",
            "address",
            "area_code",
        }
    for subject in (
        "si.account",
        "med.account",
        "med.choice",
        "pf.account",
        "property.contract",
        "tax.deed",
        "edu.zone",
    ):
        for item in PERSONAS:
            assert set(item.records.get(subject, {})) <= set(SUBJECTS[subject]["items"]), (item.id, subject)


def test_any_linked_number_leads_back_to_its_person_and_nobody_else_s_does() -> None:
    people = city()
    register = Register(people, [])
    found = 0
    for index in range(0, 2000, 7):
        person = people.person(index)
        link = register.record(person.id_number, "id.link")
        assert link is not None
        companies = link["uscc"]
        assert isinstance(companies, list)
        found += len(companies)
        for number in (link["card"], link["si_no"], *companies):
            assert register.id_number_of(str(number)) == person.id_number
    assert found > 0, "some of them have a company"
    for stranger in ("", "X99999999", "S44019900002000", "91440199MA0000001P", "X0000000", people.person(0).id_number):
        assert register.id_number_of(stranger) is None or stranger == "91440199MA0000001P"
