"""Writes the files of `tests/vectors/imports`: exports in the shape that real programs give them, and the same with one fault each.

Run `python -m tests.vectors.make_imports`; the files are committed, and a test compares them with what this writes.
The shapes follow Bitwarden 2025 (JSON), Chrome, Edge, Firefox and Safari (CSV), and vCards as Outlook (2.1), an iPhone
and a Google account (3.0) and a RFC 6350 writer (4.0) produce them; every name and value is invented here.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "imports"

SECRETS = (
    "pa55-canary",
    "totp-canary",
    "passkey-canary",
    "old-pa55-canary",
    "4111-canary",
    "secure-canary",
    "ssh-canary",
    "hidden-canary",
    "fax-photo-canary",
)
"""What stands in the good files and must stand in no reading of them."""


def lines(end: str, *written: str) -> str:
    """Text of lines that end as `end`."""
    return "".join(line + end for line in written)


def login(name: str, uris: list[str], **more: Any) -> dict[str, Any]:
    """A Bitwarden login."""
    return {
        "passwordHistory": [{"lastUsedDate": "2024-01-01T00:00:00.000Z", "password": "old-pa55-canary"}],
        "revisionDate": "2025-02-03T04:05:06.000Z",
        "creationDate": "2021-02-03T04:05:06.000Z",
        "deletedDate": None,
        "id": f"00000000-0000-4000-8000-{len(name):012d}",
        "organizationId": None,
        "folderId": "f1",
        "type": 1,
        "reprompt": 0,
        "name": name,
        "notes": None,
        "favorite": False,
        "fields": [],
        "login": {
            "uris": [{"match": None, "uri": uri} for uri in uris],
            "fido2Credentials": [],
            "username": "robin@mail.example",
            "password": "pa55-canary",
            "totp": None,
        },
        "collectionIds": None,
    } | more


def bitwarden() -> dict[str, Any]:
    """An export with one entry of every type."""
    fields = [
        {"name": "Customer number", "value": "C-1001", "type": 0},
        {"name": "PIN", "value": "hidden-canary", "type": 1},
        {"name": "Paperless", "value": "true", "type": 2},
        {"name": "Username link", "value": None, "type": 3, "linkedId": 100},
    ]
    shop = login(
        "Corner Shop",
        ["https://www.corner-shop.example/account?session=abc", "https://pay.corner-shop.example"],
        fields=fields,
        notes="Opens at nine.",
    )
    shop["login"] |= {
        "totp": "otpauth://totp/totp-canary",
        "fido2Credentials": [{"credentialId": "passkey-canary", "keyValue": "passkey-canary"}],
    }
    second = login("Corner Shop (work)", ["corner-shop.example"], folderId=None)
    second["login"]["username"] = "robin.work"
    identity = {
        "type": 4,
        "name": "Me at home",
        "folderId": None,
        "notes": "Used on forms.",
        "fields": [{"name": "Shoe size", "value": "42", "type": 0}, {"name": "Word", "value": "hidden-canary", "type": 1}],
        "identity": {
            "title": "Mx",
            "firstName": "Robin",
            "middleName": None,
            "lastName": "Example",
            "address1": "1 Hill Street",
            "address2": "Flat 2",
            "address3": None,
            "city": "Dublin",
            "state": None,
            "postalCode": "D01 X2Y3",
            "country": "IE",
            "company": "Northwind Broadband",
            "email": "robin@mail.example",
            "phone": "+353 1 555 0100",
            "ssn": "1234567T",
            "username": "robin",
            "passportNumber": "P1234567",
            "licenseNumber": "L-7654321",
        },
    }
    return {
        "encrypted": False,
        "folders": [{"id": "f1", "name": "Home/Shopping"}],
        "collections": [{"id": "c1", "organizationId": "o1", "name": "Household", "externalId": None}],
        "items": [
            shop,
            second,
            login(
                "Nine Lives Insurance",
                ["https://portal.nine-lives.example.co.uk/login"],
                folderId=None,
                collectionIds=["c1"],
                notes="Recovery word: none",
            ),
            login("Bank app", ["androidapp://com.example.bank"], folderId=None),
            login("In the bin", ["https://bin.example"], deletedDate="2025-01-01T00:00:00.000Z"),
            {"type": 2, "name": "Safe", "notes": "secure-canary", "secureNote": {"type": 0}},
            {"type": 3, "name": "Card", "card": {"cardholderName": "Robin", "number": "4111-canary", "code": "123", "brand": "Visa"}},
            {
                "type": 5,
                "name": "Key",
                "sshKey": {"privateKey": "ssh-canary", "publicKey": "ssh-ed25519 AAAA", "keyFingerprint": "SHA256:x"},
            },
            identity,
        ],
    }


OUTLOOK = lines(
    "\r\n",
    "BEGIN:VCARD",
    "VERSION:2.1",
    "N;LANGUAGE=en:Example;Robin",
    "FN:Robin Example",
    "ORG:Northwind Broadband;Customer Care",
    "TITLE:Adviser",
    "NOTE;ENCODING=QUOTED-PRINTABLE:First line=0D=0ASecond, long line that is broken so=",
    "ftly=0D=0A=",
    "=0D=0AFourth line=3B end",
    "TEL;WORK;VOICE:+353 1 555 0101",
    "TEL;WORK;FAX:+353 1 555 0102",
    "ADR;WORK;PREF:;2nd floor;Quay 3;Cork;;T12;Ireland",
    "LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:2nd floor=0D=0A=",
    "Quay 3",
    "URL;WORK:http://www.northwind-broadband.example",
    "EMAIL;PREF;INTERNET:care@northwind-broadband.example",
    "PHOTO;TYPE=JPEG;ENCODING=BASE64:",
    " ZmF4LXBob3RvLWNhbmFyeQ==",
    " AAAA",
    "",
    "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
    "REV:20251010T101010Z",
    "END:VCARD",
)
IPHONE = lines(
    "\r\r\n",
    "BEGIN:VCARD",
    "VERSION:3.0",
    "PRODID:-//Apple Inc.//iOS 17//EN",
    "N:;;;;",
    "FN:Corner Shop",
    "ORG:Corner Shop;",
    "X-ABShowAs:COMPANY",
    "item1.TEL;type=pref:01 555 0103",
    "item1.X-ABLabel:Deli counter",
    "item2.URL;type=pref:https\\://corner-shop.example/deli",
    "item2.X-ABLabel:_$!<HomePage>!$_",
    "item3.ADR;type=WORK;type=pref:;;4 Low Street\\nBack door;Dublin;;D02;Ireland",
    "item3.X-ABADR:ie",
    "NOTE:Ask for the\\, well\\; corner table.\\nClosed on Mond",
    " ays.",
    "CATEGORIES:Food,Local",
    "PHOTO;ENCODING=b;TYPE=JPEG:ZmF4LXBob3RvLWNhbmFyeQ",
    " ==",
    "END:VCARD",
)
MODERN = lines(
    "\n",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "KIND:individual",
    "FN:Kim Plumber",
    "N:Plumber;Kim;;;",
    'TEL;VALUE=uri;TYPE="work,cell";PREF=1:tel:+353-1-555-0104;ext=7',
    "EMAIL:kim.plumber@gmail.com",
    "URL:https://www.facebook.com/kimplumber",
    "BDAY:--0203",
    "IMPP:xmpp:kim@chat.example",
    "RELATED;VALUE=text:Sam",
    "KEY;MEDIATYPE=application/pgp-keys:https://keys.example/kim",
    "SOUND:data:audio/ogg;base64,AAAA",
    "NOTE:Überall Ärger mit Rohren – 水道",
    "X-VAT-ID:IE1234567T",
    "END:VCARD",
)
GOOGLE = lines(
    "\n",
    "BEGIN:VCARD",
    "VERSION:3.0",
    "FN:Ó Sé Butchers",
    "ORG:Ó Sé Butchers",
    "EMAIL;TYPE=INTERNET;TYPE=WORK:hello@osebutchers.example",
    "TEL;TYPE=CELL:+353 1 555 0105",
    "item1.X-ABDATE:2019-04-30",
    "item1.X-ABLabel:Customer since",
    "CATEGORIES:myContacts",
    "END:VCARD",
)
CHROME = lines(
    "\n",
    "name,url,username,password,note",
    "corner-shop.example,https://corner-shop.example/login,robin,pa55-canary,",
    'Northwind,https://my.northwind-broadband.example/,robin@mail.example,"pa55-canary, with comma","a note',
    'of two lines"',
    "android app,android://abc==@com.example.bus/,robin,pa55-canary,",
)
EDGE = "name,url,username,password\nNine Lives,https://portal.nine-lives.example.co.uk/,robin,pa55-canary\n"
FIREFOX = lines(
    "\r\n",
    '"url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"',
    '"https://corner-shop.example","robin","pa55-canary",,"https://corner-shop.example","{00000000-0000-4000-8000-000000000001}","1","2","3"',
    '"http://192.0.2.7","admin","pa55-canary","Router",,"{00000000-0000-4000-8000-000000000002}","1","2","3"',
)
SAFARI = lines(
    "\n",
    "Title,URL,Username,Password,Notes,OTPAuth",
    "corner-shop.example (robin),https://corner-shop.example/,robin,pa55-canary,,otpauth://totp/totp-canary",
    "Nine Lives (robin),https://portal.nine-lives.example.co.uk/,robin,pa55-canary,Ask for Kim,",
)


def good() -> dict[str, bytes]:
    """Files that are read."""
    return {
        "bitwarden.json": _json(bitwarden()),
        "bitwarden-bom.json": b"\xef\xbb\xbf" + _json(bitwarden()),
        "outlook.vcf": OUTLOOK.encode(),
        "outlook-ansi.vcf": OUTLOOK.replace("Adviser", "Beraterin für Öl").encode("cp1252"),
        "outlook-latin2.vcf": OUTLOOK.replace("TITLE:Adviser", "TITLE;CHARSET=iso-8859-2:Łódź").encode("iso-8859-2"),
        "iphone.vcf": IPHONE.encode(),
        "modern.vcf": MODERN.encode(),
        "modern-utf16.vcf": MODERN.encode("utf-16"),
        "many.vcf": (OUTLOOK + IPHONE + MODERN + GOOGLE).encode(),
        "chrome.csv": CHROME.encode(),
        "edge.csv": EDGE.encode(),
        "firefox.csv": FIREFOX.encode(),
        "safari.csv": SAFARI.encode(),
    }


def faulty() -> dict[str, tuple[bytes, str, int | None]]:
    """Files with one fault each: bytes, the code of the refusal, and its line."""
    export = bitwarden()
    text = _json(export).decode()
    return {
        "bitwarden-encrypted-account.json": (
            _json({"encrypted": True, "encKeyValidation_DO_NOT_EDIT": "2.x|y|z", "folders": [], "items": []}),
            "encrypted_account",
            None,
        ),
        "bitwarden-encrypted-password.json": (
            _json(
                {"encrypted": True, "passwordProtected": True, "salt": "c2FsdA==", "kdfType": 0, "kdfIterations": 600000, "data": "2.x|y|z"}
            ),
            "encrypted_password",
            None,
        ),
        "bitwarden-cut.json": (text[: len(text) // 2].encode(), "json", text[: len(text) // 2].count("\n") + 1),
        "bitwarden-no-items.json": (_json({"encrypted": False, "folders": []}), "shape", None),
        "bitwarden-item-is-text.json": (_json({"encrypted": False, "items": ["shop"]}), "shape", None),
        "bitwarden-list.json": (b"[1, 2]", "shape", None),
        "bitwarden-login-is-list.json": (_json({"items": [login("Shop", []) | {"login": ["x"]}]}), "shape", None),
        "bitwarden-deep.json": (b'{"items":' + b"[" * 100_000, "json_deep", None),
        "bitwarden-many-fields.json": (
            _json({"items": [login("Shop", [], fields=[{"name": "f", "value": str(n), "type": 0} for n in range(201)])]}),
            "too_many_fields",
            None,
        ),
        "bitwarden-long-value.json": (_json({"items": [login("Shop", [], notes="x" * 20_001)]}), "value_too_long", None),
        "bitwarden-latin1.json": (_json({"items": []}).replace(b"{", b'{"caf\xe9": 1,', 1), "encoding", 1),
        "vcard-no-end.vcf": (MODERN.replace("END:VCARD\n", "").encode(), "vcard_unended", 1),
        "vcard-begin-in-card.vcf": (MODERN.replace("END:VCARD\n", MODERN).encode(), "vcard_unended", 1),
        "vcard-broken-line.vcf": (MODERN.replace("BDAY:--0203", "this is no line").encode(), "vcard_line", 9),
        "vcard-no-name-of-property.vcf": (MODERN.replace("BDAY:--0203", ":--0203").encode(), "vcard_line", 9),
        "vcard-outside.vcf": (("X-A:1\n" + MODERN).encode(), "vcard_outside", 1),
        "vcard-after-end.vcf": ((MODERN + "TEL:1\n").encode(), "vcard_outside", 17),
        "vcard-not-utf8.vcf": (MODERN.encode().replace("Über".encode(), b"\xdcber"), "encoding", 14),
        "vcard-unknown-charset.vcf": (
            OUTLOOK.replace("TITLE:Adviser", "TITLE;CHARSET=no-such;ENCODING=QUOTED-PRINTABLE:=FF").encode(),
            "encoding",
            6,
        ),
        "vcard-many-lines.vcf": (MODERN.replace("END:VCARD", "X-A:1\n" * 2_001 + "END:VCARD").encode(), "vcard_properties", 1),
        "csv-row-too-short.csv": (CHROME.replace("android app,", "").encode(), "csv_row", 5),
        "csv-open-quote.csv": (CHROME.replace('of two lines"', "of two lines").encode(), "csv_quotes", 5),
        "table-no-names.csv": (b" ; ;\na;b;c\n", "csv_header", 1),
        "table-row-too-long.csv": (b"Firma;Ort\nCorner Shop;Dublin\nNorthwind;Cork;Galway\n", "csv_row", 3),
        "table-open-quote.csv": (b'company,city\n"Corner Shop,Dublin\nNorthwind,Cork\n', "csv_quotes", 3),
        "table-many-columns.csv": ((";".join(f"c{n}" for n in range(101)) + "\n" + ";" * 100 + "\n").encode(), "csv_columns", 1),
        "table-long-value.csv": (f"company;notes\nCorner Shop;{'x' * 20_001}\n".encode(), "value_too_long", None),
        "mailbox-without-mail.mbox": (b"From a@b Sat Nov 21 12:00:00 2026\n X: y\n", "unknown", 1),
        "mail.pst": (b"!BDN" + bytes(60), "binary", None),
        "csv-unknown-column.csv": (b"name,url,username,password,secret\na,https://a.example,b,c,d\n", "csv_column", 1),
        "csv-column-twice.csv": (b"name,url,username,password,password\na,https://a.example,b,c,d\n", "csv_twice", 1),
        "csv-of-bitwarden.csv": (
            b"folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n",
            "csv_other",
            None,
        ),
        "csv-many-columns.csv": (("url,username,password," + ",".join(f"c{n}" for n in range(200)) + "\n").encode(), "csv_columns", 1),
        "empty.txt": (b"", "empty", None),
        "blank.txt": (b" \r\n\t\n", "empty", None),
        "bom-only.txt": (b"\xef\xbb\xbf", "empty", None),
        "nul.vcf": (MODERN.replace("BDAY:--0203", "BDAY:\x00").encode(), "nul", 9),
        "page.html": (b"<!DOCTYPE html><p>Sign in to export</p>", "html", 1),
        "calendar.ics": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "calendar", 1),
        "prose.txt": (b"Dear shop,\nplease send me a new key.\n", "unknown", 1),
        "archive.zip": (b"PK\x03\x04\x14\x00\x00\x00", "binary", None),
        "paper.pdf": (b"%PDF-1.7\n", "binary", None),
        "passwords.kdbx": (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", "binary", None),
        "utf16-half.vcf": (MODERN.encode("utf-16")[:-1], "encoding", 1),
    }


def write() -> None:
    """Write every file."""
    FOLDER.mkdir(exist_ok=True)
    for name, data in good().items():
        (FOLDER / name).write_bytes(data)
    for name, (data, _code, _line) in faulty().items():
        (FOLDER / name).write_bytes(data)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


if __name__ == "__main__":
    write()
