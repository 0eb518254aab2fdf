"""The fleet for Prometheus: each terminal's gauges, and figures over all, in its text format.

A terminal's gauges are those of its newest heartbeat; of one that fell silent only `kiosk_last_heartbeat_seconds` and
`kiosk_silent` remain, so that nothing old looks new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from offline_cache.wire.fleet.heartbeat import FACTS, GAUGES
from provisioning.gateway.fleet.judge import CAUSES, Judged, sums

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_UNITS = {"_ms": ("_seconds", 1000), "_mb": ("_bytes", 1 / 1_000_000), "_mm": ("_meters", 1000), "_s": ("_seconds", 1)}
"""Prometheus wants base units: the end of a name, what it becomes, the divisor."""


class _Fleet(Collector):
    def __init__(self, fleet: Sequence[Judged], now_ms: int) -> None:
        self._fleet = fleet
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        talking = [one for one in self._fleet if one.beat is not None and not one.has("silent")]
        for name, (words, _, _) in GAUGES.items():
            yield _family(name, words, talking)
        yield self._facts(talking)
        yield from self._each()
        totals = GaugeMetricFamily("kiosk_fleet", "Figures over the whole fleet", labels=["figure"])
        for name, value in sums(self._fleet).items():
            totals.add_metric([name], value)
        yield totals
        causes = GaugeMetricFamily("kiosk_fleet_terminals_with", "Terminals by what is the matter", labels=["cause"])
        for code in CAUSES:
            causes.add_metric([code], sum(one.has(code) for one in self._fleet))
        yield causes

    def _each(self) -> Iterator[Metric]:
        last = GaugeMetricFamily(
            "kiosk_last_heartbeat_seconds", "When the terminal was last heard, seconds since 1970", labels=["terminal"]
        )
        silent = GaugeMetricFamily("kiosk_silent", "1: nothing was heard for ten minutes", labels=["terminal"])
        for one in self._fleet:
            if one.beat is not None:
                last.add_metric([one.terminal.name], one.beat.received_ms / 1000)
            silent.add_metric([one.terminal.name], int(one.has("silent") or one.has("never-heard")))
        yield last
        yield silent

    def _facts(self, talking: Sequence[Judged]) -> Metric:
        found = InfoMetricFamily("kiosk_terminal", "Versions and slot", labels=["terminal"])
        for one in talking:
            assert one.beat is not None
            facts = {name: one.beat.facts.get(name, "") for name in FACTS}
            found.add_metric([one.terminal.name], facts)
        return found


def _family(name: str, words: str, talking: Sequence[Judged]) -> Metric:
    shown, divisor = name, 1.0
    for end, (base, by) in _UNITS.items():
        if name.endswith(end):
            shown, divisor = name.removesuffix(end) + base, by
            break
    made = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    family = made(f"kiosk_{shown}", words, labels=["terminal"])
    for one in talking:
        value = one.gauge(name)
        if value is not None:
            family.add_metric([one.terminal.name], value / divisor)
    return family


def exposition(fleet: Sequence[Judged], now_ms: int) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fleet(fleet, now_ms))
    return generate_latest(registry)
