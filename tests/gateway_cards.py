"""A citizen with a card at a terminal of a gateway's test: hands in signed applications and looks at the cases."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from kiosk.workers.desks import canonical
from provisioning.gateway.cases.outside.routes import agency_token
from provisioning.gateway.serve import City
from tests.gateway_kit import ASSETS, PARENT, Answer, Card, CardOffice, GatewayKit, Terminal

RECORDED = datetime.datetime(2023, 11, 14, tzinfo=datetime.UTC)
"""When the kit's terminals record, by their own clock."""
REAL = City(ASSETS / "city", people=300, seed=7, agencies=None)
"""A city whose agencies are all real."""


def sign_with(card: Card, draft: Mapping[str, object]) -> dict[str, object]:
    """Return the draft with the card's signature and certificate."""
    r, s = decode_dss_signature(card.key.sign(canonical(draft), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32) + s.to_bytes(32)
    proof = {
        "signature": base64.b64encode(signature).decode("ascii"),
        "certificate": base64.b64encode(card.certificate).decode("ascii"),
    }
    return {**draft, "card_signature": proof}


def kit_of(folder: Path, city: City, database: str = "") -> GatewayKit:
    return GatewayKit(folder / "gateway", database=database, city=city)


class Counter:
    """A terminal with one citizen's card in it."""

    def __init__(self, kit: GatewayKit, id_number: str = PARENT) -> None:
        office = CardOffice(RECORDED, days=3650)
        office.trust(kit.folder, f"{id_number}.pem")
        self.kit, self.id_number = kit, id_number
        self.terminal: Terminal = kit.enrol()
        self.card: Card = office.issue(id_number, days=3000)

    def hand_in(self, service: str, *, signed: bool = True, company: str = "", **answers: str) -> str:
        """Hand in an application and have it read; returns its number."""
        number = f"{self.terminal.name}-{len(self.terminal.rows) + 1:06d}"
        fields = {name: {"value": value, "origin": "answer"} for name, value in answers.items()}
        draft: dict[str, Any] = {
            "kind": "application", "schema": 1, "service": service, "fields": fields, "language": "zh-Hans",
            "terminal": self.terminal.name, "holder": {"name": "陈晓娴", "id_number": self.id_number},
        }  # fmt: skip
        draft |= {"company": company} if company else {}
        document = sign_with(self.card, draft) if signed else draft
        self.record({"number": number, **document})
        return number

    def record(self, document: Mapping[str, object]) -> None:
        self.terminal.record(document)
        seq = len(self.terminal.rows)
        assert self.terminal.push(self.terminal.batch(seq, seq)).status == 200
        self.kit.gateway.town.intake.work()

    def cases(self) -> list[dict[str, Any]]:
        """What the citizen sees under "my cases"."""
        answer = self.card.lookup(self.terminal, "my-cases", "case.case")
        assert answer.status == 200, answer.body
        record = answer.json["subjects"]["case.case"]["record"]
        return [] if record is None else record["cases"]

    def case(self, number: str) -> dict[str, Any]:
        return next(case for case in self.cases() if case["number"] == number)


def agency(kit: GatewayKit, name: str, method: str, path: str, body: object = None) -> Answer:
    headers = {"Authorization": f"Bearer {agency_token(kit.authority, name)}"}
    data = b"" if body is None else json.dumps(body).encode()
    return kit.call(method, f"/v1/agencies/{name}/{path}", data, headers=headers)


def say(
    kit: GatewayKit, name: str, number: str, step: str, outcome: str, *asks: str, reason: str = ""
) -> dict[str, Any]:
    move = {"number": number, "step": step, "outcome": outcome, "asks": list(asks), "reason": reason}
    return agency(kit, name, "POST", "steps", {"moves": [move]}).json["moves"][0]
