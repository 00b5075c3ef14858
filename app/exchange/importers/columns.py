"""What the columns of a table are taken for: guessed by their names, said by the owner, remembered sealed for the next such file."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal

from sqlmodel import Session

from app.exchange.importers.bitwarden import places
from app.exchange.importers.reading import Incoming, Reading, Skipped, fitting, one_line, short_name
from app.exchange.importers.tables import Table, fingerprint
from app.exchange.importers.web import name_of
from app.relationships.domains import mail_host
from app.relationships.kinds import plain
from vault import store
from vault.keyring import Keyring
from vault.records import Contact, CsvColumns, Field, Vendor
from vault.segments import Digest

FORMAT = "table"
Of = Literal["companies", "answer"]
COMPANIES: Final = "companies"

GUESSES: Mapping[str, str] = MappingProxyType(
    {
        "name": "name company company_name organisation organization vendor merchant supplier business firma unternehmen societe "
        "empresa azienda bedrijf title account_name",
        "website": "website web url domain site homepage link login_uri webseite sitio",
        "email": "email e_mail mail email_address courriel correo",
        "phone": "phone telephone tel mobile phone_number telefon handy telefono",
        "address": "address street city town postcode post_code zip postal_code country region county state adresse strasse ort plz "
        "stadt land direccion ciudad",
        "login": "login username user user_name login_username benutzername usuario",
        "customer_number": "customer_number customer_no customer_id account_number account_no client_number member_number "
        "membership_number contract_number policy_number kundennummer vertragsnummer numero_client",
        "since": "since customer_since start_date joined member_since kunde_seit",
        "job": "job purpose what_for used_for",
        "notes": "notes note comment comments remarks bemerkung notiz notizen nota commentaire extra",
        "tags": "tags tag category categories group folder labels kategorie gruppe ordner grouping",
    }
)
"""Names of columns, in lower case with `_` between words, by what they are taken for."""

MEANINGS = (*GUESSES, "field")
NEEDED = frozenset({"name", "website", "email"})
"""One of these must be among the columns: without it nobody is named."""


def guess(table_names: Sequence[str], secret: Sequence[int]) -> tuple[str, ...]:
    """A meaning for each column, empty where its name says nothing; secret ones have none."""
    known = {word: meaning for meaning, words in GUESSES.items() for word in words.split()}
    said = (known.get(plain(name)) or known.get(plain(name.lower()), "") for name in table_names)
    return tuple("" if place in secret else meaning for place, meaning in enumerate(said))


def recall(db: Session, keyring: Keyring, names: Sequence[str], *, of: Of = COMPANIES) -> CsvColumns | None:
    """What the owner chose for such a first line before. `of` is what the file tells of."""
    wanted = fingerprint(names)
    for digest in store.digests(db, keyring, CsvColumns):
        if _is(digest, wanted, of) and (opened := store.get(db, keyring, CsvColumns, digest.record_id)):
            return opened.fields
    return None


def remember(db: Session, keyring: Keyring, names: Sequence[str], meanings: Sequence[str], *, now: datetime, of: Of = COMPANIES) -> None:
    """Keep the choice for the next file with this first line."""
    forget(db, keyring, names, of=of)
    chosen = CsvColumns(fingerprint=fingerprint(names), of=of, names=tuple(names), meanings=tuple(meanings))
    store.add(db, keyring, chosen, now=now)


def forget(db: Session, keyring: Keyring, names: Sequence[str], *, of: Of = COMPANIES) -> bool:
    """Drop the choice. Tells whether there was one."""
    wanted = fingerprint(names)
    known = [digest.record_id for digest in store.digests(db, keyring, CsvColumns) if _is(digest, wanted, of)]
    return store.remove_many(db, keyring, CsvColumns, known) > 0


def _is(digest: Digest, wanted: str, of: Of) -> bool:
    return digest.values["fingerprint"] == wanted and digest.values.get("of", COMPANIES) == of


def understood(table: Table, meanings: Sequence[str]) -> Reading:
    """The rows as vendors. Raises ImportRefused `value_too_long` naming the line."""
    vendors: list[Incoming] = []
    skipped: list[Skipped] = []
    for line, row in enumerate(table.rows, 2):
        with fitting(line=line):
            vendor = _vendor(table.names, meanings, row)
        if vendor is None:
            skipped.append(Skipped(line, one_line(next((cell for cell in row if cell), ""))[:80], "no_name"))
        else:
            vendors.append(Incoming(vendor))
    dropped = (("secret_column", table.emptied),) if table.emptied else ()
    return Reading(FORMAT, tuple(vendors), (), dropped, tuple(skipped), ("windows_1252",) if table.ansi else ())


def _vendor(names: Sequence[str], meanings: Sequence[str], row: Sequence[str]) -> Vendor | None:
    by: dict[str, list[str]] = {meaning: [] for meaning in MEANINGS}
    fields: list[Field] = []
    for name, meaning, cell in zip(names, meanings, row, strict=True):
        if cell and meaning == "field":
            fields.append(Field(name=name, value=cell))
        elif cell and meaning:
            by[meaning].append(cell)
    domains, contacts = places([one_line(cell) for cell in by["website"]])
    contacts += [Contact(kind="email", value=one_line(cell)) for cell in by["email"]]
    contacts += [Contact(kind="phone", value=one_line(cell)) for cell in by["phone"]]
    contacts += [Contact(kind="login", value=one_line(cell)) for cell in by["login"]]
    contacts += [Contact(kind="address", value="\n".join(by["address"]))] if by["address"] else []
    domains += [host for cell in by["email"] if (host := mail_host(one_line(cell))) and host not in domains]
    since, more = _since(by["since"])
    name, whole = short_name(" ".join(by["name"]) or (name_of(domains[0]) if domains else next(iter(by["email"]), "")))
    if not name:
        return None
    return Vendor(
        name=name,
        domains=tuple(dict.fromkeys(domains)),
        customer_numbers=tuple(dict.fromkeys(one_line(cell) for cell in by["customer_number"])),
        contacts=tuple(dict.fromkeys(contacts)),
        since=since,
        job=one_line(" ".join(by["job"])),
        notes="\n\n".join(by["notes"]),
        tags=tuple(dict.fromkeys(tag for cell in by["tags"] for part in re.split(r"[,;/]", cell) if (tag := one_line(part)))),
        fields=(*((Field(name="Name", value=whole),) if whole else ()), *fields, *more),
        sources=(FORMAT,),
    )


def _since(cells: Sequence[str]) -> tuple[date | None, list[Field]]:
    """A day as ISO 8601 writes it; any other writing is kept as it stands, for a guess at day and month would be wrong half of the time."""
    for cell in cells:
        try:
            return date.fromisoformat(cell.strip()[:10]), []
        except ValueError:
            continue
    return None, [Field(name="Since", value=cell) for cell in cells]
