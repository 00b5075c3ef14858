"""A vendor's program: from a contact link to a message, by the API alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from httpx2 import Client, Response
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from tests.factories import make_details


def new_key(kid: str = "shop-1") -> JWK:
    """A key of the shop's to which data is sealed."""
    return JWK.generate(kty="EC", crv="P-256", use="enc", alg="ECDH-ES", kid=kid)


DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Shop:
    """One registered client, and what it holds of one customer."""

    http: Client
    name: str = "Corner Shop"
    client: dict[str, Any] = field(default_factory=dict)
    login_hint: str = ""
    asked: dict[str, Any] = field(default_factory=dict)
    granted: dict[str, Any] = field(default_factory=dict)
    key: JWK = field(default_factory=new_key)

    @property
    def basic(self) -> tuple[str, str]:
        """How it authenticates at the OAuth endpoints."""
        return self.client["client_id"], self.client["client_secret"]

    @property
    def bearer(self) -> dict[str, str]:
        """The grant token, as a header."""
        return {"authorization": f"Bearer {self.granted['access_token']}"}

    def register(self, link: str, **metadata: Any) -> "Shop":
        """Follow a contact link and register."""
        found = _ok(self.http.get(link, headers={"accept": "application/json"})).json()
        self.login_hint = found["login_hint"]
        said = {
            "client_name": self.name,
            "client_uri": "https://shop.example",
            "policy_uri": "https://shop.example/privacy",
            "jwks": {"keys": [self.key.export_public(as_dict=True)]},
            **metadata,
        }
        token = {"authorization": f"Bearer {found['initial_access_token']}"}
        self.client = _ok(self.http.post(found["registration_endpoint"], json=said, headers=token), 201).json()
        return self

    def ask(self, details: list[dict[str, Any]] | None = None, **more: str) -> "Shop":
        """Ask for consent at the address that the link led to."""
        form = {"authorization_details": json.dumps(details or make_details()), "login_hint": self.login_hint, **more}
        self.asked = _ok(self.http.post("/oauth/device_authorization", data=form, auth=self.basic)).json()
        return self

    def poll(self) -> Response:
        """Ask once whether the owner has decided."""
        return self.http.post("/oauth/token", data={"grant_type": DEVICE_CODE, "device_code": self.asked["device_code"]}, auth=self.basic)

    def collect(self) -> "Shop":
        """Fetch the grant that the owner has given."""
        self.granted = _ok(self.poll()).json()
        return self

    def client_token(self) -> dict[str, str]:
        """A token for what spans customers, as a header."""
        token = _ok(self.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=self.basic)).json()["access_token"]
        return {"authorization": f"Bearer {token}"}

    def get(self, path: str) -> Response:
        """Look at something of the grant, `/grant` for one."""
        return self.http.get(f"/api/v1{path}", headers=self.bearer)

    def fetch(self, **headers: str) -> Response:
        """Fetch the data that the grant releases."""
        return self.http.get("/api/v1/data", headers={**self.bearer, **headers})

    def open(self, sealed: str) -> Any:
        """Open what was sealed to the shop, with a JOSE library that is not ours."""
        found = JWE()
        found.deserialize(sealed, key=self.key)
        return json.loads(found.payload)

    def change(self, **metadata: Any) -> Response:
        """Change the registration (RFC 7592)."""
        keys = ("client_name", "client_uri", "policy_uri", "jwks")
        said = {name: self.client[name] for name in keys if name in self.client} | metadata
        token = {"authorization": f"Bearer {self.client['registration_access_token']}"}
        return self.http.put(f"/oauth/register/{self.client['client_id']}", json=said, headers=token)

    def send(self, **changes: Any) -> Response:
        """Send an offer."""
        offer = {
            "kind": "offer",
            "purpose": "dpv:DirectMarketing",
            "channel": "inbox",
            "title": "New in",
            "body": "Come and see.",
            "format": "text",
        }
        return self.http.post("/api/v1/messages", json=offer | changes, headers=self.bearer)


def _ok(answer: Response, status: int = 200) -> Response:
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer
