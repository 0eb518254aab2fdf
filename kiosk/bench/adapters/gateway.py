"""The gateway as an operator sees it, past the cable; and the cable itself as the bench's network."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import requests

from kiosk.bench.cable import Cable
from kiosk.bench.ports import BenchError, NetworkView

TIMEOUT_S = 20.0
DAYS_TIMEOUT_S = 120.0
KEYS = ("terminal", "epoch", "seq", "id", "document")
MESSAGE_KEYS = ("way", "to", "subject", "body", "at_ms")


class OperatorView:
    """Reads `GET /v1/entries` with the operator's token. What was read once is kept: entries never change."""

    def __init__(self, url: str, ca_file: str, operator_token: str | None) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file
        self._token = operator_token
        self._held: list[dict[str, object]] = []
        self._position = 0
        self._lock = threading.Lock()

    def state(self) -> Mapping[str, object]:
        return {"url": self._url}

    def alive(self) -> bool:
        """Whether `GET /v1/health` is answered."""
        try:
            return self._session.get(f"{self._url}/v1/health", timeout=TIMEOUT_S).status_code == 200
        except requests.RequestException:
            return False

    def entries(self) -> Sequence[Mapping[str, object]]:
        with self._lock:
            for line in filter(None, self._read("/v1/entries", self._position).split("\n")):
                entry = cast("dict[str, Any]", json.loads(line))
                self._position = max(self._position, int(entry["position"]))
                self._held.append({key: entry[key] for key in KEYS})
            return list(self._held)

    def messages(self) -> Sequence[Mapping[str, object]]:
        with self._lock:
            answer = cast("dict[str, Any]", json.loads(self._read("/v1/messages", 0)))
            return [{key: item[key] for key in MESSAGE_KEYS} for item in answer["messages"]]

    def pass_days(self, days: int) -> bool:
        if self._token is None:
            return False
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = self._session.post(
                f"{self._url}/v1/cases/days", json={"days": days}, headers=headers, timeout=DAYS_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise _silent(error) from error
        return answer.status_code == requests.codes.ok

    def _read(self, path: str, after: int) -> str:
        """What is behind a position, for the operator's token."""
        if self._token is None:
            raise BenchError(
                "no-operator-token",
                "This gateway was not started by the bench, so what it holds cannot be read.",
                "Ask its operator, or start the bench without --gateway.",
                409,
            )
        try:
            answer = self._session.get(
                f"{self._url}{path}",
                params={"after": str(after)},
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=TIMEOUT_S,
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            raise _silent(error) from error
        answer.encoding = "utf-8"
        return answer.text


def _silent(error: Exception) -> BenchError:
    said = f"The gateway did not answer: {type(error).__name__}."
    return BenchError("gateway-silent", said, "See STATE/gateway/gateway.out.", 503)


class CableNetwork:
    """The `Network` port over a `Cable`."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable

    def view(self) -> NetworkView:
        return self._cable.view()

    def set(self, *, up: bool, latency_ms: int, loss: float) -> None:
        self._cable.set(up=up, latency_ms=latency_ms, loss=loss)
