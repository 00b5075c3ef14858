"""What a template is given: names with values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def view(cls: type[T], /) -> type[T]: ...
@overload
def view(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True)
def view(cls: type[Any] | None = None, /, *, kw_only: bool = False) -> Any:
    """A frozen dataclass at a third of the price, of which there are 260: all of them share what `dataclass` compiles for each.

    The type checker alone holds it frozen, and it has no text of its own: an owner's words cannot get into a log by it.
    """

    def made(bare: type[Any]) -> type[Any]:
        whole = dataclass(bare, repr=False, eq=False, match_args=False, kw_only=kw_only)
        whole.__eq__, whole.__hash__ = _alike, _hashed  # type: ignore[assignment]  # as `dataclass` itself puts them there
        return whole

    return made if cls is None else made(cls)


def _alike(one: Any, other: Any) -> bool:
    return vars(one) == vars(other) if type(one) is type(other) else NotImplemented


def _hashed(one: Any) -> int:
    return hash(tuple(vars(one).values()))
