"""Records of every kind with every field filled, found by looking at the models: a new field is filled without being told."""

import types
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from vault.records import Fields, Part

AN_ID = "0123456789abcdef" * 2
# What a text field takes when it does not take just any word.
FORMS = (AN_ID, AN_ID * 2, "12.50", "EUR", "P14D", "pd:EmailAddress", "Europe/Dublin", "en", "09:00", "0.5", "IE", "x")


def sample(model: type[Part], word: str, **given: Any) -> Any:
    """An instance with every field filled, `word` in each that takes free text, and `given` where it must fit something else."""
    return model(**{name: given.get(name, _value(field, word)) for name, field in model.model_fields.items()})


def words_in(value: object, word: str) -> int:
    """In how many places of a record the word stands."""
    match value:
        case str():
            return int(word in value)
        case Mapping():
            return sum(words_in(part, word) for pair in value.items() for part in pair)
        case list() | tuple():
            return sum(words_in(part, word) for part in value)
        case _:
            return 0


def free_texts(model: type[Fields], word: str) -> int:
    """How many places of a kind of record take free text."""
    return words_in(sample(model, word).model_dump(mode="json"), word)


def _value(field: FieldInfo, word: str) -> Any:
    whole: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(whole)
    for candidate in _candidates(field.annotation, word):
        try:
            return adapter.validate_python(candidate)
        except ValidationError:
            continue
    raise AssertionError(f"no sample fits {whole}; add its form to FORMS")


def _candidates(annotation: Any, word: str) -> list[Any]:  # noqa: PLR0911 - one line a shape
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _candidates(arguments[0], word)
    if origin in {Union, types.UnionType}:
        return [candidate for argument in arguments if argument is not type(None) for candidate in _candidates(argument, word)]
    if origin is Literal:
        return [arguments[-1]]
    if origin is tuple:
        return [(candidate,) for candidate in _candidates(arguments[0], word)]
    if origin is dict:
        return [{key: value} for key in _candidates(arguments[0], word) for value in _candidates(arguments[1], word)]
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [sample(annotation, word)]
    plain: dict[Any, list[Any]] = {
        str: [word, *FORMS],
        int: [30],
        bool: [True],
        date: [date(2026, 1, 31)],
        datetime: [datetime(2026, 1, 31, 12, tzinfo=UTC)],
        AwareDatetime: [datetime(2026, 1, 31, 12, tzinfo=UTC)],
    }
    return plain[annotation]
