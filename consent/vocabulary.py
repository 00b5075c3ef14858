"""Words for purposes and data: the W3C Data Privacy Vocabulary 2.3.

`dpv-terms.tsv` beside this file is an extract of https://w3id.org/dpv (w3c/dpv f01a55c3), copyright W3C and the Data
Privacy Vocabularies and Controls Community Group, under the W3C Software and Document licence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Term:
    """One term: its compact IRI ("dpv:Marketing"), English label and the terms directly above it."""

    term: str
    label: str
    parents: tuple[str, ...]


def _load(kind: str) -> Mapping[str, Term]:
    lines = Path(__file__).with_name("dpv-terms.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line.startswith(f"{kind}\t"))
    return MappingProxyType({term: Term(term, label, tuple(parents.split())) for _, term, label, parents in rows})


# The two roots name no purpose at all; a consent to "Purpose" would be a consent to everything.
UNSPECIFIC = frozenset({"dpv:Purpose", "dpv:Sector"})

PURPOSES: Mapping[str, Term] = MappingProxyType({key: term for key, term in _load("purpose").items() if key not in UNSPECIFIC})
DATATYPES: Mapping[str, Term] = _load("personal-data")
CONSENT_STATUSES: Mapping[str, Term] = _load("consent-status")

# IEEE 7012 roster codes as the DPV extension "ieee-7012" 2.3 lists them. Written out by hand: its machine-readable form
# refers to terms that it never defines. The parent PDC and the person-to-person codes are no offer a company can make.
AGREEMENTS: frozenset[str] = frozenset(
    {
        "SD-BASE", "SD-BASE-DP", "SD-BASE-A", "SD-BASE-A-DP", "SD-BASE-AT", "SD-BASE-AT-DP", "SD-BASE-ATP", "SD-BASE-ATP-DP",
        "SD-BASE-ATP-S3P", "SD-BASE-ATP-S3P-DP", "PDC-INTENT", "PDC-AI", "PDC-GOOD",
    }
)  # fmt: skip


def is_purpose(term: str) -> bool:
    """Whether this is a DPV purpose that somebody can consent to."""
    return term in PURPOSES


def is_datatype(term: str) -> bool:
    """Whether this is a DPV kind of personal data."""
    return term in DATATYPES


def purpose_label(term: str) -> str:
    """The English label of a purpose. Raises KeyError for what is none."""
    return PURPOSES[term].label


def data_label(term: str) -> str:
    """The English label of a kind of data. Raises KeyError for what is none."""
    return DATATYPES[term].label


def ancestors(term: str) -> frozenset[str]:
    """Every term above this one, as far up as the extract goes."""
    found: set[str] = set()
    waiting = [term]
    while waiting:
        known = PURPOSES.get(waiting[-1]) or DATATYPES.get(waiting[-1])
        waiting.pop()
        for parent in known.parents if known else ():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return frozenset(found)
