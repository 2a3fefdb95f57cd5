"""One brand colour becomes a palette in which everything can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpro import paths
from askpro.errors import InvalidInput
from askpro.palette import PAIRS, TEXT, TOKENS, contrast, derive, is_hex

BRANDS = ("#123a7a", "#f26b1d", "#ffe600", "#7ed321", "#00c2e8", "#e6007e", "#14161a", "#f7c6d9")
STYLE_SHEET = paths.themes() / "default" / "static" / "askpro.css"


@pytest.mark.parametrize("brand", BRANDS)
def test_hard_brand_colours_are_readable(brand: str) -> None:
    """Dark blue, orange, yellow, lime, cyan, magenta, black and pink: no pair below its limit, light or dark."""
    assert derive(brand).failing() == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 0xFFFFFF))
def test_any_brand_colour_is_readable(number: int) -> None:
    """The same for any colour there is."""
    assert derive(f"#{number:06x}").failing() == []


def test_a_brand_is_left_alone_where_it_can_be_read() -> None:
    """Buttons keep the tenant's exact colour, and text of a dark brand does too."""
    for brand in BRANDS:
        assert derive(brand).light["accent"] == brand
    assert derive("#123a7a").light["accent-text"] == "#123a7a"


def test_a_black_house_is_white_at_night() -> None:
    """A grey button looks switched off, so near-black turns nearly white in the dark."""
    dark = derive("#14161a").dark

    assert contrast(dark["accent"], dark["page"]) > 12


def test_meanings_do_not_follow_the_brand() -> None:
    """Failed is the same red in a red house and in a blue one."""
    reds = {derive(brand).light["bad-soft"] for brand in BRANDS}

    assert len(reds) == 1


def test_every_token_is_there_in_both_modes() -> None:
    """Light and dark define the same names, each a six-digit colour."""
    palette = derive("#28527a")

    assert set(TOKENS) == set(palette.light) == set(palette.dark)
    assert all(map(is_hex, [*palette.light.values(), *palette.dark.values()]))


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21, a colour on itself 1, whichever comes first."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "#123456;}", "url(x)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    """Only six hexadecimal digits are a brand colour; the field is named."""
    with pytest.raises(InvalidInput) as refused:
        derive(text)

    assert refused.value.field == "brand"


def _rules(css: str) -> list[tuple[str, dict[str, str]]]:
    """The innermost rules of a style sheet: selector and declarations."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    found = []
    for selector, body in re.findall(r"([^{};]+)\{([^{}]*)\}", css):
        pairs = (line.partition(":") for line in body.split(";") if ":" in line)
        found.append((selector.strip(), {name.strip(): value.strip() for name, _, value in pairs}))
    return found


def _tokens(value: str) -> list[str]:
    return [name for name in re.findall(r"var\(--([\w-]+)\)", value) if name in TOKENS]


def unlisted(css: str) -> list[str]:
    """Rules that put one colour on another without the pair being proved readable."""
    listed = {(over, under) for over, under, needed in PAIRS if needed >= TEXT}
    grounds = ("page", "card", "sunken")
    faults = []
    for selector, rule in _rules(css):
        overs, unders = _tokens(rule.get("color", "")), _tokens(rule.get("background", ""))
        for over in overs or ["ink"]:
            for under in unders or (grounds if overs else ()):
                if (over, under) not in listed:
                    faults.append(f"{selector}: {over} on {under}")
    return faults


def test_every_pair_in_the_style_sheet_is_listed() -> None:
    """A rule may only combine a text colour and a ground that the palette guarantees."""
    assert unlisted(STYLE_SHEET.read_text(encoding="utf-8")) == []


def test_an_unlisted_pair_is_found() -> None:
    """The check above can fail."""
    assert unlisted(".x { color: var(--warn); background: var(--bad-soft); }") == [".x: warn on bad-soft"]
    assert unlisted("@layer a { .y { color: var(--edge); } }")[0] == ".y: edge on page"


def test_the_style_sheet_names_no_colour_itself() -> None:
    """Every colour is a token or a system colour, so that no tenant meets one that was not derived for it."""
    css = re.sub(r"/\*.*?\*/", "", Path(STYLE_SHEET).read_text(encoding="utf-8"), flags=re.DOTALL)
    known = {f"--{name}" for name in TOKENS} | {"--font", "--radius"} | set(re.findall(r"(--[\w-]+)\s*:", css))

    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{}]*;)", css) == []
    assert set(re.findall(r"var\((--[\w-]+)", css)) <= known
