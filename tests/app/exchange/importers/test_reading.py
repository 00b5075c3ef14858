"""Files of other programs: what is taken, what never is, and that one fault is named as that fault."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.exchange.importers import bitwarden, csv, detect, vcard
from app.exchange.importers.reading import ImportRefused, Reading
from app.ui.imports import words as import_words
from tests.vectors import make_imports
from tests.vectors.make_imports import FOLDER, SECRETS, faulty, good, login
from vault.records import Contact, Field

GOOD = good()
FAULTY = faulty()


def read(name: str) -> Reading:
    return detect.read((FOLDER / name).read_bytes())


def refused(data: bytes) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        detect.read(data)
    return caught.value


def test_the_files_are_what_the_program_writes() -> None:
    """The committed vectors come from the program beside them and from nowhere else."""
    wanted = GOOD | {name: data for name, (data, _code, _line) in FAULTY.items()}
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == wanted


@pytest.mark.parametrize("name", sorted(GOOD))
def test_no_secret_is_taken(name: str) -> None:
    """What is never kept stands nowhere in a reading, not even in its repr, and login notes stand in no vendor."""
    reading = read(name)
    taken = repr([incoming.vendor for incoming in reading.vendors]) + repr(reading.items) + repr(reading) + repr(reading.skipped)
    assert [secret for secret in (*SECRETS, "ZmF4LXBob3Rv", "Recovery word", "Ask for Kim") if secret in taken] == []


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_one_fault_is_named_as_that_fault(name: str) -> None:
    """Every file with one fault is refused for it, with the line where there is one, in words that say what is wrong."""
    _data, code, line = FAULTY[name]
    caught = refused((FOLDER / name).read_bytes())
    assert (caught.code, caught.line) == (code, line)
    words = import_words.refusal(caught)
    assert "%(" not in words
    assert line is None or line == 1 or str(line) in words


def test_bitwarden_counts_what_it_drops() -> None:
    """Every secret of a Bitwarden export is counted by what it is."""
    assert dict(read("bitwarden.json").dropped) == {
        "card": 1, "hidden_field": 2, "linked_field": 1, "passkey": 1, "password": 4, "password_history": 5, "secure_note": 1, "ssh_key": 1,
        "totp": 1, "trashed": 1,
    }  # fmt: skip


def test_bitwarden_takes_logins_as_vendors() -> None:
    """Name, hosts, user name, open fields, folder and collection of a login are kept; its notes wait apart."""
    shop, work, insurer, bank = read("bitwarden.json").vendors
    assert shop.vendor.name == "Corner Shop"
    assert shop.vendor.domains == ("corner-shop.example", "pay.corner-shop.example")
    assert shop.vendor.contacts == (Contact(kind="login", value="robin@mail.example"),)
    assert shop.vendor.fields == (Field(name="Customer number", value="C-1001"), Field(name="Paperless", value="true"))
    assert shop.vendor.tags == ("Home/Shopping",)
    assert shop.login_notes == "Opens at nine."
    assert work.vendor.tags == ()
    assert insurer.vendor.tags == ("Household",)
    assert bank.vendor.contacts[1] == Contact(label="Android app", kind="other", value="com.example.bank")


def test_bitwarden_takes_identities_as_items() -> None:
    """Each part of an identity becomes an item under the DPV term that says what it is."""
    items = {(item.term, item.label): item.value for item in read("bitwarden.json").items}
    assert items == {
        ("pd:Name", "Me at home"): "Mx Robin Example",
        ("pd:PhysicalAddress", "Me at home"): "1 Hill Street\nFlat 2\nD01 X2Y3 Dublin\nIE",
        ("pd:EmailAddress", "Me at home"): "robin@mail.example",
        ("pd:TelephoneNumber", "Me at home"): "+353 1 555 0100",
        ("pd:Username", "Me at home"): "robin",
        ("pd:OfficialID", "Me at home: SSN"): "1234567T",
        ("pd:OfficialID", "Me at home: Licence"): "L-7654321",
        ("pd:Passport", "Me at home"): "P1234567",
        ("pd:CurrentEmployment", "Me at home"): "Northwind Broadband",
        ("pd:PersonalDocuments", "Me at home: Shoe size"): "42",
    }
    assert read("bitwarden.json").items[0].note == "Used on forms."


def test_bitwarden_note_of_an_empty_identity_is_kept() -> None:
    """A note alone is an item, so that it is not lost."""
    reading = bitwarden.read(json.dumps({"items": [{"type": 4, "name": "Me", "notes": "Left-handed", "identity": None}]}).encode())
    assert [(item.term, item.value) for item in reading.items] == [("pd:PersonalDocuments", "Left-handed")]


def test_bitwarden_leaves_out_and_says_so() -> None:
    """A login without name and site, and a type that is not known, are left out by number; the rest is taken."""
    entries: list[dict[str, Any]] = [login("", []), {"type": 9, "name": "Future"}, login("Shop", [])]
    reading = bitwarden.read(json.dumps({"items": entries}).encode())
    assert [(entry.line, entry.why) for entry in reading.skipped] == [(1, "no_name"), (2, "unknown_type")]
    assert [one.vendor.name for one in reading.vendors] == ["Shop"]


def test_bitwarden_keeps_a_long_name_whole() -> None:
    """A name too long for a list is cut there and kept whole beside it."""
    long = "Corner Shop " * 30
    vendor = bitwarden.read(json.dumps({"items": [login(long, [])]}).encode()).vendors[0].vendor
    assert len(vendor.name) <= 200
    assert vendor.fields[0].value == long.strip()


@pytest.mark.parametrize(
    "entry",
    [{"fields": ["x"]}, {"fields": "x"}, {"passwordHistory": "x"}, {"collectionIds": {"a": 1}}, {"login": {"uris": "x"}}],
)
def test_bitwarden_refuses_another_shape(entry: dict[str, Any]) -> None:
    """What stands where a list or an object should be refuses the file."""
    assert refused(json.dumps({"items": [login("Shop", []) | entry]}).encode()).code == "shape"


@pytest.mark.parametrize("document", [{"items": [], "folders": "x"}, {"items": [], "folders": ["x"]}])
def test_bitwarden_refuses_folders_of_another_shape(document: dict[str, Any]) -> None:
    assert refused(json.dumps(document).encode()).code == "shape"


def test_bitwarden_refuses_numbers_without_end() -> None:
    """A number of more digits than can be converted is a fault of the file, not of the service."""
    assert refused(b'{"items": ' + b"9" * 5000 + b"}").code == "json"


def test_bitwarden_refuses_too_many_entries() -> None:
    """One entry more than the limit is refused; the limit itself is taken."""
    entry = {"type": 2}
    assert len(bitwarden.read(json.dumps({"items": [entry] * 20_000}).encode()).vendors) == 0
    assert refused(json.dumps({"items": [entry] * 20_001}).encode()).code == "too_many"


def test_half_surrogates_and_controls_are_taken_out() -> None:
    """Text that no UTF-8 could hold is cleaned, so that it can be sealed and shown."""
    vendor = bitwarden.read(json.dumps({"items": [login("Sh\ud800op\u0000\x1b[31m", [])]}).encode()).vendors[0].vendor
    assert vendor.name == "Shop[31m"


def test_vcard_of_outlook() -> None:
    """Version 2.1: bare types, soft line breaks in quoted-printable, a base64 picture ended by a blank line."""
    vendor = read("outlook.vcf").vendors[0].vendor
    assert vendor.name == "Northwind Broadband"
    assert vendor.domains == ("northwind-broadband.example",)
    assert vendor.notes == "First line\nSecond, long line that is broken softly\n\nFourth line; end"
    assert Contact(label="Adviser", kind="other", value="Robin Example") in vendor.contacts
    assert Contact(label="Robin Example, fax, work", kind="phone", value="+353 1 555 0102") in vendor.contacts
    assert Contact(label="Robin Example, work", kind="address", value="2nd floor\nQuay 3\nT12 Cork\nIreland") in vendor.contacts
    assert vendor.fields == (Field(name="Department", value="Customer Care"),)


def test_vcard_of_an_iphone() -> None:
    """Version 3.0: doubled line ends, grouped labels, folded text, escaped commas and colons."""
    vendor = read("iphone.vcf").vendors[0].vendor
    assert vendor.name == "Corner Shop"
    assert vendor.notes == "Ask for the, well; corner table.\nClosed on Mondays."
    assert vendor.contacts == (
        Contact(label="Deli counter", kind="phone", value="01 555 0103"),
        Contact(label="HomePage", kind="url", value="https://corner-shop.example/deli"),
        Contact(label="work", kind="address", value="4 Low Street, Back door\nD02 Dublin\nIreland"),
    )
    assert vendor.tags == ("Food", "Local")


@pytest.mark.parametrize("name", ["modern.vcf", "modern-utf16.vcf"])
def test_vcard_of_today(name: str) -> None:
    """Version 4.0: URIs for phones, quoted types; a free mailbox and a page on a platform are no domain of the vendor."""
    vendor = read(name).vendors[0].vendor
    assert vendor.name == "Kim Plumber"
    assert vendor.domains == ()
    assert Contact(label="cell, work", kind="phone", value="+353-1-555-0104;ext=7") in vendor.contacts
    assert Contact(kind="url", value="https://www.facebook.com/kimplumber") in vendor.contacts
    assert vendor.notes == "Überall Ärger mit Rohren – 水道"
    assert {field.name: field.value for field in vendor.fields} == {"Birthday": "--0203", "Related": "Sam", "Vat id": "IE1234567T"}


def test_vcard_many_cards() -> None:
    """Every card of a file is read, each as written by another program."""
    reading = read("many.vcf")
    assert [one.vendor.name for one in reading.vendors] == ["Northwind Broadband", "Corner Shop", "Kim Plumber", "Ó Sé Butchers"]
    assert dict(reading.dropped) == {"key": 1, "photo": 2, "sound": 1}


def test_vcard_character_sets() -> None:
    """A named character set is used; none in version 2.1 means the Windows one, which is said."""
    assert read("outlook-latin2.vcf").vendors[0].vendor.contacts[0].label == "Łódź"
    ansi = read("outlook-ansi.vcf")
    assert ansi.vendors[0].vendor.contacts[0].label == "Beraterin für Öl"
    assert ansi.remarks == ("windows_1252",)


def card(*lines: str) -> Reading:
    return vcard.read("\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD"]).encode())


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["N:Plumber;Kim;Q;Dr;Jr"], "Dr Kim Q Plumber Jr"),
        (["FN:", "NICKNAME:Kimmy"], "Kimmy"),
        (["ORG:;Works"], "Works"),
        (["TEL:01 555"], "01 555"),
        (["FN:Kim", "ORG:Kim"], "Kim"),
    ],
)
def test_vcard_names(lines: list[str], name: str) -> None:
    """A card is called by its organisation, its person, its nickname or, failing all, how to reach it."""
    assert card(*lines).vendors[0].vendor.name == name


def test_vcard_without_anything_is_left_out() -> None:
    reading = card("REV:2025")
    assert [(entry.line, entry.why) for entry in reading.skipped] == [(1, "no_name")]


def test_vcard_second_names_are_kept() -> None:
    """A second formatted name and a second organisation are kept as fields."""
    vendor = card("FN:Kim", "FN:Kimberley", "ORG:Works", "ORG:Other;Unit").vendors[0].vendor
    assert {(field.name, field.value) for field in vendor.fields} == {("Name", "Kimberley"), ("Organisation", "Other, Unit")}


def test_vcard_label_counts_where_there_is_no_address() -> None:
    vendor = card("FN:Kim", "LABEL;TYPE=HOME:1 Road\\nTown").vendors[0].vendor
    assert vendor.contacts == (Contact(label="home", kind="address", value="1 Road\nTown"),)


def test_vcard_card_inside_a_card_is_dropped_and_counted() -> None:
    reading = card("FN:Kim", "AGENT:", "BEGIN:VCARD", "FN:Agent", "END:VCARD", "TEL:1")
    assert [one.vendor.name for one in reading.vendors] == ["Kim"]
    assert dict(reading.dropped) == {"agent": 1}


def test_vcard_attachments_of_unknown_kinds_are_dropped() -> None:
    reading = card("FN:Kim", "X-FILE;ENCODING=b:AAAA", "X-OTHER:data:text/plain,hello")
    assert dict(reading.dropped) == {"attachment": 2}


def test_vcard_a_link_too_long_for_a_contact_is_kept_as_a_field() -> None:
    url = "https://shop.example/" + "x" * 1_500
    vendor = card("FN:Kim", f"URL:{url}").vendors[0].vendor
    assert [field.value for field in vendor.fields] == [url]


def test_vcard_too_many_contacts_refuse_with_the_line_of_the_card() -> None:
    with pytest.raises(ImportRefused) as caught:
        card("FN:Kim", *[f"TEL:{number}" for number in range(201)])
    assert (caught.value.code, caught.value.line) == ("too_many_fields", 1)


def test_vcard_post_box_and_mail_links() -> None:
    vendor = card("FN:Kim", "ADR:77;;;Cork;;;", "EMAIL:mailto:kim@works.example", "URL:mailto:x@y.example").vendors[0].vendor
    assert vendor.contacts[0].value == "P.O. Box 77\nCork"
    assert vendor.contacts[1].value == "kim@works.example"
    assert vendor.domains == ("works.example",)


def test_csv_of_chrome() -> None:
    """Names that are only hosts become the registered name; quoted commas and line ends hold; apps are kept as such."""
    shop, broadband, bus = read("chrome.csv").vendors
    assert (shop.vendor.name, shop.vendor.domains) == ("corner-shop.example", ("corner-shop.example",))
    assert (broadband.vendor.name, broadband.login_notes) == ("Northwind", "a note\nof two lines")
    assert bus.vendor.contacts[1] == Contact(label="Android app", kind="other", value="com.example.bus")


def test_csv_of_the_others() -> None:
    """Edge, Firefox and Safari, each by its header."""
    assert [read(name).format for name in ("edge.csv", "firefox.csv", "safari.csv")] == ["chrome", "firefox", "safari"]
    assert read("firefox.csv").vendors[1].vendor.domains == ("192.0.2.7",)
    shop, insurer = read("safari.csv").vendors
    assert (shop.vendor.name, insurer.vendor.name, insurer.login_notes) == ("corner-shop.example", "Nine Lives", "Ask for Kim")
    assert dict(read("safari.csv").dropped) == {"password": 2, "totp": 1}


def test_csv_without_a_site_is_left_out() -> None:
    reading = csv.read(b"url,username,password,name\n,robin,pw,\n\nhttps://a.example,robin,pw,\n")
    assert [(entry.line, entry.name, entry.why) for entry in reading.skipped] == [(2, "robin", "no_site")]
    assert [one.vendor.name for one in reading.vendors] == ["a.example"]


def test_csv_limits() -> None:
    """One line more than the limit refuses, and so does a cell that no browser writes."""
    line = b"a,https://a.example,b,c\n"
    assert len(csv.read(b"name,url,username,password\n" + line * 20_000).vendors) == 20_000
    assert refused(b"name,url,username,password\n" + line * 20_001).code == "too_many"
    assert refused(b"name,url,username,password\na,https://a.example,b," + b"c" * 140_000).code == "csv_quotes"
    assert refused(b"name,url,username,password\na,https://a.example," + b"b" * 1_001 + b",c\n").code == "value_too_long"


def test_csv_a_long_name_is_kept_whole() -> None:
    vendor = csv.read(b"name,url,username,password\n" + b"shop " * 60 + b",https://a.example,,c\n").vendors[0].vendor
    assert vendor.fields[0].value == ("shop " * 60).strip()


def test_csv_a_network_share_is_no_domain() -> None:
    reading = csv.read(b"name,url,username,password\n,smb://nas/share?secret=1,,c\n")
    assert reading.vendors[0].vendor.name == "smb://nas/share"


@given(st.binary(max_size=2_000))
@example(b'{"items":[{"type":1,"name":"x","login":{"uris":[{"uri":"http://["}]}}]}')
@example(b"BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-7:+AA==\nEND:VCARD\n")
@example(b"BEGIN:VCARD\nFN;CHARSET=idna:xn--\xff\nEND:VCARD\n")
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever the bytes, there is a reading or a refusal in words, and nothing else."""
    _survives(data)


@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=6),
)
def test_mutated_files_are_read_or_refused(name: str, edits: list[tuple[float, bytes, int]]) -> None:
    """The same for files that are almost right."""
    data = bytearray(GOOD[name])
    for where, inserted, cut in edits:
        at = int(where * max(1, len(data)))
        data[at : at + cut] = inserted
    _survives(bytes(data))


def _survives(data: bytes) -> None:
    try:
        reading = detect.read(data)
    except ImportRefused as caught:
        assert import_words.refusal(caught)
    else:
        assert replace(reading).format in import_words.FORMATS
        json.dumps([one.vendor.model_dump(mode="json") for one in reading.vendors]).encode()


def test_the_program_writes_the_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_imports, "FOLDER", tmp_path / "imports")
    make_imports.write()
    assert len(list((tmp_path / "imports").iterdir())) == len(GOOD) + len(FAULTY)


def written(*lines: str, version: str = "4.0") -> bytes:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD")).encode()


def test_groups_of_cards_become_tags() -> None:
    """A card that only lists others is no company; its name is a tag of theirs, as RFC 6350 and as Apple write it."""
    modern = written("FN:Shops", "KIND:group", "MEMBER:urn:uuid:A-1", "MEMBER:mailto:nobody@x.example")
    apple = written("FN:Food", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a-1", version="3.0")
    nameless = written("KIND:group", "MEMBER:urn:uuid:a-1")
    (incoming,) = detect.read(modern + written("FN:Corner Shop", "UID:urn:uuid:a-1", "CATEGORIES:local") + apple + nameless).vendors
    assert (incoming.vendor.name, incoming.vendor.tags) == ("Corner Shop", ("Shops", "Food", "local"))


def test_the_preferred_name_is_the_name() -> None:
    (incoming,) = detect.read(written("FN:Third", "FN;PREF=2:Second", "FN;PREF=1:First", "FN;PREF=x:Fourth")).vendors
    assert incoming.vendor.name == "First"
    assert [field.value for field in incoming.vendor.fields] == ["Third", "Second", "Fourth"]
