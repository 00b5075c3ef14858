"""Tables of any program: how they are written is found out, what is secret is emptied, what the columns mean is remembered."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.database import Stores
from app.errors import NotUnlocked
from app.exchange.importers import choosing, columns, detect, tables
from app.exchange.importers.reading import ImportRefused, Reading
from tests.factories import NOW, make_account
from vault import store
from vault.records import Contact, CsvColumns, Field, Vendor

GERMAN = "Firma;Kundennummer;Passwort;E-Mail;Kunde seit;Farbe\r\nMüller & Söhne;12;geheim-canary;a@shop.example;2020-01-02;rot\r\n"
MEANINGS = ("name", "customer_number", "", "email", "since", "field")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters_and_encodings(mark: str, encoding: str) -> None:
    """The same table in every writing of it."""
    table = tables.read(GERMAN.replace(";", mark).encode(encoding))
    assert table.names == ("Firma", "Kundennummer", "Passwort", "E-Mail", "Kunde seit", "Farbe")
    assert table.rows == (("Müller & Söhne", "12", "", "a@shop.example", "2020-01-02", "rot"),)
    assert (table.secret, table.emptied, table.ansi) == ((2,), 1, encoding == "cp1252")


def test_rows_become_vendors() -> None:
    """Each column as what it was said to be; what is not said is not kept."""
    table = tables.read(GERMAN.encode())
    (incoming,) = columns.understood(table, MEANINGS).vendors
    assert incoming.vendor == Vendor(
        name="Müller & Söhne",
        domains=("shop.example",),
        customer_numbers=("12",),
        contacts=(Contact(kind="email", value="a@shop.example"),),
        since=date(2020, 1, 2),
        fields=(Field(name="Farbe", value="rot"),),
        sources=("table",),
    )


def test_every_meaning() -> None:
    names = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")
    meanings = ("name", "name", "website", "phone", "address", "address", "login", "since", "job", "notes", "tags")
    row = (
        "Corner",
        "Shop",
        "https://www.shop.example/x",
        "01 555",
        "1 Hill",
        "Dublin",
        "robin",
        "since spring",
        "bread",
        "nice",
        "food, daily",
    )
    (incoming,) = columns.understood(tables.Table(names, (row,)), meanings).vendors
    vendor = incoming.vendor
    assert (vendor.name, vendor.domains, vendor.job, vendor.notes, vendor.tags) == (
        "Corner Shop",
        ("shop.example",),
        "bread",
        "nice",
        ("food", "daily"),
    )
    assert vendor.contacts == (
        Contact(kind="phone", value="01 555"),
        Contact(kind="login", value="robin"),
        Contact(kind="address", value="1 Hill\nDublin"),
    )
    assert (vendor.since, vendor.fields) == (None, (Field(name="Since", value="since spring"),))


def test_names_are_found_elsewhere_and_empty_rows_are_named() -> None:
    table = tables.Table(("site", "mail"), (("shop.example", ""), ("", "kim@gmail.com"), ("", ""), ("x" * 200, "")))
    reading = columns.understood(table, ("website", "email"))
    assert [one.vendor.name for one in reading.vendors] == ["shop.example", "kim@gmail.com"]
    assert [(one.line, one.why) for one in reading.skipped] == [(4, "no_name"), (5, "no_name")]


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Company name", "name"),
        ("E-Mail", "email"),
        ("PLZ", "address"),
        ("Policy Number", "customer_number"),
        ("Kategorie", "tags"),
        ("customerNumber", "customer_number"),
        ("WebSite", "website"),
        ("Colour", ""),
    ],
)
def test_guesses(name: str, meaning: str) -> None:
    assert columns.guess((name,), ()) == (meaning,)
    assert columns.guess((name,), (0,)) == ("",)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *(
            (name, True)
            for name in ("Password", "login_password", "currentPassword", "PIN", "pin-code", "Mot de passe", "contraseña", "Hasło", "TOTP")
        ),
        *((name, True) for name in ("Card Number", "api_key", "Security answer", "CVV", "token", "Recovery codes", "Geheimzahl")),
        *((name, False) for name in ("Pinterest", "Spinning", "Passenger", "Company", "Cardiologist", "Customer number", "Compass")),
    ],
)
def test_secret_columns(name: str, *, secret: bool) -> None:
    assert tables.is_secret(name) is secret


def test_what_is_secret_stands_nowhere(stores: Stores) -> None:
    """A secret column is emptied before anything is kept, and is no meaning's to have."""
    _account, keyring, _box = make_account(stores)
    table = tables.read(GERMAN.encode())
    choosing.stage(stores.main, keyring, table, import_id="a" * 32, file_name="x.csv", now=NOW)
    with stores.main.reading() as db:
        found = choosing.table_of(db, keyring, "a" * 32)
        assert found is not None
        assert "geheim-canary" not in repr(found[1].rows) + repr(found)
        assert found[1] == table


def test_browsers_and_programs_are_recognised_as_ever() -> None:
    """A browser's file is read by its own reader; a password manager's is refused by its name; a table of the same words is one."""
    assert detect.format_of(b"name,url,username,password\na,https://a.example,b,c\n") == "csv"
    with pytest.raises(ImportRefused) as refused:
        detect.read(b"url,username,password,extra,name,grouping,fav\na,b,c,d,e,f,0\n")
    assert (refused.value.code, refused.value.what) == ("csv_other", "LastPass")
    assert detect.format_of(b"name,url,last modified\na,https://a.example,2020\n") == "table"
    assert detect.format_of(b"name,url,username\na,https://a.example,b\n") == "table"
    assert detect.format_of(b"company;city\nCorner Shop;Dublin\n") == "table"
    reading = detect.read(b"company;city\nCorner Shop;Dublin\n")
    assert [one.vendor.name for one in reading.vendors] == ["Corner Shop"]


def test_a_choice_is_remembered_by_the_first_line(stores: Stores) -> None:
    """However its letters are cased; until it is forgotten, or another is made."""
    _account, keyring, _box = make_account(stores)
    with stores.main.writing() as db:
        columns.remember(db, keyring, ("Firma", "Ort"), ("name", ""), now=NOW)
        columns.remember(db, keyring, ("firma", "ORT"), ("name", "address"), now=NOW)
    with stores.main.reading() as db:
        known = columns.recall(db, keyring, ("FIRMA", "Ort"))
        assert known is not None
        assert known.meanings == ("name", "address")
        assert columns.recall(db, keyring, ("Ort", "Firma")) is None
        assert len(store.digests(db, keyring, CsvColumns)) == 1
    with stores.main.writing() as db:
        assert columns.forget(db, keyring, ("Firma", "Ort"))
        assert not columns.forget(db, keyring, ("Firma", "Ort"))


def test_a_changed_mind_leaves_nothing_of_the_first(stores: Stores) -> None:
    """Reading the same table otherwise replaces what was staged of it."""
    _account, keyring, _box = make_account(stores)
    rows = tuple((f"Shop {number}", f"Town {number}") for number in range(600))
    choosing.stage(stores.main, keyring, tables.Table(("a", "b"), rows), import_id="a" * 32, file_name="x.csv", now=NOW)
    for meanings, expected in ((("name", ""), "Shop 7"), (("", "name"), "Town 7")):
        assert choosing.choose(stores.main, keyring, "a" * 32, meanings, now=NOW)
        with stores.main.reading() as db:
            names = [opened.fields.name for opened in store.staged(db, keyring, Vendor, "a" * 32)]
            assert (len(names), expected in names) == (600, True)
    assert not choosing.choose(stores.main, keyring, "b" * 32, ("name", ""), now=NOW)


def test_nothing_is_kept_under_a_replaced_key(stores: Stores) -> None:
    account, keyring, _box = make_account(stores)
    with stores.main.writing() as db:
        db.merge(account).generation = 2
    with pytest.raises(NotUnlocked):
        choosing.stage(stores.main, keyring, tables.Table(("a",), (("x",),)), import_id="a" * 32, file_name="", now=NOW)


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.text(alphabet="a,;\t|\"'\r\n \x00é", max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    """Whatever comes is read or refused with a code; nothing else is raised."""
    try:
        table = tables.read(data)
    except ImportRefused as refused:
        assert refused.code
        return
    assert all(len(row) == len(table.names) for row in table.rows)
    meanings = tuple("name" if place == 0 else "field" for place in range(len(table.names)))
    try:
        assert isinstance(columns.understood(table, meanings), Reading)
    except ImportRefused as refused:
        assert refused.code == "value_too_long"
