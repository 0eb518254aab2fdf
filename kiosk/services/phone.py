"""What a telephone may stand for: the end of a form that was begun at the terminal, and the card's place. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.services.definition import DefinitionInvalid, FieldDefinition, ServiceDefinition, Subject

SIGN_IN = ("card", "app")
SENSITIVE = 3
"""The class of the information catalogue that is released against the card only."""

_TYPES = frozenset({"choice", "yes-no", "text", "number", "money", "date", "month", "phone", "email"})


def can_continue(service: ServiceDefinition) -> bool:
    """Whether a form of this service can go on without the terminal.

    Not where an office answers at once, where pages or places lead to it, where the card does something (a PIN), where
    it depends on the place, or where a question's choices are fetched when it comes.
    """
    if not service.apply or service.card != "needed" or service.confirm is not None or service.places is not None:
        return False
    return bool(service.fields) and all(
        (item.type in _TYPES or (item.type == "place" and _never_asked(item))) and not item.site and not item.within
        and not (item.subject_choices is not None and item.subject_choices.given)
        for item in service.fields
    )  # fmt: skip


def _never_asked(item: FieldDefinition) -> bool:
    return not item.ask or item.edit == "correct"


def check_identity(service: ServiceDefinition) -> None:
    """Check that a service for which an identity card is enough asks the city for nothing, and the card for nothing.

    Raises `DefinitionInvalid`.
    """
    if service.card != "identity":
        return
    if service.confirm is None:
        raise DefinitionInvalid(service.id, "card", "an office has to answer at once: such an entry opens no case")
    if service.subjects or service.represents is not None:
        raise DefinitionInvalid(service.id, "card", "no data are released against an identity card")
    if any(item.type == "new-pin" for item in service.fields):
        raise DefinitionInvalid(service.id, "card", "an identity card has no PIN to change")


def check_sign_in(service: ServiceDefinition, subjects: Mapping[str, Subject]) -> None:
    """Check that a service for which the app is enough asks nothing of it that only the card can give.

    Raises `DefinitionInvalid`.
    """
    if service.sign_in == "card":
        return
    if service.card == "none":
        raise DefinitionInvalid(service.id, "sign_in", 'nobody signs in to a service with card = "none"')
    if any(item.type == "new-pin" for item in service.fields):
        raise DefinitionInvalid(service.id, "sign_in", "the app cannot change a card's PIN")
    for subject in service.subjects:
        if subjects[subject].sensitive:
            raise DefinitionInvalid(service.id, "sign_in", f"{subject} is of class {SENSITIVE}: it needs the card")
