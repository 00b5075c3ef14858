"""Every kind of refusal at the vendor's door: one table, from which answers, pages and documents are made."""

from dataclasses import dataclass
from typing import Final

from app.i18n import Lazy, lazy


@dataclass(frozen=True)
class Kind:
    """One kind of refusal: its status, what happened, and what the vendor's developer can do."""

    slug: str
    status: int
    title: Lazy
    detail: Lazy
    remedy: Lazy


PROBLEMS: Final[dict[str, Kind]] = {
    kind.slug: kind
    for kind in (
        Kind(
            "consent-withdrawn",
            403,
            lazy("The consent has ended"),
            lazy("The owner has withdrawn this consent, or it was handed back. Nothing more may be sent or read under it."),
            lazy("Stop. Erase what you keep under this consent as its terms say. Ask again only if the owner gives you a contact link."),
        ),
        Kind(
            "consent-paused",
            403,
            lazy("The consent is paused"),
            lazy("The owner has paused this consent. It may be resumed; nothing was kept of this call."),
            lazy("Wait for the event `consent.resumed`, or look at `GET /api/v1/grant` now and then. Do not retry in a loop."),
        ),
        Kind(
            "consent-suspended",
            403,
            lazy("The consent is suspended"),
            lazy("This consent suspended itself: a promise that it rests on was broken past its remedy, or its messages were not useful."),
            lazy("Remedy the promise. `GET /api/v1/grant` shows when the consent stands again."),
        ),
        Kind(
            "consent-expired",
            403,
            lazy("The consent has expired"),
            lazy("The date until which this consent was given has passed."),
            lazy("Ask for a renewal: `POST /oauth/device_authorization` with `grant_id`."),
        ),
        Kind(
            "action-not-granted",
            403,
            lazy("This kind of act was not granted"),
            lazy("The purpose is granted, but not this action under it."),
            lazy("Compare your call with `authorization_details` in `GET /api/v1/grant`: what is not listed is not allowed."),
        ),
        Kind(
            "purpose-not-granted",
            403,
            lazy("This purpose was not granted"),
            lazy("The consent holds no such purpose. Another purpose does not cover it, however near."),
            lazy("Use a purpose from `authorization_details`, or ask for this one."),
        ),
        Kind(
            "channel-not-granted",
            403,
            lazy("This channel was not granted"),
            lazy("The purpose is granted, but not over this channel."),
            lazy("Use a channel listed under the purpose; `inbox` is delivered here."),
        ),
        Kind(
            "outside-hours",
            403,
            lazy("Outside the granted hours"),
            lazy("The consent names hours, in a time zone frozen in it, and this is not one of them."),
            lazy("Send again within the hours of the purpose in `authorization_details`."),
        ),
        Kind(
            "over-frequency",
            429,
            lazy("More often than was granted"),
            lazy("The cap of this purpose is used up. It counts all channels and kinds of message together."),
            lazy("Wait for the seconds in `Retry-After`, then send once."),
        ),
        Kind(
            "rate-limited",
            429,
            lazy("Too many calls"),
            lazy("Too many calls came from this client or network address."),
            lazy("Wait for the seconds in `Retry-After`. Wrong tokens and secrets count fastest."),
        ),
        Kind(
            "area-too-large",
            422,
            lazy("The area is larger than was granted"),
            lazy("The area of a location offer reaches further than `max_radius_m` of the purpose."),
            lazy("Draw a smaller area."),
        ),
        Kind(
            "malformed",
            422,
            lazy("The request is malformed"),
            lazy("The request cannot be read as the contract says. Nothing was kept of it."),
            lazy("`errors` names every place by a JSON pointer, with what is wrong there. The schema is in `/api/openapi.json`."),
        ),
        Kind(
            "too-large",
            413,
            lazy("The request is too large"),
            lazy("The body is over the limit of this door and was not read."),
            lazy("Send less than 128 KiB; put long content on a page of yours and link it in `url`."),
        ),
        Kind(
            "idempotency-conflict",
            409,
            lazy("This idempotency key was used for something else"),
            lazy("The same `Idempotency-Key` came before with another body on this route within 24 hours."),
            lazy("Use a new key for a new act; the same key only to repeat the very same one."),
        ),
        Kind(
            "not-found",
            404,
            lazy("Not found"),
            lazy("There is no such thing here, or not for this token. The two look alike on purpose."),
            lazy("Check the path and the id, and that the token belongs to the same consent."),
        ),
        Kind(
            "not-countered",
            409,
            lazy("No counter-offer stands"),
            lazy("The owner has made no counter-offer to this request, or it is settled, taken back or run out."),
            lazy("Look at `GET /api/v1/requests/{id}`: only in the state `countered` is there something to accept or refuse."),
        ),
        Kind(
            "method-not-allowed",
            405,
            lazy("This path does not know the method"),
            lazy("The path exists, but not with this HTTP method."),
            lazy("Use a method from the `Allow` header."),
        ),
        Kind(
            "no-release",
            404,
            lazy("No data is released"),
            lazy("This consent releases no data at the moment."),
            lazy("Data is there after a grant with `read_data` and until its end. Look at `GET /api/v1/grant`."),
        ),
        Kind(
            "unknown-token",
            401,
            lazy("Unknown token"),
            lazy("The call carried no bearer token, or none that is known here. A token ends 90 days after its consent."),
            lazy("Send `Authorization: Bearer …`. A lost grant token is replaced by `grant_type=client_credentials` with `grant_id`."),
        ),
        Kind(
            "gone",
            410,
            lazy("The account is gone"),
            lazy("The owner has deleted the account behind this token, with everything in it."),
            lazy("Stop, and erase what you keep under this consent. After 30 days the token is simply unknown."),
        ),
        Kind(
            "internal",
            500,
            lazy("Something broke on our side"),
            lazy("The call failed and nothing of it was kept. The operator finds the cause under the id."),
            lazy("Retry later with the same `Idempotency-Key`; if it stays, tell the operator the id."),
        ),
    )
}
