"""What a lookup costs in a city of a thousand and of thirteen million, as ratios within one run; and the stream's rate.

Run: `python -m tests.bench.bench_city`. Ends with 1 where a lookup grows with the city.
"""

from __future__ import annotations

import datetime
import random
import resource
import statistics
import sys
import time
from itertools import islice
from pathlib import Path

from kiosk.bench.fleet.plot import Curve
from kiosk.personas import load_personas
from provisioning.gateway.city.people import People, load_material
from provisioning.gateway.city.register import Register
from provisioning.gateway.city.seed import stream
from tests.bench.figures import Figure, Figures

CITY = Path(__file__).resolve().parents[2] / "assets" / "city"
SIZES = (1_000, 1_000_000, 13_000_000)
SUBJECTS = ("pop.person", "si.account", "legal.entity", "lic.elicence", "pf.loan", "id.link")
LOOKUPS, ROUNDS, LINES = 300, 9, 20_000
MOST = 1.3
"""A lookup in the large city takes at most so many times one in the small city."""


def city(size: int) -> People:
    material = load_material((CITY / "material.toml").read_text("utf-8"))
    return People(material, people=size, seed=1, as_of=datetime.date(2026, 1, 1))


def main() -> int:
    personas = load_personas((CITY / "personas.toml").read_bytes())
    pick = random.Random(7)
    cities = {size: (people := city(size), Register(people, personas)) for size in SIZES}
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):  # in turns: what else the machine does falls on all of them
        for size, (people, register) in cities.items():
            numbers = [people.person(pick.randrange(size)).id_number for _ in range(LOOKUPS)]
            start = time.perf_counter()
            for number in numbers:
                for subject in SUBJECTS:
                    register.record(number, subject)
            taken[size].append((time.perf_counter() - start) / LOOKUPS / len(SUBJECTS) * 1e6)
    told = Figures("city", "A lookup in a city of any size")
    lookup_us = {size: statistics.median(times) for size, times in taken.items()}
    for size in SIZES[1:]:
        shares = [one / other for one, other in zip(taken[size], taken[SIZES[0]], strict=True)]
        told.add(
            Figure(f"a lookup among {size:,} people / among {SIZES[0]:,}", lookup_us[size] / lookup_us[SIZES[0]],
                   most=MOST, runs=ROUNDS, low=min(shares), high=max(shares), detail=f"{lookup_us[size]:.1f} us")
        )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    sent = sum(len(line) for line in islice(stream(cities[SIZES[-1]][0], first=SIZES[-1] // 2), LINES))
    elapsed = time.perf_counter() - start
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    told.add(Figure("people streamed", LINES / elapsed, "/s", detail=f"{sent // LINES} bytes each"))
    told.add(Figure("memory that the stream adds", grown_mb, "MB"))
    line = [(float(size), lookup_us[size]) for size in SIZES]
    told.curves.append(Curve("A lookup as the city grows", "people", "microseconds", {"lookup": line}, log_x=True))
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
