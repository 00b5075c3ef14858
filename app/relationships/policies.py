"""Two copies of a policy, sentence beside sentence: what is the same, what went, what came, and which words changed. Pure.

Sentences are lined up by difflib (Ratcliff & Obershelp 1988); where some were replaced by others, those that share at least
half of their words are taken as one sentence that changed, and its words are lined up in the same way. What would take too
long is compared more coarsely, never cut off: difflib's time grows with the cube of what is repeated, so that its steps are
counted and a comparison has only so many.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Literal

UNITS = 2000
"""Most sentences on one side; a longer text is compared by paragraphs, and one of more paragraphs by several at once."""
PAIRS = 2500
"""Most pairs of sentences among which likenesses are looked for in one place."""
WORDS = 250_000
"""Most pairs of words that are compared inside one changed sentence."""
STEPS = 3_000_000
"""Most steps for lining up all sentences, and as many again for the words of all changed ones: some tenths of a second."""
SHARE = 10
"""One sentence takes at most this part of the steps that are left, so that a hostile one leaves enough for the others."""
OFTEN = 20
"""A sentence that stands there more often than this anchors nothing."""
ALIKE = 0.5
"""Share of words from which on two sentences are one that changed."""
WRAPPED = 50
"""A line of at least so many characters that does not end a sentence goes on in the next one."""

Mark = Literal["same", "gone", "new"]

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[.!?;][)\"”’])\s+")
_NUMBER = re.compile(r"[(§]?\s*(?:\w{1,3}[.)])+")
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"\w+")
_ENDS = (".", "!", "?", ":", ";")


@dataclass(frozen=True)
class Piece:
    """Some words, and whether both copies have them."""

    text: str
    mark: Mark


@dataclass(frozen=True)
class Row:
    """A sentence of one copy beside that of the other. `before` is empty for what came, `after` for what went."""

    kind: Literal["same", "changed", "gone", "new"]
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Comparison:
    """All rows in the order of the text."""

    rows: tuple[Row, ...]

    def count(self, kind: str) -> int:
        """How many rows are of a kind."""
        return sum(row.kind == kind for row in self.rows)

    @property
    def same(self) -> bool:
        """Whether the two say the same, word for word."""
        return all(row.kind == "same" for row in self.rows)


def compare(before: str, after: str) -> Comparison:
    """The earlier copy beside the later one. Blanks and line ends do not count."""
    old, new = _units(before, after)
    often = {text for text, times in Counter(new).items() if times > OFTEN}
    words = Steps(STEPS)
    rows: list[Row] = []
    for what, i1, i2, j1, j2 in _Counted(often.__contains__, old, new, Steps(STEPS)).get_opcodes():
        if what == "equal":
            rows += map(_same, new[j1:j2])
        else:
            rows += _replaced(old[i1:i2], new[j1:j2], words)
    return Comparison(tuple(rows))


class Steps:
    """How many steps may still be taken."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.out = False

    def take(self, count: int) -> bool:
        """Whether there are so many, which are then gone."""
        self.out = self.out or count > self.left
        self.left -= 0 if self.out else count
        return not self.out


class _Counted(SequenceMatcher[str]):
    """difflib's matcher with a limit. When its steps are used up, each stretch still open is the same as far as both sides begin
    alike, and no further."""

    def __init__(self, junk: Callable[[str], bool], left: Sequence[str], right: Sequence[str], steps: Steps) -> None:
        super().__init__(junk, left, right, autojunk=False)
        self._left, self._right, self._steps = left, right, steps
        times = Counter(text for text in right if not junk(text))
        self._cost = list(accumulate((1 + times[text] for text in left), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """As difflib's, which goes through the right side's places of each element of the left."""
        ahi, bhi = len(self._left) if ahi is None else ahi, len(self._right) if bhi is None else bhi
        if self._steps.take(self._cost[ahi] - self._cost[alo]):
            return super().find_longest_match(alo, ahi, blo, bhi)
        size = 0
        while alo + size < ahi and blo + size < bhi and self._left[alo + size] == self._right[blo + size]:
            size += 1
        return Match(alo, blo, size)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, blanks made one. A line that was only wrapped is joined to the next."""
    found: list[str] = []
    going_on = False
    for line in text.splitlines():
        words = " ".join(line.split())
        if words and going_on:
            found[-1] = f"{found[-1]} {words}"
        elif words:
            found.append(words)
        going_on = len(words) >= WRAPPED and not words.endswith(_ENDS)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text; a heading or a line of a list is one. The number of a clause stays with what it numbers."""
    found: list[str] = []
    for paragraph in paragraphs(text):
        number = ""
        for sentence in filter(None, _SENTENCE.split(paragraph)):
            whole = f"{number} {sentence}" if number else sentence
            number = whole if _NUMBER.fullmatch(whole) else ""
            if not number:
                found.append(whole)
        if number:
            found.append(number)
    return found


def _units(before: str, after: str) -> tuple[list[str], list[str]]:
    """Both copies cut in the same way, by the finest cut that leaves few enough units."""
    for cut in (sentences, paragraphs):
        old, new = cut(before), cut(after)
        if max(len(old), len(new)) <= UNITS:
            return old, new
    at_once = -(-max(len(old), len(new)) // UNITS)
    return _joined(old, at_once), _joined(new, at_once)


def _joined(units: Sequence[str], at_once: int) -> list[str]:
    return [" ".join(units[start : start + at_once]) for start in range(0, len(units), at_once)]


def _same(text: str) -> Row:
    return Row("same", (Piece(text, "same"),), (Piece(text, "same"),))


def _replaced(old: Sequence[str], new: Sequence[str], steps: Steps) -> Iterator[Row]:
    """Rows for what stands in one place: changed sentences in order, between them what went and what came."""
    i = j = 0
    for like_i, like_j in [*_likenesses(old, new), (len(old), len(new))]:
        yield from (Row("gone", (Piece(text, "gone"),), ()) for text in old[i:like_i])
        yield from (Row("new", (), (Piece(text, "new"),)) for text in new[j:like_j])
        if like_i < len(old):
            # The same sentence on both sides is left to here where the steps ran out.
            yield _same(new[like_j]) if old[like_i] == new[like_j] else _changed(old[like_i], new[like_j], steps)
        i, j = like_i + 1, like_j + 1


def _likenesses(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Which sentence became which, in order, so that the likenesses add up to the most (a longest common subsequence, weighted)."""
    if len(old) * len(new) > PAIRS:
        return [(n, n) for n in range(min(len(old), len(new))) if _alike(_bag(old[n]), _bag(new[n])) >= ALIKE]
    left, right = [_bag(text) for text in old], [_bag(text) for text in new]
    alike = [[_alike(one, other) for other in right] for one in left]
    best = [[0.0] * (len(new) + 1) for _row in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            taken = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= ALIKE else 0.0
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _bag(text: str) -> tuple[Counter[str], int]:
    """The words of a sentence, and how many they are."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return Counter(words), len(words)


def _alike(one: tuple[Counter[str], int], other: tuple[Counter[str], int]) -> float:
    """The share of words that two sentences have in common (Dice 1945), from 0 to 1; 0 too where it must stay below `ALIKE`."""
    (fewer, few), (more, many) = sorted((one, other), key=lambda bag: bag[1])
    # A short sentence beside an endless one is not looked at: one against a thousand endless ones would take seconds.
    if not few or 2 * few < ALIKE * (few + many):
        return 0.0
    return 2 * sum(min(fewer[word], more[word]) for word in fewer.keys() & more.keys()) / (few + many)


def _changed(old: str, new: str, steps: Steps) -> Row:
    coarse = Row("changed", (Piece(old, "gone"),), (Piece(new, "new"),))
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(left) * len(right) > WORDS:
        return coarse
    share = Steps(steps.left // SHARE)
    allowed = share.left
    # Blanks anchor nothing: half of all there is are blanks, and which of them stayed says nothing.
    matched = _Counted(str.isspace, left, right, share).get_opcodes()
    steps.take(allowed - share.left)
    if share.out:
        return coarse
    before: list[Piece] = []
    after: list[Piece] = []
    for what, i1, i2, j1, j2 in matched:
        same = what == "equal"
        _add(before, "".join(left[i1:i2]), "same" if same else "gone")
        _add(after, "".join(right[j1:j2]), "same" if same else "new")
    return Row("changed", tuple(_bridged(before)), tuple(_bridged(after)))


def _add(pieces: list[Piece], text: str, mark: Mark) -> None:
    if text:
        pieces.append(Piece(text, mark))


def _bridged(pieces: Sequence[Piece]) -> list[Piece]:
    """A blank between two marked words is marked with them, so that a changed phrase reads as one."""
    found: list[Piece] = []
    for n, piece in enumerate(pieces):
        within = 0 < n < len(pieces) - 1 and piece.mark == "same" and not piece.text.strip()
        mark = pieces[n - 1].mark if within else piece.mark
        if found and found[-1].mark == mark:
            found[-1] = Piece(found[-1].text + piece.text, mark)
        else:
            found.append(Piece(piece.text, mark))
    return found
