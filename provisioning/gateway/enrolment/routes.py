"""Enrolment by telephone: the terminal's question (`POST /v1/simpleenroll`) and the technician's pages (`/enrol`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from offline_cache.errors import MalformedMessage
from offline_cache.messages import encode_enrol_answer, json_dumps, json_object
from offline_cache.wire.fleet.joining import (
    GRACE_DAYS,
    LIFE_S,
    MAX_JOIN_BYTES,
    Offer,
    decode_join,
    decode_renewal,
    encode_renewed,
    offer,
)
from provisioning.gateway.authority import CsrInvalid
from provisioning.gateway.contract import members, operation
from provisioning.gateway.enrolment import page
from provisioning.gateway.enrolment.bindings import Bindings
from provisioning.gateway.enrolment.renewals import Renewals
from provisioning.gateway.fleet.pages import login
from provisioning.gateway.fleet.pages.places import OfficeSeen, Places
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import JSON, Gateway, body_of, work

AGAIN_S = 3
_TEXT = {"type": "string"}
_ANSWER = {
    "type": "object",
    "required": ["terminal", "certificate", "ca", "sealing_key_id", "sealing_key", "signing_key", "site"],
    "additionalProperties": {"anyOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}]},
}
JOIN = operation(
    f"A terminal asks, again and again, for the certificate that a technician's phone binds to its key for {LIFE_S} s",
    (JSON, _ANSWER),
    takes=(JSON, members(csr=_TEXT, device={**_TEXT, "format": "uuid"}, model=_TEXT, serial=_TEXT, nonce=_TEXT)),
    problems="malformed, token-expired, token-cancelled, token-used, too-large",
    extra={202: {"description": "Nobody has decided yet: the same again after Retry-After seconds",
                 "content": {JSON: {"schema": members(state={"const": "waiting"})}}}},
)  # fmt: skip

RENEW = operation(
    f"A newer certificate for the key that signed the request; until {GRACE_DAYS} days after the end of the last one",
    (JSON, members(certificate=_TEXT)),
    takes=(JSON, members(csr=_TEXT)),
    problems="malformed, unknown-terminal, terminal-revoked, certificate-ended, too-large",
)


def add_enrolment_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    _for_terminals(app, gateway)
    _for_technicians(app, gateway)


def _bindings(gateway: Gateway) -> Bindings:
    return Bindings(gateway.store, gateway.authority, gateway.now_ms)


def _for_terminals(app: FastAPI, gateway: Gateway) -> None:
    @app.post("/v1/simpleenroll", **JOIN)
    async def join(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        body = await body_of(request, MAX_JOIN_BYTES)
        try:
            asked = decode_join(body)
            answer = await work(gateway, lambda: _bindings(gateway).join(asked))
        except (MalformedMessage, CsrInvalid) as error:
            raise Refused("malformed", str(error)) from None
        headers = {"Cache-Control": "no-store"}
        if answer is None:
            headers["Retry-After"] = str(AGAIN_S)
            return Response(json_dumps({"state": "waiting"}), 202, headers, JSON)
        gateway.log("gateway.enrolled", {"terminal": answer.terminal})
        return Response(encode_enrol_answer(answer), 200, headers, JSON)

    @app.post("/v1/simplereenroll", **RENEW)
    async def renew(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        body = await body_of(request, MAX_JOIN_BYTES)
        renewals = Renewals(gateway.store, gateway.authority, gateway.now_ms)
        try:
            csr = decode_renewal(body)
            terminal, certificate = await work(gateway, lambda: renewals.renew(csr))
        except (MalformedMessage, CsrInvalid) as error:
            raise Refused("malformed", str(error)) from None
        gateway.log("gateway.renewed", {"terminal": terminal})
        return Response(encode_renewed(certificate), 200, {"Cache-Control": "no-store"}, JSON)


def _for_technicians(app: FastAPI, gateway: Gateway) -> None:
    pages = _Pages(gateway)

    @app.get("/enrol", include_in_schema=False)
    async def look(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        proof = login.logged_in(gateway, request)
        if not proof:
            return login.ask(request)
        if not request.query_params:
            return page.begin()
        return await work(gateway, lambda: pages.look(request.query_params, proof))

    @app.post("/enrol/bind", include_in_schema=False)
    async def bind(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fields = await login.form_of(gateway, request)
        return await work(gateway, lambda: pages.bind(fields))

    @app.post("/enrol/unbind", include_in_schema=False)
    async def unbind(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fields = await login.form_of(gateway, request)
        return await work(gateway, lambda: pages.unbind(fields))


class _Pages:
    """The technician's pages over one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._places = Places()

    def look(self, given: Mapping[str, str], proof: str) -> Response:
        found = _offer(given)
        if found is None:
            return page.unreadable()
        terminals = self._gateway.store.terminals()
        counts = Counter(item.place.get("office", "") for item in terminals if not item.revoked)
        bound = _bindings(self._gateway).look(found)
        return page.offered(found, bound, list(self._offices().values()), counts, proof, self._gateway.now_ms())

    def bind(self, fields: Mapping[str, str]) -> Response:
        found, office = _offer(fields), self._offices().get(fields.get("office", ""))
        if found is None:
            return page.unreadable()
        if office is None:
            return page.problem(found, "no-office")
        try:
            _bindings(self._gateway).bind(found, page.site_of(office, fields.get("label", "").strip()[:20]))
        except Refused as error:
            return page.problem(found, error.problem.code)
        return RedirectResponse(found.address(""), 303, {"Cache-Control": "no-store"})

    def unbind(self, fields: Mapping[str, str]) -> Response:
        found = _offer(fields)
        if found is None:
            return page.unreadable()
        _bindings(self._gateway).unbind(found)
        return RedirectResponse(found.address(""), 303, {"Cache-Control": "no-store"})

    def _offices(self) -> Mapping[str, OfficeSeen]:
        published = self._gateway.published
        self._places.read(published.directory().etag, lambda: json_object(published.directory_content()))
        return self._places.offices


def _offer(given: Mapping[str, str]) -> Offer | None:
    try:
        return offer(*(given.get(name, "") for name in ("m", "s", "f", "n")))
    except MalformedMessage:
        return None
