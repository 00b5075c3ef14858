"""The forms of a page, as a browser reads them: which fields they have and what stands in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Fields = dict[str, list[str]]


@dataclass
class HtmlForm:
    """One form: where it goes, and what it would send as it stands."""

    action: str
    method: str
    fields: Fields = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self._open: HtmlForm | None = None
        self._select: tuple[str, list[str]] | None = None
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = HtmlForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind not in {"submit", "button", "image", "file"} and (kind not in {"checkbox", "radio"} or "checked" in given):
                self._add(given["name"], given.get("value", "on" if kind in {"checkbox", "radio"} else ""))
        elif tag == "select":
            self._select = (given.get("name", ""), [])
        elif tag == "option" and self._select and ("selected" in given or not self._select[1]):
            self._select[1][:] = [given.get("value", "")]
        elif tag == "textarea":
            self._area = (given.get("name", ""), [])

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select" and self._select:
            for value in self._select[1]:
                self._add(self._select[0], value)
            self._select = None
        elif tag == "textarea" and self._area:
            self._add(self._area[0], "".join(self._area[1]).removeprefix("\n"))
            self._area = None

    def _add(self, name: str, value: str) -> None:
        if self._open is not None and name:
            self._open.fields.setdefault(name, []).append(value)


def forms_of(page: str) -> list[HtmlForm]:
    """Every form of a page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
