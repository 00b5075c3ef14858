"""Two copies side by side: nothing is lost, nothing invented, and what changed inside a sentence is marked."""

import random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import policies
from app.relationships.policies import Comparison, Piece, Row, compare, paragraphs, sentences

OLD = """1. You may cancel within 14 days.

2. Prices hold for a year. We write to you when they rise.

3. Disputes go to the courts of Dublin."""
NEW = """1. You may cancel within 7 days.

2. Prices hold for a year.

2a. You hear from our partners.

3. Disputes go to the courts of Dublin."""

texts = st.lists(st.sampled_from(["Alpha beta gamma.", "Alpha beta delta.", "One two three.", "Two; three!", "7.", "x"]), max_size=12).map(
    "\n\n".join
)


def said(found: Comparison, side: str) -> str:
    """One side of a comparison, put together again."""
    return " ".join("".join(piece.text for piece in getattr(row, side)) for row in found.rows if getattr(row, side))


def test_what_stayed_went_came_and_changed() -> None:
    found = compare(OLD, NEW)
    assert [row.kind for row in found.rows] == ["changed", "same", "gone", "new", "same"]
    assert found.rows[0] == Row(
        "changed",
        (Piece("1. You may cancel within ", "same"), Piece("14", "gone"), Piece(" days.", "same")),
        (Piece("1. You may cancel within ", "same"), Piece("7", "new"), Piece(" days.", "same")),
    )
    assert found.rows[2] == Row("gone", (Piece("We write to you when they rise.", "gone"),), ())
    assert (found.count("changed"), found.count("gone"), found.count("new"), found.same) == (1, 1, 1, False)


def test_a_changed_phrase_reads_as_one() -> None:
    """Blanks between changed words are changed with them."""
    (row,) = compare("We share it with nobody but the road people.", "We share it with old friends, but the road people.").rows
    assert [piece.text for piece in row.after if piece.mark == "new"] == ["old friends,"]


@given(before=texts, after=texts)
def test_both_sides_can_be_read_whole(before: str, after: str) -> None:
    """Each side put together is its own copy, in order; the same copy twice is the same."""
    found = compare(before, after)
    assert said(found, "before") == " ".join(sentences(before))
    assert said(found, "after") == " ".join(sentences(after))
    assert compare(before, before).same
    assert found.same == (sentences(before) == sentences(after))
    assert " ".join(sentences(before)).split() == before.split()


def test_lines_that_were_only_wrapped_are_no_change() -> None:
    wrapped = "The company may change these terms at any time when it\nhas told you a month before.\n  - a list\n  - of two"
    assert paragraphs(wrapped)[0].endswith("a month before.") and len(paragraphs(wrapped)) == 3
    assert compare(wrapped, wrapped.replace("when it\n", "when\nit ").replace("  -", "-")).same


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. First. 2. Second (a) part.", ["1. First.", "2. Second (a) part."]),
        ("§ 3. What; now? “Yes.” No", ["§ 3. What;", "now?", "“Yes.”", "No"]),
        ("4.", ["4."]),
        ("", []),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    """The number of a clause stays with it."""
    assert sentences(text) == found


def test_a_long_text_is_compared_more_coarsely_and_whole() -> None:
    """By paragraphs, and by several paragraphs at once; a sentence of endless words is taken as it is."""
    many = "\n\n".join(f"Clause {n} says this. And that." for n in range(policies.UNITS - 1))
    assert len(compare(many, many).rows) == policies.UNITS - 1
    more = "\n\n".join(f"Clause {n}." for n in range(policies.UNITS * 2))
    assert len(compare(more, f"{more}\n\nNew.").rows) <= policies.UNITS
    words = " ".join(f"w{n}" for n in range(600))
    (row,) = compare(words, f"{words} more").rows
    assert (row.kind, row.before[0].mark, row.after[0].mark) == ("changed", "gone", "new")
    shuffled = [f"Item {n} is number {n}." for n in range(60)], [f"Item {n} is no number {n}." for n in range(60)]
    assert compare(*map(" ".join, shuffled)).count("changed") == 60
    assert compare("Only signs: !!! ???", "Only signs here: !!!").count("changed") == 1


def hostile() -> dict[str, tuple[str, str]]:
    """Pairs of texts of 200 KB that repeat what difflib has to go through again and again."""
    by = random.Random(5)  # noqa: S311 - the same texts each time, nothing secret
    twenty = [f"Sentence {n} of them." for n in range(95)] * 20
    endless = " ".join(f"w{n}" for n in range(30_000)), " ".join(f"v{n}" for n in range(10_000))
    letters = ["\n".join(" ".join(by.choices("abcdefgh", k=240)) + "." for _row in range(400)) for _side in range(2)]
    return {
        "signs in every sentence": ("\n".join(["a-" * 249 + "."] * 400), "\n".join(["a+" * 249 + "."] * 400)),
        "some sentences of few words": (letters[0][:25_000], letters[1][:25_000]),
        "all sentences of few words": (letters[0], letters[1]),
        "every sentence twenty times": ("\n".join(by.sample(twenty, 1900)), "\n".join(by.sample(twenty, 1900))),
        "one sentence": ("\n".join(["Yes, and no."] * 1999), "\n".join(["Yes, and no."] * 1000 + ["No."] + ["Yes, and no."] * 998)),
        "endless beside short": (". ".join(endless), "\n".join(f"w{n} w{n + 1} w{n + 2}." for n in range(1250))),
    }


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_text_is_compared_in_bounded_time_and_whole(name: str) -> None:
    """What repeats itself takes no longer than what does not; the time is ten times what it takes."""
    before, after = hostile()[name]
    started = process_time()
    found = compare(before, after)
    assert process_time() - started < 8
    assert said(found, "before") == " ".join(sentences(before)) and said(found, "after") == " ".join(sentences(after))


def test_a_sentence_that_would_take_too_long_is_marked_whole() -> None:
    """It takes its share only: what else changed in the same copy keeps its marks."""
    found = compare("a-" * 249 + ".\n\nYou may cancel within 14 days.", "a+" * 249 + ".\n\nYou may cancel within 7 days.")
    first, second = found.rows
    assert [piece.mark for piece in (*first.before, *first.after)] == ["gone", "new"]
    assert [piece.mark for piece in second.after] == ["same", "new", "same"]


def test_without_steps_what_is_the_same_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coarsest comparison still loses and invents nothing, and finds two equal copies equal."""
    monkeypatch.setattr(policies, "STEPS", 0)
    found = compare(OLD, NEW)
    assert said(found, "before") == " ".join(sentences(OLD)) and said(found, "after") == " ".join(sentences(NEW))
    assert compare(OLD, OLD).same and found.count("same") and not found.same


def test_an_ordinary_policy_keeps_the_marks_of_its_words() -> None:
    """50 KB, forty changed sentences, each with a few words marked."""
    by = random.Random(7)  # noqa: S311 - as above
    words = [f"word{n}" for n in range(2000)] + ["the", "of", "and", "to", "you"] * 200
    old = [f"Clause {n} " + " ".join(by.choices(words, k=30)) + "." for n in range(300)]
    new = [text.replace(text.split()[9], "otherwise") if n % 7 == 0 and n < 280 else text for n, text in enumerate(old)]
    found = compare("\n\n".join(old), "\n\n".join(new))
    changed = [row for row in found.rows if row.kind == "changed"]
    assert len("\n\n".join(old)) > 50_000 and len(changed) == 40
    assert all({piece.mark for piece in row.before} == {"same", "gone"} for row in changed)
