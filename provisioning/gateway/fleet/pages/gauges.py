"""What a terminal reported, in words and units that a person reads: one label a gauge, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from provisioning.gateway.fleet.pages.words import ago

LABELS: Mapping[str, tuple[str, str]] = {
    "outbox_pending": ("没发出的件", "Entries not sent"),
    "outbox_oldest_age_s": ("最早一件等了", "The oldest has waited"),
    "outbox_bytes": ("待发箱大小", "Size of the outbox"),
    "outbox_parked": ("部门退回的件", "Entries an office rejected"),
    "certificate_days": ("证书还有", "Certificate lasts"),
    "clock_offset_ms": ("时钟差", "Clock is off by"),
    "app_up": ("屏幕程序在跑", "Screen program runs"),
    "out_of_service": ("技术员停了服务", "Closed by a technician"),
    "reader_up": ("读卡器在", "Card reader is there"),
    "printer_up": ("打印机能打", "Printer can print"),
    "cover_open": ("打印机的盖开着", "Printer's cover is open"),
    "paper_level": ("纸", "Paper"),
    "roll_left_mm": ("纸卷还有", "Left on the roll"),
    "card_reads_total": ("读了几张卡", "Cards read"),
    "card_read_failures_total": ("没读出几张", "Cards not read"),
    "disk_free_mb": ("磁盘还有", "Free on the disk"),
    "disk_wear_percent": ("存储寿命用了", "Storage worn"),
    "memory_free_mb": ("内存还有", "Free memory"),
    "temperature_celsius": ("最热处", "Hottest sensor"),
    "uptime_s": ("开机", "Running for"),
    "catalogue_age_s": ("目录是多久前的", "Age of the catalogue"),
}
FACT_LABELS: Mapping[str, tuple[str, str]] = {
    "version": ("程序版本", "Program"),
    "slot": ("系统分区", "System slot"),
    "catalogue": ("目录版本", "Catalogue"),
    "configuration": ("配置版本", "Configuration"),
    "sync": ("发送服务", "Sending service"),
    "package": ("最近一次更新", "Newest update"),
}
_YES_NO = (("否", "no"), ("是", "yes"))
_PAPER = (("没了", "out"), ("快没了", "nearly out"), ("够", "enough"))
_FLAGS = frozenset({"app_up", "out_of_service", "reader_up", "printer_up", "cover_open"})
_UNITS: Mapping[str, tuple[str, str]] = {
    "_bytes": ("KB", "KB"), "_ms": ("毫秒", "ms"), "_days": ("天", "days"), "_mm": ("米", "m"), "_mb": ("MB", "MB"),
    "_percent": ("%", "%"), "_celsius": ("°C", "°C"),
}  # fmt: skip
_DIVISORS: Mapping[str, int] = {"_bytes": 1024, "_mm": 1000}


def label(name: str, lang: str) -> str:
    """What a gauge or a fact is called; its own name where nobody gave it words."""
    return (LABELS.get(name) or FACT_LABELS.get(name) or (name, name))[lang == "en"]


def shown(name: str, value: int, lang: str) -> str:
    """A gauge's value with its unit."""
    at = lang == "en"
    if name in _FLAGS:
        return _YES_NO[value != 0][at]
    if name == "paper_level" and 0 <= value < len(_PAPER):
        return _PAPER[value][at]
    if name.endswith("_s"):
        return ago(value, lang)
    for end, unit in _UNITS.items():
        if name.endswith(end):
            return f"{value // _DIVISORS.get(end, 1):,} {unit[at]}"
    return f"{value:,}"
