"""Cards and paper of the bench's HTTP interface."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import FastAPI, Response
from fastapi import Path as PathParam

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import (
    BadgeBody,
    CardBody,
    IdentityBody,
    PhoneAnswer,
    PhoneBody,
    ReceiptBody,
    StateBody,
    TakenAnswer,
)
from kiosk.bench.ports import BenchPorts


def add_devices(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    """The card tray, and the paper."""

    @app.get("/api/personas")
    def personas() -> list[dict[str, object]]:
        """The synthetic citizens of the tray, each with a story and a whole card document."""
        return [asdict(persona) for persona in ports.tray.personas()]

    @app.post("/api/card/insert", response_model=StateBody)
    def insert(body: CardBody) -> dict[str, object]:
        """Put a card into the slot: a persona's, or one made from a whole card document."""
        if body.persona is not None:
            return actions.insert_persona(body.persona)
        assert body.card is not None
        return actions.insert_document(body.card)

    @app.post("/api/card/remove", response_model=StateBody)
    def remove() -> dict[str, object]:
        """Pull the card out."""
        return actions.remove_card()

    @app.post("/api/card/badge", response_model=StateBody)
    def badge(body: BadgeBody) -> dict[str, object]:
        """Put the technician's card into the technicians' own slot, or pull it out there."""
        return actions.badge(there=body.there)

    @app.post("/api/card/identity", response_model=StateBody)
    def identity(body: IdentityBody) -> dict[str, object]:
        """Lay a persona's identity card on its own reader, or take it away (null)."""
        return actions.identity(body.persona or "")

    @app.post("/api/phone", response_model=PhoneAnswer)
    def phone(body: PhoneBody) -> dict[str, object]:
        """Tap on the citizen's telephone: scan the code on the screen, agree, approve, refuse, leave."""
        return actions.phone(body.do, body.persona)

    _add_paper(app, actions, ports)


def _add_paper(app: FastAPI, actions: BenchActions, ports: BenchPorts) -> None:
    @app.get("/api/receipts", response_model=list[ReceiptBody])
    def receipts() -> list[dict[str, object]]:
        """What was printed since the start or the last reset, oldest first: text, and the state of the job."""
        return [
            {**asdict(receipt), "picture": f"/api/receipts/{receipt.n}.png" if receipt.has_picture else None}
            for receipt in ports.paper.receipts()
        ]

    @app.get("/api/receipts/{n}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
    def receipt_picture(n: Annotated[int, PathParam(ge=1)]) -> Response:
        """The n-th paper as the printer put it out; the first is 1."""
        return Response(ports.paper.picture(n), media_type="image/png")

    @app.post("/api/receipts/take", response_model=TakenAnswer)
    def take_receipt() -> dict[str, object]:
        """Take the receipt out of the mouth of a kiosk printer (`printer_model` of the settings with a presenter)."""
        return actions.take_receipt()
