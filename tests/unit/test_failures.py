"""Every failure has words, a next step and a use."""

from __future__ import annotations

import ast
import re

import pytest

from drivers import errors as device_errors
from kiosk import failures
from kiosk.failures import FailureTableInvalid
from kiosk.session.paper import PRINT_FAILURES
from kiosk.session.state import Session, State
from kiosk.words.languages import converted
from kiosk.workers.identity import BROKEN, UNREADABLE
from offline_cache import errors as cache_errors
from provisioning.gateway.problems import CODES
from tests import repository
from tests.repository import ROOT
from tests.unit.visit_kit import FACTS, FAILURES, controls_of, drawn, words_of, world

NEVER_SHOWN = frozenset(
    {
        # the sync service and the gateway's answers: at most a note in the log, the visit goes on
        "ack-refused", "bad-reply", "bad-signature", "chain-broken", "gateway-refused", "gateway-unavailable",
        "gateway-untrusted", "malformed", "not-authorised", "seq-conflict", "seq-gap", "too-large",
        # raised inside the printer's driver, or by a command that prints a file
        "receipt-invalid",
        # the root of all devices: only its leaves are raised
        "device-fault",
    }
)  # fmt: skip
SAYING = frozenset({"fail", "CardFailed", "_over", "_not_approved"})
OURS = frozenset({"internal"})
"""A fault of the program, and what stands in for a code without words."""


def codes_of(module: object) -> set[str]:
    return {item.code for item in vars(module).values() if isinstance(item, type) and hasattr(item, "code")}


def said_by_the_session() -> set[str]:
    """Every code that a handler gives to `fail`, to `CardFailed` or to what ends a sign-in, read from the source."""
    found: set[str] = set()
    for path in sorted((ROOT / "kiosk" / "session").rglob("*.py")):
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SAYING:
                found |= {part.value for argument in node.args for part in ast.walk(argument)
                          if isinstance(part, ast.Constant) and isinstance(part.value, str)}  # fmt: skip
            if isinstance(node, ast.Dict) and any("SlotState" in ast.unparse(key) for key in node.keys if key):
                found |= {value.value for value in node.values if isinstance(value, ast.Constant)}  # pyright: ignore
            if isinstance(node, ast.FunctionDef) and node.name == "printer_trouble":
                found |= {
                    part.value.value
                    for part in ast.walk(node)
                    if isinstance(part, ast.Return) and isinstance(part.value, ast.Constant)
                }  # pyright: ignore
    return found


def said_to_staff() -> set[str]:
    """Every code with which staff is told that a card or a code lets nobody in, read from the source."""
    found: set[str] = set()
    for path in (ROOT / "kiosk" / "workers" / "technicians.py", ROOT / "kiosk" / "upkeep" / "codes.py"):
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if re.fullmatch("(technician|staff-code)-[a-z]+", node.value) else set()
    return found


def said_by_commands() -> set[str]:
    """Every code with which a command of a technician ends: joining, leaving, media. Read from the source."""
    found: set[str] = set()
    for path in (
        ROOT / "kiosk/cli/upkeep/leaving.py",
        ROOT / "kiosk/cli/upkeep/media.py",
        ROOT / "kiosk/cli/enrol.py",
    ):
        for node in ast.walk(repository.tree(path)):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "fail"
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


def said_by_the_gateway() -> set[str]:
    """Of what a gateway refuses: what a terminal that joins or renews hears, and nobody else."""
    return {"certificate-ended"} & set(CODES)


SHOWN = (codes_of(device_errors) | codes_of(cache_errors)) - NEVER_SHOWN
CALLED = (
    said_by_the_session()
    | said_to_staff()
    | said_by_commands()
    | said_by_the_gateway()
    | set(PRINT_FAILURES.values())
    | {BROKEN, UNREADABLE}
    | SHOWN
    | OURS
)


def test_every_code_that_can_reach_the_screen_has_words() -> None:
    assert CALLED - FAILURES.keys() == set()


def test_every_code_with_words_can_happen() -> None:
    assert FAILURES.keys() - CALLED == set()


def test_what_is_listed_as_never_shown_exists_and_has_no_words() -> None:
    known = codes_of(device_errors) | codes_of(cache_errors)
    assert known >= NEVER_SHOWN
    assert NEVER_SHOWN & FAILURES.keys() == set()


def test_the_session_s_own_codes_are_really_found_in_its_source() -> None:
    assert {"card-swapped", "needs-network", "printer-fault", "pin-blocked", "print-unknown"} <= said_by_the_session()


@pytest.mark.parametrize("code", sorted(FAILURES))
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("card_in", [True, False])
def test_every_failure_says_what_happened_what_is_safe_and_what_to_do(code: str, language: str, card_in: bool) -> None:
    there = world(insertion=1) if not card_in else world(insertion=1, slot="present")
    session = Session(id=1, world=there, state=State.FAILURE, failure=code, facts=FACTS, language=language)
    model = drawn(session)
    said = words_of(model.body)
    entry = FAILURES[code]
    for words in (entry.words("title", language), entry.words("next", language)):
        assert words in said
    assert any(code in text for text in said)
    ways = [
        item for item in controls_of(model) if item.role in {"primary", "back", "finish"} and item.event is not None
    ]
    assert ways
    if code != "card-removed":
        assert entry.words("safe", language) in said


def test_a_language_without_words_of_its_own_gets_its_family_s_or_its_script() -> None:
    entry = FAILURES["internal"]
    assert entry.words("title", "en-GB") == entry.title["en"]
    assert entry.words("title", "yue-Hant") == converted(entry.title["zh-Hans"], "yue-Hant")
    assert entry.words("title", "tlh") == entry.title["zh-Hans"]


GOOD = """
[x]
severity = "att"
title = {zh-Hans = "甲", en = "A"}
safe = {zh-Hans = "乙", en = "B"}
next = {zh-Hans = "丙", en = "C"}
cause = "d"
technician = "e"
"""


def test_a_table_that_is_whole_is_taken() -> None:
    found = failures.parse(GOOD + 'part = "f"\n')["x"]
    assert (found.technician, found.part) == ("e", "f")
    assert not failures.parse(GOOD)["x"].part


def test_the_commands_own_codes_are_really_found_in_their_source() -> None:
    assert said_by_commands() >= {"bundle-unwritable", "entries-unsent", "not-erased"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x", "no TOML"),
        ("x = 1", "x: a table"),
        (GOOD.replace('cause = "d"', ""), "x: cause is missing"),
        (GOOD.replace('en = "B"', 'en = ""'), "x: safe needs"),
        (GOOD.replace('{zh-Hans = "丙", en = "C"}', '"C"'), "x: next needs"),
        (GOOD.replace('"att"', '"bad"'), "x: severity"),
        (GOOD.replace('"att"', "[]"), "x: severity"),
    ],
)
def test_a_table_that_is_not_whole_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(FailureTableInvalid, match=said):
        failures.parse(text)
