"""A vendor's program, as its developer would write it from the guide: it knows a contact link and nothing else."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2 as httpx
from joserfc.jwk import ECKey

from app.demo.browser import Unexpected

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class VendorProgram:
    """Registers through a contact link, asks, and uses what it is granted."""

    def __init__(self, link: str, *, name: str, organisation: Mapping[str, str]) -> None:
        base_url = link.rsplit("/a/", 1)[0]
        self.http = httpx.Client(base_url=base_url, timeout=30)
        door = self._ok(self.http.get(link, headers={"accept": "application/json"}))
        self.hint = door["login_hint"]
        site = f"https://{organisation['email'].rsplit('@', 1)[1]}"
        registered = self._ok(
            self.http.post(
                door["registration_endpoint"],
                headers={"authorization": f"Bearer {door['initial_access_token']}"},
                json={
                    "client_name": name,
                    "client_uri": site,
                    "policy_uri": f"{site}/privacy",
                    "tos_uri": f"{site}/terms",
                    "contacts": [organisation["email"]],
                    "organisation": dict(organisation),
                    "token_endpoint_auth_method": "client_secret_basic",
                    # The half that opens what is sealed to it is thrown away: the demo's vendors are looked at, not run on.
                    "jwks": {"keys": [ECKey.generate_key("P-256", {"use": "enc", "kid": "demo"}).as_dict(private=False)]},
                },
            )
        )
        self.auth = (registered["client_id"], registered["client_secret"])
        self.token = ""
        self.device_code = ""

    def ask(self, details: list[dict[str, Any]], *, reference: str) -> str:
        """Ask for consent. Returns the request's id."""
        form = {"authorization_details": json.dumps(details), "login_hint": self.hint, "client_reference": reference}
        asked = self._ok(self.http.post("/oauth/device_authorization", data=form, auth=self.auth))
        self.device_code = asked["device_code"]
        return str(asked["request_id"])

    def collect(self) -> dict[str, Any]:
        """Fetch the grant and its token, once the owner has decided. Raises Unexpected when refused or undecided."""
        granted = self._ok(self.http.post("/oauth/token", data={"grant_type": DEVICE, "device_code": self.device_code}, auth=self.auth))
        self.token = granted["access_token"]
        return granted

    def send(self, message: Mapping[str, Any]) -> httpx.Response:
        """Send a message; the answer may be a refusal."""
        return self.http.post("/api/v1/messages", json=dict(message), headers={"authorization": f"Bearer {self.token}"})

    def fetch(self) -> str:
        """Fetch the data that the grant releases, sealed."""
        answer = self.http.get("/api/v1/data", headers=self._bearer)
        if not answer.is_success:
            raise Unexpected(f"GET /api/v1/data: {answer.status_code}")
        return answer.text

    def tell(self, held: Mapping[str, Any]) -> None:
        """Tell the owner what is held on them."""
        answer = self.http.put("/api/v1/crm-record", json=dict(held), headers=self._bearer)
        if answer.status_code != httpx.codes.NO_CONTENT:
            raise Unexpected(f"PUT /api/v1/crm-record: {answer.status_code} {answer.text[:300]}")

    def answer_letters(self, words: str) -> None:
        """Answer every letter that has come."""
        for letter in self._ok(self.http.get("/api/v1/letters", headers=self._bearer))["items"]:
            said = {"body": words, "format": "markdown"}
            self._ok(self.http.post(f"/api/v1/letters/{letter['id']}/answers", json=said, headers=self._bearer))

    @property
    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def _ok(self, answer: httpx.Response) -> dict[str, Any]:
        if not answer.is_success:
            raise Unexpected(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found


def asking(
    statement: str,
    *,
    site: str,
    now: datetime,
    purposes: list[dict[str, Any]],
    days: int = 365,
    in_return: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """The `authorization_details` of a demo vendor."""
    terms: dict[str, Any] = {
        "type": "https://bothways.example/terms/v1",
        "statement": statement,
        "expires": (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "notice": {"url": f"https://{site}/privacy", "version": "2026-10", "language": "en"},
        "jurisdiction": "IE",
        "storage": {"locations": ["IE"]},
    }
    if in_return:
        terms["in_return"] = in_return
    return [terms, *({"type": "https://bothways.example/purpose/v1", "datatypes": [], "recipients": [], **purpose} for purpose in purposes)]
