"""Closeness shown beside closeness wanted, each number open to what it was counted from."""

import re
from datetime import date, timedelta

from app import clock
from tests.app.ui.keeping import CLIENT, Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault.records import Interaction, LetterRecord, MailSeen, MessageRecord, Vendor


def test_closer_than_wanted_with_its_evidence(instance: Instance, opened: Opened, robin: Browsing) -> None:
    now = clock.now()
    mail = MailSeen(first=date(2020, 1, 1), last=now.date(), count=600)
    shop = Vendor(name="Shop", closeness="service", client_ids=(CLIENT,), mail=mail)
    (vendor_id,) = keep(instance, opened, shop)
    offer = MessageRecord(
        grant_id="b" * 32,
        client_id=CLIENT,
        sender="s",
        kind="offer",
        purpose="dpv:DirectMarketing",
        channel="inbox",
        title="Cake",
        body="b",
        received_at=now,
    )
    rang = Interaction(vendor_id=vendor_id, kind="contact", title="They rang", initiative="them", happened_at=now, recorded_at=now)
    wrote = LetterRecord(vendor_id=vendor_id, to="Shop", way="post", subject="s", body="b", written_at=now, sent_at=now)
    (message_id, *_others) = keep(instance, opened, offer, rang, wrote, *(rang.model_copy() for _ in range(55)))
    page = robin.get(f"/vendors/{vendor_id}").text
    assert "They come closer than you want." in page and f"/vendors/{vendor_id}/closeness" in page
    page = robin.get(f"/vendors/{vendor_id}/closeness").text
    for words in (
        "just service",
        "Offers",
        f"/inbox/{message_id}",
        "Cake",
        "They rang",
        "and 6 older",
        "Mails in your mailbox",
        "they 57, you 1",
    ):
        assert words in page, words
    assert "Narrow what they may" in page and "the last year" in page
    assert re.search(r"First steps of theirs in the last year: \d+ to \d+\.", page)


def test_nothing_known_and_little_known(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Unknown is unknown, and says what to do; a few days leave the year open."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Shop"))
    assert "not known" in robin.get(f"/vendors/{vendor_id}").text
    assert "Nothing to count yet" in robin.get(f"/vendors/{vendor_id}/closeness").text
    assert robin.get(f"/vendors/{'f' * 32}/closeness").status_code == 404
    then = clock.now() - timedelta(days=20)
    keep(instance, opened, Interaction(vendor_id=vendor_id, kind="purchase", title="Bread", happened_at=then, recorded_at=then))
    page = robin.get(f"/vendors/{vendor_id}/closeness").text
    assert "reaches back 20 days" in page and "They took no first step" in page and "just service to close" in page
    assert re.search(r"that may make up to \d+ first steps of theirs", page)
