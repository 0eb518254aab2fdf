"""The real voice: what espeak-ng is given, what it says, and how it falls silent."""

from __future__ import annotations

import io
import math
import os
import re
import subprocess
import threading
import wave
from array import array
from pathlib import Path

import pytest

from kiosk.pieces.modes import VOLUMES
from kiosk.speech.espeak import EspeakEngine, Programs, as_wav, marked_up
from kiosk.speech.speaker import Manner, SpeechFailed
from kiosk.ui import earcons
from kiosk.words.languages import language

MANNER = Manner("zh-Hans")


def phonemes(text: str, code: str) -> str:
    """What espeak-ng would say, in its own letters."""
    command = ["espeak-ng", "-m", "-q", "-x", "-v", language(code).voice, "--stdin"]
    spoken = marked_up(text, language(code))
    return subprocess.run(command, input=spoken.encode(), capture_output=True, check=True).stdout.decode()


def voiced(voice: str, text: str) -> str:
    return f'<voice name="{voice}">{text}</voice>'


def test_mandarin_is_given_as_pinyin_with_its_tones() -> None:
    said = voiced("cmn-latn-pinyin", "qing3 ba3 ka3 cha1 ru4 ， hai2 ke3 yi3 shi4 2 ci4")
    assert marked_up("请把卡插入，还可以试 2 次", language("zh-Hans")) == f"<speak>{said}</speak>"
    assert "&lt;&amp;&gt;" in marked_up("<&>", language("zh-Hans"))


def test_a_word_of_another_script_goes_to_the_voice_that_knows_it() -> None:
    mandarin, english = "cmn-latn-pinyin", "en-gb"
    mixed = voiced(mandarin, "an4") + voiced(english, "English") + voiced(mandarin, "jian4")
    assert marked_up("按 English 键", language("zh-Hans")) == f"<speak>{mixed}</speak>"
    named = voiced(english + "+f3", "Hello,") + voiced(mandarin + "+f3", "chen2")
    assert marked_up("Hello, 陈", language("en"), "+f3") == f"<speak>{named}</speak>"
    assert "陳某" in marked_up("陈某", language("yue-Hant")), "the voice knows its own characters"


def test_the_real_voice_says_each_language_and_no_letters() -> None:
    assert "tS;h'i" in phonemes("请", "zh-Hans")
    assert phonemes("卡", "zh-Hans") != phonemes("打", "zh-Hans")
    assert "c'ing2" in phonemes("请", "yue-Hant")
    alone = re.findall(r"[^\s_|]+", phonemes("键", "zh-Hans"))[0]
    assert alone in phonemes("按 English 键", "zh-Hans"), "after the English word it is Mandarin again"


def loudness_db(volume: int, code: str) -> float:
    """How loud the real voice says one sentence at a step of the volume, from its own samples."""
    said = {"zh-Hans": "请把卡插入读卡口", "en": "Please put your card into the slot"}[code]
    with wave.open(io.BytesIO(as_wav(said, Manner(code, volume)))) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    return 10 * math.log10(sum(sample * sample for sample in samples) / len(samples))


@pytest.mark.parametrize("code", ["zh-Hans", "en"])
def test_from_the_softest_to_the_loudest_are_eighteen_decibels_with_a_step_at_twelve(code: str) -> None:
    """EN 301 549 8.2.1: what the voice gives; what the loudspeaker makes of it is the cabinet's."""
    steps = [loudness_db(volume, code) for volume in range(1, VOLUMES + 1)]
    assert steps == sorted(steps)
    assert steps[-1] - steps[0] >= 18
    assert any(12 <= step - steps[0] < 13 for step in steps[1:-1])


def recorder(folder: Path, name: str, body: str) -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def test_a_sentence_becomes_sound_for_the_chosen_device(tmp_path: Path) -> None:
    player = recorder(tmp_path, "player", f'echo "$@" > {tmp_path}/args; cat > {tmp_path}/out.wav')
    engine = EspeakEngine({}, device="headset", programs=Programs(player=player))
    engine.say("你好", Manner("zh-Hans", 9, 5), lambda: True)
    assert (tmp_path / "args").read_text() == "-q -D headset\n"
    loud = (tmp_path / "out.wav").read_bytes()
    assert loud[:4] == b"RIFF"
    assert len(loud) > 10_000
    engine.say("你好", Manner("zh-Hans", 1, 1), lambda: True)
    soft = (tmp_path / "out.wav").read_bytes()
    assert len(soft) > len(loud), "slower is longer"
    assert max(soft[44:][1::2]) >= 0
    assert _peak(soft) < _peak(loud) / 2, "softer"


def _peak(wav: bytes) -> int:
    samples = memoryview(wav[44 : len(wav) - len(wav) % 2]).cast("h")
    return max(abs(sample) for sample in samples)


def test_a_short_sound_is_played_from_its_file(tmp_path: Path) -> None:
    sounds = earcons.write(tmp_path / "sounds")
    player = recorder(tmp_path, "player", f'cp "$2" {tmp_path}/played.wav')
    EspeakEngine(sounds, programs=Programs(player=player)).sound("saved", MANNER, lambda: True)
    with wave.open(str(tmp_path / "played.wav")) as played:
        assert played.getnframes() > 0


def test_a_touch_kills_the_voice_in_the_middle_of_a_word(tmp_path: Path) -> None:
    """The player says through a pipe that it runs and then hangs; only being killed lets `say` return."""
    os.mkfifo(tmp_path / "playing")
    player = recorder(tmp_path, "player", f"echo on > {tmp_path}/playing; exec sleep 100")
    engine = EspeakEngine({}, programs=Programs(player=player))
    ended = threading.Event()

    def speak() -> None:
        engine.say("很长的一句话", MANNER, lambda: True)
        ended.set()

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    assert (tmp_path / "playing").read_text() == "on\n"
    engine.stop()
    assert ended.wait(10)
    thread.join(10)


def test_what_is_no_longer_wanted_when_its_process_has_started_is_not_said(tmp_path: Path) -> None:
    player = recorder(tmp_path, "player", "exec sleep 100")
    engine = EspeakEngine({"key": tmp_path / "x"}, programs=Programs(player=player))
    engine.say("你好", MANNER, lambda: False)
    engine.sound("key", MANNER, lambda: False)
    assert engine._children == []


@pytest.mark.parametrize("programs", [Programs(voice="no-such-voice"), Programs(player="no-such-player")])
def test_a_program_that_is_not_there_is_named(programs: Programs) -> None:
    with pytest.raises(SpeechFailed, match=r"no-such-.* cannot be started"):
        EspeakEngine({}, programs=programs).say("你好", MANNER, lambda: True)


def test_a_device_that_does_not_play_is_an_error(tmp_path: Path) -> None:
    player = recorder(tmp_path, "player", "cat > /dev/null; exit 1")
    with pytest.raises(SpeechFailed, match=r"ended with \[0, 1\]"):
        EspeakEngine({}, programs=Programs(player=player)).say("你好", MANNER, lambda: True)
