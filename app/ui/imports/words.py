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
    "table": lazy("Table (CSV)"),
    "mail": lazy("Mail file"),
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
    "mail": lazy("Their mails"),
    "owned_by": lazy("Who owns them"),
    "privacy": lazy("Privacy contact"),
    "substitutes": lazy("Who else would do"),
}

MEANINGS: Mapping[str, Lazy] = {
    "name": lazy("name of the company"),
    "website": lazy("website"),
    "email": lazy("e-mail"),
    "phone": lazy("telephone"),
    "address": lazy("address"),
    "login": lazy("my user name there"),
    "customer_number": lazy("my customer number"),
    "since": lazy("customer since (as 2020-12-31)"),
    "job": lazy("what I have them for"),
    "notes": lazy("notes"),
    "tags": lazy("tags"),
    "field": lazy("a field of its own"),
}
"""What a column of a table may be."""

STAYED: Mapping[str, Lazy] = {
    "changed": lazy("it was changed since"),
    "used": lazy("something hangs on it: a note, a promise, a document, a permission or a contact link"),
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
        "This file is larger than 25 MiB (a mail file may have 1 GiB). Nothing of it was kept. "
        "Export fewer entries, or without pictures, and try again."
    ),
    "bad_form": lazy("The file did not arrive whole. Try again."),
    "empty": lazy("This file is empty. Export it again and check its size."),
    "nul": lazy("There is a NUL byte on line %(line)s: this is not a text file, or it is damaged."),
    "encoding": lazy("Line %(line)s is not written in %(what)s. Export the file again as UTF-8."),
    "html": lazy("This is a web page or XML, not an export. Use the program's own export instead of saving the page."),
    "calendar": lazy("This is a calendar. Bothways reads address books (vCard) here, not calendars."),
    "unknown": lazy("This is none of the formats that Bothways reads: mail (.eml, mbox), Bitwarden JSON, vCard, or a table as CSV."),
    "mail_none": lazy("There is no mail in this file."),
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
    "csv_header": lazy("The first line is empty, so Bothways cannot tell what the columns are."),
    "csv_other": lazy(
        "This CSV was written by %(what)s, not by a browser. "
        "Bothways reads Bitwarden's JSON, and the CSV of Chrome, Edge, Firefox and Safari."
    ),
    "csv_column": lazy("No browser writes the column “%(what)s”, so Bothways cannot tell where the passwords are."),
    "csv_columns": lazy("The first line has %(what)s columns; a table may have 100."),
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
    "outlook": lazy("a file of Outlook's own kind (.pst or .msg), which only Outlook can open; save the mails as .eml there"),
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
        "secret_column": ngettext("%(n)d value of a secret column", "%(n)d values of secret columns", n),
        "mail_people": ngettext("%(n)d person with a private mailbox", "%(n)d people with private mailboxes", n),
        "mail_spam": ngettext("%(n)d mail marked as spam or thrown away", "%(n)d mails marked as spam or thrown away", n),
        "mail_own": ngettext("%(n)d mail that you sent yourself", "%(n)d mails that you sent yourself", n),
        "mail_no_sender": ngettext("%(n)d mail without a sender", "%(n)d mails without a sender", n),
        "mail_undated": ngettext("the markup of %(n)d mail without a date", "the markup of %(n)d mails without a date", n),
        "mail_markup_broken": ngettext("%(n)d broken piece of markup", "%(n)d broken pieces of markup", n),
        "mail_too_many_senders": ngettext("%(n)d mail of one sender too many", "%(n)d mails of more senders than are told apart", n),
        "mail_too_many_happenings": ngettext(
            "%(n)d order or the like, of a sender with very many", "%(n)d orders and the like, of senders with very many", n
        ),
        "mail_few": ngettext("%(n)d sender with the fewest mails", "%(n)d senders with the fewest mails", n),
    }
    return words.get(code, f"%(n)d {code}") % {"n": n}


def left_out(note: str) -> str:
    """An entry that was left out: where in the file, what it is called, why."""
    line, _tab, rest = note.partition("\t")
    why, _tab, name = rest.partition("\t")
    words = {"line": line, "name": name, "why": SKIPPED.get(why, why)}
    return (_("Number %(line)s, “%(name)s”: %(why)s.") if name else _("Number %(line)s: %(why)s.")) % words


def stayed(line: str) -> str:
    """A record that undoing an import left, and why."""
    why, _tab, name = line.partition("\t")
    return _("“%(name)s”: %(why)s.") % {"name": name, "why": STAYED.get(why, why)}


def purchase(day: str, title: str, money: str) -> str:
    """A purchase that a mail tells of."""
    return f"{day}: {title}, {money}" if money else f"{day}: {title}"


def promise(day: str, text: str, *, mine: bool) -> str:
    """A promise that a mail tells of, with its day."""
    words = {"day": day, "text": text}
    return (_("by %(day)s, from you: %(text)s") if mine else _("by %(day)s, from them: %(text)s")) % words
