"""Who carries a message away: an SMTP server, an HTTP provider of text messages, or the outbox that anyone can read.

Every message has a key that stays the same for all tries: the Message-ID of an e-mail, the `Idempotency-Key` of a text
message. A carrier that hears the same key again must not deliver again; the outbox and providers keep to it, and mail
programs show one of two e-mails with one Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol, cast

import requests

from provisioning.gateway.messages.texts import Words
from provisioning.gateway.storage.database import Database

SETTINGS_FILE = "messages.toml"
TIMEOUT_S = 20
_REFUSED_FROM, _SERVER_FROM = 400, 500
_TOO_MANY = (408, 425, 429)


class CarrierError(Exception):
    """A message did not get away. `code` is kept with the message and is all that is told of it."""

    code = "carrier"


class CarrierDown(CarrierError):
    """The carrier could not be reached, or asks to come again: another try later."""

    code = "carrier-down"


class RecipientRefused(CarrierError):
    """The carrier will never take this: no such address or number."""

    code = "recipient-refused"


class CarrierSettingsInvalid(CarrierError):
    """`messages.toml` in the gateway's folder cannot be used; names what."""

    code = "carrier-settings-invalid"


class Carrier(Protocol):
    """Carries one kind of message. Raises `CarrierDown`, `RecipientRefused`."""

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        """Hand over; returns when the carrier has taken it."""
        ...


@dataclass(frozen=True)
class SmtpCarrier:
    """E-mail by RFC 5321. `security`: `starttls`, `tls`, or `none` for a server on this machine."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    """Trusted for this server instead of the system's authorities."""

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        message = EmailMessage()
        try:
            message["From"] = self.sender
            message["To"] = Address(addr_spec=to)
        except (ValueError, IndexError) as error:
            raise RecipientRefused("not an address") from error
        message["Subject"] = words.subject
        message["Date"] = formatdate(now_ms / 1000, localtime=False)
        message["Message-ID"] = f"<{key}@{self.sender.partition('@')[2].strip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(words.body)
        try:
            with self._connect() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (RecipientRefused if all(code >= _SERVER_FROM for code in codes) else CarrierDown)(
                f"SMTP {codes[0]}"
            ) from error
        except smtplib.SMTPResponseException as error:
            refused = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= _SERVER_FROM
            raise (RecipientRefused if refused else CarrierDown)(f"SMTP {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise CarrierDown(type(error).__name__) from error

    def _connect(self) -> smtplib.SMTP:
        trust = ssl.create_default_context(cafile=self.ca_file or None)
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=trust)
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        if self.security == "starttls":
            try:
                server.starttls(context=trust)
            except BaseException:
                server.close()
                raise
        return server


@dataclass(frozen=True)
class HttpSmsCarrier:
    """A provider of text messages: `POST url` with `{"to", "text"}`, `Idempotency-Key`, a bearer token; 2xx is taken.

    This is the seam: a provider with another form gets a carrier of its own with the same `send`.
    """

    url: str
    token: str = field(repr=False)

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        del now_ms
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        session = requests.Session()
        session.trust_env = False
        with session:
            try:
                body = {"to": to, "text": words.body}
                answer = session.post(self.url, json=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
            except requests.RequestException as error:
                raise CarrierDown(type(error).__name__) from error
        if answer.ok and answer.status_code < 300:
            return
        final = _REFUSED_FROM <= answer.status_code < _SERVER_FROM and answer.status_code not in _TOO_MANY
        raise (RecipientRefused if final else CarrierDown)(f"HTTP {answer.status_code}")


@dataclass(frozen=True)
class OutboxCarrier:
    """Nothing leaves: what would be sent stands in a table for testers to read. One row for one key."""

    database: Database
    way: str

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        sql = """INSERT INTO message_outbox (cause, way, recipient, subject, body, at_ms) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING"""
        with self.database.transaction() as db:
            db.alone("message-outbox")
            db.run(sql, key, self.way, to, words.subject, words.body, now_ms)


@dataclass(frozen=True)
class Carriers:
    """The carriers of one gateway, and where citizens reach its pages."""

    email: Carrier
    sms: Carrier
    public_url: str = ""
    """Without a slash at the end; empty: the gateway's own address."""

    def of(self, way: str) -> Carrier:
        return self.email if way == "email" else self.sms


def load_carriers(folder: Path, database: Database) -> Carriers:
    """From `messages.toml` in the gateway's folder; what it does not name goes to the outbox.

    Raises:
        CarrierSettingsInvalid: naming the key.
    """
    path = folder / SETTINGS_FILE
    if not path.exists():
        return Carriers(OutboxCarrier(database, "email"), OutboxCarrier(database, "sms"))
    try:
        raw = cast("dict[str, object]", tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise CarrierSettingsInvalid(f"{SETTINGS_FILE}: {error}") from error
    unknown = set(raw) - {"public_url", "smtp", "sms"}
    if unknown:
        raise CarrierSettingsInvalid(f"{SETTINGS_FILE}: there is no {min(unknown)}")
    email: Carrier = OutboxCarrier(database, "email")
    sms: Carrier = OutboxCarrier(database, "sms")
    if "smtp" in raw:
        email = _smtp(folder, raw["smtp"])
    if "sms" in raw:
        text = _texts("sms", raw["sms"], ("url", "token_file"), ())
        sms = HttpSmsCarrier(text("url"), _secret(folder, text("token_file")))
    return Carriers(email, sms, str(raw.get("public_url", "")).rstrip("/"))


def _smtp(folder: Path, raw: object) -> SmtpCarrier:
    optional = ("security", "user", "password_file", "ca_file", "port")
    text = _texts("smtp", raw, ("host", "sender"), optional)
    security = text("security") or "starttls"
    port = text("port") or "587"
    if security not in {"starttls", "tls", "none"} or not port.isdigit() or "@" not in text("sender"):
        raise CarrierSettingsInvalid(f"{SETTINGS_FILE}: smtp: security is starttls, tls or none; sender an address")
    password = _secret(folder, text("password_file")) if text("password_file") else ""
    return SmtpCarrier(text("host"), int(port), text("sender"), security, text("user"), password, text("ca_file"))


def _texts(name: str, raw: object, needed: tuple[str, ...], optional: tuple[str, ...]) -> Callable[[str], str]:
    table = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    missing = [key for key in needed if not table.get(key)]
    if missing or set(table) - {*needed, *optional}:
        wanted = f"{', '.join(needed)} wanted; {', '.join(optional) or 'nothing else'} may be"
        raise CarrierSettingsInvalid(f"{SETTINGS_FILE}: {name}: {wanted}")
    return lambda key: str(table.get(key, ""))


def _secret(folder: Path, name: str) -> str:
    """A secret stands in a file of its own, beside the settings or at a full path."""
    try:
        return (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CarrierSettingsInvalid(f"{name}: cannot be read") from error
