"""A form that a citizen approves on the telephone: what is shown there, and the gateway's word that it was approved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.services.definition import Catalogue, FieldDefinition, Words
from kiosk.services.display import masked, told
from offline_cache.errors import MalformedMessage
from offline_cache.wire.encoding import sign1, to_base64url
from offline_cache.wire.sign_in import Approval, encode_approval
from provisioning.gateway.offices.proof import BY_APP, signed_bytes

_MAX_TEXT = 400


@dataclass(frozen=True)
class Form:
    """A form as the telephone shows it: the service, and every field as (label, value) in every language."""

    service: str
    name: Words
    rows: tuple[tuple[Words, str], ...] = field(repr=False)
    digest: bytes = field(repr=False)
    language: str = "zh-Hans"


def check(document: Mapping[str, object], draft: bytes, terminal: str, id_number: str) -> None:
    """Hold a draft against the sign-in: an application of this citizen, from this terminal, in its one spelling.

    Raises `MalformedMessage`.
    """
    holder = document.get("holder")
    named = cast("Mapping[str, object]", holder).get("id_number") if isinstance(holder, Mapping) else None
    if document.get("kind") != "application" or document.get("sign_in") != BY_APP:
        raise MalformedMessage("form to approve: not an application of somebody who signed in with the app")
    if document.get("terminal") != terminal or not isinstance(named, str) or named != id_number:
        raise MalformedMessage("form to approve: another terminal's or another citizen's")
    if not isinstance(document.get("fields"), dict) or signed_bytes(document) != draft:
        raise MalformedMessage("form to approve: no fields, or not in canonical form")


def form_of(document: Mapping[str, object], draft: bytes, catalogue: Catalogue) -> Form | None:
    """What the citizen reads; None where the service is gone meanwhile."""
    service = catalogue.services.get(str(document.get("service")))
    if service is None:
        return None
    language = str(document.get("language", "zh-Hans"))
    given = cast("Mapping[str, object]", document["fields"])
    rows: list[tuple[Words, str]] = []
    known = {item.id: item for item in service.fields}
    for name, raw in given.items():
        value = cast("Mapping[str, object]", raw).get("value") if isinstance(raw, Mapping) else None
        item = known.get(name)
        if item is None:  # whatever else the form says is shown as it stands
            rows.append(({"zh-Hans": name, "en": name}, str(value)[:_MAX_TEXT]))
        elif not item.quiet:
            rows.append((item.label, _told(item, str(value), language)))
    return Form(service.id, service.name, tuple(rows), hashlib.sha256(draft).digest(), language)


def _told(item: FieldDefinition, value: str, language: str) -> str:
    """A value as the terminal shows it: a choice by its name, a day or an amount in words, a number masked."""
    own = item.subject_choices.always if item.subject_choices is not None else ()
    names = next((choice.names for choice in (*item.choices, *own) if choice.value == value), None)
    if names is not None:
        return names.get(language) or names["zh-Hans"]
    return (masked(item.mask, value) if item.mask else told(item.type, value, language))[:_MAX_TEXT]


def sign(form: Form, terminal: str, now_ms: int, key: Ed25519PrivateKey) -> str:
    """The token that goes into the entry in the place of a card's signature."""
    return to_base64url(sign1(encode_approval(Approval(terminal, form.service, form.digest, now_ms)), key))
