"""The people of a synthetic city, made by index: no table, any size, the same seed gives the same people.

Households repeat a pattern of twenty shapes. Member `m` of the pattern's block `g` is person `g * members + m`. Each
member of the pattern owns a run of sequence numbers in its ten-year age band, and a keyed permutation says on which
day, and under which number, member `m` of block `g` was born. Both ways are O(1): index to id number and back.
"""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar, cast

REGION = "440199"
"""In no edition of GB/T 2260: an id number that begins with it was never issued to anybody."""
BAND_DAYS = 3650
"""Length of an age band: the members of band 3 are 30 to 39 years old on the city's date."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ROUNDS = 4

Sex = Literal["1", "2"]
_T = TypeVar("_T")


def id_check(first17: str) -> str:
    """Check character of a resident id number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


class CityTooLarge(ValueError):
    """More people were asked for than the id numbers of one region code can hold."""

    code = "city-too-large"


@dataclass(frozen=True)
class Member:
    """One place in a household shape: relation to the head (GB/T 4761), age band, sex (GB/T 2261.1)."""

    relation: str
    band: int
    sex: Sex


def _shape(text: str) -> tuple[Member, ...]:
    return tuple(Member(item[:2], int(item[3]), cast("Sex", item[2])) for item in text.split())


# relation, sex, band: 02 head, 10 spouse, 20 son, 30 daughter, 41 grandson, 52 mother
_SHAPES = tuple(
    _shape(text)
    for text in (
        "0213 1023 2010",
        "0223 1013 3020",
        "0213 1023 2010 3020",
        "0214 1024 3021",
        "0214 1024 2011",
        "0215 1025 2012",
        "0225 1015 3022",
        "0212",
        "0222",
        "0213",
        "0212 1022",
        "0216 1026",
        "0217 1027",
        "0228",
        "0218",
        "0214 1024 2011 5227",
        "0224 3021",
        "0223 1013",
        "0216 1026 4110",
        "0229",
    )
)


@dataclass(frozen=True)
class _Class:
    """All persons of one place in the pattern: shape and member, and the sequence numbers that are theirs."""

    shape: int
    member: Member
    sequences: tuple[int, ...]

    @property
    def slots(self) -> int:
        return len(self.sequences) * BAND_DAYS


def _classes(reserved: int) -> tuple[_Class, ...]:
    places = [(number, member) for number, shape in enumerate(_SHAPES) for member in shape]
    sharing: dict[tuple[int, Sex], list[int]] = {}
    for place, (_, member) in enumerate(places):
        sharing.setdefault((member.band, member.sex), []).append(place)
    owned: dict[int, tuple[int, ...]] = {}
    for (_, sex), group in sharing.items():
        numbers = range(reserved + (1 if sex == "1" else 0), 1000, 2)
        for turn, place in enumerate(group):
            owned[place] = tuple(numbers[turn :: len(group)][: len(numbers) // len(group)])
    return tuple(_Class(shape, member, owned[place]) for place, (shape, member) in enumerate(places))


@dataclass(frozen=True)
class Person:
    """Who somebody is. The repr tells only the index."""

    index: int
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: Sex = field(repr=False)
    birth: datetime.date = field(repr=False)
    household: int
    relation: str = field(repr=False)


@dataclass(frozen=True)
class Road:
    """A road of the city with the codes of the area around it."""

    district: str
    district_name: str
    street: str
    street_name: str
    community: str
    name: str


@dataclass(frozen=True)
class Material:
    """What the city is made of (`assets/city/material.toml`)."""

    reserved: int
    roads: tuple[tuple[Road, int], ...]
    elsewhere: tuple[tuple[str, str], ...]
    surnames: str
    male: str
    female: str
    divisions: tuple[dict[str, object], ...]


def load_material(text: str) -> Material:
    """Read `material.toml`."""
    raw = tomllib.loads(text)
    roads: list[tuple[Road, int]] = []
    divisions: list[dict[str, object]] = []
    for district in raw["district"]:
        divisions.append({"code": district["code"], "level": 3, "name": district["name"]})
        for street in district["street"]:
            code = district["code"] + street["code"]
            names = {"zh-Hans": street["zh-Hans"], "en": street["en"]}
            divisions.append({"code": code, "level": 4, "name": names})
            for number, road in enumerate(street["roads"]):
                community = number % len(street["communities"]) + 1
                area = f"{code}{community:03d}"
                place = Road(district["code"], district["name"]["zh-Hans"], code, street["zh-Hans"], area, road)
                roads.append((place, district["weight"]))
    names = raw["names"]
    return Material(
        reserved=raw["reserved_sequences"],
        roads=tuple(roads),
        elsewhere=tuple((item["city"], item["place"]) for item in raw["elsewhere"]),
        surnames=names["surnames"],
        male=names["male"],
        female=names["female"],
        divisions=tuple(divisions),
    )


class People:
    """The people, by index and by id number.

    Raises:
        CityTooLarge: more than `People.capacity(material)`.
    """

    def __init__(self, material: Material, *, people: int, seed: int, as_of: datetime.date) -> None:
        self.material = material
        self.count = people
        self.as_of = as_of
        self._key = hashlib.sha256(f"kiosk-city {seed}".encode()).digest()
        self._classes = _classes(material.reserved)
        if people < 0 or people > self.capacity(material):
            raise CityTooLarge(f"a city holds 0 to {self.capacity(material)} people")

    @staticmethod
    def capacity(material: Material) -> int:
        """How many people one region code can hold in this pattern."""
        classes = _classes(material.reserved)
        return min(item.slots for item in classes) * len(classes)

    def __iter__(self) -> Iterator[Person]:
        return (self.person(index) for index in range(self.count))

    def number(self, tag: str, key: int, below: int) -> int:
        """A number from 0 to `below - 1` that this seed gives to `tag` and `key`."""
        digest = hashlib.blake2b(f"{tag}:{key}".encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) % below

    def pick(self, tag: str, key: int, choices: Sequence[_T]) -> _T:
        """One of `choices`."""
        return choices[self.number(tag, key, len(choices))]

    def person(self, index: int) -> Person:
        """Return person `index`. Raises `IndexError` outside 0 to `count - 1`."""
        if not 0 <= index < self.count:
            raise IndexError("no such person")
        block, place = divmod(index, len(self._classes))
        kind = self._classes[place]
        sequence_index, day = divmod(self._permute(place, block, kind.slots), BAND_DAYS)
        birth = self.as_of - datetime.timedelta(days=kind.member.band * BAND_DAYS + 1 + day)
        first17 = f"{REGION}{birth:%Y%m%d}{kind.sequences[sequence_index]:03d}"
        household = block * len(_SHAPES) + kind.shape
        return Person(
            index=index,
            id_number=first17 + id_check(first17),
            name=self._name(index, household, kind.member),
            sex=kind.member.sex,
            birth=birth,
            household=household,
            relation=kind.member.relation,
        )

    def find(self, id_number: str) -> Person | None:
        """The person with this id number, or None."""
        if len(id_number) != 18 or not id_number.isascii() or not id_number[:17].isdigit():
            return None
        if id_number[:6] != REGION or id_check(id_number[:17]) != id_number[17]:
            return None
        try:
            birth = datetime.datetime.strptime(id_number[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a date, no time
        except ValueError:
            return None
        band, day = divmod((self.as_of - birth).days - 1, BAND_DAYS)
        owner = self._owners.get((band, int(id_number[14:17])))
        if owner is None:
            return None
        place, sequence_index = owner
        block = self._restore(place, sequence_index * BAND_DAYS + day, self._classes[place].slots)
        index = block * len(self._classes) + place
        return self.person(index) if index < self.count else None

    def household(self, number: int) -> tuple[Person, ...]:
        """The members of a household, head first."""
        block, shape = divmod(number, len(_SHAPES))
        places = [place for place, kind in enumerate(self._classes) if kind.shape == shape]
        indexes = [block * len(self._classes) + place for place in places]
        return tuple(self.person(index) for index in indexes if index < self.count)

    @cached_property
    def _owners(self) -> dict[tuple[int, int], tuple[int, int]]:
        return {
            (kind.member.band, sequence): (place, turn)
            for place, kind in enumerate(self._classes)
            for turn, sequence in enumerate(kind.sequences)
        }

    def _name(self, index: int, household: int, member: Member) -> str:
        """Children and grandchildren of a man who heads the household, and he himself, share the surname."""
        shares = member.relation in {"02", "20", "30", "41"}
        surname = self.pick("surname", household if shares else index + 2**40, self.material.surnames)
        pool = self.material.male if member.sex == "1" else self.material.female
        given = self.pick("given", index, pool)
        return surname + given + (self.pick("given2", index, pool) if self.number("length", index, 5) else "")

    def _permute(self, place: int, value: int, size: int) -> int:
        while True:  # cycle walking: the network permutes the next even number of bits
            value = self._network(place, value, size, reverse=False)
            if value < size:
                return value

    def _restore(self, place: int, value: int, size: int) -> int:
        while True:
            value = self._network(place, value, size, reverse=True)
            if value < size:
                return value

    def _network(self, place: int, value: int, size: int, *, reverse: bool) -> int:
        """A balanced Feistel network over the smallest even number of bits that holds `size`."""
        half = -(-(size - 1).bit_length() // 2)
        left, right = value >> half, value & ((1 << half) - 1)
        for turn in reversed(range(_ROUNDS)) if reverse else range(_ROUNDS):
            if reverse:
                left, right = right ^ self.number(f"round {place} {turn}", left, 1 << half), left
            else:
                left, right = right, left ^ self.number(f"round {place} {turn}", right, 1 << half)
        return left << half | right
