"""Takes what is due to its carrier and writes down what came of it. May run in several processes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provisioning.gateway.messages.carriers import CarrierDown, Carriers, RecipientRefused
from provisioning.gateway.messages.post import Claimed, Post
from provisioning.gateway.messages.texts import MessagesInvalid, Texts

AT_ONCE = 5
"""Claimed at a time: as many as a slow carrier can take within one lease."""
NO_ADDRESS = "no-public-url"
"""Why a message waits that is nothing without its link, while nobody has said where the pages are."""


@dataclass(frozen=True)
class Delivered:
    """What one round came to."""

    sent: int
    later: int
    given_up: int


def deliver(post: Post, texts: Texts, carriers: Carriers, address: str, now_ms: Callable[[], int]) -> Delivered:
    """One round over what is due; `address` stands in links.

    Where it is empty, links are left out, and a message that is nothing without its link waits like one whose carrier
    is down: for `public_url`. After a carrier that is down no more is tried with it in this round.

    Raises:
        StoreFailed: the database refused. What was sent but not noted goes again under the same key.
    """
    sent = later = given_up = 0
    down: set[str] = set()
    for item in post.claim(now_ms(), AT_ONCE):
        way = item.message.way
        problem = CarrierDown.code if way in down else _send(post.key(item), item, texts, carriers, address, now_ms())
        if not problem:
            sent += post.sent(item, now_ms())
        elif problem in {CarrierDown.code, NO_ADDRESS}:
            if problem == CarrierDown.code:
                down.add(way)
            waits = post.again(item, problem, now_ms())
            later, given_up = later + waits, given_up + (not waits)
        else:
            given_up += post.give_up(item, problem, now_ms())
    return Delivered(sent, later, given_up)


def _send(key: str, item: Claimed, texts: Texts, carriers: Carriers, address: str, now_ms: int) -> str:
    """Returns the code of what went wrong, or nothing."""
    message = item.message
    if not message.to:
        return RecipientRefused.code
    if not address and texts.needs_address(message.text_id, message.way):
        return NO_ADDRESS
    values = {"number": message.number, "address": address, **message.values}
    try:
        words = texts.words(message.text_id, message.way, message.language, values)
        carriers.of(message.way).send(key, message.to, words, now_ms)
    except (CarrierDown, RecipientRefused, MessagesInvalid) as error:
        return error.code
    return ""
