"""From a file to records: invisible until applied, whole or not at all, and the same file twice changes nothing."""

from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from app.database import Stores
from app.errors import NotUnlocked
from app.exchange.importers import applying, detect, staging
from app.exchange.importers.reading import Incoming, Reading
from consent import ledger
from consent.store import LedgerEntry
from tests.factories import NOW, make_account, owner_act
from tests.vectors.make_imports import SECRETS, good
from vault import store
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.records import Contact, Import, Item, Vendor
from vault.store import Account, Record

Opened = tuple[Account, Keyring, Mailbox]
GOOD = good()


@pytest.fixture
def owner(stores: Stores) -> Opened:
    return make_account(stores)


def stage(stores: Stores, owner: Opened, name: str) -> str:
    return staging.stage(stores.main, owner[1], detect.read(GOOD[name]), file_name=name, now=NOW)


def apply(stores: Stores, owner: Opened, import_id: str, *, notes: bool = False) -> Import | None:
    account, keyring, mailbox = owner
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        return applying.apply(db, keyring, owner_act(account, mailbox), import_id, choice=applying.Choice(keep_login_notes=notes), now=NOW)


def vendors(stores: Stores, owner: Opened) -> dict[str, Vendor]:
    with stores.main.reading() as db:
        return {opened.fields.name: opened.fields for opened in store.all_of(db, owner[1], Vendor)}


def rows(stores: Stores) -> int:
    with stores.main.reading() as db:
        return int(db.exec(select(func.count()).select_from(Record)).one())


def test_staged_is_invisible(stores: Stores, owner: Opened) -> None:
    """Nothing that is staged stands in a list, a search or a page."""
    import_id = stage(stores, owner, "bitwarden.json")
    with stores.main.reading() as db:
        assert list(store.all_of(db, owner[1], Vendor)) == []
        assert store.digests(db, owner[1], Vendor) == []
        assert store.digests(db, owner[1], Item) == []
        assert applying.applied(db, owner[1], import_id) is None
        preview = applying.preview(db, owner[1], import_id)
    assert preview is not None
    assert [vendor.name for _key, vendor in sorted(preview.plan.new, key=lambda one: one[1].name)] == [
        "Bank app",
        "Corner Shop",
        "Nine Lives Insurance",
    ]
    assert (len(preview.items), preview.same_items) == (10, 0)


def test_nothing_is_staged_under_a_key_that_was_replaced(stores: Stores, owner: Opened) -> None:
    """Between two batches the owner may have been compromised: what came in under the old key would be lost with it."""
    with stores.main.writing() as db:
        db.get_one(Account, owner[0].account_id).generation = 2
    with pytest.raises(NotUnlocked):
        stage(stores, owner, "bitwarden.json")
    assert rows(stores) == 0


def test_applied_is_there(stores: Stores, owner: Opened) -> None:
    """Vendors, items, the import itself and one line of history appear together; no secret and no login note does."""
    import_id = stage(stores, owner, "bitwarden.json")
    done = apply(stores, owner, import_id)
    assert done is not None
    assert (done.state, done.summary["added"], done.summary["items"], done.summary["notes_kept"]) == ("applied", 3, 10, 0)
    found = vendors(stores, owner)
    assert sorted(found) == ["Bank app", "Corner Shop", "Nine Lives Insurance"]
    shop = found["Corner Shop"]
    assert shop.contacts == (Contact(kind="login", value="robin@mail.example"), Contact(kind="login", value="robin.work"))
    assert shop.fields[-1].value == "Corner Shop (work)"
    assert [vendor.notes for vendor in found.values()] == ["", "", ""]
    with stores.main.reading() as db:
        assert applying.applied(db, owner[1], import_id) == done
        everything = repr(found) + repr([opened.fields for opened in store.all_of(db, owner[1], Item)])
        assert [secret for secret in SECRETS if secret in everything] == []
        assert db.exec(select(LedgerEntry.type).order_by(col(LedgerEntry.seq).desc())).first() == "import.applied"
        assert db.exec(select(Record).where(col(Record.import_id).is_not(None))).all() == []


def test_login_notes_only_when_asked(stores: Stores, owner: Opened) -> None:
    """With the box ticked the notes of logins are kept, with new vendors and, a second time, with known ones."""
    apply(stores, owner, stage(stores, owner, "bitwarden.json"))
    done = apply(stores, owner, stage(stores, owner, "bitwarden.json"), notes=True)
    assert done is not None
    assert (done.summary["changed"], done.summary["notes_kept"]) == (2, 2)
    assert vendors(stores, owner)["Corner Shop"].notes == "Opens at nine."
    again = apply(stores, owner, stage(stores, owner, "bitwarden.json"), notes=True)
    assert again is not None
    assert (again.summary["added"], again.summary["changed"]) == (0, 0)


def test_login_notes_with_new_vendors(stores: Stores, owner: Opened) -> None:
    done = apply(stores, owner, stage(stores, owner, "chrome.csv"), notes=True)
    assert done is not None
    assert (done.summary["added"], done.summary["notes_kept"]) == (3, 1)
    assert vendors(stores, owner)["Northwind"].notes == "a note\nof two lines"


def test_a_login_note_that_does_not_fit_is_said(stores: Stores, owner: Opened) -> None:
    """Notes longer than a record holds are dropped and counted, the vendor is kept."""
    incoming = (
        Incoming(Vendor(name="A", domains=("a.example",)), "x" * 15_000),
        Incoming(Vendor(name="A", domains=("a.example",)), "y" * 15_000),
    )
    import_id = staging.stage(stores.main, owner[1], Reading("bitwarden", incoming), file_name="", now=NOW)
    done = apply(stores, owner, import_id, notes=True)
    assert done is not None
    assert (done.summary["notes_kept"], done.summary["notes_full"]) == (1, 1)
    assert vendors(stores, owner)["A"].notes == "x" * 15_000


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_same_file_twice_changes_nothing(stores: Stores, owner: Opened, name: str) -> None:
    """After an import, the same file previews as nothing to do and applies as nothing done."""
    apply(stores, owner, stage(stores, owner, name))
    before = vendors(stores, owner)
    import_id = stage(stores, owner, name)
    with stores.main.reading() as db:
        preview = applying.preview(db, owner[1], import_id)
    assert preview is not None
    assert (preview.plan.new, preview.plan.changed, preview.items) == ([], [], ())
    apply(stores, owner, import_id)
    assert vendors(stores, owner) == before


def test_two_previews_of_one_file_are_applied_once(stores: Stores, owner: Opened) -> None:
    """What another import brought meanwhile is not doubled: the plan is made again when it is applied."""
    first, second = stage(stores, owner, "many.vcf"), stage(stores, owner, "many.vcf")
    apply(stores, owner, first)
    done = apply(stores, owner, second)
    assert done is not None
    assert (done.summary["added"], done.summary["changed"]) == (0, 0)
    assert len(vendors(stores, owner)) == 4


def test_a_known_vendor_gains_and_keeps(stores: Stores, owner: Opened) -> None:
    """An address book adds to a vendor that a password store brought; what the owner wrote since the preview stays."""
    apply(stores, owner, stage(stores, owner, "bitwarden.json"))
    import_id = stage(stores, owner, "iphone.vcf")
    account, keyring, _mailbox = owner
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        known = next(opened for opened in store.all_of(db, keyring, Vendor) if opened.fields.name == "Corner Shop")
        store.replace(db, keyring, known.record_id, known.fields.model_copy(update={"job": "bread"}), now=NOW)
    done = apply(stores, owner, import_id)
    assert done is not None
    assert (done.summary["added"], done.summary["changed"]) == (0, 1)
    shop = vendors(stores, owner)["Corner Shop"]
    assert shop.job == "bread"
    assert Contact(label="Deli counter", kind="phone", value="01 555 0103") in shop.contacts


def test_applied_twice_is_done_once(stores: Stores, owner: Opened) -> None:
    import_id = stage(stores, owner, "chrome.csv")
    assert apply(stores, owner, import_id) is not None
    assert apply(stores, owner, import_id) is None


def test_a_failing_apply_changes_nothing(stores: Stores, owner: Opened) -> None:
    """Whatever fails inside the transaction, the staged import is as it was and can be applied again."""
    account, keyring, mailbox = owner
    import_id = stage(stores, owner, "bitwarden.json")
    before = rows(stores)
    with pytest.raises(ZeroDivisionError), stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        applying.apply(db, keyring, owner_act(account, mailbox), import_id, choice=applying.Choice(keep_login_notes=True), now=NOW)
        raise ZeroDivisionError
    assert rows(stores) == before
    assert vendors(stores, owner) == {}
    assert apply(stores, owner, import_id) is not None


def test_many_are_staged_in_batches_and_planned_at_once(stores: Stores, owner: Opened) -> None:
    """More vendors than one batch holds arrive whole; so many known ones are opened in pages."""
    lines = "".join(f"site{number},https://site{number}.example/,robin,pw,n{number}\n" for number in range(620))
    reading = detect.read(f"name,url,username,password,note\n{lines}".encode())
    for expected in ((620, 0), (0, 0)):
        import_id = staging.stage(stores.main, owner[1], reading, file_name="x" * 500, now=NOW)
        done = apply(stores, owner, import_id, notes=True)
        assert done is not None
        assert (done.summary["added"], done.summary["changed"], len(done.file_name)) == (*expected, 200)
    assert vendors(stores, owner)["site7"].notes == "n7"


def test_an_entry_that_does_not_fit_is_named(stores: Stores, owner: Opened) -> None:
    """More user names of one company than a record holds: the rest is left out by name, the same at every import."""
    lines = "".join(f"Shop,https://shop.example/,robin{number},pw\n" for number in range(203))
    for added in (1, 0):
        reading = detect.read(f"name,url,username,password\n{lines}".encode())
        done = apply(stores, owner, staging.stage(stores.main, owner[1], reading, file_name="", now=NOW))
        assert done is not None
        assert (done.summary["added"], done.summary["changed"], done.summary["skipped"]) == (added, 0, 3)
        assert done.notes == ("201\tfull\tShop", "202\tfull\tShop", "203\tfull\tShop")
    assert len(vendors(stores, owner)["Shop"].contacts) == 200


def test_abandoned_imports_are_swept(stores: Stores, owner: Opened) -> None:
    """What was staged and never applied goes; what was applied stays."""
    apply(stores, owner, stage(stores, owner, "chrome.csv"))
    kept = rows(stores)
    stage(stores, owner, "bitwarden.json")
    with stores.main.writing() as db:
        assert staging.sweep(db, older_than=NOW) == 0
    with stores.main.writing() as db:
        assert staging.sweep(db, older_than=NOW + timedelta(seconds=1)) > 0
    assert rows(stores) == kept


def test_an_import_without_its_head_is_no_preview(stores: Stores, owner: Opened) -> None:
    """A process that was killed while staging leaves nothing that could be applied."""
    with stores.main.writing() as db:
        store.add(db, owner[1], Vendor(name="Half"), now=NOW, import_id="b" * 32)
    with stores.main.reading() as db:
        assert applying.preview(db, owner[1], "b" * 32) is None
    assert apply(stores, owner, "b" * 32) is None
    assert vendors(stores, owner) == {}


def test_an_import_of_another_owner_is_not_seen(stores: Stores, owner: Opened) -> None:
    other = make_account(stores, "sam")
    import_id = stage(stores, owner, "chrome.csv")
    with stores.main.reading() as db:
        assert applying.preview(db, other[1], import_id) is None
    assert apply(stores, other, import_id) is None
    with stores.main.writing() as db:
        assert store.discard(db, other[0].account_id, import_id) == 0
