"""Search: the beginnings of words, all of them, whatever case and accents; what fits better comes first."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.relationships import search
from app.relationships.search import Line, Pile, Query, Run
from app.relationships.searched import SEARCHED, texts
from tests.samples import sample
from vault.records import Interaction, Vendor
from vault.segments import Digest

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINES = (
    ("The Corner Bäckerei", "Ring +353 1 555 0101, ask for No. C-1001"),
    ("Northwind Broadband", "keeps me online; hello@northwind.example"),
    ("Corner Shop", "bread, and the corner stone"),
    ("東京電力", "電気を止めない"),
)


def found(query: str, *lines: tuple[str, str]) -> list[int]:
    """Which lines are found, the best first."""
    piled = Pile.of(Line(f"{number:032x}", number, *line) for number, line in enumerate(lines or LINES))
    return [int(hit.record_id, 16) for hit in search.find([piled], Query.of(query), limit=10).best]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("BACK", [0]),
        ("bäckerei corner", [0]),
        ("orner", []),
        ("corner mill", []),
        ("c-1001", [0]),
        ("c-100", [0]),
        ('"1001 c"', []),
        ("0101", [0]),
        ('"corner shop"', [2]),
        ('"shop corner"', []),
        ('"corner sho"', []),
        ('"corner sho', []),
        ("northwind.ex", [1]),
        ("電力", [3]),
        ("止", [3]),
        ("corner", [2, 0]),
        ("x" * 300, []),
    ],
)
def test_what_is_found(query: str, numbers: list[int]) -> None:
    assert found(query) == numbers


def test_what_fits_better_comes_first() -> None:
    """The beginning of a title, a title, the rest; a whole word before its beginning; then the newest."""
    assert found("bread", ("Old bread", ""), ("x", "bread"), ("Breadth", ""), ("Bread", ""), ("Bread", "")) == [4, 3, 2, 0, 1]


def test_of_a_word_that_stands_everywhere_the_newest_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are enough to look at, and it is said that there may be more."""
    monkeypatch.setattr(search, "MOST", 3)
    pile = Pile.of(Line(f"{number:032x}", number, "bread", "") for number in range(5))
    hits = search.find([pile, pile], Query.of("bread"), limit=2)
    assert (hits.total, hits.more) == (3, True)
    assert [int(hit.record_id, 16) for hit in hits.best] == [4, 3]
    assert pile.size < 1000


def test_what_is_too_little_to_look_for() -> None:
    assert [Query.of(text).enough for text in ("", " ", "a", "-", "a b", "ab", "東")] == [False] * 5 + [True] * 2


@settings(max_examples=60)
@given(st.lists(st.text("aäB1 -.", max_size=8), min_size=1, max_size=5), st.text('abB1 -."', max_size=6))
def test_it_finds_what_looking_at_every_word_finds(titles: list[str], typed: str) -> None:
    """Packed or not, the same lines; marking what was found loses no letter of it."""
    query = Query.of(typed)
    if not query.terms:
        return
    wanted = {number for number, title in enumerate(titles) if all(term in search.spaced(title) for term in query.terms)}
    assert set(found(typed, *((title, "") for title in titles))) == wanted
    for title in titles:
        assert "".join(run.text for run in search.marked(title, query)) == title


def test_words_are_marked_where_they_stand() -> None:
    """In the words that were written, with their accents; of a long text the part where the first of them stands."""
    query = Query.of("back kor")
    assert search.marked("Die Bäckerei", query) == (Run("Die ", marked=False), Run("Bäckerei", marked=True))
    assert search.marked("", query) == (Run("", marked=False),)
    assert search.excerpt("nothing of it", query) == ()
    long = f"{'word ' * 60}Bäckerei {'after ' * 60}"
    runs = search.excerpt(long, query)
    assert [run.text for run in runs if run.marked] == ["Bäckerei"]
    whole = "".join(run.text for run in runs)
    assert whole.startswith("… word")
    assert whole.endswith(" …")
    assert len(whole) < 200


@pytest.mark.parametrize("code", SEARCHED)
def test_every_word_of_a_record_can_be_found(code: str) -> None:
    """A record with every text filled: what its line leaves out is no text of the owner's or the vendor's that they would look for."""
    searched = SEARCHED[code]
    fields = sample(searched.model, "ambergris")
    digest = Digest("a" * 32, NOW, NOW, fields.digest())
    line = searched.line("a" * 32, fields.model_dump(mode="json"), NOW)
    assert "ambergris" in f"{line.title} {line.body}"
    if digest.record_id not in searched.to_read([digest]):
        told = searched.line("a" * 32, digest.values, NOW)
        assert (told.title, told.body, told.at) == (line.title, line.body, line.at)


def test_a_long_note_is_read_whole() -> None:
    """What a digest clips is looked up in the record; a short one is not opened at all."""
    note = Interaction(vendor_id="a" * 32, kind="visit", title="t", note="x" * 500, happened_at=NOW, recorded_at=NOW)
    searched = SEARCHED["interaction"]
    assert searched.to_read([Digest("a" * 32, NOW, NOW, note.digest())]) == ["a" * 32]
    assert searched.to_read([Digest("b" * 32, NOW, NOW, note.model_copy(update={"note": "short"}).digest())]) == []
    assert searched.line("a" * 32, note.digest(), NOW).at == 1_795_262_400_000_000
    assert SEARCHED["vendor"].line("a" * 32, Vendor(name="Shop").digest(), NOW).at == 1_795_262_400_000_000


def test_mail_in_html_is_found_by_its_words() -> None:
    message = {"title": "Rolls", "body": "<p>Fresh &amp; <b>warm</b></p>", "format": "html"}
    assert search.spaced(SEARCHED["message"].body(message)) == " fresh warm "
    assert list(texts({"a": ["x", {"b": "y"}], "c": 3})) == ["x", "y"]
