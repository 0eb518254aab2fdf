"""What was proven, as a text that survives a pulled plug; and read again, whatever became of it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import cast

from kiosk.staff.setup.state import STEPS, Proof, Setup

FILE = "commissioning.json"
"""In the state directory; gone once the terminal was opened for service."""
VERSION = 1
MAX_CHARS = 16_384
MAX_PROOFS = 32
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")
_FACT = 200


class ProgressDamaged(Exception):
    """A text that is no progress of this program: bringing into service begins anew."""

    code = "progress-damaged"


def written(setup: Setup) -> str:
    """Return the step that is on the screen, when it all began, and the proofs."""
    proofs = [_plain(proof) for proof in setup.proofs]
    return json.dumps(
        {"version": VERSION, "at": setup.at, "began": setup.began, "proofs": proofs}, ensure_ascii=False, sort_keys=True
    )


def proofs_json(proofs: Sequence[Proof]) -> str:
    """Return proofs as a JSON array, for the task that makes the report."""
    return json.dumps([_plain(proof) for proof in proofs], ensure_ascii=False, sort_keys=True)


def _plain(proof: Proof) -> dict[str, object]:
    return {"name": proof.name, "mark": proof.mark, "facts": dict(proof.facts)}


def read(text: str) -> Setup:
    """Return where to go on. Raises `ProgressDamaged` for anything that `written` did not write."""
    found = _object(text)
    at, began = found.get("at"), found.get("began")
    if found.get("version") != VERSION or at not in STEPS:
        raise ProgressDamaged("another version, or no step")
    if not isinstance(began, str) or _LOCAL.fullmatch(began) is None:
        raise ProgressDamaged("it does not say when it began")
    return Setup(at=str(at), proofs=_proofs(found.get("proofs")), began=began)


def read_proofs(text: str) -> tuple[Proof, ...]:
    """Return the proofs that `proofs_json` wrote. Raises `ProgressDamaged`."""
    return _proofs(_parsed(text))


def _object(text: str) -> dict[str, object]:
    found = _parsed(text)
    if not isinstance(found, dict):
        raise ProgressDamaged("not an object")
    return cast("dict[str, object]", found)


def _parsed(text: str) -> object:
    if len(text) > MAX_CHARS:
        raise ProgressDamaged("too long")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ProgressDamaged("not JSON") from None


def _proofs(found: object) -> tuple[Proof, ...]:
    if not isinstance(found, list) or len(cast("list[object]", found)) > MAX_PROOFS:
        raise ProgressDamaged("no list of proofs")
    return tuple(_proof(one) for one in cast("list[object]", found))


def _proof(found: object) -> Proof:
    if not isinstance(found, dict):
        raise ProgressDamaged("a proof is no object")
    given = cast("dict[str, object]", found)
    name, mark, facts = given.get("name"), given.get("mark"), given.get("facts")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None or mark not in ("ok", "warn"):
        raise ProgressDamaged("a proof has no name or no mark")
    if not isinstance(facts, dict):
        raise ProgressDamaged("a proof has no facts")
    texts = cast("dict[str, object]", facts)
    if not all(isinstance(value, str) and max(len(key), len(value)) <= _FACT for key, value in texts.items()):
        raise ProgressDamaged("a fact is no short text")
    return Proof(name, mark, cast("dict[str, str]", texts))
