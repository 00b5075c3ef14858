"""A vendor built on an ordinary OAuth library, against a real server in two processes: nothing of the door needs code of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from standardwebhooks import Webhook

from app import clock
from app.demo.answering import HABITS
from app.demo.browser import Browser as Owner
from app.settings import Settings
from tests.browsing import PASSPHRASE
from tests.factories import make_details
from tests.receiving import Receiver
from tests.serving import Server, free_port

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def robin(server: Server, settings: Settings, tmp_path: Path) -> Iterator[Owner]:
    """An owner; and a second process of the same instance."""
    robin = Owner(server.url)
    robin.sign_up(urlsplit(server.set_up).path, login="robin", passphrase=PASSPHRASE)
    second = Server(settings.model_copy(update={"port": free_port()}), tmp_path / "second.log").start()
    yield robin
    second.stop()


class Vendor:
    """A program that knows RFC 7591, 8628, 6749, 7662 and 7009 through authlib, and JSON."""

    def __init__(self, link: str, webhook: str) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        contact = self._json(self.http.get(link, headers={"Accept": "application/json"}, timeout=30))
        self.hint = contact["login_hint"]
        self.endpoints = self._json(self.http.get(f"{contact['issuer']}/.well-known/oauth-authorization-server", timeout=30))
        said = {"client_name": "Corner Shop", "client_uri": "https://shop.example", "policy_uri": "https://shop.example/privacy"}
        first = self.session(token={"access_token": contact["initial_access_token"], "token_type": "Bearer"})
        self.registered = self._json(first.post(self.endpoints["registration_endpoint"], json={**said, "webhook_uri": webhook}), 201)

    def session(self, **more: Any) -> OAuth2Session:
        """An authlib session that authenticates as this client."""
        registered = getattr(self, "registered", {})
        session = OAuth2Session(
            registered.get("client_id"), registered.get("client_secret"), token_endpoint_auth_method="client_secret_basic", **more
        )
        session.trust_env = False
        return session

    def ask(self) -> dict[str, Any]:
        """Ask for consent, by the device flow."""
        form = {
            "login_hint": self.hint,
            "client_reference": "customer-7",
            "authorization_details": json.dumps(make_details(now=clock.now())),
        }
        basic = (self.registered["client_id"], self.registered["client_secret"])
        return self._json(self.http.post(self.endpoints["device_authorization_endpoint"], data=form, auth=basic, timeout=30))

    def poll(self, device_code: str) -> tuple[OAuth2Session, dict[str, Any]]:
        """Fetch the grant's token. Raises authlib's OAuthError."""
        session = self.session()
        return session, session.fetch_token(self.endpoints["token_endpoint"], grant_type=DEVICE, device_code=device_code)

    def introspect(self, token: str) -> dict[str, Any]:
        """What a token is good for."""
        return self._json(self.session().introspect_token(self.endpoints["introspection_endpoint"], token=token))

    @staticmethod
    def _json(answer: Any, status: int = 200) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found


def test_a_vendor_on_authlib_runs_the_whole_flow(server: Server, robin: Owner, receiver: Receiver) -> None:
    """Register, ask, be granted, send, look, hear of the withdrawal, revoke; each webhook once, although two processes send."""
    led = robin.send("/vendors/new", "/vendors/new", {"name": "Corner Shop"})
    vendor_id = led.split("?")[0].rsplit("/", 1)[1]
    vendor = Vendor(robin.contact_link(vendor_id, "for the shop"), f"{receiver.url}/hooks")

    refused = vendor.ask()
    with pytest.raises(OAuthError) as pending:
        vendor.poll(refused["device_code"])
    assert pending.value.error == "authorization_pending"
    HABITS["declines"](robin, refused["request_id"])

    asked = vendor.ask()
    HABITS["grants"](robin, asked["request_id"])
    session, granted = vendor.poll(asked["device_code"])
    assert granted["token_type"] == "Bearer" and granted["client_reference"] == "customer-7"
    api = f"{server.url}/api/v1"
    assert session.get(f"{api}/grant").json()["status"] == "given"
    offer = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "title": "New in", "body": "Come and see."}
    assert session.post(f"{api}/messages", json=offer).status_code == 202
    assert vendor.introspect(granted["access_token"])["active"]

    across = vendor.session()
    assert across.fetch_token(vendor.endpoints["token_endpoint"], grant_type="client_credentials")["expires_in"] == 3600
    assert [grant["grant_id"] for grant in across.get(f"{api}/grants").json()["items"]] == [granted["grant_id"]]

    replaced = vendor.session()
    token = replaced.fetch_token(vendor.endpoints["token_endpoint"], grant_type="client_credentials", grant_id=granted["grant_id"])
    assert session.get(f"{api}/grant").status_code == 401
    assert not vendor.introspect(granted["access_token"])["active"]

    robin.send("/grants", f"/grants/{granted['grant_id']}/withdraw", {})
    assert replaced.post(f"{api}/messages", json=offer).json()["type"].endswith("/problems/consent-withdrawn")
    listed = across.get(f"{api}/events").json()["items"]
    assert [event["type"] for event in listed] == ["consent.refused", "consent.withdrawn"]

    receiver.wait_for(3, seconds=30)
    webhook = Webhook(vendor.registered["webhook_secret"])
    heard = [webhook.verify(one.body, dict(one.headers))["type"] for one in receiver.received]
    assert heard == ["consent.refused", "consent.granted", "consent.withdrawn"]
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 3

    gone = vendor.session().revoke_token(vendor.endpoints["revocation_endpoint"], token=token["access_token"])
    assert gone.status_code == 200
