"""`frozen` makes the same values as `dataclass(frozen=True)`; each test asks both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass
from inspect import signature
from typing import Any

import pytest

from kiosk.frozen import frozen, replace

Maker = Callable[[type], Any]
pytestmark = pytest.mark.parametrize("make", [frozen, dataclass(frozen=True)], ids=["frozen", "dataclass"])


def entry(make: Maker) -> Any:
    class Base:
        session: int = field(default=0, kw_only=True)

    class Entry(make(Base)):
        name: str
        pages: list[int] = field(default_factory=list[int])
        secret: str = field(default="-", repr=False)
        noted: Callable[[], None] | None = field(default=None, compare=False)

    return make(Entry)


def test_fields_are_given_by_place_or_by_name_and_have_their_defaults(make: Maker) -> None:
    kind = entry(make)
    one = kind("a", [1], session=7)
    assert (one.name, one.pages, one.secret, one.noted, one.session) == ("a", [1], "-", None, 7)
    assert [item.name for item in fields(one)] == ["session", "name", "pages", "secret", "noted"]
    assert list(signature(kind).parameters) == ["name", "pages", "secret", "noted", "session"]
    assert is_dataclass(kind)


def test_each_value_gets_a_list_of_its_own(make: Maker) -> None:
    kind = entry(make)
    first, second = kind("a"), kind("b")
    first.pages.append(1)
    assert second.pages == []


@pytest.mark.parametrize(("given", "named"), [((), {}), (("a", [], "b", None, 5), {}), (("a",), {"other": 1})])
def test_what_does_not_fit_the_fields_is_refused(make: Maker, given: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        entry(make)(*given, **named)


def test_equal_is_what_is_of_one_class_and_equal_in_what_is_compared(make: Maker) -> None:
    kind = entry(make)
    assert kind("a", noted=print) == kind("a")
    assert kind("a") != kind("b")
    assert kind("a", session=1) != kind("a")
    assert kind("a") != entry(make)("a")  # another class of the same name and fields
    assert kind("a") != "a"


def test_equal_values_have_one_hash_and_a_list_has_none(make: Maker) -> None:
    class Point:
        x: int
        y: int = 0

    kind = make(Point)
    assert len({kind(1), kind(1, 0), kind(2)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(entry(make)("a"))


def test_a_class_without_fields_has_one_value(make: Maker) -> None:
    class Pressed:
        pass

    kind = make(Pressed)
    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    assert repr(kind()).endswith("Pressed()")


def test_what_must_not_be_shown_is_not_shown(make: Maker) -> None:
    shown = repr(entry(make)("a", secret="123456", session=2))
    assert shown.endswith("Entry(session=2, name='a', pages=[], noted=None)")


def test_nothing_can_be_set_or_deleted(make: Maker) -> None:
    one = entry(make)("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name
    assert one.name == "a"


COPYING = pytest.mark.parametrize("copied", [dataclasses.replace, replace], ids=["its-own", "quick"])


@COPYING
def test_a_changed_copy_keeps_the_rest(make: Maker, copied: Callable[..., Any]) -> None:
    one = entry(make)("a", [1], session=3, noted=print)
    two = copied(one, name="b")
    assert two == type(one)("b", [1], session=3)
    assert (two.name, two.pages, two.secret, two.session, two.noted) == ("b", [1], "-", 3, print)
    assert two.pages is one.pages
    assert one.name == "a"


@COPYING
def test_a_copy_without_a_change_is_another_of_the_same(make: Maker, copied: Callable[..., Any]) -> None:
    one = entry(make)("a")
    assert copied(one) == one
    assert copied(one) is not one


@COPYING
def test_a_copy_with_a_field_that_there_is_not_is_refused(make: Maker, copied: Callable[..., Any]) -> None:
    one = entry(make)("a")
    with pytest.raises(TypeError):
        copied(one, name="b", other=1)
    assert not hasattr(one, "other")


@COPYING
def test_a_copy_cannot_be_changed_either(make: Maker, copied: Callable[..., Any]) -> None:
    two = copied(entry(make)("a"), name="b")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        two.name = "c"


def test_a_pattern_takes_the_fields_in_their_order(make: Maker) -> None:
    kind: Any = entry(make)
    match kind("a", [2]):
        case kind(name, pages):
            assert (name, pages) == ("a", [2])
        case _:
            pytest.fail("the pattern did not match")


def test_methods_that_a_class_has_of_its_own_stay(make: Maker) -> None:
    class Pin:  # noqa: PLW1641 - that a hash comes all the same is what is tested
        digits: str

        def __repr__(self) -> str:
            return "Pin(hidden)"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Pin)

    kind = make(Pin)
    assert repr(kind("1")) == "Pin(hidden)"
    assert kind("1") == kind("2")
    assert hash(kind("1")) == hash(kind("1"))


def test_a_hash_of_its_own_stays(make: Maker) -> None:
    class Number:
        value: int

        def __hash__(self) -> int:
            return 7

    assert hash(make(Number)(1)) == 7


def test_a_field_without_a_default_after_one_with_is_refused(make: Maker) -> None:
    class Wrong:
        first: int = 0
        second: str

    with pytest.raises((TypeError, SyntaxError)):
        make(Wrong)
