"""What a tenant may decide about its look: tokens, nothing else, every one of them checked."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from askpro.errors import InvalidInput
from askpro.palette import is_hex

__all__ = ("Font", "ThemeFile", "Tokens", "read_theme", "validated")

_FAMILY = re.compile(r"[A-Za-z][A-Za-z0-9 -]{0,40}")
_FALLBACK = re.compile(r"[a-z-]+(?:, [a-z-]+)*")
_FILE = re.compile(r"[a-z0-9][a-z0-9/-]*\.woff2")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A look: brand colour ``#rrggbb``, the key of a font, the radius of corners in pixels."""

    brand: str
    font: str
    radius: int


@dataclass(frozen=True, slots=True)
class Font:
    """A family with its fallbacks; ``latin`` and ``latin_ext`` are files below ``static/``, empty if not shipped."""

    family: str
    fallback: str
    latin: str = ""
    latin_ext: str = ""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """A ``theme.toml``: what may be chosen and what holds where nothing was."""

    title: str
    defaults: Tokens
    fonts: dict[str, Font]
    radius: tuple[int, int]


def read_theme(folder: Path) -> ThemeFile:
    """The theme in ``folder``. Raises InvalidInput (``theme_unreadable``) naming the key that is wrong."""
    raw = tomllib.loads((folder / "theme.toml").read_text(encoding="utf-8"))
    try:
        fonts = {key: _font(key, value) for key, value in raw["fonts"].items()}
        low, high = raw["limits"]["radius"]
        defaults = Tokens(raw["defaults"]["brand"], raw["defaults"]["font"], raw["defaults"]["radius"])
        theme = ThemeFile(raw["theme"]["title"], defaults, fonts, (low, high))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"{folder.name}/theme.toml: {error}", code="theme_unreadable") from error
    validated(theme)
    return theme


def _font(key: str, value: dict[str, Any]) -> Font:
    font = Font(value["family"], value["fallback"], value.get("latin", ""), value.get("latin-ext", ""))
    files = [file for file in (font.latin, font.latin_ext) if file]
    if not (_FAMILY.fullmatch(font.family) and _FALLBACK.fullmatch(font.fallback) and all(map(_FILE.fullmatch, files))):
        raise ValueError(f"fonts.{key} holds what does not belong into a style sheet")
    return font


def validated(
    theme: ThemeFile, *, brand: str | None = None, font: str | None = None, radius: int | None = None
) -> Tokens:
    """A tenant's choices over the theme's defaults.

    The style sheet is built from these values as they are, so nothing passes here that could end a declaration.
    Raises InvalidInput with ``field`` brand, font or radius.
    """
    chosen_brand = (theme.defaults.brand if brand is None else brand).lower()
    chosen_font = theme.defaults.font if font is None else font
    chosen_radius = theme.defaults.radius if radius is None else radius
    if not is_hex(chosen_brand):
        raise InvalidInput("a colour is written #rrggbb", code="colour_unreadable", field="brand")
    if chosen_font not in theme.fonts:
        raise InvalidInput(f"fonts to choose from: {', '.join(theme.fonts)}", code="font_unknown", field="font")
    low, high = theme.radius
    if type(chosen_radius) is not int or not low <= chosen_radius <= high:
        raise InvalidInput(f"from {low} to {high} pixels", code="radius_out_of_range", field="radius")
    return Tokens(chosen_brand, chosen_font, chosen_radius)
