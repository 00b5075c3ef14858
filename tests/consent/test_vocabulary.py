"""Words: what DPV has, as the file beside the module lists it."""

import pytest

from consent import vocabulary


def test_extract_is_complete() -> None:
    """The counts of the file as taken over; a line lost or broken would change them."""
    assert (len(vocabulary.PURPOSES), len(vocabulary.DATATYPES), len(vocabulary.CONSENT_STATUSES)) == (121, 231, 13)


def test_terms_have_labels() -> None:
    assert vocabulary.purpose_label("dpv:DirectMarketing") == "Direct Marketing"
    assert vocabulary.data_label("pd:PhysicalAddress") == "Physical Address"
    assert all(term.label for term in [*vocabulary.PURPOSES.values(), *vocabulary.DATATYPES.values()])
    with pytest.raises(KeyError):
        vocabulary.purpose_label("pd:Name")


def test_purposes_and_data_are_told_apart() -> None:
    assert vocabulary.is_purpose("dpv:DirectMarketing")
    assert not vocabulary.is_purpose("pd:Name")
    assert vocabulary.is_datatype("pd:Name")
    assert not vocabulary.is_datatype("dpv:DirectMarketing")


def test_what_names_no_purpose_cannot_be_consented_to() -> None:
    assert not vocabulary.is_purpose("dpv:Purpose")
    assert not vocabulary.is_purpose("dpv:Sector")


def test_ancestors_reach_the_top_once() -> None:
    assert vocabulary.ancestors("dpv:PoliticalCampaign") == {"dpv:Advertising", "dpv:Marketing", "dpv:Personalisation", "dpv:Purpose"}
    assert vocabulary.ancestors("pd:City") >= {"pd:PhysicalAddress", "pd:Contact", "pd:Location", "dpv:PersonalData"}
    assert vocabulary.ancestors("dpv:Unheard") == frozenset()
