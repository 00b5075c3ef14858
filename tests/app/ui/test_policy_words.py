"""A vendor's page as words: what a reader would see, and nothing that runs, hides or loads."""

import time

import pytest

from app.ui.vendors import policy_words

PAGE = """<!doctype html><html><head><title>T</title><style>p{}</style><script>alert('x')</script></head>
<body><nav><a href="/">Home</a></nav><h1>Terms &amp; conditions</h1>
<p>You may <b>cancel</b>
within 14&nbsp;days.<br>Ask.</p><ul><li>First</li><li>Second</li></ul>
<table><tr><td>Line</td><td>€ 45</td></tr></table><img src=x onerror=alert(1)><p hidden>Hidden words</p></body></html>"""


def test_a_page_becomes_its_words() -> None:
    text = policy_words.of_file(PAGE.encode(), "terms.html")
    assert text == "Home\n\nTerms & conditions\n\nYou may cancel within 14 days.\nAsk.\n\nFirst\n\nSecond\n\nLine € 45\n\nHidden words"
    assert policy_words.of_file(PAGE.encode(), "terms.txt") == text


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (b"One < two\r\n\r\n\r\n\r\nand & more", "a.txt", "One < two\n\nand & more"),
        ("Grüße\u202e\u200b!".encode("utf-16"), "a.txt", "Grüße!"),
        ("\ufeffGrüße".encode(), "a.txt", "Grüße"),
        ("Grüße “quoted”".encode("windows-1252"), "a.txt", "Grüße “quoted”"),
        (b'<html><meta charset="iso-8859-15"><p>\xa4 5</p>', "a.html", "€ 5"),
        (b'<html><meta charset="no-such"><p>\xe9</p>', "a.html", "é"),
        (b"<p>&lt;script&gt;alert(1)&lt;/script&gt;", "a.htm", "<script>alert(1)</script>"),
        (b"\x81\x8d<", "a.txt", "<"),
        (b"", "a.txt", ""),
    ],
)
def test_files_of_every_kind(data: bytes, name: str, text: str) -> None:
    """Encodings are told by what the file says; anything is some text."""
    assert policy_words.of_file(data, name) == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ul><li>One<li>Two</ul><dl><dt>Three<dd>Four</dl>", "One\n\nTwo\n\nThree\n\nFour"),
        ("<p title='a>b'>See <a href=\"https://x.example/?a>b\">our notice</a>", "See our notice"),
        ("1 < 2 &lt; 3&#x21; &euro;&nbsp;4 <!-- no --><!-->5", "1 < 2 < 3! € 4 5"),
        ("<SCRIPT>if (a</b) '<p>'</scr</SCRIPT ><style>p{}</style><title>no</title>yes", "yes"),
        ("<svg><style>p{}</style><text>no</text></svg><svg/>yes<math><mi>x</mi></math>", "yes"),
        ("<svg><foreignObject><div>no</div></foreignObject></svg><svg><p>A browser shows this", "A browser shows this"),
        ("<div><video>no</div>yes", "yes"),
        ("<object><object><p>no</p></object>no</object>yes<template><p>no</template>", "yes"),
        ("<p>yes<plaintext>no", "yes"),
        ("yes<a href='no", "yes"),
        ("yes<!-- no", "yes"),
        ("&#" + "9" * 5000 + ";yes", "\ufffdyes"),
    ],
)
def test_odd_pages_are_read_as_browsers_read_them(page: str, text: str) -> None:
    assert policy_words.of_html(page) == text


HOSTILE = (
    "<div>", "</div>", "<p>", "<b>", "<a href='", '<a ="', "<a b='c'", "<", "</", "<!--", "<!", "<svg>", "<svg><p>", "<video><div>",
    "<script>", "<script></script", "<table><tr><td>", "<select>", "<template>", "&", "&#9", "&#99999999;", "= ",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_page_costs_what_its_length_costs(piece: str) -> None:
    """Nested a hundred thousand deep, or begun and never ended. A parser that needs the square of it takes minutes."""
    page = "<p>Words" + (piece * policy_words.PAGE_LIMIT)[: policy_words.PAGE_LIMIT - 8]
    began = time.process_time()
    assert policy_words.of_file(page.encode(), "a.html").startswith("Words")
    assert time.process_time() - began < 5


def test_a_page_that_is_too_large_is_not_read() -> None:
    """Of either kind of page; text may be longer."""
    data = b"<p>" + b"x" * (policy_words.PAGE_LIMIT - 2)
    for page, name in ((data, "a.txt"), (b"x" + data, "a.html")):
        with pytest.raises(policy_words.PageTooLarge):
            policy_words.of_file(page, name)
    assert len(policy_words.of_file(b"x" + data, "a.txt")) > policy_words.PAGE_LIMIT
