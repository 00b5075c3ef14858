"""Who watches over a law on data: the authority to which one complains, by the country in which one lives (GDPR art. 77)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.relationships.rights import Law, law_of


@dataclass(frozen=True)
class Authority:
    """A supervisory authority: its own name, and the host of its pages. `one_of_many` where every region has its own as well."""

    name: str
    site: str
    one_of_many: bool = False


AUTHORITIES: Mapping[str, Authority] = MappingProxyType(
    {
        "AT": Authority("Österreichische Datenschutzbehörde", "dsb.gv.at"),
        "BE": Authority("Gegevensbeschermingsautoriteit / Autorité de protection des données", "dataprotectionauthority.be"),
        "BG": Authority("Комисия за защита на личните данни", "cpdp.bg"),
        "CY": Authority("Office of the Commissioner for Personal Data Protection", "dataprotection.gov.cy"),
        "CZ": Authority("Úřad pro ochranu osobních údajů", "uoou.gov.cz"),
        "DE": Authority("Bundesbeauftragte für den Datenschutz und die Informationsfreiheit", "bfdi.bund.de", one_of_many=True),
        "DK": Authority("Datatilsynet", "datatilsynet.dk"),
        "EE": Authority("Andmekaitse Inspektsioon", "aki.ee"),
        "ES": Authority("Agencia Española de Protección de Datos", "aepd.es"),
        "FI": Authority("Tietosuojavaltuutetun toimisto", "tietosuoja.fi"),
        "FR": Authority("Commission nationale de l'informatique et des libertés (CNIL)", "cnil.fr"),
        "GB": Authority("Information Commissioner's Office", "ico.org.uk"),
        "GR": Authority("Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα", "dpa.gr"),
        "HR": Authority("Agencija za zaštitu osobnih podataka", "azop.hr"),
        "HU": Authority("Nemzeti Adatvédelmi és Információszabadság Hatóság", "naih.hu"),
        "IE": Authority("Data Protection Commission", "dataprotection.ie"),
        "IS": Authority("Persónuvernd", "personuvernd.is"),
        "IT": Authority("Garante per la protezione dei dati personali", "garanteprivacy.it"),
        "LI": Authority("Datenschutzstelle", "datenschutzstelle.li"),
        "LT": Authority("Valstybinė duomenų apsaugos inspekcija", "vdai.lrv.lt"),
        "LU": Authority("Commission nationale pour la protection des données", "cnpd.public.lu"),
        "LV": Authority("Datu valsts inspekcija", "dvi.gov.lv"),
        "MT": Authority("Office of the Information and Data Protection Commissioner", "idpc.org.mt"),
        "NL": Authority("Autoriteit Persoonsgegevens", "autoriteitpersoonsgegevens.nl"),
        "NO": Authority("Datatilsynet", "datatilsynet.no"),
        "PL": Authority("Urząd Ochrony Danych Osobowych", "uodo.gov.pl"),
        "PT": Authority("Comissão Nacional de Proteção de Dados", "cnpd.pt"),
        "RO": Authority("Autoritatea Națională de Supraveghere a Prelucrării Datelor cu Caracter Personal", "dataprotection.ro"),
        "SE": Authority("Integritetsskyddsmyndigheten", "imy.se"),
        "SI": Authority("Informacijski pooblaščenec", "ip-rs.si"),
        "SK": Authority("Úrad na ochranu osobných údajov Slovenskej republiky", "dataprotection.gov.sk"),
        "US-CA": Authority("California Privacy Protection Agency", "cppa.ca.gov"),
    }
)

PLACES: tuple[str, ...] = tuple(sorted(AUTHORITIES))
"""Where a company may be for a law of the table to hold: ISO 3166-1 codes, and `US-CA`."""


def law_at(place: str) -> Law | None:
    """The law under which a company at a place (`IE`, `US-CA`) answers."""
    country, _dash, part = place.partition("-")
    return law_of(country, part or None)


def of(law: Law, *, company: str, owner: str) -> Authority | None:
    """To whom the owner complains: the authority where the owner lives when it watches over the same law, else the company's."""
    place = next((one for one in (owner, company) if one in AUTHORITIES and law_at(one) is law), "")
    return AUTHORITIES.get(place)
