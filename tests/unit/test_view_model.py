"""The screens keep what scripts and citizens rely on: ids, roles, one way forward, true words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.api import JobState
from kiosk import events as e
from kiosk.pieces.drawn import Picture
from kiosk.screen_model import Asks, Facts, PinEntry, Ring, ScreenModel
from kiosk.view_model.frame import clock, reference_time
from kiosk.view_model.service import flowing
from tests.unit.visit_kit import CATALOGUE, EVERY_TYPE, Visit, catalogue, controls_of, drawn, words_of

ROLES = {"primary", "secondary", "back", "finish", "choice", "field", "key", "aid", "text"}
AIDS = ["mode.large", "mode.contrast", "mode.reach", "mode.speech", "mode.language", "help"]
WAYS: dict[str, Callable[[], Visit]] = {
    "attract": Visit,
    "start": lambda: Visit().touch("language.zh"),
    "card": lambda: Visit().touch("language.zh", "start.card"),
    "pin": lambda: Visit().to_pin(),
    "home": lambda: Visit().to_home(),
    "services": lambda: Visit().to_home().touch("event.moved"),
    "intro": lambda: Visit().to_home().to_intro(),
    "consent": lambda: Visit().to_home().to_intro().touch("primary"),
    "form": lambda: Visit().to_form(),
    "check": lambda: Visit().to_check(),
    "working": lambda: Visit().to_check().submit(),
    "saved": lambda: Visit().to_saved(),
    "receipt": lambda: Visit().to_saved().touch("primary"),
    "rating": lambda: Visit().to_saved().touch("primary", "back"),
    "take-card": lambda: Visit().to_home().touch("finish"),
    "timeout": lambda: Visit().to_home().fire("idle"),
    "help": lambda: Visit().to_home().touch("help"),
    "modes": lambda: Visit().touch("language.zh", "modes"),
}
IDS: dict[str, dict[str, str]] = {
    "attract": {"language.zh": "primary", "language.yue": "secondary", "language.en": "secondary"},
    "start": {"start.card": "choice", "start.browse": "choice", "language.zh": "aid", "language.yue": "aid",
              "language.en": "aid", "modes": "secondary"},
    "modes": {"mode.left": "choice", "mode.calm": "choice", "mode.curtain": "choice"},
    "pin": {**{f"pin.{digit}": "key" for digit in range(10)}, "pin.delete": "key", "pin.ok": "primary"},
    "home": {f"event.{name}": "choice" for name in
             ("moved", "work", "school", "home", "business", "ill", "retire", "travel", "records")},
    "services": {"service.household-proof": "choice", "service.residence": "choice"},
    "receipt": {"receipt.paper": "choice"},
    "rating": {f"rating.{score}": "choice" for score in range(1, 6)},
}  # fmt: skip
ENDED = {"attract"}
NO_HELP = {"attract", "take-card", "timeout"}


@pytest.mark.parametrize("name", WAYS)
def test_every_screen_has_its_name_its_ids_and_its_aids(name: str) -> None:
    visit = WAYS[name]()
    assert visit.screen.name == name
    controls = visit.controls
    assert {control.role for control in controls.values()} <= ROLES
    for control, role in IDS.get(name, {}).items():
        assert controls[control].role == role
    aids = [control.id for control in visit.screen.aids]
    assert aids == [aid for aid in AIDS if aid != "help" or name not in NO_HELP]
    assert all(control.role == "aid" for control in visit.screen.aids)


def test_the_row_of_aids_is_made_once_for_the_screens_of_a_visit_until_one_is_pressed() -> None:
    visit = Visit().to_home()
    before = visit.screen.aids
    assert visit.to_intro().screen.aids is before
    assert visit.touch("mode.large").screen.aids is not before
    assert {one.event.session_id for one in visit.screen.aids if one.event is not None} == {visit.session.id}


@pytest.mark.parametrize("name", WAYS)
def test_ids_and_roles_are_the_same_in_every_language_and_words_are_not(name: str) -> None:
    visit = WAYS[name]()
    models = {language: drawn(visit.session, language) for language in ("zh-Hans", "en")}
    assert shape(models["zh-Hans"]) == shape(models["en"])
    assert words_of(models["zh-Hans"]) != words_of(models["en"])
    assert models["zh-Hans"].terminal != models["en"].terminal


def shape(model: ScreenModel) -> list[tuple[str, str, bool]]:
    return [(control.id, control.role, control.enabled) for control in controls_of(model)]


@pytest.mark.parametrize("name", sorted(set(WAYS) - ENDED))
def test_every_screen_of_a_visit_can_be_ended(name: str) -> None:
    visit = WAYS[name]()
    if name == "take-card":
        assert visit.screen.finish is None, "only the card itself can end it now"
        return
    if name == "working":
        assert visit.screen.finish is None, "the card is signing: nobody can say yet what became of it"
        return
    assert visit.controls["finish"].event == e.FinishPressed(session_id=visit.session.id)


def test_a_control_that_is_off_sends_nothing() -> None:
    for way in WAYS.values():
        for control in way().controls.values():
            assert control.enabled or control.event is None
            assert control.event is None or control.event.session_id in {0, 1}


def test_every_touch_carries_the_visit_it_belongs_to() -> None:
    visit = Visit().to_home()
    assert {control.event.session_id for control in visit.controls.values() if control.event} == {visit.session.id}


def test_where_a_choice_must_be_made_first_the_way_forward_is_shut() -> None:
    assert not WAYS["rating"]().controls["primary"].enabled
    assert not Visit().to_question("kind").controls["primary"].enabled
    assert not WAYS["pin"]().controls["pin.ok"].enabled
    assert "primary" not in WAYS["home"]().controls


def test_life_events_without_services_are_off() -> None:
    visit = WAYS["home"]()
    assert {name for name in IDS["home"] if not visit.controls[name].enabled} == {"event.retire"}
    visit.send(e.LifeEventChosen("retire"))
    assert "这里还没有可以办的。" in visit.words


def test_before_any_catalogue_was_read_no_service_is_offered() -> None:
    visit = Visit(catalogue=None).to_home()
    assert not any(control.enabled for control in visit.controls.values() if control.role == "choice")
    assert "这里还没有可以办的。" in visit.send(e.LifeEventChosen("moved")).words


def test_pin_dots_show_how_many_and_never_which() -> None:
    visit = WAYS["pin"]().touch("pin.7", "pin.7", "pin.3")
    entry = next(piece for piece in visit.screen.body if isinstance(piece, PinEntry))
    assert (entry.length, entry.filled) == (6, 3)
    assert "773" not in repr(visit.screen)
    assert "digit" not in repr(visit.controls["pin.7"])


def test_while_the_card_looks_at_the_pin_no_key_can_be_pressed() -> None:
    visit = WAYS["pin"]().pin()
    assert visit.screen.name == "pin"
    assert not any(control.enabled for control in visit.controls.values() if control.role in {"key", "primary"})


def test_consent_names_each_office_once_with_what_and_why() -> None:
    asks = next(
        piece for piece in Visit().to_home().to_intro("long-proof").touch("primary").screen.body
        if isinstance(piece, Asks)
    )  # fmt: skip
    names = {key: subject.plain["zh-Hans"] for key, subject in CATALOGUE.subjects.items()}
    booklet = CATALOGUE.services["household-proof"].evidence[0]
    assert [(row.agency, row.what, row.why) for row in asks.rows] == [
        ("公安局", f"{names['pop.household']}、{names['pop.person']}", booklet.why["zh-Hans"]),
        ("政务服务和数据管理局", names["msg.contact"], "替您填表，不用您写"),
    ]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, "由部门答复"),
        ({"promised": {"n": 0, "unit": "d"}}, "当天"),
        ({"promised": {"n": 3, "unit": "wd"}}, "3 个工作日内"),
        ({"promised": {"n": 5, "unit": "d"}}, "5 天内"),
    ],
)
def test_the_door_of_a_service_promises_what_its_definition_says(limits: dict[str, object], said: str) -> None:
    made = catalogue({**EVERY_TYPE, "id": "other", "limits": limits, "legal": [{"title": "某条例"}]})
    visit = Visit(catalogue=made).to_home().to_intro("other")
    facts = next(piece for piece in visit.screen.body if isinstance(piece, Facts))
    assert facts.rows[1].value == said
    assert facts.rows[2].value == "20 元"
    assert "依据《某条例》" in visit.words


def test_a_law_stands_in_english_with_the_title_that_it_is_found_under() -> None:
    title = {"zh-Hans": "某条例", "en": "Some Regulations"}
    for legal, said in (
        ([{"title": title}], "Under the “Some Regulations” · 某条例"),
        ([{"title": "某条例"}], "Under “某条例”"),
        ([], "Handled by"),
    ):
        made = catalogue({**EVERY_TYPE, "id": "other", "legal": legal})
        visit = Visit(catalogue=made).to_home().to_intro("other").send(e.LanguageChosen("en"))
        assert said in visit.words
        assert ("Under" in visit.words) == bool(legal)
        assert "依據《某條例》" in visit.send(e.LanguageChosen("yue-Hant")).words or not legal


def test_a_part_of_a_sentence_begins_small_and_a_line_of_its_own_large() -> None:
    visit = Visit().to_home().to_intro("residence").send(e.LanguageChosen("en"))
    facts = next(piece for piece in visit.screen.body if isinstance(piece, Facts))
    assert facts.rows[1].value == "Within 10 working days"
    assert flowing(["Household booklet", "ID card"], "en") == ["Household booklet", "ID card"]
    assert flowing(["Household booklet", "Lease"], "en", begun=True) == ["household booklet", "lease"]
    assert flowing(["户口簿"], "zh-Hans", begun=True) == ["户口簿"]


def test_what_need_not_be_brought_is_said_with_who_has_it() -> None:
    assert "公安局已有登记" in WAYS["intro"]().words
    assert "这些都不用带、不用填" not in Visit().to_home().to_intro("every-type").words


def test_what_submitting_means_is_said_where_it_can_be_done() -> None:
    visit = Visit().to_check().touch("mode.large", "mode.large", "mode.large")
    assert "以上都是真的" not in visit.words, "there is another page, and no button for it here"
    while "以上都是真的" not in visit.words:
        assert visit.touch("primary").screen.name == "check"
    assert visit.controls["primary"].text == "提交"


def test_without_the_city_s_word_nobody_is_told_what_the_city_has() -> None:
    visit = Visit("owner", network_up=False).to_form("marriage").until("which")
    assert "没有查到" not in visit.words, "nobody looked"
    visit = Visit(network_up=False).to_form("medical").until("reason_if")
    assert "一年里改过一次" not in visit.words
    assert visit.touch("primary").screen.name == "check", "who has not changed gives no reason"


@pytest.mark.parametrize("up", [True, False])
def test_who_did_not_agree_is_told_what_to_take_to_a_counter(up: bool) -> None:
    visit = Visit(network_up=up).to_home().to_intro().touch("primary", "consent.refuse").until().submit()
    visit.signed().saved()
    visit = visit.acked() if up else visit
    assert "请带户口簿到窗口" in visit.words
    assert "不用交" not in visit.words
    assert "不用再来" not in visit.words
    assert "请带户口簿到窗口" in visit.touch("primary").words, "and so does the receipt"


def test_the_saved_screen_never_says_received_of_what_was_only_recorded() -> None:
    visit = Visit().to_check("bare").submit().signed().saved().fire("wait")
    assert "已收到" not in visit.words
    assert "不用交" not in visit.words, "nothing was waived"
    assert "人力资源和社会保障局已收到" in visit.acked().words


def test_while_the_office_is_waited_for_the_ring_says_how_long() -> None:
    visit = Visit().to_check().submit().signed().saved().fire("second")
    ring = next(piece for piece in visit.screen.body if isinstance(piece, Ring))
    assert (ring.total_s, ring.big) == (10, "1 秒")
    assert visit.screen.finish is not None


def test_the_status_line_says_what_is_missing_and_what_still_works() -> None:
    def chips(visit: Visit) -> list[str]:
        return [chip.text for chip in visit.screen.chips]

    assert chips(Visit()) == []
    assert chips(Visit(network_up=False)) == ["没有网络，照常受理"]
    assert chips(Visit().printer(paper="out")) == ["没纸，编号可以拍照"]
    assert chips(Visit().printer(error="cutter")) == ["打不了纸，编号可以拍照"]
    assert chips(Visit(printer=None)) == [], "nobody has heard of it yet"


def test_without_a_network_home_says_what_happens_then() -> None:
    assert "先记在本机，网络一恢复，自动发出。" in Visit(network_up=False).to_home().words


@pytest.mark.parametrize(
    ("local", "zh", "en"),
    [
        ("2026-05-18T09:05", ("09:05", "5月18日 周一"), ("09:05", "Mon 18 May")),
        ("2027-01-31T23:59", ("23:59", "1月31日 周日"), ("23:59", "Sun 31 Jan")),
    ],
)
def test_the_clock_is_read_in_the_citizen_s_language(local: str, zh: tuple[str, str], en: tuple[str, str]) -> None:
    assert clock(local, "zh-Hans") == zh
    assert clock(local, "en") == en
    assert reference_time(local, "zh-Hans") == f"{zh[1].split()[0]} {zh[0]}"
    assert reference_time(local, "en") == f"{en[1].split(' ', 1)[1]}, {en[0]}"


def test_in_landscape_nothing_is_put_lower() -> None:
    from kiosk.settings import Settings

    assert "mode.reach" not in Visit(settings=Settings(width=1920, height=1080)).controls


def test_the_way_out_says_whether_a_card_is_in() -> None:
    assert WAYS["start"]().controls["finish"].text == "退出"
    assert WAYS["home"]().controls["finish"].text == "结束取卡"


def pictures(visit: Visit) -> list[str]:
    return [piece.name for piece in visit.screen.body if isinstance(piece, Picture)]


@pytest.mark.parametrize(
    ("code", "picture"),
    [("card-unreadable", "wipe-card"), ("card-unknown", "good-and-bad-cards"), ("card-swapped", "swapped-cards")],
)
def test_a_failure_that_a_hand_can_mend_is_drawn(code: str, picture: str) -> None:
    assert pictures(Visit().insert().send(e.CardFailed(code, 1))) == [picture]


def test_half_a_receipt_is_drawn_too() -> None:
    assert pictures(Visit().to_printing().printed(JobState.PARTIAL)) == ["half-printed"]


def test_an_expired_card_is_told_until_when_it_was_good() -> None:
    assert "这张卡用到 2035 年 3 月 1 日" in Visit().insert().recognised(expired=True).words


def test_a_failure_at_a_service_keeps_its_name_in_sight() -> None:
    assert Visit(printer=None).to_home().to_intro().touch("primary").screen.where == "户籍与居住证明"
    assert Visit().insert().send(e.CardFailed("card-unknown", 1)).screen.where == "用市民卡办事"
    assert Visit().to_home().pull().screen.where == "已退出"
