"""Whole requests to a gateway, of a terminal, a telephone and an operator: any answer but one of its own failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlencode

from offline_cache.messages import LookupRequest, encode_batch, encode_lookup_request, sign1
from offline_cache.wire.encoding import json_dumps, to_base64url
from offline_cache.wire.fleet.heartbeat import Heartbeat, encode_heartbeat
from offline_cache.wire.fleet.joining import JoinRequest, encode_join, encode_renewal
from offline_cache.wire.fleet.technician import CodeOffer
from offline_cache.wire.handover import HANDOVERS, WITHDRAW, Handover, encode_handover
from offline_cache.wire.sign_in import (
    ASK,
    END,
    LOOK,
    LOOKUPS,
    SIGN_INS,
    TAKE_BACK,
    AppLookup,
    encode_app_lookup,
    encode_ask,
    encode_key,
)
from provisioning.gateway.problems import CODES
from tests.fuzz.kit import Family, Reader, scratch
from tests.gateway_kit import GatewayKit, Terminal

ENROL = urlencode({"m": "GZ-K2", "s": "1", "f": "0" * 64, "n": "0" * 32})
OUR_FAULTS = {"gateway-failed", "gateway-store-failed"}


@dataclass(frozen=True)
class Door:
    """One address. `signed`: by the terminal. `query`: the bytes stand behind the question mark."""

    method: str
    path: str
    seed: bytes = b""
    signed: bool = False
    query: bool = False


@cache
def kit() -> GatewayKit:
    return GatewayKit(scratch() / "requests")


@cache
def terminal() -> Terminal:
    made = kit().enrol()
    made.record({"kind": "note", "n": 1})
    return made


def doors() -> list[Door]:
    """Every address that takes something, with what it wants to hear."""
    device, csr = terminal().device, json.loads(terminal().request("token"))["csr"]
    signed = {"nonce": "n", "service": "residence", "certificate": b"der", "signature": bytes(64)}
    form = {"language": "zh", "answers": {}, "preset": {}, "subjects": {}, "consent": {}}
    form |= dict.fromkeys(("name", "sex", "birth_date", "card_number", "data", "id_number", "service_version"), "x")
    entry = {"terminal": "T0001", "epoch": terminal().epoch, "seq": 1, "id": terminal().rows[0].id}
    judged = {**entry, "verdict": "accepted", "reason": "", "agency": "police"}
    move = {"number": "T0001-000001", "step": "review", "outcome": "done", "asks": [], "reason": ""}
    beat = Heartbeat("T0001", 1_800_000_000_000, "boot", {"app_up": 1}, {"version": "0.1.0"})
    offer = CodeOffer("T0001", bytes(range(32)), bytes(16)).address("").partition("?")[2]
    post = [
        ("/v1/enrol", terminal().request("token")),
        ("/v1/lookups", encode_lookup_request(LookupRequest("n", "residence", ("pop.person",), "s", b"d", bytes(64)))),
        ("/v1/simpleenroll", encode_join(JoinRequest(csr, device, "GZ-K2", "2027-00318", "0" * 32))),
        ("/v1/simplereenroll", encode_renewal(csr)),
        (HANDOVERS, encode_handover(Handover(form=json_dumps(form), **signed))),
        (WITHDRAW, b'{"token": "t"}'),
        (SIGN_INS, b"{}"),
        (LOOK, encode_key("k")),
        (TAKE_BACK, encode_key("k")),
        (END, encode_key("k")),
        (ASK, encode_ask("k", json_dumps(form))),
        (LOOKUPS, encode_app_lookup(AppLookup("k", "residence", ("pop.person",), "s"))),
        ("/v1/card-status", json_dumps({"certificate": to_base64url(b"der")})),
        ("/v1/card-losses", json_dumps({"id_number": "440199199003070021", "state": "lost"})),
        (
            "/v1/hsm",
            json_dumps(
                {**dict.fromkeys(("card_id", "challenge", "card_challenge"), "00" * 16), "cryptogram": "00" * 8}
            ),
        ),
        ("/v1/verdicts", json_dumps({"verdicts": [judged]})),
        ("/v1/cases/days", b'{"days": 1}'),
        ("/v1/agencies/police/steps", json_dumps({"moves": [move]})),
        ("/v1/agencies/police/claims", b'{"number": "T0001-000001", "claim": "c"}'),
        ("/v1/calls/1", b'{"said": "taken"}'),
        ("/v1/fleet/T0001/orders", b'{"kind": "refresh", "minutes": 5}'),
        ("/case", urlencode({"number": "T0001-000001", "code": "1"}).encode()),
        ("/phone", urlencode({"token": "t", "step": "1"}).encode()),
        ("/app", urlencode({"token": "t", "do": "agree"}).encode()),
        ("/email", b"proof=p"),
        ("/enrol/bind", ENROL.encode()),
        ("/enrol/unbind", ENROL.encode()),
        ("/fleet/T0001/orders", b"kind=refresh"),
        ("/fleet/login", b"token=t"),
    ]
    ask = [
        ("/verify", b"token=KR1%3AABC"),
        ("/c", b"t=KC1%3AABC"),
        ("/l", b"t=abc"),
        ("/case", b"token=KR1%3AABC&number=T0001-000001"),
        ("/email", b"proof=p"),
        ("/catalogue", b"agency=police"),
        ("/fleet", b"lang=en&problem=paper"),
        ("/enrol", ENROL.encode()),
        ("/technician/code", offer.encode()),
        ("/v1/public/geo.office", b"office=rongshu"),
        ("/v1/verdicts", b"after=0"),
        ("/v1/entries", b"after=0"),
        ("/v1/proofs/T0001-000001", b""),
        ("/v1/fleet", b"page=1"),
    ]
    return [
        Door("POST", "/v1/entries", encode_batch(terminal().batch(1, 1)), signed=True),
        Door("POST", "/v1/heartbeat", encode_heartbeat(beat), signed=True),
        Door("PUT", "/v1/queues/rongshu/exit-entry", b'{"waiting": 3}'),
        *(Door("POST", path, body) for path, body in post),
        *(Door("GET", path, body, query=True) for path, body in ask),
    ]


@cache
def session() -> tuple[str, str]:
    """An operator at the pages: the cookie, and the proof that a form came from them."""
    token = kit().authority.operator_token
    cookie = kit().call("POST", "/fleet/login", urlencode({"token": token}).encode()).headers["set-cookie"]
    page = kit().call("GET", "/enrol?" + ENROL, headers={"Cookie": cookie.partition(";")[0]})
    found = re.search(rb'name="proof" value="([^"]+)"', page.body)
    assert found is not None
    return cookie.partition(";")[0], found[1].decode()


@cache
def known() -> list[Door]:
    return doors()


def ask(raw: bytes) -> None:
    """One request: the door, then what is said at it. The terminal has its certificate, the operator the token."""
    door = known()[raw[0] % len(known()) if raw else 0]
    said = raw[1:]
    body = b"" if door.query else sign1(said, terminal().key) if door.signed else said
    path = door.path + (f"?{quote(said, safe='=&%+')}" if door.query else "")
    cookie, proof = session()
    if door.path.startswith(("/enrol", "/fleet/")):
        body += b"&proof=" + proof.encode()
    headers = {"Cookie": cookie, "Authorization": f"Bearer {kit().authority.operator_token}"}
    if door.path in {"/case", "/phone", "/app", "/email", "/enrol/bind"} or door.path.startswith(("/enrol", "/fleet/")):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = kit().call(door.method, path, body, certificate=terminal().certificate, headers=headers)
    assert answer.status < 500 or answer.code not in OUR_FAULTS, answer.body
    if answer.headers.get("content-type") == "application/problem+json":
        assert answer.code in CODES
    kit().clock.ms += 1


def seeds() -> Iterable[bytes]:
    for place, door in enumerate(known()):
        yield bytes([place]) + door.seed


FAMILY = Family(Reader("door", ask, (), seeds))
