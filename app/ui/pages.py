"""What a template is handed. Every page is a frozen dataclass with the values ready to show: no rows, no sealed bytes."""

from typing import ClassVar

from app.ui.view import view


@view(kw_only=True)
class Page:
    """A page. `template` is the path below `templates/`, named after the handler that shows it."""

    template: ClassVar[str]
