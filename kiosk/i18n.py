"""The words of each language, from gettext catalogues in `assets/i18n/`. The Chinese source text is the key."""

from __future__ import annotations

import io
from importlib import resources

from babel.messages.pofile import read_po

from kiosk.view_model.frame import Say

SOURCE = "zh-Hans"


class WordsMissing(Exception):
    """A catalogue does not hold a source text: the build's check for complete catalogues was passed by."""

    code = "words-missing"


def load(language: str) -> dict[str, str]:
    """Return source text -> words; empty for the source language itself."""
    if language == SOURCE:
        return {}
    raw = resources.files("assets").joinpath("i18n", f"{language}.po").read_bytes()
    catalogue = read_po(io.BytesIO(raw), locale=None, ignore_obsolete=True)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string}


def sayer(language: str, words: dict[str, str] | None = None) -> Say:
    """Return the function that gives the words of one language.

    It raises `WordsMissing` for a text that the catalogue does not hold.
    """
    known = load(language) if words is None else words

    def say(text: str, /, **values: object) -> str:
        found = text if language == SOURCE else known.get(text)
        if found is None:
            raise WordsMissing(f"{language}: no words for {text!r}")
        return found.format(**values) if values else found

    return say
