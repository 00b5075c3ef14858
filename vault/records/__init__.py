"""The kinds of record and their typed models, a module for each noun."""

from collections.abc import Mapping

from vault.records.account import Import, Kit, Past, Profile
from vault.records.commitments import Commitment, CommitmentEvent, Proof, Remedy
from vault.records.elsewhere import Elsewhere, ElsewhereStep
from vault.records.fields import DIGEST_TEXT, Fields, Kind, Part, T
from vault.records.held import Held, HeldField, HeldScore, Sheet
from vault.records.imports import CsvColumns, Made, Merged, Undo
from vault.records.items import Item, PastValue
from vault.records.jobs import Alternative, Closed, Fired, Gone, Hired, Importance, Job, JobStep, Looked, Reviewed, Weighed
from vault.records.knowing import Incident, Policy, Price, Prices
from vault.records.letters import LetterRecord, Reply
from vault.records.messages import AddressRecord, MessageRecord
from vault.records.my_terms import MyTerms
from vault.records.releases import ReleaseRecord, ReleaseVersion, Revealed
from vault.records.schedules import Cycle, Following, Layer, PriceHeld, Schedule, Term, Warranty
from vault.records.vendors import Contact, Field, Interaction, MailSeen, PrivacyContact, Vendor
from vault.records.weighing import Answer, Asked, Correction, Factor, Signpost, Yardstick
from vault.records.zones import Zone

__all__ = [
    "DIGEST_TEXT", "MODELS", "AddressRecord", "Alternative", "Answer", "Asked", "Closed", "Commitment", "CommitmentEvent",
    "Contact", "Correction", "CsvColumns", "Cycle", "Elsewhere", "ElsewhereStep", "Factor", "Field", "Fields", "Fired",
    "Following", "Gone", "Held", "HeldField", "HeldScore", "Hired", "Import", "Importance", "Incident", "Interaction",
    "Item", "Job", "JobStep", "Kind", "Kit", "Layer", "LetterRecord", "Looked", "Made", "MailSeen", "Merged",
    "MessageRecord", "MyTerms", "Part", "Past", "PastValue", "Policy", "Price", "PriceHeld", "Prices", "PrivacyContact",
    "Profile", "Proof", "ReleaseRecord", "ReleaseVersion", "Remedy", "Reply", "Revealed", "Reviewed", "Schedule",
    "Sheet", "Signpost", "T", "Term", "Undo", "Vendor", "Warranty", "Weighed", "Yardstick", "Zone",
]  # fmt: skip

MODELS: Mapping[Kind, type[Fields]] = {
    model.KIND: model
    for model in (
        Vendor,
        Item,
        Interaction,
        Commitment,
        MessageRecord,
        AddressRecord,
        Import,
        Profile,
        Kit,
        Past,
        MyTerms,
        ReleaseRecord,
        LetterRecord,
        Held,
        Zone,
        Job,
        Correction,
        Signpost,
        Yardstick,
        CsvColumns,
        Undo,
        Elsewhere,
        Incident,
        Prices,
        Policy,
    )
}
