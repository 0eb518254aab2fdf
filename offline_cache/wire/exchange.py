"""One HTTPS request and its answer: one session kept alive, one authority, limits on everything.

The only module that imports `requests`, and not before somebody asks: the first screen does not wait for it. Its
exceptions become leaves of `errors`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, cast

from offline_cache.errors import BadReply, EnrolmentDamaged, NotAuthorised, Unavailable, Untrusted

if TYPE_CHECKING:
    import requests
    import urllib3

_CHUNK_BYTES = 16 * 1024
_TLS_REFUSALS = ("alert certificate", "alert unknown ca", "alert bad certificate", "alert access denied")


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, without a byte, and for a whole exchange."""

    connect_s: float = 5.0
    silence_s: float = 15.0
    whole_s: float = 60.0


@dataclass(frozen=True)
class Answer:
    """Whatever the status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Sending:
    """A body in memory that says when all of it has gone out: while the gateway works, so can this side."""

    def __init__(self, body: bytes, sent: Callable[[], None]) -> None:
        self._body, self._sent, self._left = body, sent, 2

    def __len__(self) -> int:
        return len(self._body)

    def read(self, _size: int = -1) -> bytes:
        """All of it at once; asked again, because that was sent, nothing."""
        self._left -= 1
        if self._left == 0:
            self._sent()
        return self._body if self._left == 1 else b""


class Http:
    """One session to one host, with one authority."""

    def __init__(
        self, url: str, verify: str | bool, certificate: tuple[str, str] | None, timeouts: Timeouts | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._timeouts = timeouts or Timeouts()
        self._verify, self._certificate = verify, certificate

    @cached_property
    def _session(self) -> requests.Session:
        """Made with the first request, in the thread that asks: the first screen does not wait for its import."""
        import requests
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.trust_env = False
        session.verify = self._verify
        session.cert = self._certificate
        session.headers.update({"Accept-Encoding": "identity", "User-Agent": "citizen-kiosk"})
        session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        session.adapters.pop("http://")
        return session

    def close(self) -> None:
        if "_session" in vars(self):
            self._session.close()

    def exchange(
        self,
        method: str,
        path: str,
        limit: int,
        *,
        body: bytes | Sending | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; whatever the status, the answer.

        Raises:
            Unavailable, Untrusted, NotAuthorised: no answer.
            BadReply: longer than `limit` bytes.
            EnrolmentDamaged: the certificate files cannot be used.
        """
        import requests
        import urllib3

        deadline = time.monotonic() + self._timeouts.whole_s
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=body,
                headers=dict(headers or {}),
                timeout=(self._timeouts.connect_s, self._timeouts.silence_s),
                allow_redirects=False,
                stream=True,
            )
            with response:
                content = self._read(response, limit, deadline)
            return Answer(response.status_code, response.headers, content)
        except requests.exceptions.SSLError as error:
            _refuse_tls(str(error), error)
        except requests.exceptions.ConnectionError as error:
            if any(words in str(error).lower() for words in _TLS_REFUSALS):
                _refuse_tls(str(error), error)
            raise Unavailable("no connection to the gateway") from error
        except requests.exceptions.Timeout as error:
            raise Unavailable("the gateway does not answer in time") from error
        except (
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidURL,
        ) as error:
            raise EnrolmentDamaged("the gateway's address is not an https URL") from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise Unavailable("the gateway's answer broke off") from error
        except OSError as error:
            raise EnrolmentDamaged("the certificate files of the enrolment cannot be used; enrol again") from error

    @staticmethod
    def _read(response: requests.Response, limit: int, deadline: float) -> bytes:
        found = bytearray()
        raw = cast("urllib3.HTTPResponse", response.raw)
        while chunk := raw.read1(_CHUNK_BYTES):  # what is there now: `iter_content` would wait for a whole chunk
            found += chunk
            if len(found) > limit:
                raise BadReply(f"the gateway's answer is longer than {limit} bytes")
            if time.monotonic() > deadline:
                raise Unavailable("the gateway answers too slowly")
        return bytes(found)


def _refuse_tls(words: str, error: Exception) -> NoReturn:
    if any(refusal in words.lower() for refusal in _TLS_REFUSALS):
        raise NotAuthorised("the gateway does not accept this terminal's certificate") from error
    if "CERTIFICATE_VERIFY_FAILED" in words or "doesn't match" in words:
        raise Untrusted("whoever answers is not the gateway that this terminal joined") from error
    raise Unavailable("no secure connection to the gateway") from error
