"""A tester's session at the panel becomes a scenario."""

from __future__ import annotations

import pytest

from kiosk.bench.ports import TECHNICIAN_PIN
from kiosk.bench.scenarios.format import Step, parse_scenario, write_scenario
from kiosk.bench.scenarios.record import Recorder, takes_pin

CARD = {"profile": "citizen", "pin": "123456"}


def signed_in(pin: str) -> Recorder:
    recorder = Recorder()
    recorder.saw("attract")
    recorder.touched("language.zh", "中文", "choice")
    recorder.saw("start")
    recorder.inserted("parent", CARD)
    recorder.saw("pin")
    for digit in pin:
        recorder.touched(f"pin.{digit}", digit, "key")
        recorder.saw("pin")
    recorder.touched("pin.ok", "确定", "primary")
    return recorder


def steps(recorder: Recorder) -> list[tuple[str, object]]:
    written = write_scenario(recorder.scenario("What I did"))
    return [(step.verb, step.argument) for step in parse_scenario(written, "x").steps]


def test_touches_and_screens_are_written_in_their_order() -> None:
    assert steps(signed_in("123456")) == [
        ("touch", "language.zh"), ("see", "start"), ("insert", "parent"), ("see", "pin"), ("pin", "right"),
    ]  # fmt: skip


def test_a_pin_is_kept_as_right_or_wrong_and_never_as_digits() -> None:
    recorder = signed_in("999999")
    assert steps(recorder)[-1] == ("pin", "wrong")
    assert "999999" not in write_scenario(recorder.scenario("x"))


def test_digits_taken_back_do_not_count() -> None:
    recorder = Recorder()
    recorder.inserted("parent", CARD)
    for key in ("1", "9", "delete", "2", "3", "4", "5", "6", "ok"):
        recorder.touched(f"pin.{key}", key, "key")
    assert steps(recorder)[-1] == ("pin", "right")


@pytest.mark.parametrize("screen", ["pin", "staff.pin", "form"])
def test_a_pin_typed_on_any_pad_is_kept_as_right_or_wrong_only(screen: str) -> None:
    """The citizen's own, a technician's, and the question for a new one."""
    pad = [f"pin.{digit}" for digit in range(10)] + ["pin.ok"]
    recorder = Recorder()
    recorder.inserted("parent", CARD)
    for pin in ("123456", "739182"):
        recorder.saw(screen)
        recorder.typed(pin, on_pin=takes_pin(pad))
        recorder.touched("pin.ok", "确定", "primary")
    assert steps(recorder) == [("insert", "parent"), ("see", screen), ("pin", "right"), ("pin", "wrong")]


def test_keys_of_the_keypad_on_a_pin_pad_are_kept_as_a_pin_that_was_given() -> None:
    recorder = Recorder()
    recorder.inserted("parent", CARD)
    for key in ("down", "right", "ok"):
        recorder.saw("pin", on_pin=True)
        recorder.pressed(key, on_pin=True)
    recorder.saw("home")
    recorder.pressed("ok", on_pin=False)
    assert steps(recorder) == [
        ("insert", "parent"), ("see", "pin"), ("pin", "right"), ("see", "home"), ("key", "ok"),
    ]  # fmt: skip


def test_a_pin_that_was_never_finished_leaves_nothing_when_the_card_goes() -> None:
    recorder = Recorder()
    recorder.inserted("parent", CARD)
    recorder.saw("pin", on_pin=True)
    recorder.typed("12", on_pin=True)
    recorder.pressed("ok", on_pin=True)
    recorder.did("pull")
    recorder.saw("start")
    recorder.touched("back", "返回", "back")
    assert steps(recorder) == [
        ("insert", "parent"), ("see", "pin"), ("pull", None), ("see", "start"), ("touch", "back"),
    ]  # fmt: skip


def test_the_pin_of_a_card_of_the_tester_s_own_making_is_not_kept() -> None:
    recorder = Recorder()
    recorder.inserted("", {"profile": "citizen", "pin": "739182"})
    recorder.typed("739182", on_pin=True)
    recorder.touched("pin.ok", "确定", "primary")
    assert steps(recorder) == [("insert", {"profile": "citizen"}), ("pin", "right")]


def test_a_technician_s_right_pin_is_known_as_right() -> None:
    recorder = Recorder()
    recorder.inserted("technician", {})
    recorder.typed(TECHNICIAN_PIN, on_pin=True)
    recorder.touched("pin.ok", "确定", "primary")
    assert steps(recorder) == [("insert", "technician"), ("pin", "right")]


def test_keys_pressed_one_by_one_become_one_step() -> None:
    recorder = Recorder()
    for key in "138":
        recorder.touched(f"key.{key}", key, "key")
    recorder.typed("0000", on_pin=False)
    assert steps(recorder) == [("type", "1380000")]


def test_a_card_of_the_tester_s_own_making_is_kept_whole() -> None:
    recorder = Recorder()
    recorder.inserted("", {"profile": "citizen", "holder": {"name": "试"}})
    recorder.did("fault", {"device": "printer", "fault": "mute"})
    assert steps(recorder) == [
        ("insert", {"profile": "citizen", "holder": {"name": "试"}}),
        ("fault", {"device": "printer", "fault": "mute"}),
    ]


def test_a_reset_begins_anew_and_an_empty_recording_is_a_scenario_too() -> None:
    recorder = signed_in("123456")
    recorder.clear()
    assert steps(recorder) == [("see", "attract")]
    assert recorder.scenario("x").steps == (Step("see", "attract"),)


def test_the_code_a_technician_typed_is_another_one_the_next_time() -> None:
    recorder = Recorder()
    recorder.technician("code", "12345678")
    recorder.typed("1234", on_pin=False)
    for digit in "5678":
        recorder.touched(f"key.{digit}", digit, "key")
    recorder.touched("primary", "进入维护", "primary")
    recorder.technician("revoked", "")
    recorder.did("rejected", "no-such-person")
    assert steps(recorder) == [("technician", "code"), ("technician", "revoked"), ("rejected", "no-such-person")]


def test_a_code_typed_wrong_stays_as_it_was_typed() -> None:
    recorder = Recorder()
    recorder.technician("code", "12345678")
    recorder.typed("12345679", on_pin=False)
    recorder.touched("primary", "进入维护", "primary")
    assert steps(recorder) == [("type", "12345679"), ("touch", "primary")]
