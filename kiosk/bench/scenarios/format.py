"""The scenario format: a YAML file that tells a visit with faults, step by step, and what must come of it. Pure.

YAML, because a scenario must be written by hand, recorded by the panel, and cut down by the explorer: data can be all
three, a Python file only the first. Only plain scalars, lists and maps are read; doubled keys, anchors and unknown
words are refused, each with its line. `docs/testing.md` explains every step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from yaml.composer import ComposerError
from yaml.constructor import SafeConstructor

from drivers.printers.models import models
from kiosk.bench.scenarios.steps import BARE, STEPS, wrong
from kiosk.pieces.strokes import SIDE, Stroke, stroke

MAX_BYTES = 256 * 1024
MAX_STEPS = 400
LANGUAGES = ("zh", "yue", "en")
HEAD = frozenset(
    {"scenario", "covers", "persona", "language", "landscape", "printer", "stack", "alone", "fresh", "office", "steps"}
)
_PLAIN = re.compile(r"[a-z][a-z0-9.-]*")
Argument = str | int | float | list[str] | dict[str, Any] | None


class ScenarioInvalid(Exception):
    """A file that is no scenario: names the file, the line, and what is wrong."""

    code = "scenario-invalid"

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Step:
    """One thing that a hand, a cable or time does (`verb`), or one thing that must be true then."""

    verb: str
    argument: Argument = None
    line: int = 0

    def told(self) -> str:
        """The step in a few words, for reports. A PIN is not repeated."""
        if self.verb in {"pin", "type", "draw"}:
            return self.verb
        return self.verb if self.argument is None else f"{self.verb}: {_flow(self.argument)}"


@dataclass(frozen=True)
class Scenario:
    """A visit as data. `stack` names the only stack that can play it; empty: both can."""

    name: str
    file: str
    steps: tuple[Step, ...]
    persona: str = "parent"
    language: str = "zh"
    landscape: bool = False
    printer: str = ""
    """A model of `drivers/printers/models.toml`; empty: the bench's usual one."""
    alone: bool = False
    """It needs a city that nobody has used, or changes it for good: the real stack gives it a bench of its own."""
    fresh: bool = False
    """The terminal comes from its package and begins with commissioning: a bench of its own, with `stack: real`."""
    office: str = ""
    """Where the terminal stands, by the gateway's list of offices; `none`: in the street; empty: the bench's usual one.

    Only the real stack has offices behind it: there a scenario that names one has `stack: real`.
    """
    stack: str = ""
    covers: tuple[str, ...] = field(default=())


class _Loader(yaml.SafeLoader):
    """Plain data with line numbers: anchors are refused, `no` and `off` stay words."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As the parent's. Raises `yaml.MarkedYAMLError` for an alias: a few could unfold to gigabytes."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false"), list("tf"))


def parse_scenario(text: str | bytes, file: str) -> Scenario:
    """Read one scenario. Raises `ScenarioInvalid` naming the line and the reason."""
    if len(text) > MAX_BYTES:
        raise ScenarioInvalid(file, 1, f"longer than {MAX_BYTES} bytes")
    try:
        node = yaml.compose(text.decode("utf-8") if isinstance(text, bytes) else text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise ScenarioInvalid(file, line, f"not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioInvalid(file, 1, "not YAML in UTF-8") from error
    except RecursionError as error:
        raise ScenarioInvalid(file, 1, "nested too deep") from error
    return _Reader(file).scenario(node)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._line = 1

    def _wrong(self, reason: str) -> ScenarioInvalid:
        return ScenarioInvalid(self._file, self._line, reason)

    def scenario(self, node: yaml.Node | None) -> Scenario:
        head = self._map(node, HEAD)
        if "scenario" not in head or "steps" not in head:
            raise self._wrong("`scenario` (its name) and `steps` are wanted")
        name = self._text(head["scenario"], "scenario")
        steps_node = head["steps"]
        self._line = steps_node.start_mark.line + 1
        if not isinstance(steps_node, yaml.SequenceNode) or not steps_node.value:
            raise self._wrong("`steps` is a list with at least one step")
        if len(steps_node.value) > MAX_STEPS:
            raise self._wrong(f"more than {MAX_STEPS} steps")
        language = self._text(head["language"], "language") if "language" in head else "zh"
        if language not in LANGUAGES:
            raise self._wrong(f"language is one of {', '.join(LANGUAGES)}")
        stack = self._text(head["stack"], "stack") if "stack" in head else ""
        if stack not in ("", "sim", "real"):
            raise self._wrong("stack is sim or real, or left out where both can play it")
        fresh = self._flag(head, "fresh")
        if fresh and stack != "real":
            raise self._wrong("a fresh terminal is brought into service on whole programs: stack: real")
        office = self._text(head["office"], "office") if "office" in head else ""
        if not re.fullmatch(r"([a-z][a-z0-9-]{0,40})?", office):
            raise self._wrong("office is an office's id, none, or left out for the bench's own")
        if office not in ("", "none") and stack != "real":
            raise self._wrong("only whole programs have offices behind them: an office wants stack: real")
        printer = self._text(head["printer"], "printer") if "printer" in head else ""
        if printer and printer not in models():
            raise self._wrong(f"no printer model is called {printer}; known: {', '.join(sorted(models()))}")
        return Scenario(
            name=name,
            file=self._file,
            steps=tuple(self._step(one) for one in steps_node.value),
            persona=self._text(head["persona"], "persona") if "persona" in head else "parent",
            language=language,
            landscape=self._flag(head, "landscape"),
            printer=printer,
            alone=self._flag(head, "alone"),
            fresh=fresh,
            office=office,
            stack=stack,
            covers=tuple(self._texts(head["covers"], "covers")) if "covers" in head else (),
        )

    def _flag(self, head: dict[str, yaml.Node], name: str) -> bool:
        flag = self._value(head[name]) if name in head else False
        if not isinstance(flag, bool):
            raise self._wrong(f"{name} is true or false")
        return flag

    def _step(self, node: yaml.Node) -> Step:
        self._line = node.start_mark.line + 1
        line = self._line
        if isinstance(node, yaml.ScalarNode):
            verb, argument = self._text(node, "a step"), None
            if verb in STEPS and verb not in BARE:
                raise self._wrong(f"`{verb}` wants something after it")
        else:
            pairs = self._map(node)
            if len(pairs) != 1:
                raise self._wrong("a step is one word, or one word with what it is about")
            verb, value = next(iter(pairs.items()))
            argument = self._value(value)
        if verb not in STEPS:
            raise self._wrong(f"no step is called {verb!r}; known: {', '.join(sorted(STEPS))}")
        if reason := wrong(verb, argument):
            raise self._wrong(reason)
        return Step(verb, cast("Argument", argument), line)

    # ---- plain values

    def _map(self, node: yaml.Node | None, known: frozenset[str] = frozenset()) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong("a map of words is wanted")
        self._line = node.start_mark.line + 1
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            self._line = key.start_mark.line + 1
            word = self._text(key, "a key")
            if word in found:
                raise self._wrong(f"{word} stands twice")
            if known and word not in known:
                raise self._wrong(f"unknown: {word}; known: {', '.join(sorted(known))}")
            found[word] = value
        return found

    def _text(self, node: yaml.Node, what: str) -> str:
        value = self._value(node)
        if not isinstance(value, str) or not value:
            raise self._wrong(f"{what} is text")
        return value

    def _texts(self, node: yaml.Node, what: str) -> list[str]:
        value = self._value(node)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in cast("list[object]", value)):
            raise self._wrong(f"{what} is a list of words")
        return cast("list[str]", value)

    def _value(self, node: yaml.Node) -> object:
        self._line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return {key: self._value(value) for key, value in self._map(node).items()}
        if isinstance(node, yaml.SequenceNode):
            return [self._value(one) for one in node.value]
        try:
            value = SafeConstructor().construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise self._wrong("not a plain value") from error
        if value is not None and not isinstance(value, str | int | float | bool):
            raise self._wrong("not a plain value")
        return value


def strokes_of(texts: list[str]) -> list[Stroke]:
    """Return the strokes of a `draw` step; points in thousandths of the writing square."""
    return [tuple((int(x), int(y)) for x, y in re.findall(r"(\d+),(\d+)", text)) for text in texts]


def stroke_text(points: Stroke) -> str:
    """Return one stroke as a `draw` step has it, thinned to what the terminal keeps."""
    return " ".join(f"{min(x, SIDE - 1)},{min(y, SIDE - 1)}" for x, y in stroke(points))


def write_scenario(scenario: Scenario) -> str:
    """Return the scenario as YAML that `parse_scenario` reads back the same."""
    lines = [f"scenario: {_flow(scenario.name)}"]
    if scenario.covers:
        lines.append(f"covers: {_flow(list(scenario.covers))}")
    lines.append(f"persona: {scenario.persona}")
    lines.append(f"language: {scenario.language}")
    if scenario.landscape:
        lines.append("landscape: true")
    if scenario.printer:
        lines.append(f"printer: {scenario.printer}")
    if scenario.stack:
        lines.append(f"stack: {scenario.stack}")
    if scenario.alone:
        lines.append("alone: true")
    if scenario.fresh:
        lines.append("fresh: true")
    if scenario.office:
        lines.append(f"office: {scenario.office}")
    lines.append("steps:")
    lines.extend(
        f"  - {step.verb}" if step.argument is None else f"  - {step.verb}: {_flow(step.argument)}"
        for step in scenario.steps
    )
    return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    """One value on one line."""
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return "{" + ", ".join(f"{_flow(key)}: {_flow(one)}" for key, one in pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in cast("list[object]", value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value) and value not in {"true", "false", "null"}:
        return value
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    """One character of a double-quoted scalar (YAML 1.1, 5.6)."""
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"
