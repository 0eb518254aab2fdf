"""What happened to cases, as the messages read it: one thing said of the application for each event that matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from provisioning.gateway.cases.record import CaseRecords
from provisioning.gateway.messages.feed import Document, Said

TEXTS = {"supplement": "supplement", "done": "done", "refused": "refused"}
"""Kind of event to text of `messages.toml`; the others make no message."""


class CaseNews:
    """A feed of the messages. An office's own verdict on the entry has a message of its own already."""

    def __init__(self, records: CaseRecords, application: Callable[[str, str, int], Document | None]) -> None:
        self._records = records
        self._application = application

    def said(self, after: int, limit: int) -> list[Said]:
        """What is behind a position, in order. Raises `StoreFailed`."""
        found: list[Said] = []
        for event in self._records.events(after, limit):
            case = self._records.file(event.number) if event.kind in TEXTS else None
            nothing = Said(event.position, "", None, {})
            if case is None:
                found.append(nothing)
                continue
            document = self._application(case.terminal, case.epoch, case.seq)
            values = {"reason": event.reason.split(" ")[0], "result.claim": case.claim}
            found.append(replace(nothing, text_id=TEXTS[event.kind], document=document, values=values))
        return found
