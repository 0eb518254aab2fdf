"""Leads somebody through the screens by ear and by keypad: says what is new, keeps the focus, reads the keys.

It stands between the runtime and the touchscreen: `show` gets each new screen and gives it back with the focus on it;
`key` gets each key and gives back the event that it means. All calls come from the runtime's thread but `hush`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from kiosk.events import Event, KeyName, ModeToggled, PinKey, SpeechTuned
from kiosk.frozen import replace
from kiosk.screen_model import Control, Ring, ScreenModel
from kiosk.speech import focus
from kiosk.speech.ear import Phrasebook, heard
from kiosk.speech.speaker import Item, Manner, Speaker
from kiosk.speech.transcript import Sentence, changed, keys_told, told, transcript
from kiosk.view_model.legend import legend
from kiosk.words import i18n
from kiosk.words.i18n import Say
from kiosk.words.languages import language

ARROWS = frozenset({"up", "down", "left", "right"})
TUNING: dict[str, SpeechTuned] = {
    "louder": SpeechTuned("volume", 1),
    "softer": SpeechTuned("volume", -1),
    "faster": SpeechTuned("pace", 1),
    "slower": SpeechTuned("pace", -1),
}


class Guide:
    """One terminal's guide. Without a `speaker` it keeps the focus and says nothing."""

    def __init__(self, speaker: Speaker | None = None, play: Callable[[str], None] | None = None) -> None:
        """Take who speaks, and who plays short sounds while nobody listens to speech."""
        self._speaker = speaker
        self._play = play
        self._model: ScreenModel | None = None
        self._told: tuple[Sentence, ...] = ()
        self._focus = ""
        self._arrow = ""
        self._waiting: list[Item] = []
        self._saying: tuple[str, ...] = ()
        self._held: tuple[str, ...] = ()
        """While the voice pauses: what is said when it goes on, the sentence first that was cut."""

    # ------------------------------------------------------------------------------------------- screens

    def show(self, model: ScreenModel) -> ScreenModel:
        """Take the newest screen; return it with the focus. Says all of a new screen, of the same one what changed."""
        before = self._model
        same = before is not None and _place(before) == _place(model)
        if self._focus and not (same and focus.spot_of(model, self._focus)):
            self._focus = ""
        self._model = model
        if model.modes.speech:
            self._tell(before if same else None, model)
        elif before is not None and before.modes.speech:
            self._told = ()
            self.hush()
        if not self._focus:
            return model
        return replace(model, focus=self._focus, legend=legend(i18n.sayer(model.language), self._arrow))

    def _tell(self, before: ScreenModel | None, model: ScreenModel) -> None:
        say = spoken_words(model.language)
        sentences = transcript(model, say)
        if before is None or not before.modes.speech:
            new: Sequence[Sentence] = sentences
            self._held = ()
        else:
            tuned = self._tuned(before, model, say)
            fresh = changed(self._told, sentences)  # it interrupts what is being said: that is said afterwards
            rest = self._resumed(model, sentences, say) if tuned or fresh else []
            new = (*tuned, *(fresh if self._held else rest))
            if self._held and fresh:  # the pause goes on, and what is no longer true is not said after it
                self._held = tuple(one.text for one in rest)
        self._told = sentences
        if new:
            self._say(tuple(one.text for one in new))

    def _resumed(self, model: ScreenModel, sentences: Sequence[Sentence], tell: Say) -> list[Sentence]:
        """What is new, in its place among what nobody has heard yet; last the control under the focus, if unheard."""
        unheard = self._unheard()
        spot = focus.spot_of(model, self._focus)
        control = told(spot, tell) if spot is not None else ""
        found = list(changed(self._told, sentences, unheard))
        return [*found, Sentence(control)] if control in unheard else found

    def _unheard(self) -> tuple[str, ...]:
        if self._held:
            return self._held
        left = self._speaker.left if self._speaker is not None else 0
        return self._saying[-left:] if left else ()

    def _tuned(self, before: ScreenModel, model: ScreenModel, tell: Say) -> list[Sentence]:
        was, now = before.modes, model.modes
        found: list[Sentence] = []
        if was.volume != now.volume:
            found.append(Sentence(tell("音量 {n}", n=now.volume)))
        if was.pace != now.pace:
            found.append(Sentence(tell("语速 {n}", n=now.pace)))
        return found

    # ---------------------------------------------------------------------------------------------- keys

    def key(self, key: KeyName) -> Event | None:
        """Return what a key of the keypad means on this screen, or None where it only moved or said something."""
        model = self._model
        if model is None:
            return None
        if key in TUNING:
            return replace(TUNING[key], session_id=model.session_id)
        if key == "skip":
            self._skip()
            return None
        if self._paused(model, key):
            return None
        self.hush()
        self._arrow = key if key in ARROWS else ""
        if key in ARROWS:
            self._go(model, focus.moved(model, self._focus, key))
            return None
        if key in {"repeat", "pause"}:  # nothing is being said that could pause
            return self._repeat(model)
        return self._pressed(model, key)

    def _skip(self) -> None:
        if self._held:
            rest, self._held = self._held[1:], ()
            self._say(rest)
        elif self._speaker is not None:
            self._speaker.skip()

    def _paused(self, model: ScreenModel, key: KeyName) -> bool:
        """Stop in the word, or go on with the sentence that was cut; False where the key does something else.

        A keypad without a pause key has its round key, which presses nothing while nothing is chosen. Where seconds
        are counted the voice does not pause: they run on, and somebody has to hear them.
        """
        if key != "pause" and (key != "ok" or self._focus):
            return False
        if not model.modes.speech or any(isinstance(piece, Ring) for piece in model.body):
            return False
        if self._held:
            rest, self._held = self._held, ()
            self._say(rest)
            return True
        self._held = self._unheard()
        if not self._held:
            return False
        tell = spoken_words(model.language)
        choose = (tell("先用上下键选一个"),) if key == "ok" else ()  # it may have been meant to take something
        self._say((tell("停住了，再按接着读"), *choose))
        return True

    def _pressed(self, model: ScreenModel, key: KeyName) -> Event | None:
        """The event of the control that a key stands for; where it cannot be pressed, that is said."""
        tell = spoken_words(model.language)
        control = self._meant(model, key)
        if control is None and key == "help":
            self._say(tuple(keys_told(tell)))
            return None
        if control is None:
            self._say((tell("先用上下键选一个") if key == "ok" else tell("这里没有这个键"),))
            return None
        if control.event is None or not control.enabled:
            unnamed = focus.is_pin_digit(control)
            self._say((tell("请等一等") if unnamed else tell("{x}，现在不能用", x=control.text),))
            return None
        if isinstance(control.event, PinKey):
            self._focus = focus.first(model)
        return control.event

    def _meant(self, model: ScreenModel, key: KeyName) -> Control | None:
        if key == "back":
            return model.back if model.back is not None and model.back.role == "back" else None
        every = [spot.control for spot in focus.spots(model)]
        if key == "ok":
            return next((one for one in every if one.id == self._focus), None)
        if key == "help":
            return next((one for one in every if one.id == "help"), None)
        return next((one for one in every if one.role == "key" and one.text == key), None)

    def _go(self, model: ScreenModel, where: str) -> None:
        self._focus = where
        spot = focus.spot_of(model, where)
        if spot is None or not model.modes.speech:
            return
        text = told(spot, spoken_words(model.language))
        if text:
            self._say((text,))
        else:
            self.sound("key")
            self.settle()

    def _repeat(self, model: ScreenModel) -> Event | None:
        """Say the control under the focus again, else the whole screen. Where nothing speaks yet, begin to."""
        if not model.modes.speech:
            return ModeToggled("speech", session_id=model.session_id)
        spot = focus.spot_of(model, self._focus)
        text = told(spot, spoken_words(model.language)) if spot is not None else ""
        self._say((text,) if text else tuple(one.text for one in self._told))
        return None

    @property
    def focused(self) -> str:
        """The id of the control under the focus, or empty."""
        return self._focus

    # --------------------------------------------------------------------------------------------- sounds

    def sound(self, name: str) -> None:
        """A short sound of the session: before the words that come with it, where words are spoken."""
        if self._speaker is not None and self._model is not None and self._model.modes.speech:
            self._waiting.append(Item("sound", name))
        elif self._play is not None:
            self._play(name)

    def settle(self) -> None:
        """Everything that belongs to one event was shown: let a sound be heard that no words came with."""
        if self._waiting:
            self._say(() if self._held else self._unheard())

    def hush(self) -> None:
        """Stop speaking: somebody touched the screen or pressed a key; a pause ends too. From any thread."""
        self._held = ()
        if self._speaker is not None:
            self._speaker.hush()

    def _say(self, texts: tuple[str, ...]) -> None:
        model = self._model
        if self._speaker is None or model is None or not model.modes.speech:
            return
        say = spoken_words(model.language)
        book = phrasebook(model.language)
        items = [Item("say", heard(book.said(text), say)) for text in texts]
        sounds, self._waiting = self._waiting, []
        self._saying = texts
        self._speaker.say((*sounds, *items), Manner(model.language, model.modes.volume, model.modes.pace))


def _place(model: ScreenModel) -> tuple[object, ...]:
    """What makes two models the same screen to somebody who listens."""
    return model.session_id, model.name, model.language, model.title, model.steps, model.where_detail


@functools.cache
def spoken_words(code: str) -> Say:
    """Return the function that gives the spoken words of a language."""
    return i18n.sayer(code, name=i18n.SPOKEN)


@functools.cache
def phrasebook(code: str) -> Phrasebook:
    """Return how sentences of a screen are said, where a language says them in other words than it writes them."""
    known = language(code)
    if not known.convert:
        return Phrasebook(())
    say = i18n.sayer(code)
    return Phrasebook((say(text), spoken) for text, spoken in i18n.load(code, i18n.SPOKEN).items())
