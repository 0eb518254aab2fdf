"""What must be true of a virtual terminal after every touch, whatever was done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

from kiosk.bench.virtual.city import personas
from kiosk.bench.virtual.eye import controls_of, words_of
from kiosk.bench.virtual.kiosk import Kiosk
from kiosk.session.common import BUSY
from kiosk.session.state import Session, State

NO_HOLDER = frozenset({State.ATTRACT, State.TAKE_CARD, State.GOODBYE})
NEW_LINES = 40
"""No step writes more lines."""
FAULTS_OF_OURS = frozenset({"internal", "worker.failed"})


class Promises:
    """Watches one terminal. `broken` names the first promise that does not hold, or is empty."""

    def __init__(self, kiosk: Kiosk) -> None:
        self._kiosk = kiosk
        self._private = {
            one.id: tuple(str(cast("Mapping[str, object]", one.card["holder"])[key]) for key in ("name", "id_number"))
            for one in personas().values()
        }

    def broken(self, persona: str) -> str:
        """`persona` is whose card is, or was last, in the slot of this visit; empty where none was."""
        kiosk = self._kiosk
        session = kiosk.terminal.runtime.session
        return next(
            filter(
                None,
                (
                    self._fault_of_ours(),
                    _nothing_left(session),
                    _gone_with_the_card(session, persona),
                    self._way_out(session),
                    self._nothing_doubled(),
                    self._said_is_so(session),
                    self._nobody_elses(self._whose(persona, session)),
                    self._approved(),
                ),
            ),
            "",
        )

    def at_rest(self) -> str:
        """After a visit that nobody touches any more: back at the attract screen, and everything recorded is there."""
        kiosk = self._kiosk
        if kiosk.screen.name != "attract":
            return f"stuck: the terminal stays on {kiosk.screen.name}"
        if kiosk.terminal.runtime.session.holder is not None:
            return "holder kept: the attract screen still knows the holder"
        held = kiosk.store.count()
        if held != len(kiosk.store.recorded):
            return f"lost: {len(kiosk.store.recorded)} documents were recorded, the outbox holds {held}"
        return ""

    def _whose(self, persona: str, session: Session) -> str:
        """Whose data the screen may show: of the card in the slot, or of whoever agreed on the telephone."""
        if session.state in NO_HOLDER:
            return ""
        if session.by_identity:
            return self._kiosk.identity.seen
        if session.by_app and session.app is not None:
            visit = self._kiosk.city.app.visits[session.app.key]
            return visit.persona.id if visit.persona is not None and visit.agreed else ""
        return persona

    def _approved(self) -> str:
        """Whatever was handed in without a card was approved on the telephone of the person it names."""
        for document in self._kiosk.store.documents:
            if document.get("sign_in") != "app":
                continue
            holder = cast("Mapping[str, object]", document["holder"])
            if (document.get("service"), holder["id_number"]) not in self._kiosk.city.app.approved:
                return "not approved: a form was recorded that nobody approved"
        return ""

    def _fault_of_ours(self) -> str:
        lines = self._kiosk.terminal.log.recent
        new = list(lines)[-NEW_LINES:]
        bad = next((line for line in new if line.get("event") in FAULTS_OF_OURS), None)
        if bad is not None:
            return f"fault: {bad.get('event')} {bad.get('error', '')} on {bad.get('on', '')}"
        told = str(new)
        leaks = any(word in told for private in self._private.values() for word in private)
        return "leak: the log names a holder" if leaks else ""

    def _way_out(self, session: Session) -> str:
        controls = controls_of(self._kiosk.screen)
        if sum(one.role == "primary" for one in controls) > 1:
            return f"two ways forward on {self._kiosk.screen.name}"
        usable = any(one.event is not None and one.role != "aid" for one in controls)
        if usable or session.state in BUSY or session.state is State.TAKE_CARD:
            return ""
        return f"no way out of {self._kiosk.screen.name}"

    def _nothing_doubled(self) -> str:
        documents = self._kiosk.store.documents
        twice = _twice(str(one["number"]) for one in documents if one["kind"] == "application")
        if twice:
            return f"doubled: {twice} was recorded twice"
        printed = _twice(job.number for job in self._kiosk.printer.jobs() if not job.copy and job.state == "done")
        return f"doubled: {printed} was printed twice, and not as a copy" if printed else ""

    def _said_is_so(self, session: Session) -> str:
        saved = session.saved
        if saved is None:
            return ""
        if not any(seq == saved.seq for seq, _ in self._kiosk.store.recorded):
            return "false saved: the screen speaks of an entry that is not in the outbox"
        if saved.acked and self._kiosk.store.acked < saved.seq:
            return "false sent: the screen speaks of a receipt that the gateway did not give"
        if session.state is State.RATING and session.printed is not None and session.printed.state == "done":
            pieces = self._kiosk.paper.receipts
            if not any(piece.cut and saved.number in piece.text for piece in pieces):
                return "false done: no paper with this number came out whole"
        return ""

    def _nobody_elses(self, persona: str) -> str:
        words = "\n".join(words_of(self._kiosk.screen))
        for other, private in self._private.items():
            if other != persona and any(word in words for word in private):
                return f"another's data: {other}'s on {self._kiosk.screen.name}"
        return ""


def _nothing_left(session: Session) -> str:
    if session.state not in NO_HOLDER:
        return ""
    for kept in ("holder", "application", "draft", "app"):
        if getattr(session, kept) is not None:
            return f"holder kept: {kept} at {session.state}"
    return ""


def _gone_with_the_card(session: Session, persona: str) -> str:
    """Without a card in the slot nobody's data may be worked with; only the disk's answer may still be awaited."""
    without = session.by_app or session.by_identity
    if persona or session.holder is None or without or session.state is State.SIGNING:
        return ""
    return f"holder kept: the card is gone, {session.state} goes on"


def _twice(numbers: Iterable[str]) -> str:
    return next((number for number, times in Counter(numbers).items() if times > 1), "")
