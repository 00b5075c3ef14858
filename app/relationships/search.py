"""Finding what the owner keeps: every word of the query as the beginning of a word, whatever case and accents. Pure.

A query's pieces must all be there. `"in quotes"` stands as it is said, word for word; so do the parts of `C-1001`. Where no
spaces part words (Chinese, Japanese) every sign is a word.

What is searched is packed: of each thing one line, its title and then the rest, folded, newest first. Looking through a
hundred thousand of them is a search in a few long strings.
"""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple, Self

MOST = 2000
"""So many hits of one kind are weighed; of a word that stands everywhere the newest."""

LONGEST = 200
"""Characters of a query."""

_SIGN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGN}]|[^\W_{_SIGN}]+")
_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')
_TITLE_ENDS = "\x1f"
_EXCERPT = 160
_ID = 16


def fold(text: str) -> str:
    """Without case and accents: `Bäckerei` becomes `backerei`."""
    if text.isascii():
        return text.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def spaced(text: str) -> str:
    """The words of a text, folded, with one space before each and one after the last; empty when there are none."""
    words = _WORD.findall(fold(text))
    return f" {' '.join(words)} " if words else ""


@dataclass(frozen=True)
class Query:
    """What is looked for: each term begins with a space, and ends with one where the last word must be whole."""

    terms: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read what was typed. Equal terms count once."""
        terms = []
        for quoted, bare in _PIECE.findall(text[:LONGEST]):
            words = spaced(quoted or bare)
            if words:
                terms.append(words if quoted else words.rstrip())
        return cls(tuple(dict.fromkeys(terms)))

    @property
    def enough(self) -> bool:
        """Whether there is enough to look for: a word of two letters, or a sign that is one by itself."""
        return any(len(term.strip()) > 1 or re.search(f"[{_SIGN}]", term) for term in self.terms)

    def words(self) -> tuple[str, ...]:
        """The single words, for marking."""
        return tuple(word for term in self.terms for word in term.split())


class Line(NamedTuple):
    """One thing that can be found. `at` orders those that fit equally well: microseconds since 1970."""

    record_id: str
    at: int
    title: str
    body: str


class Hit(NamedTuple):
    """Something found; the better, the greater."""

    score: int
    at: int
    record_id: str


@dataclass(frozen=True)
class Hits:
    """The best of what was found. `total` counts those that were weighed; `more` when there may be others."""

    best: tuple[Hit, ...]
    total: int
    more: bool


@dataclass(frozen=True)
class Pile:
    """Lines, packed and newest first."""

    text: str
    starts: "array[int]"
    at: "array[int]"
    ids: bytes

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Self:
        """Fold and pack."""
        ordered = sorted(lines, key=lambda line: (line.at, line.record_id), reverse=True)
        texts = [f"{spaced(line.title)}{_TITLE_ENDS}{spaced(line.body)}\n" for line in ordered]
        starts, length = array("l"), 0
        for text in texts:
            starts.append(length)
            length += len(text)
        ids = bytes.fromhex("".join(line.record_id for line in ordered))
        return cls("".join(texts), starts, array("q", (line.at for line in ordered)), ids)

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        # A string takes one, two or four bytes for each character; what is folded is mostly ASCII.
        return 500 + len(self.text) * (1 if self.text.isascii() else 4) + len(self.at) * (2 * 8 + _ID)

    def hits(self, query: Query) -> Iterator[Hit]:
        """Every line that has all terms, newest first."""
        # Whatever is rare is mostly long, and what is found seldom is soon looked through.
        rare, *others = sorted(query.terms, key=len, reverse=True)
        text, found = self.text, self.text.find(rare)
        while found >= 0:
            row = bisect_right(self.starts, found) - 1
            start, end = self.starts[row], self._end(row)
            if all(text.find(term, start, end) >= 0 for term in others):
                yield Hit(self._score(query, start, end), self.at[row], self.ids[row * _ID : (row + 1) * _ID].hex())
            found = text.find(rare, end)

    def _end(self, row: int) -> int:
        return self.starts[row + 1] if row + 1 < len(self.starts) else len(self.text)

    def _score(self, query: Query, start: int, end: int) -> int:
        """Four for a term in the title, eight where the title begins with it; one more for whole words."""
        title = self.text.find(_TITLE_ENDS, start, end)
        score = 0
        for term in query.terms:
            at = self.text.find(term, start, title)
            score += 0 if at < 0 else 8 if at == start else 4
            whole = term if term.endswith(" ") else f"{term} "
            score += self.text.find(whole, start, end) >= 0
        return score


def find(piles: Iterable[Pile], query: Query, *, limit: int) -> Hits:
    """The best `limit` of one kind: by how they fit, then by when. The query has a term at least."""
    found: list[Hit] = []
    for pile in piles:
        for hit in pile.hits(query):
            found.append(hit)
            if len(found) == MOST:
                return Hits(tuple(nlargest(limit, found)), MOST, more=True)
    return Hits(tuple(nlargest(limit, found)), len(found), more=False)


class Run(NamedTuple):
    """A stretch of text that is to be marked, or is not."""

    text: str
    marked: bool


def marked(text: str, query: Query) -> tuple[Run, ...]:
    """A text in runs: the words that were looked for marked, everything else between them."""
    runs: list[Run] = []
    done = 0
    for word in _found(text, query):
        runs += [Run(text[done : word.start()], marked=False)] if word.start() > done else []
        runs.append(Run(word.group(), marked=True))
        done = word.end()
    return (*runs, Run(text[done:], marked=False)) if done < len(text) or not runs else tuple(runs)


def excerpt(text: str, query: Query) -> tuple[Run, ...]:
    """Where in a long text the first word stands, marked; nothing when none does."""
    first = next(_found(text, query), None)
    if first is None:
        return ()
    start = max(0, first.start() - _EXCERPT // 3)
    if start:
        # Not in the middle of a word.
        start = max(text.rfind(" ", 0, start + 1), text.rfind("\n", 0, start + 1)) + 1 or start
    cut = text[start : start + _EXCERPT]
    short = cut if len(text) <= start + _EXCERPT else f"{cut.rsplit(' ', 1)[0]} …"
    return marked(f"… {short}" if start else short, query)


def _found(text: str, query: Query) -> Iterator[re.Match[str]]:
    words = query.words()
    return (word for word in _WORD.finditer(text) if fold(word.group()).startswith(words))
