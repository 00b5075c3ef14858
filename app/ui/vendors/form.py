"""The form of a company: what was typed, and the record it makes."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal, cast, get_args

from app.auth.form import Form
from app.i18n import Lazy, _, lazy
from app.relationships.domains import host_of
from app.ui import dates
from app.ui.forms import FormErrors, made
from app.ui.vendors.words import external
from app.ui.view import view
from vault.records import Contact, Field, PrivacyContact, Vendor

Closeness = Literal["unsaid", "service", "arms_length", "close"]
ContactKind = Literal["email", "phone", "address", "url", "login", "other"]

CLOSENESS: Mapping[Closeness, Lazy] = {
    "unsaid": lazy("I have not decided"),
    "service": lazy("Just service: they do their job and leave me alone"),
    "arms_length": lazy("Arm's length: tell me what matters, nothing more"),
    "close": lazy("Close: I want to hear from them"),
}
CLOSENESS_SHORT: Mapping[Closeness, Lazy] = {
    "unsaid": lazy("not decided"),
    "service": lazy("just service"),
    "arms_length": lazy("arm's length"),
    "close": lazy("close"),
}
CONTACT_KINDS: Mapping[ContactKind, Lazy] = {
    "email": lazy("E-mail"),
    "phone": lazy("Phone"),
    "address": lazy("Address"),
    "url": lazy("Web page"),
    "login": lazy("User name"),
    "other": lazy("Other"),
}
SPARE_CONTACTS = 2
SPARE_FIELDS = 1
NAME, LINE, TEXT, TAGS, DOMAINS, URL = 200, 1000, 20_000, 50, 100, 2000


@view
class Typed:
    """What stands in the form, as text. Rows are (kind, label, value) and (name, value); the last ones are empty, to be filled in.

    `privacy` is the name, e-mail, address and web page of the privacy contact, in this order.
    """

    name: str = ""
    domains: str = ""
    customer_numbers: str = ""
    job: str = ""
    since: str = ""
    closeness: str = "unsaid"
    tags: str = ""
    notes: str = ""
    contacts: tuple[tuple[str, str, str], ...] = field(default=(("email", "", ""), ("phone", "", "")))
    fields: tuple[tuple[str, str], ...] = (("", ""),)
    owned_by: str = ""
    substitutes: str = ""
    privacy: tuple[str, str, str, str] = ("", "", "", "")


def of_vendor(vendor: Vendor) -> Typed:
    """A company as the form shows it."""
    contacts = [(contact.kind, contact.label, contact.value) for contact in vendor.contacts]
    known = vendor.privacy or PrivacyContact()
    fields = [(item.name, item.value) for item in vendor.fields]
    return Typed(
        name=vendor.name,
        domains="\n".join(vendor.domains),
        customer_numbers="\n".join(vendor.customer_numbers),
        job=vendor.job,
        since=vendor.since.isoformat() if vendor.since else "",
        closeness=vendor.closeness,
        tags=", ".join(vendor.tags),
        notes=vendor.notes,
        contacts=(*contacts, *[("email", "", "")] * SPARE_CONTACTS),
        fields=(*fields, *[("", "")] * SPARE_FIELDS),
        owned_by=vendor.owned_by,
        substitutes="\n".join(vendor.substitutes),
        privacy=(known.name, known.email, known.address, known.url),
    )


def typed(form: Form) -> Typed:
    """What was sent."""
    contacts = zip(form.getlist("contact_kind"), form.getlist("contact_label"), form.getlist("contact_value"), strict=False)
    fields = zip(form.getlist("field_name"), form.getlist("field_value"), strict=False)
    return Typed(
        name=" ".join(form.get("name").split()),
        domains=form.get("domains"),
        customer_numbers=form.get("customer_numbers"),
        job=form.get("job"),
        since=form.get("since"),
        closeness=form.get("closeness", "unsaid"),
        tags=form.get("tags"),
        notes=form.get("notes"),
        contacts=tuple(contacts) or Typed().contacts,
        fields=tuple(fields) or Typed().fields,
        owned_by=" ".join(form.get("owned_by").split()),
        substitutes=form.get("substitutes"),
        privacy=(form.get("privacy_name"), form.get("privacy_email"), form.get("privacy_address"), form.get("privacy_url")),
    )


def parse(sent: Typed, *, known: Vendor | None = None) -> tuple[Vendor | None, FormErrors]:
    """The record, or what is wrong. What the form does not show (tied systems, sources) stays as `known` has it."""
    errors = FormErrors()
    errors.require("name", sent.name, _("Please give the company a name."))
    errors.limit("name", sent.name, NAME)
    errors.limit("job", sent.job, LINE)
    errors.limit("notes", sent.notes, TEXT)
    errors.limit("owned_by", sent.owned_by, LINE)
    values = {
        "name": sent.name,
        "domains": _domains(sent.domains, errors),
        "customer_numbers": _listed("customer_numbers", sent.customer_numbers.split("\n"), errors),
        "tags": _listed("tags", sent.tags.replace("\n", ",").split(","), errors),
        "job": sent.job,
        "since": dates.read("since", sent.since, errors),
        "closeness": sent.closeness,
        "notes": sent.notes,
        "contacts": _contacts(sent.contacts, errors),
        "fields": _fields(sent.fields, errors),
        "client_ids": known.client_ids if known else (),
        "sources": known.sources if known else (),
        "mail": known.mail if known else None,
        "owned_by": sent.owned_by,
        "substitutes": _listed("substitutes", sent.substitutes.split("\n"), errors),
        "privacy": _privacy(sent.privacy, errors),
    }
    if sent.closeness not in get_args(Closeness):
        errors.add("closeness", _("Choose one of these."))
    return made(Vendor, values, errors), errors


def _domains(text: str, errors: FormErrors) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in text.replace(",", " ").split():
        host = host_of(word)
        if host is None or "." not in host:
            errors.add("domains", _("“%(word)s” is not a website. Write it like shop.example, one on each line.") % {"word": word[:60]})
        else:
            found[host] = None
    if len(found) > DOMAINS:
        errors.add("domains", _("At most %(n)d websites, please.") % {"n": DOMAINS})
    return tuple(found)


def _listed(name: str, parts: Iterable[str], errors: FormErrors) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    for part in found:
        errors.limit(name, part, NAME)
    if len(found) > TAGS:
        errors.add(name, _("At most %(n)d, please.") % {"n": TAGS})
    return found


def _contacts(rows: Iterable[tuple[str, str, str]], errors: FormErrors) -> tuple[Contact, ...]:
    found = []
    for kind, label, value in rows:
        if not value.strip():
            if label.strip():
                errors.add("contacts", _("The contact “%(label)s” has no value.") % {"label": label[:60]})
            continue
        if kind not in CONTACT_KINDS or len(label) > NAME or len(value) > LINE:
            errors.add("contacts", _("“%(value)s” is too long, or of no kind of contact.") % {"value": value[:60]})
            continue
        found.append(Contact(kind=cast("ContactKind", kind), label=label, value=value))
    return tuple(found)


def _privacy(values: tuple[str, str, str, str], errors: FormErrors) -> PrivacyContact | None:
    name, email, address, url = values
    for field_name, value, most in zip(("name", "email", "address", "url"), values, (NAME, NAME, LINE, URL), strict=True):
        errors.limit(f"privacy_{field_name}", value, most)
    if url and external(url) is None:
        errors.add("privacy_url", _("Write the whole address of the page, beginning with https://."))
    return PrivacyContact(name=name, email=email, address=address, url=url) if any(values) and not errors else None


def _fields(rows: Iterable[tuple[str, str]], errors: FormErrors) -> tuple[Field, ...]:
    found = []
    for name, value in rows:
        if not name.strip() and not value.strip():
            continue
        if not name.strip():
            errors.add("fields", _("“%(value)s” has no name. Say what it is.") % {"value": value[:60]})
        elif len(name) > NAME or len(value) > TEXT:
            errors.add("fields", _("“%(name)s” is too long.") % {"name": name[:60]})
        else:
            found.append(Field(name=name, value=value))
    return tuple(found)
