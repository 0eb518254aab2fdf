"""The gateway as a process: real TLS, real certificates, the command line beside it."""

from __future__ import annotations

import atexit
import datetime
import hashlib
import json
import selectors
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from offline_cache.messages import decode_ack, encode_batch, encode_lookup_request, sign1, verify1
from provisioning.gateway import authority
from tests.gateway_kit import PARENT, CardOffice, Terminal

pytestmark = pytest.mark.system

READY_S = 60
KIOSK = (sys.executable, "-m", "kiosk")


def kiosk(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([*KIOSK, *arguments], capture_output=True, text=True, timeout=READY_S, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """Start `kiosk gateway serve` and wait for its one line."""
    process = subprocess.Popen(
        [*KIOSK, "gateway", "serve", "--dir", str(folder), "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.kill)  # a test that failed leaves no server behind; after its end this does nothing
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        assert waiting.select(READY_S), "no ready line"
    line = process.stdout.readline()
    assert line.startswith("ready https://127.0.0.1:"), line
    return process, line.split()[1]


def stop(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(number)
    code = process.wait(READY_S)
    assert process.stdout is not None
    process.stdout.close()
    return code


@dataclass
class Running:
    folder: Path
    url: str
    ca_hash: str

    def invite(self) -> str:
        answer = json.loads(kiosk("gateway", "invite", "--dir", str(self.folder), "--json"))
        assert answer["ca_hash"] == self.ca_hash
        expires = datetime.datetime.fromisoformat(answer["expires_at"])
        left = expires - datetime.datetime.now(datetime.UTC)
        assert datetime.timedelta(minutes=14) < left <= datetime.timedelta(minutes=15)
        return str(answer["token"])

    def session(self, terminal: Joined | None = None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.folder / "ca.pem")
        if terminal is not None:
            session.cert = (str(terminal.certificate), str(terminal.key))
        return session

    def entries(self) -> list[dict[str, Any]]:
        text = kiosk("gateway", "entries", "--dir", str(self.folder), "--json")
        return [json.loads(line) for line in text.splitlines()]


@dataclass
class Joined:
    """A terminal that joined over the wire: files for TLS, and an outbox in memory."""

    outbox: Terminal
    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("served") / "gateway"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    process, url = start(folder)
    yield Running(folder, url, ca_hash)
    assert stop(process) == 0


@pytest.fixture(scope="module")
def terminal(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Joined:
    return join(running, tmp_path_factory.mktemp("terminal"), running.invite())


def join(running: Running, folder: Path, token: str) -> Joined:
    keys = authority.load(running.folder)
    outbox = Terminal(_Keys(keys), str(datetime.datetime.now(datetime.UTC).timestamp()))  # type: ignore[arg-type]
    outbox.device = hashlib.sha256(str(folder).encode()).hexdigest()[:32]
    outbox.device = "-".join(outbox.device[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    with running.session() as session:
        answer = session.post(f"{running.url}/v1/enrol", data=outbox.request(token), timeout=READY_S)
    assert answer.status_code == 200, answer.text
    outbox.name = answer.json()["terminal"]
    joined = Joined(outbox, folder / "terminal.pem", folder / "terminal.key")
    joined.certificate.write_text(answer.json()["certificate"])
    joined.key.write_bytes(
        outbox.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return joined


@dataclass
class _Keys:
    """The one thing of a kit that an outbox needs: whom to seal for."""

    authority: authority.Authority


def problem(answer: requests.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def test_the_hash_is_that_of_the_certificate_anyone_can_fetch(running: Running) -> None:
    with running.session() as session:
        pem = session.get(f"{running.url}/v1/ca", timeout=READY_S).content
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    assert hashlib.sha256(der).hexdigest() == running.ca_hash


def test_a_terminal_joins_once_with_its_token(running: Running, tmp_path: Path) -> None:
    token = running.invite()
    join(running, tmp_path, token)
    with running.session() as session:
        body = Terminal(None, "00000000-0000-4000-8000-000000000001").request(token)  # type: ignore[arg-type]
        again = session.post(f"{running.url}/v1/enrol", data=body, timeout=READY_S)
    assert (again.status_code, problem(again)) == (403, "token-invalid")


def test_entries_travel_over_one_connection_and_come_out_unsealed(running: Running, terminal: Joined) -> None:
    outbox = terminal.outbox
    outbox.record({"service": "household-proof", "use": "school"}, {"rating": 5})
    body = sign1(encode_batch(outbox.batch(1, 2)), outbox.key)
    with running.session(terminal) as session:
        for _ in range(2):
            answer = session.post(f"{running.url}/v1/entries", data=body, timeout=READY_S)
            assert answer.status_code == 200, answer.text
            signing = authority.load(running.folder).signing_key.public_key()
            assert decode_ack(verify1(answer.content, signing)).acked_through == 2
        gap = session.post(f"{running.url}/v1/entries", data=b"\0" * 400_000, timeout=READY_S)
        assert (gap.status_code, problem(gap)) == (413, "too-large")
    lines = [line for line in running.entries() if line["terminal"] == outbox.name]
    assert [(line["epoch"], line["seq"], line["id"]) for line in lines] == [
        (outbox.epoch, 1, outbox.rows[0].id),
        (outbox.epoch, 2, outbox.rows[1].id),
    ]
    assert [line["document"] for line in lines] == [{"service": "household-proof", "use": "school"}, {"rating": 5}]
    token = (running.folder / "operator.token").read_text()
    with running.session() as session:
        bearer = {"Authorization": f"Bearer {token}"}
        text = session.get(f"{running.url}/v1/entries?after=0", headers=bearer, timeout=READY_S).text
    assert [line for line in map(json.loads, text.splitlines()) if line["terminal"] == outbox.name] == lines


def test_no_client_certificate(running: Running, terminal: Joined) -> None:
    with running.session() as session:
        for path in ("/v1/entries", "/v1/nonce", "/v1/lookups"):
            answer = session.post(running.url + path, data=b"", timeout=READY_S)
            assert (answer.status_code, problem(answer)) == (401, "unknown-terminal")
        assert session.get(f"{running.url}/v1/catalogue", timeout=READY_S).status_code == 401


def test_a_certificate_of_another_authority_does_not_get_through_the_handshake(
    running: Running, terminal: Joined, tmp_path: Path
) -> None:
    foreign = authority.create(tmp_path / "foreign", (), datetime.datetime.now(datetime.UTC))
    csr = json.loads(terminal.outbox.request("x"))["csr"]
    issued = foreign.certify(csr, terminal.outbox.name, datetime.datetime.now(datetime.UTC))
    (tmp_path / "foreign.pem").write_text(issued.pem)
    stranger = running.session(Joined(terminal.outbox, tmp_path / "foreign.pem", terminal.key))
    with stranger, pytest.raises((requests.exceptions.SSLError, requests.exceptions.ConnectionError)):
        stranger.post(f"{running.url}/v1/nonce", timeout=READY_S)
    with running.session(terminal) as session:
        assert session.post(f"{running.url}/v1/nonce", timeout=READY_S).status_code == 200


def test_a_certificate_of_this_authority_that_the_database_does_not_know(
    running: Running, terminal: Joined, tmp_path: Path
) -> None:
    csr = json.loads(terminal.outbox.request("x"))["csr"]
    issued = authority.load(running.folder).certify(csr, "T0001", datetime.datetime.now(datetime.UTC))
    (tmp_path / "own.pem").write_text(issued.pem)
    with running.session(Joined(terminal.outbox, tmp_path / "own.pem", terminal.key)) as session:
        answer = session.post(f"{running.url}/v1/nonce", timeout=READY_S)
    assert (answer.status_code, problem(answer)) == (401, "unknown-terminal")


def test_a_lookup_over_the_wire(running: Running, terminal: Joined) -> None:
    office = CardOffice(datetime.datetime.now(datetime.UTC))
    office.trust(running.folder)
    card = office.issue(PARENT)
    with running.session(terminal) as session:
        nonce = session.post(f"{running.url}/v1/nonce", timeout=READY_S).json()["nonce"]
        asked = encode_lookup_request(card.ask(terminal.outbox.name, nonce, "household-proof", ["pop.person"]))
        answer = session.post(f"{running.url}/v1/lookups", data=asked, timeout=READY_S)
        assert answer.json()["subjects"]["pop.person"]["record"]["rid"] == PARENT
        again = session.post(f"{running.url}/v1/lookups", data=asked, timeout=READY_S)
    assert problem(again) == "nonce-invalid"
    kept = (running.folder / "gateway.log").read_text("utf-8")
    assert PARENT not in kept
    assert "gateway.lookup" in kept


def test_plain_http_and_old_tls_get_nothing(running: Running) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(running.url.replace("https", "http"), timeout=READY_S)
    with connected(running, ssl.TLSVersion.TLSv1_2) as secure:
        assert secure.version() == "TLSv1.2"
    with (
        pytest.warns(DeprecationWarning, match="TLSv1_1"),
        pytest.raises((ssl.SSLError, ConnectionError), match=r"^(?!.*NO_PROTOCOLS_AVAILABLE)"),
        connected(running, ssl.TLSVersion.TLSv1_1),
    ):
        pass


def connected(running: Running, newest: ssl.TLSVersion) -> ssl.SSLSocket:
    """As a client that knows nothing newer, and whatever is older."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(running.folder / "ca.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = newest
    address = urlsplit(running.url)
    plain = socket.create_connection((address.hostname, address.port), timeout=READY_S)
    return context.wrap_socket(plain, server_hostname=address.hostname)


def test_shot_in_the_middle_it_keeps_what_it_acknowledged(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    kiosk("gateway", "init", str(folder))
    process, url = start(folder)
    place = Running(folder, url, authority.load(folder).ca_hash)
    terminal = join(place, tmp_path, place.invite())
    terminal.outbox.record(*({"number": number} for number in range(1, 31)))
    acked = 0
    with place.session(terminal) as session:
        for first in range(1, 21):
            body = sign1(encode_batch(terminal.outbox.batch(first, first)), terminal.outbox.key)
            assert session.post(f"{url}/v1/entries", data=body, timeout=READY_S).status_code == 200
            acked = first
        process.kill()
        process.wait(READY_S)
        assert process.stdout is not None
        process.stdout.close()
    assert [line["document"]["number"] for line in place.entries()] == list(range(1, acked + 1))
    process, url = start(folder)
    with place.session(terminal) as session:
        body = sign1(encode_batch(terminal.outbox.batch(15, 30)), terminal.outbox.key)
        assert session.post(f"{url}/v1/entries", data=body, timeout=READY_S).status_code == 200
    assert [line["document"]["number"] for line in place.entries()] == list(range(1, 31))
    assert stop(process, signal.SIGINT) == 0


def test_what_cannot_be_served_is_said_with_its_code(running: Running, tmp_path: Path) -> None:
    directory = str(running.folder)
    said = kiosk("gateway", "serve", "--dir", directory, "--database", "mysql://u:secret@h/d", code=1)
    assert "[database-unsupported]" in said
    assert "secret" not in said
    port = running.url.rsplit(":", 1)[1]
    assert "[port-busy]" in kiosk("gateway", "serve", "--dir", directory, "--port", port, code=1)
    assert "[gateway-not-initialised]" in kiosk("gateway", "serve", "--dir", str(tmp_path), code=1)
    assert "[gateway-not-initialised]" in kiosk("gateway", "invite", "--dir", str(tmp_path / "none"), code=1)
    assert not (tmp_path / "none").exists()
    shutil.copytree(running.folder, tmp_path / "copy")
    (tmp_path / "copy" / "signing.key").unlink()
    assert "signing.key" in kiosk("gateway", "entries", "--dir", str(tmp_path / "copy"), code=1)


def test_a_slow_client_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    kiosk("gateway", "init", str(folder))
    process, url = start(folder)
    with Running(folder, url, "").session() as session:
        session.get(f"{url}/v1/health", timeout=READY_S)  # the connection stays open, as a terminal's does
        before = time.monotonic()
        assert stop(process) == 0
        assert time.monotonic() - before < 20
    assert oct((folder / "gateway.db").stat().st_mode)[-3:] == "600"
