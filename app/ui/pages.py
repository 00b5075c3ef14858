"""What a template is handed. Every page is a frozen dataclass with the values ready to show: no rows, no sealed bytes."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page. `template` is the path below `templates/`, named after the handler that shows it."""

    template: ClassVar[str]
