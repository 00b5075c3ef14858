"""What robin knows of the companies, and what was allowed them elsewhere: copies of terms, incidents, prices, a card at a counter."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.demo.browser import Browser

TERMS = """Terms of the line

1. You may cancel within 14 days.

2. Prices hold for one year from the day of the contract.

3. We share your data with nobody but those who dig up the road.

4. Outages of more than a day are credited on the next bill. You need not ask.

5. Disputes go to the courts of Dublin."""

NEW_TERMS = """Terms of the line

1. You may cancel within 7 days.

2. Prices hold for one year from the day of the contract, and rise by inflation after that.

3. We share your data with our partners, with advertisers and with those who dig up the road.

3a. You agree to hear about offers of our partners.

5. Disputes go to the courts of Dublin."""


def know(robin: Browser, vendors: Sequence[str], *, now: datetime) -> None:
    """Write it down over HTTP, for the shop, the insurer and the provider, in this order. Raises Unexpected."""
    shop, _insurer, provider = vendors
    _policies(robin, provider, now)
    _prices(robin, provider, now)
    _incidents(robin, provider, now)
    _elsewhere(robin, shop, provider, now)


def _policies(robin: Browser, provider: str, now: datetime) -> None:
    form = f"/vendors/{provider}/policies/new"
    for text, days, agreed in ((TERMS, 700, "1"), (NEW_TERMS, 5, "")):
        seen_on = (now - timedelta(days=days)).date().isoformat()
        fields = {"kind": "terms", "text": text, "seen_on": seen_on, "agreed": agreed, "url": "https://northwind.example/terms"}
        robin.send(form, form, fields)


def _prices(robin: Browser, provider: str, now: datetime) -> None:
    form = f"/vendors/{provider}/prices/new"
    line = {"what": "Line 500", "mine": "45", "mine_per": "P1M", "new": "29.90", "new_per": "P1M", "currency": "EUR"}
    robin.send(form, form, {**line, "on": now.date().isoformat(), "source": "https://northwind.example/offers"})


def _incidents(robin: Browser, provider: str, now: datetime) -> None:
    form = f"/vendors/{provider}/incidents/new"
    for kind, title, days, source in (
        ("breach", "Names and addresses of forty thousand customers were copied", 200, "https://news.example/northwind"),
        ("price_rise", "Everything dearer by an eighth", 30, "their letter"),
    ):
        on = (now - timedelta(days=days)).date().isoformat()
        robin.send(form, form, {"kind": kind, "title": title, "on": on, "source": source})


def _elsewhere(robin: Browser, shop: str, provider: str, now: datetime) -> None:
    news = {
        "what": "News about offers, by e-mail",
        "purpose": "dpv:DirectMarketing",
        "data": "e-mail address",
        "place": "the form for the line",
        "channel": "website",
        "given_on": "2021-03-01",
        "wording": "☑ Keep me posted about offers of Northwind and its partners.",
    }
    card = {"what": "What I buy, on the card", "place": "at the counter", "channel": "shop", "given_on": "2021-05-01"}
    robin.send("/elsewhere/new", "/elsewhere/new", {**news, "vendor": provider})
    kept = robin.send("/elsewhere/new", "/elsewhere/new", {**card, "vendor": shop}).partition("?")[0]
    on = (now - timedelta(days=8)).date().isoformat()
    robin.send(kept, f"{kept}/step", {"step": "sent", "on": on, "note": "Told them at the counter"})
