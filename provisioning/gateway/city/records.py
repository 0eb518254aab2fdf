"""What the synthetic city holds of one of its people: subject of the catalogue -> record, made when asked for."""

from __future__ import annotations

import datetime
from functools import lru_cache

from provisioning.gateway.city.agencies import AgencyRecords
from provisioning.gateway.city.holdings import Holdings
from provisioning.gateway.city.home import Home, Maker, Record
from provisioning.gateway.city.people import People, Person

_EMPLOYERS = (
    "榕荫图书服务",
    "云桥软件",
    "古港货运代理",
    "莲溪食品",
    "盘龙箱包",
    "星湖物业管理",
    "木棉灯饰",
    "船坞机电",
)
_NEWCOMERS_PERCENT = 42
_OWNERS_PERCENT = 55


class Records:
    """The records of generated people. `None` means that the city holds nothing of this subject."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._roads = tuple(road for road, weight in people.material.roads for _ in range(weight))
        self._made: dict[str, Maker] = {
            "pop.person": self._person,
            "pop.household": self._household,
            "pop.history": self._history,
            "resid.registration": self._registration,
            "resid.permit": self._permit,
            "msg.contact": self._contact,
            "geo.address": self._address,
            "id.link": self._link,
            "lease.record": self._lease,
            "property.title": self._title,
            "si.employment": self._employment,
            "edu.student": self._student,
            "marriage.record": self._marriage,
        }
        self._agencies = AgencyRecords(people, self.age)
        self._made |= self._agencies.made
        self._holdings = Holdings(people, self.age, self._agencies)
        self._made |= self._holdings.made
        self.home = lru_cache(maxsize=10_000)(self._home)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of which these people may have a record."""
        return tuple(self._made)

    def record(self, person: Person, subject: str) -> Record | None:
        """Make one record, or None where nothing is held."""
        make = self._made.get(subject)
        return None if make is None else make(person, self.home(person.household))

    def age(self, person: Person) -> int:
        """Full years on the city's date."""
        today = self._people.as_of
        return today.year - person.birth.year - ((today.month, today.day) < (person.birth.month, person.birth.day))

    def _home(self, household: int) -> Home:
        people = self._people
        road = people.pick("road", household, self._roads)
        floor, flat = people.number("floor", household, 30) + 1, people.number("flat", household, 6) + 1
        door = f"{people.number('door', household, 199) + 1}号{floor}{flat:02d}房"
        moved_in = people.as_of - datetime.timedelta(days=people.number("moved", household, 6000) + 20)
        if people.number("newcomer", household, 100) < _NEWCOMERS_PERCENT:
            city, place = people.pick("from", household, people.material.elsewhere)
            hukou = f"{place}{people.number('hukou', household, 300) + 1}号"
        else:
            city = "440100"
            hukou = f"广东省广州市{road.district_name}{road.street_name}{road.name}{door}"
        owned = people.number("owned", household, 100) < _OWNERS_PERCENT
        return Home(road, door, household, hukou, city, moved_in, owned)

    def _person(self, person: Person, home: Home) -> Record:
        return {
            "rid": person.id_number,
            "name": person.name,
            "sex": person.sex,
            "ethnic": "01" if self._people.number("ethnic", person.index, 50) else "08",
            "birth": person.birth.isoformat(),
            "hukou": home.hukou,
            "hukou_city": home.hukou_city,
        }

    def _household(self, person: Person, home: Home) -> Record:
        return {
            "hh_no": f"440199{home.number + 1000:09d}",
            "address": home.hukou,
            "relation": person.relation,
            "members": [
                {
                    "rid": member.id_number,
                    "name": member.name,
                    "relation": member.relation,
                    "sex": member.sex,
                    "birth": member.birth.isoformat(),
                }
                for member in self._people.household(home.number)
            ],
        }

    def _history(self, person: Person, home: Home) -> Record:
        if home.newcomer or home.moved_in <= person.birth:
            return {"changes": []}
        earlier = self._people.pick("earlier", home.number, self._roads)
        before = f"广东省广州市{earlier.district_name}{earlier.street_name}{earlier.name}6号"
        change = {"date": home.moved_in.isoformat(), "kind": "move-in", "from": before, "to": home.hukou}
        return {"changes": [change]}

    def _registration(self, person: Person, home: Home) -> Record | None:
        if not home.newcomer:
            return None
        return {
            "place": home.place,
            "area_code": home.road.community,
            "since": max(home.moved_in, person.birth).isoformat(),
            "dwell": "own" if home.owned else "rent",
        }

    def _permit(self, person: Person, home: Home) -> Record | None:
        half_a_year = home.moved_in + datetime.timedelta(days=183)
        if not home.newcomer or self.age(person) < 16 or half_a_year > self._people.as_of:
            return None
        if self._people.number("permit", person.index, 3) == 0:
            return None
        start = half_a_year + datetime.timedelta(days=self._people.number("permit day", person.index, 15))
        years = (self._people.as_of - start).days // 365
        start += datetime.timedelta(days=365 * years)
        end = start + datetime.timedelta(days=365)
        return {"no": f"R440199{person.index:011d}", "from": start.isoformat(), "to": end.isoformat()}

    def _contact(self, person: Person, home: Home) -> Record | None:
        grown = person if self.age(person) >= 14 else self._people.household(home.number)[0]
        # 140 is the range of machines (13 digits): no telephone has an 11-digit number in it (assumed).
        phone = f"140{(grown.index + 1_000) % 100_000_000:08d}"
        email = f"p{grown.index}@example.com" if self._people.number("email", grown.index, 2) else ""
        days = self._people.number("contact day", grown.index, 900)
        return {
            "phone": phone,
            "email": email,
            "language": "zh-Hans",
            "notify": "sms",
            "updated": (self._people.as_of - datetime.timedelta(days=days)).isoformat(),
        }

    def _address(self, _person: Person, home: Home) -> Record:
        return {
            "id": f"A{home.road.street}{home.number:09d}",
            "area_code": home.road.community,
            "road": home.road.name,
            "door": home.door,
            "place": home.place,
        }

    def _link(self, person: Person, _home: Home) -> Record:
        company = self._holdings.company(person)
        numbers = {"card": f"X{person.index % 100_000_000:08d}", "si_no": f"S440199{person.index:08d}"}
        return {**numbers, "uscc": [company] if company else []}

    def _lease(self, _person: Person, home: Home) -> Record | None:
        if home.owned or not home.newcomer:
            return None
        head = self._people.household(home.number)[0]
        landlord = self._people.person(self._people.number("landlord", home.number, self._people.count)).name
        end = home.moved_in
        while end <= self._people.as_of:
            end += datetime.timedelta(days=730)
        return {
            "no": f"L{home.road.district}-{home.moved_in.year}-{home.number:09d}",
            "parties": [landlord, head.name],
            "landlord": landlord,
            "tenant": head.name,
            "place": home.place,
            "area_code": home.road.community,
            "rent": 1200 + 100 * self._people.number("rent", home.number, 60),
            "from": (end - datetime.timedelta(days=730)).isoformat(),
            "to": (end - datetime.timedelta(days=1)).isoformat(),
        }

    def _title(self, person: Person, home: Home) -> Record | None:
        owners = [member for member in self._people.household(home.number) if member.relation in {"02", "10"}]
        if not home.owned or person.relation not in {"02", "10"}:
            return None
        return {
            "unit": f"{home.road.community}GB00001F{home.number:08d}",
            "owners": [{"name": owner.name, "share": 100 // len(owners)} for owner in owners],
            "place": home.place,
            "area": 38.0 + self._people.number("area", home.number, 110),
        }

    def _employment(self, person: Person, _home: Home) -> Record | None:
        if self._agencies.retired(person):
            return {"jobs": [], "state": "retired"}
        ended = self._agencies.left(person)
        if ended is None and not self._agencies.works(person):
            return None
        start = self._people.as_of - datetime.timedelta(days=self._people.number("job", person.index, 1500) + 30)
        job = {
            "employer": f"广州市{self._people.pick('employer', person.index, _EMPLOYERS)}有限公司",
            "start": start.isoformat(),
            "end": "",
            "cause": "",
        }
        if ended is None:
            return {"jobs": [job], "state": "employed"}
        end = datetime.date.fromisoformat(str(ended["left"]))
        start = end - (self._people.as_of - start)
        return {
            "jobs": [{**job, "start": start.isoformat(), "end": ended["left"], "cause": ended["cause"]}],
            "state": "none",
            **ended,
        }

    def _student(self, person: Person, home: Home) -> Record | None:
        age = self.age(person)
        return {"school": f"{home.road.street_name}小学", "grade": age - 5} if 6 <= age < 12 else None

    def _marriage(self, person: Person, home: Home) -> Record | None:
        couple = [item for item in self._people.household(home.number) if item.relation in {"02", "10"}]
        if len(couple) != 2 or person not in couple:
            return None
        grown = max(item.birth for item in couple) + datetime.timedelta(days=22 * 366)
        days = max((self._people.as_of - grown).days, 1)
        date = grown + datetime.timedelta(days=self._people.number("wedding", home.number, min(days, 3000)))
        return {
            "no": f"J440199-{date.year}-{home.number:09d}",
            "parties": [item.name for item in couple],
            "kind": "marriage",
            "date": min(date, self._people.as_of).isoformat(),
        }
