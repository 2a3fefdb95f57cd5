"""From one brand colour to every colour a page needs, light and dark, all of them readable.

A tenant chooses a single colour. Every other one is found in OKLCH: hue and chroma are kept and only the
lightness moves, and no further than the contrast asks for (WCAG 2.2: 4.5 for text, 3 for lines and fills).
Meanings keep their own hues, so that *failed* looks the same in every house. The same palette feeds the
style sheet, mails and documents, which is why it is computed here and not in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

from coloraide import Color

from askpro.errors import InvalidInput

__all__ = ("LINE", "PAIRS", "TEXT", "TOKENS", "Palette", "contrast", "derive", "is_hex")

TEXT, LINE = 4.5, 3.0
"""The contrast that text and that lines or fills must reach (WCAG 2.2, 1.4.3 and 1.4.11)."""

_MARGIN = 0.1  # on top of the limit: browsers round colours to 8 bits, checkers round ratios
_WHITE, _BLACK = "#ffffff", "#10141b"  # what may be written on a coloured area
_HUES = {"ok": 150.0, "warn": 75.0, "bad": 25.0, "info": 245.0}
_SERIES_TURNS = (150.0, 60.0, 255.0, 200.0)  # hues of the other series, as turns from the brand's

_GROUNDS = ("page", "card", "sunken")
_SOFTS = ("accent-soft", *(f"{meaning}-soft" for meaning in _HUES))
_SERIES = tuple(f"series-{n}" for n in range(1, 6))

PAIRS: tuple[tuple[str, str, float], ...] = (
    *((text, ground, TEXT) for text, ground in product(("ink", "muted", "accent-text"), _GROUNDS + _SOFTS)),
    *((meaning, ground, TEXT) for meaning, ground in product(_HUES, _GROUNDS)),
    *((meaning, f"{meaning}-soft", TEXT) for meaning in _HUES),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("page", "ink", TEXT),
    *((line, ground, LINE) for line, ground in product(("edge", "accent-line"), _GROUNDS)),
    ("accent-line", "accent-soft", LINE),
    *((series, "card", LINE) for series in _SERIES),
)
"""(colour, what it lies on, contrast needed): every combination that the style sheet is allowed to use."""

TOKENS: tuple[str, ...] = (
    *_GROUNDS, "hairline", "edge", "ink", "muted",
    "accent", "on-accent", "accent-hover", "accent-soft", "accent-text", "accent-line",
    *_HUES, *(f"{meaning}-soft" for meaning in _HUES), *_SERIES,
)  # fmt: skip
"""The names of the colours; ``--<name>`` in the style sheet."""

Mode = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Token name → ``#rrggbb``, once for light and once for dark surroundings."""

    light: dict[str, str]
    dark: dict[str, str]

    def failing(self) -> list[tuple[Mode, str, str, float]]:
        """The pairs that are harder to read than they may be: always empty for a derived palette."""
        found: list[tuple[Mode, str, str, float]] = []
        modes: tuple[tuple[Mode, dict[str, str]], ...] = (("light", self.light), ("dark", self.dark))
        for mode, colours in modes:
            for over, under, needed in PAIRS:
                ratio = contrast(colours[over], colours[under])
                if ratio < needed:
                    found.append((mode, over, under, ratio))
        return found


def is_hex(text: str) -> bool:
    """Whether ``text`` is a colour as we store it: ``#`` and six lower-case hexadecimal digits."""
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdef" for c in text[1:])


@lru_cache(maxsize=65536)
def _luminance(colour: str) -> float:
    return Color(colour).luminance()


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two hex colours, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True, slots=True)
class _Hue:
    """A hue with its strength, to be had at any lightness."""

    chroma: float
    hue: float

    def at(self, lightness: float) -> str:
        colour = Color("oklch", [lightness, self.chroma, self.hue])
        text: str = colour.convert("srgb").fit(method="oklch-chroma").to_string(hex=True)
        return text

    def readable(self, start: float, grounds: list[str], needed: float, towards: float) -> str:
        """The colour nearest to lightness ``start`` that stands out from every ground, looking ``towards`` 0 or 1."""

        def passes(lightness: float) -> str | None:
            colour = self.at(lightness)
            return colour if all(contrast(colour, ground) >= needed + _MARGIN for ground in grounds) else None

        if found := passes(start):
            return found
        near, far, best = start, towards, self.at(towards)
        for _ in range(12):  # 1/4096 of the way: finer than 8 bits can show
            middle = (near + far) / 2
            if found := passes(middle):
                far, best = middle, found
            else:
                near = middle
        return best


@lru_cache(maxsize=1024)
def derive(brand: str) -> Palette:
    """Every colour of a house with this brand colour (``#rrggbb``).

    Raises InvalidInput (``colour_unreadable``) when it is not a colour.
    """
    brand = brand.lower()
    if not is_hex(brand):
        raise InvalidInput(f"not a colour: {brand!r}", code="colour_unreadable", field="brand")
    lightness, chroma, hue = Color(brand).convert("oklch").coords(nans=False)
    own = _Hue(chroma, hue)
    return Palette(light=_light(brand, lightness, own), dark=_dark(brand, lightness, own))


def _light(brand: str, lightness: float, own: _Hue) -> dict[str, str]:
    grey = _Hue(min(own.chroma, 0.012), own.hue)  # greys with a breath of the brand
    c = {
        "page": _Hue(grey.chroma * 0.4, own.hue).at(0.984),
        "card": _WHITE,
        "sunken": grey.at(0.962),
        "hairline": grey.at(0.908),
        "ink": grey.at(0.215),
        "accent-soft": _Hue(min(own.chroma, 0.036), own.hue).at(0.953),
        **{f"{meaning}-soft": _Hue(0.036, hue).at(0.955) for meaning, hue in _HUES.items()},
    }
    grounds = [c[ground] for ground in _GROUNDS]
    softs = [c[soft] for soft in _SOFTS]
    c["muted"] = grey.readable(0.45, grounds + softs, TEXT, 0.0)
    c["edge"] = grey.readable(0.62, grounds, LINE, 0.0)
    c["accent-text"] = own.readable(lightness, grounds + softs, TEXT, 0.0)
    c["accent-line"] = own.readable(lightness, [*grounds, c["accent-soft"]], LINE, 0.0)
    for meaning, hue in _HUES.items():
        c[meaning] = _Hue(0.14, hue).readable(0.52, [*grounds, c[f"{meaning}-soft"]], TEXT, 0.0)
    c |= _fill(brand, lightness, own)
    return c | _series(c, own, (0.50, 0.66), 0.0)


def _dark(brand: str, lightness: float, own: _Hue) -> dict[str, str]:
    grey = _Hue(min(own.chroma, 0.012) * 1.3, own.hue)
    c = {
        "page": grey.at(0.172),
        "card": grey.at(0.212),
        "sunken": grey.at(0.258),
        "hairline": grey.at(0.332),
        "ink": _Hue(grey.chroma * 0.4, own.hue).at(0.955),
        "accent-soft": _Hue(min(own.chroma, 0.05), own.hue).at(0.292),
        **{f"{meaning}-soft": _Hue(0.05, hue).at(0.290) for meaning, hue in _HUES.items()},
    }
    grounds = [c[ground] for ground in _GROUNDS]
    softs = [c[soft] for soft in _SOFTS]
    if own.chroma < 0.03 and lightness < 0.5:  # a black house turns white at night; grey would look switched off
        lightness, brand = 0.93, own.at(0.93)
    c["muted"] = grey.readable(0.74, grounds + softs, TEXT, 1.0)
    c["edge"] = grey.readable(0.52, grounds, LINE, 1.0)
    c["accent-text"] = own.readable(lightness, grounds + softs, TEXT, 1.0)
    c["accent-line"] = own.readable(lightness, [*grounds, c["accent-soft"]], LINE, 1.0)
    for meaning, hue in _HUES.items():
        c[meaning] = _Hue(0.13, hue).readable(0.80, [*grounds, c[f"{meaning}-soft"]], TEXT, 1.0)
    if min(contrast(brand, ground) for ground in grounds) < LINE:  # a button must be seen on a dark page
        brand = own.readable(lightness, grounds, LINE, 1.0)
        lightness = Color(brand).convert("oklch").coords(nans=False)[0]
    c |= _fill(brand, lightness, own)
    return c | _series(c, own, (0.72, 0.60), 1.0)


def _fill(brand: str, lightness: float, own: _Hue) -> dict[str, str]:
    """The coloured area of a button, what is written on it, and the same under the pointer."""
    ink = next((ink for ink in (_WHITE, _BLACK) if contrast(ink, brand) >= TEXT), None)
    if ink is None:  # the narrow band in which neither ink can be read
        brand, ink = own.readable(lightness, [_WHITE], TEXT, 0.0), _WHITE
    step = -0.05 if ink == _WHITE else 0.04
    hover = own.at(min(1.0, max(0.0, Color(brand).convert("oklch").coords(nans=False)[0] + step)))
    if contrast(ink, hover) < TEXT:
        hover = brand
    return {"accent": brand, "on-accent": ink, "accent-hover": hover}


def _series(c: dict[str, str], own: _Hue, levels: tuple[float, float], towards: float) -> dict[str, str]:
    """Five fills for parts of a whole. They differ in lightness too, but the table beside them says the same."""
    chroma = max(0.09, min(own.chroma, 0.14))
    series = {"series-1": c["accent-line"]}
    for n, turn in enumerate(_SERIES_TURNS):
        other = _Hue(chroma, (own.hue + turn) % 360)
        series[f"series-{n + 2}"] = other.readable(levels[(n + 1) % 2], [c["card"]], LINE, towards)
    return series
