"""The line to the gateway of the site's data, before a terminal has joined: is it that gateway, how fast, what time.

Nothing is believed before the authority has the hash that came with the site's data. The clock of an unbelieved answer
is only used to say why TLS was refused.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import urllib3

from offline_cache import enrolment as enrolments
from offline_cache.disk.files import PUBLIC, write_atomic
from offline_cache.errors import (
    AuthorityMismatch,
    BadReply,
    CacheError,
    MalformedMessage,
    Unavailable,
    Untrusted,
)
from offline_cache.gateway import fetch_authority
from offline_cache.messages import json_object
from offline_cache.wire.encoding import Fields
from offline_cache.wire.exchange import Http, Timeouts

HEALTH = "/v1/health"
CLOCK_OFF_MS = 5 * 60_000
"""Farther off than this, a clock is why a certificate is refused."""
_ANSWER_BYTES = 64 * 1024
_MS = 1_000_000

LineState = Literal["up", "no-network", "wrong-authority", "clock-wrong"]


@dataclass(frozen=True)
class Look:
    """What was found. `ms`: one way there and back; `offset_ms`: this clock less the gateway's, half the way taken."""

    state: LineState
    ms: int = 0
    offset_ms: int | None = None


def look(
    state_dir: Path,
    gateway_url: str,
    ca_hash: str,
    now_ms: Callable[[], int],
    mono_ns: Callable[[], int],
    timeouts: Timeouts | None = None,
) -> Look:
    """Ask the gateway once for its authority and its time. Never raises for what it or the network does.

    Raises:
        StorageFailed: this disk.
    """
    url = gateway_url.rstrip("/")
    pinned = state_dir / f".{enrolments.CA_FILE}.look"
    try:
        write_atomic(pinned, fetch_authority(url, ca_hash, timeouts), PUBLIC)
        return _measured(url, pinned, now_ms, mono_ns, timeouts)
    except AuthorityMismatch:
        return Look("wrong-authority")
    except Untrusted:
        off_ms = unbelieved_offset_ms(url, now_ms, timeouts)
        far = off_ms is not None and abs(off_ms) > CLOCK_OFF_MS
        return Look("clock-wrong" if far else "wrong-authority", offset_ms=off_ms)
    except (Unavailable, BadReply, MalformedMessage):
        return Look("no-network")
    finally:
        pinned.unlink(missing_ok=True)


def _measured(
    url: str, pinned: Path, now_ms: Callable[[], int], mono_ns: Callable[[], int], timeouts: Timeouts | None
) -> Look:
    http = Http(url, str(pinned), None, timeouts)
    try:
        http.exchange("GET", HEALTH, _ANSWER_BYTES)  # the first one shakes hands; the second one is measured
        began_ms, began_ns = now_ms(), mono_ns()
        answer = http.exchange("GET", HEALTH, _ANSWER_BYTES)
        took_ms = max(0, (mono_ns() - began_ns) // _MS)
    finally:
        http.close()
    theirs = Fields("health", json_object(answer.body)).integer("time_ms")
    return Look("up", took_ms, began_ms + took_ms // 2 - theirs)


def unbelieved_offset_ms(url: str, now_ms: Callable[[], int], timeouts: Timeouts | None = None) -> int | None:
    """This clock less that of whoever answers there; believed for nothing but a sentence. None: nobody answers."""
    http = Http(url, verify=False, certificate=None, timeouts=timeouts)
    try:
        with warnings.catch_warnings(), contextlib.suppress(CacheError):
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            answer = http.exchange("GET", HEALTH, _ANSWER_BYTES)
            return now_ms() - Fields("health", json_object(answer.body)).integer("time_ms")
    finally:
        http.close()
    return None
