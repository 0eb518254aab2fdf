"""Routes with which terminals fetch a new version: the release that is theirs by now, and its package in pieces."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from offline_cache.wire.fleet.package import MAX_PACKAGE_BYTES, MAX_RELEASE_BYTES, PIECE_BYTES
from provisioning.gateway import contract
from provisioning.gateway.contract import operation
from provisioning.gateway.problems import Refused
from provisioning.gateway.releases.shelf import Shelf
from provisioning.gateway.web.common import JSON, Gateway, number_of, terminal_of, work

_BYTES = {"type": "string", "format": "binary"}
RELEASE = operation(
    f"What this terminal is to run, signed by the authority; at most {MAX_RELEASE_BYTES} bytes. New ones go in waves",
    (JSON, {"type": "object", "required": ["payload", "signature", "authority"]}),
    problems="unknown-terminal, terminal-revoked, not-found",
)
PIECE = operation(
    f"A package from `begin` on, at most {PIECE_BYTES} bytes; behind its end nothing",
    ("application/octet-stream", _BYTES),
    problems="unknown-terminal, terminal-revoked, malformed, not-found",
)


def add_release_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""

    @app.get("/v1/package", **RELEASE)
    async def release(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        terminal = await terminal_of(gateway, request)
        shelf = Shelf(gateway.authority)
        signed = await work(gateway, lambda: gateway.fleet.package(shelf.current(), terminal.name))
        if not signed:
            raise Refused("not-found", "no package is published for this terminal")
        return Response(signed, media_type=JSON, headers={"Cache-Control": "no-store"})

    @app.get("/v1/package/{digest}", **PIECE)
    async def piece(request: Request, digest: str, begin: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        await terminal_of(gateway, request)
        start = number_of(begin, "begin")
        if start > MAX_PACKAGE_BYTES:
            raise Refused("malformed", "begin lies behind the end of any package")
        found = await work(gateway, lambda: Shelf(gateway.authority).piece(digest, start))
        if found is None:
            raise Refused("not-found", "there is no such package; read the release again")
        return Response(found, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
