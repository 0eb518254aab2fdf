"""Every page that a gateway shows to a browser, asked what nobody would think of: no page falls over.

The pages are in no OpenAPI document, because no program relies on them: one is made here from the routes themselves, so
that a new page is asked too. Fields are those that pages read, and strange ones.
"""

from __future__ import annotations

from typing import Any, cast

import pytest
import requests
import schemathesis
from fastapi.routing import APIRoute
from schemathesis.checks import not_a_server_error

from provisioning.gateway.server import create_app
from tests.system.test_gateway_contract import ASK_S, BOUNDED, everybody, gateway, joined, nobody
from tests.system.test_gateway_serve import Running

pytestmark = [pytest.mark.system, pytest.mark.nightly]
_FIXTURES = (everybody, gateway, joined, nobody)
FIELDS = ("after", "agency", "code", "day", "do", "email", "k", "kind", "label", "lang", "language", "matter", "notify",
          "number", "office", "phone", "proof", "q", "shown", "subject", "t", "token", "topic", "who")  # fmt: skip
ANSWERS = {200, 302, 303, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429}
TEXT: dict[str, object] = {"type": "string", "maxLength": 80}
FORM = "application/x-www-form-urlencoded"


def pages() -> dict[str, Any]:
    """An OpenAPI document of every route that the gateway's own leaves out."""
    paths: dict[str, Any] = {}
    for route in create_app(cast("Any", None)).routes:
        if not isinstance(route, APIRoute) or route.include_in_schema:
            continue
        inside = [part.strip("{}").partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
        for method in sorted(route.methods or ()):
            operation: dict[str, Any] = {
                "parameters": [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in inside],
                "responses": {"default": {"description": "a page"}},
            }
            if method == "GET":
                operation["parameters"] += [{"name": name, "in": "query", "schema": TEXT} for name in FIELDS]
            else:
                body = {"type": "object", "properties": dict.fromkeys(FIELDS, TEXT), "additionalProperties": TEXT}
                operation["requestBody"] = {"content": {FORM: {"schema": body}}}
            paths.setdefault(route.path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "pages", "version": "1"}, "paths": paths}


schema = schemathesis.openapi.from_dict(pages())


def asked(case: schemathesis.Case, gateway: Running, session: requests.Session) -> schemathesis.Response:
    return case.call(
        base_url=gateway.url, session=session, timeout=ASK_S, verify=session.verify, cert=session.cert,
        allow_redirects=False,
    )  # fmt: skip


@schema.parametrize()
@BOUNDED
def test_a_page_that_anybody_opens_never_falls_over(
    case: schemathesis.Case, gateway: Running, nobody: requests.Session
) -> None:
    answer = asked(case, gateway, nobody)
    case.validate_response(answer, checks=[not_a_server_error])
    assert answer.status_code in ANSWERS


@schema.parametrize()
@BOUNDED
def test_a_page_that_an_operator_opens_never_falls_over(
    case: schemathesis.Case, gateway: Running, everybody: requests.Session
) -> None:
    answer = asked(case, gateway, everybody)
    case.validate_response(answer, checks=[not_a_server_error])
    assert answer.status_code in ANSWERS
