"""A vendor's policy as text: of a web page the words, paragraph by paragraph. Nothing of its markup is kept."""

import html
import re

from app.ui.vendors.words import SILENT, plain

_BLOCKS = frozenset(
    "address article aside blockquote caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li "
    "main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_BESIDE = frozenset({"td", "th"})
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
_HTML = re.compile(r"(?i)\s*(?:<!doctype html|<html|<head|<body|<!--|<(?:div|p|h1|section|article|main)\b)")
_ENCODING = re.compile(rb"(?i)<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9._-]{1,40})")


def of_file(data: bytes, name: str) -> str:
    """The text of a .txt or .html file, which is told by its beginning and then by its name. Never raises."""
    text = _decoded(data)
    if _HTML.match(text) or name.lower().endswith((".html", ".htm", ".xhtml")):
        return of_html(text)
    return tidy(text)


def of_html(page: str) -> str:
    """The words of a web page as a browser without scripts would show them; a row of a table is a line."""
    import nh3  # noqa: PLC0415 - as in `app.ui.vendors.words`

    clean = nh3.clean(page, tags={*_BLOCKS, "br"}, clean_content_tags=set(SILENT), attributes={}, strip_comments=True)
    # What nh3 gives out is well-formed and has no attributes left: a tag is a tag.
    lines = re.sub(r"\s+", " ", clean)
    return tidy(html.unescape(_TAG.sub(_broken, lines)))


def tidy(text: str) -> str:
    """Text without control and invisible characters, with blank lines between paragraphs and no more."""
    lines = [" ".join(line.split()) for line in plain(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _broken(tag: re.Match[str]) -> str:
    closing, name = tag.groups()
    if name == "br":
        return "\n"
    if name in _BESIDE:
        return "" if closing else " "
    return "\n" if name in {"li", "tr", "dt", "dd"} else "\n\n"


def _decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 where it says so, else what the page names, else Latin 1, in which everything is something."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    named = _ENCODING.search(data[:2048])
    for encoding in ("utf-8-sig", named[1].decode("ascii") if named else "", "windows-1252"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return data.decode("latin-1")
