"""What a form holds and asks next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.pieces.released import SubjectData
from kiosk.services import forms
from kiosk.services.definition import Choice, Condition, FieldDefinition, SubjectChoices
from kiosk.services.definition import Test as FieldTest
from kiosk.services.forms import Form
from tests.unit.visit_kit import CATALOGUE, HOLDER, PERSONAS

TODAY = "2026-05-18"
PROOF = CATALOGUE.services["household-proof"]
RESIDENCE = CATALOGUE.services["residence"]


def field(**changed: Any) -> FieldDefinition:
    plain = {"zh-Hans": "问", "en": "Question"}
    return replace(FieldDefinition("it", plain, "text", plain), **changed)


def form(*fields: FieldDefinition, records: dict[str, Any] | None = None, **changed: Any) -> Form:
    data = {key: SubjectData(key, "psb", "2026-05-01", record) for key, record in (records or {}).items()}
    definition = replace(PROOF, fields=fields) if fields else PROOF
    return replace(Form(definition, TODAY, HOLDER, data), **changed)


# ------------------------------------------------------------------------------------------ what is known


def test_the_city_s_word_comes_before_the_card_s_and_the_citizen_s_before_both() -> None:
    item = field(source="pop.person.name", card="name", edit="change")
    known = {"pop.person": {"name": "城市"}}
    assert forms.value_of(form(item), item) == forms.Value("陈晓娴", "card")
    assert forms.value_of(form(item, records=known), item) == forms.Value("城市", "city", "psb", "2026-05-01")
    changed = form(item, records=known, answers={"it": "我"})
    assert forms.value_of(changed, item) == forms.Value("我", "answer")
    assert forms.prefilled(changed, item) == forms.Value("城市", "city", "psb", "2026-05-01")


@pytest.mark.parametrize("record", [None, {}, {"name": None}, {"name": ""}, {"name": {}}])
def test_an_empty_record_tells_nothing(record: dict[str, object] | None) -> None:
    item = field(source="pop.person.name")
    assert forms.value_of(form(item, records={"pop.person": record}), item) is None


def test_a_card_that_holds_no_name_tells_nothing() -> None:
    item = field(card="name")
    assert forms.value_of(form(item, holder=replace(HOLDER, name="")), item) is None
    assert forms.value_of(form(item, holder=None), item) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("2", "2"),
        (86.5, "86.5"),
        (True, "yes"),
        (False, "no"),
        ({"zh-Hans": "甲", "en": "A"}, "甲"),
        ({"yue": "乙"}, "乙"),
    ],
)
def test_whatever_an_office_holds_becomes_text(raw: object, text: str) -> None:
    item = field(source="pop.person.it")
    value = forms.value_of(form(item, records={"pop.person": {"it": raw}}), item)
    assert value is not None
    assert value.text == text


@pytest.mark.parametrize(("sex", "code"), [("male", "1"), ("female", "2"), ("unknown", "0")])
def test_the_card_s_sex_is_written_as_the_city_writes_it(sex: Any, code: str) -> None:
    item = field(card="sex")
    assert forms.value_of(form(item, holder=replace(HOLDER, sex=sex)), item) == forms.Value(code, "card")


# --------------------------------------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("test", "value", "result"),
    [
        (FieldTest("a", op="is", value="x"), "x", True),
        (FieldTest("a", op="is", value="x"), "y", False),
        (FieldTest("a", op="is", value="x"), None, False),
        (FieldTest("a", op="not", value="x"), None, True),
        (FieldTest("a", op="not", value="x"), "x", False),
        (FieldTest("a", op="in", value=("x", "y")), "y", True),
        (FieldTest("a", op="in", value=("x", "y")), "", False),
        (FieldTest("a", op="known", value=True), "x", True),
        (FieldTest("a", op="known", value=True), "", False),
        (FieldTest("a", op="known", value=False), None, True),
    ],
)
@pytest.mark.parametrize("of", ["field", "subject"])
def test_a_test_of_a_field_or_of_a_subject(test: FieldTest, value: str | None, result: bool, of: str) -> None:
    if of == "field":
        made = form(field(id="a"), answers={} if value is None else {"a": value})
    else:
        test = replace(test, field="", subject="pop.person.a")
        made = form(records={"pop.person": {"a": value}})
    assert forms.holds(Condition(all=(test,)), made) is result
    assert forms.holds(Condition(any=(test,)), made) is result


def test_all_must_hold_and_one_of_any() -> None:
    yes, no = FieldTest("a", op="known", value=False), FieldTest("a", op="known", value=True)
    made = form(field(id="a"))
    assert forms.holds(Condition(all=(yes,), any=(no, yes)), made)
    assert not forms.holds(Condition(all=(yes, no), any=(yes,)), made)
    assert not forms.holds(Condition(any=(no, no)), made)
    assert forms.holds(Condition(), made)


@pytest.mark.parametrize("record", [None, {"other": 1}])
def test_of_what_the_terminal_cannot_know_the_office_decides(record: dict[str, object] | None) -> None:
    for records in ({}, {"pop.person": record}):
        made = form(records=records)
        for op, value in (("is", "x"), ("not", "x"), ("in", ("x",)), ("known", False)):
            assert forms.holds(Condition(all=(FieldTest(subject="pop.person.a", op=op, value=value),)), made)  # pyright: ignore
        assert not forms.holds(Condition(all=(FieldTest(subject="pop.person.a", op="known", value=True),)), made)


def test_a_question_that_is_hidden_again_answers_no_condition() -> None:
    one = field(id="one")
    two = field(id="two", shown_when=Condition(all=(FieldTest("one", op="is", value="x"),)))
    three = field(id="three", shown_when=Condition(all=(FieldTest("two", op="is", value="y"),)))
    given = {"one": "x", "two": "y", "three": "z"}
    assert [item.id for item in forms.plan(form(one, two, three, answers=given)).questions] == ["one", "two", "three"]
    hidden = form(one, two, three, answers={**given, "one": "other"})
    assert [item.id for item in forms.plan(hidden).questions] == ["one"]
    assert set(forms.document_fields(hidden)) == {"one"}


@pytest.mark.parametrize(
    ("born", "years"), [("2008-05-18", 18), ("2008-05-19", 17), ("2008-02-29", 18), ("1944-02-11", 82)]
)
def test_full_years_are_counted(born: str, years: int) -> None:
    assert forms.age(born, TODAY) == years


def test_nobody_s_age_is_held_against_them_before_their_card_is_in() -> None:
    assert forms.eligible(form(holder=None))
    assert not forms.eligible(form(holder=replace(HOLDER, birth_date="2015-01-01")))


# --------------------------------------------------------------------------------------------------- plan


def test_what_is_known_is_shown_what_is_not_is_asked_the_rest_is_the_office_s() -> None:
    known = form(definition=RESIDENCE, records=dict(PERSONAS["newcomer"].records))
    made = forms.plan(known)
    rows, questions = [item.id for item in made.rows], [item.id for item in made.questions]
    assert rows[:2] == ["name", "phone"]
    assert questions[0] == "action"
    assert not set(rows) & set(questions)
    left = {item.id for item in forms.left_to_office(known)}
    assert not left & {*rows, *questions}
    assert left >= {item.id for item in RESIDENCE.fields if not item.ask} - set(rows)


def test_a_row_that_the_citizen_changes_stays_a_row() -> None:
    item = field(source="pop.person.it", edit="change")
    made = form(item, records={"pop.person": {"it": "a"}}, answers={"it": "b"})
    assert forms.plan(made) == forms.Plan((item,), ())


def test_a_field_to_correct_is_never_asked() -> None:
    assert forms.plan(form(field(edit="correct"))) == forms.Plan((), ())


def members(**changed: Any) -> FieldDefinition:
    relation = (Choice("20", {"zh-Hans": "子", "en": "Son"}),)
    by = SubjectChoices("pop.household", "members", "rid", ("name", "relation"), {"relation": relation}, "name")
    return field(type="choice", subject_choices=replace(by, **changed))


HOUSEHOLD = {
    "members": [{"rid": "1", "name": "陈志远", "relation": "02"}, {"rid": "2", "name": "陈景朗", "relation": "20"}]
}


def test_the_citizen_s_own_records_give_choices_masked_and_in_words() -> None:
    item = members()
    made = form(item, records={"pop.household": HOUSEHOLD})
    assert [(choice.value, choice.names["zh-Hans"]) for choice in forms.options(made, item)] == [
        ("1", "陈*远，02"),
        ("2", "陈*朗，子"),
    ]
    assert forms.options(made, item)[1].names["en"] == "陈*朗, Son"
    assert forms.plan(made).questions == (item,)


def test_choices_may_be_submitted_by_their_place_so_that_no_number_leaves_the_record() -> None:
    item = members(value="#", always=(Choice("all", {"zh-Hans": "全户", "en": "All"}),))
    made = form(item, records={"pop.household": HOUSEHOLD})
    assert [choice.value for choice in forms.options(made, item)] == ["all", "1", "2"]


@pytest.mark.parametrize(
    "record",
    [None, {}, {"members": None}, {"members": "text"}, {"members": 7}, {"members": ["text", 7, None]},
     {"members": [{"name": "x"}, {"rid": None, "name": "x"}, {"rid": "1"}, {"rid": "1", "name": None}]}],
)  # fmt: skip
def test_a_record_that_is_not_what_it_should_be_gives_no_choice(record: dict[str, object] | None) -> None:
    item = members()
    made = form(item, records={"pop.household": record})
    assert forms.options(made, item) == ()
    assert forms.plan(made).questions == ()
    assert forms.left_to_office(made) == (item,)


def test_a_choice_that_is_there_twice_is_offered_once() -> None:
    item = members(always=(Choice("1", {"zh-Hans": "我", "en": "I"}),))
    made = form(item, records={"pop.household": HOUSEHOLD})
    assert [choice.value for choice in forms.options(made, item)] == ["1", "2"]
    assert forms.options(made, item)[0].names["en"] == "I"


# ------------------------------------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("item", "text", "code"),
    [
        (field(), " ", "answer-missing"),
        (field(required=False), " ", ""),
        (field(type="number"), "1.5", "answer-number"),
        (field(type="number", low=2), "1", "answer-low"),
        (field(type="number", high=2), "3", "answer-high"),
        (field(type="number", low=2, high=2), "2", ""),
        (field(type="money"), "1.234", "answer-number"),
        (field(type="money"), "1.23", ""),
        (field(type="number"), "٣", "answer-number"),
        (field(type="date"), "2026-02-30", "answer-date"),
        (field(type="date"), "20260501", "answer-date"),
        (field(type="date"), "2026-W01-1", "answer-date"),
        (field(type="date"), "0202-01-01", "answer-date"),
        (field(type="date"), "2026-05-19", ""),
        (field(type="date", not_after_today=True), "2026-05-19", "answer-future"),
        (field(type="date", not_after_today=True), "2026-05-18", ""),
        (field(type="month"), "2026-13", "answer-month"),
        (field(type="month"), "202613", "answer-month"),
        (field(type="month", not_after_today=True), "2026-06", "answer-future"),
        (field(type="month", not_after_today=True), "2026-05", ""),
        (field(type="phone"), "12800000000", "answer-form"),
        (field(type="phone"), "13800000000", ""),
        (field(type="phone"), "02012345678", ""),
        (field(type="email"), "a@b", "answer-form"),
        (field(type="email"), "a@b.cn", ""),
        (field(pattern="[a-z]+"), "A", "answer-form"),
        (field(pattern="[a-z]+"), "a", ""),
    ],
)
def test_a_typed_answer_is_judged(item: FieldDefinition, text: str, code: str) -> None:
    assert forms.problem(item, text, TODAY) == code


@pytest.mark.parametrize(
    ("kind", "keys", "text"),
    [
        ("number", "1a2.3", "123"),
        ("money", "1.2x3", "1.23"),
        ("date", "20260501999", "20260501"),
        ("month", "2026051", "202605"),
        ("phone", "138000000001", "13800000000"),
        ("text", "ab\ncdefg", "abcd"),
    ],
)
def test_a_pad_takes_what_its_type_takes(kind: str, keys: str, text: str) -> None:
    item, typed = field(type=kind, max_length=4), ""
    for key in keys:
        typed = forms.typed(item, typed, key)
    assert typed == text


def test_one_key_is_one_character() -> None:
    assert forms.typed(field(type="number"), "1", "23") == "1"
    assert forms.typed(field(), "1", "") == "1"


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [("date", "20260501", "2026-05-01"), ("month", "202605", "2026-05"), ("text", "A-B", "A-B")],
)
def test_typed_keys_and_answers_lead_to_each_other(kind: str, typed: str, answer: str) -> None:
    item = field(type=kind)
    assert forms.as_answer(item, typed) == answer
    assert forms.as_typed(item, answer) == typed


@pytest.mark.parametrize("kind", ["date", "month"])
def test_half_a_date_stays_what_it_is(kind: str) -> None:
    assert forms.as_answer(field(type=kind), "2026 ") == "2026"


# ------------------------------------------------------------------------------------------------ display


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("name", "陈晓娴", "陈*娴"), ("name", "王明", "王*"), ("name", "安", "安"), ("name", "欧阳小明", "欧*明"),
        ("id", "440199199003070021", "440199********0021"), ("id", "1234", "****"),
        ("phone", "13800005678", "138****5678"), ("phone", "123", "***"),
        ("email", "wang@example.com", "w***@example.com"), ("email", "nonsense", "n***@"),
        ("address", "榕荫路12号803房", "榕荫路**号**房"), ("address", "榕荫路12-3号803", "榕荫路**-**号**"),
        ("", "plain", "plain"),
    ],
)  # fmt: skip
def test_what_nobody_behind_the_citizen_should_read_is_hidden(kind: str, text: str, shown: str) -> None:
    assert forms.masked(kind, text) == shown


def shown(item: FieldDefinition, text: object, language: str = "zh-Hans", *, city: bool = False) -> str:
    if city:
        item = replace(item, source="pop.person.it")
        return forms.shown(form(item, records={"pop.person": {"it": text}}), item, language)
    return forms.shown(form(item, answers={"it": str(text)}), item, language)


def test_values_are_shown_in_the_citizen_s_language() -> None:
    both = (Choice("a", {"zh-Hans": "甲", "en": "A"}), Choice("b", {"zh-Hans": "乙", "en": "B"}))
    choice = field(type="choice", choices=both)
    assert (shown(choice, "b"), shown(choice, "b", "en"), shown(choice, "c")) == ("乙", "B", "c")
    assert (shown(field(type="money"), "12"), shown(field(type="money"), "12", "en")) == ("12 元", "¥12")
    day = field(type="date")
    assert (shown(day, "2026-09-01"), shown(day, "2026-09-01", "en")) == ("2026 年 9 月 1 日", "1 Sep 2026")
    assert shown(day, "soon") == "soon"
    month = field(type="month")
    assert (shown(month, "2026-09"), shown(month, "2026-09", "en")) == ("2026 年 9 月", "Sep 2026")
    assert shown(month, "soon") == "soon"
    assert shown(field(), "") == ""
    assert forms.shown(form(field()), field(), "en") == ""


def test_the_city_s_words_are_shown_in_the_citizen_s_language_and_masked_where_wanted() -> None:
    words = {"zh-Hans": "荔湾区", "en": "Liwan"}
    assert (shown(field(), words, city=True), shown(field(), words, "en", city=True)) == ("荔湾区", "Liwan")
    assert shown(field(), {"zh-Hans": "荔湾区"}, "en", city=True) == "荔湾区"
    assert shown(field(), 86.5, "en", city=True) == "86.5"
    assert shown(field(mask="name"), "陈晓娴", "en", city=True) == "陈*娴"


def test_a_document_says_of_each_field_where_it_came_from() -> None:
    a, b, c = field(id="a", card="name"), field(id="b"), field(id="c", source="pop.person.c")
    made = form(a, b, c, records={"pop.person": {"c": "x"}}, answers={"b": ""}, disputed=frozenset({"c"}))
    assert forms.document_fields(made) == {
        "a": {"value": "陈晓娴", "origin": "card"},
        "c": {"value": "x", "origin": "city", "disputed": "yes"},
    }


def test_a_form_s_repr_tells_nothing() -> None:
    made = form(records=dict(PERSONAS["parent"].records), answers={"phone": "13800000000"})
    assert not any(secret in repr(made) for secret in ("陈", "4401991990", "138"))
