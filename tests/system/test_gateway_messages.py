"""A gateway as it runs: a receipt that was asked for by e-mail reaches a mail server; a text message is visible."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

from offline_cache.messages import encode_batch, json_object, sign1
from provisioning.gateway import authority
from tests.system.test_gateway_serve import Running, join, kiosk, start, stop

pytestmark = [pytest.mark.system, pytest.mark.nightly]

PATIENCE_S = 30
NOTICE: dict[str, object] = {
    "kind": "notice", "number": "T0001-000001", "case": "T0001-000001", "way": "email", "to": "xian@example.com",
    "text_id": "receipt", "language": "zh-Hans", "service": "marriage", "time": "2026-11-22T10:00:00+08:00",
}  # fmt: skip


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port, and the folder of the mailbox behind it."""
    loop, folder = asyncio.new_event_loop(), tmp_path / "mail"
    handler = Mailbox(str(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    loop.run_until_complete(loop.create_server(lambda: SMTP(handler), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield listener.getsockname()[1], folder
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE_S)
    listener.close()


def test_an_email_goes_to_the_mail_server_and_a_text_message_to_the_outbox(
    tmp_path: Path, mail_server: tuple[int, Path]
) -> None:
    port, mails = mail_server
    folder = tmp_path / "gateway"
    ca_hash = str(json_object(kiosk("gateway", "init", str(folder)))["ca_hash"])
    settings = f'[smtp]\nhost = "127.0.0.1"\nport = "{port}"\nsender = "city@example.com"\nsecurity = "none"\n'
    (folder / "messages.toml").write_text(settings)
    process, url = start(folder, "--people", "50")
    gateway = Running(folder, url, ca_hash)
    (tmp_path / "terminal").mkdir()
    terminal = join(gateway, tmp_path / "terminal", gateway.invite())
    terminal.outbox.record(NOTICE, {**NOTICE, "way": "sms", "to": "14000000021"})
    with gateway.session(terminal) as session:
        body = sign1(encode_batch(terminal.outbox.batch(1, 2)), terminal.outbox.key)
        assert session.post(f"{url}/v1/entries", data=body, timeout=PATIENCE_S).status_code == 200
        session.headers["Authorization"] = f"Bearer {authority.load(folder).operator_token}"
        until, pause = time.monotonic() + PATIENCE_S, threading.Event()
        while (held := session.get(f"{url}/v1/messages", timeout=PATIENCE_S).json())["sent"] < 2:
            assert time.monotonic() < until, held
            pause.wait(0.1)
    (mail,) = (mails / "new").iterdir()
    assert "xian@example.com" in mail.read_text("utf-8", "replace")
    assert [(one["way"], one["to"]) for one in held["messages"]] == [("sms", "14000000021")]
    assert f"{url}/case?number=T0001-000001" in held["messages"][0]["body"]
    assert stop(process) == 0
    assert "xian@example.com" not in (folder / "gateway.log").read_text("utf-8")
