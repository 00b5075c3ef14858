"""The demo owner's history: three vendors, what they asked and were granted, what they sent, promised, kept and broke."""

import re
from datetime import datetime, timedelta

from app.demo.browser import Browser, Unexpected
from app.demo.conversation import converse
from app.demo.knowing import know
from app.demo.leaning import lean
from app.demo.vendor import VendorProgram, asking

SHOP, INSURER, PROVIDER = "Corner Shop", "Nine Lives Insurance", "Northwind Broadband"


def tell(robin: Browser, *, now: datetime) -> None:
    """Tell it from the beginning, over HTTP. Raises Unexpected where the instance does not play along."""
    shop = _vendor(robin, SHOP, "cornershop.example", job="Food within five minutes' walk", closeness="close", tags="food")
    insurer = _vendor(robin, INSURER, "ninelives.example", job="Sleep well when the cat is ill", closeness="service", tags="insurance")
    provider = _vendor(robin, PROVIDER, "northwind.example", job="A line that does not drop", closeness="arms_length", tags="home")
    _terms(robin)
    _items(robin)
    _interactions(robin, shop, insurer, provider, now)
    _shop(robin, shop, now)
    _insurer(robin, insurer, now)
    _provider(robin, provider, now)
    _promises(robin, shop, insurer, provider, now)
    know(robin, (shop, insurer, provider), now=now)
    lean(robin, (shop, insurer, provider), now=now)


def _vendor(robin: Browser, name: str, domain: str, *, job: str, closeness: str, tags: str) -> str:
    fields = {"name": name, "domains": domain, "job": job, "closeness": closeness, "tags": tags, "since": "2021-03-01"}
    led = robin.send("/vendors/new", "/vendors/new", fields)
    return led.split("?")[0].rsplit("/", 1)[1]


def _items(robin: Browser) -> None:
    for term, label, value in (
        ("pd:EmailAddress", "Everyday", "robin@home.example"),
        ("pd:TelephoneNumber", "Mobile", "+353 1 555 0100"),
        ("pd:PhysicalAddress", "Home", "7 Harbour Row\nDublin"),
        ("pd:Preference", "Shopping", "Local, in season, little packaging"),
    ):
        robin.send("/items/new", "/items/new", {"term": term, "label": label, "value": value})


def _interactions(robin: Browser, shop: str, insurer: str, provider: str, now: datetime) -> None:
    told = (
        (shop, 40, "purchase", "A crate of apples", "me", "good", "14.50"),
        (shop, 12, "praise", "They kept a loaf back for me", "them", "good", ""),
        (insurer, 30, "contact", "Asked what the policy covers", "me", "neutral", ""),
        (provider, 21, "problem", "The line was down for two days", "me", "bad", ""),
        (provider, 20, "contact", "Called four times before somebody answered", "me", "bad", ""),
    )
    for vendor, days, kind, title, initiative, feeling, amount in told:
        fields = {
            "kind": kind,
            "title": title,
            "date": (now - timedelta(days=days)).date().isoformat(),
            "initiative": initiative,
            "feeling": feeling,
            "amount": amount,
            "currency": "EUR" if amount else "",
        }
        robin.send(f"/vendors/{vendor}/interactions/new", f"/vendors/{vendor}/interactions/new", fields)


def _terms(robin: Browser) -> None:
    """Robin's own terms come first: what is asked beyond them is marked as such."""
    robin.send(
        "/my-terms",
        "/my-terms",
        {"may_ask": "address", "agreement": "SD-BASE-DP", "also": "SD-BASE", "count": "2", "per": "P1W", "retention": "P1Y", "life": "P1Y"},
    )


def _program(robin: Browser, vendor: str, name: str, site: str) -> VendorProgram:
    link = robin.contact_link(vendor, f"given to {name}")
    organisation = {
        "name": f"{name} Ltd",
        "address": "1 Quay Street, Dublin",
        "email": f"privacy@{site}",
        "phone": "+353 1 555 0199",
        "country": "IE",
    }
    return VendorProgram(link, name=name, organisation=organisation)


def _shop(robin: Browser, vendor: str, now: datetime) -> None:
    """Asks for two messages a week, is granted one; one comes in and is found useful, the next is one too many."""
    program = _program(robin, vendor, SHOP, "cornershop.example")
    promise = {
        "promise": "Refund the difference if the price falls within 30 days",
        "after": "claim",
        "within": "P14D",
        "remedy": {"kind": "refund", "amount": "20.00", "currency": "EUR", "within": "P14D"},
    }
    marketing = {
        "purpose": "dpv:DirectMarketing",
        "actions": ["send_message"],
        "channels": ["inbox", "email"],
        "frequency": {"count": 2, "per": "P1W"},
        "retention": "P6M",
    }
    delivery = {"purpose": "dpv:DeliveryOfGoods", "actions": ["read_data"], "datatypes": ["pd:PhysicalAddress"], "retention": "P1Y"}
    request = program.ask(
        asking(
            "We tell you what came in fresh, twice a week at most.",
            site="cornershop.example",
            now=now,
            purposes=[marketing, delivery],
            in_return=[promise],
        ),
        reference="card-1077",
    )
    robin.send(
        f"/requests/{request}",
        f"/requests/{request}/approve",
        {"keep-0": "1", "channels-0": ["email"], "count-0": "1", "per-0": "P1W", "retention-0": "P6M", "keep-1": "1", "vendor": vendor},
    )
    grant = program.collect()
    fresh = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "format": "text"}
    _sent(program, {**fresh, "title": "Quinces are in", "body": "From the orchard up the road, until Saturday."}, 202)
    _sent(program, {**fresh, "title": "And pears", "body": "Also from the orchard."}, 429)
    _vote(robin, "useful")
    converse(robin, program, grant["grant_id"], vendor, now=now)


def _insurer(robin: Browser, vendor: str, now: datetime) -> None:
    """Is granted what it asked and sends a notice; a second request of it waits for an answer."""
    program = _program(robin, vendor, INSURER, "ninelives.example")
    service = {
        "purpose": "dpv:CustomerCare",
        "actions": ["send_message"],
        "channels": ["inbox"],
        "frequency": {"count": 4, "per": "P1M"},
        "retention": "P1Y",
    }
    request = program.ask(
        asking("Only what concerns your policy.", site="ninelives.example", now=now, purposes=[service], days=200), reference="policy-204-9"
    )
    robin.send(f"/requests/{request}", f"/requests/{request}/approve", {"keep-0": "1", "vendor": vendor})
    program.collect()
    notice = {"kind": "service", "purpose": "dpv:CustomerCare", "channel": "inbox", "format": "markdown"}
    words = "Your policy is **renewed** until next spring.\n\nNothing changes, *not even the price*."
    _sent(program, {**notice, "title": "Your policy is renewed", "body": words}, 202)
    profiling = {
        "purpose": "dpv:PersonalisedAdvertising",
        "actions": ["send_message", "read_data"],
        "channels": ["inbox", "sms"],
        "frequency": {"count": 3, "per": "P1D"},
        "datatypes": ["pd:PhysicalAddress", "pd:EmailAddress"],
        "retention": "P5Y",
        "recipients": [{"name": "Northern Data Brokers", "country": "US"}],
    }
    program.ask(
        asking("Offers made for you and your cat.", site="ninelives.example", now=now, purposes=[profiling]), reference="policy-204-9"
    )


def _provider(robin: Browser, vendor: str, now: datetime) -> None:
    """Writes too eagerly; its permission is withdrawn, and the next message is refused at once."""
    program = _program(robin, vendor, PROVIDER, "northwind.example")
    notices = {
        "purpose": "dpv:ServiceProvision",
        "actions": ["send_message"],
        "channels": ["inbox"],
        "frequency": {"count": 10, "per": "P1D"},
        "retention": "P1Y",
    }
    request = program.ask(asking("News about your line.", site="northwind.example", now=now, purposes=[notices]), reference="line-5550100")
    robin.send(f"/requests/{request}", f"/requests/{request}/approve", {"keep-0": "1", "vendor": vendor})
    grant = program.collect()
    upsell = {"kind": "service", "purpose": "dpv:ServiceProvision", "channel": "inbox", "format": "text"}
    _sent(program, {**upsell, "title": "Upgrade today", "body": "Twice the speed for only three times the price."}, 202)
    robin.send("/grants", f"/grants/{grant['grant_id']}/withdraw", {})
    _sent(program, {**upsell, "title": "Last chance", "body": "Really."}, 403)


def _promises(robin: Browser, shop: str, insurer: str, provider: str, now: datetime) -> None:
    """One kept, one overdue with a remedy, one soon, one month by month; of robin's own one with a day, and a contract."""
    today = now.date()
    kept = _promise(robin, shop, "Deliver the bread order by Friday", today - timedelta(days=3))
    robin.send(f"/commitments/{kept}", f"/commitments/{kept}/keep", {"note": "It was there on Thursday"})
    _promise(
        robin,
        provider,
        "Credit two days of the outage",
        today - timedelta(days=2),
        more={"remedy": "credit", "amount": "6.40", "currency": "EUR", "within": "P14D"},
    )
    _promise(robin, insurer, "Answer whether dental work is covered", today + timedelta(days=4))
    _promise(robin, provider, "Give notice a month before moving", today + timedelta(days=60), by="me")
    bill = {"when": "cycle", "every": "1", "unit": "month", "first": str(today - timedelta(days=40))}
    _promise(robin, provider, "The bill comes on this day of the month", "", more=bill)
    contract = {"when": "term", "ends": str(today + timedelta(days=200)), "notice": "P1M", "renews": "P1Y"}
    _promise(robin, provider, "The line is mine for a year", "", by="me", more=contract)


def _promise(robin: Browser, vendor: str, words: str, due: object, *, by: str = "them", more: dict[str, str] | None = None) -> str:
    fields = {"vendor": vendor, "promise": words, "by": by, "source": "phone", "due_date": str(due), **(more or {})}
    led = robin.send("/commitments/new", "/commitments", fields)
    return led.split("?")[0].rsplit("/", 1)[1]


def _sent(program: VendorProgram, message: dict[str, str], expected: int) -> None:
    answer = program.send(message)
    if answer.status_code != expected:
        raise Unexpected(f"“{message['title']}” was answered {answer.status_code}, not {expected}: {answer.text[:300]}")


def _vote(robin: Browser, vote: str) -> None:
    found = re.search(r"/inbox/([0-9a-f]{32})", robin.get("/inbox"))
    if found is None:
        raise Unexpected("the message is not in the inbox")
    robin.send(f"/inbox/{found[1]}", f"/inbox/{found[1]}/vote", {"vote": vote})
