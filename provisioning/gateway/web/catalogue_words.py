"""The words of the catalogue's page, Chinese and English, by one key."""

from __future__ import annotations

from collections.abc import Mapping

ZH, EN = "zh-Hans", "en"
WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("信息目录", "Information catalogue"),
    "line": ("{n} 个主题 · 谁有什么、谁能用、为什么能用", "{n} subjects · who holds what, who may use it, and why"),
    "find": ("名称、编号、字段", "Name, code, field"),
    "look": ("找", "Find"),
    "export": ("导出目录", "Export"),
    "other": ("English", "中文"),
    "agencies": ("哪个部门的", "Whose"),
    "all": ("全部", "All"),
    "subjects": ("{n} 个主题", "{n} subjects"),
    "lately": ("近 {n} 天用了几次", "uses in {n} days"),
    "none": ("没有找到", "Nothing found"),
    "unlisted": ("没有列出来的，别的部门就查不到。", "What is not listed here nobody else can look up."),
    "logged": (
        "每一次查看都记下：谁、查什么、为什么、哪一件事；本人插卡就能看。",
        "Every look is noted: who, what, why, for which case; its citizen reads it at any terminal.",
    ),
    "sensitive": ("多敏感", "How sensitive"),
    "shared": ("能不能共享", "Shared"),
    "class-1": ("1 公开", "1 public"),
    "class-2": ("2 个人", "2 personal"),
    "class-3": ("3 敏感", "3 sensitive"),
    "means-1": ("不涉及个人", "about nobody"),
    "means-2": ("要同意", "with consent"),
    "means-3": ("要单独同意", "with consent to it alone"),
    "unconditional": ("无条件", "freely"),
    "conditional": ("有条件", "conditionally"),
    "none-shared": ("不共享", "not at all"),
    "when-unconditional": ("任何部门都可以用", "any agency may use it"),
    "when-conditional": ("本人插卡同意，或法律规定可查", "with the citizen's card and consent, or by law"),
    "when-none": ("只给本人看", "for its citizen alone"),
    "provider": ("谁提供", "Held by"),
    "key": ("凭什么找", "Found by"),
    "no-key": ("不用身份", "nobody's identity"),
    "by-id": ("身份号码", "the ID number"),
    "condition": ("什么条件", "Released"),
    "law": ("法律依据", "Legal basis"),
    "decree": ("政务数据共享条例（国务院令第 809 号）", "Regulations on Government Data Sharing (Decree 809)"),
    "daily": ("每天更新", "updated daily"),
    "monthly": ("每月更新", "updated monthly"),
    "change": ("有变化就更新", "updated when it changes"),
    "items": ("里面有 {n} 项", "{n} items"),
    "services": ("哪些事要用它", "Used for"),
    "no-service": ("还没有", "nothing yet"),
    "by-day": ("近 {n} 天，每天用了几次", "Uses a day, {n} days"),
    "comma": ("，", ", "),
}


def say(key: str, language: str, **values: object) -> str:
    """Return the words of a key in one of the two languages, with `{names}` filled in."""
    return WORDS[key][language == EN].format(**values)
