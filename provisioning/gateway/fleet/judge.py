"""What is the matter with a terminal, who must go, and what is to be done: pure, from its newest heartbeat.

The worst cause comes first; each names one next action, so that a row of the fleet page has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from provisioning.gateway.fleet.beats import Beat
from provisioning.gateway.store import TerminalSummary

Level = Literal["stop", "att", "held", "ok"]
SILENT_MS = 10 * 60_000
BACKLOG_S = 10 * 60
CERTIFICATE_DAYS = 20
ROLL_LOW_MM = 4_000
CLOCK_OFF_MS = 60_000
DISK_LOW_MB = 1024
HOT_C = 80
PACKAGE_REFUSED = "package-refused"
"""A terminal's word for a version that it put in and took out again; the roll-out halts by it."""
_DAY_MS = 86_400_000
_ORDER: Mapping[Level, int] = {"stop": 0, "att": 1, "held": 2, "ok": 3}


@dataclass(frozen=True)
class Cause:
    """One thing that is the matter. `code` is stable: alerts and filters rely on it."""

    code: str
    level: Level
    zh: str
    en: str


@dataclass(frozen=True)
class Judged:
    """A terminal with what is the matter, the worst first."""

    terminal: TerminalSummary
    beat: Beat | None
    causes: tuple[Cause, ...]

    @property
    def level(self) -> Level:
        """The worst of its causes."""
        return self.causes[0].level if self.causes else "ok"

    def gauge(self, name: str) -> int | None:
        """One gauge, or None where it was not told."""
        return None if self.beat is None else self.beat.gauges.get(name)

    def has(self, code: str) -> bool:
        """Whether this is among what is the matter."""
        return any(cause.code == code for cause in self.causes)


_Gauges = Mapping[str, int]
_RULES: Sequence[tuple[str, Level, str, str, Callable[[_Gauges], bool]]] = (
    ("app-down", "stop", "屏幕程序没有在跑，重启", "The screen program is down: order a restart",
     lambda g: g.get("app_up") == 0),
    ("reader-fault", "stop", "读卡器不见了，检查插头，不行就换", "Card reader gone: check its plug, else replace it",
     lambda g: g.get("reader_up") == 0),
    ("out-of-service", "att", "技术员停了服务，问清再恢复", "Closed by a technician: ask why, then reopen it",
     lambda g: g.get("out_of_service") == 1),
    ("paper-out", "att", "换纸，带 80 mm", "Out of paper: bring an 80 mm roll", lambda g: g.get("paper_level") == 0),
    ("cover-open", "att", "盖子开着，请人合上", "Printer cover open: have it closed",
     lambda g: g.get("cover_open") == 1),
    ("printer-fault", "att", "打印机没有回应，检查电源和线", "Printer silent: check its power and cable",
     lambda g: g.get("printer_up") == 0 and g.get("paper_level") != 0 and g.get("cover_open") != 1),
    ("reads-failing", "att", "多次读不出卡，清洁读卡口", "Many cards unread: clean the slot",
     lambda g: g.get("card_read_failures_total", 0) >= 10
     and g["card_read_failures_total"] * 4 > g.get("card_reads_total", 0)),
    ("clock-off", "att", "时钟不准，重启校时服务", "Clock off: restart its time service",
     lambda g: abs(g.get("clock_offset_ms", 0)) > CLOCK_OFF_MS),
    ("disk-full", "att", "磁盘快满，看日志，清理", "Disk nearly full: look at it",
     lambda g: g.get("disk_free_mb", DISK_LOW_MB) < DISK_LOW_MB),
    ("disk-worn", "att", "存储快用旧了，安排换", "Storage worn: plan to replace it",
     lambda g: g.get("disk_wear_percent", 0) >= 80),
    ("hot", "att", "太热，清通风口", "Too hot: clear its air slots",
     lambda g: g.get("temperature_celsius", 0) >= HOT_C),
    ("paper-low", "att", "快没纸，顺路带一卷", "Paper nearly out: bring a roll",
     lambda g: g.get("paper_level") == 1
     or (g.get("paper_level") != 0 and g.get("roll_left_mm", ROLL_LOW_MM) < ROLL_LOW_MM)),
    ("backlog", "held", "正在补发，先不用去", "Sending its backlog: wait",
     lambda g: g.get("outbox_pending", 0) > 0 and g.get("outbox_oldest_age_s", 0) > BACKLOG_S),
)  # fmt: skip
CAUSES = (
    "never-heard", "silent", "sending-stopped", PACKAGE_REFUSED, "certificate-ended",
    *(rule[0] for rule in _RULES), "certificate-ends",
)  # fmt: skip
"""All codes, for filters and the documentation."""


def judge(terminal: TerminalSummary, beat: Beat | None, now_ms: int) -> Judged:
    """What is the matter with one terminal now. A silent one says nothing else: what it said is old."""
    found: list[Cause] = []
    ends_days = (terminal.certificate_ends_ms - now_ms) // _DAY_MS
    if beat is None:
        if now_ms - terminal.enrolled_ms > SILENT_MS:
            found.append(Cause("never-heard", "stop", "登记了还没报过，去看看", "Joined but never heard: go and look"))
        return Judged(terminal, beat, tuple(found))
    if now_ms - beat.received_ms > SILENT_MS:
        found.append(Cause("silent", "stop", "打电话问有没有电", "Silent: call and ask whether it has power"))
        return Judged(terminal, beat, tuple(found))
    if PACKAGE_REFUSED in beat.faults:
        zh, en = "新版本不行，已退回，报给厂家", "A new version did not do; it went back: tell the makers"
        found.append(Cause(PACKAGE_REFUSED, "att", zh, en))
    stopped = [code for code in beat.faults if code != PACKAGE_REFUSED]
    if stopped:
        code = stopped[0]
        found.append(Cause("sending-stopped", "stop", f"停了：{code}，照代码办", f"Stopped by {code}: do what it says"))
    if ends_days < 0:
        found.append(Cause("certificate-ended", "stop", "证书到期了，重新登记", "Certificate ended: enrol it again"))
    found += [Cause(code, level, zh, en) for code, level, zh, en, holds in _RULES if holds(beat.gauges)]
    if 0 <= ends_days < CERTIFICATE_DAYS:
        zh, en = f"证书 {ends_days} 天后到期，续不上", f"Certificate ends in {ends_days} days, not renewed"
        found.append(Cause("certificate-ends", "att", zh, en))
    found.sort(key=lambda cause: _ORDER[cause.level])
    return Judged(terminal, beat, tuple(found))


def judge_all(terminals: Sequence[TerminalSummary], beats: Mapping[str, Beat], now_ms: int) -> list[Judged]:
    """All that are not revoked: who must go first comes first, then by name."""
    found = [judge(item, beats.get(item.name), now_ms) for item in terminals if not item.revoked]
    return sorted(found, key=lambda one: (_ORDER[one.level], len(one.terminal.name), one.terminal.name))


def sums(fleet: Sequence[Judged]) -> dict[str, int]:
    """What is kept of the fleet every ten minutes."""
    talking = [one for one in fleet if one.beat is not None and not one.has("silent")]
    return {
        "terminals": len(fleet),
        "talking": len(talking),
        "in_service": sum(one.level in {"ok", "held"} for one in fleet),
        "pending": sum(one.gauge("outbox_pending") or 0 for one in fleet),
        "paper_low": sum(one.has("paper-low") for one in fleet),
        "paper_out": sum(one.has("paper-out") for one in fleet),
        "reads": sum(one.gauge("card_reads_total") or 0 for one in fleet),
        "read_failures": sum(one.gauge("card_read_failures_total") or 0 for one in fleet),
        "reader_faults": sum(one.has("reader-fault") for one in fleet),
        "out_of_service": sum(one.has("out-of-service") for one in fleet),
    }
