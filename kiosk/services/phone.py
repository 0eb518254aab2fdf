"""Which services may be begun at the terminal and finished on a telephone. Pure."""

from __future__ import annotations

from kiosk.services.definition import FieldDefinition, ServiceDefinition

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
