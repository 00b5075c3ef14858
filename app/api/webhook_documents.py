"""The webhooks in the OpenAPI document (3.1, `webhooks`): what a client's server is called with, and what it should answer."""

from typing import Any

from app.i18n import _
from consent import events


def described_webhooks() -> dict[str, Any]:
    """One entry for each type of event, in the order in which a relationship meets them."""
    return {name: {"post": _described(name, text)} for name, text in _meanings().items()}


def _meanings() -> dict[str, str]:
    return {
        "consent.granted": _("The owner granted what you asked, perhaps less. Poll for the token."),
        "consent.countered": _("The owner makes a counter-offer to your request."),
        "consent.refused": _("The owner declined your request."),
        "consent.changed": _("A consent was changed or renewed. Its id and token stay; read its terms again."),
        "consent.paused": _("The owner paused the consent."),
        "consent.resumed": _("The consent stands again."),
        "consent.suspended": _("The consent stopped by its own terms; `reason` says by which."),
        "consent.withdrawn": _(
            "The consent has ended. Where the account was deleted, this is the last you hear: no `subject` comes with it."
        ),
        "consent.expired": _("The time of the consent is over."),
        "data.updated": _("What you may read has changed. Fetch it again."),
        "commitment.accepted": _("A promise of yours became binding, or the owner settled how it was kept."),
        "commitment.due": _("A promise of yours is due."),
        "commitment.broken": _("A promise of yours was broken."),
        "letter.received": _("The owner wrote to you."),
        "offer.redeemed": _("A code of an offer of yours was redeemed."),
        "keys.rotated": _("The key of this relationship was followed by another. Fetch the keys again."),
        events.TEST: _("You asked for it: `POST /api/v1/webhooks/test`."),
    }


def _described(name: str, text: str) -> dict[str, Any]:
    return {
        "operationId": "on" + "".join(part.capitalize() for part in name.replace(".", "_").split("_")),
        "summary": name,
        "description": text,
        "tags": ["Events sent to your webhook"],
        "parameters": [
            _header("webhook-id", _("The id of the event, the same at every try: what came twice is told by it.")),
            _header("webhook-timestamp", _("When it was sent, in seconds since 1970.")),
            _header(
                "webhook-signature",
                _("`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body; two of them while a secret changes."),
            ),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookPayload"}}}},
        "responses": {
            "2XX": {"description": _("You have it. Answer first, work afterwards: the call ends after 15 seconds.")},
            "410": {
                "description": _("You want no more of these. Your webhook is closed until you name it again (`PUT` of your registration).")
            },
            "default": {"description": _("Anything else, redirects too, is tried again: ten times within four days.")},
        },
    }


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
