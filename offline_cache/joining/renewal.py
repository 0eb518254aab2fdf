"""The terminal's certificate is renewed by itself when a third of its life is left; nobody comes for that.

`POST /v1/simplereenroll` has the semantics of EST (RFC 7030 section 4.2.2), renewal of the same key: the request is
signed by the key that it is for, and that is all the proof there is, because TLS refuses a certificate that has ended.
So one way serves before the end and, for a while, after it. The key stays: one file is replaced, whole or not at all,
and a plug that is pulled at any moment leaves a key and a certificate that fit each other.
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.enrolment import CA_FILE, CERTIFICATE_FILE, Enrolment
from offline_cache.errors import BadReply, CacheError, MalformedMessage, Unavailable
from offline_cache.gateway import signing_request
from offline_cache.wire.exchange import Http
from offline_cache.wire.fleet.joining import RENEW_PATH, decode_renewed, encode_renewal
from offline_cache.wire.refusal import refusal, retry_after

AGAIN_S = 3600.0
"""After a try that did not bring a newer certificate; between half of it and all of it."""
_ANSWER_BYTES = 64 * 1024
_LEFT_TO_RENEW = 1 / 3


def due_at_ms(certificate: x509.Certificate) -> int:
    """When a third of its life is left, milliseconds since 1970."""
    begins = certificate.not_valid_before_utc.timestamp()
    ends = certificate.not_valid_after_utc.timestamp()
    return round((ends - (ends - begins) * _LEFT_TO_RENEW) * 1000)


class Renewer:
    """Knows when a renewal is due, and does it. One thread."""

    def __init__(
        self,
        clock: OutboxClock | None = None,
        *,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self._clock = clock or SystemClock()
        self._random = random
        self._due_ms: int | None = None
        self._not_before_ms = self._clock.mono_ms()

    def due(self) -> bool:
        """Whether to try now; asked often, and looks at nothing but the clock."""
        if self._due_ms is None or self._clock.mono_ms() < self._not_before_ms:
            return False
        return self._clock.now_ms() >= self._due_ms

    def look(self, enrolment: Enrolment) -> None:
        """Read when this enrolment's certificate is due. Raises `StorageFailed`, `MalformedMessage`."""
        self._due_ms = due_at_ms(_held(enrolment))

    def keep(self, enrolment: Enrolment) -> str | None:
        """Renew where it is due; returns the code of what was in the way, or None. Never raises a `CacheError`."""
        try:
            self.look(enrolment)
            if not self.due():
                return None
            self._not_before_ms = self._clock.mono_ms() + round(AGAIN_S * 1000 * (0.5 + self._random() / 2))
            renew(enrolment)
            self.look(enrolment)
        except Unavailable as error:
            if error.retry_after_s is not None:
                self._not_before_ms = self._clock.mono_ms() + round(min(error.retry_after_s, AGAIN_S) * 1000)
            return error.code
        except CacheError as error:
            return error.code
        return None


def renew(enrolment: Enrolment) -> bool:
    """Ask for a newer certificate for this terminal's key and keep it; False where the gateway has none that is newer.

    Raises:
        NotAuthorised: revoked, or another gateway's. Refused: `certificate-ended`, too long ago.
        BadReply: not a certificate of this authority for this key; the one that is held stands.
        Unavailable, Untrusted, StorageFailed: as it was.
    """
    held = _held(enrolment)
    http = Http(enrolment.gateway_url, enrolment.ca_file, None)
    headers = {"Content-Type": "application/json"}
    body = encode_renewal(signing_request(enrolment.private_key, enrolment.device))
    try:
        answer = http.exchange("POST", RENEW_PATH, _ANSWER_BYTES, body=body, headers=headers)
    finally:
        http.close()
    if answer.status == 202:
        raise Unavailable("the gateway has not decided yet", retry_after(answer.headers), answered=True)
    if answer.status != 200:
        raise refusal(answer.status, answer.headers, answer.body)
    try:
        pem = decode_renewed(answer.body).encode()
        found = x509.load_pem_x509_certificate(pem)
    except (MalformedMessage, ValueError, x509.InvalidVersion) as error:
        raise BadReply("the renewal's answer is not a certificate") from error
    _check(found, enrolment)
    if found.not_valid_after_utc <= held.not_valid_after_utc:
        return False
    write_atomic(enrolment.state_dir / CERTIFICATE_FILE, pem, PUBLIC)
    return True


def _held(enrolment: Enrolment) -> x509.Certificate:
    raw = read_limited(enrolment.state_dir / CERTIFICATE_FILE, _ANSWER_BYTES)
    try:
        return x509.load_pem_x509_certificate(raw or b"")
    except (ValueError, x509.InvalidVersion):
        raise MalformedMessage(f"{CERTIFICATE_FILE} is not a certificate") from None


def _check(found: x509.Certificate, enrolment: Enrolment) -> None:
    """For our key, and by the authority that was pinned when this terminal joined."""
    own, certified = enrolment.private_key.public_key(), found.public_key()
    if type(certified) is not type(own) or certified != own:
        raise BadReply("the renewed certificate is not for this terminal's key")
    raw = read_limited(enrolment.state_dir / CA_FILE, _ANSWER_BYTES)
    try:
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(raw or b""))
    except (ValueError, TypeError, InvalidSignature):
        raise BadReply("the renewed certificate is another authority's") from None
