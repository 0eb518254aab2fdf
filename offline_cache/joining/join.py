"""A terminal that joins by its screen: makes its key, shows a code, asks the gateway until a technician has decided.

Everything that takes time is kept first (STATE/joining.json, `joining.key`), so that after a pulled plug the same key
and, while it is good, the same code go on. Nothing is believed of the gateway before its authority has the hash that
came with the site's data; the clock of an unbelieved answer is only used to say why TLS was refused.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache import enrolment as enrolments
from offline_cache import state
from offline_cache.disk.clock import OutboxClock, SystemClock
from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.enrolment import Enrolment
from offline_cache.errors import (
    AuthorityMismatch,
    BadReply,
    MalformedMessage,
    NotAuthorised,
    Refused,
    Unavailable,
    Untrusted,
)
from offline_cache.gateway import fetch_authority, signing_request
from offline_cache.joining.line import CLOCK_OFF_MS, unbelieved_offset_ms
from offline_cache.messages import decode_enrol_answer, json_dumps, json_object
from offline_cache.wire.encoding import Fields
from offline_cache.wire.exchange import Http, Timeouts
from offline_cache.wire.fleet.joining import LIFE_S, PATH, JoinRequest, Offer, encode_join, fingerprint, offer
from offline_cache.wire.refusal import refusal, retry_after

JOINING_FILE, KEY_FILE = "joining.json", "joining.key"
AGAIN_S = 3.0
_ANSWER_BYTES = 64 * 1024
_NEW_CODE = frozenset(["token-expired", "token-used", "token-cancelled", "not-authorised"])

JoinState = Literal["waiting", "joined", "new-code", "no-network", "wrong-authority", "clock-wrong", "refused"]


@dataclass(frozen=True)
class Progress:
    """Where the enrolment stands after a step; from every state the next `step` goes on."""

    state: JoinState
    code: str = ""
    """The code of what is in the way."""
    wait_s: float = AGAIN_S
    clock_off_s: int = 0
    """The terminal's clock less the gateway's; only with `clock-wrong`."""
    enrolment: Enrolment | None = None


WORDS: dict[str, tuple[str, str]] = {
    "waiting": ("Waiting for a technician's phone.", "Scan the code; compare the six characters; pick the site."),
    "new-code": ("This code is no longer good: expired, used or taken back.", "Scan the new code on this screen."),
    "no-network": ("The gateway does not answer.", "Look at the network cable; this goes on by itself."),
    "wrong-authority": (
        "Whoever answers is not the gateway of the site's data. Nothing was sent.",
        "Check the CA hash in the site's data with the operator; then start this step again.",
    ),
    "clock-wrong": ("This machine's clock is off by {s} s.", "Set the clock (time service or setup); this goes on."),
    "refused": ("The gateway refused: {code}.", "Read that code to the operator; start this step again."),
    "joined": ("This terminal has joined.", "Nothing to do."),
}
"""State -> what happened, and the one next step."""


def words(progress: Progress) -> tuple[str, str]:
    """What happened and the next step, for a technician, English."""
    said, following = WORDS[progress.state]
    return said.format(s=progress.clock_off_s, code=progress.code), following


class Joining:
    """One enrolment by screen. One thread.

    `ca_hash` (SHA-256, hexadecimal) and the gateway's address come with the site's data. Raises `StorageFailed`,
    `StorageDamaged`, `MalformedMessage` (model or serial has another form).
    """

    def __init__(  # everything outside is handed in
        self,
        state_dir: Path,
        gateway_url: str,
        ca_hash: str,
        model: str,
        serial: str,
        *,
        clock: OutboxClock | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._state_dir = state_dir
        self._url = gateway_url.rstrip("/")
        self._ca_hash = ca_hash
        self._clock = clock or SystemClock()
        self._timeouts = timeouts
        self._device = state.device(state_dir).device
        self._key = own_key(state_dir)
        mark = fingerprint(self._key.public_key())
        kept = self._kept()
        fresh = kept is not None and 0 <= self._clock.now_ms() - kept[1] < LIFE_S * 1000
        self.offer = offer(model, serial, mark, kept[0] if kept is not None and fresh else secrets.token_hex(16))
        self._made_ms = kept[1] if kept is not None and fresh else self._clock.now_ms()
        self._keep()

    @property
    def address(self) -> str:
        """The text of the QR code."""
        return self.offer.address(self._url)

    @property
    def left_s(self) -> int:
        """How long the code on the screen is still good."""
        return max(0, LIFE_S - (self._clock.now_ms() - self._made_ms) // 1000)

    def step(self) -> Progress:
        """Ask once. Never raises for what the gateway or the network does.

        Raises:
            StorageFailed, StorageDamaged, EnrolmentDamaged: this disk; unsent entries belong to another gateway.
        """
        if self.left_s == 0:
            return self._new_code("token-expired")
        try:
            return self._ask()
        except AuthorityMismatch as error:
            return Progress("wrong-authority", error.code, 10.0)
        except Untrusted as error:
            off_ms = unbelieved_offset_ms(self._url, self._clock.now_ms, self._timeouts)
            if off_ms is not None and abs(off_ms) > CLOCK_OFF_MS:
                return Progress("clock-wrong", "clock-wrong", 10.0, off_ms // 1000)
            return Progress("wrong-authority", error.code, 10.0)
        except Unavailable as error:
            return Progress("no-network", error.code, max(AGAIN_S, min(error.retry_after_s or 0.0, 60.0)))
        except (Refused, NotAuthorised, BadReply, MalformedMessage) as error:
            code = error.problem if isinstance(error, Refused) else error.code
            return self._new_code(code) if code in _NEW_CODE else Progress("refused", code, 10.0)

    def _ask(self) -> Progress:
        pinned = self._state_dir / f".{enrolments.CA_FILE}.joining"
        write_atomic(pinned, fetch_authority(self._url, self._ca_hash, self._timeouts), PUBLIC)
        http = Http(self._url, str(pinned), None, self._timeouts)
        csr = signing_request(self._key, self._device)
        asked = JoinRequest(csr, self._device, self.offer.model, self.offer.serial, self.offer.nonce)
        headers = {"Content-Type": "application/json"}
        try:
            answer = http.exchange("POST", PATH, _ANSWER_BYTES, body=encode_join(asked), headers=headers)
        finally:
            http.close()
            pinned.unlink(missing_ok=True)
        if answer.status == 202:
            return Progress("waiting", wait_s=min(retry_after(answer.headers) or AGAIN_S, 60.0))
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.body)
        joined = decode_enrol_answer(answer.body)
        enrolments.pinned_authority(joined.ca.encode(), self._ca_hash)
        kept = enrolments.save(self._state_dir, self._url, self._device, self.offer.model, self._key, joined)
        state.adopt(self._state_dir, kept)
        for name in (JOINING_FILE, KEY_FILE):
            (self._state_dir / name).unlink(missing_ok=True)
        return Progress("joined", enrolment=kept)

    def _new_code(self, why: str) -> Progress:
        """The same key, another nonce: another code on the screen."""
        self.offer = Offer(self.offer.model, self.offer.serial, self.offer.fingerprint, secrets.token_hex(16))
        self._made_ms = self._clock.now_ms()
        self._keep()
        return Progress("new-code", why, 0.0)

    def _kept(self) -> tuple[str, int] | None:
        """The nonce that was shown last for this gateway, and since when."""
        raw = read_limited(self._state_dir / JOINING_FILE, _ANSWER_BYTES)
        if raw is None:
            return None
        try:
            fields = Fields(JOINING_FILE, json_object(raw))
            if fields.text("gateway_url", 512) != self._url or fields.text("ca_hash", 128) != self._ca_hash:
                return None
            return fields.text("nonce", 32), fields.integer("made_ms")
        except MalformedMessage:
            return None

    def _keep(self) -> None:
        kept = {
            "gateway_url": self._url,
            "ca_hash": self._ca_hash,
            "nonce": self.offer.nonce,
            "made_ms": self._made_ms,
        }
        write_atomic(self._state_dir / JOINING_FILE, json_dumps(kept))


def own_key(state_dir: Path) -> Ed25519PrivateKey:
    """The key that this terminal will have, kept before anybody sees its fingerprint. Raises `StorageFailed`."""
    raw = read_limited(state_dir / KEY_FILE, _ANSWER_BYTES)
    if raw is not None:
        with contextlib.suppress(ValueError, TypeError):  # a file that was damaged: another key, another code
            found = serialization.load_pem_private_key(raw, password=None)
            if isinstance(found, Ed25519PrivateKey):
                return found
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomic(state_dir / KEY_FILE, pem)
    return made


def follow(joining: Joining, wait: Callable[[float], None], show: Callable[[Progress], None]) -> Enrolment:
    """Step until this terminal has joined; `show` hears of each step. Raises as `Joining.step`."""
    while True:
        progress = joining.step()
        show(progress)
        if progress.enrolment is not None:
            return progress.enrolment
        wait(progress.wait_s)
