"""A small HTTPS server with its own authority, for the client's tests: real sockets, real TLS, a model behind them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import http.server
import ipaddress
import json
import secrets
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from offline_cache import state
from offline_cache.enrolment import Enrolment
from offline_cache.gateway import GatewayClient, Timeouts
from tests.outbox_gateway import ModelGateway, Refusal, cose_sign

Handler = http.server.BaseHTTPRequestHandler
QUICK = Timeouts(connect_s=5, silence_s=0.3, whole_s=0.6)
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
END = START + datetime.timedelta(days=9000)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class TestAuthority:
    """Signs the server's and the terminals' certificates."""

    __test__ = False

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            self._builder("test authority", self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)
        self.hash = hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()

    @staticmethod
    def _builder(name: str, public_key: object) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("test authority"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(END)
        )

    def server_files(self, folder: Path) -> tuple[Path, Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            self._builder("localhost", key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True)
        paths = folder / "server.crt", folder / "server.key", folder / "ca.crt"
        pem = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        for path, content in zip(paths, (certificate.public_bytes(Encoding.PEM), pem, self.pem), strict=True):
            path.write_bytes(content)
        return paths

    def sign_request(self, pem: str, terminal: str) -> str:
        request = x509.load_pem_x509_csr(pem.encode())
        assert request.is_signature_valid
        certificate = self._builder(terminal, request.public_key()).sign(self.key, hashes.SHA256())
        return certificate.public_bytes(Encoding.PEM).decode()


class _Server(http.server.ThreadingHTTPServer):
    """Clients that leave in the middle are what the tests are about: nothing is printed for them."""

    def handle_error(self, request: object, client_address: object) -> None:
        self.last_error = sys.exc_info()[1]


class TlsGateway:
    """Serves the model over HTTPS on a free port. `override` may answer any request instead."""

    def __init__(self, folder: Path, model: ModelGateway | None = None) -> None:
        self.authority = TestAuthority()
        self.model = model or ModelGateway()
        self.tokens = {"good-token"}
        self.terminals = 0
        self.override: Callable[[Handler], bool] | None = None
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.catalogue = {"version": "1", "services": []}
        self.subjects: dict[str, object] = {"residence": {"agency": "police", "updated": "2026-01-01", "record": {}}}
        certificate, key, ca = self.authority.server_files(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> TlsGateway:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    # --- the routes ------------------------------------------------------------------------------------------------

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes, peer: object
    ) -> tuple[int, str, bytes]:
        if path == "/v1/ca":
            return 200, "", self.authority.pem
        if path == "/v1/enrol":
            return 200, "", self._enrol(json.loads(body))
        if path == "/v1/health":
            return 200, "", b'{"status":"ok","time_ms":1700000000000}'
        if not peer:
            raise Refusal(401, "unknown-terminal")
        if path == "/v1/entries":
            return 200, "", self.model.accept(body)
        if path == "/v1/nonce":
            return 200, "", b'{"nonce":"nonce-1","expires_s":120}'
        if path == "/v1/lookups":
            return 200, "", json.dumps({"subjects": self.subjects}).encode()
        if path == "/v1/catalogue":
            content = json.dumps(self.catalogue).encode()
            etag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
            if headers.get("If-None-Match") == etag:
                return 304, etag, b""
            return 200, etag, cose_sign(content, self.model.signing_key)
        raise Refusal(404, "not-found")

    def _enrol(self, request: dict[str, str]) -> bytes:
        if request["token"] not in self.tokens:
            raise Refusal(403, "token-invalid")
        self.tokens.discard(request["token"])
        self.terminals += 1
        terminal = f"T{self.terminals:04d}"
        key = x509.load_pem_x509_csr(request["csr"].encode()).public_key()
        assert isinstance(key, Ed25519PublicKey)
        self.model.terminal_key = key
        answer = {
            "terminal": terminal,
            "certificate": self.authority.sign_request(request["csr"], terminal),
            "ca": self.authority.pem.decode(),
            "sealing_key_id": self.model.sealing_key_id,
            "sealing_key": _b64(self.model.sealing_public),
            "signing_key": _b64(self.model.signing_public),
            "site": {"name.en": "Test hall"},
        }
        return json.dumps(answer).encode()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(gateway: TlsGateway) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def setup(self) -> None:
            gateway.connections += 1
            self.marker = secrets.token_hex(2)
            super().setup()

        def log_message(self, *_: object) -> None:
            """Silent: the tests read `seen`."""

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            gateway.seen.append((self.command, self.path, dict(self.headers)))
            gateway.bodies.append(body)
            if gateway.override is not None and gateway.override(self):
                return
            kind = "application/json"
            try:
                peer = self.connection.getpeercert()
                status, etag, answer = gateway.answer(self.command, self.path, dict(self.headers), body, peer)
            except Refusal as refused:
                status, etag, answer, kind = refused.status, "", refused.body(), "application/problem+json"
            send(self, status, answer, {"Content-Type": kind, **({"ETag": etag} if etag else {})})

    return Handler


def send(
    handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    """One complete answer."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def answering(status: int, body: bytes, headers: dict[str, str] | None = None) -> Callable[[Handler], bool]:
    def act(handler: Handler) -> bool:
        send(handler, status, body, headers)
        return True

    return act


def ask_to_join(url: str, ca_hash: str, folder: Path, token: str = "good-token") -> Enrolment:
    return GatewayClient.enrol(url, token, ca_hash, state.device(folder).device, "test", folder)


def join(gateway: TlsGateway, folder: Path) -> Enrolment:
    gateway.tokens.add("good-token")
    return ask_to_join(gateway.url, gateway.authority.hash, folder)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[TlsGateway]:
    with TlsGateway(tmp_path / "gateway") as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"
