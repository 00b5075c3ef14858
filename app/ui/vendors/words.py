"""A vendor's words on the owner's page: shown, never obeyed. Nothing in them runs, loads from anywhere, or looks like ours.

HTML passes nh3 (html5ever) twice. The first pass normalises, so that the rewriting between them sees what a browser
would see; the second has the last word. Images become their description, headings start below the page's own, and
every link says where it really leads.
"""

import re
from functools import cache
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

from app.i18n import _
from app.ui.view import view

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "h3", "h4", "h5", "h6", "hr",
    "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
})  # fmt: skip
REPLACED = frozenset({"img", "h1", "h2"})
# With their content: what a browser would not show as text.
SILENT = frozenset({
    "script", "style", "template", "noscript", "noframes", "noembed", "iframe", "object", "applet", "svg", "math", "title", "textarea",
    "select", "xmp", "plaintext", "audio", "video", "canvas",
})  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
REL = "noopener noreferrer nofollow"

# Bidirectional overrides and isolates reorder the words around them; zero-width ones hide; controls do neither good.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_WEB = re.compile(r"(?i)https?://(?P<host>[^\s\x00-\x20\x7f\\/?#@:\[\]%]+)(?P<port>:[0-9]{1,5})?(?P<rest>[/?#][^\s\x00-\x20\x7f\\]*)?")
_MAIL = re.compile(r"(?i)mailto:(?P<to>[a-z0-9._+-]+@[a-z0-9.-]+)(?:\?.*)?")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


@view
class Link:
    """A link of the vendor's and where it really leads: a host in ASCII (IDNA), or a mail address."""

    href: str
    host: str


def plain(text: str) -> str:
    """Text without control, bidirectional and zero-width characters, which could dress up what stands beside it."""
    return _INVISIBLE.sub("", text)


def external(url: str) -> Link | None:
    """A link that a browser reads as we do, or None.

    Refused is whatever the two could read differently: user names, backslashes, white space, percent signs in the
    host, IP literals in brackets. International names are turned into their ASCII form, so that look-alikes show.
    """
    if mail := _MAIL.fullmatch(url):
        return Link(f"mailto:{mail['to']}", mail["to"])
    web = _WEB.fullmatch(url)
    if web is None:
        return None
    try:
        host = web["host"].encode("idna").decode("ascii").lower()
        port = urlsplit(url).port
    except ValueError:
        return None
    if not _HOST.fullmatch(host) or port == 0:
        return None
    scheme = url.split(":", 1)[0].lower()
    return Link(f"{scheme}://{host}{web['port'] or ''}{web['rest'] or ''}", host + (web["port"] or ""))


def letter(body: str, form: str) -> Markup:
    """The body of a message, ready for a container of class `letter`. `form`: text, markdown or html; anything else is text."""
    body = plain(body)
    if form == "markdown":
        return from_html(_markdown().render(body))
    if form == "html":
        return from_html(body)
    return from_text(body)


def from_text(body: str) -> Markup:
    """Plain text as paragraphs; blank lines part them, single breaks stay."""
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", body.replace("\r\n", "\n").strip("\n")) if part.strip()]
    return Markup("\n").join(Markup("<p>%s</p>") % Markup("<br>").join(part.strip("\n").split("\n")) for part in paragraphs)


def from_html(body: str) -> Markup:
    """HTML with nothing left in it that runs, loads or poses."""
    return Markup(_clean(_rewrite(_clean(body, TAGS | REPLACED, {"img": {"alt"}}, {})), TAGS, {}, {"span": {"link-host", "image-words"}}))  # noqa: S704 - nh3 had the last word


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a process that shows no message does without it

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _clean(body: str, tags: frozenset[str], attributes: dict[str, set[str]], classes: dict[str, set[str]]) -> str:
    import nh3  # noqa: PLC0415 - as Markdown's

    return nh3.clean(
        body,
        tags=set(tags),
        clean_content_tags=set(SILENT),
        attributes=ATTRIBUTES | attributes,
        allowed_classes=classes,
        generic_attribute_prefixes=set(),
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel=REL,
        strip_comments=True,
    )


class _Rewriter(HTMLParser):
    """Writes normalised HTML again: images as words, headings lowered, links with their host."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.links: list[Link | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            words = _("image: %(words)s") % {"words": values["alt"]} if values.get("alt", "").strip() else _("image left out")
            self.out.append(f'<span class="image-words">[{escape(words)}]</span>')
        elif tag == "a":
            link = external(values.get("href", ""))
            self.links.append(link)
            if link is not None:
                self.out.append(f'<a href="{escape(link.href)}">')
        else:
            kept = "".join(f' {name}="{escape(value)}"' for name, value in values.items() if name in {"colspan", "rowspan", "start"})
            self.out.append(f"<{_lowered(tag)}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.out.append(f"</{_lowered(tag)}>")
        elif self.links and (link := self.links.pop()) is not None:
            self.out.append(f'</a> <span class="link-host">({escape(link.host)})</span>')

    def handle_data(self, data: str) -> None:
        self.out.append(escape(data))


def _lowered(tag: str) -> str:
    return "h3" if tag in {"h1", "h2"} else tag


def _rewrite(clean: str) -> str:
    rewriter = _Rewriter()
    rewriter.feed(clean)
    rewriter.close()
    return "".join(rewriter.out)
