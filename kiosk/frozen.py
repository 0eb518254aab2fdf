"""`@frozen`: a class of immutable values, as `dataclass(frozen=True)` makes it, in a fifth of its time.

A terminal makes some 300 such classes before its first screen. For each of them `dataclass` compiles six methods, which
took a quarter of the start. Here `__init__` alone is compiled; the other five are the same functions for all classes.
What reads dataclasses works as before: `fields`, `replace`, `is_dataclass`, `match`. Not supported, because no value
needs them: `__post_init__`, `InitVar`, `init=False`, an order, and a base or heir made by `dataclass(frozen=True)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

_T = TypeVar("_T")
COMPARED = "__compared__"
"""The class's function from a value to what its equality and hash go by."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make `cls` a class of values by the annotations in its body. Raises `TypeError` as `dataclass` does."""
    cls.__doc__ = cls.__doc__ or cls.__name__  # else `dataclass` asks `inspect` for a signature to put there
    own = set(vars(cls))
    if "__eq__" in own and vars(cls).get("__hash__") is None:
        own.discard("__hash__")  # Python's own mark of a class that defines equality alone
    made: Any = dataclass(init=False, repr=False, eq=False)(cls)
    compared = [item.name for item in fields(made) if item.compare]
    setattr(made, COMPARED, staticmethod(attrgetter(*compared) if compared else _nothing))
    made.__init__ = _init(made)
    for name, shared in _SHARED.items():
        if name not in own:
            setattr(made, name, shared)
    return made


def _init(cls: Any) -> Callable[..., None]:
    """Compile `__init__`: the fields in their order, those by keyword alone last; a factory is called each time."""
    known: dict[str, object] = {"_set": object.__setattr__, "_MISSING": MISSING}
    plain, by_name, body = ["self"], list[str](), list[str]()
    for item in fields(cls):
        wanted = item.name
        if item.default is not MISSING:
            known[f"_default_{item.name}"] = item.default
            wanted += f"=_default_{item.name}"
        elif item.default_factory is not MISSING:
            known[f"_make_{item.name}"] = item.default_factory
            wanted += "=_MISSING"
            body.append(f" if {item.name} is _MISSING: {item.name} = _make_{item.name}()")
        (by_name if item.kw_only else plain).append(wanted)
        body.append(f" _set(self, {item.name!r}, {item.name})")
    taken = ", ".join([*plain, "*", *by_name] if by_name else plain)
    exec(f"def __init__({taken}):\n" + ("\n".join(body) or " pass"), known)  # noqa: S102 - names of fields, none foreign
    made: Any = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _nothing(_value: object) -> tuple[()]:
    return ()


def _eq(self: Any, other: object) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented
    of = self.__compared__
    return bool(of(self) == of(other))


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _keep(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _hold(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED: dict[str, object] = {
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _keep,
    "__delattr__": _hold,
}
