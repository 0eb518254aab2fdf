from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.linebreak import NO_END, NO_START, balance, fit, squeezed, units, wrap


def wide(text: str) -> float:
    """Ten for a Chinese character, five for a Latin one."""
    return sum(10 if ord(letter) > 0x2E80 or letter in "“”‘’…—" else 5 for letter in text)


def starts_badly(lines: Sequence[str]) -> bool:
    """Whether a line begins with a closing mark or ends with an opening one."""
    return any(later[:1] in NO_START - {"*"} or line[-1:] in NO_END - {"*"} for line, later in pairwise(lines) if later)


def test_no_line_begins_with_a_stop() -> None:
    assert wrap("请把卡插入读卡口。", 80, wide) == ["请把卡插入读卡", "口。"]


def test_no_line_ends_with_an_opening_quote() -> None:
    lines = wrap("按一下“提交”就好", 40, wide)
    assert lines == ["按一下", "“提交”", "就好"]


def test_english_words_and_numbers_stay_whole() -> None:
    assert wrap("Received by the Education Bureau", 75, wide) == ["Received by the", "Education", "Bureau"]
    assert wrap("编号 T0001-000042 已收到", 70, wide) == ["编号", "T0001-000042", "已收到"]


def test_the_stars_of_a_shortened_name_stay_with_it() -> None:
    assert units("陈*娴，您好") == ["陈*娴，", "您", "好"]
    assert wrap("谢谢您陈*娴", 40, wide) == ["谢谢您", "陈*娴"]


def test_a_newline_always_breaks() -> None:
    assert wrap("密码锁了，\n请到窗口解锁", 1000, wide) == ["密码锁了，", "请到窗口解锁"]


def test_a_heading_breaks_at_its_pause() -> None:
    assert wrap("密码锁了，请到窗口解锁", 90, wide) == ["密码锁了，请到窗口", "解锁"]
    assert balance("密码锁了，请到窗口解锁", 90, wide) == ["密码锁了，", "请到窗口解锁"]


def test_a_heading_without_a_pause_has_lines_of_like_length() -> None:
    lines = balance("Your business is not yet registered for tax", 170, wide)
    assert len(lines) == 2
    assert abs(wide(lines[0]) - wide(lines[1])) < 60


def test_a_heading_never_leaves_one_character_alone() -> None:
    assert balance("提交以后十五天内可以改一次", 120, wide) != ["提交以后十五天内可以改一", "次"]


def fitted(text: str, width: float) -> list[str]:
    return list(fit(text, width, [10], lambda part, _size: wide(part), lines_allowed=lambda _size: 9).lines)


def test_no_character_is_left_alone_with_its_stop_on_the_last_line() -> None:
    assert wrap("没有卡也能先看看。", 70, wide) == ["没有卡也能先看", "看。"]
    assert fitted("没有卡也能先看看。", 70) == ["没有卡也能先", "看看。"]
    assert fitted("Leave the card in it.", 95) == ["Leave the card", "in it."]
    assert fitted("It goes in all the same.", 100) == ["It goes in all", "the same."], "nor a short word with its stop"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("updated 17 May 2026", "17 May"),
        ("2035 年 3 月 1 日到期", "1 日"),
        ("5月18日 周一", "18日"),
        ("余额 86,320.50 元", "86,320.50 元"),
        ("等 10 个工作日", "10 个"),
        ("18 / 45 working days", "18 / 45"),
        ("替木棉灯饰办 · 第 1 页，共 2 页", "第 1 页"),
        ("3. Land pre-examination", "3. Land"),
    ],
)
def test_a_number_stays_with_what_it_counts(text: str, kept: str) -> None:
    for width in range(40, 200):
        assert any(kept in line for line in wrap(text, width, wide)), width


def test_a_number_that_counts_nothing_is_no_reason_to_keep_a_line() -> None:
    assert "12345 with" not in units("Call 12345 with your number")
    assert "2026 Mayor" not in units("in 2026 Mayor Lin")


def test_a_lonely_character_stays_where_its_company_would_need_one_more_line() -> None:
    assert fitted("请看一看", 30) == ["请看一", "看"]
    assert fitted("榕树街便民服务T0001-000042好", 70) == wrap("榕树街便民服务T0001-000042好", 70, wide)
    assert fitted("看\n好", 70) == ["看", "好"]


def test_the_largest_size_that_fits_is_taken() -> None:
    def measure(text: str, size: int) -> float:
        return wide(text) * size / 10

    found = fit("最后看一遍", 200, (56, 44, 35, 28), measure, lines_allowed=lambda _: 1)
    assert (found.size, found.fits, found.lines) == (35, True, ("最后看一遍",))
    assert fit("最后看一遍", 200, (56, 44), measure, lines_allowed=lambda size: 2 if size == 56 else 1).size == 56


def test_what_does_not_fit_is_said_and_not_cut() -> None:
    def measure(text: str, size: int) -> float:
        return wide(text) * size / 10

    found = fit("最后看一遍再提交", 50, (56, 28), measure, lines_allowed=lambda _: 1)
    assert not found.fits
    assert "".join(found.lines) == "最后看一遍再提交"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("没上过”。", ["没上过”", "。"]),
        ("“都对”，继续", ["“都对”", "，继续"]),
        ("好。“不", ["好。", "“不"]),
        ("一、二", ["一、二"]),
        ("", [""]),
    ],
)
def test_two_full_width_marks_share_their_blank_halves(text: str, pieces: list[str]) -> None:
    assert squeezed(text) == pieces


WORDS = st.text(alphabet="请把卡，。“”（）abc 12*、\n", max_size=60)


@given(WORDS)
def test_units_joined_give_the_text_again(text: str) -> None:
    assert "".join(units(text.replace("\n", ""))) == text.replace("\n", "")
    assert "".join(squeezed(text)) == text


@given(WORDS, st.integers(10, 300))
def test_wrapping_loses_nothing_but_spaces_and_keeps_the_rules(text: str, width: int) -> None:
    for breaker in (wrap, balance):
        lines = breaker(text, width, wide)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(wide(line) <= width or len(units(line.strip())) <= 1 for line in lines if breaker is wrap)


@given(st.text(alphabet="请把卡，。”、入读", max_size=60), st.integers(10, 300))
def test_no_chinese_line_ever_begins_with_a_closing_mark(text: str, width: int) -> None:
    assert not starts_badly(wrap(text, width, wide))


@given(WORDS, st.integers(20, 300))
def test_balancing_never_needs_more_lines(text: str, width: int) -> None:
    assert len(balance(text, width, wide)) <= len(wrap(text, width, wide))
