"""Texts and figures in the reader's language, instants in the tenant's zone.

Catalogues are plain ``.po`` files read at first use, so translating needs no compile step. ``Reader`` is what
everything that faces a person is given: it speaks (``gettext``) and it writes figures (``money``, ``day`` …).

Babel rounds half to even; money does not (D0). So amounts are rounded by ``askpro.money`` first and Babel
is only asked to write down what is left. Signs are ours as well: U+2212 for minus, ``+`` on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date as civil_date
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from askpro import clock, paths
from askpro.money import Money, floor_to_minor, round_to_minor

__all__ = ("MINUS", "NEUTRAL", "Reader", "cldr_digits", "languages", "negotiate", "reader", "translator")

MINUS = "\N{MINUS SIGN}"
NEUTRAL = "en"
"""The language of the message ids, spoken where no better one is known."""

_HOUSE_VARIANT = {"en": "en_GB"}  # bare English writes dates as Europeans do
_EXACT_DIGITS = 6


@lru_cache(maxsize=64)
def translator(locale: str, folder: Path | None = None, domain: str = "askpro") -> NullTranslations:
    """The catalogue of a language: ``<folder>/<language>/LC_MESSAGES/<domain>.po``, the core's by default.

    ``de_AT`` falls back to ``de``, and a language without a catalogue to the message ids. Plugins pass their own
    folder and domain.
    """
    language = _parsed(locale).language
    for name in dict.fromkeys((locale.replace("-", "_"), language)):
        file = (folder or paths.locales()) / name / "LC_MESSAGES" / f"{domain}.po"
        if file.is_file():
            with file.open("rb") as source:
                catalogue = read_po(source, locale=language, domain=domain, abort_invalid=True)
            compiled = BytesIO()
            write_mo(compiled, catalogue)
            compiled.seek(0)
            return GNUTranslations(compiled)
    return NullTranslations()


@lru_cache(maxsize=8)
def languages(folder: Path | None = None) -> tuple[str, ...]:
    """The languages there are catalogues for, sorted."""
    return tuple(sorted(file.parent.parent.name for file in (folder or paths.locales()).glob("*/LC_MESSAGES/*.po")))


def negotiate(accept_language: str, offered: Sequence[str]) -> str | None:
    """The best of ``offered`` for an ``Accept-Language`` header; None when nothing fits or nothing is said."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), tag.strip().lower()))
        except ValueError:
            continue
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        for candidate in (tag, tag.split("-")[0]):
            for offer in offered:
                if candidate == offer.replace("_", "-").lower():
                    return offer
    return None


@lru_cache(maxsize=256)
def _parsed(locale: str) -> Locale:
    try:
        return Locale.parse(_HOUSE_VARIANT.get(locale, locale), sep="-" if "-" in locale else "_")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_HOUSE_VARIANT[NEUTRAL])


def cldr_digits(currency: str) -> int:
    """Decimals of a currency's smallest coin as CLDR has them; a currencies plugin may know better."""
    return numbers.get_currency_precision(currency)


@lru_cache(maxsize=512)
def reader(locale: str, zone: str) -> Reader:
    """The reader of a language (``de``, ``en``, ``en-GB`` …) in an IANA zone. Readers are shared."""
    return Reader(locale, zone)


@dataclass(frozen=True)
class Reader:
    """Somebody who reads ``locale`` and lives by the clocks of ``zone``."""

    locale: str
    zone: str
    minor_digits: Callable[[str], int] = cldr_digits

    @property
    def language(self) -> str:
        """The language subtag: what ``<html lang>`` says."""
        return _parsed(self.locale).language

    # texts

    def gettext(self, message: str) -> str:
        """``message`` in the reader's language."""
        return translator(self.locale).gettext(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The form of the message that goes with ``n``."""
        return translator(self.locale).ngettext(one, many, n)

    # figures

    @property
    def decimal_separator(self) -> str:
        """What separates decimals where the reader types amounts."""
        return numbers.get_decimal_symbol(_parsed(self.locale))

    def symbol(self, currency: str) -> str:
        """What the reader calls a currency: ``€``."""
        return numbers.get_currency_symbol(currency, _parsed(self.locale))

    def money(self, amount: Money, *, sign: bool = False, whole: bool = False) -> str:
        """``23,48 €``, rounded half up to the smallest coin; ``sign`` also writes ``+``; ``whole`` drops ``,00``."""
        units = round_to_minor(amount.units, self.minor_digits(amount.currency))
        return self._money(units, amount.currency, sign=sign, whole=whole)

    def balance(self, amount: Money) -> str:
        """Like ``money`` but rounded *down*: a balance never shows more than is there (D0)."""
        return self._money(floor_to_minor(amount.units, self.minor_digits(amount.currency)), amount.currency)

    def exact(self, amount: Money, *, sign: bool = False, digits: int | None = None) -> str:
        """The amount with every decimal it has, at least those of the smallest coin: ``0,0315 €``.

        ``digits``: with so many, rounded half up, as a column has them (``decimals``).
        """
        digits = self.decimals((amount,)) if digits is None else digits
        return self._money(round_to_minor(amount.units, digits), amount.currency, sign=sign, digits=digits)

    def decimals(self, amounts: Iterable[Money]) -> int:
        """The fewest decimals that show each of these exactly, at least those of the smallest coin.

        A column with one number of decimals lets the eye compare its figures.
        """
        return max((self._decimals(amount) for amount in amounts), default=0)

    def _decimals(self, amount: Money) -> int:
        used = len(format(amount.decimal.normalize(), "f").partition(".")[2])
        return min(_EXACT_DIGITS, max(used, self.minor_digits(amount.currency)))

    def _money(
        self, units: int, currency: str, *, sign: bool = False, whole: bool = False, digits: int | None = None
    ) -> str:
        value = Decimal(abs(units)).scaleb(-6)
        if digits is None:
            digits = 0 if whole and value == value.to_integral_value() else self.minor_digits(currency)
        locale = _parsed(self.locale)
        pattern = locale.currency_formats["standard"]
        shaped = numbers.NumberPattern(
            pattern.pattern, pattern.prefix, pattern.suffix, pattern.grouping, pattern.int_prec, (digits, digits),
            pattern.exp_prec, pattern.exp_plus, pattern.number_pattern,
        )  # fmt: skip
        text = shaped.apply(value, locale, currency=currency, currency_digits=False)
        return _signed(text, units, sign)

    def number(self, value: int | Decimal, *, digits: int | None = None, sign: bool = False) -> str:
        """``81.204``; with ``digits`` rounded half up to exactly so many decimals."""
        number = abs(Decimal(value))
        pattern = None
        if digits is not None:
            number = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
        text = numbers.format_decimal(number, pattern, _parsed(self.locale), decimal_quantization=False)
        return _signed(text, value if number else 0, sign)

    def percent(self, share: Decimal, *, digits: int = 1) -> str:
        """A share of one as a percentage, rounded half up: ``0.433`` → ``43,3 %``."""
        locale = _parsed(self.locale)
        rounded = abs(share).quantize(Decimal(1).scaleb(-digits - 2), ROUND_HALF_UP)
        shape = locale.percent_formats[None].pattern.replace("#,##0", "#,##0" + ("." + "0" * digits if digits else ""))
        return _signed(numbers.format_percent(rounded, shape, locale), share if rounded else 0, False)

    # time

    def day(self, day: civil_date | datetime) -> str:
        """``21. Nov.``: for axes and rows whose year is plain from where they stand."""
        return dates.format_skeleton("MMMd", self._civil(day), locale=_parsed(self.locale))

    def date(self, day: civil_date | datetime) -> str:
        """``21. Nov. 2026``."""
        return dates.format_skeleton("yMMMd", self._civil(day), locale=_parsed(self.locale))

    def time(self, instant: datetime) -> str:
        """``09:14`` in the tenant's zone."""
        local = instant.astimezone(clock.zone(self.zone))
        return dates.format_time(local, "short", tzinfo=local.tzinfo, locale=_parsed(self.locale))

    def moment(self, instant: datetime) -> str:
        """``21. Nov., 09:14``, with the year unless it is the present one."""
        this_year = self._civil(instant).year == self._civil(clock.now()).year
        return f"{self.day(instant) if this_year else self.date(instant)}, {self.time(instant)}"

    def duration(self, seconds: int) -> str:
        """``4:12``, from an hour on ``1:04:12``."""
        minutes, rest = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def _civil(self, day: civil_date | datetime) -> civil_date:
        return clock.civil_day(day, self.zone) if isinstance(day, datetime) else day


def _signed(text: str, value: int | Decimal, plus: bool) -> str:
    if value < 0:
        return MINUS + text
    return f"+{text}" if plus and value > 0 else text
