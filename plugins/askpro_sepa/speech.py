"""Texts and figures in somebody's language, also where nobody has opened a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from askpro.i18n import reader, translator
from askpro.money import Money
from askpro_sepa.target import ZONE

__all__ = ("day", "moment", "money", "speaker")

_FOLDER = Path(__file__).with_name("locales")


def speaker(locale: str) -> Callable[[str], str]:
    """What turns our message ids into that language."""
    return translator(locale, _FOLDER, "sepa").gettext


def money(amount: Money, locale: str) -> str:
    """``50,00 €``."""
    return reader(locale, ZONE).money(amount)


def day(day: date, locale: str) -> str:
    """``21. Nov. 2026``."""
    return reader(locale, ZONE).date(day)


def moment(instant: datetime, locale: str) -> str:
    """``21. Nov. 2026, 09:14``, by the banks' clock."""
    one = reader(locale, ZONE)
    return f"{one.date(instant)}, {one.time(instant)}"
