"""A fleet for tests: terminals with a key that send heartbeats, and a city of a thousand with everyday trouble."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from offline_cache.messages import sign1, verify1
from offline_cache.wire.fleet.heartbeat import Heartbeat, Order, Pulse, decode_order, decode_pulse, encode_heartbeat
from provisioning.gateway.fleet.beats import SAMPLE_MS
from provisioning.gateway.fleet.judge import judge_all, sums
from tests.gateway_kit import Answer, GatewayKit, Terminal

WELL: Mapping[str, int] = {
    "outbox_pending": 0, "outbox_oldest_age_s": 0, "outbox_bytes": 90_000, "outbox_parked": 0, "certificate_days": 70,
    "clock_offset_ms": 12, "app_up": 1, "out_of_service": 0, "reader_up": 1, "printer_up": 1, "cover_open": 0,
    "paper_level": 2, "roll_left_mm": 42_000, "card_reads_total": 300, "card_read_failures_total": 1,
    "disk_free_mb": 20_000, "disk_wear_percent": 10, "memory_free_mb": 900, "temperature_celsius": 45,
    "uptime_s": 90_000,
    "catalogue_age_s": 3600,
}  # fmt: skip
FACTS = {"version": "1.4.2", "slot": "A", "sync": "idle"}


def operator(kit: GatewayKit) -> dict[str, str]:
    return {"Authorization": f"Bearer {kit.authority.operator_token}"}


def beat(
    terminal: Terminal, *, faults: tuple[str, ...] = (), done: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None, **gauges: int,
) -> Answer:  # fmt: skip
    """One heartbeat of a terminal that is well but for `gauges`."""
    told = Heartbeat(
        terminal.name, terminal.kit.clock.ms, "boot", {**WELL, **gauges}, {**FACTS, **(facts or {})}, faults, done or {}
    )
    return terminal.post("/v1/heartbeat", sign1(encode_heartbeat(told), terminal.key))


def pulse(answer: Answer, kit: GatewayKit) -> Pulse:
    assert answer.status == 200, answer.body
    return decode_pulse(verify1(answer.body, kit.authority.signing_key.public_key()))


def orders(answer: Answer, kit: GatewayKit) -> list[Order]:
    key = kit.authority.signing_key.public_key()
    return [decode_order(verify1(signed, key)) for signed in pulse(answer, kit).orders]


TROUBLE: tuple[tuple[Mapping[str, int], int], ...] = (
    ({"reader_up": 0}, 1), ({"paper_level": 0, "roll_left_mm": 0}, 3), ({"cover_open": 1, "printer_up": 0}, 2),
    ({"paper_level": 1, "roll_left_mm": 1200}, 9), ({"outbox_pending": 388, "outbox_oldest_age_s": 1560}, 2),
    ({"out_of_service": 1}, 3), ({"certificate_days": 4}, 1), ({"temperature_celsius": 84}, 1),
)  # fmt: skip


def city(kit: GatewayKit, count: int, seed: int = 1) -> None:
    """Put `count` terminals with places, heartbeats and two weeks of figures straight into the database."""
    print(f"seed {seed}")
    random, now = Random(seed), kit.clock.ms
    offices = json.loads(kit.gateway.published.directory_content())
    districts = [(item["code"], item["name"]["zh-Hans"], item["street"]) for item in offices["divisions"]]
    sick = [gauges for gauges, times in TROUBLE for _ in range(max(times * count // 1000, 1))]
    places = random.sample(range(count), len(sick))
    gauges_of = dict(zip(places, sick, strict=True))
    silent = set(random.sample([n for n in range(count) if n not in gauges_of], max(count // 150, 1)))
    with kit.store.database.transaction() as db:
        for n in range(count):
            code, name, streets = random.choice(districts)
            street = random.choice(streets)
            street_name = street if isinstance(street, str) else street.get("name", name)
            if isinstance(street_name, dict):
                street_name = street_name["zh-Hans"]
            site = {"district": code, "place.zh-Hans": f"{street_name} {n % 9 + 1} 号机", "place.en": f"Site {n + 1}"}
            terminal = f"T{n + 1:04d}"
            text = json.dumps(site, ensure_ascii=False)
            db.run("INSERT INTO terminal VALUES (?, ?, ?, ?, ?, ?)", terminal, f"device-{n}", "GZ-K2", text, now, now)
            ends = now + (4 if gauges_of.get(n, {}).get("certificate_days") else 70) * 86_400_000
            fingerprint = n.to_bytes(32, "big")
            db.run("INSERT INTO certificate VALUES (?, ?, ?, ?, 0)", fingerprint, terminal, bytes(32), ends)
            told = {**WELL, "roll_left_mm": random.randrange(5_000, 78_000), **gauges_of.get(n, {})}
            at = now - (41 * 60_000 if n in silent else random.randrange(60_000))
            beat = Heartbeat(terminal, at, "boot", told, {"version": "1.4.2", "catalogue": "3.ab"}, ())
            kit.gateway.fleet.beats.keep(db, beat, at)
    beats = kit.gateway.fleet.beats
    judged = judge_all(kit.store.terminals(), beats.newest(), now)
    base = sums(judged)
    steps = 14 * 86_400_000 // SAMPLE_MS
    samples: list[tuple[int, str]] = []
    for step in range(steps):
        at, reads = now - (steps - step) * SAMPLE_MS, base["reads"] - (steps - step) * 40
        peak = 4080 if 0 < step - steps + 80 < 7 else 0
        told = {
            **base,
            "pending": random.randrange(20) + peak,
            "reads": reads,
            "read_failures": base["read_failures"] - (steps - step) // 20,
        }
        told["paper_low"] = 12 + random.randrange(14)
        samples.append((at, json.dumps(told)))
    with kit.store.database.transaction() as db:
        db.many("INSERT INTO fleet_sample VALUES (?, ?)", samples)
    kit.gateway.fleet.work()
