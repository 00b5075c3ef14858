"""The kinds of record and their typed models, a module for each noun."""

from collections.abc import Mapping

from vault.records.account import Import, Kit, Past, Profile
from vault.records.commitments import Commitment, CommitmentEvent, Remedy
from vault.records.fields import DIGEST_TEXT, Fields, Kind, Part, T
from vault.records.items import Item, PastValue
from vault.records.messages import AddressRecord, MessageRecord
from vault.records.vendors import Contact, Field, Interaction, Vendor

__all__ = [
    "DIGEST_TEXT", "MODELS", "AddressRecord", "Commitment", "CommitmentEvent", "Contact", "Field", "Fields", "Import", "Interaction",
    "Item", "Kind", "Kit", "MessageRecord", "Part", "Past", "PastValue", "Profile", "Remedy", "T", "Vendor",
]  # fmt: skip

MODELS: Mapping[Kind, type[Fields]] = {
    model.KIND: model for model in (Vendor, Item, Interaction, Commitment, MessageRecord, AddressRecord, Import, Profile, Kit, Past)
}
