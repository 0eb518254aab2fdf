"""The OpenAPI document is held against a running gateway: schemathesis asks, over HTTPS, what nobody would think of.

`positive_data_acceptance` is left out: a signature, a token or a nonce cannot be made from a schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from offline_cache.messages import encode_batch, json_object, sign1
from provisioning.gateway import authority
from provisioning.gateway.server import openapi_document
from tests.system.test_gateway_serve import Joined, Running, join, kiosk, start, stop

pytestmark = [pytest.mark.system, pytest.mark.nightly]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ASK_S = 20
EXAMPLES = 25
"""For each operation and each asker."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("contract") / "gateway"
    ca_hash = str(json_object(kiosk("gateway", "init", str(folder)))["ca_hash"])
    process, url = start(folder, "--people", "50")
    yield Running(folder, url, ca_hash)
    assert stop(process) == 0


@pytest.fixture(scope="module")
def joined(gateway: Running, tmp_path_factory: pytest.TempPathFactory) -> Joined:
    terminal = join(gateway, tmp_path_factory.mktemp("joined"), gateway.invite())
    terminal.outbox.record({"number": 1}, {"number": 2})
    with gateway.session(terminal) as session:
        body = sign1(encode_batch(terminal.outbox.batch(1, 2)), terminal.outbox.key)
        assert session.post(f"{gateway.url}/v1/entries", data=body, timeout=ASK_S).status_code == 200
    return terminal


@pytest.fixture(scope="module")
def everybody(gateway: Running, joined: Joined) -> Iterator[requests.Session]:
    """A terminal that also has the operator's token: nothing is refused for who asks."""
    with gateway.session(joined) as session:
        session.headers["Authorization"] = f"Bearer {authority.load(gateway.folder).operator_token}"
        yield session


@pytest.fixture(scope="module")
def nobody(gateway: Running) -> Iterator[requests.Session]:
    with gateway.session() as session:
        yield session


@pytest.fixture(scope="module")
def document(gateway: Running, nobody: requests.Session) -> dict[str, object]:
    return dict(nobody.get(f"{gateway.url}/openapi.json", timeout=ASK_S).json())


@schemathesis.serializer("application/cose")
def as_it_is(_context: object, value: object) -> bytes:
    """Whatever bytes the generator makes are sent as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_dict(openapi_document())
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


def ask(case: schemathesis.Case, gateway: Running, session: requests.Session) -> schemathesis.Response:
    return case.call(base_url=gateway.url, session=session, timeout=ASK_S, verify=session.verify, cert=session.cert)


@schema.parametrize()
@BOUNDED
def test_what_a_terminal_and_an_operator_may_ask(
    case: schemathesis.Case, gateway: Running, everybody: requests.Session
) -> None:
    answer = ask(case, gateway, everybody)
    case.validate_response(answer, checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_what_nobody_in_particular_asks(case: schemathesis.Case, gateway: Running, nobody: requests.Session) -> None:
    answer = ask(case, gateway, nobody)
    case.validate_response(answer, checks=CHECKS)
    secured = ("/v1/entries", "/v1/nonce", "/v1/lookups", "/v1/catalogue", "/v1/verdicts", "/v1/alarms",
               "/v1/messages", "/v1/calls", "/v1/subscribers")  # fmt: skip
    if case.path in secured:
        assert answer.status_code in {401, 405, 413}


def test_the_document_in_the_reference_is_the_one_that_is_served(document: dict[str, object]) -> None:
    kept = Path(__file__).resolve().parents[2] / "docs/reference/openapi.json"
    assert json_object(kept.read_bytes()) == document
