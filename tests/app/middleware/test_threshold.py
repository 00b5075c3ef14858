"""What every request meets first: host, headers, log."""

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from app.logs import strike
from tests.instances import Instance


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", "LOCALHOST.:80", ""])
def test_unknown_host_is_misdirected(client: TestClient, instance: Instance, host: str) -> None:
    """A page asked for under another name is refused, and says where the instance answers."""
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert instance.settings.base_url in answer.text


def test_health_answers_under_any_host(client: TestClient) -> None:
    """Monitoring and containers ask by address."""
    assert client.get("/healthz", headers={"host": "10.0.0.7"}).json() == {"status": "ok"}
    assert client.get("/readyz", headers={"host": "10.0.0.7"}).json() == {"status": "ready"}


@pytest.mark.parametrize("path", ["/", "/unlock", "/nowhere", "/healthz", "/static/style.css", "/api/v1/grant"])
def test_every_answer_carries_the_policy(client: TestClient, path: str) -> None:
    """Pages, errors, JSON and files alike forbid what is not ours."""
    answer = client.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    expected = "no-cache" if path.startswith("/static/") else "no-store"
    assert answer.headers["cache-control"] == expected
    assert "server" not in answer.headers


def test_log_names_routes_not_paths(client: TestClient) -> None:
    """A handle in a path, a secret in a query: neither is in the log."""
    with capture_logs() as logged:
        client.get("/a/not-for-the-log?code=neither-this")
    assert "not-for-the-log" not in str(logged)
    assert "neither-this" not in str(logged)
    assert [line["route"] for line in logged if line["event"] == "request"] == ["/a/{handle}"]


def test_log_strikes_out_what_sounds_secret() -> None:
    """A field named like a secret is not written, whoever passes it in."""
    assert strike(None, "info", {"event": "x", "grant_token": "t", "passphrase": "p", "ms": 1}) == {
        "event": "x",
        "grant_token": "[struck]",
        "passphrase": "[struck]",
        "ms": 1,
    }


def test_fault_is_an_answer_with_an_id_and_nothing_else(instance: Instance) -> None:
    """A fault of ours shows an id at both doors, carries the policy, and leaves no value in the log."""

    @instance.app.get("/faulty", include_in_schema=False)
    @instance.app.get("/api/v1/faulty", include_in_schema=False)
    def faulty() -> None:
        canary = "willow-in-a-local"
        raise RuntimeError(canary)

    with capture_logs() as logged:
        page, problem = instance.client.get("/faulty"), instance.client.get("/api/v1/faulty")
    assert page.status_code == problem.status_code == 500
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert problem.json()["id"]
    assert problem.json()["id"] in str(logged)
    assert "faulty" in str(logged)
    assert "willow" not in page.text + problem.text + str(logged)


@pytest.mark.parametrize("path", ["/vendors/%00", "/a/x%00y", "/problems/%00", "/ledger?before=%00", "/static/%00"])
def test_nul_names_nothing(client: TestClient, path: str) -> None:
    """A NUL in a path or a query is no page and no fault, on both databases."""
    assert client.get(path).status_code == 404


def test_nul_names_nothing_at_the_vendor_door(client: TestClient) -> None:
    """The same, as a problem."""
    answer = client.get("/api/v1/messages/%00")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (404, "not-found")
