"""`GET /v1/exchange/{topic}?after=POSITION`: a subscriber reads on from where it was, with its own token."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response

from provisioning.gateway import contract
from provisioning.gateway.exchange.readings import ExchangeReadings
from provisioning.gateway.exchange.stream import MOST, CaseStream, EntryStream, Stream
from provisioning.gateway.exchange.subscribers import Subscribers
from provisioning.gateway.problems import Refused
from provisioning.gateway.web.common import Gateway, check_operator, json_answer, number_of, work

ENTRIES = "entries"


def add_exchange_routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the routes to the gateway's application."""
    topics: dict[str, Stream] = {}

    def opened() -> Mapping[str, Stream]:
        if not topics:
            topics[ENTRIES] = EntryStream(gateway.store, gateway.authority)
            topics["cases"] = CaseStream(gateway.store.database)
        return topics

    @app.get("/v1/exchange/{topic}", **contract.EXCHANGE)
    async def read(request: Request, topic: str, after: contract.After = "0") -> Response:  # pyright: ignore[reportUnusedFunction]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        position, now_ms = number_of(after, "after"), gateway.now_ms()

        def page() -> dict[str, object]:
            subscribers = Subscribers(gateway.store.database)
            who = subscribers.of(token)
            if who is None:
                raise Refused("subscriber-required")
            stream = opened().get(topic)
            if stream is None:
                raise Refused("not-found")
            subscribers.saw(who, topic, position, now_ms)
            found = stream.read(position, MOST)
            items = [item for item in found.items if who.gets(item.agency)]
            if topic == ENTRIES:  # a case's events hold codes and numbers, nothing of the citizen's
                ExchangeReadings(gateway.store.database, gateway.authority.pseudonym).note(who, items, now_ms)
            told = [{"position": item.position, **item.facts} for item in items]
            return {"items": told, "next": found.next, "more": found.more}

        return json_answer(await work(gateway, page))

    @app.get("/v1/subscribers", **contract.SUBSCRIBERS)
    async def subscribers(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        check_operator(gateway, request)
        found = await work(gateway, Subscribers(gateway.store.database).seen)
        lines = [{"name": one.name, "topic": one.topic, "position": one.position, "at_ms": one.at_ms} for one in found]
        return json_answer({"subscribers": lines})
