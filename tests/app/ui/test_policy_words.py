"""A vendor's page as words: what a reader would see, and nothing that runs, hides or loads."""

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
