"""Asking a gateway for its messages, as its operator does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from offline_cache.seal import salvaged_document
from tests.gateway_kit import GatewayKit, Terminal


def operator(kit: GatewayKit, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    return kit.call(method, path, b"" if body is None else json.dumps(body).encode(), headers=headers)


def outbox(kit: GatewayKit) -> list[dict[str, Any]]:
    kit.gateway.messages.round()
    return operator(kit, "GET", "/v1/messages").json["messages"]


def carried_again(terminal: Terminal, *documents: Mapping[str, object]) -> None:
    """A disk was damaged: rows that were never sent arrive inside entries of a new epoch, each as it was sealed."""
    old, before = terminal.epoch, len(terminal.rows)
    terminal.record(*documents)
    assert terminal.sealing is not None
    rows, wrapped = terminal.rows[before:], terminal.sealing.wrapped
    terminal.epoch, terminal.rows = "f" * 32, []
    terminal.record(*(salvaged_document(row, wrapped, terminal.device, old, "storage-damaged") for row in rows))
    assert terminal.push(terminal.batch(1, len(rows))).status == 200
