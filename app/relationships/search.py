"""Searching what the owner wrote: every word of the query, anywhere, whatever its case and accents. Pure."""

import unicodedata
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Words:
    """A query, folded. An empty one finds everything."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, query: str) -> Self:
        """Split at white space."""
        return cls(tuple(fold(query).split()))

    def all_in(self, text: str) -> bool:
        """Whether every word stands somewhere in the text."""
        if not self.words:
            return True
        folded = fold(text)
        return all(word in folded for word in self.words)


def fold(text: str) -> str:
    """Without case and accents: `Bäckerei` becomes `backerei`."""
    if text.isascii():
        return text.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
