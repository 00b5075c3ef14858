"""A vendor's words on the owner's page: hostile bodies, and what is left of them."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.vendors import words as vendor_words
from app.ui.vendors.words import Link, external, from_html, letter, plain

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://t.example/p.gif>",
    "<img src=x onerror=alert(1) alt='shop'>",
    "<img srcset='https://t.example/p.gif 1x'>",
    "<picture><source srcset=https://t.example/p.gif><img></picture>",
    "<body background=https://t.example/b.gif>",
    "<table background=https://t.example/b.gif><tr><td background=https://t.example/b.gif>x</table>",
    "<video poster=https://t.example/p.gif src=https://t.example/v.mp4 autoplay></video>",
    "<audio src=https://t.example/a.mp3 autoplay>",
    "<p style='background:url(https://t.example/b.gif)'>x</p>",
    "<p style=\"width:expression(alert(1))\">x</p>",
    "<style>@import 'https://t.example/s.css'; p{background:url(https://t.example/b.gif)}</style>",
    "<link rel=stylesheet href=https://t.example/s.css>",
    "<link rel=preconnect href=https://t.example>",
    "<meta http-equiv=refresh content='0;url=https://t.example'>",
    "<base href=https://t.example/>",
    "<iframe src=https://t.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://t.example></object><embed src=https://t.example>",
    "<svg onload=alert(1)><image href=https://t.example/i.png /><use href=https://t.example/i.svg#x /></svg>",
    "<svg><style>@import 'https://t.example/s.css'</style></svg>",
    "<math><mtext><table><mglyph><style><img src=https://t.example onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<noscript><p title=\"</noscript><img src=https://t.example onerror=alert(1)>\"></noscript>",
    "<form action=https://t.example><input name=passphrase><button>Unlock</button></form>",
    "<input type=image src=https://t.example/i.png>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvA\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href=https://a.example ping=https://t.example onclick=alert(1) style=color:red target=_top>x</a>",
    "<p id=main name=csrf class='notice notice-good button'>x</p>",
    "<span class=link-host>(bank.example)</span>",
    "<template><img src=https://t.example></template>",
    "<xmp><img src=https://t.example></xmp>",
    "<!--[if IE]><img src=https://t.example><![endif]-->",
    "<![CDATA[<img src=https://t.example>]]>",
    "</div></main><h1>Unlock</h1>",
    "<plaintext><img src=https://t.example>",
    "<select><option><img src=https://t.example></select>",
    "<b" + " a" * 5000 + ">x</b>",
    "<div>" * 3000,
    "\x00<scr\x00ipt>alert(1)</script>",
]  # fmt: skip

ALLOWED = {"a": {"href", "rel"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}, "span": {"class"}}


class Elements(HTMLParser):
    """Every element of a piece of HTML with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def check(html: str) -> None:
    """Nothing is there that runs, loads, or poses as the page."""
    for tag, attributes in Elements(html).found:
        assert tag in vendor_words.TAGS, tag
        assert set(attributes) <= ALLOWED.get(tag, set()), (tag, attributes)
        if "class" in attributes:
            assert attributes["class"] in {"link-host", "image-words"}
        if tag == "a":
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert re.match(r"(https?|mailto):", attributes["href"])


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_a_hostile_body_is_harmless(body: str, form: str) -> None:
    """Whatever the vendor calls it, only words, plain structure and marked links come out."""
    check(str(letter(body, form)))
    check(str(letter(f"<p>before</p>{body}<p>after</p>", form)))


@given(st.text(alphabet=st.sampled_from("<>/'\"=& abhrefimgsvgtylc:u()[]!#*_\n\\")), st.sampled_from(["html", "markdown", "text"]))
def test_no_text_becomes_anything_else(body: str, form: str) -> None:
    """Random tag soup included."""
    check(str(letter(body, form)))


@given(st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=4))
def test_payloads_do_not_help_each_other(bodies: list[str]) -> None:
    """Nested into each other they are no better."""
    check(str(from_html("".join(bodies))))


def test_cleaning_twice_is_cleaning_once() -> None:
    """What came out goes through the last pass unchanged, so a browser and the cleaner read it alike."""
    for body in HOSTILE:
        once = str(from_html(body))
        assert vendor_words._clean(once, vendor_words.TAGS, {}, {"span": {"link-host", "image-words"}}) == once


def test_a_link_says_where_it_leads() -> None:
    """Its text may claim a bank; the mark beside it tells the host."""
    shown = str(from_html("<a href='https://evil.example/login?a=1&b=2'>https://bank.example</a>"))
    assert '<a href="https://evil.example/login?a=1&amp;b=2" rel="noopener noreferrer nofollow">https://bank.example</a>' in shown
    assert '<span class="link-host">(evil.example)</span>' in shown


def test_a_vendor_cannot_write_the_mark() -> None:
    """The class of the mark does not survive in what the vendor sends."""
    assert "class" not in str(from_html("<span class='link-host'>(bank.example)</span>"))


def test_images_become_their_description() -> None:
    """Nothing is fetched, and the reader knows that something was there."""
    assert (
        str(from_html("<img alt='Our <new> shop' src=https://t.example/p.gif>"))
        == '<span class="image-words">[image: Our &lt;new&gt; shop]</span>'
    )
    assert "[image left out]" in str(from_html("<img src=https://t.example/p.gif>"))
    assert "[image: map]" in str(letter("![map](https://t.example/m.png)", "markdown"))


def test_markdown_keeps_its_structure_and_no_html() -> None:
    """Lists, tables, emphasis; tags are shown as text; headings begin below ours."""
    shown = str(letter("# Sale\n\n- *one*\n- <b>two</b>\n\n|a|b|\n|-|-|\n|1|2|\n\n[shop](https://shop.example)", "markdown"))
    assert "<h3>Sale</h3>" in shown
    assert "<em>one</em>" in shown
    assert "&lt;b&gt;two&lt;/b&gt;" in shown
    assert "<td>1</td>" in shown
    assert "(shop.example)" in shown


def test_text_is_text() -> None:
    """Paragraphs and line breaks stay, everything else is shown as it was typed."""
    assert str(letter("a < b\r\nc\n\n\n**d**", "text")) == "<p>a &lt; b<br>c</p>\n<p>**d**</p>"
    assert str(letter("", "text")) == ""


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://shop.example", Link("https://shop.example", "shop.example")),
        ("HTTPS://Shop.Example/a?b#c", Link("https://shop.example/a?b#c", "shop.example")),
        ("http://shop.example:8080/", Link("http://shop.example:8080/", "shop.example:8080")),
        ("https://bücher.example/ä", Link("https://xn--bcher-kva.example/ä", "xn--bcher-kva.example")),
        ("https://\u0430pple.example", Link("https://xn--pple-43d.example", "xn--pple-43d.example")),
        ("mailto:hello@shop.example?subject=x", Link("mailto:hello@shop.example", "hello@shop.example")),
    ],
)
def test_a_link_that_a_browser_reads_as_we_do(url: str, link: Link) -> None:
    """The host is told in ASCII, so that look-alikes show."""
    assert external(url) == link


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example@evil.example",
        "https://evil.example\\@bank.example",
        "https://evil.example\\.bank.example",
        "https:evil.example",
        "https:///evil.example",
        "//evil.example",
        "/vendors",
        " https://evil.example",
        "https://evil\t.example",
        "https://evil%2eexample",
        "https://[::1]/",
        "https://evil.example:0",
        "https://evil.example:99999",
        "https://" + "a" * 64 + ".example",
        "https://.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://evil.example",
        "mailto:a@b.example,c@d.example",
        "",
    ],
)
def test_a_link_that_could_be_read_otherwise_is_none(url: str) -> None:
    """No user names, backslashes, blanks, encoded or bracketed hosts; what is no link stays text."""
    assert external(url) is None


def test_plain_takes_away_what_cannot_be_seen() -> None:
    """Overrides, isolates, zero-width letters and controls; words and line breaks stay."""
    assert plain("Nine\u202e Lives\u200b\u2066 \x07Insurance\nLtd") == "Nine Lives Insurance\nLtd"
