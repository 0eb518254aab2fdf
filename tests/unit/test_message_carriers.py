"""What carries messages: a real SMTP server, a provider of text messages; the settings and the texts."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from provisioning.gateway.messages.carriers import (
    CarrierDown,
    Carriers,
    CarrierSettingsInvalid,
    HttpSmsCarrier,
    OutboxCarrier,
    RecipientRefused,
    SmtpCarrier,
    load_carriers,
)
from provisioning.gateway.messages.texts import MessagesInvalid, Words, load_texts
from tests.gateway_kit import ASSETS, GatewayKit

TEXTS = (ASSETS / "city" / "messages.toml").read_text("utf-8")


# --- SMTP -----------------------------------------------------------------------------------------------------------


class Mailbox:
    """What a mail server does with what it hears."""

    def __init__(self) -> None:
        self.held: list[Envelope] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer.startswith("250"):
            self.held.append(envelope)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpCarrier]]:
    box, loop = Mailbox(), asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    loop.run_until_complete(loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield box, SmtpCarrier("127.0.0.1", listener.getsockname()[1], "city@example.com", "none")
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    listener.close()


def test_an_email_arrives_whole(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    box, carrier = mailbox
    words = Words("已受理：婚姻（T0001-000001）", "您好：\n办好了。\n")
    carrier.send("kiosk-ab-1", "xian@example.com", words, 1_780_000_000_000)
    (envelope,) = box.held
    assert envelope.rcpt_tos == ["xian@example.com"]
    content = envelope.content
    mail = message_from_bytes(content if isinstance(content, bytes) else str(content).encode(), policy=default)
    assert mail["Subject"] == "已受理：婚姻（T0001-000001）"
    assert mail["Message-ID"] == "<kiosk-ab-1@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == ["您好：", "办好了。"]


def test_a_mailbox_that_is_not_there_and_a_server_that_is_busy(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    box, carrier = mailbox
    words = Words("s", "b")
    for address in ("nobody@example.com", "no address", "a@b\r\nBcc: c@d"):
        with pytest.raises(RecipientRefused):
            carrier.send("k", address, words, 0)
    box.answer = "451 try again later"
    with pytest.raises(CarrierDown):
        carrier.send("k", "a@example.com", words, 0)
    box.answer = "554 refused"
    with pytest.raises(RecipientRefused):
        carrier.send("k", "a@example.com", words, 0)
    assert box.held == []


def test_a_mail_server_that_is_not_there_or_speaks_no_tls(mailbox: tuple[Mailbox, SmtpCarrier]) -> None:
    _, carrier = mailbox
    with pytest.raises(CarrierDown):
        SmtpCarrier("127.0.0.1", carrier.port, "c@b.example").send("k", "a@example.com", Words("s", "b"), 0)
    with pytest.raises(CarrierDown):
        SmtpCarrier("127.0.0.1", 1, "c@example.com", "none").send("k", "a@example.com", Words("s", "b"), 0)


# --- a provider of text messages ------------------------------------------------------------------------------------


class Provider(ThreadingHTTPServer):
    """Takes text messages; the same Idempotency-Key is one message."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.taken: dict[str, dict[str, str]] = {}
        self.status = 202


class _Desk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Provider)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = server.status if self.headers["Authorization"] == "Bearer token" else 401
        if status == 202:
            server.taken.setdefault(self.headers["Idempotency-Key"], body)
        self.send_response(status)
        self.end_headers()

    def log_message(
        self,
        format: str,  # noqa: A002 - the base class's name
        *args: object,
    ) -> None: ...


def test_a_provider_takes_a_text_message_once(tmp_path: Path) -> None:
    provider = Provider()
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{provider.server_address[1]}/send"
    carrier = HttpSmsCarrier(url, "token")
    for _ in range(2):
        carrier.send("key-1", "14000000021", Words("", "短信"), 0)
    assert provider.taken == {"key-1": {"to": "14000000021", "text": "短信"}}
    for status, error in ((503, CarrierDown), (429, CarrierDown), (302, CarrierDown), (422, RecipientRefused)):
        provider.status = status
        with pytest.raises(error):
            carrier.send("key-2", "1", Words("", "x"), 0)
    assert "token" not in repr(carrier)
    provider.shutdown()
    provider.server_close()
    with pytest.raises(CarrierDown):
        carrier.send("key-3", "1", Words("", "x"), 0)


# --- settings and texts ---------------------------------------------------------------------------------------------


def test_settings_name_the_carriers_and_what_is_wrong_with_them(kit: GatewayKit) -> None:
    def written(text: str) -> Carriers:
        (kit.folder / "messages.toml").write_text(text, "utf-8")
        return load_carriers(kit.folder, kit.store.database)

    assert isinstance(load_carriers(kit.folder, kit.store.database).sms, OutboxCarrier)
    (kit.folder / "sms.token").write_text("t\n")
    found = written('public_url = "https://c.example/"\n[smtp]\nhost = "m.example"\nsender = "c@c.example"\n'
                    '[sms]\nurl = "https://s.example"\ntoken_file = "sms.token"\n')  # fmt: skip
    assert (found.public_url, found.sms) == ("https://c.example", HttpSmsCarrier("https://s.example", "t"))
    assert found.email == SmtpCarrier("m.example", 587, "c@c.example", "starttls")
    for wrong in ("no toml", "[smpt]", "[smtp]\nhost = 'h'", "[smtp]\nhost='h'\nsender='nobody'",
                  "[smtp]\nhost='h'\nsender='a@b'\nsecurity='ssl3'", "[sms]\nurl='u'\ntoken_file='missing'",
                  "[sms]\nurl='u'\ntoken_file='sms.token'\nmore='x'"):  # fmt: skip
        with pytest.raises(CarrierSettingsInvalid):
            written(wrong)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("\nother = ", "\nanother = "),
        ("[text.receipt]\nsms = {zh-Hans", "[text.receipt]\nsms = {zh-Hant"),
        ("[text.call-missed]\nsms", "[text.call-missed]\nfax"),
        ("[reason]", "[reasons]"),
        ('unless = "none"', 'never = "none"'),
        ("【12345】", "长" * 501),
    ],
)
def test_texts_that_cannot_be_used_name_themselves(was: str, becomes: str) -> None:
    assert was in TEXTS
    with pytest.raises(MessagesInvalid):
        load_texts(TEXTS.replace(was, becomes))


def test_every_text_fills_in_every_language() -> None:
    texts = load_texts(TEXTS)
    values = {"service": "S", "number": "N", "reason": "photo-missing", "result.ticket": "A012", "code": "1"}
    for text_id, parts in texts.texts.items():
        for way in ("sms", "email"):
            if way in parts:
                chinese, english = (texts.words(text_id, way, language, values).body for language in ("yue-Hant", "en"))
                assert "{" not in chinese + english
                assert chinese != english
    assert "号码：A012。" in texts.words("done", "sms", "zh-Hans", values).body
    with pytest.raises(MessagesInvalid):
        texts.words("call-missed", "email", "en", {})
