"""Two writings of the same thing are the same: nobody is accused because of spelling."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships.alike import alike, days, within

MAIL, PHONE, PLACE, NAME, BORN, NUMBER, ANY = (
    "pd:EmailAddress", "pd:TelephoneNumber", "pd:PhysicalAddress", "pd:Name", "pd:BirthDate", "pd:Identifier", "pd:Preference",
)  # fmt: skip
KINDS = (MAIL, PHONE, PLACE, NAME, BORN, NUMBER, ANY, "")

SAME = [
    (MAIL, "Robin@Home.example", "mailto:robin@home.example"),
    (PHONE, "+353 1 555 0100", "01 555 0100"),
    (PHONE, "+353 1 555 0100", "00353-1-5550100"),
    (PHONE, "+44 (0)20 7946 0018", "020 7946 0018"),
    (PHONE, "+353 1 555 0100", "tel:+353-1-555-0100"),
    (PHONE, "ask at the door", "Ask at the door"),
    (PLACE, "7 Harbour Row\nDublin", "7, Harbour Row, Dublin, Ireland"),
    (PLACE, "Hauptstr. 5, 80331 München", "Hauptstraße 5\n80331 Muenchen"),
    (PLACE, "12 Mill Rd., Cork", "12 Mill Road\nCORK"),
    (PLACE, "Poste restante", "poste restante"),
    (NAME, "Doe, Robin", "Mr Robin Doe"),
    (NAME, "Müller", "Mueller"),
    (BORN, "1980-05-03", "3.5.1980"),
    (BORN, "3 May 1980", "May 3rd, 1980"),
    (BORN, "1980-05-03T00:00:00Z", "03/05/80"),
    (BORN, "19800503", "3. Mai 1980"),
    (BORN, "1980/5/3", "3 mai 1980"),
    (BORN, "some day", "Some  day"),
    (NUMBER, "C-1077", "c 1077"),
    (ANY, "Größe M", "groesse m"),
    (ANY, "…", "…"),
]
OTHER = [
    (MAIL, "robin@home.example", "robin@home.example.net"),
    (PHONE, "+353 1 555 0100", "+353 1 555 0101"),
    (PHONE, "+353 1 555 0100", "0100"),
    (PHONE, "+353 1 555 0100", "+44 1 555 0100"),
    (PHONE, "01 555 0100", "02 555 0100"),
    (PLACE, "7 Harbour Row\nDublin", "17 Harbour Row\nDublin"),
    (PLACE, "7 Harbour Row\nDublin", "7 Harbour Row\nCork"),
    (PLACE, "Dublin", "Dublin, Ireland"),
    (PLACE, "", "7 Harbour Row"),
    (NAME, "Robin Doe", "Robin Roe"),
    (BORN, "1980-05-03", "1980-05-04"),
    (BORN, "31 Grumpy 1980", "1980-01-31"),
    (BORN, "30.2.1980", "1980-02-28"),
    (BORN, "1.1.123", "1123-01-01"),
    (NUMBER, "C-1077", "C-1078"),
    (ANY, "tea", "coffee"),
    (ANY, "!", "?"),
]


@pytest.mark.parametrize(("term", "one", "other"), SAME)
def test_spelling_makes_no_difference(term: str, one: str, other: str) -> None:
    assert alike(term, one, other) and alike(term, other, one)


@pytest.mark.parametrize(("term", "one", "other"), OTHER)
def test_what_is_different_is_different(term: str, one: str, other: str) -> None:
    assert not alike(term, one, other) and not alike(term, other, one)


@given(st.sampled_from(KINDS), st.text(max_size=60), st.text(max_size=60))
def test_everything_is_alike_to_itself_and_no_side_comes_first(term: str, one: str, other: str) -> None:
    """Reflexive and symmetrical, whatever is thrown at it."""
    assert alike(term, one, one)
    assert alike(term, one, other) == alike(term, other, one)


@given(st.sampled_from((MAIL, NAME, PLACE, ANY)), st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=20))
def test_case_and_doubled_spaces_make_no_difference(term: str, text: str) -> None:
    assert alike(term, f"{text} {text}", f"  {text.casefold()}   {text} ")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_day_is_found_in_every_usual_writing(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%m/%d/%Y}",
        f"{day.day} {day:%B} {day.year}",
    ):
        assert day in days(text), text


def test_a_part_of_an_address() -> None:
    whole = "7 Harbour Row\nDublin 4\nIreland"
    assert within("Harbour Row", whole) and within("dublin", whole) and within("7", whole)
    assert not within("17 Harbour Row", whole) and not within("", whole) and not within("…", whole)


@pytest.mark.parametrize("term", KINDS)
def test_what_is_longer_than_any_address_is_compared_as_it_stands(term: str) -> None:
    """Folded, but not word by word; and not at all where the other is a fraction of it."""
    text = "Größe " * 60
    assert alike(term, text, text.upper().replace(" ", "  ")) and alike(term, text, "groesse " * 60)
    assert not alike(term, text, text + "M") and not alike(term, "Größe", text) and not alike(term, "", text)
    assert not within("Größe", text)
