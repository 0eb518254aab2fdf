"""Whatever is typed or held, nothing raises and nothing hidden is shown."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.pieces.released import SubjectData
from kiosk.services import display, forms
from kiosk.services.definition import FIELD_TYPES, FieldDefinition
from kiosk.services.forms import Form
from kiosk.words import languages
from tests.unit.visit_kit import CATALOGUE, HOLDER, PERSONAS

PLAIN = {"zh-Hans": "问", "en": "Question"}
TODAY = "2026-05-18"
FIELDS = st.builds(
    FieldDefinition,
    id=st.just("it"), label=st.just(PLAIN), type=st.sampled_from(FIELD_TYPES), help=st.just(PLAIN),
    required=st.booleans(), low=st.one_of(st.none(), st.floats(0, 10)), high=st.one_of(st.none(), st.floats(10, 99)),
    pattern=st.sampled_from(["", "[A-Z]+", "[0-9]{3}"]), not_after_today=st.booleans(), max_length=st.integers(0, 9),
    mask=st.sampled_from(["", "name", "id", "phone", "email", "address"]),
)  # fmt: skip
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=6)
DIGITS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=24)
CODES = {"", "answer-missing", "answer-form", "answer-number", "answer-low", "answer-high", "answer-date",
         "answer-month", "answer-future"}  # fmt: skip


@given(FIELDS, st.text(), st.text(max_size=3))
def test_no_text_and_no_key_makes_a_form_fall_over(item: FieldDefinition, text: str, key: str) -> None:
    typed = forms.typed(item, text, key)
    assert typed in {text, text + key}
    assert forms.problem(item, forms.as_answer(item, text), TODAY) in CODES
    assert isinstance(forms.as_typed(item, text), str)
    made = Form(replace(CATALOGUE.services["bare"], fields=(item,)), TODAY, HOLDER, {}, {"it": text})
    for language in ("zh-Hans", "en"):
        assert isinstance(forms.shown(made, item, language), str)


@given(FIELDS, st.lists(st.sampled_from("0123456789ABCXYZ.@-年 \n"), max_size=30))
def test_what_a_pad_lets_through_is_never_longer_than_it_may_be(item: FieldDefinition, keys: list[str]) -> None:
    typed = ""
    for key in keys:
        typed = forms.typed(item, typed, key)
    assert len(typed) <= max(item.max_length, 12)
    assert typed.isprintable()


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(9999, 12, 31)), st.booleans())
def test_every_day_can_be_typed_read_back_and_is_judged_by_today(day: datetime.date, bounded: bool) -> None:
    item = FieldDefinition("it", PLAIN, "date", PLAIN, not_after_today=bounded)
    typed = ""
    for key in day.strftime("%Y%m%d").rjust(8, "0"):
        typed = forms.typed(item, typed, key)
    answer = forms.as_answer(item, typed)
    assert answer == day.isoformat()
    assert forms.as_typed(item, answer) == typed
    late = bounded and day > datetime.date.fromisoformat(TODAY)
    assert forms.problem(item, answer, TODAY) == ("answer-future" if late else "")
    assert str(day.year) in display.shown_date(answer, "zh-Hans")


@given(st.integers(0, 10**7), st.integers(0, 99))
def test_money_is_taken_to_the_cent_and_bounded_by_its_definition(yuan: int, cents: int) -> None:
    item = FieldDefinition("it", PLAIN, "money", PLAIN, low=1, high=200_000)
    amount = yuan + cents / 100
    wanted = "answer-low" if amount < 1 else "answer-high" if amount > 200_000 else ""
    assert forms.problem(item, f"{yuan}.{cents:02}", TODAY) == wanted


@given(HAN.filter(lambda name: len(set(name)) == len(name)))
def test_a_masked_name_shows_its_first_and_last_character_at_most(name: str) -> None:
    shown = forms.masked("name", name)
    assert set(shown) <= {name[0], name[-1], "*"}
    assert len(name) < 2 or "*" in shown


@given(DIGITS)
def test_a_masked_number_shows_no_more_than_the_city_s_form(number: str) -> None:
    assert sum(char.isdigit() for char in forms.masked("id", number)) <= 10
    shown = forms.masked("phone", number)
    assert sum(char.isdigit() for char in shown) <= 7
    assert len(number) < 11 or number not in shown


@given(st.text(st.characters(codec="ascii", exclude_characters="@"), min_size=2, max_size=12), st.just("example.com"))
def test_a_masked_address_of_the_net_shows_one_character_of_its_name(local: str, domain: str) -> None:
    shown = forms.masked("email", f"{local}@{domain}")
    assert shown == f"{local[0]}***@{domain}"


@given(st.text(max_size=40))
def test_a_masked_address_shows_no_number_of_a_house(text: str) -> None:
    assert not re.search(r"\d", forms.masked("address", text))


RECORD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["zh-Hans", "en", "name", "relation", "members", "rid"]), inner, max_size=4),
    ),
    max_leaves=8,
)
KEYS = {"pop.person": ("rid", "name", "sex", "birth", "hukou", "hukou_city"), "pop.household": ("members",),
        "msg.contact": ("phone", "email", "notify"), "resid.registration": ("place", "since", "dwell"),
        "lease.record": ("rent", "to"), "property.title": ("unit",)}  # fmt: skip
OFFICES = st.fixed_dictionaries(
    {key: st.one_of(st.none(), st.fixed_dictionaries({}, optional=dict.fromkeys(keys, RECORD)))
     for key, keys in KEYS.items()}
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(OFFICES, st.sampled_from(["household-proof", "residence"]), st.dictionaries(
    st.sampled_from(["action", "kind", "dwell", "member", "phone"]), st.text(max_size=5), max_size=3))  # fmt: skip
def test_whatever_the_offices_hold_the_form_can_be_filled_in(
    records: dict[str, dict[str, object] | None], service: str, answers: dict[str, str]
) -> None:
    subjects = {key: SubjectData(key, "psb", "2026-05-01", record) for key, record in records.items()}
    form = Form(CATALOGUE.services[service], TODAY, HOLDER, subjects, answers)
    forms.eligible(form)
    plan = forms.plan(form)
    ids = [item.id for item in (*plan.rows, *plan.questions, *forms.left_to_office(form))]
    assert len(ids) == len(set(ids))
    for item in (*plan.rows, *plan.questions):
        choices = forms.options(form, item)
        values = [choice.value for choice in choices]
        assert len(values) == len(set(values))
        assert all(words for choice in choices for words in choice.names.values())
        assert item.type not in forms.CHOSEN or choices or item not in plan.questions or item.id in answers
        for language in ("zh-Hans", "en"):
            forms.shown(form, item, language)
    document = forms.document_fields(form)
    assert all(isinstance(entry["value"], str) and entry["value"] for entry in document.values())


def test_what_is_masked_of_a_persona_stays_masked_whatever_the_language() -> None:
    for persona in PERSONAS.values():
        subjects = {key: SubjectData(key, "psb", "2026-05-01", record) for key, record in persona.records.items()}
        form = Form(CATALOGUE.services["residence"], TODAY, HOLDER, subjects)
        for item in forms.plan(form).rows:
            value = forms.value_of(form, item)
            if item.mask and value is not None and len(value.text) > 1:
                assert all(value.text not in forms.shown(form, item, language) for language in ("zh-Hans", "en"))


@given(st.integers(0, 10**15), st.integers(0, 4), st.sampled_from(("zh-Hans", "yue-Hant", "en")))
def test_an_amount_has_marks_between_its_thousands_and_keeps_its_digits(whole: int, places: int, language: str) -> None:
    amount = str(whole) + ("." + "5" * places if places else "")
    shown = languages.money(amount, language)
    assert re.search(r"\d{1,3}(,\d{3})*(\.5+)?", shown)
    assert re.sub(r"[^0-9.]", "", shown) == amount
    assert not re.search(r"\d{4}", shown.partition(".")[0])


@given(st.text(max_size=20).filter(lambda text: not re.fullmatch(r"-?[0-9]{1,18}([.][0-9]{1,6})?", text)))
def test_what_is_no_amount_stands_as_it_is(text: str) -> None:
    assert languages.grouped(text, "en") == text
