"""Letters that ask for a right, remind of one or complain: what the form is filled in with, and what it leaves on the letter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.core import get_global

from app.auth.form import Form
from app.auth.owner import Owner
from app.errors import NotFound
from app.exchange import matters as kept
from app.exchange.approvals import metadata
from app.exchange.matters import Found
from app.i18n import _
from app.relationships import authorities, elsewhere, matters, rights_words
from app.relationships.matters import Matter
from app.relationships.rights import RULES, Clock, Law, Right
from app.relationships.rights_words import Facts, Words
from app.ui import dates
from app.ui.forms import FormErrors
from app.ui.letters import matter_words
from app.ui.letters.writing_to import Addressee
from app.ui.mirror import lines as mirror_lines
from app.ui.operator import clients
from vault import store
from vault.records import Elsewhere, Item, LetterRecord, Vendor


@dataclass(frozen=True)
class Drafted:
    """What a rights letter is about, with its proposed words. `hidden` are the fields that the form carries on; `places` is empty
    where there is nothing to choose; `clock` counts from today, and is None for what reminds or complains."""

    addressee: Addressee
    right: Right
    law: Law
    place: str
    step: str
    words: Words
    hidden: tuple[tuple[str, str], ...]
    title: str
    article: str
    clock: Clock | None = None
    places: tuple[tuple[str, str], ...] = ()
    matter_id: str | None = None
    consent_id: str | None = None
    authority_site: str = ""

    def on(self, letter: LetterRecord) -> LetterRecord:
        """The letter with what makes it one of a matter."""
        said = {"kind": "rights", "right": self.right.value, "law": self.law.value, "where": self.place, "step": self.step}
        tied = {"commitment_id": self.matter_id, "about": self.consent_id or letter.about}
        return LetterRecord.model_validate({**letter.model_dump(), **said, **tied})


def drafted(owner: Owner, addressee: Addressee, form: Form, errors: FormErrors) -> Drafted | None:
    """From `right`, `law`, `where`, `line` and `consent`, or `matter` and `step`; None for a letter of another kind.

    Raises NotFound for what fits no law and no matter. What is wrong with the form is noted in `errors`.
    """
    if form.get("matter"):
        return _further(owner, addressee, form, errors)
    if not form.get("right"):
        return None
    opened = store.get(owner.db, owner.keyring, Vendor, addressee.vendor_id) if addressee.vendor_id else None
    place = form.get("where") or place_of(owner, addressee.vendor_id or "", opened.fields if opened else None)
    law, right = _law(form.get("law"), place), _right(form.get("right"))
    if opened is None or addressee.vendor_id is None or right not in RULES[law]:
        raise NotFound
    if authorities.law_at(place) is not law:
        place = next(one for one in authorities.PLACES if authorities.law_at(one) is law)
        if form.get("where"):
            errors.add("where", _("Another law holds there. Choose where the company is."))
    consent = store.get(owner.db, owner.keyring, Elsewhere, form.get("consent")) if form.get("consent") else None
    if consent is not None and consent.fields.vendor_id != addressee.vendor_id:
        raise NotFound
    known_by, signed = identity(owner, opened.fields, addressee)
    facts = Facts(
        known_by=known_by,
        signed=signed,
        lines=mirror_lines.chosen(owner, addressee.vendor_id, opened.fields, form.getlist("line")),
        consent=elsewhere.facts(consent.fields) if consent else None,
    )
    hidden = [("right", right.value), ("law", law.value), *((("consent", consent.record_id),) if consent else ())]
    places = tuple(one for one in authorities.PLACES if authorities.law_at(one) is law)
    return Drafted(
        addressee=addressee,
        right=right,
        law=law,
        place=place,
        step="request",
        words=rights_words.request(law, right, facts),
        hidden=tuple(hidden if len(places) > 1 else [*hidden, ("where", place)]),
        title=str(matter_words.RIGHT[right]),
        article=rights_words.article(law, right),
        clock=matters.counted(Matter(right, law, place, dates.today(owner))),
        places=tuple((one, matter_words.place(one)) for one in places) if len(places) > 1 else (),
        consent_id=consent.record_id if consent else None,
    )


def gone(owner: Owner, letter: LetterRecord, *, way: str) -> LetterRecord:
    """A letter goes, or has gone: the letter with the promise that it starts, or a step more in the matter that it belongs to."""
    if letter.step == "request" and letter.vendor_id and not letter.commitment_id:
        zone = owner.profile.time_zone
        matter_id = kept.begin(owner.db, owner.act(), owner.keyring, letter, way=way, zone=zone)
        return letter.model_copy(update={"commitment_id": matter_id})
    if letter.commitment_id:
        kept.went(owner.db, owner.act(), owner.keyring, letter)
    return letter


def place_of(owner: Owner, vendor_id: str, vendor: Vendor | None) -> str:
    """Where a company is taken to be until the owner says: as in the last rights letter to it, as its system says of itself, or where
    the owner lives; "" when no law of the table holds there."""
    said = [
        (one.updated_at, opened.fields.where)
        for one in store.digests(owner.db, owner.keyring, LetterRecord)
        if vendor is not None and one.values["vendor_id"] == vendor_id and one.values.get("law")
        and (opened := store.get(owner.db, owner.keyring, LetterRecord, one.record_id))
    ]  # fmt: skip
    if said:
        return max(said)[1]
    told = (metadata(client).get("organisation") for client in clients.of_ids(owner.db, vendor.client_ids if vendor else ()).values())
    countries = (str((organisation or {}).get("country", "")) for organisation in told)
    return next((country for country in countries if country in authorities.PLACES), "") or home(owner)


def home(owner: Owner) -> str:
    """Where the owner lives, as far as the time zone tells, and if a law of the table holds there; "" otherwise."""
    zones: Mapping[str, str] = get_global("zone_territories")
    found = zones.get(owner.profile.time_zone, "")
    return found if found in authorities.PLACES else ""


def identity(owner: Owner, vendor: Vendor, addressee: Addressee) -> tuple[tuple[str, ...], str]:
    """How the company knows the owner, and the name to sign with: the least that will do. A number of theirs first, then the
    reference of a permission, then the login, and only then name and e-mail address; each where there is exactly one."""
    name, mail = (_only(owner, term) for term in ("pd:Name", "pd:EmailAddress"))
    if vendor.customer_numbers:
        return tuple(_("customer number %(number)s") % {"number": number} for number in vendor.customer_numbers), name
    if addressee.grant is not None and addressee.grant.client_reference:
        return (_("your reference %(reference)s") % {"reference": addressee.grant.client_reference},), ""
    logins = [contact.value for contact in vendor.contacts if contact.kind == "login"]
    if logins:
        return (_("the login %(login)s") % {"login": logins[0]},), ""
    return tuple(part for part in (name, mail) if part), name


def _further(owner: Owner, addressee: Addressee, form: Form, errors: FormErrors) -> Drafted:
    found = kept.find(owner.db, owner.keyring, form.get("matter"))
    step = form.get("step")
    if found is None or step not in kept.GONE or found.first.fields.vendor_id != addressee.vendor_id:
        raise NotFound
    matter, letter = found.matter, found.first.fields
    asked = rights_words.Asked(
        right=matter.right,
        law=matter.law,
        company=letter.to,
        sent_on=_local(found, letter),
        due=(found.commitment.due_date or matters.due_on(matter)).isoformat(),
        came=tuple(matter_words.came(found)),
    )
    opened = store.get(owner.db, owner.keyring, Vendor, addressee.vendor_id) if addressee.vendor_id else None
    known_by, signed = identity(owner, opened.fields, addressee) if opened else ((), "")
    hidden = [("matter", found.matter_id), ("step", step)]
    site = ""
    if step == "complaint":
        authority = authorities.of(matter.law, company=matter.place, owner=home(owner))
        name = form.get("authority", authority.name if authority else "")
        if not name.strip() or len(name) > 200:
            errors.add("authority", _("Say which authority you write to."))
        addressee = Addressee(addressee.to, name.strip() or "…", None, None, None, None, None, "rights")
        site = authority.site if authority else ""
        words = rights_words.complaint(asked, Facts(signed=_only(owner, "pd:Name")))
    else:
        words = rights_words.reminder(asked, Facts(known_by, signed))
    return Drafted(
        addressee=replace(addressee, kind="rights"),
        right=matter.right,
        law=matter.law,
        place=matter.place,
        step=step,
        words=words,
        hidden=tuple(hidden),
        title=str(matter_words.FURTHER[step]),
        article=rights_words.article(matter.law, matter.right),
        matter_id=found.matter_id,
        authority_site=site,
    )


def _local(found: Found, letter: LetterRecord) -> str:
    zone = ZoneInfo(found.commitment.time_zone)
    day: date = (letter.sent_at or letter.written_at).astimezone(zone).date()
    return day.isoformat()


def _law(named: str, place: str) -> Law:
    if named in _LAWS:
        return _LAWS[named]
    return authorities.law_at(place) or Law.GDPR


def _right(named: str) -> Right:
    try:
        return Right(named)
    except ValueError:
        raise NotFound from None


def _only(owner: Owner, term: str) -> str:
    """The one item of a kind; empty where there is none or a choice."""
    ids = [one.record_id for one in store.digests(owner.db, owner.keyring, Item) if one.values["term"] == term]
    opened = store.get(owner.db, owner.keyring, Item, ids[0]) if len(ids) == 1 else None
    return " ".join(opened.fields.value.split()) if opened else ""


_LAWS: Mapping[str, Law] = MappingProxyType({law.value: law for law in Law})
