"""Records of the agencies whose services ask for them: insurance, medical, provident fund, purchases, school zones.

Made when asked for, from the person's index, like all of the city. Amounts are yuan as text; all of them invented.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from provisioning.gateway.city.home import Home, Maker, Record
from provisioning.gateway.city.people import People, Person

WORKING_AGE = range(20, 60)
_FIRST_HOSPITALS = ("H103", "H104", "H105", "H106", "H113")
"""Keys of the code list `hospital-primary` (`assets/services/codes.toml`)."""
_SECOND_HOSPITALS = ("H901", "H902", "H903", "H904")
_CAUSES = ("contract-ended", "dismissed", "resigned", "closed")
_BUYERS_PERCENT = 4


class AgencyRecords:
    """What the agencies hold; `made` is the table of makers by subject. `age` is a person's, in full years."""

    def __init__(self, people: People, age: Callable[[Person], int]) -> None:
        self._people = people
        self._age = age
        self.made: dict[str, Maker] = {
            "si.account": self._insurance,
            "si.payment": self._payments,
            "si.pension": self._pension,
            "med.account": self._medical,
            "med.choice": self._hospitals,
            "pf.account": self._fund,
            "property.contract": self._contract,
            "tax.deed": self._deed_tax,
            "edu.zone": self._zone,
        }

    def works(self, person: Person) -> bool:
        """Of working age and in a job: nine of ten."""
        return self._age(person) in WORKING_AGE and self._people.number("works", person.index, 10) != 0

    def left(self, person: Person) -> Record | None:
        """How the last job of somebody of working age without one ended, or None."""
        if self._age(person) not in WORKING_AGE or self.works(person):
            return None
        days = self._people.number("left", person.index, 300) + 1
        left = (self._people.as_of - datetime.timedelta(days=days)).isoformat()
        return {"left": left, "cause": self._people.pick("cause", person.index, _CAUSES)}

    def retired(self, person: Person) -> bool:
        """Draws a pension: from 60 (assumed, one age for all)."""
        return self._age(person) >= WORKING_AGE.stop

    def _insurance(self, person: Person, _home: Home) -> Record | None:
        age = self._age(person)
        if age < WORKING_AGE.start:
            return None
        state = "receiving" if self.retired(person) else "paying" if self.works(person) else "paused"
        years = min(age, WORKING_AGE.stop) - WORKING_AGE.start
        months = self._people.number("months", person.index, 12 * years + 1)
        return {"kind": "all", "state": state, "months": months}

    def _payments(self, person: Person, _home: Home) -> Record | None:
        if not self.works(person):
            return None
        base = 3000 + 100 * self._people.number("base", person.index, 200)
        month = self._people.as_of.replace(day=1)
        rows: list[Record] = []
        for _ in range(6):
            month = (month - datetime.timedelta(days=1)).replace(day=1)
            rows.append({"month": month.isoformat()[:7], "base": base, "amount": base * 225 // 1000})
        return {"payments": rows}

    def _pension(self, person: Person, _home: Home) -> Record | None:
        if not self.retired(person):
            return None
        since = person.birth.replace(year=person.birth.year + WORKING_AGE.stop, day=1)
        return {"since": since.isoformat(), "amount": f"{2200 + self._people.number('pension', person.index, 5000)}.00"}

    def _medical(self, person: Person, _home: Home) -> Record:
        plan = "employee" if self.works(person) or self.retired(person) else "resident"
        cents = self._people.number("medical", person.index, 800_000)
        return {"plan": plan, "balance": f"{cents // 100}.{cents % 100:02d}"}

    def _hospitals(self, person: Person, _home: Home) -> Record:
        days = self._people.number("chosen", person.index, 1200) + 1
        since = self._people.as_of - datetime.timedelta(days=days)
        return {
            "primary": self._people.pick("hospital", person.index, _FIRST_HOSPITALS),
            "other": self._people.pick("hospital2", person.index, _SECOND_HOSPITALS),
            "since": since.isoformat(),
            "changed_this_year": since.year == self._people.as_of.year,
        }

    def _fund(self, person: Person, _home: Home) -> Record | None:
        if not self.works(person):
            return None
        balance = 500 + self._people.number("fund", person.index, 200_000)
        return {
            "balance": f"{balance}.00",
            "available": f"{self._people.number('available', person.index, balance + 1)}.00",
            "state": "open",
            "bank": f"榕荫银行 尾号 {self._people.number('bank', person.index, 10_000):04d}",
        }

    def _buys(self, person: Person, home: Home) -> bool:
        return (
            home.owned
            and person.relation in {"02", "10"}
            and self._people.number("buys", home.number, 100) < _BUYERS_PERCENT
        )

    def _contract(self, person: Person, home: Home) -> Record | None:
        if not self._buys(person, home):
            return None
        area = 60 + self._people.number("contract area", home.number, 80)
        owners = [one.name for one in self._people.household(home.number) if one.relation in {"02", "10"}]
        door = f"{self._people.number('contract door', home.number, 99) + 1}号201房"
        return {
            "no": f"W{home.road.district}-{self._people.as_of.year}-{home.number:09d}",
            "buyers": owners,
            "place": f"广州市{home.road.district_name}{home.road.street_name}{home.road.name}{door}",
            "price": area * (12_000 + 1000 * self._people.number("price", home.number, 30)),
            "area": area,
        }

    def _deed_tax(self, person: Person, home: Home) -> Record | None:
        """Rates 1, 1.5 and 2 percent by area and number of homes: assumed, the tax office decides."""
        contract = self._contract(person, home)
        if contract is None:
            return None
        price, area = int(str(contract["price"])), int(str(contract["area"]))
        rate = 1.0 if area <= 90 else 1.5
        return {
            "contract": contract["no"],
            "homes": "2",
            "rate": rate,
            "due": f"{price * rate / 100:.2f}",
            "paid": False,
        }

    def _zone(self, _person: Person, home: Home) -> Record:
        return {"area": home.road.community, "place": home.place, "school": f"{home.road.street_name}小学"}
