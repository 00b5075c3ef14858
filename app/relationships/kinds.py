"""Which kind of personal data a name means: `pd:` terms from what companies call their columns, in some languages. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from app.relationships.search import fold
from consent import vocabulary

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "pd:EmailAddress": "email e_mail mail email_address mail_address e_mail_address mailadresse e_mail_adresse courriel correo",
        "pd:TelephoneNumber": "phone telephone tel mobile cell phone_number telephone_number mobile_number cell_phone mobile_phone telefon "
        "telefonnummer handy handynummer mobil telefono portable",
        "pd:PhysicalAddress": "address postal_address street street_address street_name house_number city town postcode post_code zip "
        "zip_code postal_code address_line_1 address_line1 address_line_2 address_line2 delivery_address billing_address shipping_address "
        "home_address anschrift adresse strasse hausnummer plz postleitzahl ort stadt direccion adresse_postale",
        "pd:Name": "name full_name first_name last_name given_name family_name surname forename customer_name vorname nachname nom prenom",
        "pd:BirthDate": "birthday birth_date date_of_birth birthdate dob born geburtsdatum geburtstag",
        "pd:Identifier": "customer_number customer_no customer_id client_number client_id member_number membership_number account_number "
        "account_no account_id user_id loyalty_number card_number policy_number contract_number kundennummer vertragsnummer",
        "pd:Username": "login username user_name login_name benutzername",
        "pd:Gender": "gender sex geschlecht",
        "pd:Language": "language preferred_language sprache",
        "pd:Age": "age alter",
        "pd:IPAddress": "ip ip_address last_ip",
        "pd:Location": "location geo gps standort",
        "pd:CreditCapacity": "credit_rating credit_limit bonitat",
    }
)
"""What columns are called, in lower case with `_` between words."""

_BY_NAME: Mapping[str, str] = MappingProxyType({word: term for term, words in NAMES.items() for word in words.split()})
_VAGUE = frozenset({"name", "mail", "tel", "cell", "born", "age", "geo", "portable", "ort", "alter"})
"""Words that say it alone, but not at the end of something longer: a `shop_name` is nobody's name."""


def of_name(name: str) -> str:
    """The term that a name means, empty when it says nothing. Of a path such as `profile.e-mail` the end counts."""
    if vocabulary.is_datatype(name):
        return name
    words = plain(name)
    if found := _BY_NAME.get(words) or _labels().get(words):
        return found
    last = plain(re.split(r"[./\[\]>:]+", name.rstrip("[]"))[-1])
    pieces = last.split("_")
    ends = ["_".join(pieces[start:]) for start in range(len(pieces))]
    return next((_BY_NAME[end] for end in ends if end in _BY_NAME and (end == last or end not in _VAGUE)), "")


def plain(name: str) -> str:
    """A name in lower case, without accents, with `_` between its words; `firstName` is `first_name`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[^a-z0-9]+", "_", fold(apart)).strip("_")


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, str]:
    return {plain(term.label): name for name, term in vocabulary.DATATYPES.items()}
