"""The claim letter: everything that is known is in it, and nothing stands empty where something is not."""

import pytest

from app.relationships import claim_words
from app.relationships.claim_words import Claim


def test_all_that_is_known_is_in_the_letter() -> None:
    """What was promised, when, what happened, what they answered, the evidence, what is owed, by when."""
    claim = Claim(
        company="Northwind Broadband",
        promise="Two days of the outage are credited",
        said_on="3 Nov 2026",
        where="on the phone",
        due="10 Nov 2026",
        went="Nothing came",
        broken_on="11 Nov 2026",
        claimed_on="12 Nov 2026",
        refused_on="20 Nov 2026",
        refused="The weather",
        owed="a credit of €6.40, within 14 days",
        owed_note="on the next bill",
        evidence=("bill.pdf: no credit on it", "call.txt"),
        by="5 Dec 2026",
        customer_number="C-1",
        sender="Robin",
    )
    assert claim_words.subject(claim) == "What you promised me: Two days of the outage are credited (customer number C-1)"
    assert claim_words.body(claim) == (
        "Dear Northwind Broadband,\n\nOn 3 Nov 2026, on the phone, you promised me:\n\n    Two days of the outage are credited\n\n"
        "It was due: 10 Nov 2026.\n\nYou broke it on 11 Nov 2026. What happened: Nothing came\n\n"
        "You refused what I am owed on 20 Nov 2026. You said: “The weather” I do not accept that.\n\n"
        "As evidence I have:\n- bill.pdf: no credit on it\n- call.txt\n\n"
        "By your own promise you owe me for this: a credit of €6.40, within 14 days. As it was said: on the next bill "
        "I expect it, or your reasoned answer, by 5 Dec 2026.\n\nYours sincerely,\n\nRobin"
    )


def test_what_is_not_known_is_left_out() -> None:
    """A letter from three words is a letter, and its subject fits its field."""
    bare = Claim(company="Corner Shop", promise="p" * 1000, claimed_on="4 Nov 2026")
    assert len(claim_words.subject(bare)) == 200
    said = claim_words.body(bare)
    assert "You have not kept this promise.\n\nI asked for it on 4 Nov 2026, and have not received it.\n\nPlease keep it now" in said
    assert said.endswith("Yours sincerely,")
    assert "\n\n\n" not in said
    refused = Claim(company="Corner Shop", promise="p", refused_on="4 Nov 2026")
    assert "You refused what I am owed on 4 Nov 2026. I do not accept that." in claim_words.body(refused)


@pytest.mark.parametrize(
    ("said_on", "where", "begins"),
    [
        ("3 Nov 2026", "on the phone", "On 3 Nov 2026, on the phone, you promised me:"),
        ("3 Nov 2026", "", "On 3 Nov 2026 you promised me:"),
        ("", "on the phone", "You promised me on the phone:"),
        ("", "", "You promised me:"),
    ],
)
def test_the_letter_says_when_and_where_only_as_far_as_it_is_known(said_on: str, where: str, begins: str) -> None:
    """A day that nobody told is not made up."""
    assert claim_words.body(Claim(company="Corner Shop", promise="p", said_on=said_on, where=where)).split("\n\n")[1] == begins
