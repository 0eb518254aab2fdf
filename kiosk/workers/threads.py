"""Where jobs run: a thread with a bounded queue, or, in tests on a fake clock, the caller's own thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
Job = Callable[[], None]


class WorkerBusy(Exception):
    """The queue of a worker is full: something hangs."""

    code = "internal"


class Worker(Protocol):
    """Runs jobs one after the other."""

    def submit(self, job: Job) -> None: ...

    def stop(self) -> None: ...


class ThreadWorker:
    """A thread with a bounded queue. A job that raises is reported, and the next one runs."""

    def __init__(
        self, name: str, report: Callable[[str, BaseException], None], limit: int = 64, patience_s: float = 5.0
    ) -> None:
        self._name = name
        self._report = report
        self._patience_s = patience_s
        self._jobs: queue.Queue[Job | None] = queue.Queue(limit)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises `WorkerBusy` where the queue is full."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full as error:
            raise WorkerBusy(f"the {self._name} worker does not keep up") from error

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - a worker outlives any of its jobs; the failure is reported
                self._report(self._name, error)

    def stop(self) -> None:
        """Finish the queued jobs and end. A job that hangs is waited for `patience_s`, reported, and left behind."""
        if threading.current_thread() is self._thread:
            self._jobs.put_nowait(None)
            return
        deadline = time.monotonic() + self._patience_s
        try:
            self._jobs.put(None, timeout=self._patience_s)
        except queue.Full as error:
            self._report(self._name, error)
            return
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._report(self._name, WorkerBusy(f"the {self._name} worker did not end"))


def asked(worker: Worker, question: Callable[[], T], timeout_s: float) -> T:
    """For another thread: have the worker answer, and wait for it.

    Raises what the question raises, and `WorkerBusy` where no answer came in time or the queue is full.
    """
    answer: queue.Queue[tuple[T] | Exception] = queue.Queue(1)

    def job() -> None:
        try:
            answer.put((question(),))
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asked
            answer.put(error)

    worker.submit(job)
    try:
        found = answer.get(timeout=timeout_s)
    except queue.Empty as error:
        raise WorkerBusy("no answer in time") from error
    if isinstance(found, Exception):
        raise found
    return found[0]


class InlineWorker:
    """Runs each job at once, in the caller's thread: for tests on a fake clock."""

    def __init__(self, name: str, report: Callable[[str, BaseException], None]) -> None:
        self._name = name
        self._report = report

    def submit(self, job: Job) -> None:
        """Run the job now."""
        try:
            job()
        except Exception as error:  # noqa: BLE001 - as in ThreadWorker
            self._report(self._name, error)

    def stop(self) -> None:
        """Nothing is running."""
