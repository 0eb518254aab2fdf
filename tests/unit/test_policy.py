"""What the sync service does after which answer."""

from __future__ import annotations

import math

import pytest

from offline_cache.errors import (
    AckRefused,
    BadReply,
    CacheError,
    NotAuthorised,
    Refused,
    SeqConflict,
    SeqGap,
    StorageDamaged,
    StorageFailed,
    TooLarge,
    Unavailable,
    Untrusted,
)
from offline_cache.policy import Decision, Limits, Pace, after_error, after_stored, backoff_s, requested_wait_s

LIMITS = Limits()
START = Pace.start(LIMITS)
SENT = range(11, 111)


def decide(
    error: CacheError, pace: Pace = START, sent: range = SENT, last_seq: int = 200, chance: float = 0.5
) -> Decision:
    return after_error(pace, error, sent, last_seq, chance, LIMITS)


def test_full_quick_batches_grow_to_the_most_and_not_further() -> None:
    pace, sizes = START, []
    for _ in range(4):
        pace = after_stored(pace, pace.rows, 0.1, LIMITS)
        sizes.append(pace.rows)
    assert sizes == [200, 400, 500, 500]


def test_a_batch_that_was_not_full_or_not_quick_does_not_grow() -> None:
    assert after_stored(START, 99, 0.1, LIMITS).rows == 100
    assert after_stored(START, 100, 2.0, LIMITS).rows == 100


def test_slow_batches_shrink_to_the_least_and_not_further() -> None:
    pace = START
    for _ in range(5):
        pace = after_stored(pace, pace.rows, 5.0, LIMITS)
    assert pace.rows == LIMITS.least_rows


def test_after_a_small_batch_was_stored_sizes_recover() -> None:
    pace = after_stored(Pace(1, LIMITS.least_bytes, failures=7, rewinds=2), 1, 0.1, LIMITS)
    assert (pace.rows, pace.max_bytes) == (LIMITS.least_rows, 2 * LIMITS.least_bytes)
    assert (pace.failures, pace.rewinds) == (0, 0)


def test_the_jitter_is_full_its_bound_doubles_and_ends() -> None:
    most = [backoff_s(failures, 20.0, 1.0, LIMITS) for failures in range(1, 8)]
    assert most == [1, 2, 4, 8, 16, 20, 20]
    assert backoff_s(6, 20.0, 0.5, LIMITS) == 10
    assert backoff_s(5, 20.0, 0.0, LIMITS) == LIMITS.least_wait_s
    assert backoff_s(10**6, 20.0, 1.0, LIMITS) == 20


@pytest.mark.parametrize(("asked", "kept"), [(0, 1), (30, 30), (86_400, 900), (math.inf, 900), (math.nan, 900)])
def test_retry_after_is_honoured_within_bounds(asked: float, kept: float) -> None:
    assert requested_wait_s(asked, LIMITS) == kept
    decision = decide(Unavailable("busy", asked, answered=True))
    assert (decision.action, decision.wait_s, decision.wakes) == ("wait", kept, False)


def test_without_any_answer_waits_stay_short_and_a_new_entry_may_end_them() -> None:
    pace = START
    for _ in range(12):
        decision = decide(Unavailable("cut"), pace, chance=1.0)
        pace = decision.pace
    assert decision.wait_s == LIMITS.most_wait_no_answer_s
    assert decision.wakes
    assert decision.alarm is None


def test_a_gateway_that_says_it_is_down_is_left_alone_for_longer() -> None:
    pace = START
    for _ in range(12):
        decision = decide(Unavailable("503", answered=True), pace, chance=1.0)
        pace = decision.pace
    assert decision.wait_s == LIMITS.most_wait_busy_s
    assert not decision.wakes


def test_an_impostor_is_an_alarm() -> None:
    assert decide(Untrusted("who")).alarm == "gateway-untrusted"


def test_a_gap_goes_back_to_where_the_gateway_is() -> None:
    decision = decide(SeqGap(5))
    assert (decision.action, decision.from_seq, decision.alarm) == ("go-on", 5, None)


def test_a_gap_at_the_very_place_that_was_sent_waits_and_alarms() -> None:
    decision = decide(SeqGap(11))
    assert (decision.action, decision.alarm) == ("wait", "seq-gap")


def test_going_back_again_and_again_ends_in_waiting() -> None:
    pace, actions = START, []
    for expected in (5, 4, 3, 2):
        decision = decide(SeqGap(expected), pace)
        pace = decision.pace
        actions.append(decision.action)
    assert actions == ["go-on"] * 3 + ["wait"]


def test_a_gateway_that_holds_more_than_this_disk_stops_the_line() -> None:
    assert decide(SeqGap(201)).action == "go-on"
    decision = decide(SeqGap(202))
    assert (decision.action, decision.alarm) == ("stop", "seq-gap")


@pytest.mark.parametrize("error", [SeqConflict("x"), StorageDamaged("x", 3)])
def test_what_a_person_must_look_at_stops_the_line(error: CacheError) -> None:
    decision = decide(error)
    assert (decision.action, decision.alarm) == ("stop", error.code)


def test_too_large_halves_rows_and_bytes() -> None:
    decision = decide(TooLarge("x"))
    assert (decision.action, decision.pace.rows, decision.pace.max_bytes) == ("go-on", 50, LIMITS.most_bytes // 2)
    assert decide(TooLarge("x"), sent=range(11, 17)).pace.rows == 3
    assert decide(TooLarge("x"), Pace(2, LIMITS.least_bytes), range(1, 3)).pace == Pace(1, LIMITS.least_bytes, 1)


def test_a_single_row_that_is_too_large_waits_and_alarms() -> None:
    decision = decide(TooLarge("x"), sent=range(11, 12))
    assert (decision.action, decision.alarm) == ("wait", "too-large")


@pytest.mark.parametrize(
    ("error", "alarm"), [(NotAuthorised("401"), "not-authorised"), (Refused("chain-broken", 400), "chain-broken")]
)
def test_a_refused_terminal_pauses_and_alarms(error: CacheError, alarm: str) -> None:
    decision = decide(error, chance=0.0)
    assert (decision.action, decision.wait_s, decision.alarm) == ("pause", LIMITS.pause_s / 2, alarm)
    assert decide(error, chance=1.0).wait_s == LIMITS.pause_s


def test_one_garbled_answer_is_nothing_two_are_an_alarm() -> None:
    first = decide(BadReply("x"))
    assert (first.action, first.alarm, first.wakes) == ("wait", None, True)
    assert decide(BadReply("x"), first.pace).alarm == "bad-reply"


def test_a_signed_acknowledgement_that_does_not_fit_and_a_failing_disk_are_alarms_at_once() -> None:
    refused = decide(AckRefused("x"))
    assert (refused.action, refused.alarm, refused.wakes) == ("wait", "ack-refused", False)
    assert decide(StorageFailed("x"), sent=range(0)).alarm == "storage-failed"
