"""The voice: espeak-ng in a process of its own for each sentence, played by aplay. A voice that hangs can be killed.

espeak-ng (GPL) is called as a program, not linked. Its Mandarin voice is fed with pinyin and tone numbers by pypinyin,
because Debian's `cmn` reads Chinese characters by a small dictionary and pinyin as English letters. Latin words in a
Chinese sentence go to the English voice.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import IO

from kiosk.frozen import frozen
from kiosk.speech.speaker import Again, Manner, SpeechFailed
from kiosk.words.languages import Language, convert, language
from kiosk.words.pinyin import syllables

SLOWEST_WPM, WPM_A_STEP = 110, 25
"""Words a minute at pace 1, and what each step adds."""
LOUDEST = 200
"""espeak-ng's own range of amplitude ends there."""
LONGEST_S = 60.0
"""No sentence takes longer; a device that does not drain is given up then."""
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN = re.compile(r"[A-Za-z]{2,}(?:['’ -]+[A-Za-z]{2,})*")


@frozen
class Programs:
    """What is called. Tests put recorders in their place."""

    voice: str = "espeak-ng"
    player: str = "aplay"


class EspeakEngine:
    """An `Engine` on espeak-ng. `device` is an ALSA name, empty for the default; `variant` as in `+f3`."""

    def __init__(
        self, sounds: Mapping[str, Path], device: str = "", variant: str = "", programs: Programs | None = None
    ) -> None:
        """Start nothing yet. `sounds` are WAV files by name."""
        self._sounds = sounds
        self._device = device
        self._variant = variant
        self._programs = programs or Programs()
        self._lock = threading.Lock()
        self._children: list[subprocess.Popen[bytes]] = []
        self._stops = 0
        self.lasts = True

    def say(self, text: str, manner: Manner, wanted: Again) -> None:
        """Say one sentence. Raises `SpeechFailed`."""
        begun = self._stops
        spoken = marked_up(text, language(manner.language), self._variant)
        command = voice_command(manner, self._variant, self._programs.voice)
        voice = self._start(begun, command, subprocess.PIPE, subprocess.PIPE)
        player = self._start(begun, self._player(), voice.stdout, subprocess.DEVNULL)
        assert voice.stdin is not None
        assert voice.stdout is not None
        voice.stdout.close()
        if not wanted():
            self.stop()
        try:
            voice.stdin.write(spoken.encode())
            voice.stdin.close()
        except BrokenPipeError:
            voice.stdin = None  # it was stopped, or failed: its exit code tells which
        self._wait((voice, player))

    def sound(self, name: str, manner: Manner, wanted: Again) -> None:
        """Play one short sound. Raises `SpeechFailed`, and `KeyError` for a name that there is not."""
        del manner
        command = [*self._player(), str(self._sounds[name])]
        player = self._start(self._stops, command, subprocess.DEVNULL, subprocess.DEVNULL)
        if not wanted():
            self.stop()
        self._wait((player,))

    def stop(self) -> None:
        """Kill what is being heard."""
        with self._lock:
            self._stops += 1
            children, self._children = self._children, []
        for child in children:
            child.kill()

    def _player(self) -> list[str]:
        return [self._programs.player, "-q", *(["-D", self._device] if self._device else [])]

    def _start(
        self, begun: int, command: Sequence[str], stdin: int | IO[bytes] | None, stdout: int
    ) -> subprocess.Popen[bytes]:
        try:
            child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        except OSError as error:
            self.stop()
            raise SpeechFailed(f"{Path(command[0]).name} cannot be started") from error
        with self._lock:
            late = self._stops != begun
            if not late:
                self._children.append(child)
        if late:  # silence was asked for while it started
            child.kill()
        return child

    def _wait(self, children: Sequence[subprocess.Popen[bytes]]) -> None:
        """Until all have ended. A child that `stop` killed has done its work."""
        ends: list[int] = []
        for child in children:
            try:
                ends.append(child.wait(LONGEST_S))
            except subprocess.TimeoutExpired:
                child.kill()
                ends.append(child.wait())
        with self._lock:
            stopped = [child for child in children if child not in self._children]
            self._children = [child for child in self._children if child not in children]
        if not stopped and any(ends):
            raise SpeechFailed(f"{', '.join(Path(str(_name(child))).name for child in children)} ended with {ends}")


def voice_command(manner: Manner, variant: str = "", program: str = "espeak-ng") -> list[str]:
    """The command that reads marked-up text on stdin and writes WAV on stdout."""
    pace = SLOWEST_WPM + WPM_A_STEP * (manner.pace - 1)
    voice = language(manner.language).voice + variant
    return [program, "-m", "-v", voice, "--stdin", "-s", str(pace), "-a", str(LOUDEST * manner.volume // 9), "--stdout"]


def as_wav(text: str, manner: Manner) -> bytes:
    """One sentence as a WAV file, as this voice says it. Raises `SpeechFailed`."""
    spoken = marked_up(text, language(manner.language)).encode()
    try:
        done = subprocess.run(  # noqa: S603 - ours
            voice_command(manner), input=spoken, capture_output=True, timeout=LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechFailed("espeak-ng cannot be used") from error
    if done.returncode != 0 or not done.stdout:
        raise SpeechFailed(f"espeak-ng ended with {done.returncode}")
    return done.stdout


def _name(child: subprocess.Popen[bytes]) -> object:
    return child.args[0] if isinstance(child.args, list) else child.args


def marked_up(text: str, spoken: Language, variant: str = "") -> str:
    """Return a sentence as espeak-ng's SSML: each run in the voice that can say it, Chinese as pinyin where wanted.

    Every run names its voice: after an inner one ends, espeak-ng goes on with the language but not with its variant.
    """
    if spoken.convert:  # the voice knows the characters of its readers; a name may be written in others
        text = convert(text, spoken.code)
    parts: list[str] = []
    at = 0
    for foreign in _foreign(text, spoken):
        other = language("en" if foreign.re is _LATIN else "zh-Hans")
        parts += [_run(text[at : foreign.start()], spoken, variant), _run(foreign[0], other, variant)]
        at = foreign.end()
    parts.append(_run(text[at:], spoken, variant))
    return f"<speak>{''.join(parts)}</speak>"


_CHINESE_RUN = re.compile(f"(?:{_CHINESE.pattern})+")


def _foreign(text: str, spoken: Language) -> list[re.Match[str]]:
    """The runs that the language's own voice cannot say."""
    chinese = spoken.code == "zh-Hans" or spoken.convert != ""
    return list((_LATIN if chinese else _CHINESE_RUN).finditer(text))


def _run(text: str, spoken: Language, variant: str) -> str:
    if not text.strip():
        return ""
    said = escape(pinyin(text) if spoken.reading == "pinyin" else text.strip(), quote=False)
    return f'<voice name="{spoken.voice}{variant}">{said}</voice>'


def pinyin(text: str) -> str:
    """Return Chinese as pinyin with tone numbers (5: neutral), one syllable a character; the rest as it stands."""
    return " ".join(part.strip() for part in syllables(text) if part.strip())
