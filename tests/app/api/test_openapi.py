"""The documents of the door are true: every call answers as the OpenAPI says, every slug has its page."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.problem_kinds import PROBLEMS
from consent.decision import RULES
from tests.app.api.loop import Shop, bearer, make_owner, make_relationship
from tests.instances import Instance

KEPT = (not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance)


@pytest.fixture
def shop(instance: Instance) -> Shop:
    return make_relationship(instance, make_owner(instance))


def test_document_is_openapi_31_of_every_call(instance: Instance) -> None:
    """Every call of the contract that this version has, with its problems."""
    found = instance.client.get("/api/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    calls = {f"{method.upper()} {path}" for path, operations in found["paths"].items() for method in operations}
    assert {"POST /api/v1/messages", "GET /api/v1/grant", "POST /oauth/token", "DELETE /oauth/register/{client_id}"} <= calls
    refusals = found["paths"]["/api/v1/messages"]["post"]["responses"]
    assert set(refusals) == {"202", "401", "403", "409", "410", "413", "422", "429", "500"}
    assert all(set(refusals[status]["content"]) == {"application/problem+json"} for status in refusals if status != "202")


def test_docs_page_needs_nothing_from_elsewhere(instance: Instance) -> None:
    """Readable without JavaScript: no script, no style or image from another host, every call and slug on it."""
    page = instance.client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    for path in instance.client.get("/api/openapi.json").json()["paths"]:
        assert path in page.text
    assert all(f"/problems/{slug}" in page.text for slug in PROBLEMS)


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
def test_every_slug_has_a_page(instance: Instance, slug: str) -> None:
    """What happened, and what to do."""
    page = instance.client.get(f"/problems/{slug}")
    assert page.status_code == 200
    assert str(PROBLEMS[slug].title) in page.text.replace("&#39;", "'")


def test_unknown_slug_has_none(instance: Instance) -> None:
    """404."""
    assert instance.client.get("/problems/nonsense").status_code == 404


def test_every_reason_of_the_gate_is_a_problem() -> None:
    """The rules of consent and the table of problems name the same slugs."""
    assert set(RULES.values()) <= set(PROBLEMS)


def test_every_answer_is_documented(instance: Instance, shop: Shop) -> None:
    """Generated calls, right and wrong: no 5xx, and status, type, headers and body as the document says."""
    document = instance.client.get("/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=instance.settings.base_url)
    tokens = {"client_token": shop.client_token(), "grant_token": shop.grant_token, "registration_token": "bwr_x", "initial_token": "bwi_x"}
    called = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        secured = [name for entry in document["paths"][operation.path][operation.method].get("security", []) for name in entry]
        headers = shop.basic if "client" in secured else bearer(tokens[secured[0]]) if secured else {}
        try_calls(instance, operation, headers)
        called += 1
    assert called == sum(len(operations) for operations in document["paths"].values())


def try_calls(instance: Instance, operation: Any, headers: dict[str, str]) -> None:
    """Generated calls of one operation."""

    @settings(max_examples=8, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url=instance.settings.base_url, headers=headers)
        body = {name: sent[name] for name in ("json", "data", "params") if sent.get(name) is not None}
        answer = instance.client.request(sent["method"], sent["url"], headers=dict(sent["headers"]), **body)
        case.validate_response(answer, checks=list(KEPT))

    call()
