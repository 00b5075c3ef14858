"""The words of rights letters: the right provision, what is asked, and nothing of the owner that is not needed."""

from datetime import date

import pytest

from app.relationships import rights_words
from app.relationships.elsewhere import ConsentFacts
from app.relationships.rights import RULES, Law, Right
from app.relationships.rights_words import Asked, Facts, Said

KNOWN = Facts(
    known_by=("customer number C-1",), signed="Robin", lines=(Said("Street", "17 Harbour\nRow", "7 Harbour Row"), Said("Churn", "0" * 300))
)
GIVEN = ConsentFacts(
    vendor_id="a" * 32, what="news by mail", purpose="dpv:DirectMarketing", purpose_label="Direct Marketing", marketing=True,
    data="my e-mail address", place="their website", channel="website", given_on=date(2024, 5, 3), expires_on=None, wording="I agree",
)  # fmt: skip
EVERY = [(law, right) for law, rules in RULES.items() for right in rules]


@pytest.mark.parametrize(("law", "right"), EVERY)
@pytest.mark.parametrize("facts", [Facts(), KNOWN])
def test_every_right_of_every_law_has_its_letter(law: Law, right: Right, facts: Facts) -> None:
    """With the provision, how long they have where the law says so, and no hole in it but a marked one."""
    words = rights_words.request(law, right, facts)
    assert rights_words.article(law, right) in words.subject and rights_words.article(law, right) in words.body
    assert len(words.subject) <= 200 and len(words.body) < 20_000
    assert "%(" not in words.body and "None" not in words.body
    answer = RULES[law][right].answer
    assert (answer is None) == ("The law gives you" not in words.body)
    assert ("customer number C-1" in words.body) == bool(facts.known_by) and ("…" in words.body) >= (not facts.known_by)
    assert rights_words.promise(law, right).endswith(f"({rights_words.article(law, right)})")


def test_lines_stand_in_the_letter() -> None:
    """With what is right where it is known; long ones cut."""
    corrected = rights_words.request(Law.GDPR, Right.RECTIFICATION, KNOWN).body
    assert "- Street: you have “17 Harbour / Row”, right is “7 Harbour Row”" in corrected and "right is “…”" in corrected
    for right in (Right.ERASURE, Right.OBJECTION, Right.ACCESS):
        assert "17 Harbour / Row" in rights_words.request(Law.UK, right, KNOWN).body
    assert "0" * 201 not in corrected


def test_a_consent_given_elsewhere_is_named() -> None:
    words = rights_words.request(Law.GDPR, Right.WITHDRAWAL, Facts(consent=GIVEN, given_on="3 May 2024")).body
    assert all(
        part in words
        for part in ("news by mail", "given on: 3 May 2024", "their website", "Direct Marketing", "my e-mail address", "art. 21(2)")
    )
    bare = GIVEN.__class__(**{**GIVEN.__dict__, "marketing": False, "given_on": None, "place": "", "purpose_label": "", "data": ""})
    words = rights_words.request(Law.GDPR, Right.WITHDRAWAL, Facts(consent=bare)).body
    assert "news by mail" in words and "art. 21" not in words
    californian = rights_words.request(Law.CALIFORNIA, Right.OPT_OUT, Facts(consent=GIVEN, given_on="3 May 2024")).body
    assert "I take back:\n- news by mail\n- given on: 3 May 2024" in californian


def test_what_waits_for_words_is_found() -> None:
    """A blank of ours, wherever it stands; not a word that trails off, nor what was cut short."""
    assert rights_words.blanks("You know me as: …\nright is “…”\n…\nWell… so be it.") == ("You know me as: …", "right is “…”", "…")
    long = Facts(known_by=("customer number C-1",), lines=(Said("Churn", "0 " * 300),))
    assert rights_words.blanks(rights_words.request(Law.GDPR, Right.ACCESS, long).body) == ()


@pytest.mark.parametrize("law", list(Law))
def test_reminder_and_complaint_look_back(law: Law) -> None:
    asked = Asked(Right.ACCESS, law, "Corner Shop", "2026-11-10", "2026-12-10")
    came = Asked(Right.ACCESS, law, "Corner Shop", "2026-11-10", "2026-12-10", (("2026-11-20", "They answered in part"),))
    for write in (rights_words.reminder, rights_words.complaint):
        assert "2026-11-10" in write(asked, KNOWN).body and "2026-12-10" in write(asked, Facts()).body
        assert "- 2026-11-20: They answered in part" in write(came, KNOWN).body
    assert (
        "Corner Shop" in rights_words.complaint(asked, KNOWN).subject and "customer number" not in rights_words.complaint(asked, KNOWN).body
    )
