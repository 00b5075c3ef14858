"""At every call of the vendor's door the absent and the forbidden look alike, byte for byte. The calls come from the OpenAPI."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from sqlalchemy import select
from sqlmodel import SQLModel

from tests.app.api.loop import Shop, bearer, make_owner, make_relationship, message
from tests.instances import Instance

NOWHERE = "0f" * 16
# What an ended consent still allows for ninety days: looking at it, taking offers back, and what the client owes.
AFTERLIFE = re.compile(r"/api/v1/(grant|messages/{\w+}|letters.*|commitments.*)$")


@dataclass(frozen=True)
class Door:
    """Two clients of one owner, and every call under `/api/v1`."""

    instance: Instance
    mine: Shop
    other: Shop
    calls: list[Any]
    document: dict[str, Any]

    def token(self, call: Any, shop: Shop) -> str:
        """The kind of token that a call wants."""
        (needed,) = self.document["paths"][call.path][call.method]["security"]
        return shop.client_token() if "client_token" in needed else shop.grant_token

    def ask(self, call: Any, case: Any, headers: dict[str, str], **ids: str) -> tuple[int, str, bytes]:
        """Status, type and body of an answer."""
        sent = case.as_transport_kwargs(base_url=self.instance.settings.base_url, headers={})
        body = {name: sent[name] for name in ("json", "data") if sent.get(name) is not None}
        path = call.path.format(**dict.fromkeys(re.findall(r"{(\w+)}", call.path), NOWHERE) | ids)
        answer = self.instance.client.request(call.method.upper(), path, headers=headers, **body)
        return answer.status_code, answer.headers.get("content-type", ""), answer.content


@pytest.fixture
def door(instance: Instance) -> Door:
    """As lived in."""
    owner = make_owner(instance)
    mine, other = make_relationship(instance, owner), make_relationship(instance, owner)
    assert other.post("/messages", message()).status_code == 202
    document = instance.client.get("/api/openapi.json").json()
    found = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations() if isinstance(result, Ok)]
    return Door(instance, mine, other, [call for call in found if call.path.startswith("/api/v1/")], document)


def test_no_token_and_a_wrong_one_get_the_same_everywhere(door: Door) -> None:
    """401, whatever the call, the id and the body: none, nonsense, an ended client's, and the other kind of token."""
    wrong = {"nothing": {}, "nonsense": bearer("bwg_nonsense"), "basic": door.mine.basic}
    answers: dict[str, set[tuple[int, str, bytes]]] = {who: set() for who in (*wrong, "the other kind")}
    for call, case in _each(door):
        for who, headers in wrong.items():
            answers[who].add(door.ask(call, case, headers))
        kind = door.mine.grant_token if door.token(call, door.mine) != door.mine.grant_token else door.mine.client_token()
        answers["the other kind"].add(door.ask(call, case, bearer(kind)))
    assert {who: len(found) for who, found in answers.items()} == dict.fromkeys(answers, 1)
    ((status, kind, body),) = set[tuple[int, str, bytes]]().union(*answers.values())
    assert (status, kind) == (401, "application/problem+json")
    assert b"/problems/unknown-token" in body


def test_anothers_ids_are_nobodys_ids(door: Door) -> None:
    """What belongs to another client and what does not exist get the same answer to the same call."""
    compared: set[str] = set()
    for call, case in _each(door):
        for name in re.findall(r"{(\w+)}", call.path):
            for anothers in _ids(door, name):
                headers = bearer(door.token(call, door.mine))
                assert door.ask(call, case, headers, **{name: anothers}) == door.ask(call, case, headers), f"{call.method} {call.path}"
                compared.add(f"{call.method} {call.path}")
    assert {"get /api/v1/messages/{message_id}", "get /api/v1/requests/{request_id}", "delete /api/v1/messages/{message_id}"} <= compared


def test_an_ended_consent_gets_one_answer(door: Door) -> None:
    """403 `consent-withdrawn`, before any look at ids, wherever the afterlife of a consent does not reach."""
    make = make_owner(door.instance, "wren")
    ended = make_relationship(door.instance, make)
    make.end(ended.grant_id, "withdraw")
    refused: set[tuple[int, str, bytes]] = set()
    for call, case in _each(door):
        if door.token(call, ended) != ended.grant_token:
            continue
        status, kind, body = door.ask(call, case, bearer(ended.grant_token))
        assert status < 500
        if not AFTERLIFE.match(call.path) and status != 422:
            refused.add((status, kind, body))
    ((status, kind, body),) = refused
    assert (status, kind) == (403, "application/problem+json")
    assert b"/problems/consent-withdrawn" in body


def _each(door: Door) -> Iterator[tuple[Any, Any]]:
    """Every call, with a body that its schema allows."""
    for call in door.calls:
        yield call, _case(call)


def _case(call: Any) -> Any:
    found: list[Any] = []

    @settings(max_examples=1, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=call.as_strategy())
    def once(case: Any) -> None:
        found.append(case)

    once()
    return found[0]


def _ids(door: Door, name: str) -> list[str]:
    """Ids of this name in any table that belong to the other client."""
    found: list[str] = []
    with door.instance.stores.main.reading() as db:
        for table in SQLModel.metadata.sorted_tables:
            if {name, "client_id"} <= set(table.columns.keys()):
                found += db.connection().execute(select(table.c[name]).where(table.c.client_id == door.other.client_id)).scalars()
    return [one for one in dict.fromkeys(found) if one]
