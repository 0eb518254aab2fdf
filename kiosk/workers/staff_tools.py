"""What staff mode asks of the machine, by name, and the worker in which it runs.

The composition root fills `StaffTools`; nothing here knows what a task does. A task that raises is answered with the
failure code of what it raised, so that the screen has a sentence for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from kiosk import events as e
from kiosk.staff.part import TaskDone
from kiosk.workers.threads import Worker

Task = Callable[[Mapping[str, str]], TaskDone]


class StaffTools(Protocol):
    """The machine's side of staff mode."""

    def run(self, name: str, arguments: Mapping[str, str]) -> TaskDone:
        """Do the task of this name. May raise anything with a `code`; `UnknownTask` where there is none."""
        ...


class UnknownTask(Exception):
    """Nobody does a task of this name here."""

    code = "internal"


class TaskTable:
    """Tools as a table of tasks; further rooms add theirs with `|`."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = dict(tasks)

    def run(self, name: str, arguments: Mapping[str, str]) -> TaskDone:
        """As `StaffTools.run`."""
        task = self._tasks.get(name)
        if task is None:
            raise UnknownTask(name)
        return task(arguments)

    def __or__(self, more: Mapping[str, Task]) -> TaskTable:
        return TaskTable({**self._tasks, **more})


class LaterTools:
    """Tools that are made when they are first needed: a terminal that no technician visits never imports them."""

    def __init__(self, make: Callable[[], StaffTools]) -> None:
        self._make = make
        self._made: StaffTools | None = None

    def run(self, name: str, arguments: Mapping[str, str]) -> TaskDone:
        """As `StaffTools.run`."""
        if self._made is None:
            self._made = self._make()
        return self._made.run(name, arguments)


class StaffDesk:
    """Runs the tasks one after the other, in its worker, and posts what came of each."""

    def __init__(self, tools: StaffTools, worker: Worker, post: Callable[[e.Event], None]) -> None:
        self._tools = tools
        self._worker = worker
        self._post = post

    def run(self, name: str, arguments: Mapping[str, str]) -> None:
        """Queue a task; `TaskDone` of its name answers."""
        self._worker.submit(lambda: self._run(name, arguments))

    def _run(self, name: str, arguments: Mapping[str, str]) -> None:
        try:
            done = self._tools.run(name, arguments)
        except Exception as error:  # noqa: BLE001 - whatever the machine says, the technician is told
            done = TaskDone(name, ok=False, code=str(getattr(error, "code", "internal")))
        self._post(done)

    def close(self) -> None:
        """End the thread after what is queued."""
        self._worker.stop()
