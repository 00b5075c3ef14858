"""QR codes, drawn on the server as inline SVG."""

from io import BytesIO

from markupsafe import Markup


def qr(text: str, title: str) -> Markup:
    """A QR code as inline SVG, `title` being its text alternative; it belongs into an element of class `qr`.

    Size and colours come from the style sheet: a style attribute would break the content security policy.
    """
    import segno  # noqa: PLC0415 - few pages have a code

    drawn = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", border=0, xmldecl=False, svgns=False, svgclass=None, lineclass=None, omitsize=True, title=title)
    return Markup(drawn.getvalue().decode()).replace("<svg ", Markup('<svg role="img" '), 1)  # noqa: S704 - segno escapes the title
