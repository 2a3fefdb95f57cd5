"""A tenant's style sheet: its palette, font and corners as custom properties. A few kilobytes, made once.

It is plain text put together from validated values (``tokens.validated``); no template and no escaping takes
part, because a quote escaped for HTML would break a font's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from askpro.palette import derive
from askpro.web.theme.assets import content_hash
from askpro.web.theme.tokens import Font, ThemeFile, Tokens

__all__ = ("sheet_path", "tenant_css")

_LATIN = (
    "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+0304, U+0308, U+0329, U+2000-206F, "
    "U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD"
)
_LATIN_EXT = (
    "U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, U+02DD-02FF, U+0304, U+0308, U+0329, U+1D00-1DBF, "
    "U+1E00-1E9F, U+1EF2-1EFF, U+2020, U+20A0-20AB, U+20AD-20C0, U+2113, U+2C60-2C7F, U+A720-A7FF"
)


def tenant_css(tokens: Tokens, theme: ThemeFile, static_url: Callable[[str], str]) -> str:
    """The style sheet of a house; ``static_url`` turns a file below ``static/`` into its address."""
    palette, font = derive(tokens.brand), theme.fonts[tokens.font]
    family = f'"{font.family}"' if font.latin else font.family  # a generic family loses its meaning in quotes
    colours = [f"    --{name}: light-dark({light}, {palette.dark[name]});" for name, light in palette.light.items()]
    return "\n".join(
        [
            *_faces(font, static_url),
            "@layer tokens {",
            "  :root {",
            f"    --font: {family}, {font.fallback};",
            f"    --radius: {tokens.radius}px;",
            *colours,
            "  }",
            "}",
            "",
        ]
    )


def _faces(font: Font, static_url: Callable[[str], str]) -> list[str]:
    return [
        f'@font-face {{ font-family: "{font.family}"; font-weight: 100 900; font-display: swap; '
        f'src: url("{static_url(file)}") format("woff2"); unicode-range: {characters}; }}'
        for file, characters in ((font.latin_ext, _LATIN_EXT), (font.latin, _LATIN))
        if file
    ]


def sheet_path(slug: str, css: str) -> str:
    """``/theme/<slug>.<hash>.css``: changes when, and only when, the look does.

    Raises ValueError for what is not a tenant's slug.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", slug):
        raise ValueError(f"not a slug: {slug!r}")
    return f"/theme/{slug}.{content_hash(css.encode())}.css"
