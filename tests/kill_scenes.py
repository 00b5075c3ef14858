"""What is killed, see `killing`: each scene with what it must leave behind."""

from collections.abc import Callable
from typing import Any

from sqlmodel import select

from app import backup_files, clock, restoring
from app.auth import resealing as steps
from app.auth import ways_in
from app.exchange.importers import staging
from app.ui.settings import compromised
from consent import ledger
from consent.store import RelationshipKey, Succession
from tests.browsing import PASSPHRASE, Browsing
from tests.factories import owner_act
from tests.instances import Instance
from tests.kill_findings import (
    Contents,
    contents_of,
    done,
    kit_codes,
    only_one_opens,
    opens_by_code,
    owner_slots,
    pairs,
    unlocked,
    verified,
    whole,
)
from tests.kill_grants import Give, Withdraw
from tests.kill_owner import WORD, AtTheDoor, OfOwner, nothing
from tests.killing import Scene, Stage
from tests.populating import Populated
from tests.samples import sample
from vault import accounts, envelope, slots, store
from vault.keyring import Keyring
from vault.records import MODELS, Item, Kind
from vault.slots import Credential
from vault.store import Account, Record, RetiredKey

NEW = "a wholly different passphrase"
SMALL = 8
"""Values in a batch, so that there are several."""


class ChangePassphrase(AtTheDoor):
    """The old or the new one opens."""

    name = "passphrase"

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get("/settings")
        ready()
        done(browsing.submit("/settings/passphrase", {"current": PASSPHRASE, "passphrase": NEW, "again": NEW}))

    def check(self, stage: Stage) -> None:
        passphrase, keyring = only_one_opens(stage, PASSPHRASE, NEW)
        whole(stage, keyring)
        assert opens_by_code(stage, stage.memory["code"])
        if passphrase == PASSPHRASE:
            self.do(unlocked(stage, PASSPHRASE), stage, nothing)
        assert only_one_opens(stage, PASSPHRASE, NEW)[0] == NEW
        whole(stage, keyring)


class NewKit(AtTheDoor):
    """The old code opens, or the new one, which is then there to be read."""

    name = "new-kit"

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get("/settings")
        ready()
        done(browsing.post("/settings/recovery-kit"))

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        whole(stage, keyring)
        codes = [stage.memory["code"], *kit_codes(stage, keyring)]
        assert [opens_by_code(stage, code) for code in codes] == [False] * (len(codes) - 1) + [True]
        browsing = unlocked(stage, PASSPHRASE)
        if len(codes) == 1:
            self.do(browsing, stage, nothing)
        assert opens_by_code(stage, browsing.confirm_kit()) and not opens_by_code(stage, stage.memory["code"])
        whole(stage, keyring)


class RemoveSlot(AtTheDoor):
    """A passkey opens or does not; the passphrase always does."""

    name = "slot-removal"

    def more(self, instance: Instance, robin: Populated) -> dict[str, Any]:
        keyring = robin.keyring
        with instance.stores.main.writing() as db:
            ledger.lock(db, keyring.account_id)
            account = db.get_one(Account, keyring.account_id)
            slot = slots.new_passkey_slot(keyring, Credential(bytes(16), bytes(32), "phone"), bytes(32), now=clock.now())
            slots.rewrite(db, account, keyring, add=[slot])
            act = owner_act(account, accounts.mailbox(db, keyring.account_id), now=clock.now())
            ways_in.changed(db, instance.stores.state, act, way=slot.kind, what="added")
            return {"slot": slot.slot_id}

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get("/settings/passkeys")
        ready()
        done(browsing.post(f"/settings/passkeys/{stage.memory['slot']}/remove"))

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        whole(stage, keyring)
        assert opens_by_code(stage, stage.memory["code"])
        browsing = unlocked(stage, PASSPHRASE)
        if self._there(stage):
            self.do(browsing, stage, nothing)
        assert not self._there(stage)
        whole(stage, keyring)

    def _there(self, stage: Stage) -> bool:
        account, rows = owner_slots(stage)
        return slots.open_with_passkey(account, rows, stage.memory["slot"], bytes(32)) is not None


class Compromised(AtTheDoor):
    """The old or the new secrets open, and everything opens with them, however far the resealing has got."""

    name = "compromised"

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        compromised.STEP = steps.STEP = SMALL
        browsing.get("/settings/compromised")
        ready()
        done(browsing.submit("/settings/compromised", {"passphrase": NEW, "again": NEW, "sure": "1"}))
        browsing.confirm_kit()
        self.finish(browsing)

    def finish(self, browsing: Browsing) -> None:
        """Every further step."""
        for _ in range(100):
            if "data-resealing" not in browsing.get("/settings/compromised").text:
                return
            done(browsing.submit("/settings/compromised/continue"))
        raise AssertionError("the resealing does not end")

    def check(self, stage: Stage) -> None:
        passphrase, keyring = only_one_opens(stage, PASSPHRASE, NEW)
        whole(stage, keyring)
        assert opens_by_code(stage, stage.memory["code"]) == (passphrase == PASSPHRASE)
        browsing = unlocked(stage, passphrase)
        if passphrase == PASSPHRASE:
            self.do(browsing, stage, nothing)
        else:
            if kit_codes(stage, keyring):
                assert opens_by_code(stage, browsing.confirm_kit())
            self.finish(browsing)
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE, NEW)
        whole(stage, Keyring(keyring.account_id, 2, keyring.export_amk()))
        with stage.stores.main.reading() as db:
            assert db.exec(select(RetiredKey)).all() == []
            assert all(row.sealed.startswith(envelope.header(2)) for row in [*db.exec(select(Record)), *db.exec(select(RelationshipKey))])
            assert len(db.exec(select(Succession)).all()) == 1


class ImportFile(AtTheDoor):
    """Nothing of the file is to be seen, or all of it."""

    name = "import"
    VENDORS = 30

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        staging.BATCH = SMALL
        rows = "\n".join(f"Shop {number},https://shop-{number}.example,robin,x" for number in range(self.VENDORS))
        file = f"name,url,username,password\n{rows}\n".encode()
        browsing.get("/imports/new")
        ready()
        led = browsing.post("/imports/new", files={"file": ("passwords.csv", file, "text/csv")})
        done(led)
        browsing.get(led.headers["location"])
        done(browsing.submit(led.headers["location"].split("?")[0] + "/apply"))

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        if self._imported(stage, keyring) == 0:
            whole(stage, keyring)
            self.do(unlocked(stage, PASSPHRASE), stage, nothing)
        assert self._imported(stage, keyring) == self.VENDORS
        verified(stage, keyring)

    def _imported(self, stage: Stage, keyring: Keyring) -> int:
        """How many vendors are there beyond the old ones, in the list and one by one alike."""
        old = dict(stage.memory["contents"])
        with stage.stores.main.reading() as db:
            listed = {digest.record_id for digest in store.digests(db, keyring, MODELS[Kind.VENDOR])}
            found = {opened.record_id for opened in store.all_of(db, keyring, MODELS[Kind.VENDOR])}
        assert listed == found and found >= set(old[Kind.VENDOR])
        assert len(found) - len(old[Kind.VENDOR]) in {0, self.VENDORS}
        return len(found) - len(old[Kind.VENDOR])


class TakeIn(Scene):
    """An export of another owner is there whole, or the account is as empty as before."""

    name = "archive"

    def prepare(self, instance: Instance) -> dict[str, Any]:
        """Wren's export, and robin, who has nothing yet."""
        wren = instance.populate("wren", word=WORD)
        wren.browsing.get("/inbox")
        wren.browsing.get("/settings/export")
        archive = wren.browsing.post("/settings/export", {"seal": "plain"})
        assert archive.headers["content-type"] == "application/zip", archive.text
        Browsing(instance.new_client()).sign_up(instance.invite(), "robin")
        return {"archive": archive.content.hex(), "contents": pairs(self._theirs(contents_of(instance.stores.main, wren.keyring)))}

    def act(self, stage: Stage, ready: Callable[[], None]) -> None:
        """Through the door."""
        self._do(unlocked(stage, PASSPHRASE), stage, ready)

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        if not self._there(stage, keyring):
            self._do(unlocked(stage, PASSPHRASE), stage, nothing)
        assert self._there(stage, keyring)
        verified(stage, keyring)

    def _do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get("/settings/import")
        ready()
        file = ("export.zip", bytes.fromhex(stage.memory["archive"]), "application/zip")
        done(browsing.post("/settings/import", files={"file": file}))

    def _there(self, stage: Stage, keyring: Keyring) -> bool:
        verified(stage, keyring)
        contents = contents_of(stage.stores.main, keyring)
        found = self._theirs(contents)
        assert any(found.values()) == any(contents[Kind.PAST])
        if not any(found.values()):
            return False
        assert pairs(found) == stage.memory["contents"]
        return True

    def _theirs(self, contents: Contents) -> Contents:
        # The profile is each account's own; what the earlier host's ledger told comes in beside the records.
        return {kind: records for kind, records in contents.items() if kind not in {Kind.PROFILE, Kind.PAST}}


class Restore(OfOwner):
    """The database is as it was before, or as the backup has it."""

    name = "restore"
    most = 100

    def more(self, instance: Instance, robin: Populated) -> dict[str, Any]:
        keyring = robin.keyring
        backup_files.write(instance.stores.main.engine, instance.settings.data_dir / "backup", now=clock.now())
        backed_up = contents_of(instance.stores.main, keyring)
        with instance.stores.main.writing() as db:
            ledger.lock(db, keyring.account_id)
            store.add(db, keyring, sample(Item, WORD, value="after the backup"), now=clock.now())
        return {"backed_up": pairs(backed_up)}

    def act(self, stage: Stage, ready: Callable[[], None]) -> None:
        """As the command does it."""
        ready()
        restoring.restore(
            stage.stores,
            stage.app.state.instance,
            backup_files.source(stage.settings.data_dir / "backup"),
            replace=True,
            now=clock.now(),
        )

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        verified(stage, keyring)
        assert pairs(contents_of(stage.stores.main, keyring)) in (stage.memory["contents"], stage.memory["backed_up"])
        self.act(stage, nothing)
        assert pairs(contents_of(stage.stores.main, keyring)) == stage.memory["backed_up"]
        verified(stage, keyring)
        assert opens_by_code(stage, stage.memory["code"])
        unlocked(stage, PASSPHRASE)


SCENES: tuple[Scene, ...] = (
    ChangePassphrase(),
    NewKit(),
    RemoveSlot(),
    Compromised(),
    ImportFile(),
    TakeIn(),
    Restore(),
    Give(),
    Withdraw(),
)
