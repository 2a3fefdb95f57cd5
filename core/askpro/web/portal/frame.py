"""What surrounds every page and what many pages have in common: house, navigation, filter, pager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = (
    "Brand",
    "FieldError",
    "Filter",
    "Link",
    "NavItem",
    "Notice",
    "Option",
    "Pager",
    "Site",
)

Room = str
"""The name of a room: see ``rooms``."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its text, in the reader's language or the tenant's own words."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice among several: a language, a period, a scheme. ``url`` or ``value``, whichever the control uses."""

    label: str
    value: str = ""
    url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose house this is. ``sheet_url`` is the tenant's style sheet (``css.sheet_path``)."""

    name: str
    sheet_url: str
    home_url: str = "/"
    logo_url: str | None = None
    legal: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class NavItem:
    """A room of the house. ``label`` is a message id, or a plugin's own words in the reader's language."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A message on top of a page after a redirect, shown once."""

    look: Literal["ok", "warn", "bad", "info"]
    text: str


@dataclass(frozen=True, slots=True)
class Site:
    """What surrounds every page. ``nav`` is empty before sign-in; ``csrf`` is the token for this session.

    ``more``: rooms that are seldom gone to, behind one entry of the menu.

    ``languages``: label in its own language, ``value`` its code, ``url`` switches to it by a plain link.
    """

    brand: Brand
    nav: tuple[NavItem, ...] = ()
    more: tuple[NavItem, ...] = ()
    languages: tuple[Option, ...] = ()
    scheme: Literal["auto", "light", "dark"] = "auto"
    csrf: str = ""
    notices: tuple[Notice, ...] = ()
    test_money: str = ""
    """The message id that says so, where money is not real."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field, in the reader's language. ``field`` is the input's name."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A GET form with what is set in it. ``chips`` are the active filters, each link taking its one away.

    Fields: q, kind, start, end (ISO dates; only where the list is ``dated``). ``presets`` are links to periods.
    """

    action: str
    kinds: tuple[Option, ...] = ()
    presets: tuple[Option, ...] = ()
    chips: tuple[Link, ...] = ()
    q: str = ""
    start: str = ""
    end: str = ""
    clear_url: str = ""
    dated: bool = True
    kept: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pager:
    """Where we are in a list: rows ``first`` to ``last`` of ``total`` (None when nobody counted)."""

    first: int
    last: int
    total: int | None = None
    previous_url: str = ""
    next_url: str = ""
