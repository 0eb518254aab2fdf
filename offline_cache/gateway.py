"""The gateway, as this terminal talks to it: HTTPS, mutual TLS, one authority, limits on everything.

HTTP statuses and problem documents become leaves of `errors`; `wire/exchange.py` does the same with what breaks below.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from offline_cache import enrolment as enrolments
from offline_cache import state
from offline_cache.catalogue import Published
from offline_cache.disk.files import PUBLIC, write_atomic
from offline_cache.enrolment import Enrolment
from offline_cache.errors import (
    AuthorityMismatch,
    BadReply,
    BadSignature,
    MalformedMessage,
    TooLarge,
    Unavailable,
)
from offline_cache.messages import (
    CBOR_TYPE,
    MAX_BATCH_BYTES,
    Ack,
    Batch,
    EnrolRequest,
    LookupRequest,
    decode_ack,
    decode_enrol_answer,
    encode_batch,
    encode_enrol_request,
    encode_lookup_request,
    json_dumps,
    json_object,
    lookup_context,
    sign1,
    verify1,
)
from offline_cache.wire.encoding import Fields
from offline_cache.wire.exchange import Answer, Http, Sending, Timeouts
from offline_cache.wire.refusal import refusal
from offline_cache.wire.verdict import MAX_VERDICT_BYTES, VerdictPage, decode_verdicts

_ANSWER_BYTES = 64 * 1024
_LOOKUP_BYTES = 2 * 1024 * 1024
_CATALOGUE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Receipt:
    """An acknowledgement, and the bytes the gateway signed."""

    ack: Ack
    signed: bytes = field(repr=False)


class GatewayClient:
    """What a terminal that has joined may ask. One per thread."""

    def __init__(self, enrolment: Enrolment, *, timeouts: Timeouts | None = None) -> None:
        self._enrolment = enrolment
        self._http = Http(enrolment.gateway_url, enrolment.ca_file, enrolment.client_certificate, timeouts)
        self._ahead: tuple[Batch, bytes] | None = None
        """A batch that was signed while the one before was under way."""

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def health(self) -> int:
        """The gateway's time in milliseconds, when it is up.

        Raises:
            Unavailable, Untrusted, NotAuthorised, BadReply.
        """
        fields = self._json("GET", "/v1/health", _ANSWER_BYTES)
        if fields.text("status", 16) != "ok":
            raise Unavailable("the gateway says that it is not ready")
        return fields.integer("time_ms")

    def push(self, batch: Batch, look_ahead: Callable[[], Batch | None] | None = None) -> Receipt:
        """Send a batch; the acknowledgement is signed by the gateway and for this terminal and epoch.

        `look_ahead` is called once while the gateway works, and may give what `push` will be asked to send next: it is
        signed meanwhile. It must not raise.

        Raises:
            SeqGap, SeqConflict, TooLarge, NotAuthorised, Refused, Unavailable, Untrusted: the gateway's word.
            BadReply: not the protocol, or a wrong signature, terminal or epoch.
        """
        held, self._ahead = self._ahead, None
        body = held[1] if held is not None and held[0] is batch else self._signed(batch)
        headers = {
            "Content-Type": CBOR_TYPE,
            "Idempotency-Key": f"{batch.epoch}-{batch.first_seq}-{batch.last_seq}-{batch.head.hex()[:16]}",
        }
        sending = body if look_ahead is None else Sending(body, lambda: self._look_ahead(look_ahead))
        answer = self._ask("POST", "/v1/entries", _ANSWER_BYTES, body=sending, headers=headers)
        try:
            ack = decode_ack(verify1(answer.body, self._enrolment.signing_key))
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(f"the acknowledgement cannot be used: {error}") from error
        if ack.terminal != batch.terminal or ack.epoch != batch.epoch:
            raise BadReply("the acknowledgement is for another terminal or epoch")
        return Receipt(ack, answer.body)

    def _signed(self, batch: Batch) -> bytes:
        payload = encode_batch(batch)
        if len(payload) > MAX_BATCH_BYTES:
            raise TooLarge(f"the batch is longer than {MAX_BATCH_BYTES} bytes")
        return sign1(payload, self._enrolment.private_key)

    def _look_ahead(self, look_ahead: Callable[[], Batch | None]) -> None:
        following = look_ahead()
        if following is not None:
            with contextlib.suppress(TooLarge):  # met again, and answered, when it is its turn
                self._ahead = following, self._signed(following)

    def nonce(self) -> str:
        """A fresh nonce for a lookup; it lives `NONCE_LIFETIME_S` and works once.

        Raises:
            NotAuthorised, Refused, Unavailable, Untrusted, BadReply.
        """
        return self._json("POST", "/v1/nonce", _ANSWER_BYTES).text("nonce", 128)

    def lookup(
        self, service: str, subjects: Sequence[str], session: str, certificate: bytes, sign: Callable[[bytes], bytes]
    ) -> dict[str, object]:
        """Fetch the subjects that the holder consented to: `{subject: {"agency", "updated", "record"}}`.

        `sign` lets the card sign the context (ECDSA P-256 over SHA-256, r|s, 64 bytes); its exceptions pass through.
        `certificate` is the card's, DER.

        Raises:
            Refused: `nonce-invalid`, `card-refused` and so on.
            NotAuthorised, Unavailable, Untrusted, BadReply.
        """
        nonce = self.nonce()
        asked = tuple(sorted(set(subjects)))
        signature = sign(lookup_context(nonce, self._enrolment.terminal, service, asked, session))
        request = LookupRequest(nonce, service, asked, session, certificate, signature)
        headers = {"Content-Type": "application/json"}
        answer = self._ask("POST", "/v1/lookups", _LOOKUP_BYTES, body=encode_lookup_request(request), headers=headers)
        try:
            found = json_object(answer.body, _LOOKUP_BYTES).get("subjects")
        except MalformedMessage as error:
            raise BadReply(f"the lookup's answer cannot be used: {error}") from error
        if not isinstance(found, dict) or not set(cast("dict[str, object]", found)) <= set(asked):
            raise BadReply("the lookup's answer holds something else than was asked")
        return cast("dict[str, object]", found)

    def prove_card(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
        """Have the issuer's security module check a version 3 card; the answer to its challenge, 16 bytes.

        Raises:
            Refused: `card-refused`.
            NotAuthorised, Unavailable, Untrusted, BadReply.
        """
        asked = {
            "card_id": card_id,
            "challenge": challenge.hex(),
            "cryptogram": cryptogram.hex(),
            "card_challenge": card_challenge.hex(),
        }
        headers = {"Content-Type": "application/json"}
        answer = self._ask("POST", "/v1/hsm", _ANSWER_BYTES, body=json_dumps(asked), headers=headers)
        try:
            fields = Fields("answer of /v1/hsm", json_object(answer.body, _ANSWER_BYTES))
            return bytes.fromhex(fields.text("proof", 32))
        except (MalformedMessage, ValueError) as error:
            raise BadReply("the security module's answer cannot be used") from error

    def catalogue(self, etag: str | None) -> tuple[str, bytes] | None:
        """The signed catalogue when it is newer than `etag`, else None. The signature has been checked.

        Raises:
            NotAuthorised, Refused, Unavailable, Untrusted, BadReply.
        """
        return self.published("catalogue", etag)

    def published(self, name: Published, etag: str | None) -> tuple[str, bytes] | None:
        """As `catalogue`, for anything that the gateway publishes signed.

        Raises:
            NotAuthorised, Refused, Unavailable, Untrusted, BadReply.
        """
        headers = {} if etag is None else {"If-None-Match": etag}
        answer = self._ask("GET", f"/v1/{name}", _CATALOGUE_BYTES, headers=headers, also=304)
        if answer.status == 304:
            return None
        try:
            json_object(verify1(answer.body, self._enrolment.signing_key), _CATALOGUE_BYTES)
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(f"the {name} cannot be used: {error}") from error
        return answer.headers.get("ETag", "")[:256], answer.body

    def verdicts(self, after: int) -> VerdictPage:
        """What offices made of this terminal's entries, behind a position. The signature has been checked.

        Raises:
            NotAuthorised, Refused, Unavailable, Untrusted, BadReply.
        """
        answer = self._ask("GET", f"/v1/verdicts?after={after}", MAX_VERDICT_BYTES + 256)
        try:
            page = decode_verdicts(verify1(answer.body, self._enrolment.signing_key))
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(f"the verdicts cannot be used: {error}") from error
        if page.terminal != self._enrolment.terminal or page.next < after:
            raise BadReply("the verdicts are another terminal's, or run backwards")
        return page

    def post_signed(self, path: str, payload: bytes, limit: int) -> bytes:
        """Send something that this terminal signs; what the gateway signed in answer. Raises as `verdicts`."""
        signed = sign1(payload, self._enrolment.private_key)
        answer = self._ask("POST", path, limit, body=signed, headers={"Content-Type": CBOR_TYPE})
        try:
            return verify1(answer.body, self._enrolment.signing_key)
        except (MalformedMessage, BadSignature) as error:
            raise BadReply(f"the answer of {path} cannot be used: {error}") from error

    def fetch(self, path: str, limit: int) -> bytes:
        """One answer as it is, of at most `limit` bytes; whoever asks checks it. Raises as `verdicts`."""
        return self._ask("GET", path, limit).body

    def ask_json(self, method: str, path: str, limit: int, body: bytes | None = None) -> dict[str, object]:
        """One answer that is a JSON object of at most `limit` bytes (`wire/public.py`). Raises as `verdicts`."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self._ask(method, path, limit, body=body, headers=headers)
        try:
            return json_object(answer.body, limit)
        except MalformedMessage as error:
            raise BadReply(f"the answer of {path} cannot be used: {error}") from error

    def _json(self, method: str, path: str, limit: int) -> Fields:
        return Fields(f"answer of {path}", self.ask_json(method, path, limit))

    def _ask(
        self,
        method: str,
        path: str,
        limit: int,
        *,
        body: bytes | Sending | None = None,
        headers: Mapping[str, str] | None = None,
        also: int = 200,
    ) -> Answer:
        answer = self._http.exchange(method, path, limit, body=body, headers=headers)
        if answer.status not in {200, also}:
            raise refusal(answer.status, answer.headers, answer.body)
        return answer

    @staticmethod
    def enrol(
        gateway_url: str,
        token: str,
        ca_hash: str,
        device: str,
        model: str,
        state_dir: Path,
    ) -> Enrolment:
        """Join a gateway: check its authority against the hash, send a key request, keep the answer, adopt its key.

        `device` is `state.device(state_dir).device`; `ca_hash` the SHA-256 of the authority's DER certificate, hex.

        Raises:
            AuthorityMismatch: another authority answers there.
            TokenInvalid: unknown, used or expired.
            EnrolmentDamaged: unsent entries belong to another gateway.
            Unavailable, Untrusted, Refused, BadReply, StorageFailed.
        """
        url = gateway_url.rstrip("/")
        authority = fetch_authority(url, ca_hash)
        private_key = Ed25519PrivateKey.generate()
        request = EnrolRequest(token, signing_request(private_key, device), device, model)
        pinned = state_dir / f".{enrolments.CA_FILE}.joining"
        write_atomic(pinned, authority, PUBLIC)
        http = Http(url, str(pinned), None)
        try:
            answer = http.exchange("POST", "/v1/enrol", _ANSWER_BYTES, body=encode_enrol_request(request),
                                   headers={"Content-Type": "application/json"})  # fmt: skip
        finally:
            http.close()
            pinned.unlink(missing_ok=True)
        if answer.status not in {200, 201}:
            raise refusal(answer.status, answer.headers, answer.body)
        try:
            joined = decode_enrol_answer(answer.body)
            enrolments.pinned_authority(joined.ca.encode(), ca_hash)
        except (MalformedMessage, AuthorityMismatch) as error:
            raise BadReply(f"the enrolment's answer cannot be used: {error}") from error
        enrolment = enrolments.save(state_dir, url, device, model, private_key, joined)
        state.adopt(state_dir, enrolment)
        return enrolment


def fetch_authority(url: str, ca_hash: str, timeouts: Timeouts | None = None) -> bytes:
    """The authority's certificate, PEM. Nothing is trusted here but the hash."""
    import urllib3

    http = Http(url, verify=False, certificate=None, timeouts=timeouts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            answer = http.exchange("GET", "/v1/ca", _ANSWER_BYTES)
    finally:
        http.close()
    if answer.status != 200:
        raise refusal(answer.status, answer.headers, answer.body)
    try:
        return enrolments.pinned_authority(answer.body, ca_hash)
    except MalformedMessage as error:
        raise BadReply(str(error)) from error


def signing_request(private_key: Ed25519PrivateKey, device: str) -> str:
    """A certificate request (PKCS 10, PEM) for this key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(private_key, None)
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")
