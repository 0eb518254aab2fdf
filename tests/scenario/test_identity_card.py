"""Who has lost the citizen card: an identity card on its own reader, or the telephone, stops it; nothing else opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.api import Holder
from kiosk.events import Event, StartChosen
from kiosk.services.definition import DefinitionInvalid
from kiosk.services.parsing import parse_catalogue
from kiosk.session.asking.events import IdentityAbsent, IdentityRead, VerdictCame
from kiosk.session.state import State
from kiosk.workers.identity import IdentityDesk
from kiosk.workers.threads import InlineWorker
from tests.scenario.kit import PERSONAS, Kiosk
from tests.unit.visit_kit import shared_and_definitions

PARENT = PERSONAS["parent"].id_number


def to_reader(kiosk: Kiosk) -> Kiosk:
    """To the screen that asks for an identity card."""
    return kiosk.touch("language.zh", "start.browse", "event.records", "service.card-lost", "primary")


def hand_in(kiosk: Kiosk) -> Kiosk:
    return kiosk.through_form().submit().wait(1)


@pytest.fixture
def without(tmp_path: Path) -> Iterator[Kiosk]:
    """A terminal that has no reader for identity cards."""
    kiosk = Kiosk(tmp_path, identity=False)
    yield kiosk
    kiosk.close()


def test_an_identity_card_on_its_reader_stops_the_lost_card(kiosk: Kiosk) -> None:
    to_reader(kiosk)
    assert kiosk.screen.name == "identity"
    kiosk.lay("parent")
    assert kiosk.screen.name == "form"
    assert "身份证上有的先填上" in kiosk.words
    assert "来自您的身份证" in kiosk.words
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"
    assert "哪里都不能用那张卡" in kiosk.words
    document: Any = kiosk.store.documents[-1]
    assert (document["service"], document["card"], document["holder"]["id_number"]) == (
        "card-lost", "resident-id", PARENT,
    )  # fmt: skip
    assert document["fields"]["action"]["value"] == "loss"
    assert document["fields"]["rid"] == {"value": PARENT, "origin": "identity"}
    assert "card_signature" not in document
    assert kiosk.city.asked == [], "nothing was looked up"


def test_the_visit_ends_with_a_word_about_the_identity_card(kiosk: Kiosk) -> None:
    hand_in(to_reader(kiosk).lay("parent")).touch("finish")
    assert kiosk.screen.name == "goodbye"
    assert "请拿好您的身份证" in kiosk.words
    assert kiosk.terminal.runtime.session.holder is None
    kiosk.touch("primary")
    assert kiosk.screen.name == "attract"


def test_without_a_network_it_is_said_that_the_card_still_works(kiosk: Kiosk) -> None:
    hand_in(to_reader(kiosk.cut()).lay("parent"))
    assert kiosk.screen.name == "saved"
    assert "还没有发出，卡还没有停用。着急请打 12345" in kiosk.words
    assert kiosk.store.documents[-1]["service"] == "card-lost"


def test_the_identity_card_opens_nothing_else(kiosk: Kiosk) -> None:
    hand_in(to_reader(kiosk).lay("parent")).touch("back")
    assert kiosk.screen.name == "home"
    kiosk.touch("event.moved", "service.household-proof")
    assert "身份证还不够" in kiosk.words
    kiosk.touch("primary")
    assert kiosk.screen.name == "card"
    assert kiosk.terminal.runtime.session.holder is None
    assert kiosk.city.asked == []


def test_a_form_by_identity_card_is_not_kept_for_another_one(kiosk: Kiosk) -> None:
    to_reader(kiosk).lay("parent")
    kiosk.touch("primary", "choice.action.loss").wait(400)
    assert kiosk.screen.name == "attract"
    assert kiosk.terminal.runtime.session.world.kept is None


def test_the_citizen_card_turns_up_while_the_identity_card_is_asked_for(kiosk: Kiosk) -> None:
    to_reader(kiosk).insert("parent")
    assert kiosk.screen.name == "pin"
    kiosk.pin("123456")
    assert kiosk.terminal.runtime.session.application is not None
    assert kiosk.terminal.runtime.session.application.service.id == "card-lost"


def test_the_citizen_card_turns_up_in_the_middle_of_the_form(kiosk: Kiosk) -> None:
    to_reader(kiosk).lay("parent").insert("parent")
    assert kiosk.screen.name == "pin"
    assert kiosk.terminal.runtime.session.holder is None


def test_the_citizens_reader_breaks_and_the_identity_card_goes_on(kiosk: Kiosk) -> None:
    to_reader(kiosk).lay("parent")
    kiosk.reader.unplug()
    kiosk.pump()
    hand_in(kiosk)
    assert kiosk.screen.name == "saved"


@pytest.mark.parametrize(
    ("fault", "code", "way"),
    [("unplug", "identity-reader-gone", "用手机登录"), ("pulled", "identity-unreadable", "再放一次")],
)
def test_a_reader_that_fails_leaves_a_way(kiosk: Kiosk, fault: str, code: str, way: str) -> None:
    kiosk.identity.set(fault)
    to_reader(kiosk).lay("parent")
    assert kiosk.screen.name == f"failure.{code}"
    assert way in kiosk.words
    assert "12345" in kiosk.words
    kiosk.identity.clear(fault)
    kiosk.identity.take()
    kiosk.touch("back")
    assert kiosk.screen.name == "intro"
    kiosk.touch("primary").lay("parent")
    assert kiosk.screen.name == "form"


def test_a_card_that_was_lifted_too_early_is_laid_down_again(kiosk: Kiosk) -> None:
    kiosk.identity.set("pulled")
    to_reader(kiosk).lay("parent")
    kiosk.identity.clear("pulled")
    kiosk.touch("primary").lay("parent")
    assert kiosk.screen.name == "form"


def test_an_expired_identity_card_is_not_taken(kiosk: Kiosk) -> None:
    kiosk.clock.advance(20 * 365 * 86_400)
    to_reader(kiosk.wait(1)).lay("parent")
    assert kiosk.screen.name == "failure.identity-expired"
    assert kiosk.terminal.runtime.session.holder is None


def test_a_terminal_without_such_a_reader_leads_to_the_telephone(without: Kiosk) -> None:
    to_reader(without)
    assert without.screen.name == "failure.identity-no-reader"
    without.touch("primary")
    assert without.screen.name == "app"
    without.phone("scan", "parent")
    without.phone("agree")
    without.wait(2)
    assert without.screen.name == "intro"
    without.touch("primary").through_form().submit()
    without.phone("approve")
    without.wait(3)
    assert without.screen.name == "saved"
    document: Any = without.store.documents[-1]
    assert (document["service"], document["sign_in"]) == ("card-lost", "app")
    assert document["app_approval"]["token"]


def test_with_neither_reader_nor_network_12345_is_what_is_left(without: Kiosk) -> None:
    to_reader(without.cut())
    assert without.screen.name == "failure.identity-no-reader"
    assert "primary" not in {control.role for control in without.controls.values()}
    assert "12345" in without.words
    without.touch("back")
    assert without.screen.name == "intro"


def test_the_telephone_instead_of_the_identity_card(kiosk: Kiosk) -> None:
    to_reader(kiosk).touch("start.app")
    assert kiosk.screen.name == "app"


@pytest.mark.parametrize(("leave", "screen"), [("back", "intro"), ("home", "home"), ("finish", "attract")])
def test_whoever_turns_back_is_not_read_any_more(kiosk: Kiosk, leave: str, screen: str) -> None:
    to_reader(kiosk).touch(leave)
    assert kiosk.screen.name == screen
    kiosk.lay("parent")
    assert kiosk.terminal.runtime.session.holder is None
    # A reading that comes after the screen was left changes nothing either.
    before = kiosk.terminal.runtime.session.state
    late = IdentityRead(_facts(kiosk), Holder("x", "y", "male", None, "1990-01-01", None),
                        session_id=kiosk.terminal.runtime.session.id)  # fmt: skip
    kiosk.terminal.send(late)
    kiosk.pump()
    assert kiosk.terminal.runtime.session.state is before
    assert kiosk.terminal.runtime.session.holder is None


def _facts(kiosk: Kiosk) -> Any:
    kiosk.identity.take()
    kiosk.identity.lay("owner")
    found = kiosk.identity.look()
    assert found is not None
    return found.facts


def test_help_and_the_warning_lead_back_and_the_reader_looks_again(kiosk: Kiosk) -> None:
    to_reader(kiosk).touch("help", "back")
    assert kiosk.screen.name == "identity"
    kiosk.wait(130)
    assert kiosk.terminal.runtime.session.state is State.TIMEOUT
    kiosk.touch("primary").lay("parent")
    assert kiosk.screen.name == "form"


def test_a_card_that_is_stopped_already_is_said(kiosk: Kiosk) -> None:
    to_reader(kiosk).lay("parent")
    seq = kiosk.store.last_seq + 1
    kiosk.city.verdicts[seq] = VerdictCame(seq, accepted=False, reason="loss-reported-already")
    hand_in(kiosk)
    assert kiosk.screen.name == "failure.not-accepted"
    assert "这张卡已经挂失了" in kiosk.words


def test_nothing_of_the_identity_card_is_told_by_log_or_state(kiosk: Kiosk) -> None:
    hand_in(to_reader(kiosk).lay("parent"))
    log = (kiosk.state_dir / "log" / "kiosk.jsonl").read_text("utf-8")
    told = log + str(kiosk.terminal.public_state()) + repr(kiosk.terminal.runtime.session)
    for secret in (PARENT, "陈晓娴"):
        assert secret not in told


def test_low_down_there_is_room_for_the_card_only(kiosk: Kiosk) -> None:
    to_reader(kiosk).touch("mode.reach")
    assert "start.app" not in kiosk.controls
    kiosk.lay("parent")
    assert kiosk.screen.name == "form"


def test_another_way_than_the_telephone_does_nothing_here(kiosk: Kiosk) -> None:
    to_reader(kiosk)
    kiosk.terminal.send(StartChosen("browse", session_id=kiosk.terminal.runtime.session.id))
    kiosk.pump()
    assert kiosk.screen.name == "identity"


def test_settings_that_name_a_reader_which_is_not_there_are_said_as_that() -> None:
    posted: list[Event] = []
    desk = IdentityDesk(None, InlineWorker("identity", lambda _name, _error: None), posted.append)
    desk.look(7)
    assert posted == [IdentityAbsent("identity-reader-gone", session_id=7)]
    desk.close()


LOST = next(item for item in shared_and_definitions()[1] if item["id"] == "card-lost")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"confirm": None}, "an office has to answer at once"),
        ({"evidence": [{"id": "x", "subjects": ["pop.person"], "replaces": {"zh-Hans": "甲", "en": "A"},
                        "why": {"zh-Hans": "乙", "en": "B"}}]}, "no data are released against an identity card"),
        ({"field": [{"id": "pin", "type": "new-pin", "label": {"zh-Hans": "甲", "en": "A"}}]}, "no PIN to change"),
    ],
)  # fmt: skip
def test_a_service_that_wants_more_than_an_identity_card_gives_is_refused(change: dict[str, Any], reason: str) -> None:
    shared, _ = shared_and_definitions()
    changed = {key: value for key, value in {**LOST, **change, "sign_in": "card"}.items() if value is not None}
    with pytest.raises(DefinitionInvalid, match=reason):
        parse_catalogue("test", [changed], shared)
