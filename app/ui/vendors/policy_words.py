"""A vendor's policy as text: of a web page the words, paragraph by paragraph. Nothing of its markup is kept.

A page is walked once from its beginning to its end and no tree is made of it: a parser that does what browsers do needs the
square of the time where tags are nested deeply. What comes of it is text, which is escaped like any other where it is shown.
"""

import html
import re
from typing import Final

from app.ui.vendors.words import SILENT, plain

PAGE_LIMIT: Final = 1 << 20
"""Bytes of a web page, which is markup for the most part."""

_BLOCKS = frozenset(
    "address article aside blockquote caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li "
    "main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_BESIDE = frozenset({"td", "th"})
_LINES = frozenset({"li", "tr", "dt", "dd"})
# Nothing inside of these is a tag, but for their own end.
_RAW = frozenset({"script", "style", "title", "textarea", "noscript", "noframes", "noembed", "iframe", "xmp", "select"})
_FOREIGN = frozenset({"svg", "math"})
# Browsers leave these at the end of what stands around them.
_LEFT = _FOREIGN | {"audio", "video", "canvas"}
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_NAME = re.compile(r"(/?)([A-Za-z][^\s/>]*)")
_COMMENT_END = re.compile(r"--!?>")
_TAG_MARK = re.compile(r"""=\s*["']|>""")
# Further than any letter there is, and than `int` reads.
_NO_LETTER = re.compile(r"&#[0-9]{100,};?")
_HTML = re.compile(r"(?i)\s*(?:<!doctype html|<html|<head|<body|<!--|<(?:div|p|h1|section|article|main)\b)")
_ENCODING = re.compile(rb"(?i)<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([a-z0-9._-]{1,40})")


class PageTooLarge(Exception):
    """A web page of more than `PAGE_LIMIT` bytes."""


def of_file(data: bytes, name: str) -> str:
    """The text of a .txt or .html file, which is told by its beginning and then by its name. Raises PageTooLarge only."""
    text = _decoded(data)
    if _HTML.match(text) or name.lower().endswith((".html", ".htm", ".xhtml")):
        if len(data) > PAGE_LIMIT:
            raise PageTooLarge
        return of_html(text)
    return tidy(text)


def of_html(page: str) -> str:
    """The words of a web page as a browser without scripts would show them; a row of a table is a line."""
    return tidy("".join(_Walk(page).out))


def tidy(text: str) -> str:
    """Text without control and invisible characters, with blank lines between paragraphs and no more."""
    lines = [" ".join(line.split()) for line in plain(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Walk:
    """One way through a page. `at` only ever grows, and what was looked through in vain ends the walk: so it stays linear."""

    def __init__(self, page: str) -> None:
        self.page, self.at = page, 0
        self.out: list[str] = []
        self.silent = ""
        self.inside: dict[str, int] = {}
        while self.at < len(page):
            self._text()
            self._markup()

    def _text(self) -> None:
        found = _MARKUP.search(self.page, self.at)
        end = found.start() if found else len(self.page)
        if not self.silent:
            words = html.unescape(_NO_LETTER.sub("\ufffd", self.page[self.at : end]))
            self.out.append(re.sub(r"\s+", " ", words))
        self.at = end

    def _markup(self) -> None:
        if self.page.startswith("<!--", self.at):
            # The end may share its dashes with the beginning: `<!-->`.
            found = _COMMENT_END.search(self.page, self.at + 2)
            self.at = found.end() if found else len(self.page)
        elif tag := _NAME.match(self.page, self.at + 1):
            self.at = tag.end()
            empty = self._attributes()
            if self.at <= len(self.page):
                self._tag(tag[2].lower(), closing=bool(tag[1]), empty=empty)
        else:
            self.at = self._behind(self.page.find(">", self.at))

    def _attributes(self) -> bool:
        """To the end of a tag, past what is quoted in it; whether it ends itself. A tag without end is none: nothing comes after it."""
        while mark := _TAG_MARK.search(self.page, self.at):
            self.at = mark.end()
            if mark[0] == ">":
                return self.page[self.at - 2] == "/"
            self.at = self._behind(self.page.find(mark[0][-1], self.at))
        self.at = len(self.page) + 1
        return False

    def _tag(self, name: str, *, closing: bool, empty: bool) -> None:
        if self.silent:
            self._unheard(name, closing=closing, empty=empty)
        elif name in SILENT and not closing:
            self._hush(name, empty=empty)
        if self.silent:
            return
        if name == "br":
            self.out.append("\n")
        elif name in _BESIDE:
            self.out.append("" if closing else " ")
        elif name in _BLOCKS:
            # The end of a line in a list may be left out, so its beginning makes up for it.
            self.out.append("\n" if closing and name in _LINES else "\n\n")

    def _hush(self, name: str, *, empty: bool) -> None:
        if name == "plaintext":
            self.at = len(self.page)
        elif name in _RAW:
            found = re.compile(rf"(?i)</{name}(?=[\s/>])").search(self.page, self.at)
            self.at = self._behind(self.page.find(">", found.end())) if found else len(self.page)
        elif not (empty and name in _FOREIGN):
            self.silent, self.inside = name, {name: 1}

    def _unheard(self, name: str, *, closing: bool, empty: bool) -> None:
        """A tag where nothing is shown: it may end that."""
        if not closing:
            breaks_out = self.silent in _FOREIGN and name in _BLOCKS and not self.inside.get("foreignobject")
            self.silent = "" if breaks_out else self.silent
            self.inside[name] = self.inside.get(name, 0) + (not empty)
        elif self.inside.get(name):
            self.inside[name] -= 1
            self.silent = self.silent if self.inside.get(self.silent) else ""
        elif self.silent in _LEFT and name in _BLOCKS:
            self.silent = ""

    def _behind(self, found: int) -> int:
        return found + 1 if found >= 0 else len(self.page)


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
