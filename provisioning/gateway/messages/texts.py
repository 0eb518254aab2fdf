"""The texts of messages, as data: `assets/city/messages.toml`, every one in Chinese and English.

A text id has a `sms`, and where it is sent by e-mail a `subject` and an `email`. Words in braces are values; words in
double brackets are left out where one of their values is empty.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

LANGUAGES = ("zh-Hans", "en")
MAX_SMS_CHARS = 500
"""What the large carriers take as one long message (assumed)."""
_PLACE = re.compile(r"\{([a-z_]+)\}")
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_ADDRESS = "{address}"
_PARTS = ("sms", "subject", "email")


class MessagesInvalid(Exception):
    """The texts cannot be used; names text, part and reason."""

    code = "message-texts-invalid"


@dataclass(frozen=True)
class Words:
    """What is sent."""

    subject: str
    """Empty for a text message."""
    body: str


@dataclass(frozen=True)
class Intake:
    """What an accepted entry of one service asks of the messages: settings to keep, a call to make."""

    contact: tuple[str, ...]
    """Fields of the entry that replace those of `msg.contact` with the same name."""
    call: Mapping[str, str]
    """`topic` and `slot`: the fields that say so; `unless`: the topic that asks for no call. Empty for none.

    Or `score` (a field), `low` (its values, with spaces, that ask for a call), `about` (the topic of that call) and
    `number` (the field that names the case it is about).
    """


@dataclass(frozen=True)
class Texts:
    """All texts, reasons in words, and what services' entries ask for."""

    texts: Mapping[str, Mapping[str, Mapping[str, str]]]
    reasons: Mapping[str, Mapping[str, str]]
    results: Mapping[str, Mapping[str, str]]
    """The names of what comes of a case, in the order in which they are told."""
    intake: Mapping[str, Intake]

    def words(self, text_id: str, way: str, language: str, values: Mapping[str, str]) -> Words:
        """Fill a text in. A language without texts of its own reads Chinese. A value nobody gave stays empty.

        Raises:
            MessagesInvalid: there is no such text, or not for this way.
        """
        parts = self.texts.get(text_id)
        body = "sms" if way == "sms" else "email"
        if parts is None or body not in parts:
            raise MessagesInvalid(f"{text_id}: there is no text for {way}")
        spoken = language if language in LANGUAGES else LANGUAGES[0]
        known = {**values, "reason": self.reason(values.get("reason", ""), spoken)}
        known["result"] = self._result(values, spoken)
        subject = "" if way == "sms" else _fill(parts["subject"][spoken], known)
        return Words(subject, _fill(parts[body][spoken], known))

    def reason(self, code: str, language: str) -> str:
        """A reason's code in words; one that nobody wrote words for stands as the general one."""
        if not code:
            return ""
        return self.reasons.get(code, self.reasons["other"])[language if language in LANGUAGES else LANGUAGES[0]]

    def _result(self, values: Mapping[str, str], language: str) -> str:
        """What came of it, of values named `result.ticket` and the like: those that have words."""
        comma, stop = ("：", "。") if language == LANGUAGES[0] else (": ", ". ")
        parts = [
            f"{words[language]}{comma}{values[f'result.{name}']}{stop}"
            for name, words in self.results.items()
            if values.get(f"result.{name}")
        ]
        return "".join(parts).rstrip()

    def needs_address(self, text_id: str, way: str) -> bool:
        """True if the text is of no use without a link to the gateway's pages."""
        body = self.texts.get(text_id, {}).get("sms" if way == "sms" else "email", {})
        return any(_ADDRESS in _OPTIONAL.sub("", words) for words in body.values())

    def has(self, text_id: str) -> bool:
        """True if there is such a text."""
        return text_id in self.texts


def _fill(text: str, values: Mapping[str, str]) -> str:
    def part(found: re.Match[str]) -> str:
        return found[1] if all(values.get(name) for name in _PLACE.findall(found[1])) else ""

    return _PLACE.sub(lambda found: values.get(found[1], ""), _OPTIONAL.sub(part, text))


def load_texts(text: str) -> Texts:
    """Read `messages.toml`.

    Raises:
        MessagesInvalid: not TOML, an unknown key, a language missing, or a text message that is too long.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessagesInvalid(f"messages: {error}") from error
    unknown = set(raw) - {"text", "reason", "result", "intake"}
    if unknown:
        raise MessagesInvalid(f"messages: there is no {min(unknown)}")
    reasons = {code: _both(f"reason.{code}", words) for code, words in _table("reason", raw.get("reason")).items()}
    if "other" not in reasons:
        raise MessagesInvalid("reason.other: the words for any reason are missing")
    results = {code: _both(f"result.{code}", words) for code, words in _table("result", raw.get("result", {})).items()}
    texts = {name: _text(name, parts) for name, parts in _table("text", raw.get("text")).items()}
    intake = {name: _intake(name, table) for name, table in _table("intake", raw.get("intake", {})).items()}
    return Texts(texts, reasons, results, intake)


def _text(name: str, raw: object) -> dict[str, dict[str, str]]:
    table = _table(f"text.{name}", raw)
    if not table or set(table) - set(_PARTS) or ("email" in table) != ("subject" in table):
        raise MessagesInvalid(f"text.{name}: sms, or email with subject, or all three")
    parts = {part: _both(f"text.{name}.{part}", words) for part, words in table.items()}
    if any(len(words) > MAX_SMS_CHARS for words in parts.get("sms", {}).values()):
        raise MessagesInvalid(f"text.{name}.sms: longer than {MAX_SMS_CHARS} characters")
    return parts


def _intake(name: str, raw: object) -> Intake:
    table = _table(f"intake.{name}", raw)
    contact, call = table.get("contact", []), _table(f"intake.{name}.call", table.get("call", {}))
    if set(table) - {"contact", "call"} or not isinstance(contact, list):
        raise MessagesInvalid(f"intake.{name}: contact, a list of fields, and call, a table")
    if call and set(call) not in ({"topic", "slot", "unless"}, {"score", "low", "about", "number"}):
        raise MessagesInvalid(f"intake.{name}.call: topic, slot and unless; or score, low, about and number")
    fields = tuple(str(item) for item in cast("list[object]", contact))
    return Intake(fields, {key: str(value) for key, value in call.items()})


def _both(where: str, raw: object) -> dict[str, str]:
    table = _table(where, raw)
    if set(table) != set(LANGUAGES) or not all(isinstance(item, str) and item for item in table.values()):
        raise MessagesInvalid(f"{where}: words in {' and '.join(LANGUAGES)}, no more")
    return cast("dict[str, str]", table)


def _table(where: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise MessagesInvalid(f"{where}: a table is wanted")
    return cast("dict[str, object]", raw)
