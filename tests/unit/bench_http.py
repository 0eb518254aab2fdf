"""Asking the bench's HTTP interface in tests."""

from __future__ import annotations

from typing import Any

import requests
from fastapi import FastAPI

TIMEOUT_S = 20


class Doorway:
    """One server for all tests, each with its own application behind it: starting and ending one takes 0.2 s."""

    def __init__(self) -> None:
        self.app: FastAPI | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def get(url: str, path: str, **more: Any) -> requests.Response:
    return requests.get(url + path, timeout=TIMEOUT_S, **more)


def post(url: str, path: str, body: object = None, **more: Any) -> requests.Response:
    return requests.post(url + path, json=body, timeout=TIMEOUT_S, **more)


def refused(answer: requests.Response, status: int, code: str) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] == code
    assert set(body) == {"error", "message", "next"}
    assert body["message"]
    assert body["next"]
    return body
