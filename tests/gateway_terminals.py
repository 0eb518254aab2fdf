"""Real terminals for the gateway's system tests: a state folder with a real outbox, sent by `kiosk sync once`.

And a cable between them and the gateway that can be cut, delayed, doubled or tapped: an HTTPS proxy with faults.
"""

from __future__ import annotations

import http.client
import http.server
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from offline_cache import state
from offline_cache.gateway import GatewayClient

ASK_S = 30


@dataclass
class RealTerminal:
    """A state folder on this disk."""

    folder: Path
    recorded: list[int] = field(default_factory=list)

    @classmethod
    def enrol(cls, folder: Path, url: str, token: str, ca_hash: str) -> RealTerminal:
        GatewayClient.enrol(url, token, ca_hash, state.device(folder).device, "test", folder)
        return cls(folder)

    def record(self, *numbers: int, filler: str = "") -> None:
        """Record one document for each number, durably."""
        with state.open_writer(self.folder) as outbox:
            for number in numbers:
                outbox.append(lambda _seq, _id, number=number: {"n": number, "filler": filler})
                self.recorded.append(number)

    def sync(self) -> dict[str, object]:
        """One run of `kiosk sync once`; returns its figures, with `error` where something stayed behind."""
        command = (sys.executable, "-m", "kiosk", "sync", "once", "--state", str(self.folder), "--json")
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return dict(json.loads(done.stdout))

    def point_to(self, url: str) -> None:
        """Another address of the same gateway."""
        path = self.folder / "enrolment.json"
        record = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**record, "gateway_url": url}), "utf-8")

    def clone(self, folder: Path) -> RealTerminal:
        """Copy the disk, keys and certificate too."""
        shutil.copytree(self.folder, folder)
        return RealTerminal(folder, list(self.recorded))


class FaultyCable:
    """Ends the terminal's TLS with the gateway's own certificate, and goes on to the gateway with the terminal's.

    `faults` are used up by `POST /v1/entries`, one each; everything else passes.
    """

    def __init__(self, gateway: Path, url: str, terminal: Path) -> None:
        self.faults: deque[str] = deque()
        self.forwarded = 0
        self.kept: list[bytes] = []
        self.answers: list[bytes] = []
        split = urlsplit(url)
        self._address = (split.hostname or "", split.port or 0)
        self._client = ssl.create_default_context(cafile=str(gateway / "ca.pem"))
        self._client.load_cert_chain(*_certificate(terminal))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(gateway / "server.pem", gateway / "server.key")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cable": self}))
        self._server.daemon_threads = True
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPSConnection(*self._address, context=self._client, timeout=ASK_S)
        headers = {name: value for name, value in headers.items() if name.lower() not in {"host", "content-length"}}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self.forwarded += 1
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def forward_half(self, path: str, body: bytes) -> None:
        """The line breaks in the middle of the request's body."""
        connection = http.client.HTTPSConnection(*self._address, context=self._client, timeout=ASK_S)
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        connection.send(body[: len(body) // 2])
        connection.close()


def _certificate(terminal: Path) -> tuple[str, str]:
    from offline_cache import enrolment

    return enrolment.load(terminal).client_certificate


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection of the terminal."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    cable: FaultyCable

    def setup(self) -> None:
        self.request = self.cable.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._pass_on("pass", b"")

    def do_POST(self) -> None:
        cable = self.cable
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fault = cable.faults.popleft() if self.path == "/v1/entries" and cable.faults else "pass"
        if fault == "busy":
            self._answer(503, {"Retry-After": "1"}, b"")
        elif fault in {"drop", "cut-request", "hold-back"}:
            if fault == "cut-request":
                cable.forward_half(self.path, body)
            if fault == "hold-back":  # this one arrives after the next
                cable.kept.append(body)
            self._hang_up()
        else:
            self._pass_on(fault, body)

    def _pass_on(self, fault: str, body: bytes) -> None:
        cable, asked = self.cable, (self.command, self.path, dict(self.headers.items()))
        status, given, content = cable.forward(*asked, body)
        if fault == "duplicate":
            status, given, content = cable.forward(*asked, body)
        while fault == "then-the-old-one" and cable.kept:
            cable.forward(*asked, cable.kept.pop())
        if fault == "drop-answer":
            return self._hang_up()
        if fault == "delay":
            threading.Event().wait(1.0)
        changed = {"old-answer": cable.answers[:1], "garbage": [b"\xff" * len(content)]}.get(fault, [content])
        cable.answers.append(content)
        return self._answer(status, given, changed[0], cut=fault == "cut-answer")

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "date", "server", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()
