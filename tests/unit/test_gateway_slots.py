"""The door of the gateway: who comes in, who is told when, and what a whole herd costs."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_cache.messages import encode_batch, sign1
from provisioning.gateway.ingest import unsealed
from provisioning.gateway.serve import GivingWay
from provisioning.gateway.web.slots import SlotLimits, Slots
from tests.gateway_kit import GatewayKit

SMALL = SlotLimits(at_once=2, waiting=4, urgent=2, first_rate=10.0, eagerness=1.0)


class Watch:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def watch() -> Watch:
    return Watch()


def fill(slots: Slots, count: int) -> None:
    for number in range(count):
        assert slots.enter(f"early-{number}".encode()) is None


def leave(slots: Slots, count: int) -> None:
    for number in range(count):
        slots.leave(f"early-{number}".encode())


def test_whoever_finds_the_room_full_gets_a_time_of_its_own(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    told = [slots.enter(f"late-{number}".encode()) for number in range(30)]
    assert told[0] == pytest.approx(1.0), "never less than a second"
    assert [round(b - a, 6) for a, b in itertools.pairwise(told)] == [0.1] * 29, (
        "one at a time, as fast as work is done"
    )
    assert slots.inside == 6


def test_coming_back_too_early_changes_nothing(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    first, second = slots.enter(b"a"), slots.enter(b"b")
    watch.s += 0.5
    assert slots.enter(b"b") == pytest.approx((second or 0) - 0.5 if (second or 0) - 0.5 > 1 else 1.0)
    leave(slots, 4)
    watch.s += 0.5
    assert slots.enter(b"a") is None
    assert first == pytest.approx(1.0)


def test_whoever_comes_early_while_a_thread_is_free_is_let_in(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    told = [slots.enter(f"late-{number}".encode()) for number in range(300)]
    assert all(wait is not None and wait <= SMALL.ask_again_s for wait in told), "a guess of half a minute is no answer"
    assert len({round(wait or 0, 3) for wait in told}) > 30, "they do not ask again all at once"
    slow = slots.rate
    leave(slots, 5)
    assert slots.rate > slow, "there was less work than was thought"
    assert slots.enter(b"late-299") is None


def test_a_newcomer_does_not_take_the_place_of_one_who_waited(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    waited = slots.enter(b"waited")
    assert waited is not None
    leave(slots, 2)
    assert slots.enter(b"newcomer") is not None, "four inside: the rest is kept for slots"
    watch.s += waited
    assert slots.enter(b"waited") is None
    assert slots.enter(b"another newcomer") is not None


def test_a_citizen_before_the_screen_does_not_wait_for_a_herd(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    assert slots.enter(b"terminal") is not None
    assert slots.enter(b"terminal", urgent=True) is None
    assert slots.enter(b"other", urgent=True) is None
    assert slots.enter(b"third", urgent=True) is not None, "a limit on everything"


def test_whoever_was_served_and_has_more_goes_before_a_newcomer(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    assert slots.enter(b"told") is not None
    leave(slots, 2)
    assert slots.enter(b"newcomer") is not None
    assert slots.enter(b"early-0") is None
    watch.s += SMALL.going_on_s
    assert slots.enter(b"early-1") is not None


def test_slots_that_nobody_came_for_are_given_up(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    fill(slots, 6)
    for number in range(20):
        slots.enter(f"gone-{number}".encode())
    leave(slots, 6)
    watch.s += 60
    fill(slots, 6)


def test_no_wait_is_longer_than_the_limit_and_memory_is_bounded(watch: Watch) -> None:
    slots = Slots(watch, SlotLimits(at_once=1, waiting=0, first_rate=1.0, first_most_wait_s=60, remembered=100))
    fill(slots, 1)
    told = [slots.enter(f"{number}".encode()) for number in range(500)]
    assert max(slots._tickets.values()) - watch.s == 60
    assert max(wait for wait in told if wait is not None) <= slots.limits.ask_again_s
    assert len(slots._tickets) <= 101


@given(st.lists(st.tuples(st.sampled_from("ELUW"), st.integers(0, 40), st.floats(0, 5)), max_size=200))
def test_whatever_happens_the_room_is_never_over_full_and_every_wait_is_a_time(
    steps: list[tuple[str, int, float]],
) -> None:
    watch = Watch()
    slots = Slots(watch, SMALL)
    inside = 0
    for kind, who, seconds in steps:
        watch.s += seconds if kind == "W" else 0
        if kind in "EU":
            wait = slots.enter(str(who).encode(), urgent=kind == "U")
            inside += wait is None
            assert wait is None or SMALL.least_wait_s <= wait <= SMALL.most_wait_s
        elif kind == "L" and inside:
            slots.leave(str(who).encode())
            inside -= 1
        assert slots.inside == inside <= SMALL.at_once + SMALL.waiting + SMALL.urgent
        assert slots.rate >= 1


def test_what_can_wait_gives_way_while_terminals_send(watch: Watch) -> None:
    slots = Slots(watch, SMALL)
    way = GivingWay(slots, watch)
    way.wait()
    assert slots.enter(b"somebody") is None
    asked = 0

    class Over:
        def wait(self, seconds: float) -> None:
            nonlocal asked
            asked += 1
            watch.s += seconds

        def is_set(self) -> bool:
            return False

    way.over = Over()  # type: ignore[assignment]
    watch.s += 0.01  # what was done since
    began = watch.s
    way.wait()
    assert 0.09 <= watch.s - began < 0.13, "a tenth of the time"
    watch.s += 100
    began = watch.s
    way.wait()
    assert watch.s - began < 1.1, "never for long"
    slots.leave(b"somebody")
    watch.s += SMALL.quiet_s + 0.01
    asked = 0
    way.wait()
    assert asked == 0, "all of the time"


def herd(
    terminals: int, batches: int, service_s: float, limits: SlotLimits, slots: Slots, watch: Watch, *, fine: bool
) -> Counter[str]:
    """Everybody comes at once with `batches` to send, one after the other; the room serves `at_once` at a time.

    `fine`: they read `retry_after_ms`; others read whole seconds.
    """
    told: Counter[str] = Counter()
    order = itertools.count()
    events: list[tuple[float, int, str, int]] = [(watch.s, next(order), "come", who) for who in range(terminals)]
    left = dict.fromkeys(range(terminals), batches)
    queue: list[int] = []
    working = 0
    heapq.heapify(events)
    while events:
        watch.s, _, kind, who = heapq.heappop(events)
        if kind == "done":
            slots.leave(str(who).encode())
            working -= 1
            left[who] -= 1
            if left[who]:
                heapq.heappush(events, (watch.s + 0.001, next(order), "come", who))
        else:
            wait = slots.enter(str(who).encode())
            if wait is None:
                queue.append(who)
            else:
                told[str(who)] += 1
                told_s = round(wait, 3) if fine else max(1, math.ceil(wait))
                heapq.heappush(events, (watch.s + told_s, next(order), "come", who))
        while queue and working < limits.at_once:
            working += 1
            heapq.heappush(events, (watch.s + service_s, next(order), "done", queue.pop(0)))
    assert not any(left.values())
    return told


@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize(("terminals", "batches"), [(1000, 1), (1000, 5), (10_000, 1)])
def test_a_thousand_terminals_at_once_cost_little_more_than_one_after_the_other(
    watch: Watch, terminals: int, batches: int, *, fine: bool
) -> None:
    limits = SlotLimits()
    slots = Slots(watch, limits)
    service_s = limits.at_once / 300  # three hundred requests a second
    began = watch.s
    told = herd(terminals, batches, service_s, limits, slots, watch, fine=fine)
    took, ideal = watch.s - began, terminals * batches / 300
    assert took <= ideal * 1.25 + 3, f"{took:.1f} s instead of {ideal:.1f} s"
    assert sum(told.values()) <= 2.5 * terminals * batches, "a few refusals for each piece of work, no storm"
    assert slots.inside == 0


# --- over the ASGI interface ----------------------------------------------------------------------------------------


def test_the_answer_says_when_and_the_connection_stays_good(tmp_path: Path) -> None:
    kit = GatewayKit(
        tmp_path / "gateway",
        limits=SlotLimits(at_once=1, waiting=1, urgent=1, first_rate=0.5, first_most_wait_s=60, ask_again_s=60),
    )
    terminals = [kit.enrol() for _ in range(8)]
    for terminal in terminals:
        terminal.record({"number": 1})

    async def storm() -> list[tuple[int, int, int]]:
        calls = [
            kit.call_soon("POST", "/v1/entries", sign1(encode_batch(t.batch(1, 1)), t.key), certificate=t.certificate)
            for t in terminals
        ]
        answers = await asyncio.gather(*calls)
        return [
            (answer.status, int(answer.headers.get("retry-after", 0)),
             answer.json["retry_after_ms"] if answer.status == 503 else 0)
            for answer in answers
        ]  # fmt: skip

    answers = asyncio.run(storm())
    assert [status for status, _, _ in answers].count(200) == 2
    waits = [wait for status, wait, _ in answers if status == 503]
    assert all(math.ceil(fine / 1000) == wait for status, wait, fine in answers if status == 503)
    assert waits == sorted(waits)
    assert len(set(waits)) == 6, "six terminals, six different seconds"
    assert len(list(unsealed(kit.store, kit.authority))) == 2
    assert kit.gateway.slots.inside == 0
    assert kit.call("GET", "/v1/health").status == 200
    kit.store.close()


def test_a_full_house_still_answers_health_and_lookups(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway", limits=SlotLimits(at_once=1, waiting=0, urgent=1))
    terminal = kit.enrol()
    assert kit.gateway.slots.enter(b"somebody") is None
    assert kit.call("GET", "/v1/catalogue", certificate=terminal.certificate).code == "overloaded"
    assert kit.call("GET", "/v1/health", certificate=terminal.certificate).status == 200
    assert kit.call("GET", "/").status == 200
    assert terminal.nonce()
    refused = terminal.post("/v1/entries", b"\0" * 300_000)
    assert (refused.status, refused.code) == (503, "overloaded")
    kit.gateway.slots.leave(b"somebody")
    assert kit.call("GET", "/v2").code == "not-found"
    kit.store.close()
