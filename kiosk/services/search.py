"""Search of services: by pinyin, whole or initials only, by characters of either script, by English words. Pure.

The index is the catalogue itself: a name is spelt once (every reading of a character) and remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from kiosk.services.definition import Catalogue, ServiceDefinition, Words
from kiosk.words.languages import made, scripts
from kiosk.words.pinyin import readings_of

MOST = 9
"""Nine choices at most."""


def find(catalogue: Catalogue, typed: str) -> tuple[ServiceDefinition, ...]:
    """Return up to nine services for what was typed, the best first: name, then what it does, then its agency."""
    typed = typed.strip().lower()
    if not typed:
        return ()
    ranked: list[tuple[int, str, ServiceDefinition]] = []
    for service in catalogue.services.values():
        texts = (service.name, service.help, catalogue.agencies[service.agency])
        rank = next((2 * n + place for n, text in enumerate(texts) if (place := _where(text, typed)) is not None), None)
        if rank is not None:
            ranked.append((rank, service.id, service))
    return tuple(service for _, _, service in sorted(ranked, key=lambda one: one[:2])[:MOST])


def _where(texts: Words, typed: str) -> int | None:
    """Return 0 where a text begins with what was typed, 1 where it is further on, None where it is not there."""
    chinese, english = texts["zh-Hans"], texts.get("en", "").lower()
    if not typed.isascii():
        forms = (made(chinese, code) for code in scripts())
        return next((min(place, 1) for form in forms if (place := form.find(typed)) >= 0), None)
    letters = typed.replace(" ", "")
    readings = spelt(chinese)
    places = [n for n in range(len(readings)) if _spells(readings[n:], letters)]
    if places:
        return min(places[0], 1)
    words = english.replace("-", " ").split()
    starts = [n for n in range(len(words)) if " ".join(words[n:]).startswith(typed)]
    return min(starts[0], 1) if starts else None


@lru_cache(maxsize=2048)
def spelt(chinese: str) -> tuple[tuple[str, ...], ...]:
    """Return every reading of every character, lower case without tones; what is no Chinese spells itself."""
    return readings_of(chinese)


def _spells(readings: Sequence[tuple[str, ...]], letters: str) -> bool:
    """Whether the letters spell the first of these characters: of each its initial or all of it, of the last a part.

    `letters` is not empty.
    """
    if not readings:
        return False
    for reading in readings[0]:
        if reading.startswith(letters):
            return True
        if letters.startswith(reading) and _spells(readings[1:], letters[len(reading) :]):
            return True
    return any(reading[:1] == letters[0] for reading in readings[0]) and _spells(readings[1:], letters[1:])


def matching(texts: Sequence[Words], typed: str) -> tuple[int, ...]:
    """Return which texts the letters find, by place: first those that begin with them. No letters find all."""
    typed = typed.strip().lower()
    if not typed:
        return tuple(range(len(texts)))
    found = ((place, at) for at, text in enumerate(texts) if (place := _where(text, typed)) is not None)
    return tuple(at for _, at in sorted(found))


def following(texts: Sequence[Words], typed: str) -> frozenset[str]:
    """Return the letters, lower case, after which these letters still find something: the others lead nowhere."""
    typed = typed.strip().lower()
    found: set[str] = set()
    for text in texts:
        readings = spelt(text["zh-Hans"])
        for first in range(len(readings)):
            found |= _continued(readings[first:], typed)
        words = text.get("en", "").lower().replace("-", " ").split()
        starts = (" ".join(words[first:]) for first in range(len(words)))
        found |= {start[len(typed)] for start in starts if start.startswith(typed) and len(start) > len(typed)}
    return frozenset(letter for letter in found if letter.isascii() and letter.isalpha())


def _continued(readings: Sequence[tuple[str, ...]], letters: str) -> set[str]:
    """Return what may come after the letters where they spell the first of these characters (as `_spells`)."""
    if not readings:
        return set()
    found: set[str] = set()
    for reading in readings[0]:
        if reading.startswith(letters):
            found |= set(reading[len(letters) :][:1])
        if letters and letters.startswith(reading):
            found |= _continued(readings[1:], letters[len(reading) :])
    if letters and any(reading[:1] == letters[0] for reading in readings[0]):
        found |= _continued(readings[1:], letters[1:])
    return found
