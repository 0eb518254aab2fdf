"""Pinyin by librime (BSD-3-Clause), through its C interface: the only importer of the library.

`rime_api.h` of librime 1.8 gives the structures. Each begins with `data_size`, the size of what follows it. The
library is one for the whole process, so there is one engine, held by a lock. Its schema is ours
(`assets/pinyin/kiosk.schema.yaml`): no user dictionary, so nothing that a citizen types is written anywhere. Its
folder, which it wants for its own settings, is made at the start and taken away at the end. Traditional characters are
an option of the schema; their tables are Debian's libopencc-data, which librime itself depends on.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_size_t, c_void_p, sizeof
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from kiosk.writing.pinyin import MOST_CANDIDATES, MOST_LETTERS, PinyinMissing, Taken

LIBRARY = "librime.so.1"
DATA = Path("/usr/share/rime-data")
DICTIONARY = "pinyin_simp.dict.yaml"
SCHEMA = "kiosk"
PAGE = 9
"""Candidates that the selector's digits 1 to 9 choose from: `menu/page_size` of the schema."""
PAGE_DOWN = 0xFF56
"""X11's key symbol, as `RimeProcessKey` takes it."""
ONLY_ERRORS = 2
TRADITIONAL = b"traditional"
"""The option of the schema that makes the candidates Traditional."""
USUAL = (b"\xa4\x40", b"\xc6\x7e")
"""The first and the last of Big5's level 1: the 5,401 characters that are usual in Traditional Chinese."""
TIP = "〔〕"
"""What stands around a character in the comment of what was made of it (`simplifier.cc`)."""


class _Traits(Structure):
    _fields_ = [
        ("data_size", c_int),
        ("shared_data_dir", c_char_p),
        ("user_data_dir", c_char_p),
        ("distribution_name", c_char_p),
        ("distribution_code_name", c_char_p),
        ("distribution_version", c_char_p),
        ("app_name", c_char_p),
        ("modules", c_void_p),
        ("min_log_level", c_int),
        ("log_dir", c_char_p),
        ("prebuilt_data_dir", c_char_p),
        ("staging_dir", c_char_p),
    ]


class _Composition(Structure):
    _fields_ = [
        ("length", c_int),
        ("cursor_pos", c_int),
        ("sel_start", c_int),
        ("sel_end", c_int),
        ("preedit", c_char_p),
    ]


class _Candidate(Structure):
    _fields_ = [("text", c_char_p), ("comment", c_char_p), ("reserved", c_void_p)]


class _Menu(Structure):
    _fields_ = [
        ("page_size", c_int),
        ("page_no", c_int),
        ("is_last_page", c_int),
        ("highlighted", c_int),
        ("num_candidates", c_int),
        ("candidates", POINTER(_Candidate)),
        ("select_keys", c_char_p),
    ]


class _Context(Structure):
    _fields_ = [
        ("data_size", c_int),
        ("composition", _Composition),
        ("menu", _Menu),
        ("commit_text_preview", c_char_p),
        ("select_labels", c_void_p),
    ]


class _List(Structure):
    _fields_ = [("ptr", c_void_p), ("index", c_int), ("candidate", _Candidate)]


class RimePinyin:
    """A `Pinyin` on librime. One in a process at a time."""

    _open = threading.Lock()
    _set_up = False

    def __init__(self, library: str = LIBRARY, data: Path = DATA) -> None:
        """Open the engine: about 20 ms and 10 MB; with the first Traditional word as much again.

        Raises:
            PinyinMissing: the library, its dictionary or the schema is not there, or another engine is open.
        """
        if not (data / DICTIONARY).is_file():
            raise PinyinMissing(f"no {DICTIONARY} in {data}: install rime-data-pinyin-simp")
        try:
            self._library: Any = ctypes.CDLL(library)
        except OSError as error:
            raise PinyinMissing(f"no {library}: install librime1") from error
        if not self._open.acquire(blocking=False):
            raise PinyinMissing("librime is open in this process already")
        self._lock = threading.Lock()
        self._closed = False
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-pinyin-"))
        self._session = c_size_t(0)
        self._start(data)

    def _start(self, data: Path) -> None:
        schema = resources.files("assets").joinpath("pinyin", f"{SCHEMA}.schema.yaml").read_bytes()
        (self.folder / f"{SCHEMA}.schema.yaml").write_bytes(schema)
        (self.folder / "default.custom.yaml").write_text(f"patch:\n  schema_list:\n    - schema: {SCHEMA}\n", "utf-8")
        library, name = self._library, SCHEMA.encode()
        library.RimeCreateSession.restype = c_size_t
        traits = _Traits(shared_data_dir=str(data).encode(), user_data_dir=str(self.folder).encode(), log_dir=b"",
                         distribution_name=name, distribution_code_name=name, distribution_version=b"1",
                         app_name=b"rime.kiosk", min_log_level=ONLY_ERRORS)  # fmt: skip
        traits.data_size = sizeof(_Traits) - sizeof(c_int)
        if not RimePinyin._set_up:  # a second time ends the process: the library starts its log there
            library.RimeSetup(byref(traits))
            RimePinyin._set_up = True
        library.RimeInitialize(byref(traits))
        library.RimeStartMaintenance(1)
        library.RimeJoinMaintenanceThread()
        self._session = c_size_t(library.RimeCreateSession())
        if not library.RimeSelectSchema(self._session, name):
            self.close()
            raise PinyinMissing("librime does not take the terminal's schema")

    def close(self) -> None:
        """Let the library go, and remove its folder. A second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._library.RimeDestroySession(self._session)
            self._library.RimeFinalize()
            shutil.rmtree(self.folder, ignore_errors=True)
            self._open.release()

    def _type(self, letters: str, *, hant: bool) -> bool:
        """Compose these letters from nothing; False where they are none that can be composed."""
        self._library.RimeClearComposition(self._session)
        if self._closed or not re.fullmatch(f"[a-z]{{1,{MOST_LETTERS}}}", letters):
            return False
        self._library.RimeSetOption(self._session, TRADITIONAL, int(hant))
        for letter in letters:
            self._library.RimeProcessKey(self._session, ord(letter), 0)
        return True

    def candidates(self, letters: str, *, hant: bool = False) -> tuple[str, ...]:
        """Return up to `MOST_CANDIDATES` words for these letters, the likeliest first."""
        with self._lock:
            found = self._candidates(letters) if self._type(letters, hant=hant) else {}
            self._library.RimeClearComposition(self._session)
        return tuple(found)

    def _candidates(self, letters: str) -> dict[str, int]:
        """Return each word with its place in the engine's list; two forms of one character share theirs."""
        found: dict[str, int] = {}
        entries = _List()
        if not self._library.RimeCandidateListBegin(self._session, byref(entries)):
            return found
        while len(found) < MOST_CANDIDATES and self._library.RimeCandidateListNext(byref(entries)):
            for word in forms(entries.candidate):
                found.setdefault(word, entries.index)
        self._library.RimeCandidateListEnd(byref(entries))
        return {word: place for word, place in islice(found.items(), MOST_CANDIDATES) if word != letters}

    def take(self, letters: str, index: int, *, hant: bool = False) -> Taken | None:
        """Choose as a finger would: pages down, then the candidate's digit; what is left over is still letters."""
        if not 0 <= index < MOST_CANDIDATES:
            return None
        with self._lock:
            found = list(self._candidates(letters).items()) if self._type(letters, hant=hant) else []
            if index >= len(found):
                return None
            word, place = found[index]
            for _ in range(place // PAGE):
                self._library.RimeProcessKey(self._session, PAGE_DOWN, 0)
            self._library.RimeProcessKey(self._session, ord("1") + place % PAGE, 0)
            shown = self._preedit()
            self._library.RimeClearComposition(self._session)
        text = re.sub(r"[a-z' ]+$", "", shown)
        rest = re.sub(r"[^a-z]", "", shown[len(text) :])
        return Taken(word, letters[len(letters) - len(rest) :] if rest else "")

    def _preedit(self) -> str:
        context = _Context()
        context.data_size = sizeof(_Context) - sizeof(c_int)
        if not self._library.RimeGetContext(self._session, byref(context)):
            return ""
        shown = (context.composition.preedit or b"").decode("utf-8")
        self._library.RimeFreeContext(byref(context))
        return shown


def forms(candidate: Any) -> tuple[str, ...]:
    """Return what a candidate writes, and the form it was made of where that one is usual as well (峯, 峰)."""
    word = candidate.text.decode("utf-8")
    if not candidate.comment:
        return (word,)
    other = candidate.comment.decode("utf-8").strip(TIP)
    return (word, other) if USUAL[0] <= other.encode("big5", "ignore") <= USUAL[1] else (word,)


@functools.cache
def shared() -> RimePinyin:
    """Return the engine of this process, opened at the first call and closed at the process's end.

    Raises:
        PinyinMissing: it cannot be opened.
    """
    engine = RimePinyin()
    atexit.register(engine.close)
    return engine


def shared_or_tell(tell: Callable[[str], None]) -> RimePinyin | None:
    """Return the engine of this process; without one, tell why: the letter keys remain."""
    try:
        return shared()
    except PinyinMissing as error:
        tell(f"no pinyin: {error} [{error.code}]")
        return None
