"""What a template is given behaves as a frozen dataclass does, but says nothing of itself."""

from dataclasses import dataclass, field, fields, replace

import pytest

from app.ui.view import view


@view
class Line:
    """A line of a page."""

    name: str
    notes: tuple[str, ...] = field(default=())


@view(kw_only=True)
class Long(Line):
    """One that says more."""

    more: int = 0


@dataclass(frozen=True)
class Usual:
    """The same as a line, by the library's own means."""

    name: str
    notes: tuple[str, ...] = ()


def test_views_are_alike_when_all_of_them_is() -> None:
    """Equal and hashed by value, within one class only; made anew with a change."""
    assert Line("bread") == Line("bread", ())
    assert Line("bread") != Line("bread", ("stale",))
    assert len({Line("bread"), Line("bread"), Line("milk")}) == 2
    assert Line("bread") != Long("bread")
    usual: object = Usual("bread")
    assert Line("bread") != usual
    assert replace(Line("bread"), name="milk") == Line("milk")
    assert [one.name for one in fields(Long)] == ["name", "notes", "more"]
    with pytest.raises(TypeError):
        Long("bread", (), 3)  # type: ignore[call-arg]  # the last goes by its name only


def test_view_shows_none_of_its_words() -> None:
    """In a log or a traceback it is a class and an address."""
    assert "bread" not in repr(Line("bread")) + str(Long(name="bread"))
