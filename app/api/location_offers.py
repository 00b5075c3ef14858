"""What makes a message a location offer, as its client states it and may know it."""

from app.api.bodies import Malformed
from app.api.schemas import Message
from app.auth.calls import Call
from app.exchange import offers
from app.exchange.offers import Offered
from consent import places
from consent.places import AreaError


def offered(call: Call, message: Message) -> Offered | None:
    """The place of a location offer, and its code; None for every other kind. Raises Malformed, with a pointer into `area`."""
    if message.area is None or message.valid_until is None:
        return None
    if message.valid_until > call.now + offers.LONGEST:
        raise Malformed(("/valid_until", f"a location offer stays open for at most {offers.LONGEST.days} days"))
    try:
        area = places.parse(message.area)
    except AreaError as bad:
        raise Malformed((f"/area{bad.pointer}", bad.detail)) from None
    return offers.prepare(call.instance, area, valid_from=message.valid_from or call.now, valid_until=message.valid_until)
