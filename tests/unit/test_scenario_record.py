"""A tester's session at the panel becomes a scenario."""

from __future__ import annotations

from kiosk.bench.scenarios.format import Step, parse_scenario, write_scenario
from kiosk.bench.scenarios.record import Recorder

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


def test_keys_pressed_one_by_one_become_one_step() -> None:
    recorder = Recorder()
    for key in "138":
        recorder.touched(f"key.{key}", key, "key")
    recorder.typed("0000", "form")
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
    recorder.typed("1234", "staff.code")
    for digit in "5678":
        recorder.touched(f"key.{digit}", digit, "key")
    recorder.touched("primary", "进入维护", "primary")
    recorder.technician("revoked", "")
    recorder.did("rejected", "no-such-person")
    assert steps(recorder) == [("technician", "code"), ("technician", "revoked"), ("rejected", "no-such-person")]


def test_a_code_typed_wrong_stays_as_it_was_typed() -> None:
    recorder = Recorder()
    recorder.technician("code", "12345678")
    recorder.typed("12345679", "staff.code")
    recorder.touched("primary", "进入维护", "primary")
    assert steps(recorder) == [("type", "12345679"), ("touch", "primary")]
