"""Evidence of the balance as lines that lead to where it is kept."""

from collections.abc import Iterable
from datetime import datetime

from app.i18n import _
from app.relationships.evidence import Evidence
from app.relationships.factors import Ref
from app.ui.vendors import known_parts
from app.ui.vendors.words import plain
from app.ui.view import view

MOST = 100


@view
class EvidenceLine:
    """A piece of evidence: what it says, when it was so, and where it is kept."""

    text: str
    href: str
    at: datetime | None


def lines(refs: Iterable[Ref], evidence: Evidence) -> tuple[EvidenceLine, ...]:
    """Each piece, in the order given; a hundred at most."""
    return tuple(line(ref, evidence) for ref in tuple(refs)[:MOST])


def line(ref: Ref, evidence: Evidence) -> EvidenceLine:
    """One piece."""
    match ref.source:
        case "interaction":
            (happening,) = [one.interaction for one in evidence.happenings if one.record_id == ref.record_id]
            return EvidenceLine(happening.title, f"/vendors/{evidence.vendor_id}#timeline", happening.happened_at)
        case "commitment":
            (promise,) = [one for one in evidence.promises if one.record_id == ref.record_id]
            return EvidenceLine(plain(promise.commitment.promise), f"/commitments/{ref.record_id}", promise.created_at)
        case "grant":
            (consent,) = [one for one in evidence.consents if one.grant_id == ref.record_id]
            return EvidenceLine(_("Their permission"), f"/grants/{ref.record_id}", consent.given_at)
        case "held":
            (holding,) = [one for one in evidence.holdings if one.record_id == ref.record_id]
            return EvidenceLine(_("What they say that they hold"), f"/vendors/{evidence.vendor_id}/mirror", holding.received_at)
        case "job":
            (work,) = [one for one in evidence.jobs if one.record_id == ref.record_id]
            return EvidenceLine(work.job.title, f"/jobs/{ref.record_id}", None)
        case "price":
            (noted,) = [one.prices for one in evidence.prices if one.record_id == ref.record_id]
            said = {"what": noted.what, "price": known_parts.price_in_words(noted.mine)}
            return EvidenceLine(_("%(what)s: %(price)s") % said, f"/vendors/{evidence.vendor_id}/known#prices", noted.recorded_at)
