"""What a form says when it is sent back: one message per field, in the order of the page."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.i18n import Lazy, _

Model = TypeVar("Model", bound=BaseModel)


class FormErrors(dict[str, str]):
    """Messages by field name. Empty means that the form is good.

    The name "" is for what concerns the whole form. The first message of a field stands; later ones are dropped.
    """

    def add(self, field: str, message: str | Lazy) -> None:
        """Note what is wrong with a field."""
        self.setdefault(field, str(message))

    def require(self, field: str, value: str, message: str | Lazy = "") -> str:
        """Note a field left empty. Returns the value."""
        if not value.strip():
            self.add(field, message or _("Please fill this in."))
        return value

    def limit(self, field: str, value: str, length: int) -> str:
        """Note a value longer than `length` characters. Returns the value."""
        if len(value) > length:
            self.add(field, _("At most %(n)d characters, please; this is %(length)d.") % {"n": length, "length": len(value)})
        return value

    @classmethod
    def of(cls, messages: Mapping[str, str]) -> "FormErrors":
        """Errors from messages at hand."""
        errors = cls()
        errors.update(messages)
        return errors


def made(model: type[Model], values: Mapping[str, Any], errors: FormErrors) -> Model | None:
    """The record of what was typed; None where something is wrong already, or where the model refuses, which `errors` tell."""
    if errors:
        return None
    try:
        return model.model_validate(values)
    except ValidationError as bad:
        place = bad.errors(include_input=False)[0]["loc"]
        errors.add(str(place[0]) if place else "", _("This is more than a record holds, or contains what cannot be kept."))
        return None
