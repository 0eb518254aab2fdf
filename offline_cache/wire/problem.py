"""Problem documents (RFC 9457, `application/problem+json`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import json_dumps, json_object

_MAX_PROBLEM_BYTES = 16 * 1024
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Problem:
    """An RFC 9457 problem. The last path segment of `type` is `code`; `facts` are its extension members."""

    code: str
    status: int
    detail: str = ""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


def encode_problem(problem: Problem) -> bytes:
    """An `application/problem+json` body; `type` is relative (RFC 9457 section 3.1.1), `title` is the code's words."""
    return json_dumps(
        {
            **problem.facts,
            "type": f"/problems/{problem.code}",
            "title": problem.code.replace("-", " "),
            "status": problem.status,
            "detail": problem.detail,
        }
    )


def decode_problem(data: bytes, status: int) -> Problem:
    """Read a problem. `status` is the HTTP status, which counts; unknown members are kept as facts.

    Raises:
        MalformedMessage: not a problem document.
    """
    body = json_object(data, _MAX_PROBLEM_BYTES)
    kind, detail = body.get("type"), body.get("detail", "")
    code = kind.rstrip("/").rsplit("/", 1)[-1] if isinstance(kind, str) else ""
    if _CODE.fullmatch(code) is None or len(code) > 64 or not isinstance(detail, str):
        raise MalformedMessage("problem: type or detail is not what RFC 9457 says")
    facts = {name: value for name, value in body.items() if name not in {"type", "title", "status", "detail"}}
    return Problem(code=code, status=status, detail=detail, facts=facts)
