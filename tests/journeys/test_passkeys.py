"""Passkeys in a real browser, with an authenticator that the browser plays: with and without PRF, unwilling, gone."""

import json
import re
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import CDPSession, Page, Request, expect

from app.database import Stores
from tests.browsing import PASSPHRASE
from tests.factories import make_account
from tests.serving import Server


class Authenticator:
    """A device with passkeys, as Chromium's DevTools protocol plays one."""

    def __init__(self, page: Page, *, prf: bool) -> None:
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            "hasPrf": prf,
        }
        self.id: str = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, *, user: bool) -> None:
        """Whether the device recognises its user."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": user})

    def credentials(self) -> list[dict[str, Any]]:
        """The passkeys it holds."""
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]
        return found

    def leave(self) -> None:
        """Take the device away."""
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


def unlock(page: Page) -> None:
    """Sign in with the passphrase."""
    page.goto("/unlock")
    page.get_by_label("Login name").fill("robin")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock", exact=True).click()


def add(page: Page, name: str) -> None:
    """Fill in and send the form for a new passkey."""
    page.goto("/settings/passkeys")
    page.get_by_role("textbox", name="Name", exact=True).last.fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def lock(page: Page) -> None:
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page).to_have_url(re.compile("/unlock"))


def test_one_touch_opens_until_the_passkey_is_removed(page: Page, server: Server, stores: Stores) -> None:
    """Made, named, unlocked with, renamed, removed; the PRF's output never leaves the browser."""
    make_account(stores)
    device = Authenticator(page, prf=True)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.add_init_script(LISTEN)
    unlock(page)
    add(page, "the kitchen laptop")
    expect(page.get_by_text("Passkey added. It opens your vault from now on.")).to_be_visible()
    expect(page.locator("strong", has_text="the kitchen laptop")).to_be_visible()
    assert len(device.credentials()) == 1 and device.credentials()[0]["isResidentCredential"]
    lock(page)

    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page).to_have_url(re.compile("/today"))

    posted = [parse_qs(request.post_data or "") for request in sent if request.url.endswith("/unlock/passkey")]
    assert len(posted) == 1
    answer = json.loads(posted[0]["credential"][0])
    assert answer["clientExtensionResults"] == {}
    raw = page.evaluate("sessionStorage.getItem('prf')")
    assert raw and all(raw not in (request.post_data or "") for request in sent)
    assert posted[0]["secret"][0] == page.evaluate(DERIVE, raw)
    asked = [parse_qs(request.post_data or "") for request in sent if request.url.endswith("/unlock/challenge")]
    assert [sorted(fields) for fields in asked] == [["csrf", "for"]]

    page.goto("/settings/passkeys")
    page.locator(".passkey-more summary").click()
    page.locator(".passkey-more input[name=label]").fill("the old laptop")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("strong", has_text="the old laptop")).to_be_visible()
    page.locator(".passkey-more summary").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Passkey removed.")).to_be_visible()
    lock(page)
    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page.get_by_text("That passkey opens no account here.").first).to_be_visible()


def test_without_prf_the_passkey_is_a_second_factor_only(page: Page, server: Server, stores: Stores) -> None:
    """Said in plain words and offered; then passphrase and passkey are both needed, and the recovery code needs neither."""
    make_account(stores)
    device = Authenticator(page, prf=False)
    unlock(page)
    page.goto("/settings/passkeys")
    expect(page.get_by_role("button", name="Add a passkey")).to_be_visible()
    expect(page.get_by_text("it cannot open a vault by itself")).to_be_hidden()
    add(page, "the blue key")
    expect(page.get_by_text("it cannot open a vault by itself")).to_be_visible()
    page.get_by_role("button", name="Keep it as a second factor").click()
    expect(page.get_by_text("Passkey added. It is asked for after the passphrase from now on.")).to_be_visible()
    lock(page)

    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page.get_by_text("cannot open a vault by itself")).to_be_visible()
    unlock(page)
    expect(page).to_have_url(re.compile("/unlock/second"))
    page.goto("/today")
    expect(page).to_have_url(re.compile("/unlock"))
    page.goto("/unlock/second")
    device.verifies(user=False)
    page.get_by_role("button", name="Show the passkey").click()
    expect(page.get_by_text("No passkey answered")).to_be_visible()
    device.verifies(user=True)
    page.get_by_role("button", name="Show the passkey").click()
    expect(page).to_have_url(re.compile("/today"))

    page.goto("/step-up?next=/settings/passkeys")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Without the passkey").click()
    expect(page.get_by_text("Your passkey is needed as well.").first).to_be_visible()
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("/settings/passkeys"))
    lock(page)

    device.leave()
    Authenticator(page, prf=True)
    unlock(page)
    expect(page).to_have_url(re.compile("/unlock/second"))
    page.get_by_role("button", name="Show the passkey").click()
    expect(page.get_by_text("No passkey answered")).to_be_visible()
    page.get_by_role("link", name=re.compile("use the recovery code")).click()
    expect(page).to_have_url(re.compile("/unlock/recovery"))


def test_a_device_that_does_not_know_its_user_opens_nothing(page: Page, server: Server, stores: Stores) -> None:
    """Holding the device is not enough; the passphrase still opens."""
    make_account(stores)
    device = Authenticator(page, prf=True)
    unlock(page)
    add(page, "a phone in other hands")
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    lock(page)
    device.verifies(user=False)
    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page.get_by_text("No passkey answered")).to_be_visible()
    expect(page).to_have_url(re.compile("/unlock"))
    unlock(page)
    expect(page).to_have_url(re.compile("/today"))


def test_a_second_factor_can_be_declined(page: Page, server: Server, stores: Stores) -> None:
    """Not kept: the passphrase alone opens as before, and nothing is listed."""
    make_account(stores)
    Authenticator(page, prf=False)
    unlock(page)
    add(page, "the blue key")
    page.get_by_role("link", name="Do not keep it").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    lock(page)
    unlock(page)
    expect(page).to_have_url(re.compile("/today"))


def test_a_device_that_is_gone_leaves_the_passphrase(page: Page, server: Server, stores: Stores) -> None:
    """With the authenticator removed the passkey opens nothing and the page says what to do; one device holds one passkey."""
    make_account(stores)
    device = Authenticator(page, prf=True)
    unlock(page)
    add(page, "the phone that was lost")
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    add(page, "the same phone again")
    expect(page.get_by_text("This device already holds a passkey for this account.")).to_be_visible()
    lock(page)
    device.leave()
    Authenticator(page, prf=True)
    page.get_by_role("button", name="Unlock with a passkey").click()
    expect(page.get_by_text("No passkey answered")).to_be_visible()
    unlock(page)
    expect(page).to_have_url(re.compile("/today"))
    page.goto("/step-up?next=/settings")
    expect(page.get_by_role("button", name="Show a passkey")).to_be_visible()


# Keeps the PRF's output as the page's own script gets it, so that the test can look for it in what was sent.
LISTEN = """
const get = CredentialsContainer.prototype.get;
CredentialsContainer.prototype.get = async function (options) {
  const shown = await get.call(this, options);
  const first = shown.getClientExtensionResults().prf?.results?.first;
  if (first) sessionStorage.setItem("prf", btoa(String.fromCharCode(...new Uint8Array(first)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
  return shown;
};
"""
DERIVE = """
async (raw) => {
  const decoded = Uint8Array.from(atob(raw.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const label = new TextEncoder().encode("bothways/passkey/v1");
  const key = await crypto.subtle.importKey("raw", decoded, "HKDF", false, ["deriveBits"]);
  const info = new Uint8Array([0, 0, 0, label.length, ...label]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info }, key, 256);
  return btoa(String.fromCharCode(...new Uint8Array(bits))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
"""
