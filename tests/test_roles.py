"""Every route, asked by everyone: the owner, another owner, the operator, this vendor, another vendor, one whose grant has
ended, and nobody. The list of routes comes from the app, so that a new one falls under the strictest rule of its door.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Client, Response
from sqlalchemy import Table, select
from sqlmodel import SQLModel

from app import clock
from app.auth import invitations
from tests.browsing import Browsing
from tests.instances import Instance
from tests.populating import Populated, approve, ledger_elsewhere
from tests.routes import Route, routes_of
from tests.shop import Shop
from vault import slots
from vault.records import Kind

WORD = "in-robins-own-words"
# Whoever comes may see these; none of them tells whether an owner, a contact link or an invitation exists.
PUBLIC = {
    "/", "/healthz", "/readyz", "/protection", "/problems/{slug}", "/a/{handle}", "/sign-up", "/sign-up/{token}", "/unlock",
    "/calendar/{secret}.ics", "/receipts/check", "/unlock/recovery", "/unlock/challenge", "/unlock/passkey", "/unlock/second",
    "/api/docs", "/api/openapi.json", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json",
}  # fmt: skip
CLIENT_TOKEN = {
    "/api/v1/redemptions", "/api/v1/grants", "/api/v1/requests/{request_id}", "/api/v1/requests/{request_id}/acceptance",
    "/api/v1/requests/{request_id}/refusal", "/api/v1/events", "/api/v1/webhooks/test", "/api/v1/webhooks/secret",
    "/api/v1/webhooks/deliveries",
}  # fmt: skip
# What a vendor may still do in the ninety days after the end of a grant.
AFTERLIFE = {Route("/api/v1/grant", "GET"), Route("/api/v1/messages/{message_id}", "DELETE")}
DATA = Route("/api/v1/data", "GET")
# Answering a letter and reporting on a promise are still allowed too; these are another vendor's.
STILL_ANSWERED = {
    Route("/api/v1/letters/{letter_id}/answers", "POST"),
    Route("/api/v1/commitments/{commitment_id}/evidence", "POST"),
    Route("/api/v1/commitments/{commitment_id}/remedies", "POST"),
}
# What changes by itself: when something was used, and how far an event has got.
BOOKKEEPING = {
    "last_used_at", "last_polled_at", "number", "due_at", "attempts", "lease", "leased_until", "leaving_until", "outcome", "events_told",
}  # fmt: skip
AT_THE_WRONG_DOOR = "this vendor at the browser's door"
VENDOR_DOORS = ("/api/", "/oauth/", "/.well-known/")
# A phone shows its own token; no cookie and no other token opens here.
DEVICE_DOOR = "/devices/owntracks"


@dataclass(frozen=True)
class Cast:
    """Everyone there is. `robin` owns what the paths lead to; `shop` is robin's vendor."""

    instance: Instance
    robin: Populated
    wren: Populated
    operator: Browsing
    other_shop: Shop
    ended_shop: Shop
    values: Mapping[str, str]

    @property
    def strangers(self) -> Mapping[str, tuple[str, Browsing]]:
        """Who is unlocked, but is not robin."""
        return {"another owner": ("wren", self.wren.browsing), "the operator": ("operator", self.operator)}

    def path(self, route: Route) -> str:
        """A route's path, leading to what is robin's."""
        names = re.findall(r"{(\w+)}", route.path)
        inside = {"message_id": self.values["inbox_id"]} if route.path.startswith("/inbox/") else {}
        inside |= {"address_id": self.values["till_id"]} if route.path.startswith("/till/") else {}
        if {"record_id", "document_id"} & set(names):
            holder = next(holder for holder in self.robin.documents if holder.split("/")[1] == route.path.split("/")[1])
            inside = dict.fromkeys(("record_id", "commitment_id"), holder.split("/")[2]) | {"document_id": self.robin.documents[holder]}
        if route.path.startswith("/imports/{import_id}/columns"):
            inside = {"import_id": self.values["table_id"]}
        if route.path.startswith("/imports/{import_id}/undo"):
            inside = {"import_id": self.values["applied_id"]}
        return route.path.format(**{name: {**self.values, **inside}[name] for name in names})


@pytest.fixture
def cast(instance: Instance) -> Cast:
    """Robin, with a live, another and an ended vendor; another owner; the operator."""
    with instance.stores.main.writing() as db:
        token = invitations.set_up(db, now=clock.now())
    operator = Browsing(instance.new_client())
    operator.sign_up(f"/sign-up/{token}", "operator")
    robin, wren = instance.populate("robin", word=WORD), instance.populate("wren", word="in-wrens-own-words")
    link = f"/a/{robin.shop.login_hint}"
    other, ended = (Shop(instance.new_client(), name=name).register(link).ask() for name in ("Nine Lives Insurance", "Northwind Broadband"))
    for shop in (other, ended):
        approve(robin.browsing, shop.asked["request_id"])
        shop.collect()
    robin.browsing.get(f"/grants/{ended.granted['grant_id']}")
    assert robin.browsing.post(f"/grants/{ended.granted['grant_id']}/withdraw").status_code == 303
    with instance.stores.main.reading() as db:
        slot_id = slots.slots_of(db, robin.account.account_id)[0].slot_id
    return Cast(instance, robin, wren, operator, other, ended, {**_values(robin), "slot_id": slot_id})


def test_every_route_asked_by_everyone(cast: Cast) -> None:
    """Everyone gets exactly what is theirs; what is not there and what is not yours look the same; nothing of robin's changes."""
    routes = routes_of(cast.instance.app)
    assert len(routes) > 80
    before = _fingerprint(cast)
    wrong = [
        f"{who}: {route.method} {route.path}: {complaint}"
        for route in routes
        for who, ask in _hostile(cast).items()
        if _meant_for(route, who) and (complaint := _complaint(route, who, ask(route)))
    ]
    assert not wrong, "\n".join(wrong)
    changed = [(table, set(rows) ^ set(before[table])) for table, rows in _fingerprint(cast).items() if rows != before[table]]
    assert changed == []
    assert [
        f"{route}: {answer.status_code}" for route in routes if (answer := _ended(cast, route)) is not None and not _shut_out(route, answer)
    ] == []
    assert [
        f"{route}: {answer.status_code}" for route in routes if (answer := _rightful(cast, route)) is not None and answer.status_code != 200
    ] == []


def _values(robin: Populated) -> dict[str, str]:
    """What fills the parameters of a path: each is robin's, and would open for robin."""
    browsing = robin.browsing
    browsing.get("/imports/new")
    csv = f"name,url,username,password\n{WORD},https://imported.example,robin,secret-of-robin\n"
    led = browsing.post("/imports/new", files={"file": ("passwords.csv", csv.encode(), "text/csv")})
    assert led.status_code == 303, led.text
    table = browsing.post("/imports/new", files={"file": ("table.csv", f"company;city\n{WORD};Dublin\n".encode(), "text/csv")})
    applied = browsing.post("/imports/new", files={"file": ("again.csv", csv.replace("imported", "applied").encode(), "text/csv")})
    assert browsing.post(f"{applied.headers['location']}/apply").status_code == 303
    receipt = re.search(rf"/grants/{robin.grant_id}/receipts/([\w-]+)", browsing.get(f"/grants/{robin.grant_id}").text)
    session = re.search(r"/settings/sessions/([0-9a-f]+)/end", browsing.get("/settings").text)
    browsing.get("/till")
    till = browsing.submit("/till")
    browsing.get(f"/letters/new?to={robin.vendor_id}&right=access&law=gdpr&where=IE")
    asked = browsing.submit("/letters/new", {"way": "email"}).headers["location"].split("?")[0]
    assert browsing.post(f"{asked}/sent", {"way": "email"}).status_code == 303
    matter = re.search(r'"/rights/([0-9a-f]{32})"', browsing.get(asked).text)
    browsing.get("/inbox")
    return {
        "vendor_id": robin.vendor_id,
        "consent_id": robin.record_ids[Kind.ELSEWHERE],
        "policy_id": robin.record_ids[Kind.POLICY],
        "zone_id": robin.record_ids[Kind.ZONE],
        "held_id": robin.record_ids[Kind.HELD],
        "matter_id": matter[1] if matter else "",
        "job_id": robin.record_ids[Kind.JOB],
        "factor": "importance",
        "ledger_id": ledger_elsewhere(WORD),
        "act": "keep",
        "step": "look",
        "device_id": robin.phone.device_id,
        "item_id": robin.record_ids[Kind.ITEM],
        "commitment_id": robin.pledge_id,
        "inbox_id": robin.message_id,
        "message_id": robin.message_id,
        "import_id": led.headers["location"].split("/")[2].split("?")[0],
        "table_id": table.headers["location"].split("/")[2],
        "applied_id": applied.headers["location"].split("/")[2],
        "request_id": robin.pending_id,
        "grant_id": robin.grant_id,
        "receipt_id": receipt[1] if receipt else "",
        "letter_id": robin.letter_id,
        "address_id": robin.address_id,
        "till_id": till.headers["location"].split("/")[2].split("?")[0],
        "client_id": robin.shop.client["client_id"],
        "session_id": session[1] if session else "ab" * 32,
        "handle": robin.shop.login_hint,
        "token": "never-made",
        "secret": "bwc_never-made",
        "slug": "not-found",
    }


def _hostile(cast: Cast) -> dict[str, Callable[[Route], Response]]:
    """How each of those who are not meant asks a route."""

    def browser(login: str, browsing: Browsing) -> Callable[[Route], Response]:
        def ask(route: Route) -> Response:
            _stand_on_today(browsing, login)
            path = cast.path(route)
            if route.method == "GET":
                return browsing.get(path, follow=False)
            return browsing.post(path) if route.method == "POST" else browsing.client.request(route.method, path)

        return ask

    def program(client: Client, headers: Mapping[str, str]) -> Callable[[Route], Response]:
        return lambda route: client.request(
            route.method, cast.path(route), headers={**headers, "accept": "text/html, application/json"}, **_body(route)
        )

    other = cast.other_shop

    def vendor(route: Route) -> Response:
        token = other.client_token() if route.path in CLIENT_TOKEN else other.bearer
        if route.path.startswith("/oauth/register/"):
            token = {"authorization": f"Bearer {other.client['registration_access_token']}"}
        if route.path.startswith("/oauth/") and route.method == "POST":
            form = {
                "token": cast.robin.shop.granted["access_token"],
                "device_code": cast.robin.shop.asked["device_code"],
                "grant_id": cast.robin.grant_id,
            }
            return other.http.post(cast.path(route), data={**form, "grant_type": "client_credentials"}, auth=other.basic)
        return program(other.http, token)(route)

    strangers = {who: browser(login, browsing) for who, (login, browsing) in cast.strangers.items()}
    this_vendor = program(cast.instance.new_client(), cast.robin.shop.bearer)
    return {
        **strangers,
        "another vendor": vendor,
        AT_THE_WRONG_DOOR: this_vendor,
        "nobody": program(cast.instance.new_client(), {}),
    }


def _meant_for(route: Route, who: str) -> bool:
    """At its own door this vendor is no stranger; nor is another one where its token leads to its own data, which history notes."""
    if (route, who) == (DATA, "another vendor"):
        return False
    return who != AT_THE_WRONG_DOOR or not route.path.startswith(VENDOR_DOORS)


def _complaint(route: Route, who: str, answer: Response) -> str:
    """What is wrong with an answer to somebody who is not meant; nothing when all is well."""
    if WORD in answer.text or "robin" in answer.text:
        return "shows what is robin's"
    if route.path in PUBLIC:
        return ""
    allowed = _allowed(route, who)
    return "" if answer.status_code in allowed else f"{answer.status_code}, not {sorted(allowed)}"


def _allowed(route: Route, who: str) -> set[int]:
    mine = "{" in route.path
    if route.path == DEVICE_DOOR:
        return {401}
    at_vendor_door = route.path.startswith(VENDOR_DOORS)
    if who in {"another owner", "the operator"}:
        if at_vendor_door:
            return {401}
        if route.path.startswith("/operator"):
            return {200, 303, 422} if who == "the operator" else {404}
        return {404} if mine else {200, 303, 422}
    if who == "another vendor" and at_vendor_door:
        return (
            {401}
            if route.path.startswith("/oauth/register")
            else {204}
            if route.method == "DELETE"
            else {404}
            if mine
            else {200, 201, 202, 400, 422}
        )
    return {401} if at_vendor_door else {303} if route.method == "GET" else {401, 403}


def _ended(cast: Cast, route: Route) -> Response | None:
    if not route.path.startswith("/api/v1/") or route.path in CLIENT_TOKEN:
        return None
    asked = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}
    words = {} if route.path == "/api/v1/decisions" else {"title": "Still there?", "body": "Please.", "format": "text"}
    shop, body = cast.ended_shop, asked | words if route.method == "POST" else None
    return shop.http.request(route.method, cast.path(route), headers=shop.bearer, json=body)


def _shut_out(route: Route, answer: Response) -> bool:
    if route in AFTERLIFE:
        return answer.status_code in {200, 204}
    if route in STILL_ANSWERED:
        return answer.status_code == 404
    return answer.status_code == 403 and answer.json()["type"].endswith("/problems/consent-withdrawn")


def _rightful(cast: Cast, route: Route) -> Response | None:
    """The same paths, asked by those who may: without this, a route that is always refused would pass."""
    if route.method != "GET" or route.path in {
        "/recovery-kit",
        "/operator",
        "/operator/outbox",
        "/sign-up",
        "/sign-up/{token}",
        "/readyz",
        "/",
        # Whoever has the secret may: tests/app/devices/test_calendar.py.
        "/calendar/{secret}.ics",
    }:
        return None
    shop = cast.robin.shop
    if route.path.startswith("/api/v1/"):
        return shop.http.get(cast.path(route), headers=shop.client_token() if route.path in CLIENT_TOKEN else shop.bearer)
    if route.path.startswith("/oauth/"):
        return shop.http.get(cast.path(route), headers={"authorization": f"Bearer {shop.client['registration_access_token']}"})
    return cast.robin.browsing.get(cast.path(route))


def _stand_on_today(browsing: Browsing, login: str) -> None:
    """A stranger may have locked, or made a new recovery kit, by an earlier form: all of that is theirs to do."""
    led = browsing.get("/today", follow=False).headers.get("location", "")
    if led.startswith("/unlock"):
        browsing.unlock(login)
    elif led == "/recovery-kit":
        browsing.confirm_kit()


def _body(route: Route) -> dict[str, Any]:
    if route.method == "GET":
        return {}
    as_form = not route.path.startswith(VENDOR_DOORS) or (route.path.startswith("/oauth/") and not route.path.startswith("/oauth/register"))
    return {"data": {"csrf": "guessed"}} if as_form else {"json": {}}


def _fingerprint(cast: Cast) -> dict[str, list[tuple[object, ...]]]:
    """Every row that belongs to robin, and the row of robin's vendor."""
    mine = cast.robin.account.account_id
    found = {}
    with cast.instance.stores.main.reading() as db:
        for table in SQLModel.metadata.sorted_tables:
            chosen = _of(table, mine, cast.robin.shop.client["client_id"])
            if chosen is not None:
                found[table.name] = sorted((tuple(row) for row in db.connection().execute(chosen)), key=repr)
    assert len(found) > 12
    return found


def _of(table: Table, account_id: str, client_id: str):  # type: ignore[no-untyped-def]  # the type of a select of any columns
    columns = [column for column in table.columns if column.name not in BOOKKEEPING]
    if "account_id" in table.columns:
        return select(*columns).where(table.columns["account_id"] == account_id)
    if table.name == "client":
        return select(*columns).where(table.columns["client_id"] == client_id)
    return None
