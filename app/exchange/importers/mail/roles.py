"""Is it a company or a person that writes from an address? Small rules, said in plain words on the page of the preview. Pure.

Nothing is proved by them: they only choose under which heading a sender is offered, and nothing is taken without a tick.
"""

import re

from app.relationships.domains import FREEMAIL, registrable
from app.relationships.search import fold

ROLES = frozenset(
    (
        "account accounts accounting admin alert alerts auto billing bonjour booking bookings buchhaltung care checkout club "
        "commande community confirm confirmation contact contacto customer customercare customers customerservice deals "
        "delivery digest email enquiries events facture facturation feedback finance hallo hello help helpdesk hola hotel hr "
        "info information invoice invoices invoicing jobs kontakt kundenservice loyalty mail mailer mailing marketing "
        "member members membership news newsletter newsletters no noreply notice notification notifications notify offers "
        "office online order orders payment payments post postmaster privacy promo promotions rechnung reception receipt "
        "receipts registration reminder renewals reply reservation reservations reservierung returns rewards sales security "
        "service services shipment shipping shop statement statements store subscriptions support survey surveys team "
        "ticket tickets tracking travel update updates verify versand web webmaster welcome"
    ).split()
)
"""What stands before the @ where an office writes rather than somebody."""

SILENT = re.compile(r"(?:no|do-?not|ne|nicht|non)[._-]?(?:reply|respond|repondre|antworten|rispondere)|bounces?\b|mailer-daemon")

_NOT_LETTERS = re.compile(r"[^a-z]+")


def private(host: str) -> bool:
    """Whether anybody can have a mailbox there, so that the domain says nothing about whom its holder works for."""
    return host in FREEMAIL or registrable(host) in FREEMAIL


def office(local: str) -> bool:
    """Whether the part before the @ names an office: `no-reply`, `orders`, `kundenservice`."""
    return bool(SILENT.search(local)) or not ROLES.isdisjoint(_NOT_LETTERS.split(local))


def personal(name: str, local: str, domain: str) -> bool:
    """Whether name and address are made of each other as those of people are: `Kim Example`, `kim.example` or `kexample`."""
    words = [word for word in _NOT_LETTERS.split(fold(name)) if word]
    if len(words) not in {2, 3} or any(word in domain.partition(".")[0] for word in words if len(word) > 3):
        return False
    first, last, bare = words[0], words[-1], _NOT_LETTERS.sub("", local)
    return bare in {first, last, first + last, last + first, first[0] + last, first + last[0], last + first[0]}
