"""Records of companies, licences, cards, loans, vaccinations and building projects, made from the person's index.

A company belongs to the person who represents it; its code (GB 32100-2015) is the person's index in the standard's
own alphabet, behind region 440199, which was never issued.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from provisioning.gateway.city.agencies import AgencyRecords
from provisioning.gateway.city.home import Home, Maker, Record
from provisioning.gateway.city.people import People, Person

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: no I, O, S, V, Z."""
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_SERIAL_DIGITS = 7
_FIRST_SERIAL = 100_000
"""Below are the companies of the personas."""
_OWNERS_PERCENT = 4
_BUILDERS_PERCENT = 5
_UNREGISTERED_PERCENT = 10
_LOANS_PERCENT = 40
_TRADES = ("图书", "软件", "货运", "食品", "箱包", "灯饰", "机电", "花木")


def uscc_check(first17: str) -> str:
    """Check character of a unified social credit code (GB 32100-2015, modulo 31, weights are powers of three)."""
    total = sum(_ALPHABET.index(letter) * weight for letter, weight in zip(first17, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def company_code(index: int) -> str:
    """The code of the company that person `index` represents, where they represent one."""
    serial, value = "", index + _FIRST_SERIAL
    for _ in range(_SERIAL_DIGITS):
        value, digit = divmod(value, len(_ALPHABET))
        serial = _ALPHABET[digit] + serial
    first17 = f"91440199MA{serial}"
    return first17 + uscc_check(first17)


def company_index(code: str) -> int | None:
    """The other way round of `company_code`; None for a code that it never made."""
    prefix, serial = "91440199MA", code[10:17]
    if not code.startswith(prefix) or len(code) != len(prefix) + _SERIAL_DIGITS + 1 or set(serial) - set(_ALPHABET):
        return None
    value = 0
    for letter in serial:
        value = value * len(_ALPHABET) + _ALPHABET.index(letter)
    index = value - _FIRST_SERIAL
    return index if index >= 0 and company_code(index) == code else None


class Holdings:
    """What companies and people hold; `made` is the table of makers by subject."""

    def __init__(self, people: People, age: Callable[[Person], int], agencies: AgencyRecords) -> None:
        self._people = people
        self._age = age
        self._agencies = agencies
        self.made: dict[str, Maker] = {
            "legal.entity": self._company,
            "legal.role": self._role,
            "tax.registration": self._tax,
            "tax.greeting": self._greeting,
            "land.parcel": self._parcel,
            "proj.project": self._project,
            "pf.loan": self._loan,
            "emp.registration": self._jobless,
            "health.vaccination": self._vaccination,
            "card.status": self._card,
            "lic.elicence": self._licences,
        }

    def company(self, person: Person) -> str:
        """The code of the company this person represents, or empty."""
        runs = self._people.number("company", person.index, 100) < _OWNERS_PERCENT
        return company_code(person.index) if runs and self._agencies.works(person) else ""

    def _ago(self, tag: str, key: int, days: int) -> str:
        return (self._people.as_of - datetime.timedelta(days=self._people.number(tag, key, days) + 1)).isoformat()

    def _company(self, person: Person, home: Home) -> Record | None:
        code = self.company(person)
        if not code:
            return None
        trade = self._people.pick("trade", person.index, _TRADES)
        return {
            "uscc": code,
            "lname": f"广州市{home.road.name}{person.index}{trade}有限公司",
            "rep": person.name,
            "type": "limited",
            "place": f"{home.place.removesuffix('房')}铺",
            "date": self._ago("founded", person.index, 3000),
            "state": "open",
        }

    def _role(self, person: Person, home: Home) -> Record | None:
        """What somebody is in companies, and names that the registry would give them: nobody else is offered these."""
        if self._age(person) < 18:
            return None
        code = self.company(person)
        share = 51 + self._people.number("share", person.index, 50)
        roles = [{"uscc": code, "role": "legal-representative", "share": share}] if code else []
        return {"roles": roles, "rep": bool(code), "names": self._names(person, home)}

    def _tax(self, person: Person, _home: Home) -> Record | None:
        code = self.company(person)
        if not code:
            return None
        if self._people.number("untaxed", person.index, 100) < _UNREGISTERED_PERCENT:
            return {"uscc": code, "state": "none", "date": ""}
        return {"uscc": code, "state": "registered", "date": self._ago("taxed", person.index, 2500)}

    def _greeting(self, person: Person, home: Home) -> Record | None:
        """Yes or no per company: whether commerce has it and tax has not."""
        company, tax = self._company(person, home), self._tax(person, home)
        if company is None or tax is None:
            return None
        row = {"uscc": company["uscc"], "lname": company["lname"], "missing": tax["state"] == "none"}
        return {"companies": [row]}

    def _builds(self, person: Person) -> str:
        code = self.company(person)
        return code if code and self._people.number("builds", person.index, 100) < _BUILDERS_PERCENT else ""

    def _parcel(self, person: Person, home: Home) -> Record | None:
        code = self._builds(person)
        if not code:
            return None
        area = 1200 + 10 * self._people.number("parcel", person.index, 4000)
        place = f"{home.road.district_name}{home.road.street_name}{home.road.name}北侧地块"
        number = f"{home.road.community}GB{person.index:08d}"
        return {"parcels": [{"id": number, "use": "industrial", "area": area, "place": place}]}

    def _project(self, person: Person, home: Home) -> Record | None:
        code = self._builds(person)
        if not code:
            return None
        number = f"{self._people.as_of.year}-{home.road.district}-01-01-{person.index % 1_000_000:06d}"
        floors = 1 + self._people.number("floors", person.index, 12)
        area = 1000 + 100 * self._people.number("built", person.index, 200)
        name = f"{home.road.name}厂房"
        return {
            "code": number,
            "uscc": code,
            "name": name,
            "kind": "industrial",
            "floors": f"{floors}",
            "area": f"{area}",
        }

    def _loan(self, person: Person, home: Home) -> Record | None:
        if not home.owned or person.relation not in {"02", "10"} or not self._agencies.works(person):
            return None
        if self._people.number("loan", home.number, 100) >= _LOANS_PERCENT:
            return None
        balance = 20_000 + self._people.number("owed", home.number, 700_000)
        return {"no": f"D{home.road.district}{home.number:09d}", "balance": f"{balance}.00"}

    def _jobless(self, person: Person, _home: Home) -> Record | None:
        left = self._agencies.left(person)
        if left is None or self._people.number("registered", person.index, 3):
            return None
        since = datetime.date.fromisoformat(str(left["left"])) + datetime.timedelta(days=7)
        return {"state": "unemployed", "date": min(since, self._people.as_of).isoformat()}

    def _vaccination(self, _person: Person, home: Home) -> Record | None:
        """Of the children under seven in the household: a guardian asks, nobody else (design: services.md)."""
        children = [one for one in self._people.household(home.number) if self._age(one) < 7]
        if not children:
            return None
        done = {one.index: self._people.number("vaccine", one.index, 20) != 0 for one in children}
        rows = [{"name": one.name, "birth": one.birth.isoformat(), "complete": done[one.index]} for one in children]
        return {"complete": "yes" if all(done.values()) else "no", "children": rows}

    def _card(self, person: Person, _home: Home) -> Record:
        issued = datetime.date.fromisoformat(self._ago("card", person.index, 3000))
        return {"state": "active", "expires": issued.replace(year=issued.year + 15, day=1).isoformat()}

    def _names(self, person: Person, home: Home) -> list[Record]:
        street, trades = home.road.name.removesuffix("路"), list(_TRADES)
        start = self._people.number("name", person.index, len(trades))
        offered = [trades[(start + place) % len(trades)] for place in range(4)]
        return [{"name": f"{street}{person.index}{trade}"} for trade in offered]

    def _licences(self, person: Person, home: Home) -> Record:
        """Trust A: the issuing agency's own; B: checked by an agency; C: uploaded; D: the citizen's own statement."""
        rows: list[Record] = []

        def add(kind: str, agency: str, trust: str, start: str, end: str = "") -> None:
            number = f"{kind.upper().replace('-', '')[:4]}{person.index:010d}"
            row = {"id": number, "type": kind, "holder": person.name, "from": start, "to": end}
            rows.append({**row, "agency": agency, "trust": trust, "state": "valid"})

        card = self._card(person, home)
        add("citizen-card", "hrss", "A", self._ago("card", person.index, 3000), str(card["expires"]))
        if home.owned and person.relation in {"02", "10"}:
            add("property-title", "planning", "A", home.moved_in.isoformat())
        if self.company(person):
            add("business-licence", "market", "A", self._ago("founded", person.index, 3000))
        if self._age(person) in range(22, 70) and self._people.number("degree", person.index, 3) == 0:
            add("degree", "edu", "B", self._ago("graduated", person.index, 9000))
        if self._people.number("uploaded", person.index, 10) == 0:
            add("own-statement", "data", "D", self._ago("stated", person.index, 400))
        return {"licences": rows}
