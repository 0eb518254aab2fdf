"""The words of each language, from gettext catalogues: `words.po` in the language's folder of `assets/i18n/`.

The Chinese source text is the key. A text that counts something has plural forms; the number is the value named `n`,
or the text's only value.
"""

from __future__ import annotations

from typing import Protocol

from kiosk.words import languages
from kiosk.words.languages import SOURCE

WORDS = "words.po"
SPOKEN = "spoken.po"
STAFF = "staff.po"
"""What only a technician reads; read when staff mode opens."""


class Say(Protocol):
    """Gives the words for a Chinese source text in one language, with `{names}` filled in."""

    def __call__(self, text: str, /, **values: object) -> str: ...


class WordsMissing(Exception):
    """A catalogue does not hold a source text: the build's check for complete catalogues was passed by."""

    code = "words-missing"


def load(language: str, name: str = WORDS) -> dict[str, str]:
    """Return source text -> words, of a text with plurals the last form; empty for the source language itself."""
    return {text: forms[-1] for text, forms in forms_of(language, name).items()}


def forms_of(language: str, name: str = WORDS) -> dict[str, tuple[str, ...]]:
    """Return source text -> its plural forms (one where it counts nothing)."""
    return {} if language == SOURCE else dict(languages.messages(language, name))


def sayer(language: str, words: dict[str, str] | None = None, name: str = WORDS) -> Say:
    """Return the function that gives the words of one language.

    It raises `WordsMissing` for a text that the catalogue does not hold, unless the language is made from the Chinese.
    """
    known = forms_of(language, name) if words is None else {text: (one,) for text, one in words.items()}
    converts = bool(languages.language(language).convert)

    def say(text: str, /, **values: object) -> str:
        forms = (text,) if language == SOURCE else known.get(text)
        if forms is None and converts:
            forms = (languages.converted(text, language),)
        if forms is None:
            raise WordsMissing(f"{language}: no words for {text!r}")
        found = forms[0] if len(forms) == 1 else forms[_form(language, values, len(forms))]
        return found.format(**values) if values else found

    return say


def staff_sayer(language: str) -> Say:
    """As `sayer`, for staff mode: what the citizens' screens say, and what only staff reads.

    Raises `WordsMissing` as `sayer` does.
    """
    citizens, staff, known = sayer(language), sayer(language, name=STAFF), forms_of(language, STAFF)

    def say(text: str, /, **values: object) -> str:
        return staff(text, **values) if text in known else citizens(text, **values)

    return say


def _form(language: str, values: dict[str, object], count: int) -> int:
    """The plural form for the number among the values; the last one for what is no number."""
    number = values.get("n") if "n" in values else next(iter(values.values()), None)
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    if not isinstance(number, int | float):
        return count - 1
    return min(languages.plural_form(language)(number), count - 1)
