"""Workers: one job after the other, failures reported, nothing waits for ever."""

from __future__ import annotations

import threading

import pytest

from kiosk.workers.threads import InlineWorker, ThreadWorker, WorkerBusy

DEADLINE_S = 10


class Reports:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.changed = threading.Event()

    def __call__(self, worker: str, error: BaseException) -> None:
        self.seen.append((worker, type(error).__name__))
        self.changed.set()


def fail() -> None:
    raise KeyError("x")


def test_jobs_run_in_turn_in_a_thread_of_their_own() -> None:
    done: list[int] = []
    names: set[str] = set()
    worker = ThreadWorker("card", Reports())
    for number in range(20):
        worker.submit(lambda number=number: (done.append(number), names.add(threading.current_thread().name)))  # type: ignore[misc]
    worker.stop()
    assert done == list(range(20))
    assert names == {"card"}


def test_a_job_that_raises_is_reported_and_the_next_one_runs() -> None:
    reports, after = Reports(), threading.Event()
    worker = ThreadWorker("card", reports)
    worker.submit(fail)
    worker.submit(after.set)
    assert after.wait(DEADLINE_S)
    worker.stop()
    assert reports.seen == [("card", "KeyError")]


def test_a_worker_that_does_not_keep_up_refuses_more() -> None:
    busy, free = threading.Event(), threading.Event()

    def hang() -> None:
        busy.set()
        free.wait(DEADLINE_S)

    worker = ThreadWorker("printer", Reports(), limit=1)
    worker.submit(hang)
    assert busy.wait(DEADLINE_S)
    worker.submit(free.wait)  # pyright: ignore
    with pytest.raises(WorkerBusy, match="printer"):
        worker.submit(free.wait)  # pyright: ignore
    free.set()
    worker.stop()


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_job_that_hangs_is_left_behind_when_the_terminal_ends(waiting: int) -> None:
    busy, free, reports = threading.Event(), threading.Event(), Reports()

    def hang() -> None:
        busy.set()
        free.wait(DEADLINE_S)

    worker = ThreadWorker("printer", reports, limit=1, patience_s=0.01)
    worker.submit(hang)
    assert busy.wait(DEADLINE_S)
    for _ in range(waiting):
        worker.submit(lambda: None)
    worker.stop()
    assert [worker for worker, _ in reports.seen] == ["printer"]
    free.set()


def test_a_job_may_end_its_own_worker() -> None:
    ended = threading.Event()
    worker = ThreadWorker("store", Reports())
    worker.submit(lambda: (worker.stop(), ended.set()))  # type: ignore[misc]
    assert ended.wait(DEADLINE_S)
    worker.stop()


def test_on_a_fake_clock_jobs_run_at_once_and_failures_are_reported_too() -> None:
    reports, done = Reports(), list[int]()
    worker = InlineWorker("card", reports)
    worker.submit(lambda: done.append(1))
    worker.submit(fail)
    worker.stop()
    assert done == [1]
    assert reports.seen == [("card", "KeyError")]
