"""The doctor's findings in the words of the touchscreen. Pure.

The doctor names each check for ever and says its cause in English; here are the texts that `say` gives in every
language. `{n}` and `{k}` are the first two numbers of the doctor's cause. A check without words here is shown by its
name: a test holds that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kiosk.staff.part import Mark, TaskRow

_ENROL = "重新登记这台终端"
_MAKERS = "做支持包，发给厂家"
_DATA = "装好数据盘，再重启"
_AGAIN = "重新安装程序包"
UPDATE_WAITS, TAKEN_BACK = "有更新等着重启", "新版本用不了，换回了旧版本"

PROBLEMS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "settings": (("", "设置文件有错", "请运维改正设置，再重启"),),
    "settings-unsafe": (("", "有不安全的设置", "请运维改正，或书面接受"),),
    "state-folder": (("others", "别的用户能看数据目录", "请运维收紧目录权限"), ("", "数据目录不能用", _DATA)),
    "state-writable": (("", "数据盘写不进去", "腾出空间，或重新挂上数据盘"),),
    "disk-space": (("free", "磁盘只剩 {n} MB", "删掉数据盘上不是本机的东西"), ("", "看不到磁盘", _DATA)),
    "disk-files": (("", "磁盘快放不下新文件了", "删掉数据盘上不是本机的小文件"),),
    "disk-wear": (
        ("end of its life", "存储已到寿命", "先同步，再换存储"),
        ("", "存储寿命用了约 {n} 成", "订一块新存储"),
    ),
    "log-writable": (("", "日志写不进去", "请运维交还日志目录"),),
    "sqlite-build": (("", "数据库版本不安全", _AGAIN),),
    "outbox-opens": (("", "待发箱打不开", _MAKERS),),
    "outbox-age": (("", "{n} 条待发，最早 {k} 小时前", "马上同步；没有网络就用 U 盘导出"),),
    "outbox-room": (
        ("refused", "待发箱满了", "马上同步，或用 U 盘导出"),
        ("", "待发箱用了 {n}%", "马上同步，或用 U 盘导出"),
    ),
    "outbox-set-aside": (("", "{n} 个坏的待发箱放在一边", _MAKERS),),
    "parked-entries": (("", "{n} 条被部门退回", "看退件和原因"),),
    "enrolled": (("", "还没有登记", _ENROL),),
    "certificate-days": (
        ("too long", "证书过期 {n} 天了", _ENROL),
        ("ended", "证书过期 {n} 天了", "马上同步"),
        ("ends in", "证书只剩 {n} 天", "马上同步"),
        ("", "证书读不出来", _ENROL),
    ),
    "key-sealed": (
        ("has not opened", "安全芯片没有打开密钥", "重启这台终端；还不行就重新登记"),
        ("", "密钥没有用安全芯片封好", "重启这台终端"),
    ),
    "keys-private": (("", "别的用户能读密钥", "收紧权限，再重新登记"),),
    "gateway-reachable": (
        ("untrusted", "回话的不是本市网关", "不要再输任何东西，问运维"),
        ("", "网关不通", "看网线和路由器的灯"),
    ),
    "gateway-latency": (("", "网关慢，来回 {n} 毫秒", "和网络运营方一起查线路"),),
    "clock-offset": (("", "时钟差 {n} 秒", "连上网后会自己校准，等 1 分钟"),),
    "sync-service": (
        ("never", "发送服务没有运行过", "重启这台终端"),
        ("stopped", "发送停住了", _MAKERS),
        ("", "{n} 分钟没有收到回执", "马上同步"),
    ),
    "catalogue-age": (("came with", "还在用出厂的目录", "马上同步"), ("", "目录 {n} 天没有更新", "马上同步")),
    "reader-service": (("", "读卡服务不答话", "重启这台终端"),),
    "reader-present": (
        ("readers, and", "有 {n} 个读卡器，没说用哪个", "请运维在设置里写明读卡器"),
        ("", "没有读卡器", "插好读卡器的 USB 线"),
    ),
    "technician-reader": (("", "没有技术员的读卡器", "插好它的 USB 线；在那之前用市民卡口"),),
    "identity-reader": (("", "身份证读卡器不答话", "插好它的线；在那之前挂失用手机或 12345"),),
    "reader-slot": (("", "读卡口里的东西不答话", "把卡口里的东西拔出来"),),
    "reader-power": (("", "读卡器会被省电关掉", _AGAIN),),
    "printer-port": (
        ("may not", "打印机口不许打开", "请运维把本机用户加进 dialout 组"),
        ("not a serial", "打印机口不是串口", "请运维改正设置"),
        ("", "找不到打印机", "插好打印机的线，打开电源"),
    ),
    "printer-name": (("", "打印机重启后可能换名字", "请运维用固定的设备名"),),
    "printer-answers": (
        ("known are", "打印机型号写错了", "请运维改正设置"),
        ("as a serial port", "打印机口不是串口", "请运维改正设置"),
        ("cover", "打印机的盖开着", "把盖合上"),
        ("reports", "打印机报错", "打开盖，清一清纸道，合上"),
        ("", "打印机不答话", "看打印机的电源和线"),
    ),
    "printer-paper": (
        ("out", "打印机没纸", "打开前盖，换 80 mm 纸卷，再打测试页"),
        ("", "纸快用完了", "带一卷新纸来换"),
    ),
    "clock": (("", "时钟停在过去", "换主板电池，连上网校准"),),
    "clock-synchronised": (("", "没有校时服务", "重启这台终端"),),
    "temperature": (("", "机器 {n} 度", "清一清风口，看风扇转不转"),),
    "memory": (("", "内存只剩 {n} MB", "重启这台终端"),),
    "display": (("", "没有显卡", "插好屏幕的线，再重启"),),
    "sound": (("voice", "没有语音", _AGAIN), ("", "没有声卡", "插好喇叭或耳机盒")),
    "fonts": (("", "少字体文件", _AGAIN),),
    "writing": (("", "少拼音或手写的数据", _AGAIN),),
    "updates": (
        ("rolled-back", TAKEN_BACK, _MAKERS),
        ("stuck", "程序包只装了一半", _AGAIN),
        ("update-no-room", "磁盘放不下新版本", "删掉数据盘上不是本机的东西"),
        ("update-untrusted", "新版本不知道该不该信", "请运维写上网关的指纹"),
        ("update-refused", "新版本的程序包不对", "请运维重新发布"),
        ("", UPDATE_WAITS, "下班以后重启"),
    ),
    "usb-guard": (
        ("not installed", "没有装 USB 防护", "请运维装上 usbguard"),
        ("rules", "USB 防护的规则不对", "请运维改正规则"),
        ("", "USB 防护没有运行", "重启这台终端"),
    ),
    "firewall": (("not installed", "没有装防火墙", "请运维装上 nftables"), ("", "防火墙没有运行", "重启这台终端")),
}
"""Check -> (a word of the doctor's cause, what is wrong, the next step); the first whose word is there counts."""
FELL_OVER = ("检查自己出错了", _MAKERS)

PARTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("读卡器", ("reader-service", "reader-present", "technician-reader", "identity-reader", "reader-slot",
              "reader-power"), "reader-present", "正常"),
    ("打印机", ("printer-port", "printer-name", "printer-answers", "printer-paper"), "printer-paper", "正常，有纸"),
    ("网关", ("gateway-reachable", "gateway-latency", "clock-offset"), "gateway-latency", "通，来回 {n} 毫秒"),
    ("待发", ("outbox-opens", "outbox-age", "outbox-room", "outbox-set-aside", "parked-entries", "sync-service"),
     "outbox-age", "{n} 条，最早 {k} 小时前"),
    ("证书", ("enrolled", "certificate-days", "key-sealed", "keys-private"), "certificate-days", "还有 {n} 天"),
    ("磁盘", ("disk-space", "disk-files", "disk-wear", "state-folder", "state-writable", "log-writable",
            "sqlite-build"), "disk-space", "还有 {n} MB"),
    ("屏幕", ("display", "fonts", "writing"), "display", "正常"),
    ("喇叭", ("sound",), "sound", "正常"),
    ("机器", ("clock", "clock-synchronised", "temperature", "memory", "usb-guard", "firewall"),
     "temperature", "{n} 度"),
    ("版本", ("updates", "catalogue-age", "settings", "settings-unsafe"), "catalogue-age", "目录是 {n} 天前的"),
)  # fmt: skip
"""A part, its checks, the one whose numbers tell of it, and the words for that; without numbers: 正常."""
IN_ORDER, NOTHING_WAITS = "正常", "没有要发的"
_NUMBER = re.compile(r"\d+")
MARKS: Mapping[str, Mark] = {"ok": "ok", "warn": "warn", "fail": "fail", "skip": "info"}


def problem(name: str, outcome: str, cause: str) -> TaskRow:
    """Return what one check found wrong, in words. `outcome` is `warn` or `fail`."""
    words = next(((title, step) for key, title, step in PROBLEMS.get(name, ()) if key in cause), FELL_OVER)
    if "the check itself fell over" in cause:
        words = FELL_OVER
    return TaskRow(MARKS[outcome], name, words[0], "", words[1], numbers(cause))


def numbers(cause: str) -> dict[str, str]:
    """Return the first two numbers of a sentence as `n` and `k`, `-` where there is none."""
    found = [*_NUMBER.findall(cause), "-", "-"]
    return {"n": found[0], "k": found[1]}


def rows(results: Iterable[tuple[str, str, str]]) -> tuple[TaskRow, ...]:
    """Return a row for each problem, and one for each part in which there is none.

    `results`: name, outcome and cause of each check, as the doctor gave them. A part of which nothing is there is left
    out.
    """
    found = {name: (outcome, cause) for name, outcome, cause in results}
    bad = {name for name, (outcome, _) in found.items() if outcome in {"warn", "fail"}}
    made = [problem(name, *found[name]) for name in found if name in bad]
    for label, names, telling, words in PARTS:
        outcomes = {found[name][0] for name in names if name in found}
        if "ok" in outcomes and not bad.intersection(names):
            outcome, cause = found.get(telling, ("skip", ""))
            values = numbers(cause)
            text = words if outcome == "ok" and ("{n}" not in words or values["n"] != "-") else IN_ORDER
            if telling == "outbox-age" and text == IN_ORDER:
                text = NOTHING_WAITS
            made.append(TaskRow("ok", telling, label, text, "", values))
    return tuple(made)


SINGLE: Mapping[str, tuple[str, str]] = {
    "gateway-reachable": ("网关", "通"),
    "gateway-latency": ("来回", "{n} 毫秒"),
    "clock-offset": ("时钟", "差 {n} 秒"),
    "sync-service": ("发送服务", "在运行"),
}
"""Checks that have a row of their own on the network's page: the label, and the words where it is well."""
NOT_THERE = "没有，不用看"


def single(name: str, outcome: str, cause: str) -> TaskRow:
    """Return one check as a row of its own, whatever its outcome."""
    if outcome in {"warn", "fail"}:
        return problem(name, outcome, cause)
    label, words = SINGLE[name]
    return TaskRow(MARKS[outcome], name, label, words if outcome == "ok" else NOT_THERE, "", numbers(cause))
