"""What went wrong and what to do next, by code; and what each row of the readiness report says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.session.paper import PRINT_FAILURES
from kiosk.staff.setup.state import Proof
from kiosk.staff.views.frame import View
from kiosk.words.i18n import Say


def trouble(code: str, view: View, values: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return what happened and the one next step: a sentence of setting up, or of the failure table."""
    say = view.say
    if code in TROUBLE:
        return TROUBLE[code](say, values or {})
    failure = view.failures.get(code)
    if failure is not None:
        language = view.staff.language
        return failure.words("title", language), failure.words("next", language)
    return say("没有成功，代码 {c}", c=code), say("再试一次；还是不行，把这个代码告诉运维。")


def misprint(reason: str, view: View) -> tuple[str, str, str]:
    """Return what happened to a test page, the one next step, and the failure code to look up; empty: a person said so.

    `reason` is the printer's. Where it names nothing to look at, it is paper, cover or cable.
    """
    told = trouble(reason if reason in TROUBLE else "not-seen", view)
    return *told, "" if reason == "not-seen" else PRINT_FAILURES.get(reason, "printer-fault")


_Told = Callable[[Say, Mapping[str, str]], tuple[str, str]]
TROUBLE: Mapping[str, _Told] = {
    "no-network": lambda say, _v: (say("网关没有回答"), say("看看网线两头；接好了会自动接着走。")),
    "no-site": lambda say, _v: (
        say("这台机器还不知道网关在哪里"),
        say("网点数据在安装用的 U 盘上：请再运行一次里面的 install.sh。"),
    ),
    "wrong-authority": lambda say, _v: (
        say("回答的不是网点数据里的那个网关"),
        say("什么都没有发出去。请和运维核对网点数据，再试一次。"),
    ),
    "clock-wrong": lambda say, v: (
        say("这台机器的时钟差 {s} 秒", s=v.get("clock_off_s", "?")),
        say("连上对时服务等一会儿，会自动接着走；不行就重新设时间。"),
    ),
    "token-expired": lambda say, _v: (say("刚才的码过期了"), say("屏幕上已经换了新码，再扫一次。")),
    "token-used": lambda say, _v: (say("刚才的码用过了"), say("屏幕上已经换了新码；要换地方，先在手机上解绑。")),
    "token-cancelled": lambda say, _v: (say("刚才的码在手机上解绑了"), say("屏幕上已经换了新码，再扫一次。")),
    "not-authorised": lambda say, _v: (say("网关不认这把钥匙"), say("屏幕上已经换了新码，再扫一次。")),
    "not-test-card": lambda say, v: (
        say("这不是测试卡"),
        say("密码对不上，已经停手，这张卡还剩 {n} 次。请换测试卡。", n=v.get("tries", "?")),
    ),
    "card-too-few-tries": lambda say, _v: (say("这张卡只剩一两次密码机会"), say("没有试它的密码。请换测试卡。")),
    "pin-not-counted": lambda say, _v: (say("试错密码，卡没有减次数"), say("这张测试卡不对，请换一张。")),
    "same-card-cached": lambda say, _v: (
        say("读出来的是上一次的卡"),
        say("读卡器没有重新上电。拔插读卡器的线，再试。"),
    ),
    "card-removed": lambda say, _v: (say("读到一半，卡拔出来了"), say("再插一次，等它读完。")),
    "reader-absent": lambda say, _v: (say("看不到读卡器"), say("看看读卡器的线和灯；接好了会自动接着走。")),
    "not-seen": lambda say, _v: (say("纸没有打出来"), say("看看有没有纸、盖子关好没有、线接好没有，再打一次。")),
    "paper-out": lambda say, _v: (say("打印机没纸"), say("打开前盖，换 80 mm 纸卷，再打测试页")),
    "cover-open": lambda say, _v: (say("打印机的盖开着"), say("把盖合上")),
    "storage-failed": lambda say, _v: (
        say("磁盘写不进去"),
        say("看看磁盘是不是满了；腾出地方再试。断电会从上一步接着走。"),
    ),
    "progress-damaged": lambda say, _v: (say("上次装到哪一步，读不出来了"), say("从第 1 步重新走，几分钟就好。")),
    "no-catalogue": lambda say, _v: (say("网关的目录还没有到"), say("网络通了会自动来，一般不到一分钟。")),
    "probe-lost": lambda say, _v: (say("突然中断以后丢了记录"), say("这块盘不能用。换一块盘，再从头开通。")),
    "not-enrolled": lambda say, _v: (say("这台机器还没有登记"), say("退回第 7 步，登记好再来。")),
    "stick-missing": lambda say, _v: (say("没有找到 U 盘"), say("把 U 盘插好，等灯亮了再点一次。")),
    "stick-unreadable": lambda say, _v: (say("U 盘读写不了"), say("换一个 U 盘，再试一次。")),
    "stick-ambiguous": lambda say, _v: (say("插着不止一个 U 盘"), say("只留一个，再试一次。")),
    "no-answer-on-stick": lambda say, _v: (
        say("U 盘上没有这台机器的证书"),
        say("先在网关那里把申请换成证书，再插回来。"),
    ),
    "speech-failed": lambda say, _v: (say("没有声音"), say("看看音箱的线和开关，再放一遍。")),
}
"""Code -> the sentence of setting up, and its one next step."""


# ----------------------------------------------------------------------------------------------- the rows of the report


def proof_name(name: str, say: Say) -> str:
    """Return the word before a row of the report."""
    names = {
        "touch": say("触摸"),
        "display": say("颜色"),
        "speech": say("朗读"),
        "printer": say("打印"),
        "paper": say("纸卷"),
        "card-reader": say("读卡"),
        "gateway": say("网络"),
        "clock-offset": say("时钟"),
        "certificate": say("登记"),
        "catalogue": say("目录"),
        "outbox": say("数据"),
    }
    return names.get(name, name)


def proof_text(proof: Proof, say: Say) -> str:
    """Return what a row of the report says."""
    tell = PROOFS.get(proof.name)
    if tell is None:
        return say("照用") if proof.accepted else say("正常")
    return tell(proof, say)


def _paper(proof: Proof, say: Say) -> str:
    match proof.facts.get("paper"):
        case "ok":
            return say("纸卷够用")
        case "near-end":
            return say("快用完了，先换一卷")
        case "out":
            return say("没有纸")
        case _:
            return say("打印机没有说")


def _gateway(proof: Proof, say: Say) -> str:
    if "none" in proof.facts:
        return say("这里没有网络，您说照用")
    ms = proof.facts.get("ms", "?")
    if proof.accepted:
        return say("来回 {n} 毫秒，没有试断网", n=ms)
    return say("来回 {n} 毫秒，断网试过", n=ms)


def _clock(proof: Proof, say: Say) -> str:
    if proof.facts.get("by") == "eye":
        return say("没有网络可比，您看过了")
    off = proof.facts.get("s", "?")
    return say("差 {s} 秒，您说照用", s=off) if proof.accepted else say("差 {s} 秒", s=off)


PROOFS: Mapping[str, Callable[[Proof, Say], str]] = {
    "touch": lambda p, say: (
        say("点不到，您说照用")
        if p.accepted
        else say("{n} 点，最多偏 {px} 像素", n=p.facts.get("n", "?"), px=p.facts.get("px", "?"))
    ),
    "display": lambda p, say: say("有坏点，您说照用") if p.accepted else say("五种颜色都看得见"),
    "speech": lambda p, say: say("听不到，您说照用") if p.accepted else say("两种话都听到了"),
    "printer": lambda p, say: (
        say("打不出来，您说照用") if p.accepted else say("数字 {d} 对上了", d=p.facts.get("digits", "?"))
    ),
    "paper": _paper,
    "card-reader": lambda p, say: say("没有试成，您说照用") if p.accepted else say("插、认、拔、再插都对"),
    "gateway": _gateway,
    "clock-offset": _clock,
    "certificate": lambda p, say: say("证书到 {d}", d=p.facts.get("until", "?")),
    "catalogue": lambda p, say: say("还没到，来了自动用") if p.accepted else say("网点的目录到了"),
    "outbox": lambda p, say: say("突然中断 {n} 次，一条不少", n=p.facts.get("cuts", "?")),
}
"""Name of a proof -> its words."""
