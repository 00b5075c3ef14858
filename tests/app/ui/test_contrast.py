"""The two hues, the ink and the red are readable on every surface they are used on, in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import itertools
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "app" / "ui" / "static"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
COLOURS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)}
THEMES = ("light", "dark")


def declared(rule: str) -> list[tuple[float, str, str]]:
    """The pairs named in the head of the tokens, each with its least value."""
    pairs = []
    for least, inks, papers in re.findall(rf"{rule} ([\d.]+): ([\w\- ]+) \| ([\w\- ]+)", TOKENS):
        pairs += [(float(least), ink, paper) for ink, paper in itertools.product(inks.split(), papers.split())]
    return pairs


def channels(colour: str) -> list[float]:
    """Linear light of red, green and blue."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    red, green, blue = channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lightness(colour: str) -> float:
    """CIE L*."""
    y = luminance(colour)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_measure_is_wcags() -> None:
    """Black on white is 21, and #767676 on white is the darkest grey's neighbour that everyone knows: 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("least", "ink", "paper"), declared("contrast"))
def test_declared_pairs_are_readable(least: float, ink: str, paper: str, theme: str) -> None:
    """Every declared pair reaches its ratio in both themes."""
    at = THEMES.index(theme)
    assert contrast(COLOURS[ink][at], COLOURS[paper][at]) >= least


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("least", "mine", "theirs"), declared("lightness"))
def test_mine_and_theirs_differ_in_lightness(least: float, mine: str, theirs: str, theme: str) -> None:
    """An eye that sees no hue still tells the two sides apart."""
    at = THEMES.index(theme)
    assert abs(lightness(COLOURS[mine][at]) - lightness(COLOURS[theirs][at])) >= least


def test_every_colour_of_text_is_declared() -> None:
    """A colour that some rule writes text with stands in a declared pair; so does every surface."""
    sheets = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.rglob("*.css")))
    inks = set(re.findall(r"(?<![\w-])color: var\(--([\w-]+)\)", sheets))
    papers = set(re.findall(r"background(?:-color)?: var\(--([\w-]+)\)", sheets))
    pairs = declared("contrast")
    decoration = {"mine-hair", "edge", "hair", "theirs"}  # the separator of crumbs, the selection, marks without text
    assert inks - {ink for _, ink, _ in pairs} <= decoration
    assert papers - {paper for _, _, paper in pairs} <= decoration


def test_colours_come_from_tokens_only() -> None:
    """No rule outside the tokens names a colour, but for the QR code, which a camera must read, and paper in a printer."""
    named = {}
    for path in sorted(STATIC.rglob("*.css")):
        if path.name in {"tokens.css", "print.css"}:
            continue
        found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", path.read_text(encoding="utf-8")))
        if found - {"#fff", "#000"}:
            named[path.name] = found
    assert named == {}


def test_nothing_loads_from_elsewhere() -> None:
    """No style sheet, script or template of ours loads anything from another host."""
    loads = re.compile(
        r"""url\(\s*['"]?(?:https?:)?//|@import\s+['"](?:https?:)?//|(?:src|srcset|poster)=["']?(?:https?:)?//|import\s.*['"]https?:"""
    )
    templates = STATIC.parent / "templates"
    files = [
        path for folder in (STATIC, templates) for path in sorted(folder.rglob("*.*")) if path.suffix in {".css", ".js", ".html", ".svg"}
    ]
    assert [path.name for path in files if loads.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_inline() -> None:
    """No style attribute, style element, event attribute or inline script in any template: the policy forbids them."""
    inline = re.compile(r"""\sstyle=|<style|\son[a-z]+=["']|<script(?![^>]*\ssrc=)|javascript:""")
    templates = sorted((STATIC.parent / "templates").rglob("*.html"))
    assert templates
    assert [path.name for path in templates if inline.search(path.read_text(encoding="utf-8"))] == []
