"""The words of the fleet pages, Chinese and English, by one key."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("全市终端", "All terminals"),
    "pace": ("台 · 每分钟报一次平安，它们来报，我们不去敲门", "terminals · each reports every minute by itself"),
    "updated": ("更新", "updated"),
    "find": ("找一台……", "Find one…"),
    "enrol": ("登记新终端", "Enrol a terminal"),
    "other": ("English", "中文"),
    "in-service": ("在服务", "In service"),
    "must-go": ("要人去", "Somebody must go"),
    "waited": ("最久等了", "longest wait"),
    "nobody-waits": ("没有要去的", "nothing waits"),
    "no-word": ("没有音讯", "No word"),
    "silent-line": ("超过 10 分钟没报", "not heard for 10 minutes"),
    "unsent": ("没发出的件", "Entries not sent"),
    "oldest": ("最早", "oldest"),
    "none-unsent": ("全都发出了", "all were sent"),
    "version": ("版本", "Version"),
    "rollout-catalogue": ("目录", "Catalogue"),
    "rollout-configuration": ("配置", "Configuration"),
    "rollout-package": ("程序", "Program"),
    "wave": ("第 {n} 波", "wave {n}"),
    "rolling": ("没有出错", "no faults"),
    "halted": ("自动停了", "halted by itself"),
    "done": ("全部到位", "everywhere"),
    "first": ("先去这几台", "Go to these first"),
    "care": ("要管的", "Need care"),
    "all": ("全部", "All"),
    "closed": ("停用", "Closed"),
    "paper": ("缺纸", "Paper"),
    "reader": ("读卡器", "Reader"),
    "backlog": ("积压", "Backlog"),
    "certificate": ("证书", "Certificate"),
    "silent": ("没音讯", "Silent"),
    "export": ("导出", "Export"),
    "terminal": ("终端", "Terminal"),
    "where": ("在哪里", "Where"),
    "next": ("下一步", "Next action"),
    "pending": ("没发出", "Unsent"),
    "roll": ("纸", "Paper"),
    "certificate-days": ("证书", "Cert."),
    "last": ("上次报", "Heard"),
    "fine": ("正常", "All is well"),
    "nothing": ("这里没有终端", "No terminal here"),
    "map": ("在哪些区", "Where"),
    "map-line": ("台数 · ▲ 要人去", "how many; ▲ somebody must go"),
    "elsewhere": ("没有写明在哪个区", "district not given"),
    "plot-pending": ("没发出的件", "Entries not sent"),
    "plot-paper": ("纸", "Paper"),
    "plot-reader": ("读卡出错", "Card reads failed"),
    "24h": ("24 小时", "24 hours"),
    "14d-terminals": ("14 天，台", "14 days, terminals"),
    "14d-reads": ("14 天，每万次", "14 days, per 10,000"),
    "most": ("最多", "most"),
    "low": ("快没纸", "nearly out"),
    "out": ("没纸", "out"),
    "no-data": ("还没有数据", "No figures yet"),
    "today": ("今天", "today"),
    "page": ("第 {n} 页，共 {m} 页", "page {n} of {m}"),
    "before": ("上一页", "Previous"),
    "after": ("下一页", "Next"),
    "back": ("回全部终端", "All terminals"),
    "causes": ("哪里不对", "What is the matter"),
    "gauges": ("报来的数", "What it reported"),
    "orders": ("让它做", "Order it to"),
    "orders-line": ("签了名，15 分钟内有效，只做一次，会回话", "signed, good for 15 minutes, done once, answered"),
    "restart": ("重启程序", "Restart the program"),
    "reboot": ("重启机器", "Reboot the machine"),
    "refresh": ("更新目录", "Refresh the catalogue"),
    "stage-update": ("备好新版本", "Stage the update"),
    "support-bundle": ("打包日志", "Make a support bundle"),
    "waiting": ("等它来取", "waits to be fetched"),
    "days": ("天", "d"),
    "readiness": ("开通报告", "Readiness report"),
    "readiness-made": ("{at} 做好，照用 {n} 项", "made {at}, {n} accepted as they are"),
    "readiness-false": ("签名对不上，别信", "the signature does not fit: do not believe it"),
    "readiness-none": ("没有报告：不是在屏幕上开通的", "none: it was not brought into service at its screen"),
    "readiness-json": ("原件（已签名）", "The signed original"),
}  # fmt: skip


def say(key: str, lang: str, **values: object) -> str:
    """The words of a key in `zh` or `en`."""
    words = WORDS[key][lang == "en"]
    return words.format(**values) if values else words


def ago(seconds: int, lang: str) -> str:
    """A span in its largest unit."""
    for size, zh, en in ((86_400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s")):
        if seconds >= size:
            return f"{seconds // size} {en if lang == 'en' else zh}"
    return f"0 {'s' if lang == 'en' else '秒'}"
