"""The words of imports: formats, what is never kept, and why a file is refused and what to do about it."""

from collections.abc import Mapping

from app.exchange.importers.reading import ImportRefused
from app.i18n import Lazy, _, lazy, ngettext

FORMATS: Mapping[str, Lazy] = {
    "bitwarden": lazy("Bitwarden export"),
    "vcard": lazy("vCard address book"),
    "chrome": lazy("Passwords from Chrome or Edge"),
    "firefox": lazy("Passwords from Firefox"),
    "safari": lazy("Passwords from Safari"),
}

FIELDS: Mapping[str, Lazy] = {
    "name": lazy("Name"),
    "domains": lazy("Websites"),
    "customer_numbers": lazy("Customer numbers"),
    "contacts": lazy("Contacts"),
    "since": lazy("Since"),
    "job": lazy("Job"),
    "closeness": lazy("Closeness wanted"),
    "fields": lazy("Other fields"),
    "tags": lazy("Tags"),
    "notes": lazy("Notes"),
    "sources": lazy("Where it came from"),
}

SKIPPED: Mapping[str, Lazy] = {
    "no_name": lazy("it has no name and no website"),
    "no_site": lazy("it has no website"),
    "full": lazy("it does not fit into the record of the company it belongs to"),
    "unknown_type": lazy("Bothways does not know this type of entry"),
}

REFUSED: Mapping[str, Lazy] = {
    "missing": lazy("Choose a file first."),
    "too_large": lazy(
        "This file is larger than 25 MiB. It was refused before it was read. Export fewer entries, or without pictures, and try again."
    ),
    "bad_form": lazy("The file did not arrive whole. Try again."),
    "empty": lazy("This file is empty. Export it again and check its size."),
    "nul": lazy("There is a NUL byte on line %(line)s: this is not a text file, or it is damaged."),
    "encoding": lazy("Line %(line)s is not written in %(what)s. Export the file again as UTF-8."),
    "html": lazy("This is a web page or XML, not an export. Use the program's own export instead of saving the page."),
    "calendar": lazy("This is a calendar. Bothways reads address books (vCard) here, not calendars."),
    "unknown": lazy("This is none of the formats that Bothways reads: Bitwarden JSON, vCard, or a browser's password CSV."),
    "encrypted_account": lazy(
        "This Bitwarden export is encrypted for your Bitwarden account, and only Bitwarden can open it. "
        "In Bitwarden choose Export vault and the format “.json” (not “.json (Encrypted)”), "
        "import that file here, then delete it."
    ),
    "encrypted_password": lazy(
        "This Bitwarden export is encrypted with a password. Bothways does not ask for it. "
        "In Bitwarden choose Export vault and the format “.json” (not “.json (Encrypted)”), "
        "import that file here, then delete it."
    ),
    "json": lazy("The JSON is broken on line %(line)s (%(what)s). Export the file again."),
    "json_deep": lazy("The JSON is nested too deeply to be an export of Bitwarden."),
    "shape": lazy("This is JSON, but not an export of Bitwarden: %(what)s is missing or not what it should be."),
    "too_many": lazy("There are more than %(what)s entries in this file. Split it and import the parts one after the other."),
    "too_many_fields": lazy("One entry has more than %(what)s fields, which is more than a record holds."),
    "value_too_long": lazy("One value is longer or larger than a record holds: %(what)s. Shorten it and export again."),
    "vcard_none": lazy("There is no card in this file."),
    "vcard_line": lazy("Line %(line)s is not a line of a vCard: “%(what)s”."),
    "vcard_outside": lazy("Line %(line)s stands outside of any card: “%(what)s”. A card begins with BEGIN:VCARD."),
    "vcard_unended": lazy("The card that begins on line %(line)s does not end: END:VCARD is missing."),
    "vcard_properties": lazy("The card that begins on line %(line)s has more than %(what)s lines of data."),
    "csv_header": lazy(
        "The first line names none of the columns that Chrome, Edge, Firefox or Safari write (url, username, password and others)."
    ),
    "csv_other": lazy(
        "This CSV was written by %(what)s, not by a browser. "
        "Bothways reads Bitwarden's JSON, and the CSV of Chrome, Edge, Firefox and Safari."
    ),
    "csv_column": lazy("No browser writes the column “%(what)s”, so Bothways cannot tell where the passwords are."),
    "csv_columns": lazy("The first line has %(what)s columns; no browser writes so many."),
    "csv_twice": lazy("The first line names a column twice, so Bothways cannot tell where the passwords are."),
    "csv_row": lazy("The entry that ends on line %(line)s does not have as many columns as the first line (%(what)s)."),
    "csv_quotes": lazy("Quotation marks or line ends are broken near line %(line)s."),
}

BINARY: Mapping[str, Lazy] = {
    "zip": lazy("a ZIP archive or an office document"),
    "pdf": lazy("a PDF"),
    "sqlite": lazy("a database"),
    "keepass": lazy("an encrypted KeePass database"),
    "picture": lazy("a picture"),
    "gzip": lazy("a compressed file"),
    "encrypted": lazy("an encrypted file"),
}

NEVER = (
    lazy("passwords"),
    lazy("one-time code secrets (TOTP)"),
    lazy("passkeys"),
    lazy("cards"),
    lazy("secure notes"),
    lazy("SSH keys"),
    lazy("hidden fields"),
)
"""What is said before a file is chosen."""


def refusal(refused: ImportRefused | str) -> str:
    """Why a file was refused, and what to do. A code alone is worded without line."""
    if isinstance(refused, str):
        return str(REFUSED[refused])
    if refused.code == "binary":
        return _("This is %(what)s, not an export in text. Nothing was read from it.") % {"what": BINARY[refused.what]}
    return str(REFUSED[refused.code]) % {"line": refused.line or 1, "what": refused.what}


def dropped(code: str, n: int) -> str:
    """So many of what is not kept."""
    words = {
        "password": ngettext("%(n)d password", "%(n)d passwords", n),
        "totp": ngettext("%(n)d one-time code secret (TOTP)", "%(n)d one-time code secrets (TOTP)", n),
        "passkey": ngettext("%(n)d passkey", "%(n)d passkeys", n),
        "password_history": ngettext("%(n)d old password", "%(n)d old passwords", n),
        "card": ngettext("%(n)d card", "%(n)d cards", n),
        "secure_note": ngettext("%(n)d secure note", "%(n)d secure notes", n),
        "ssh_key": ngettext("%(n)d SSH key", "%(n)d SSH keys", n),
        "hidden_field": ngettext("%(n)d hidden field", "%(n)d hidden fields", n),
        "linked_field": ngettext("%(n)d linked field", "%(n)d linked fields", n),
        "trashed": ngettext("%(n)d entry in the bin", "%(n)d entries in the bin", n),
        "photo": ngettext("%(n)d picture", "%(n)d pictures", n),
        "sound": ngettext("%(n)d sound", "%(n)d sounds", n),
        "key": ngettext("%(n)d public key or certificate", "%(n)d public keys or certificates", n),
        "agent": ngettext("%(n)d card inside a card", "%(n)d cards inside cards", n),
        "attachment": ngettext("%(n)d attachment", "%(n)d attachments", n),
    }
    return words.get(code, f"%(n)d {code}") % {"n": n}


def left_out(note: str) -> str:
    """An entry that was left out: where in the file, what it is called, why."""
    line, _tab, rest = note.partition("\t")
    why, _tab, name = rest.partition("\t")
    words = {"line": line, "name": name, "why": SKIPPED.get(why, why)}
    return (_("Number %(line)s, “%(name)s”: %(why)s.") if name else _("Number %(line)s: %(why)s.")) % words
