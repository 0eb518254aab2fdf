"""Asking a gateway for its messages, as its operator does."""

from __future__ import annotations

import json
from typing import Any

from tests.gateway_kit import GatewayKit


def operator(kit: GatewayKit, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    return kit.call(method, path, b"" if body is None else json.dumps(body).encode(), headers=headers)


def outbox(kit: GatewayKit) -> list[dict[str, Any]]:
    kit.gateway.messages.round()
    return operator(kit, "GET", "/v1/messages").json["messages"]
