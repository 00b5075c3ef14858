"""The whole loop, in a real browser against a real server, with a vendor's program that knows the API and nothing else."""

import json
import re
from pathlib import Path

from httpx2 import Client
from playwright.sync_api import Page, expect

from tests.browsing import PASSPHRASE
from tests.serving import Server
from tests.shop import Shop

VCARD = b"\r\n".join(
    (
        b"BEGIN:VCARD",
        b"VERSION:3.0",
        b"FN:Northwind Broadband",
        b"ORG:Northwind Broadband",
        b"URL:https://northwind.example",
        b"NOTE:Contract ends in May",
        b"END:VCARD",
        b"",
    )
)

REFUSED: tuple[tuple[dict[str, str], int, str], ...] = (
    ({"purpose": "dpv:ServiceProvision"}, 403, "purpose-not-granted"),
    ({"channel": "email", "delivered_by": "client"}, 403, "channel-not-granted"),
    ({}, 429, "over-frequency"),
    ({"title": ""}, 422, "malformed"),
)


def test_from_sign_up_to_withdrawal_and_back_after_a_restart(page: Page, server: Server, tmp_path: Path) -> None:
    """Sign up, import, keep data, narrow, grant, receive, refuse, withdraw, verify; and all of it is there after a restart."""
    _sign_up(page, server)
    _import_a_card(page)
    _keep_an_address(page)
    shop = Shop(Client(base_url=server.url)).register(_contact_link(page)).ask(client_reference="card-1077")
    _narrow_and_grant(page)
    shop.collect()
    assert shop.granted["client_reference"] == "card-1077"
    assert shop.granted["authorization_details"][1]["frequency"] == {"count": 1, "per": "P1W"}
    assert shop.granted["authorization_details"][1]["channels"] == ["inbox"]

    assert shop.send(title="Quinces are in", body="From the orchard up the road.").status_code == 202
    for changes, status, slug in REFUSED:
        refused = shop.send(**changes)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (status, slug)

    _read_and_vote(page)
    _withdraw(page)
    withdrawn = shop.send(title="One last thing")
    assert (withdrawn.status_code, withdrawn.json()["type"]) == (403, f"{server.url}/problems/consent-withdrawn")

    verdict = server.cli("verify-ledger").stdout
    assert re.search(r"^robin: holds, \d+ entries", verdict, re.MULTILINE)
    assert "instance ledger: holds" in verdict
    _verify_receipt(shop, server, tmp_path)

    server.restart()
    page.goto("/unlock")
    page.get_by_label("Login name").fill("robin")
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock", exact=True).click()
    expect(page).to_have_url(re.compile("/today"))
    page.goto("/vendors")
    expect(page.get_by_role("link", name="Northwind Broadband")).to_be_visible()
    page.goto("/items")
    expect(page.get_by_text("robin@home.example")).to_be_visible()
    page.goto("/inbox")
    expect(page.get_by_text("Quinces are in")).to_be_visible()
    page.goto("/ledger/verify")
    expect(page.get_by_role("heading", name="Verify the history")).to_be_visible()
    expect(page.locator(".notice-good")).to_be_visible()
    assert shop.send(title="And now?").status_code == 403


def _sign_up(page: Page, server: Server) -> None:
    page.goto(server.set_up)
    page.get_by_label("Login name").fill("robin")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.locator("[name=again]").fill(PASSPHRASE)
    page.locator("main form button").last.click()
    expect(page).to_have_url(re.compile("/recovery-kit"))
    groups = page.locator(".kit-code code").all_inner_texts()
    page.goto("/vendors")
    expect(page).to_have_url(re.compile("/recovery-kit"))  # nothing else opens until the kit is in safe hands
    for number in page.locator("input[name=asked]").get_attribute("value").split(","):  # type: ignore[union-attr] # it is there
        page.locator(f"[name=group-{number}]").fill(groups[int(number) - 1].lower())
    page.get_by_role("button", name="I have it. Go on.").click()
    expect(page).to_have_url(re.compile("/first-evening"))


def _import_a_card(page: Page) -> None:
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files({"name": "cards.vcf", "mimeType": "text/vcard", "buffer": VCARD})
    page.locator("main form button").last.click()
    expect(page.get_by_role("heading", name="What the import would do")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    page.goto("/vendors")
    page.get_by_role("link", name="Northwind Broadband").click()
    expect(page.get_by_text("Contract ends in May")).to_be_visible()


def _keep_an_address(page: Page) -> None:
    page.goto("/items/new")
    page.get_by_label("What is it?").select_option("pd:EmailAddress")
    page.get_by_label("Value").fill("robin@home.example")
    page.locator("main form button").last.click()
    page.goto("/items")
    expect(page.get_by_text("robin@home.example")).to_be_visible()


def _contact_link(page: Page) -> str:
    page.goto("/vendors/new")
    page.get_by_label("Name", exact=True).first.fill("Corner Shop")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_label("Label, for yourself").fill("on the loyalty card")
    page.get_by_role("button", name="Make a contact link").click()
    expect(page.get_by_role("heading", name="Contact link for Corner Shop")).to_be_visible()
    found = re.search(r"http://localhost:\d+/a/[\w-]+", page.content())
    assert found is not None
    return found.group(0)


def _narrow_and_grant(page: Page) -> None:
    page.goto("/today")
    page.get_by_role("link", name=re.compile("asks for your permission|Read and decide")).first.click()
    expect(page.get_by_role("checkbox", name=re.compile("Grant this line"))).not_to_be_checked()
    page.get_by_role("button", name="Grant what I ticked").click()
    expect(page.locator(".field-error").first).to_be_visible()  # nothing ticked is nothing granted
    page.get_by_role("checkbox", name=re.compile("Grant this line")).check()
    page.get_by_text("Grant less of it").first.click()
    page.get_by_label("At most so many").fill("1")
    page.get_by_label("by e-mail").check()
    page.get_by_role("button", name="Grant what I ticked").click()
    expect(page).to_have_url(re.compile(r"/grants/[0-9a-f]{32}"))


def _read_and_vote(page: Page) -> None:
    page.goto("/inbox")
    page.get_by_role("link", name=re.compile("Quinces are in")).click()
    expect(page.get_by_text("From the orchard up the road.")).to_be_visible()
    page.get_by_role("button", name="Useful", exact=True).click()
    expect(page.get_by_text("You said: useful.")).to_be_visible()


def _withdraw(page: Page) -> None:
    page.goto("/grants")
    page.get_by_role("button", name=re.compile("Withdraw")).click()
    page.goto("/grants")
    expect(page.get_by_role("heading", name="Over")).to_be_visible()


def _verify_receipt(shop: Shop, server: Server, folder: Path) -> None:
    grant = shop.http.get("/api/v1/grant", headers=shop.bearer)
    assert grant.json()["status"] == "withdrawn"
    (folder / "receipt.jws").write_text(shop.granted["receipt"])
    (folder / "keys.json").write_text(json.dumps(grant.json()["jwks"]))
    verdict = server.cli("verify-receipt", str(folder / "receipt.jws"), "--key", str(folder / "keys.json"))
    assert verdict.stdout.startswith("holds: ")
    forged = shop.granted["receipt"][:-6] + "AAAAAA"
    (folder / "receipt.jws").write_text(forged)
    assert server.cli("verify-receipt", str(folder / "receipt.jws"), "--key", str(folder / "keys.json"), check=False).returncode == 1
