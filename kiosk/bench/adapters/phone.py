"""A telephone with the city's app: it opens the gateway's stand-in page and taps there, past the terminal's cable."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from urllib.parse import urldefrag

import requests

from kiosk.bench.hands.phone import digits_of, idle, known, url_of
from kiosk.bench.ports import BenchError

TIMEOUT_S = 20.0
_KEY = re.compile(r'name="k" value="([\w-]+)"')
_SHOWN = re.compile(r'name="shown" value="([0-9a-f]+)"')
_STATE = re.compile(r'data-state="([a-z-]+)"')


class PagePhone:
    """The `Phone` port. It remembers the page that it has open; a new scan forgets it. Calls take turns."""

    def __init__(self, ca_file: str) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file
        self._lock = threading.Lock()
        self._url = ""
        self._key = ""

    def do(self, what: str, persona: str, words: Sequence[str]) -> str:
        """Tap; returns what the page says then (`kiosk/bench/hands/phone.py`). `words` stand on the screen.

        Raises `BenchError`: `no-such-tap`, `no-code`, `phone-idle`, `gateway-silent`.
        """
        with self._lock:
            return self._do(known(what), persona, words)

    def _do(self, what: str, persona: str, words: Sequence[str]) -> str:
        if what == "scan":
            url, token = urldefrag(url_of(words))
            self._url, self._key = url, ""
            return self._tap({"t": token, "who": persona})
        if not self._key:
            raise idle()
        if what in {"agree", "wrong"}:
            return self._tap({"do": "yes", "code": digits_of(words, wrong=what == "wrong")})
        if what in {"approve", "decline"}:
            shown = _SHOWN.search(self._page({}))
            return self._tap({"do": what, "shown": shown[1] if shown else ""})
        return self._tap({"do": {"refuse": "no", "leave": "leave"}[what]})

    def _tap(self, form: dict[str, str]) -> str:
        found = _STATE.search(self._page(form))
        return found[1] if found else "unknown"

    def _page(self, form: dict[str, str]) -> str:
        try:
            answer = self._session.post(self._url, data={"k": self._key, **form}, timeout=TIMEOUT_S)
            answer.raise_for_status()
        except requests.RequestException as error:
            said = f"The gateway did not answer the telephone: {type(error).__name__}."
            raise BenchError("gateway-silent", said, "See STATE/gateway/gateway.out.", 503) from error
        answer.encoding = "utf-8"
        if key := _KEY.search(answer.text):
            self._key = key[1]
        return answer.text
