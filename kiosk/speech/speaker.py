"""What is to be heard, one after the other: sentences and short sounds, handed to an engine by a worker of their own.

Whatever is said next stops what is being said (barge-in); a touch stops it too. Any thread may call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Literal, Protocol

from kiosk.frozen import frozen
from kiosk.workers.threads import Worker

Again = Callable[[], bool]
"""Whether what is about to be heard is still wanted."""


class SpeechFailed(Exception):
    """The voice or the sound device does not work; says which program and how it ended."""

    code = "speech-failed"


@frozen
class Manner:
    """How something is said: whose voice, how loud (1 to 9), how fast (1 to 5)."""

    language: str
    volume: int = 5
    pace: int = 3


@frozen
class Item:
    """A sentence, or the name of a short sound. Its repr tells no words: they may name the holder."""

    kind: Literal["say", "sound"]
    text: str = field(repr=False)


class Engine(Protocol):
    """Something that can be heard. `say` and `sound` return when it was, or when `stop` was called meanwhile."""

    @property
    def lasts(self) -> bool:
        """Whether that takes time, so that somebody else has to wait for it."""
        ...

    def say(self, text: str, manner: Manner, wanted: Again) -> None:
        """Say one sentence. Raises `SpeechFailed`."""
        ...

    def sound(self, name: str, manner: Manner, wanted: Again) -> None:
        """Play one short sound. Raises `SpeechFailed`."""
        ...

    def stop(self) -> None:
        """Be silent now. From any thread."""
        ...


class Speaker:
    """Says batches of items. Of several batches only the newest is heard; the rest fall silent."""

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self._engine = engine
        self._worker = worker
        self._lock = threading.Lock()
        self._batch = 0
        self._next: tuple[Sequence[Item], Manner] | None = None
        self._left = 0

    @property
    def left(self) -> int:
        """How many of the newest items were not heard to their end, what is being said now among them."""
        return self._left

    def say(self, items: Sequence[Item], manner: Manner) -> None:
        """Stop what is being said, and say this."""
        if not self._begin((items, manner)):
            self._worker.submit(self._run)

    def hush(self) -> None:
        """Stop what is being said, and say nothing."""
        self._begin(None)

    def skip(self) -> None:
        """Leave out the rest of this sentence and go on with the next one."""
        self._engine.stop()

    def close(self) -> None:
        """Stop, and end the worker."""
        self.hush()
        self._worker.stop()

    def _begin(self, batch: tuple[Sequence[Item], Manner] | None) -> bool:
        """Put a batch in the place of whatever was to be said; True where the worker has still to come for it."""
        with self._lock:
            self._batch += 1
            self._left = len(batch[0]) if batch is not None else 0
            waiting = self._next is not None
            if batch is not None or waiting:
                self._next = batch or ((), Manner(""))
        self._engine.stop()
        return waiting

    def _run(self) -> None:
        with self._lock:
            number, batch = self._batch, self._next
            self._next = None
        assert batch is not None  # the worker is only sent for where there is one
        items, manner = batch

        def wanted() -> bool:
            return self._batch == number

        for item in items:
            if not wanted():
                return
            if item.kind == "say":
                self._engine.say(item.text, manner, wanted)
            else:
                self._engine.sound(item.text, manner, wanted)
            with self._lock:
                if wanted():
                    self._left -= 1
