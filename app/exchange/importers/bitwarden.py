"""Bitwarden's unencrypted JSON export, of a person or of an organisation (bitwarden.com/help/condition-bitwarden-import).

Logins become vendors, identities become items of My data, folders and collections become tags. Passwords, TOTP secrets,
passkeys, password history, cards, secure notes, SSH keys and hidden or linked fields are counted and never taken.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.exchange.importers.identities import items_of
from app.exchange.importers.reading import (
    ENTRIES,
    MANY,
    ImportRefused,
    Incoming,
    Reading,
    Skipped,
    check_text,
    clean,
    counted,
    fitting,
    one_line,
    short_name,
    utf8,
)
from app.exchange.importers.web import name_of, site
from vault.records import Contact, Field, Item, Vendor

SOURCE = "bitwarden"
LOGIN, NOTE, CARD, IDENTITY, SSH_KEY = 1, 2, 3, 4, 5
TEXT, HIDDEN, BOOLEAN, LINKED = 0, 1, 2, 3
VALUE_OF_TAG = 200
WHOLE = {NOTE: "secure_note", CARD: "card", SSH_KEY: "ssh_key"}


def read(data: bytes) -> Reading:
    """Understand an export. Raises ImportRefused: `encrypted_account`, `encrypted_password`, `json`, `json_deep`, `shape` …"""
    document = load(data)
    if document.get("encrypted"):
        raise ImportRefused("encrypted_password" if document.get("passwordProtected") else "encrypted_account")
    entries = document.get("items")
    if not isinstance(entries, list):
        raise ImportRefused("shape", what="items")
    if len(entries) > ENTRIES:
        raise ImportRefused("too_many", what=str(ENTRIES))
    reader = _Reader(_names(document, "folders"), _names(document, "collections"))
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise ImportRefused("shape", what=f"items[{number - 1}]")
        with fitting(what=str(entry.get("name"))):
            reader.take(number, entry)
    return Reading(SOURCE, tuple(reader.vendors), tuple(reader.items), counted(reader.dropped), tuple(reader.skipped))


def load(data: bytes) -> dict[str, Any]:
    """A JSON object from bytes. Raises ImportRefused naming the line of the fault."""
    text = utf8(check_text(data))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as bad:
        raise ImportRefused("json", line=bad.lineno, what=bad.msg) from bad
    except RecursionError as bad:
        raise ImportRefused("json_deep") from bad
    except ValueError as bad:  # an integer of more digits than Python converts
        raise ImportRefused("json", what="number") from bad
    if not isinstance(document, dict):
        raise ImportRefused("shape", what="{}")
    return document


def _names(document: Mapping[str, Any], key: str) -> dict[str, str]:
    rows = document.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ImportRefused("shape", what=key)
    return {str(row.get("id")): one_line(row.get("name"), longest=VALUE_OF_TAG) for row in rows}


class _Reader:
    def __init__(self, folders: Mapping[str, str], collections: Mapping[str, str]) -> None:
        self.folders, self.collections = folders, collections
        self.vendors: list[Incoming] = []
        self.items: list[Item] = []
        self.dropped: Counter[str] = Counter()
        self.skipped: list[Skipped] = []

    def take(self, number: int, entry: Mapping[str, Any]) -> None:
        """Take one entry, the `number`-th of the file counting from 1."""
        kind = entry.get("type")
        self.dropped["password_history"] += len(_rows(entry, "passwordHistory"))
        if entry.get("deletedDate"):
            self.dropped["trashed"] += 1
        elif kind in WHOLE:
            self.dropped[WHOLE[kind]] += 1
        elif kind == LOGIN:
            self._login(number, entry)
        elif kind == IDENTITY:
            self._identity(entry)
        else:
            self.skipped.append(Skipped(number, one_line(entry.get("name"))[:80], "unknown_type"))

    def _login(self, number: int, entry: Mapping[str, Any]) -> None:
        login = _row(entry, "login")
        self.dropped["password"] += bool(login.get("password"))
        self.dropped["totp"] += bool(login.get("totp"))
        self.dropped["passkey"] += len(_rows(login, "fido2Credentials"))
        uris = [uri for row in _rows(login, "uris") if isinstance(row, dict) and (uri := one_line(row.get("uri")))]
        domains, contacts = places(uris)
        if username := one_line(login.get("username")):
            contacts.insert(0, Contact(label="", kind="login", value=username))
        name, whole = short_name(entry.get("name"))
        fields = self._fields(entry)
        if whole:
            fields.insert(0, Field(name="name", value=whole))
        if not name and not domains:
            self.skipped.append(Skipped(number, username, "no_name"))
            return
        vendor = Vendor(
            name=name or name_of(domains[0]),
            domains=tuple(domains),
            contacts=tuple(contacts),
            fields=tuple(fields),
            tags=self._tags(entry),
            sources=(SOURCE,),
        )
        self.vendors.append(Incoming(vendor, clean(entry.get("notes"))))

    def _identity(self, entry: Mapping[str, Any]) -> None:
        label = one_line(entry.get("name"))[:80]
        note = clean(entry.get("notes"))
        fields = [(field.name, field.value) for field in self._fields(entry)]
        self.items.extend(items_of(_row(entry, "identity"), label=label, note=note, fields=fields))

    def _fields(self, entry: Mapping[str, Any]) -> list[Field]:
        kept = []
        for row in _rows(entry, "fields"):
            if not isinstance(row, dict):
                raise ImportRefused("shape", what="fields")
            if row.get("type") not in {TEXT, BOOLEAN}:
                self.dropped["linked_field" if row.get("type") == LINKED else "hidden_field"] += 1
            elif value := clean(row.get("value")):
                kept.append(Field(name=one_line(row.get("name"))[:200] or "-", value=value))
        if len(kept) > MANY:
            raise ImportRefused("too_many_fields", what=str(MANY))
        return kept

    def _tags(self, entry: Mapping[str, Any]) -> tuple[str, ...]:
        named = [self.folders.get(str(entry.get("folderId")), "")]
        named += [self.collections.get(str(key), "") for key in _rows(entry, "collectionIds")]
        return tuple(dict.fromkeys(tag for tag in named if tag))


def places(uris: Sequence[str]) -> tuple[list[str], list[Contact]]:
    """Domains and other places from addresses, each once, in order."""
    domains: dict[str, None] = {}
    contacts: dict[str, Contact] = {}
    for uri in uris:
        domain, other = site(uri)
        if domain:
            domains[domain] = None
        elif other and other[1]:
            contacts[other[1]] = Contact(label=other[0], kind="other", value=other[1])
    if len(domains) + len(contacts) > MANY:
        raise ImportRefused("too_many_fields", what=str(MANY))
    return list(domains), list(contacts.values())


def _rows(entry: Mapping[str, Any], key: str) -> list[Any]:
    rows = entry.get(key) or []
    if not isinstance(rows, list):
        raise ImportRefused("shape", what=key)
    return rows


def _row(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    row = entry.get(key) or {}
    if not isinstance(row, dict):
        raise ImportRefused("shape", what=key)
    return row
