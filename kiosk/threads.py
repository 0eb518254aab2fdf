"""Where jobs run: a thread with a bounded queue, or, in tests on a fake clock, the caller's own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

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

    def __init__(self, name: str, report: Callable[[str, BaseException], None], limit: int = 64) -> None:
        self._name = name
        self._report = report
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
        """Finish the queued jobs and end. Waits at most 5 s for a job that hangs."""
        self._jobs.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(5)


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
