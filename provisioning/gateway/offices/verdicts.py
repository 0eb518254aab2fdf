"""Business verdicts: offices say per entry, later, what they made of it; terminals and citizens hear it.

An office sends `{"verdicts": [{"terminal", "epoch", "seq", "id", "verdict", "reason", "agency"}]}`: the first four as
`GET /v1/entries` gave them. `rejected` needs a reason, `accepted` has none, and may bring a `result`: a map of short
texts for a citizen who waits at the terminal. What is written here goes to terminals, so it must not hold anything of a
citizen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from offline_cache.errors import MalformedMessage
from offline_cache.messages import json_object, sign1
from offline_cache.wire.encoding import Fields
from offline_cache.wire.verdict import (
    CODE,
    MAX_RESULT,
    MAX_RESULT_CHARS,
    MAX_VERDICTS,
    WORDS,
    EntryVerdict,
    VerdictPage,
    encode_verdicts,
)
from provisioning.gateway.authority import Authority
from provisioning.gateway.problems import Refused
from provisioning.gateway.store import EntryUnknown, Store, Terminal, Verdict

MAX_JUDGE_BYTES = 512 * 1024
_NAMES = frozenset(["terminal", "epoch", "seq", "id", "verdict", "reason", "agency"])


def judge(body: bytes, store: Store, now_ms: int, heard: Callable[[Sequence[Verdict]], None]) -> dict[str, object]:
    """Keep an office's verdicts, all or none; the same sent twice is kept once. Returns `{"taken", "new"}`.

    `heard` is told of them once they are kept: cases end with them.

    Raises:
        Refused: `malformed`, `entry-unknown` with `place` (counted from 0).
        StoreFailed: the database refused.
    """
    try:
        fields = Fields("verdicts", json_object(body, MAX_JUDGE_BYTES), frozenset(["verdicts"]))
        verdicts = [_verdict(item) for item in fields.array("verdicts", 1, MAX_VERDICTS)]
    except MalformedMessage as error:
        raise Refused("malformed", str(error)) from None
    try:
        new = store.judge(verdicts, now_ms)
    except EntryUnknown as error:
        raise Refused("entry-unknown", facts={"place": error.place}) from None
    heard(verdicts)
    return {"taken": len(verdicts), "new": new}


def _verdict(item: object) -> Verdict:
    held = cast("Mapping[str, object]", item) if isinstance(item, Mapping) else {}
    fields = Fields("verdict", item, _NAMES | {"result"} if "result" in held else _NAMES)
    word = fields.text("verdict", 16)
    if word not in WORDS:
        fields.fail("verdict", "is neither accepted nor rejected")
    reason = fields.text("reason", 64) if word == "rejected" or held["reason"] != "" else ""
    agency = fields.text("agency", 64)
    if CODE.fullmatch(agency) is None:
        fields.fail("agency", "is not a code of small letters, digits and hyphens")
    if word == "accepted" and reason:
        fields.fail("reason", "is empty for accepted")
    if word == "rejected" and CODE.fullmatch(reason) is None:
        fields.fail("reason", "is not a code of small letters, digits and hyphens")
    return Verdict(
        terminal=fields.text("terminal", 64),
        epoch=fields.text("epoch", 64),
        seq=fields.integer("seq", 1),
        id=fields.text("id", 64),
        verdict=word,
        reason=reason,
        agency=agency,
        result=fields.text_map("result", MAX_RESULT, MAX_RESULT_CHARS) if "result" in held else {},
    )


def page(terminal: Terminal, after: int, store: Store, authority: Authority) -> bytes:
    """The signed verdicts on this terminal's own entries behind a position. Raises `StoreFailed`."""
    found = store.verdicts(terminal.name, after, MAX_VERDICTS + 1)
    shown = found[:MAX_VERDICTS]
    items = tuple(
        EntryVerdict(
            item.position,
            item.verdict.epoch,
            item.verdict.seq,
            item.verdict.id,
            item.verdict.verdict,
            item.verdict.reason,
            item.verdict.agency,
            item.at_ms,
            item.verdict.result,
        )
        for item in shown
    )
    last = shown[-1].position if shown else after
    answer = VerdictPage(terminal.name, last, len(found) > len(shown), items)
    return sign1(encode_verdicts(answer), authority.signing_key)
