"""The gateway's HTTP interface (FastAPI). The contract is the table in `offline_cache/messages.py`.

The client certificate arrives in `scope["state"]["client_certificate"]` (DER), put there by the TLS server of
`serve.py`. Clock and store are given, so that tests run without either.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException

from offline_cache.errors import MalformedMessage
from offline_cache.messages import (
    CBOR_TYPE,
    Ack,
    EnrolAnswer,
    decode_enrol_request,
    encode_enrol_answer,
    json_dumps,
)
from provisioning.gateway import contract
from provisioning.gateway.authority import SERVER_RENEW, CsrInvalid
from provisioning.gateway.cases.outside.page import add_case_page
from provisioning.gateway.cases.outside.routes import add_case_routes
from provisioning.gateway.certificates.page import add_certificate_page
from provisioning.gateway.enrolment.routes import add_enrolment_routes
from provisioning.gateway.exchange.routes import add_exchange_routes
from provisioning.gateway.fleet.routes import add_fleet_routes
from provisioning.gateway.handover.page import add_handover_routes
from provisioning.gateway.hsm import MAX_BYTES as MAX_HSM_BYTES
from provisioning.gateway.identity.app_page import add_app_page
from provisioning.gateway.identity.routes import add_sign_in_routes
from provisioning.gateway.ingest import MAX_ENVELOPE_BYTES, accept, unsealed
from provisioning.gateway.licences.page import add_licence_page
from provisioning.gateway.messages.routes import add_message_routes
from provisioning.gateway.page import PageFacts, render
from provisioning.gateway.problems import CODES, Refused
from provisioning.gateway.release import MAX_LOOKUP_BYTES
from provisioning.gateway.releases.routes import add_release_routes
from provisioning.gateway.store import InviteInvalid, StoreFailed
from provisioning.gateway.technicians.page import add_technician_routes
from provisioning.gateway.verify_page import add_verify_route
from provisioning.gateway.web.admission import Admission
from provisioning.gateway.web.catalogue_page import add_catalogue_page
from provisioning.gateway.web.common import (
    JSON,
    Gateway,
    body_of,
    certified_terminal,
    check_operator,
    fingerprint_of,
    json_answer,
    number_of,
    problem_answer,
    signed_answer,
    terminal_of,
    work,
)
from provisioning.gateway.web.later import add_later_routes
from provisioning.gateway.web.public import add_public_routes

_CLONED = (
    "Two terminals use one disk image, or a disk was set back. Nothing is lost: both keep their entries. Enrol the copy"
    " with a new state folder, then:"
)
_WHAT_TO_DO = {
    "storage-damaged": "Its outbox file was damaged and set aside; what could be read was sent. Look at the disk, then"
    " there: kiosk outbox acknowledge; or here:"
}

MAX_ENROL_BYTES = 16 * 1024
RETRY_AFTER_S = 2


def create_app(gateway: Gateway) -> FastAPI:
    """The ASGI application of one gateway."""
    app = FastAPI(title="Citizen kiosk gateway", version="1", description=contract.DESCRIPTION, docs_url=None)
    app.router.redirect_slashes = False
    app.add_middleware(Admission, gateway=gateway)
    _public(app, gateway)
    _for_terminals(app, gateway)
    _for_operators(app, gateway)
    add_later_routes(app, gateway)
    add_verify_route(app, gateway)
    add_case_routes(app, gateway)
    add_case_page(app, gateway)
    add_public_routes(app, gateway)
    add_message_routes(app, gateway)
    add_licence_page(app, gateway)
    add_handover_routes(app, gateway)
    add_sign_in_routes(app, gateway)
    add_app_page(app, gateway)
    add_certificate_page(app, gateway)
    add_exchange_routes(app, gateway)
    add_catalogue_page(app, gateway)
    add_fleet_routes(app, gateway)
    add_release_routes(app, gateway)
    add_enrolment_routes(app, gateway)
    add_technician_routes(app, gateway)

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        return problem_answer(cast("Refused", error), gateway)

    @app.exception_handler(StoreFailed)
    async def failed(_request: Request, _error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        return problem_answer(Refused("gateway-store-failed", retry_after_s=RETRY_AFTER_S), gateway)

    @app.exception_handler(HTTPException)
    async def unrouted(_request: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        known = {404: "not-found", 405: "method-not-allowed"}
        raised = cast("HTTPException", error)
        answer = problem_answer(Refused(known.get(raised.status_code, "malformed")), gateway)
        answer.headers.update(raised.headers or {})  # 405 names the methods that are allowed
        return answer

    @app.exception_handler(Exception)
    async def broken(_request: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        gateway.log("gateway.failed", {"error": type(error).__name__})
        return problem_answer(Refused("gateway-failed", retry_after_s=RETRY_AFTER_S), gateway)

    return app


def openapi_document() -> dict[str, object]:
    """The contract, as `/openapi.json` gives it. No gateway is needed: nothing is asked of this application."""
    return create_app(cast("Gateway", None)).openapi()


def _public(app: FastAPI, gateway: Gateway) -> None:
    """What anyone may ask."""

    @app.get("/v1/health", **contract.HEALTH)
    async def health(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        if "client_certificate" in request.scope.get("state", {}):
            await terminal_of(gateway, request)  # a terminal that asks hears at once when it was revoked
        return json_answer({"status": "ok", "time_ms": gateway.now_ms()})

    @app.get("/v1/ca", **contract.CA)
    async def authority() -> Response:  # pyright: ignore[reportUnusedFunction]
        return PlainTextResponse(gateway.authority.ca_pem, media_type="application/x-pem-file")

    @app.post("/v1/enrol", **contract.ENROL)
    async def enrol(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        body = await body_of(request, MAX_ENROL_BYTES)
        return Response(await work(gateway, lambda: _enrol(gateway, body)), media_type=JSON)

    @app.get("/problems/{code}", **contract.PROBLEM)
    async def problem(code: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        if code not in CODES:
            raise Refused("not-found")
        status, next_step = CODES[code]
        return json_answer({"code": code, "status": status, "next_step": next_step})

    @app.get("/", include_in_schema=False)
    async def page() -> Response:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(await work(gateway, lambda: render(_facts(gateway))))


def _for_terminals(app: FastAPI, gateway: Gateway) -> None:
    """What needs a terminal's certificate."""

    @app.post("/v1/entries", **contract.ENTRIES)
    async def entries(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fingerprint = fingerprint_of(request)
        body = await body_of(request, MAX_ENVELOPE_BYTES)
        now_ms = gateway.now_ms()

        def take() -> tuple[bytes, Ack, int]:
            terminal = certified_terminal(gateway, fingerprint)
            return accept(body, terminal, gateway.store, gateway.authority, now_ms, fingerprint)

        signed, ack, new = await work(gateway, take)
        facts = {"terminal": ack.terminal, "new": new, "acked_through": ack.acked_through}
        gateway.log("gateway.entries", facts)
        if new:
            gateway.wake()
        return Response(signed, media_type=CBOR_TYPE)

    @app.post("/v1/nonce", **contract.NONCE)
    async def nonce(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        now_ms = gateway.now_ms()
        return json_answer(await work(gateway, lambda: gateway.releaser.nonce(terminal, now_ms)))

    @app.post("/v1/lookups", **contract.LOOKUPS)
    async def lookups(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        body = await body_of(request, MAX_LOOKUP_BYTES)
        now_ms = gateway.now_ms()
        asked, answer = await work(gateway, lambda: gateway.releaser.lookup(body, terminal, now_ms))
        facts = {"terminal": terminal.name, "service": asked.service, "subjects": len(asked.subjects)}
        gateway.log("gateway.lookup", facts)
        return json_answer(answer)

    @app.post("/v1/hsm", **contract.HSM)
    async def hsm(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        await terminal_of(gateway, request)
        body = await body_of(request, MAX_HSM_BYTES)
        return json_answer(await work(gateway, lambda: gateway.hsm.prove(body)))

    @app.get("/v1/catalogue", **contract.CATALOGUE)
    async def catalogue(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        catalogues = gateway.releaser.catalogue
        current = await work(gateway, lambda: gateway.fleet.catalogue(catalogues.current(), terminal.name))
        return signed_answer(request, current.etag, current.signed)

    @app.get("/v1/configuration", **contract.CONFIGURATION)
    async def configuration(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        found = await work(gateway, lambda: gateway.fleet.configuration(gateway.published, terminal.name))
        return signed_answer(request, found.etag, found.signed)

    @app.get("/v1/directory", **contract.DIRECTORY)
    async def directory(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        await terminal_of(gateway, request)
        found = await work(gateway, gateway.published.directory)
        return signed_answer(request, found.etag, found.signed)


def _for_operators(app: FastAPI, gateway: Gateway) -> None:
    """What needs the operator's token."""

    @app.get("/v1/entries", **contract.READ_ENTRIES)
    async def read_entries(request: Request, after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        lines = unsealed(gateway.store, gateway.authority, number_of(after, "after"))
        return StreamingResponse(_json_lines(lines), media_type="application/jsonl")


def _json_lines(lines: Iterator[dict[str, object]]) -> Iterator[bytes]:
    return (json_dumps(line) + b"\n" for line in lines)


# --- pieces ---------------------------------------------------------------------------------------------------------


def _enrol(gateway: Gateway, body: bytes) -> bytes:
    """Redeem a token. Raises `Refused` `malformed` (the token stays good) or `token-invalid`."""
    now_ms = gateway.now_ms()
    now = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    authority = gateway.authority
    try:
        asked = decode_enrol_request(body)
        admission = gateway.store.admit(
            hashlib.sha256(asked.token.encode("utf-8")).digest(),
            now_ms,
            asked.device,
            asked.model,
            lambda name: authority.certify(asked.csr, name, now),
        )
    except (MalformedMessage, CsrInvalid) as error:
        raise Refused("malformed", str(error)) from None
    except InviteInvalid:
        raise Refused("token-invalid") from None
    gateway.log("gateway.enrolled", {"terminal": admission.terminal})
    return encode_enrol_answer(
        EnrolAnswer(
            terminal=admission.terminal,
            certificate=admission.certificate.pem,
            ca=authority.ca_pem,
            sealing_key_id=authority.sealing_key_id,
            sealing_key=authority.sealing_key.public_key().public_bytes_raw(),
            signing_key=authority.signing_key.public_key().public_bytes_raw(),
            site=dict(admission.site),
        )
    )


def _facts(gateway: Gateway) -> PageFacts:
    catalogue = gateway.releaser.catalogue
    current = catalogue.current()
    notices = [f"The changed catalogue is not used: {catalogue.refused}"] if catalogue.refused else []
    notices += [
        f"card-cas/{name} is not an authority's certificate: put the right one there, or remove it."
        for name in gateway.releaser.cards.unreadable
    ]
    now = datetime.datetime.fromtimestamp(gateway.now_ms() / 1000, datetime.UTC)
    ends = gateway.authority.server_ends
    if ends is not None and ends - now < SERVER_RENEW:
        notices.append(
            f"This server's certificate ends on {ends:%Y-%m-%d}; after that no terminal trusts it. Run: kiosk gateway"
            " init DIR, then start the server anew."
        )
    if gateway.published.refused:
        notices.append(f"{gateway.published.refused}. The last good version is in use.")
    terminals = gateway.store.terminals()
    notices += [
        f"{item.name} was set up twice from one image: two of its databases have one number, so case numbers may be"
        " doubled. Enrol it again with a new state folder."
        for item in terminals
        if item.doubled_epochs
    ]
    notices += [
        f"{alarm.terminal}: {alarm.code} at seq {alarm.seq}, {alarm.times} times."
        f" {_WHAT_TO_DO.get(alarm.code, _CLONED)}"
        f" kiosk gateway alarms --dir DIR --close {alarm.terminal}"
        for alarm in gateway.store.alarms()
    ]
    given_up = gateway.messages.post.counts().given_up
    if given_up:
        notices.append(f"{given_up} messages to citizens could not be delivered. Check messages.toml and gateway.log.")
    return PageFacts(
        terminals=terminals,
        now_ms=gateway.now_ms(),
        catalogue_version=current.version,
        services=len(current.parsed.services),
        subjects=len(current.parsed.subjects),
        notices=notices,
    )
