"""The invented citizens of the tester's bench and of the synthetic city. Pure: text in, values out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from typing import cast

from kiosk.frozen import frozen

LANGUAGES = ("zh-Hans", "en")
_ID = re.compile(r"[a-z]+(-[a-z]+)*")
_CARD_KEYS = frozenset({"profile", "version", "pin", "tries_left", "card", "holder", "signing", "quirks"})


class PersonasInvalid(Exception):
    """A persona file that cannot be used; names the persona and what is wrong with it."""

    code = "personas-invalid"


@frozen
class Persona:
    """One invented citizen. The repr tells only the id."""

    id: str
    names: Mapping[str, str] = field(repr=False)
    """Masked, by language: what stands on the bench's tray."""
    note: Mapping[str, str] = field(repr=False)
    """A few words by language."""
    story: Mapping[str, str] = field(repr=False)
    """One or two sentences by language."""
    card: Mapping[str, object] = field(repr=False)
    """A card document (`docs/reference`), as `POST /api/card/insert` takes it."""
    records: Mapping[str, Mapping[str, object]] = field(repr=False)
    """What the city holds of this person, by subject of the information catalogue."""

    @property
    def id_number(self) -> str:
        """The holder's resident id number."""
        return str(cast("Mapping[str, object]", self.card["holder"])["id_number"])


def load_personas(text: str | bytes) -> tuple[Persona, ...]:
    """Read `assets/city/personas.toml`.

    Raises:
        PersonasInvalid: not TOML, another schema, or a persona with something missing or doubled.
    """
    try:
        raw = tomllib.loads(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise PersonasInvalid(f"personas: {error}") from error
    entries = raw.get("persona")
    if raw.get("schema") != 1 or not isinstance(entries, list):
        raise PersonasInvalid("personas: schema = 1 and a list [[persona]] are wanted")
    found: dict[str, Persona] = {}
    for entry in cast("list[object]", entries):
        persona = _persona(entry)
        if persona.id in found:
            raise PersonasInvalid(f"{persona.id}: there are two personas with this id")
        found[persona.id] = persona
    return tuple(found.values())


def _persona(raw: object) -> Persona:
    table = _table("persona", raw)
    name = str(table.get("id", "?"))
    if not _ID.fullmatch(name):
        raise PersonasInvalid(f"{name}: an id is lower case words with hyphens")
    unknown = set(table) - {"id", "names", "note", "story", "card", "records"}
    if unknown:
        raise PersonasInvalid(f"{name}: there is no {sorted(unknown)[0]}")
    card = _table(f"{name}.card", table.get("card"))
    holder = _table(f"{name}.card.holder", card.get("holder"))
    if not isinstance(card.get("profile"), str) or set(card) - _CARD_KEYS:
        raise PersonasInvalid(f"{name}.card: profile and holder are wanted, and only {', '.join(sorted(_CARD_KEYS))}")
    for key in ("name", "id_number"):
        if not isinstance(holder.get(key), str):
            raise PersonasInvalid(f"{name}.card.holder: {key} is missing")
    records = _table(f"{name}.records", table.get("records"))
    return Persona(
        id=name,
        names=_words(name, "names", table),
        note=_words(name, "note", table),
        story=_words(name, "story", table),
        card=card,
        records={subject: _table(f"{name}.records.{subject}", record) for subject, record in records.items()},
    )


def _table(where: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise PersonasInvalid(f"{where}: a table is wanted")
    return cast("dict[str, object]", raw)


def _words(name: str, key: str, table: Mapping[str, object]) -> dict[str, str]:
    words = _table(f"{name}.{key}", table.get(key))
    for language in LANGUAGES:
        if not isinstance(words.get(language), str) or not words[language]:
            raise PersonasInvalid(f"{name}.{key}: the words in {language} are missing")
    return cast("dict[str, str]", words)
