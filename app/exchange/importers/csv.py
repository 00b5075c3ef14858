"""Passwords that a browser exported as CSV: Chrome, Edge, Firefox and Safari. Only the sites and user names are taken.

There is no standard; a file is known by its header. A line that does not fit the header refuses the whole file, because
a password in the wrong column would otherwise be kept as something else.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.exchange.importers.bitwarden import places
from app.exchange.importers.reading import (
    ENTRIES,
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
from app.exchange.importers.tables import is_secret, next_row
from app.exchange.importers.web import name_of
from vault.records import Contact, Field, Vendor

COLUMNS = 100


@dataclass(frozen=True)
class Columns:
    """How one browser names its columns, in lower case. `known` is all of them; any other makes the file somebody else's."""

    format: str
    url: str
    username: str
    password: str
    name: str = ""
    note: str = ""
    totp: str = ""
    others: frozenset[str] = frozenset()

    @property
    def needed(self) -> frozenset[str]:
        """Columns without which it is not this browser's file."""
        return frozenset({self.url, self.username, self.password})

    @property
    def known(self) -> frozenset[str]:
        """Every column that this browser writes."""
        return (self.needed | {self.name, self.note, self.totp} | self.others) - {""}


BROWSERS = (
    Columns(
        "firefox",
        "url",
        "username",
        "password",
        others=frozenset({"httprealm", "formactionorigin", "guid", "timecreated", "timelastused", "timepasswordchanged"}),
    ),
    Columns("safari", "url", "username", "password", name="title", note="notes", totp="otpauth"),
    Columns("chrome", "url", "username", "password", name="name", note="note"),
)
MARKS = {"firefox": {"httprealm", "formactionorigin", "guid"}, "safari": {"title"}, "chrome": {"name", "note"}}
"""A header is a browser's when it has what is needed and one of these."""

OTHERS = {
    "login_uri": "Bitwarden",
    "grouping": "LastPass",
    "otpauth url": "1Password",
    "last modified": "KeePassXC",
    "vault": "Proton Pass",
}


def columns_of(header: list[str]) -> Columns:
    """Which browser wrote this header. Raises ImportRefused `csv_other` (another program's, named) or `csv_header`."""
    names = [one_line(name).casefold() for name in header]
    if len(names) > COLUMNS:
        raise ImportRefused("csv_columns", line=1, what=str(len(names)))
    for column, program in OTHERS.items():
        if column in names and any(is_secret(name) for name in names):
            raise ImportRefused("csv_other", what=program)
    for browser in BROWSERS:
        if browser.needed <= set(names) and MARKS[browser.format] & set(names):
            unknown = next((name for name in names if name not in browser.known), None)
            if unknown is not None:
                raise ImportRefused("csv_column", line=1, what=unknown[:40])
            if len(set(names)) != len(names):
                raise ImportRefused("csv_twice", line=1)
            return browser
    raise ImportRefused("csv_header", line=1)


def of_a_browser(first: bytes) -> bool:
    """Whether a first line is a browser's, or so nearly that reading it will say what is wrong; else it is some other table."""
    header = next(csv.reader([first.decode("utf-8", "replace")]), [])
    try:
        columns_of(header)
    except ImportRefused as refused:
        return refused.code != "csv_header"
    return True


def read(data: bytes) -> Reading:
    """Understand a browser's file. Raises ImportRefused naming the line."""
    rows = csv.reader(io.StringIO(utf8(check_text(data)), newline=""), strict=True)
    header = next_row(rows)
    if not header:
        raise ImportRefused("csv_header", line=1)
    browser = columns_of(header)
    names = [one_line(name).casefold() for name in header]
    vendors: list[Incoming] = []
    dropped: Counter[str] = Counter()
    skipped: list[Skipped] = []
    while (row := next_row(rows)) is not None:
        if not row:
            continue
        line = rows.line_num
        if len(row) != len(names):
            raise ImportRefused("csv_row", line=line, what=f"{len(row)}/{len(names)}")
        if len(vendors) + len(skipped) >= ENTRIES:
            raise ImportRefused("too_many", what=str(ENTRIES))
        cells = dict(zip(names, row, strict=True))
        dropped["password"] += bool(cells[browser.password])
        dropped["totp"] += bool(cells.get(browser.totp))
        with fitting(line=line):
            incoming = _vendor(browser, cells)
        if incoming is None:
            skipped.append(Skipped(line, one_line(cells[browser.username])[:80], "no_site"))
        else:
            vendors.append(incoming)
    return Reading(browser.format, tuple(vendors), (), counted(dropped), tuple(skipped))


def _vendor(browser: Columns, cells: Mapping[str, str]) -> Incoming | None:
    username = one_line(cells[browser.username])
    domains, contacts = places([one_line(cells[browser.url])])
    name, whole = short_name(cells.get(browser.name, ""))
    if browser.format == "safari" and username:
        # Safari's titles are "site (user name)".
        name = name.removesuffix(f"({username})").strip()
    if domains and (not name or name.casefold().removeprefix("www.") in domains):
        name = name_of(domains[0])
    if not name and contacts:
        name = contacts[0].value
    if not name:
        return None
    if username:
        contacts.insert(0, Contact(label="", kind="login", value=username))
    fields = (Field(name="Name", value=whole),) if whole else ()
    vendor = Vendor(name=name, domains=tuple(domains), contacts=tuple(contacts), fields=fields, sources=(browser.format,))
    return Incoming(vendor, clean(cells.get(browser.note, "")))
