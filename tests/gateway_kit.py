"""What the gateway's tests share: a gateway in a folder, a caller of its ASGI app, a terminal, a card, a clock."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from offline_cache.messages import (
    Batch,
    LookupRequest,
    Row,
    encode_batch,
    encode_lookup_request,
    genesis,
    lookup_context,
    next_chain,
    seal_context,
    sign1,
)
from offline_cache.seal import Recipient, SealingKey
from offline_cache.wire.chain import uuid7
from provisioning.gateway import authority as authorities
from provisioning.gateway.serve import City, open_gateway
from provisioning.gateway.server import create_app
from provisioning.gateway.storage.open import open_store
from provisioning.gateway.web.common import Gateway
from provisioning.gateway.web.slots import SlotLimits

ASSETS = Path(__file__).resolve().parents[1] / "assets"
NOON = datetime.datetime(2026, 11, 21, 4, 0, tzinfo=datetime.UTC)
PARENT = "440199199003070021"
NEWCOMER = "440199199708300042"


class Clock:
    """The gateway's clock, turned by hand."""

    def __init__(self, now: datetime.datetime = NOON) -> None:
        self.ms = int(now.timestamp() * 1000)

    def __call__(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)

    @property
    def now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.ms / 1000, datetime.UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return str(self.json["type"]).rsplit("/", 1)[1]


class GatewayKit:
    """A whole gateway without a socket."""

    def __init__(
        self,
        folder: Path,
        services: Path = ASSETS / "services",
        database: str = "",
        limits: SlotLimits | None = None,
        city: City | None = None,
    ) -> None:
        self.clock = Clock()
        self.folder = folder
        self.authority = authorities.create(folder, (), self.clock.now)
        self.store = open_store(folder, database)
        self.log: list[tuple[str, Mapping[str, object]]] = []
        self.gateway: Gateway = open_gateway(
            self.authority,
            self.store,
            services,
            city or City(ASSETS / "city", people=300, seed=7),
            self.clock,
            lambda event, facts: self.log.append((event, dict(facts))),
            limits,
        )
        self.app = create_app(self.gateway)

    def invite(self, token: str = "token", minutes: int = 15) -> str:
        digest = hashlib.sha256(token.encode()).digest()
        site = {"place.zh-Hans": "试验室", "place.en": "Laboratory"}
        self.store.add_invite(digest, site, self.clock.ms + minutes * 60_000)
        return token

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        certificate: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return asyncio.run(self.call_soon(method, path, body, certificate=certificate, headers=headers))

    async def call_soon(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        certificate: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request through the ASGI interface, the body in pieces of 64 KB as a server delivers it."""
        path, _, query = path.partition("?")
        state = {} if certificate is None else {"client_certificate": certificate}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": state,
        }
        pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
        sent: list[dict[str, Any]] = []
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not pieces:
                await gone.wait()
                return {"type": "http.disconnect"}
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(dict(message))

        await self.app(scope, receive, send)
        gone.set()
        start = next(item for item in sent if item["type"] == "http.response.start")
        content = b"".join(item.get("body", b"") for item in sent if item["type"] == "http.response.body")
        return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, content)

    def enrol(self, device: str | None = None, token: str | None = None) -> Terminal:
        terminal = Terminal(self, device or str(uuid.uuid4()))
        answer = terminal.join(token or self.invite(f"token-{uuid.uuid4()}"))
        assert answer.status == 200, answer.body
        return terminal


@dataclass
class Terminal:
    """A terminal with its key, and an outbox of one epoch in memory."""

    kit: GatewayKit
    device: str
    name: str = ""
    certificate: bytes = b""
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    rows: list[Row] = field(default_factory=list)
    sealing: SealingKey | None = None

    def request(self, token: str, **changes: object) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.device)])
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, None)
        pem = csr.public_bytes(serialization.Encoding.PEM).decode()
        return json.dumps({"token": token, "csr": pem, "device": self.device, "model": "bench", **changes}).encode()

    def join(self, token: str) -> Answer:
        answer = self.kit.call("POST", "/v1/enrol", self.request(token))
        if answer.status == 200:
            self.name = answer.json["terminal"]
            pem = answer.json["certificate"].encode()
            self.certificate = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
        return answer

    def record(self, *documents: Mapping[str, object]) -> None:
        authority = self.kit.authority
        if self.sealing is None:
            public = authority.sealing_key.public_key().public_bytes_raw()
            self.sealing = SealingKey(Recipient(authority.sealing_key_id, public))
        for document in documents:
            seq = len(self.rows) + 1
            number = uuid7(1_700_000_000_000)
            body = self.sealing.seal(document, seal_context(self.device, self.epoch, seq, number))
            row = Row(seq, number, 1_700_000_000_000, "boot", seq, self.sealing.key_id, body, b"")
            self.rows.append(row._replace(chain=next_chain(self.chain_at(seq - 1), row)))

    def chain_at(self, seq: int) -> bytes:
        return self.rows[seq - 1].chain if seq else genesis(self.device, self.epoch)

    def batch(self, first: int, last: int) -> Batch:
        assert self.sealing is not None
        rows = tuple(self.rows[first - 1 : last])
        return Batch(self.name, self.device, self.epoch, first, self.chain_at(first - 1), (self.sealing.wrapped,), rows)

    def push(self, batch: Batch, key: Ed25519PrivateKey | None = None) -> Answer:
        return self.post("/v1/entries", sign1(encode_batch(batch), key or self.key))

    def post(self, path: str, body: bytes = b"") -> Answer:
        return self.kit.call("POST", path, body, certificate=self.certificate)

    def nonce(self) -> str:
        answer = self.post("/v1/nonce")
        assert answer.json["expires_s"] == 120
        return str(answer.json["nonce"])


class CardOffice:
    """A card authority of the tests."""

    def __init__(self, now: datetime.datetime = NOON, days: int = 3650) -> None:
        self.now = now
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test card office")])
        builder = self._builder(self.name, self.key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - datetime.timedelta(days=30))
            .not_valid_after(self.now + datetime.timedelta(days=days))
        )

    def trust(self, folder: Path, file: str = "office.pem") -> None:
        path = folder / "card-cas" / file
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, id_number: str | None, *, days: int = 365, curve: ec.EllipticCurve | None = None) -> Card:
        key = ec.generate_private_key(curve or ec.SECP256R1())
        names = [x509.NameAttribute(NameOID.COMMON_NAME, "Holder")]
        if id_number is not None:
            names.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, id_number))
        builder = self._builder(x509.Name(names), key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        certificate = builder.sign(self.key, hashes.SHA256())
        return Card(key, certificate.public_bytes(serialization.Encoding.DER))


@dataclass(frozen=True)
class Card:
    """A card in the slot."""

    key: ec.EllipticCurvePrivateKey
    certificate: bytes

    def ask(
        self, terminal: str, nonce: str, service: str, subjects: Sequence[str], session: str = "s-1"
    ) -> LookupRequest:
        subjects = tuple(sorted(subjects))
        context = lookup_context(nonce, terminal, service, subjects, session)
        r, s = decode_dss_signature(self.key.sign(context, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(48)[-32:] + s.to_bytes(48)[-32:]
        return LookupRequest(nonce, service, subjects, session, self.certificate, signature)

    def lookup(self, terminal: Terminal, service: str, *subjects: str) -> Answer:
        asked = self.ask(terminal.name, terminal.nonce(), service, subjects)
        return terminal.post("/v1/lookups", encode_lookup_request(asked))
