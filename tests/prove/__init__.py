"""Slow proofs in full. A module here has a `run() -> Iterator[Proved]`; what does not hold raises AssertionError."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Proved:
    """A proof that went through, and over how many cases."""

    name: str
    count: int

    @property
    def line(self) -> str:
        """As `make prove` prints it."""
        return f"PROVED {self.name} {self.count}"
