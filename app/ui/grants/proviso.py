"""The usefulness proviso on pages: chosen with a permission, counted for the owner alone."""

from datetime import datetime
from decimal import Decimal

from app.auth.form import Form
from app.auth.owner import Owner
from app.exchange import standing
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.view import view
from consent import usefulness
from consent.store import Grant
from consent.terms import Terms
from vault import store
from vault.records import MessageRecord

SHARES = ("0.2", "0.3", "0.5", "0.7", "0.8")

Option = tuple[str, str]


@view
class ProvisoInWords:
    """What the owner made a condition, how it stands, and when the permission will stop because of it."""

    share: str
    useful: int
    rated: int
    least: int
    stops_at: datetime | None


def options(owner: Owner, terms: Terms, form: Form) -> tuple[tuple[Option, ...], str]:
    """The shares to choose from and the one that stands; none where nothing would be sent that can be rated."""
    if not _rateable(terms):
        return (), ""
    mine = standing.of(owner.db, owner.keyring)
    kept = (mine.usefulness_share if mine else None) or ""
    shares = SHARES if not kept or kept in SHARES else tuple(sorted((*SHARES, kept), key=Decimal))
    return (("", _("does not matter")), *((share, in_ten(share)) for share in shares)), form.get("usefulness_share", kept)


def chosen(terms: Terms, form: Form, errors: FormErrors) -> str | None:
    """The share that the form names; None for none."""
    share = form.get("usefulness_share")
    if not share or not _rateable(terms):
        return None
    try:
        usefulness.proviso(share)
    except ValueError:
        errors.add("usefulness_share", _("Choose one of those offered."))
        return None
    return share


def in_words(owner: Owner, grant: Grant) -> ProvisoInWords | None:
    """How the condition of a permission stands; None where there is none."""
    share = usefulness.share_of(grant)
    if share is None:
        return None
    useful, rated = tally(owner, grant)
    stops_at = usefulness.foreseen(owner.db, grant) if grant.status in {"given", "paused"} else None
    return ProvisoInWords(in_ten(str(share)), useful, rated, usefulness.LEAST, stops_at)


def tally(owner: Owner, grant: Grant) -> tuple[int, int]:
    """(useful, rated) over the messages that came under a permission as it was last given; offers tied to a place are left out."""
    votes = [
        digest.values["vote"]
        for digest in store.digests(owner.db, owner.keyring, MessageRecord)
        if digest.values["grant_id"] == grant.grant_id
        and digest.values["kind"] != "location_offer"
        and digest.values["vote"] is not None
        and datetime.fromisoformat(str(digest.values["received_at"])) >= grant.given_at
    ]
    return votes.count("useful"), len(votes)


def weigh(owner: Owner, grant_id: str) -> None:
    """After a vote: what it means for the permission, at the next midnight UTC."""
    grant = owner.db.get(Grant, (owner.account_id, grant_id))
    if grant is not None and grant.proviso is not None:
        useful, rated = tally(owner, grant)
        usefulness.judge(owner.db, owner.act(), grant, useful=useful, rated=rated)


def in_ten(share: str) -> str:
    """0.5 is "5 in ten"."""
    return _("%(n)s in ten") % {"n": f"{float(share) * 10:.1f}".removesuffix(".0")}


def _rateable(terms: Terms) -> bool:
    return any("send_message" in line.actions for line in terms.purposes)
