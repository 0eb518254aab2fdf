"""What a fuzz family is made of: readers of foreign bytes, what each may raise, and whole documents to begin from.

One input is one byte that picks the reader, and the bytes that it reads. Only the leaves of a reader may come out, each
with its `code`; anything else is a finding. A module of this folder with `FAMILY` in it is a family.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NAMES = ("answers", "bundles", "cards", "children", "definitions", "printers", "requests", "tokens")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Reader:
    """One way into the house. `seeds` gives whole documents of the house's own, which the fuzzer changes."""

    name: str
    read: Callable[[bytes], object]
    leaves: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]


class Family:
    """Readers that are fuzzed together."""

    def __init__(self, *readers: Reader) -> None:
        self.readers = readers

    def seeds(self) -> Iterator[tuple[str, bytes]]:
        """Name of the reader, and an input that picks it."""
        for place, reader in enumerate(self.readers):
            for seed in reader.seeds():
                yield reader.name, bytes([place]) + seed

    def reader_of(self, data: bytes) -> Reader:
        """Which reader an input picks."""
        return self.readers[data[0] % len(self.readers)]

    def run(self, data: bytes) -> str:
        """Let one reader read; returns the code of its refusal, or nothing. Any other exception is a finding."""
        if not data:
            return ""
        reader = self.reader_of(data)
        try:
            reader.read(data[1:])
        except reader.leaves as error:
            refusal = error
        else:
            return ""
        code = getattr(refusal, "code", None)
        assert isinstance(code, str), type(refusal)
        assert _CODE.fullmatch(code), code
        return code


@cache
def scratch() -> Path:
    """A folder for this process's files, in memory where there is such a place."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="kiosk-fuzz-", dir=memory if memory.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def joined(parts: Iterable[bytes]) -> bytes:
    """Parts, each behind its length in two bytes."""
    return b"".join(len(part).to_bytes(2) + part for part in parts)


def sliced(data: bytes) -> list[bytes]:
    """The parts of `joined`; of anything else whatever can be had."""
    parts: list[bytes] = []
    while data:
        size = int.from_bytes(data[:2])
        parts.append(data[2 : 2 + size])
        data = data[2 + size :]
    return parts
