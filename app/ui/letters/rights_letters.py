"""Letters that ask for a right, remind of one or complain: what the form is filled in with, and what it leaves on the letter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple
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
from app.ui.letters import matter_words, writing_to
from app.ui.letters.writing_to import Addressee
from app.ui.mirror import lines as mirror_lines
from app.ui.render import as_date
from app.ui.vendors import clients
from app.ui.view import view
from vault import store
from vault.records import Elsewhere, LetterRecord, Vendor


class Identity(NamedTuple):
    """How a company knows the owner, and the name to sign with. `nameless` when one belongs there and none is known."""

    known_by: tuple[str, ...]
    signed: str
    nameless: bool = False


@view
class Drafted:
    """What a rights letter is about, with its proposed words. `hidden` are the fields that the form carries on; `places` is empty
    where there is nothing to choose, `place` while nobody knows where the company is; `clock` counts from today, and is None for
    what reminds or complains, and without a place. `former` are the words under the law that the form was filled in for, where
    another holds at the place that was chosen."""

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
    nameless: bool = False
    former: Words | None = None

    def renewed(self, form: Form) -> dict[str, str]:
        """Of what was sent, the words that nobody had changed, as the law that now holds has them."""
        before, now = self.former, self.words
        parts = (("subject", before.subject, now.subject), ("body", before.body, now.body)) if before else ()
        return {name: new for name, old, new in parts if form.get(name).split() == old.split()}

    def check(self, form: Form, errors: FormErrors) -> None:
        """Note what keeps the letter from being kept: a place that nobody chose, or a law that its words do not name yet."""
        if self.step == "request" and not self.place:
            errors.add("where", _("Choose where the company is: which law holds, and by when they must answer, depends on it."))
        elif self.former is not None:
            said = {"law": str(rights_words.LAWS[self.law]), "article": self.article}
            errors.add(
                "where",
                _("Another law holds there: %(law)s. The letter names it now; look it over, then keep it.") % said
                if "body" in self.renewed(form)
                else _("Another law holds there: %(law)s. Your own words are as you left them: name %(article)s in them, then keep it.")
                % said,
            )

    def on(self, letter: LetterRecord) -> LetterRecord:
        """The letter with what makes it one of a matter."""
        said = {"kind": "rights", "right": self.right.value, "law": self.law.value, "where": self.place, "step": self.step}
        tied = {"commitment_id": self.matter_id, "about": self.consent_id or letter.about}
        return LetterRecord.model_validate({**letter.model_dump(), **said, **tied})


def drafted(owner: Owner, addressee: Addressee, form: Form, errors: FormErrors) -> Drafted | None:
    """From `right`, `law`, `where`, `line` and `consent`, or `matter` and `step`; None for a letter of another kind. The law is that
    of the place, once one is chosen.

    Raises NotFound for what fits no law and no matter. What is wrong with the form is noted in `errors`.
    """
    if form.get("matter"):
        return _further(owner, addressee, form, errors)
    if not form.get("right"):
        return None
    opened = store.get(owner.db, owner.keyring, Vendor, addressee.vendor_id) if addressee.vendor_id else None
    if opened is None or addressee.vendor_id is None:
        raise NotFound
    law, place = _law(form, place_of(owner, addressee.vendor_id, opened.fields))
    asked = _right(form.get("right"))
    right = _fitting(law, asked)
    if right is None:
        raise NotFound
    consent = store.get(owner.db, owner.keyring, Elsewhere, form.get("consent")) if form.get("consent") else None
    if consent is not None and consent.fields.vendor_id != addressee.vendor_id:
        raise NotFound
    known = identity(owner, opened.fields, addressee)
    facts = Facts(
        known_by=known.known_by,
        signed=known.signed,
        lines=mirror_lines.chosen(owner, addressee.vendor_id, opened.fields, form.getlist("line")),
        consent=elsewhere.facts(consent.fields) if consent else None,
        given_on=as_date(consent.fields.given_on) if consent else "",
    )
    hidden = [("right", asked.value), ("law", law.value), *((("consent", consent.record_id),) if consent else ())]
    hidden += [("line", ref) for ref in form.getlist("line")]
    places = [one for one in authorities.PLACES if (there := authorities.law_at(one)) and _fitting(there, asked)]
    before = _LAWS.get(form.get("law"), law)
    former = _fitting(before, asked) if before is not law else None
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
        clock=matters.counted(Matter(right, law, place, dates.today(owner))) if place else None,
        places=matter_words.places(places) if len(places) > 1 else (),
        consent_id=consent.record_id if consent else None,
        nameless=known.nameless,
        former=rights_words.request(before, former, facts) if former else None,
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
    asked = [
        (datetime.fromisoformat(str(one.values["written_at"])), one.record_id)
        for one in owner.digests(LetterRecord)
        if vendor is not None and one.values["vendor_id"] == vendor_id and one.values.get("law")
    ]
    last = store.get(owner.db, owner.keyring, LetterRecord, max(asked)[1]) if asked else None
    if last is not None:
        return last.fields.where
    told = (metadata(client).get("organisation") for client in clients.of_ids(owner.db, vendor.client_ids if vendor else ()).values())
    countries = (str((organisation or {}).get("country", "")) for organisation in told)
    return next((country for country in countries if country in authorities.PLACES), "") or home(owner)


def home(owner: Owner) -> str:
    """Where the owner lives, as far as the time zone tells, and if a law of the table holds there; "" otherwise."""
    zones: Mapping[str, str] = get_global("zone_territories")
    found = zones.get(owner.profile.time_zone, "")
    return found if found in authorities.PLACES else ""


def identity(owner: Owner, vendor: Vendor, addressee: Addressee) -> Identity:
    """How the company knows the owner, and the name to sign with: the least that will do. A number of theirs first, then the
    reference of a permission, then the login, and only then name and e-mail address; each where there is exactly one."""
    name, mail = (_only(owner, term) for term in ("pd:Name", "pd:EmailAddress"))
    if vendor.customer_numbers:
        numbers = tuple(_("customer number %(number)s") % {"number": number} for number in vendor.customer_numbers)
        return Identity(numbers, name, nameless=not name)
    if addressee.grant is not None and addressee.grant.client_reference:
        return Identity((_("your reference %(reference)s") % {"reference": addressee.grant.client_reference},), "")
    logins = [contact.value for contact in vendor.contacts if contact.kind == "login"]
    if logins:
        return Identity((_("the login %(login)s") % {"login": logins[0]},), "")
    return Identity(tuple(part for part in (name, mail) if part), name, nameless=not name)


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
        due=as_date(found.commitment.due_date or matters.due_on(matter)),
        came=tuple(matter_words.came(found)),
    )
    opened = store.get(owner.db, owner.keyring, Vendor, addressee.vendor_id) if addressee.vendor_id else None
    known = identity(owner, opened.fields, addressee) if opened else Identity((), "")
    hidden = [("matter", found.matter_id), ("step", step)]
    site = ""
    if step == "complaint":
        authority = authorities.of(matter.law, company=matter.place, owner=home(owner))
        named = form.get("authority", authority.name if authority else "")
        if not named.strip() or len(named) > 200:
            errors.add("authority", _("Say which authority you write to."))
        addressee = Addressee(addressee.to, named.strip() or rights_words.BLANK, None, None, None, None, None, "rights")
        site = authority.site if authority else ""
        known = Identity((), name := _only(owner, "pd:Name"), nameless=not name)
        words = rights_words.complaint(asked, Facts(signed=known.signed))
    else:
        words = rights_words.reminder(asked, Facts(known.known_by, known.signed))
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
        nameless=known.nameless,
    )


def _local(found: Found, letter: LetterRecord) -> str:
    zone = ZoneInfo(found.commitment.time_zone)
    day: date = (letter.sent_at or letter.written_at).astimezone(zone).date()
    return as_date(day)


def _law(form: Form, known: str) -> tuple[Law, str]:
    """The law that the letter names, and where the company is: as chosen; else as known, if the law that was asked for holds there;
    else "", and nothing is taken for granted."""
    chosen, named = form.get("where"), _LAWS.get(form.get("law"))
    there = authorities.law_at(chosen) if chosen in authorities.PLACES else None
    if there is not None:
        return there, chosen
    law = named or authorities.law_at(known) or Law.GDPR
    return law, known if authorities.law_at(known) is law and not chosen else ""


def _fitting(law: Law, right: Right) -> Right | None:
    """The right, or the one that comes nearest to it where the law does not know it; None where nothing does."""
    return next((one for one in (right, _NEAREST.get(right)) if one in RULES[law]), None)


def _right(named: str) -> Right:
    try:
        return Right(named)
    except ValueError:
        raise NotFound from None


def _only(owner: Owner, term: str) -> str:
    """As `writing_to.only`, on one line."""
    return " ".join(writing_to.only(owner, term).split())


_NEAREST: Mapping[Right, Right] = MappingProxyType({Right.WITHDRAWAL: Right.OPT_OUT, Right.OBJECTION: Right.OPT_OUT})
"""California has no withdrawal and no objection; whoever wants either tells a company there not to sell or share."""
_LAWS: Mapping[str, Law] = MappingProxyType({law.value: law for law in Law})
