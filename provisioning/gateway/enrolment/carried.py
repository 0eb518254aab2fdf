"""Answers the requests that a technician brings on a stick: bound to a site and admitted in one step, signed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from offline_cache.errors import MalformedMessage
from offline_cache.wire.fleet.carried import Carried, encode_carried
from offline_cache.wire.fleet.joining import JoinRequest, Offer, decode_join, fingerprint, offer
from provisioning.gateway.authority import Authority, CsrInvalid, requested_key
from provisioning.gateway.enrolment.bindings import Bindings
from provisioning.gateway.problems import Refused

Published = Callable[[str], Mapping[str, tuple[str, bytes]]]
"""Terminal -> what the gateway publishes for it, by name: entity tag and signed bytes."""


@dataclass(frozen=True)
class Answered:
    """What became of one request. `code` is to be compared with the terminal's; `problem`: why there is no answer."""

    file: str
    code: str = ""
    terminal: str = ""
    problem: str = ""
    content: bytes = field(default=b"", repr=False)
    """The answer's file."""


def answer_requests(
    requests: Mapping[str, bytes],
    bindings: Bindings,
    authority: Authority,
    url: str,
    site: Mapping[str, str],
    published: Published,
) -> list[Answered]:
    """Answer every request, name -> content, for one site. One that cannot be answered does not hold back the others.

    Raises:
        StoreFailed.
    """
    answered: list[Answered] = []
    for name, data in sorted(requests.items()):
        try:
            asked, shown = _read(data)
            if bindings.look(shown).state != "joined":  # the same stick again: the same certificate, for a day
                bindings.bind(shown, site)
            answer = bindings.join(asked)
        except Refused as error:
            answered.append(Answered(name, problem=error.problem.code))
            continue
        except (CsrInvalid, MalformedMessage) as error:
            answered.append(Answered(name, problem=error.code))
            continue
        if answer is None:  # the network's way is at work on the same code
            answered.append(Answered(name, shown.code, problem="token-used"))
            continue
        carried = Carried(url, answer, published(answer.terminal))
        content = encode_carried(carried, lambda data: authority.ca_key.sign(data, ec.ECDSA(hashes.SHA256())))
        answered.append(Answered(name, shown.code, answer.terminal, content=content))
    return answered


def _read(data: bytes) -> tuple[JoinRequest, Offer]:
    """Raises `MalformedMessage`, `CsrInvalid`."""
    asked = decode_join(data)
    return asked, offer(asked.model, asked.serial, fingerprint(requested_key(asked.csr)), asked.nonce)
