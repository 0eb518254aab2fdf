"""The session's table as Markdown: a Mermaid diagram and, state by state, what each event does.

Where an event may lead is read from the handlers' own source: the states that a handler, or a function of
`kiosk.session` that it calls, passes to `enter`. So the diagram cannot say what the code does not do.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, cast

from kiosk.events import Event
from kiosk.session import aside
from kiosk.session.common import enter
from kiosk.session.state import State
from kiosk.session.table import AIDS, LATE, TABLE, TOUCHES, WORLD

Handler = Callable[..., Any]
BACK = "where it was"
"""The mark of a handler that returns to the state from which a warning, help or a failure was entered."""
_ANYWHERE = (State.FAILURE, State.TIMEOUT, State.HELP, State.TAKE_CARD, State.ATTRACT)
"""Reached from almost everywhere: left out of the picture, kept in the lists."""


def session_page() -> str:
    """Return `docs/reference/session.md`."""
    parts = [
        "# Session",
        "",
        "Drawn from the table in `kiosk/session/table.py`. An arrow is an event; `·` stands between events that lead",
        f"the same way. Arrows to {', '.join(f'`{state}`' for state in _ANYWHERE)} come from almost every state and",
        "are left out of the picture; the lists below have them.",
        "",
        "```mermaid",
        *_mermaid(),
        "```",
        "",
        *_common_rows(),
    ]
    for state in State:
        parts += ["", f"## `{state}`", ""]
        if note := _member_doc(state):
            parts += [note, ""]
        parts += _rows(state)
    return "\n".join(parts) + "\n"


def leads_to(handler: Handler) -> tuple[str, ...]:
    """Return the states that a handler may enter, in the order of `State`; empty: it stays."""
    found = set(_entered(handler, frozenset()))
    return tuple(str(name) for name in (*State, BACK) if name in found)


# ----------------------------------------------------------------------------------------------- reading handlers


@cache
def _body(function: Handler) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _entered(function: Handler, seen: frozenset[Handler]) -> Iterator[str]:
    """Yield every state that `function` passes to `enter`, itself or through a function of the session."""
    for node in ast.walk(_body(function)):
        if not isinstance(node, ast.Call):
            continue
        called = _resolve(function, node.func)
        if called is enter:
            yield from _states(node.args[1])
        elif inspect.isfunction(called) and called not in seen and called.__module__.startswith("kiosk.session."):
            yield from _entered(called, seen | {function})


def _resolve(function: Handler, called: ast.expr) -> object:
    names = cast(Mapping[str, object], function.__globals__)
    if isinstance(called, ast.Name):
        return names.get(called.id)
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        module = names.get(called.value.id)
        return getattr(module, called.attr, None) if isinstance(module, ModuleType) else None
    return None


def _states(argument: ast.expr) -> Iterator[str]:
    """Yield the states an argument names; `BACK` where it takes the state from the session instead."""
    named = [
        State[node.attr]
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "State"
    ]
    yield from named or [BACK]


@cache
def _state_docs() -> Mapping[str, str]:
    """Return the docstring under each member of `State`, by the member's name."""
    (definition,) = cast(ast.Module, _body(cast(Handler, State))).body
    docs: dict[str, str] = {}
    name = ""
    for node in cast(ast.ClassDef, definition).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            docs[name] = inspect.cleandoc(str(node.value.value))
            name = ""
    return docs


def _member_doc(state: State) -> str:
    return _state_docs().get(state.name, "")


# ------------------------------------------------------------------------------------------------------- drawing


def _own(state: State) -> dict[type[Event], Handler]:
    """Return the rows of a state that are not those of every state."""
    return {
        event: handler
        for event, handler in TABLE[state].items()
        if handler is not aside.ignore and handler is not {**WORLD, **LATE}.get(event)
    }


def _mermaid() -> list[str]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for state in State:
        for event, handler in _own(state).items():
            for target in leads_to(handler):
                if target not in _ANYWHERE and target not in {BACK, state}:
                    arrows.setdefault((state, target), []).append(event.__name__)
    lines = ["stateDiagram-v2", "  direction TB", f"  [*] --> {_id(State.ATTRACT)}"]
    lines += [f'  state "{state}" as {_id(state)}' for state in State]
    lines += [f"  {_id(a)} --> {_id(b)}: {' · '.join(names)}" for (a, b), names in arrows.items()]
    return lines


def _id(state: str) -> str:
    return state.replace("-", "_")


def _common_rows() -> list[str]:
    return [
        "## In every state",
        "",
        f"- Taken in, and otherwise without effect: {_names(WORLD)}.",
        f"- Ignored when they come late: {_names(LATE)}.",
        f"- Ignored where no row says otherwise: {_names(TOUCHES)}.",
        f"- The aids of most states: {_names(AIDS)}.",
    ]


def _names(rows: Mapping[type[Event], Handler]) -> str:
    return ", ".join(f"`{event.__name__}`" for event in rows)


def _rows(state: State) -> list[str]:
    lines = ["| event | what is done | leads to |", "|---|---|---|"]
    for event, handler in _own(state).items():
        targets = ", ".join(f"`{target}`" if target != BACK else target for target in leads_to(handler))
        lines.append(f"| `{event.__name__}` | {_said(handler)} | {targets or 'stays'} |")
    return lines


def _said(handler: Handler) -> str:
    """Return the first line of a handler's docstring, or its name in words."""
    doc = inspect.getdoc(handler)
    return doc.split("\n")[0] if doc else handler.__name__.replace("_", " ")
