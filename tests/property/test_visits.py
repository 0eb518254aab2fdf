"""A random citizen: whatever is touched, pulled, cut or left alone, the terminal keeps its promises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from kiosk.session.common import BUSY
from kiosk.session.state import State
from tests.scenario.kit import PERSONAS, Kiosk

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("touch"), st.integers(0, 30)),
        st.tuples(st.just("touch"), st.integers(0, 30)),
        st.tuples(st.just("forward"), st.just(0)),
        st.tuples(st.just("forward"), st.just(0)),
        st.tuples(st.just("insert"), st.integers(0, len(PERSONAS) - 1)),
        st.tuples(st.just("pin"), st.booleans()),
        st.tuples(st.just("pull"), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 12, 50, 125])),
        st.tuples(st.just("network"), st.booleans()),
        st.tuples(st.just("paper"), st.sampled_from(["paper-out", "cover-open", "mute", "clear"])),
        st.tuples(st.just("reader"), st.booleans()),
    ),
    min_size=5,
    max_size=60,
)


class Hand:
    def __init__(self, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.persona = ""

    def do(self, action: str, value: object) -> None:
        getattr(self, action)(value)

    def touch(self, value: int) -> None:
        usable = [c for c in self.kiosk.controls.values() if c.event is not None]
        if usable:
            self.kiosk.touch(usable[value % len(usable)].id)

    def forward(self, _value: object) -> None:
        controls = [c for c in self.kiosk.controls.values() if c.event is not None]
        way = next((c for c in controls if c.role == "primary"), None) or next(
            (c for c in controls if c.role == "choice"), None
        )
        choice = next((c for c in controls if c.role == "choice"), None)
        if choice is not None and way is not choice:
            self.kiosk.touch(choice.id)
        if way is not None and way.id in self.kiosk.controls and self.kiosk.controls[way.id].event is not None:
            self.kiosk.touch(way.id)

    def insert(self, value: int) -> None:
        if not self.persona:
            self.persona = sorted(PERSONAS)[value]
            self.kiosk.insert(self.persona)

    def pin(self, right: bool) -> None:
        if self.kiosk.screen.name == "pin" and self.persona and self.kiosk.terminal.runtime.session.pin_length == 0:
            digits = str(PERSONAS[self.persona].card["pin"]) if right else "000000"
            self.kiosk.pin(digits)

    def pull(self, _value: object) -> None:
        self.persona = ""
        self.kiosk.pull()

    def wait(self, value: int) -> None:
        self.kiosk.wait(value)

    def network(self, up: bool) -> None:
        self.kiosk.city.up = up
        self.kiosk.store.ack_at_once = up

    def paper(self, fault: str) -> None:
        self.kiosk.paper.clear_fault()
        if fault != "clear":
            self.kiosk.paper.set_fault(fault)

    def reader(self, plugged: bool) -> None:
        if plugged:
            self.kiosk.reader.plug()
        else:
            self.kiosk.reader.unplug()
        self.kiosk.pump()


def check(kiosk: Kiosk, persona: str) -> None:
    session = kiosk.terminal.runtime.session
    screen = kiosk.screen
    assert not [line for line in kiosk.terminal.log.recent if line["event"] in {"internal", "worker.failed"}]
    if session.state in {State.ATTRACT, State.TAKE_CARD}:
        assert session.holder is None
        assert session.application is None
        assert session.draft is None
    usable = [c for c in kiosk.controls.values() if c.event is not None and c.role != "aid"]
    assert usable or session.state in BUSY or session.state is State.TAKE_CARD, f"no way out of {screen.name}"
    assert sum(c.role == "primary" for c in kiosk.controls.values()) <= 1
    numbers = [d["number"] for d in kiosk.store.documents if d["kind"] == "application"]
    assert len(numbers) == len(set(numbers))
    if session.saved is not None:
        assert session.saved.number in numbers
        assert session.saved.acked <= (kiosk.store.acked >= session.saved.seq)
    for other, known in PERSONAS.items():
        if other != persona:
            name = str(known.card["holder"]["name"])  # pyright: ignore
            assert name not in kiosk.words, f"{other}'s name is on the screen"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(ACTIONS)
def test_a_random_citizen_never_finds_a_way_to_break_a_promise(actions: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kiosk = Kiosk(Path(folder))
        hand = Hand(kiosk)
        for action, value in actions:
            note(f"{action} {value} on {kiosk.screen.name}")
            hand.do(action, value)
            check(kiosk, hand.persona)
        kiosk.city.up = True
        kiosk.pull()
        kiosk.wait(300)
        kiosk.reader.plug()
        kiosk.pump()
        kiosk.wait(60)
        assert kiosk.screen.name == "attract", "stuck"
        assert kiosk.terminal.runtime.session.holder is None
        kiosk.close()
