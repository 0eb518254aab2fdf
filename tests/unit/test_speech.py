"""What is told of a screen to somebody who does not see it, and where the tactile keypad goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from kiosk import events as e
from kiosk import screen_model as m
from kiosk.pieces.timeline import Bar, Lane
from kiosk.screen_model import Control
from kiosk.speech import focus
from kiosk.speech.ear import Phrasebook, heard
from kiosk.speech.guide import phrasebook, spoken_words
from kiosk.speech.transcript import Sentence, changed, told, transcript
from kiosk.ui.gallery.common import Scene
from kiosk.ui.gallery.examples import EXAMPLES
from kiosk.words.languages import languages
from tests.unit.visit_kit import Visit, drawn

TELL = spoken_words("zh-Hans")


def spoken(model: m.ScreenModel, language: str = "zh-Hans") -> list[str]:
    tell, book = spoken_words(language), phrasebook(language)
    return [heard(book.said(one.text), tell) for one in transcript(model, tell)]


def screen(*body: m.Piece, **more: object) -> m.ScreenModel:
    return replace(drawn(Visit().to_home().session), body=body, title="问题？", **{"back": None, **more})  # pyright: ignore


def stations() -> Iterator[m.ScreenModel]:
    """One screen of each kind of a visit."""
    visit = Visit()
    yield visit.screen
    yield visit.touch("language.zh").screen
    yield Visit().touch("language.zh", "modes").screen
    yield Visit().to_pin().screen
    yield Visit().to_home().to_intro().screen
    yield Visit().to_home().to_intro().touch("primary").screen
    yield Visit().to_form().screen
    yield Visit().to_question("day", "every-type").screen
    yield Visit().to_check().screen
    yield Visit().to_saved().screen
    yield Visit().to_home().pull().screen


# -------------------------------------------------------------------------------------------------- transcripts


def test_the_pin_screen_is_told_without_a_digit_of_the_pad() -> None:
    assert spoken(Visit().to_pin().screen) == [
        "用市民卡办事。",
        "先证明是您本人。",
        "请输入市民卡密码。",
        "6 位数字。屏幕不显示，也不会读出来。",
        "按一位响一声，不会读出来。",
        "带数字的按键可以直接按。",
        "没有数字的按键：光标从 1 开始，按一下右键往后一位，按圆点键输入，然后又回到 1。",
        "请用手挡一挡，别让人看见。",
        "确定要先回答才能用。",
        "往回走，选返回。",
    ]


def test_home_counts_the_choices_before_it_names_them() -> None:
    told_ = spoken(Visit().to_home().screen)
    assert told_[:3] == ["首页。", "陈某娴，您好。", "想办什么事？"]
    assert told_[3].startswith("有 9 个选择：我搬家了、我要工作、")
    assert "我退休，现在不能用" in told_[3]
    assert told_[-1] == "可以选找服务。"


def test_cantonese_is_said_as_it_is_spoken_and_not_as_it_is_written() -> None:
    told_ = "".join(spoken(drawn(Visit().to_pin().session, "yue-Hant"), "yue-Hant"))
    assert "請輸入市民卡密碼。" in told_
    assert "唔會顯示，亦唔會讀出嚟" in told_
    wrong = Visit().to_pin().pin().send(e.PinRefused(2))
    assert "密碼唔啱，仲可以試 2 次" in "".join(spoken(drawn(wrong.session, "yue-Hant"), "yue-Hant"))


def test_english_is_english() -> None:
    told_ = spoken(drawn(Visit().to_home().to_intro().session, "en"), "en")
    assert "Time now: About 2 minutes." in told_
    assert "To go on, choose Start." in told_


def test_tries_left_are_told_first_of_all() -> None:
    told_ = spoken(Visit().to_pin().pin().send(e.PinRefused(1)).screen)
    assert told_[2] == "请注意：密码不对，还可以试 1 次。"


@pytest.mark.parametrize("language", languages())
def test_every_example_screen_has_a_transcript_without_marks_and_symbols(language: str) -> None:
    for name, example in EXAMPLES.items():
        told_ = spoken(example(Scene(language)), language)
        assert told_, name
        for text in told_:
            assert text.strip(), name
            assert not re.search(r"[*·“”「」『』《》{}<>|]", text), f"{name}: {text}"


def test_all_words_of_a_question_reach_the_ear() -> None:
    for model in stations():
        told_ = "".join(spoken(model))
        for text in (model.title, model.subtitle, model.where):
            assert heard(text, TELL).rstrip("。") in told_, f"{model.name}: {text}"


def test_no_pin_digit_is_told_whatever_was_typed() -> None:
    before = Visit().to_pin()
    for digit in "907":
        before.touch(f"pin.{digit}")
        assert changed((), ()) == ()
        new = changed(transcript(Visit().to_pin().screen, TELL), transcript(before.screen, TELL))
        assert new == (), "a tone says that it was typed"
    assert "907" not in "".join(spoken(before.screen))


def test_when_all_digits_are_in_that_is_said() -> None:
    typed = Visit().to_pin().touch(*(f"pin.{digit}" for digit in "123456"))
    new = changed(transcript(Visit().to_pin().screen, TELL), transcript(typed.screen, TELL))
    assert [one.text for one in new] == ["6 位都输好了。", "往下走，选“确定”。"]


def test_a_countdown_is_told_every_quarter_of_a_minute() -> None:
    def ring(left: int) -> m.Ring:
        return m.Ring(45, left, str(left), "秒", "您还在吗？", f"{left} 秒后退出。")

    def news(left: int) -> list[str]:
        before, after = (transcript(screen(ring(n)), TELL) for n in (left + 1, left))
        return [one.text for one in changed(before, after)]

    assert news(44) == []
    assert news(30) == ["30 秒后退出。"]
    assert [one.text for one in transcript(screen(m.Ring(9, 1, "1 秒")), TELL)][-1] == "1 秒。"


def test_what_is_typed_into_a_field_is_told_back() -> None:
    assert "还没有填。" in spoken(screen(m.Field("x", "", placeholder="——")))
    assert "现在填的是：¥ 12 元。".replace("¥ ", "") in spoken(screen(m.Field("x", "12", after="元")))
    assert "请注意：数太小了。" in spoken(screen(m.Field("x", "0", error="数太小了")))


def test_a_date_is_told_box_by_box() -> None:
    assert "还没有填。" in spoken(screen(m.DateField("x", "", "", "")))
    told_ = spoken(screen(m.DateField("x", "2026", "9", "", error="没有这一天，请看一看")))
    assert "现在填的是：2026 年 9 月。" in told_
    assert "请注意：没有这一天，请看一看。" in told_


def test_pads_say_how_to_use_them() -> None:
    keys = (Control("key.1", "key", "1", e.KeyTyped("1")),)
    assert "用数字键填，或者用方向键选数字。" in spoken(screen(m.Keypad(keys)))
    board = m.Keyboard((keys,), (Control("c.0", "choice", "榕", e.AnswerChosen("榕")),))
    assert "可以选的字：榕。" in spoken(screen(board))


def test_rows_say_their_state() -> None:
    ticks = m.Ticks((m.Tick("done", "签好了"), m.Tick("no", "没有提交", "没有交出去"), m.Tick("have", "户口簿")))
    assert spoken(screen(ticks))[3:] == ["做完了：签好了。", "没有做：没有提交。 没有交出去。", "户口簿。"]
    wrong = Control("wrong", "secondary", "不对", e.FieldDisputed("x"))
    rows = m.PrefilledRows((m.Prefilled("姓名", "陈*娴", "来自公安局", wrong=wrong, disputed=True),))
    assert spoken(screen(rows))[3:] == ["姓名：陈某娴。 来自公安局。 您说这一项不对。", "哪一项不对，选那一项的不对。"]
    usual = m.Prefilled("要几份？", "1 份", "多数人这样选", wrong=Control("c", "secondary", "改", e.ChangeAsked("x")))
    assert spoken(screen(m.PrefilledRows((usual,))))[4:] == ["要改哪一项，选那一项的改。"], "there is no 不对 here"
    change = m.CheckRows((m.CheckRow("住址", "榕树街", change=wrong),))
    assert spoken(screen(change))[3:] == ["住址：榕树街。", "要改哪一项，选那一项的改。"]
    assert spoken(screen(m.CheckRows((m.CheckRow("住址", "榕树街", "查来的"),))))[3:] == ["住址：榕树街。 查来的。"]


def test_a_case_is_told_agency_by_agency_and_a_map_by_its_buttons() -> None:
    bars = (Bar("1", 0, 5, "done"), Bar("2", 5, 9, "asked"))
    case = m.Timeline((Lane("住建局", bars),), 20, 6, "今天", ((0, "0"),), (("done", "办完"),))
    assert spoken(screen(case))[3:] == ["住建局：做完了：第 1 步、请注意：第 2 步。"]
    assert spoken(screen(m.TownMap((0, 0), "您在这里", "北", (), "zh-Hans")))[3:] == []


def test_choices_say_what_they_are_and_how_many() -> None:
    one = Control("a", "choice", "甲", e.AnswerChosen("a"), detail="近", selected=True)
    off = Control("b", "choice", "乙", None, enabled=False)
    assert spoken(screen(m.Choices((one,))))[-1] == "可以选甲，近，已选。"
    assert spoken(screen(m.Choices((one, off))))[-1] == "有 2 个选择：1，甲，近，已选。 2，乙，现在不能用。"
    assert spoken(screen(m.Choices(())))[-1] == "问题？"
    many = tuple(replace(one, id=str(n), text=f"第{n}") for n in range(6))
    assert "近" not in spoken(screen(m.Tiles(many)))[-1], "of many only the names"


def test_a_mark_before_the_question_is_put_into_words() -> None:
    assert "停一下：问题？" in spoken(screen(title_meaning="stop"))
    assert "没有网络，照常受理。" in spoken(
        screen(chips=(m.Chip("cloudoff", "没有网络，照常受理"), m.Chip("speaker", "朗读")))
    )
    assert "朗读。" not in spoken(screen(chips=(m.Chip("speaker", "朗读"),)))


@dataclass(frozen=True)
class Station:
    name: str
    words: str


@dataclass(frozen=True)
class Map:
    """A piece of a kind that this module has never heard of."""

    id: str
    title: str
    stations: tuple[Station, ...]
    lines: tuple[str, ...]
    items: tuple[Control, ...]
    near: Station


def test_a_piece_that_came_later_is_not_silent() -> None:
    piece = Map("map", "附近网点", (Station("x", "榕树街"),), ("一号线",),
                (Control("m.1", "choice", "去这里", e.AnswerChosen("1")),), Station("y", "最近"))  # fmt: skip
    told_ = spoken(screen(piece))  # pyright: ignore[reportArgumentType]
    assert told_[3:] == ["附近网点。", "榕树街。", "一号线。", "最近。", "可以选去这里。"]


# ------------------------------------------------------------------------------------------------------ the ear


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("陈*娴", "陈某娴"),
        ("王*", "王某"),
        ("440199********0021", "尾号 0 0 2 1"),
        ("138****0021", "尾号 0 0 2 1"),
        ("c***@example.org", "没有读出来"),
        ("榕树街 ** 号", "榕树街，没有读出来 号"),
        ("榕荫路**号**房", "榕荫路某号某房"),
        ("云桥三路**-**号A座B**房", "云桥三路某号A座B某房"),
        ("𠮷*明", "𠮷某明"),
        ("尾号****0021", "尾号尾号 0 0 2 1"),
        ("榕荫银行 尾号 0021", "榕荫银行 尾号 0 0 2 1"),
        ("3,218.05 元", "3218.05 元"),
        ("编号 T0001-1-000042", "编号 T 0 0 0 1, 1, 0 0 0 0 4 2"),
        ("打 12345，报编号", "打 1 2 3 4 5，报编号"),
        ("大约 15 分钟", "大约 15 分钟"),
        ("10:05", "10 点零 5 分"),
        ("16:30", "16 点 30 分"),
        ("8:30–12:00", "8 点 30 分到12 点整"),
        ("18 / 45 个工作日", "18，一共 45 个工作日"),
        ("2026-05-18", "2026 年 5 月 18 日"),
        ("¥12.50", "12.50 元"),
        ("¥3,218.40. 来自公安局", "3218.40 元. 来自公安局"),
        ("公安局 · 2 天前", "公安局，2 天前"),
        ("按“提交”，《条例》", "按提交，条例"),
    ],
)
def test_what_an_eye_takes_in_at_a_glance_is_put_into_words(text: str, wanted: str) -> None:
    assert heard(text, TELL) == wanted


def test_an_english_voice_says_times_spans_and_money_as_people_do() -> None:
    tell = spoken_words("en")
    said = heard("Open 8:30–12:00, 14:05. Balance: ¥3,218.40. From the Bureau.", tell)
    assert said == "Open 8 30 to 12 o'clock, 14 oh 5. Balance: 3218.40 yuan. From the Bureau."
    assert heard("18 / 45 working days", tell) == "18 of 45 working days"


def test_a_phrasebook_says_sentence_by_sentence() -> None:
    book = Phrasebook([("不对", "唔啱"), ("还可以试 {n} 次。", "仲可以試 {n} 次。")])
    assert book.said("不对。还可以试 2 次！没有。") == "唔啱。仲可以試 2 次！没有。"
    assert book.said("很不对") == "很不对", "only whole sentences"


# ---------------------------------------------------------------------------------------------------- the focus


def test_the_keypad_reaches_every_control_of_every_screen_once() -> None:
    for model in stations():
        ids = [spot.control.id for spot in focus.spots(model)]
        assert len(ids) == len(set(ids))
        assert set(ids) == {one.id for one in focus.controls_of(model)} | set()
        at, met = "", []
        for _ in ids:
            at = focus.moved(model, at, "right")
            met.append(at)
        assert sorted(met) == sorted(ids), model.name
        assert focus.moved(model, ids[-1], "right") == ids[0]
        assert focus.moved(model, ids[0], "left") == ids[-1]


def test_up_and_down_go_by_rows_in_tiles_and_pads() -> None:
    home = Visit().to_home().screen
    assert focus.first(home) == "event.moved"
    assert focus.moved(home, "event.work", "down") == "event.business"
    assert focus.moved(home, "event.business", "up") == "event.work"
    assert focus.moved(home, "event.travel", "down") == "agencies"
    assert focus.moved(home, "agencies", "down") == "search"
    pin = Visit().to_pin().screen
    assert focus.first(pin) == "pin.1"
    assert focus.moved(pin, "pin.9", "down") == "pin.delete"
    assert focus.moved(pin, "pin.3", "right") == "pin.4"
    board = m.Keyboard((tuple(Control(f"k{n}", "key", str(n), None) for n in range(3)),), ())
    assert focus.moved(screen(board), "k0", "right") == "k1"


def test_nothing_is_focused_where_nothing_can_be_pressed() -> None:
    empty = replace(screen(), finish=None, aids=(), back=None, primary=None, home=None)
    assert focus.first(empty) == ""
    assert focus.moved(empty, "", "down") == ""
    assert focus.spot_of(empty, "x") is None


def test_a_control_is_told_with_its_state_and_its_place() -> None:
    home = Visit().to_home().screen

    def at(model: m.ScreenModel, id_: str) -> str:
        spot = focus.spot_of(model, id_)
        assert spot is not None
        return told(spot, TELL)

    assert at(home, "event.school") == "孩子上学。第 3 个，共 9 个。"
    assert at(home, "event.retire") == "我退休，还没开通，现在不能用。第 7 个，共 9 个。"
    assert at(home, "finish") == "结束取卡。"
    assert at(Visit().to_pin().screen, "pin.7") == "", "a digit of the PIN only sounds"
    assert at(Visit().to_pin().screen, "pin.delete") == "删一位。"
    form = Visit().to_form().screen
    assert at(form, "wrong.name") == "不对，姓名。第 1 个，共 5 个。", "every row has a 不对"
    assert at(form, "change.copies") == "改，要几份。第 4 个，共 5 个。"
    assert at(Visit().to_check().screen, "change.kind") == "改，要哪一种证明。第 2 个，共 5 个。"
    checking = Visit().to_pin().pin().screen
    assert focus.is_pin_digit(next(spot.control for spot in focus.spots(checking) if spot.control.id == "pin.7"))


def test_only_what_is_new_is_told_of_the_same_screen() -> None:
    before = (Sentence("甲。"), Sentence("乙。"))
    assert changed(before, (Sentence("甲。"), Sentence("丙。"), Sentence("丁。", quiet=True))) == (Sentence("丙。"),)
