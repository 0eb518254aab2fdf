"""The tasks of maintenance at the touchscreen: what each does on this machine, and its findings in words.

All of them run in the staff worker. The printer belongs to its own worker, which is asked through `StaffPrinter`.
Nothing here reads an entry, a card's holder or a key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Protocol

from drivers.api import JobState, PrinterStatus, PrintResult, Receipt
from drivers.printers.roll import ROLL_FILE, RollKeeper
from kiosk.doctor.check import Check, Result, run_checks
from kiosk.doctor.site import Site
from kiosk.doctor.table import CHECKS
from kiosk.frozen import frozen
from kiosk.leaving.bundle import Bundle, write_bundle
from kiosk.log import Log
from kiosk.staff import checks, closed
from kiosk.staff.part import TaskDone, TaskRow
from kiosk.upkeep import closing, paper
from kiosk.upkeep.log_lines import last_lines
from kiosk.upkeep.stick import Stick, StickAmbiguous, StickUnusable, plugged
from kiosk.workers.staff_tools import Task
from offline_cache import state as states
from offline_cache.errors import CacheError
from offline_cache.service import drain
from offline_cache.sync import Drained

NETWORK_CHECKS = ("gateway-reachable", "gateway-latency", "clock-offset", "sync-service")
BUNDLES = "bundles"
PARKED_SHOWN = 100


class StaffPrinter(Protocol):
    """The receipt printer, through the worker that owns it. Both wait for it, within its own deadlines."""

    def status_for_staff(self) -> PrinterStatus: ...

    def print_for_staff(self, receipt: Receipt) -> PrintResult: ...


@frozen
class Machine:
    """What the tasks work on."""

    state_dir: Path
    site: Callable[[], Site]
    """A fresh look each time: the probes in it ask once."""
    printer: StaffPrinter
    log: Log
    wall_ms: Callable[[], int]
    local: Callable[[], str]
    """ISO 8601 local time, minutes."""
    restart: Callable[[], None]
    """Ends the program so that its unit starts it again; returns at once."""
    terminal: str = ""
    accept: Callable[[Mapping[str, object]], bool] = field(default=lambda _content: True)
    """Whether a configuration that the gateway published can be used."""
    stick: Stick = plugged
    """A bench has none."""
    offices: Callable[[], Mapping[str, object]] = field(default=dict[str, object])
    """The city's directory of offices as the gateway last signed it; empty where there is none."""
    checks: Sequence[Check] = CHECKS
    sync: Callable[[], Drained] | None = None
    """In place of a real delivery, where there is no gateway to deliver to (the virtual bench)."""


class Maintenance:
    """The tasks, by name. Raise leaves with a `code`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._results: Sequence[Result] = ()
        self._rows: tuple[TaskRow, ...] = ()

    def tasks(self) -> dict[str, Task]:
        """Name -> task."""
        return {
            "checks": self.checks,
            "print": self.print,
            "network": self.network,
            "sync": self.sync,
            "parked": self.parked,
            "roll": self.roll,
            "logs": self.logs,
            "bundle": self.bundle,
            "report": self.report,
            "restart": self.restart,
            "close": self.close,
            "open": self.open,
            closed.NEARBY: self.nearby,
        }

    # ------------------------------------------------------------------------------------------------- looking

    def checks(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Every check, side by side."""
        machine = self._machine
        began_ms = machine.wall_ms()
        self._results = run_checks(machine.checks, machine.site())
        took_s = (machine.wall_ms() - began_ms) / 1000
        self._rows = checks.rows((one.name, str(one.outcome), one.cause) for one in self._results)
        bad = [row for row in self._rows if row.mark == "fail"]
        facts = {"at": machine.local(), "took": f"{took_s:.0f}"}
        return TaskDone("checks", ok=not bad, code=bad[0].name if bad else "", facts=facts, rows=self._rows)

    def network(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The checks of the line to the gateway, one row each."""
        wanted = [one for one in self._machine.checks if one.name in NETWORK_CHECKS]
        results = run_checks(wanted, self._machine.site())
        rows = [checks.single(one.name, str(one.outcome), one.cause) for one in results]
        bad = next((row.name for row in rows if row.mark == "fail"), "")
        return TaskDone("network", ok=not bad, code=bad, rows=tuple(rows))

    def parked(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Entries that an office rejected: number and reason. Raises `CacheError` leaves."""
        with states.open_reader(self._machine.state_dir) as outbox:
            found = outbox.parked(PARKED_SHOWN)
        rows = tuple(
            TaskRow("warn", "parked-entries", "第 {seq} 条，{agency}", "原因 {reason}", "按原因请部门处理；本机不能改",
                    {"seq": str(one.seq), "agency": one.agency, "reason": one.reason})
            for one in found
        )  # fmt: skip
        none = TaskRow("ok", "parked-entries", "没有退件", "部门没有退回任何一条")
        return TaskDone("parked", ok=True, rows=rows or (none,))

    def logs(self, _arguments: Mapping[str, str]) -> TaskDone:
        """The last things that happened, in plain words."""
        return TaskDone("logs", ok=True, rows=last_lines(self._machine.log.recent))

    # --------------------------------------------------------------------------------------------------- doing

    def print(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Print a page with four digits that only the paper shows."""
        digits = f"{secrets.randbelow(10_000):04d}"
        page = paper.test_page(self._machine.terminal, self._machine.local(), digits)
        result = self._machine.printer.print_for_staff(page)
        if result.state is not JobState.DONE:
            return _misprint("print", result)
        return TaskDone("print", ok=True, facts={"digits": digits})

    def roll(self, _arguments: Mapping[str, str]) -> TaskDone:
        """A new roll was put in: the printer must see it; then the estimate begins anew. Raises `RollUnwritten`."""
        status = self._machine.printer.status_for_staff()
        if not status.answered or status.paper == "out" or status.cover == "open":
            name, cause = ("printer-paper", "out") if status.paper == "out" else ("printer-answers", status.cover or "")
            row = checks.problem(name, "fail", "cover" if cause == "open" else cause)
            return TaskDone("roll", ok=False, code=name, rows=(row,))
        roll = RollKeeper(self._machine.state_dir / ROLL_FILE).loaded()
        values = {"n": str(int(roll.length_mm // 1000))}
        row = TaskRow("ok", "printer-paper", "新纸卷装好了", "按 {n} 米一卷重新估算，再打一张测试页", values=values)
        return TaskDone("roll", ok=True, rows=(row,))

    def sync(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Send what waits, now; what is in the way is told."""
        machine = self._machine
        deliver = machine.sync or partial(drain, machine.state_dir, machine.accept)
        try:
            done = deliver()
        except CacheError as error:
            return _unsent(error.code, "-")
        if done.problem:
            return _unsent(done.problem, str(done.pending))
        values = {"n": str(done.sent), "k": str(done.pending)}
        row = TaskRow("ok", "sync", "发完了", "发出 {n} 条，还有 {k} 条在等", values=values)
        return TaskDone("sync", ok=True, rows=(row,))

    def bundle(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Write the support bundle onto a USB stick, or where an operator can fetch it. Raises `BundleUnwritten`."""
        machine = self._machine
        if not self._results:
            self.checks({})
        try:
            with machine.stick() as stick:
                done = self._write_bundle(stick)
        except StickAmbiguous as error:
            row = TaskRow("fail", error.code, "插着不止一个 U 盘", "", "只留一个，再试一次。")
            return TaskDone("bundle", ok=False, code=error.code, rows=(row,))
        except StickUnusable as error:
            row = TaskRow("fail", error.code, "U 盘读写不了", "", "换一个 U 盘，再试一次。")
            return TaskDone("bundle", ok=False, code=error.code, rows=(row,))
        values = {"n": str(max(1, done.bytes // 1024))}
        where = "在 U 盘上，可以拔了" if stick is not None else "没有 U 盘，存在本机，运维可以取"
        row = TaskRow("ok", done.file.name, "{n} KB", where, values=values)
        return TaskDone("bundle", ok=True, rows=(row,))

    def _write_bundle(self, stick: Path | None) -> Bundle:
        """Onto the stick, or in place of the older ones on this disk. Raises `BundleUnwritten`."""
        machine = self._machine
        folder = stick or machine.state_dir / BUNDLES
        try:
            if stick is None:
                folder.mkdir(mode=0o700, exist_ok=True)
                for old in folder.glob("kiosk-support-*.zip"):
                    old.unlink()
            return write_bundle(machine.state_dir, folder, machine.site().settings, self._results, machine.wall_ms())
        except OSError as error:
            raise BundleUnwritten(error.strerror or "") from error

    def report(self, arguments: Mapping[str, str]) -> TaskDone:
        """Print the findings on the receipt printer, in the language of the screen."""
        if not self._rows:
            self.checks({})
        machine = self._machine
        page = paper.report(machine.terminal, machine.local(), self._rows, arguments.get("language", "zh-Hans"))
        result = machine.printer.print_for_staff(page)
        if result.state is not JobState.DONE:
            return _misprint("report", result)
        return TaskDone("report", ok=True, rows=(TaskRow("ok", "report", "报告打好了", "撕下来，带走"),))

    def restart(self, _arguments: Mapping[str, str]) -> TaskDone:
        """End the program; its unit starts it again. What is saved stays saved."""
        self._machine.restart()
        row = TaskRow("ok", "restart", "正在重启", "大约 10 秒后回到首页")
        return TaskDone("restart", ok=True, rows=(row,))

    # ------------------------------------------------------------------------------------------ out of service

    def close(self, arguments: Mapping[str, str]) -> TaskDone:
        """Out of service, over restarts. Raises `StorageFailed`."""
        found = closed.closure(*(arguments.get(name, "") for name in ("reason", "until", "since")))
        if found is None:
            return TaskDone("close", ok=False, code="internal")
        closing.write(self._machine.state_dir, found)
        row = TaskRow("ok", "close", "已暂停服务", "退出维护后，市民看到暂停的画面；重启也一样")
        return TaskDone("close", ok=True, rows=(row,))

    def open(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Back in service. Raises `OSError`."""
        closing.forget(self._machine.state_dir)
        return TaskDone("open", ok=True, rows=(TaskRow("ok", "open", "已恢复服务", "退出维护后，市民可以用了"),))

    def nearby(self, _arguments: Mapping[str, str]) -> TaskDone:
        """Where citizens can go instead."""
        record = self._machine.offices()
        return TaskDone(closed.NEARBY, ok=bool(record), record=record)


class BundleUnwritten(Exception):
    """The stick or the disk refused the bundle."""

    code = "bundle-unwritable"


def _unsent(code: str, pending: str) -> TaskDone:
    row = TaskRow("fail", code, "没有发出去", "还有 {k} 条在等", "看网线和路由器的灯", {"k": pending})
    return TaskDone("sync", ok=False, code=code, rows=(row,))


def _misprint(name: str, result: PrintResult) -> TaskDone:
    code = result.reason or "print-unknown"
    row = TaskRow("fail", code, "没有打好", "", "看纸、盖和电源，再打一张")
    return TaskDone(name, ok=False, code=code, rows=(row,))
