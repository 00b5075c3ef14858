"""Undoing an import: what it made goes, what it added to is put back, what the owner has changed or used since stays and is named."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from app.database import Stores
from app.exchange import vendor_removal
from app.exchange.importers import applying, detect, staging, undoing
from app.exchange.importers.applying import Choice
from app.exchange.importers.mail.mailbox import Mailbox
from app.exchange.importers.reading import Incoming, Reading
from app.tables import CommitmentClock
from consent import ledger
from tests.factories import NOW, make_account, owner_act
from tests.mailboxes import html_mail, json_ld
from tests.vectors.make_imports import good
from vault import store
from vault.keyring import Keyring
from vault.mailbox import Mailbox as Box
from vault.records import Commitment, Import, Interaction, Item, Job, Undo, Vendor
from vault.records.jobs import Hired
from vault.store import Account

Owner = tuple[Account, Keyring, Box]
GOOD = good()
THEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
INVOICE = {
    "@type": "Invoice",
    "accountId": "K-7",
    "paymentDueDate": "2026-12-01",
    "totalPaymentDue": {"price": 49.9, "priceCurrency": "EUR"},
}


@pytest.fixture
def owner(stores: Stores) -> Owner:
    return make_account(stores)


def mailbox() -> Reading:
    box = Mailbox("mbox", zone="Europe/Dublin", now=NOW)
    box.write(html_mail("Corner Shop <orders@corner-shop.example>", json_ld(INVOICE), at=THEN))
    box.write(html_mail("Northwind <info@northwind.example>", "<p>Hello</p>", at=THEN))
    return box.whole()


def imported(stores: Stores, owner: Owner, reading: Reading, choice: Choice = Choice(keep_told=True)) -> str:  # noqa: B008 - a frozen value
    account, keyring, box = owner
    import_id = staging.stage(stores.main, keyring, reading, file_name="", now=NOW)
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        assert applying.apply(db, keyring, owner_act(account, box), import_id, choice=choice, now=NOW) is not None
    return import_id


def undone(stores: Stores, owner: Owner, import_id: str) -> Import | None:
    account, keyring, box = owner
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        return undoing.undo(db, keyring, owner_act(account, box), import_id, now=NOW)


def everything(stores: Stores, owner: Owner) -> dict[str, object]:
    with stores.main.reading() as db:
        kinds = (Vendor, Item, Interaction, Commitment)
        found = {opened.record_id: opened.fields for kind in kinds for opened in store.all_of(db, owner[1], kind)}
        clocks = {clock.commitment_id: clock.state for clock in db.exec(select(CommitmentClock))}
        return {**found, "clocks": clocks, "journal": store.digests(db, owner[1], Undo)}


def change(stores: Stores, owner: Owner, name: str, make: Callable[[Vendor], Vendor]) -> None:
    with stores.main.writing() as db:
        ledger.lock(db, owner[0].account_id)
        (known,) = [opened for opened in store.all_of(db, owner[1], Vendor) if opened.fields.name == name]
        store.replace(db, owner[1], known.record_id, make(known.fields), now=NOW)


def id_of(stores: Stores, owner: Owner, name: str) -> str:
    with stores.main.reading() as db:
        (found,) = [opened.record_id for opened in store.all_of(db, owner[1], Vendor) if opened.fields.name == name]
    return found


def test_a_mailbox_comes_and_goes(stores: Stores, owner: Owner) -> None:
    """Vendors, a purchase and a promise with its clock come together, and leave together without a trace."""
    before = everything(stores, owner)
    import_id = imported(stores, owner, mailbox())
    there = everything(stores, owner)
    assert len(there) == len(before) + 4
    assert "active" in repr(there["clocks"])
    done = undone(stores, owner, import_id)
    assert done is not None
    assert (done.state, done.summary["undone_removed"], done.stayed) == ("undone", 4, ())
    assert everything(stores, owner) == before
    assert undone(stores, owner, import_id) is None


def test_only_what_was_ticked_is_taken(stores: Stores, owner: Owner) -> None:
    """Of a mailbox nothing comes but the ticked senders, and what they tell of only with its own tick."""
    _account, keyring, _box = owner
    import_id = staging.stage(stores.main, keyring, mailbox(), file_name="", now=NOW)
    with stores.main.reading() as db:
        preview = applying.preview(db, keyring, import_id)
        sorts = applying.sorts(db, keyring, import_id)
    assert preview is not None
    assert sorts == preview.sorts
    assert set(sorts.values()) == {"company"}
    (shop,) = [key for key, vendor in preview.vendors if vendor.name == "Corner Shop"]
    assert [type(one) for one in preview.told[shop]] in ([Interaction, Commitment], [Commitment, Interaction])
    imported(stores, owner, mailbox(), Choice(keys=frozenset()))
    assert not [one for one in everything(stores, owner).values() if isinstance(one, Vendor)]
    with stores.main.writing() as db:
        ledger.lock(db, owner[0].account_id)
        applying.apply(db, keyring, owner_act(owner[0], owner[2]), import_id, choice=Choice(keys=frozenset({shop})), now=NOW)
    there = [one for one in everything(stores, owner).values() if isinstance(one, (Vendor, Interaction, Commitment))]
    assert [one.name for one in there if isinstance(one, Vendor)] == ["Corner Shop"]
    assert len(there) == 1


def test_a_second_mailbox_changes_nothing(stores: Stores, owner: Owner) -> None:
    """The same mails again: nothing to take, nothing taken; with one more mail only that."""
    imported(stores, owner, mailbox())
    before = everything(stores, owner)
    _account, keyring, _box = owner
    import_id = staging.stage(stores.main, keyring, mailbox(), file_name="", now=NOW)
    with stores.main.reading() as db:
        preview = applying.preview(db, keyring, import_id)
    assert preview is not None
    assert (preview.plan.new, preview.plan.changed, preview.told) == ([], [], {})
    imported(stores, owner, mailbox())
    after = everything(stores, owner)
    assert after == before


def test_what_was_added_to_is_put_back(stores: Stores, owner: Owner) -> None:
    """A company that an import added to is again as it was; applied again, it gains the same."""
    imported(stores, owner, detect.read(GOOD["bitwarden.json"]))
    before = everything(stores, owner)
    import_id = imported(stores, owner, detect.read(GOOD["iphone.vcf"]))
    grown = everything(stores, owner)
    done = undone(stores, owner, import_id)
    assert done is not None
    assert (done.summary["undone_back"], done.summary["undone_removed"]) == (1, 0)
    now = everything(stores, owner)
    assert {key: one for key, one in now.items() if isinstance(one, Vendor)} == {
        key: one for key, one in before.items() if isinstance(one, Vendor)
    }
    imported(stores, owner, detect.read(GOOD["iphone.vcf"]))
    assert {key: one for key, one in everything(stores, owner).items() if isinstance(one, Vendor)} == {
        key: one for key, one in grown.items() if isinstance(one, Vendor)
    }


def test_what_was_changed_since_stays_and_is_named(stores: Stores, owner: Owner) -> None:
    """A changed new company, a changed grown one, a changed item: each stays as the owner has it."""
    first = imported(stores, owner, detect.read(GOOD["bitwarden.json"]))
    second = imported(stores, owner, detect.read(GOOD["iphone.vcf"]))
    change(stores, owner, "Corner Shop", lambda shop: shop.model_copy(update={"job": "bread"}))
    with stores.main.writing() as db:
        item = next(iter(store.all_of(db, owner[1], Item)))
        store.replace(db, owner[1], item.record_id, item.fields.model_copy(update={"note": "mine"}), now=NOW)
    grown = undone(stores, owner, second)
    assert grown is not None
    assert grown.stayed == ("changed\tCorner Shop",)
    done = undone(stores, owner, first)
    assert done is not None
    assert sorted(done.stayed)[0] == "changed\tCorner Shop"
    assert (done.summary["undone_stayed"], done.summary["undone_removed"]) == (2, 11)
    left = [one for one in everything(stores, owner).values() if isinstance(one, (Vendor, Item))]
    assert sorted(type(one).__name__ for one in left) == ["Item", "Vendor"]


def test_what_something_hangs_on_stays(stores: Stores, owner: Owner) -> None:
    """A company with a note of the owner's, or in a job of theirs, is in use; one that was removed is not spoken of."""
    import_id = imported(stores, owner, detect.read(GOOD["bitwarden.json"]))
    account, keyring, box = owner
    shop, insurer, bank = (id_of(stores, owner, name) for name in ("Corner Shop", "Nine Lives Insurance", "Bank app"))
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        note = Interaction(vendor_id=shop, kind="visit", title="Tea", happened_at=NOW, recorded_at=NOW)
        store.add(db, keyring, note, now=NOW)
        store.add(db, keyring, Job(title="be insured", steps=(Hired(vendor_id=insurer, happened_at=NOW, recorded_at=NOW),)), now=NOW)
        vendor_removal.remove(db, keyring, owner_act(account, box), bank, now=NOW)
    done = undone(stores, owner, import_id)
    assert done is not None
    assert sorted(done.stayed) == ["used\tCorner Shop", "used\tNine Lives Insurance"]


def test_a_company_removed_for_good_leaves_no_copy(stores: Stores, owner: Owner) -> None:
    """What an import remembers of how a company was goes with the company."""
    imported(stores, owner, detect.read(GOOD["bitwarden.json"]))
    import_id = imported(stores, owner, detect.read(GOOD["iphone.vcf"]))
    account, keyring, box = owner
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        vendor_removal.remove(db, keyring, owner_act(account, box), id_of(stores, owner, "Corner Shop"), now=NOW)
    with stores.main.reading() as db:
        kept = [opened.fields for opened in store.all_of(db, keyring, Undo)]
        assert "Corner Shop" not in repr(kept)
        assert undoing.can(db, keyring, import_id)
    done = undone(stores, owner, import_id)
    assert done is not None
    assert (done.stayed, done.summary["undone_back"]) == ((), 0)


def test_many_are_undone_at_once(stores: Stores, owner: Owner) -> None:
    """More than one part of the journal, more than one segment."""
    vendors = tuple(Incoming(Vendor(name=f"Shop {number}", domains=(f"shop{number}.example",))) for number in range(1_205))
    import_id = imported(stores, owner, Reading("vcard", vendors))
    change(stores, owner, "Shop 7", lambda shop: shop.model_copy(update={"since": date(2020, 1, 1)}))
    done = undone(stores, owner, import_id)
    assert done is not None
    assert (done.summary["undone_removed"], done.stayed) == (1_204, ("changed\tShop 7",))
    with stores.main.reading() as db:
        assert [digest.values["name"] for digest in store.digests(db, owner[1], Vendor)] == ["Shop 7"]


def test_a_failing_undo_changes_nothing(stores: Stores, owner: Owner) -> None:
    import_id = imported(stores, owner, mailbox())
    before = everything(stores, owner)
    with pytest.raises(ZeroDivisionError), stores.main.writing() as db:
        ledger.lock(db, owner[0].account_id)
        undoing.undo(db, owner[1], owner_act(owner[0], owner[2]), import_id, now=NOW)
        raise ZeroDivisionError
    assert everything(stores, owner) == before


def test_another_owners_import_is_not_undone(stores: Stores, owner: Owner) -> None:
    import_id = imported(stores, owner, mailbox())
    assert undone(stores, make_account(stores, "sam"), import_id) is None
