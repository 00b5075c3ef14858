"""What the page of a location offer shows beside the words: the code to redeem it, and where it holds."""

from dataclasses import field
from datetime import datetime

from markupsafe import Markup

from app.auth.owner import Owner
from app.exchange import offers
from app.i18n import _
from app.ui.balance.map_drawing import Drawn, draw, length
from app.ui.qr import qr
from app.ui.view import view
from consent.places import load
from vault.records import MessageRecord


@view
class OfferParts:
    """A code with its QR, a place drawn and in words, and when the code was redeemed."""

    qr: Markup
    drawing: Markup | None
    where: str
    across: str
    redeemed_at: datetime | None
    code: str = field(repr=False)


def offer_parts(owner: Owner, message: MessageRecord) -> OfferParts | None:
    """The parts of a location offer; None for every other message."""
    if message.area is None or message.code is None or message.message_id is None:
        return None
    area = load(message.area)
    (longitude, latitude), radius = area.enclosing
    return OfferParts(
        qr=qr(message.code, _("QR code of the offer")),
        drawing=draw([Drawn(area, "offer")], title=_("Map of where the offer holds"), north=_("N")),
        where=f"{latitude / 1e7:.4f}, {longitude / 1e7:.4f}",
        across=length(2 * radius),
        redeemed_at=offers.redeemed_at(owner.db, owner.account_id, message.message_id),
        code=message.code,
    )
