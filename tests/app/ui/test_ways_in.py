"""The ways into an account: their list, a new recovery kit, and what follows an unlock by recovery code."""

import re

import pytest
from sqlmodel import select

from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from vault import recovery, slots
from vault.store import Account, Slot

NEW = "another four words entirely"


def rows(instance: Instance) -> list[Slot]:
    with instance.stores.main.reading() as db:
        return slots.slots_of(db, db.exec(select(Account)).one().account_id)


def by_code(browsing: Browsing, code: str) -> tuple[int, str]:
    browsing.get("/unlock/recovery")
    answer = browsing.post("/unlock/recovery", {"login": "robin", "code": code})
    return answer.status_code, answer.headers.get("location", "")


def groups(page: str) -> list[str]:
    return re.findall(r"<code>([0-9A-Z]+)</code>", page)


def keep(browsing: Browsing) -> str:
    """Put the kit on the page away; its code."""
    code = groups(browsing.get("/recovery-kit").text)
    (form,) = [form for form in browsing.forms if "asked" in form.fields]
    asked = form.fields["asked"][0]
    typed = {f"group-{number}": code[int(number) - 1] for number in asked.split(",")}
    assert browsing.post("/recovery-kit", {"asked": asked, **typed}).headers["location"] == "/first-evening?done=kit-kept"
    return "-".join(code)


def test_settings_list_the_ways_in(instance: Instance) -> None:
    """Each with its kind, when it was made and last used."""
    browsing = Browsing(instance.new_client())
    browsing.sign_up(instance.invite())
    page = browsing.get("/settings").text
    listed = page.split('id="ways"')[1].split("</ul>")[0]
    assert "Passphrase" in listed and "Recovery code" in listed
    assert listed.count("not used yet") == 2
    Browsing(instance.new_client()).unlock()
    assert browsing.get("/settings").text.split('id="ways"')[1].split("</ul>")[0].count("not used yet") == 1


def test_a_new_kit_makes_the_old_code_worthless(instance: Instance) -> None:
    """The old one dies at once; the new one is shown until it is confirmed, and nothing else opens until then."""
    browsing = Browsing(instance.new_client())
    old = browsing.sign_up(instance.invite())
    browsing.get("/settings")
    assert browsing.post("/settings/recovery-kit").headers["location"] == "/recovery-kit"
    assert by_code(Browsing(instance.new_client()), old)[0] == 422
    assert str(browsing.get("/today").url).endswith("/recovery-kit")
    again = Browsing(instance.new_client())
    again.get("/unlock")
    again.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE})
    assert groups(again.get("/today").text) == groups(browsing.get("/recovery-kit").text)
    new = keep(browsing)
    assert new != old and recovery.parse(new) == new
    assert by_code(Browsing(instance.new_client()), new) == (303, "/settings/recovered")
    assert [row.kind for row in rows(instance)].count("recovery") == 1


def test_recovery_leads_to_a_new_passphrase_and_a_new_kit(instance: Instance) -> None:
    """Both at once; old passphrase, old code and every other browser are out."""
    other = Browsing(instance.new_client())
    old = other.sign_up(instance.invite())
    browsing = Browsing(instance.new_client())
    assert by_code(browsing, old) == (303, "/settings/recovered")
    assert browsing.get("/settings/recovered").status_code == 200
    answer = browsing.post("/settings/recovered", {"passphrase": NEW, "again": NEW})
    assert answer.headers["location"] == "/recovery-kit"
    assert other.get("/today", follow=False).headers["location"] == "/unlock?next=/today"
    new = keep(browsing)
    assert by_code(Browsing(instance.new_client()), old)[0] == 422
    assert by_code(Browsing(instance.new_client()), new)[0] == 303
    stranger = Browsing(instance.new_client())
    stranger.get("/unlock")
    assert stranger.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE}).status_code == 422
    stranger.unlock(passphrase=NEW)
    assert sorted(row.kind for row in rows(instance)) == ["passphrase", "recovery"]


@pytest.mark.parametrize(("new", "again", "field"), [("seven77", "seven77", "passphrase"), (NEW, "something else", "again")])
def test_the_form_after_recovery_says_what_is_wrong(instance: Instance, new: str, again: str, field: str) -> None:
    """The field is named, and nothing has changed."""
    browsing = Browsing(instance.new_client())
    old = browsing.sign_up(instance.invite())
    browsing.get("/settings/recovered")
    answer = browsing.post("/settings/recovered", {"passphrase": new, "again": again})
    assert answer.status_code == 422 and f'id="e-{field}"' in answer.text
    assert by_code(Browsing(instance.new_client()), old)[0] == 303


def test_a_changed_passphrase_keeps_the_kit(instance: Instance) -> None:
    """Only the passphrase slot is another one."""
    browsing = Browsing(instance.new_client())
    code = browsing.sign_up(instance.invite())
    before = {row.slot_id: row.kind for row in rows(instance)}
    browsing.get("/settings")
    assert browsing.post("/settings/passphrase", {"current": code, "passphrase": NEW, "again": NEW}).status_code == 303
    gone = set(before) - {row.slot_id for row in rows(instance)}
    assert [before[slot_id] for slot_id in gone] == ["passphrase"]
    assert by_code(Browsing(instance.new_client()), code)[0] == 303
