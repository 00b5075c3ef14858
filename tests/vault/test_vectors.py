"""Two implementations of FORMAT.md, the vault and `tests/vectors/format_by_hand.py`, make and open the same bytes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.vectors import format_by_hand, make_vault
from vault import cipher, slot_set, slots
from vault.envelope import Place, open_bytes
from vault.errors import Sealed
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox, Together, mailbox_of, new_mailbox
from vault.store import Account, MailboxKey, Slot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def pinned(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((make_vault.FOLDER / f"{name}.json").read_text(encoding="ascii"))
    return loaded


def cases(name: str, group: str) -> list[Any]:
    return [pytest.param(case, id=case["what"]) for case in pinned(name)[group]]


@pytest.mark.parametrize("name", make_vault.FILES)
def test_pinned_files_are_what_their_program_makes(name: str) -> None:
    assert (make_vault.FOLDER / f"{name}.json").read_text(encoding="ascii") == make_vault.text_of(name)


@pytest.mark.parametrize("case", cases("envelope", "opened"))
def test_envelope_opens(case: dict[str, Any]) -> None:
    keyring = Keyring(case["place"]["account_id"], case["generation"], bytes.fromhex(pinned("envelope")["amk"]))
    place, sealed = Place(**case["place"]), bytes.fromhex(case["sealed"])
    assert keyring.open_bytes(place, sealed) == bytes.fromhex(case["data"])
    assert keyring.open(place, sealed) == json.loads(bytes.fromhex(case["data"]))


@pytest.mark.parametrize("case", cases("envelope", "refused"))
def test_envelope_with_one_thing_wrong_is_refused(case: dict[str, Any]) -> None:
    keyring = Keyring(make_vault.ACCOUNT, 1, bytes.fromhex(pinned("envelope")["amk"]))
    with pytest.raises(Sealed, match=r"^sealed data does not open here$"):
        keyring.open(Place(**case["place"]), bytes.fromhex(case["sealed"]))


def test_reference_opens_what_the_vault_seals() -> None:
    keyring = Keyring(make_vault.ACCOUNT, 1, make_vault.AMK)
    sealed = keyring.seal(Place(**make_vault.PLACE), {"b": 1, "a": "Café"})  # type: ignore[arg-type]  # one int among the texts
    assert format_by_hand.open_envelope(make_vault.AMK, make_vault.PLACE, sealed) == '{"a":"Café","b":1}'.encode()


def opened_mailbox() -> OpenMailbox:
    file = pinned("mailbox")
    row: dict[str, Any] = {name: value if name == "key_id" else bytes.fromhex(value) for name, value in file["row"].items()}
    key = MailboxKey(account_id=file["account_id"], created_at=NOW, **row)
    return OpenMailbox(Keyring(file["account_id"], 1, bytes.fromhex(file["amk"])), [key])


@pytest.mark.parametrize("case", cases("mailbox", "opened"))
def test_mailbox_opens(case: dict[str, Any]) -> None:
    assert opened_mailbox().open(case["purpose"], case["context"], bytes.fromhex(case["sealed"])) == bytes.fromhex(case["data"])


@pytest.mark.parametrize("case", cases("mailbox", "refused"))
def test_mailbox_with_one_thing_wrong_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Sealed, match=r"^sealed data does not open here$"):
        opened_mailbox().open(case["purpose"], case["context"], bytes.fromhex(case["sealed"]))


def test_reference_opens_what_a_mailbox_seals() -> None:
    keyring = Keyring(make_vault.ACCOUNT, 1, make_vault.AMK)
    key = new_mailbox(keyring, now=NOW)
    place = {"table": "mailbox_key", "kind": "mailbox", "record_id": key.key_id, "account_id": make_vault.ACCOUNT, "schema_version": 1}
    private = format_by_hand.open_envelope(make_vault.AMK, place, key.sealed)
    info = format_by_hand.mailbox_info(make_vault.ACCOUNT, bytes.fromhex(key.key_id), "ledger", ["a", "b"])
    for seal in (mailbox_of(key).seal, Together(mailbox_of(key)).seal):
        assert format_by_hand.open_mailbox(private, info, seal("ledger", ["a", "b"], b"data")) == b"data"


def pinned_slots() -> tuple[Account, list[Slot], dict[str, Any]]:
    file = pinned("slots")
    rows = []
    for slot in file["slots"]:
        row = {**slot, "commitment": bytes.fromhex(slot["commitment"]), "wrapped": bytes.fromhex(slot["wrapped"])}
        created = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row.pop("created_us"))
        rows.append(Slot(version=1, created_at=created, **row))
    account = Account(
        account_id=file["account_id"],
        login="robin",
        generation=1,
        slot_counter=file["counter"],
        slot_mac=bytes.fromhex(file["set_mac"]),
        mailbox_key_id="",
        created_at=NOW,
    )
    return account, rows, file


def test_pinned_slots_open_the_account() -> None:
    account, rows, file = pinned_slots()
    by_passphrase = slots.open_with_passphrase(account, rows, file["passphrase"])
    by_code = slots.open_with_recovery(account, rows, file["code"])
    assert by_passphrase is not None and by_code is not None
    assert by_passphrase.keyring.export_amk() == by_code.keyring.export_amk() == bytes.fromhex(file["amk"])
    assert (by_passphrase.kind, by_code.kind) == ("passphrase", "recovery")


def test_reference_opens_the_vaults_slots() -> None:
    keyring = Keyring(make_vault.ACCOUNT, 1, make_vault.AMK)
    one = slots.new_passphrase_slot(keyring, "a passphrase", cost=cipher.FLOOR, now=NOW)
    two, code = slots.new_recovery_slot(keyring, now=NOW)
    as_text = [
        {
            **slot.model_dump(),
            "commitment": slot.commitment.hex(),
            "wrapped": slot.wrapped.hex(),
            "created_us": int(NOW.timestamp()) * 1_000_000,
        }
        for slot in (one, two)
    ]
    assert format_by_hand.open_slot(as_text[0], "a passphrase") == format_by_hand.open_slot(as_text[1], code) == make_vault.AMK
    account = Account(account_id=make_vault.ACCOUNT, login="robin", slot_counter=9, slot_mac=b"", mailbox_key_id="", created_at=NOW)
    assert slot_set.set_mac(account, [one, two], keyring) == format_by_hand.slot_set_mac(make_vault.AMK, make_vault.ACCOUNT, 1, 9, as_text)


def test_instance_keys_are_the_pinned_ones() -> None:
    file = pinned("instance")
    keys, data = InstanceKeys(bytes.fromhex(file["secret"])), bytes.fromhex(file["data"])
    assert (keys.signing_public.hex(), keys.kid) == (file["signing_public"], file["kid"])
    assert (keys.sign(data).hex(), keys.mac("label", data).hex()) == (file["signature_of_data"], file["mac_of_data"])
    assert keys.unwrap(file["purpose"], file["context"], bytes.fromhex(file["wrapped"])) == data
    wrapped = keys.wrap("release", "id", data)
    assert format_by_hand.unwrap_instance(bytes.fromhex(file["secret"]), "release", "id", wrapped) == data


def test_raw_bytes_with_a_wrong_generation_are_refused() -> None:
    case = pinned("envelope")["opened"][0]
    key = cipher.derive(make_vault.AMK, b"bothways/kind/v1", b"record", b"vendor")
    assert open_bytes(key, Place(**case["place"]), 1, bytes.fromhex(case["sealed"])) == bytes.fromhex(case["data"])
    with pytest.raises(Sealed):
        open_bytes(key, Place(**case["place"]), 2, bytes.fromhex(case["sealed"]))
