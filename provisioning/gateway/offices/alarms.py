"""What terminals report themselves (`offline_cache.rescue.report`): an outbox set aside, and that somebody looked."""

from __future__ import annotations

from collections.abc import Callable

from provisioning.gateway.offices.intake import Filed
from provisioning.gateway.store import Store

_MOST_CHARS = 64


class TerminalAlarms:
    """The handler of the intake that keeps the operators' list of alarms."""

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms

    def __call__(self, filed: Filed) -> None:
        """Raise an alarm, or close it once a technician has looked. Raises `StoreFailed`."""
        document = filed.document
        if document.get("kind") != "alarm":
            return
        code, epoch = str(document.get("code"))[:_MOST_CHARS], str(document.get("epoch"))[:_MOST_CHARS]
        if document.get("state") == "seen":
            self._store.close_alarm(filed.terminal, code, epoch)
        elif document.get("state") == "raised":
            self._store.raise_alarm(filed.terminal, code, epoch, None, self._now_ms())
