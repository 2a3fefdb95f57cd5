"""Texts, figures and instants as the reader reads them."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from askpro import clock
from askpro.i18n import MINUS, NEUTRAL, Reader, languages, negotiate, reader, translator
from askpro.money import Money

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import messages  # tools are scripts, not a package

NBSP = "\N{NO-BREAK SPACE}"
BERLIN = Reader("de", "Europe/Berlin")
LONDON = Reader("en", "Europe/London")


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_every_text_is_there_in_every_language() -> None:
    """What stands in code and templates is in each catalogue, translated, with the same placeholders."""
    assert messages.check() == []


def test_a_missing_text_is_found(tmp_path: Path) -> None:
    """The check above can fail: for a text nobody translated and for a placeholder that got lost."""
    (tmp_path / "core/askpro").mkdir(parents=True)
    (tmp_path / "themes").mkdir()
    (tmp_path / "core/askpro/x.py").write_text('_("Hello"); _("%(n)s calls")', encoding="utf-8")
    catalogue = tmp_path / "locales/de/LC_MESSAGES/askpro.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "%(n)s calls"\nmsgstr "Anrufe"\n', encoding="utf-8"
    )

    assert messages.check(tmp_path) == ["de: 'Hello' is missing", "de: '%(n)s calls': has other placeholders"]

    messages.update(tmp_path)
    assert "de: 'Hello': is not translated" in messages.check(tmp_path)


def test_texts_are_translated_and_inflected() -> None:
    """German speaks German, a region speaks its language, an unknown language speaks the message ids."""
    assert BERLIN.gettext("Overview") == "Übersicht"
    assert Reader("de-AT", "Europe/Vienna").gettext("Overview") == "Übersicht"
    assert translator("pl").gettext("Overview") == "Overview"
    one, many = "Please check %(num)s entry", "Please check %(num)s entries"
    assert BERLIN.ngettext(one, many, 1).endswith("Angabe")
    assert BERLIN.ngettext(one, many, 2).endswith("Angaben")


def test_languages_are_those_with_a_catalogue() -> None:
    """German and English at least, and the neutral one among them."""
    assert {"de", NEUTRAL} <= set(languages())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr;q=0.9, en-US;q=0.8", "en"),
        ("en;q=0.1,de;q=0.2", "de"),
        ("fr", None),
        ("", None),
        (";q=x,de;q=huh,,en", "en"),
    ],
)
def test_languages_are_negotiated(header: str, expected: str | None) -> None:
    """The heaviest wish that is offered wins; rubbish is passed over."""
    assert expected == negotiate(header, ("de", "en"))


def test_money_is_rounded_half_up_before_it_is_written() -> None:
    """Half a cent goes up, away from zero, where Babel alone would have gone to the even neighbour (D0)."""
    assert BERLIN.money(euros("0.125")) == f"0,13{NBSP}€"
    assert BERLIN.money(euros("-0.125")) == f"{MINUS}0,13{NBSP}€"
    assert LONDON.money(Money.of("1234.565", "GBP")) == "£1,234.57"


def test_a_balance_never_shows_more_than_is_there() -> None:
    """Balances are rounded down, below zero as well (D0)."""
    assert BERLIN.balance(euros("23.489999")) == f"23,48{NBSP}€"
    assert BERLIN.balance(euros("-0.001")) == f"{MINUS}0,01{NBSP}€"


def test_signs() -> None:
    """A true minus; a plus on request; nothing before zero."""
    assert BERLIN.money(euros("25"), sign=True) == f"+25,00{NBSP}€"
    assert BERLIN.money(euros("0"), sign=True) == f"0,00{NBSP}€"
    assert LONDON.money(Money.of("-0.63", "GBP"), sign=True) == f"{MINUS}£0.63"
    assert BERLIN.number(-1234) == f"{MINUS}1.234"


def test_what_rounds_to_zero_has_no_sign() -> None:
    """A tenth of a cent taken away is not shown as minus nothing."""
    assert BERLIN.money(euros("-0.001")) == f"0,00{NBSP}€"
    assert BERLIN.number(Decimal("-0.004"), digits=2) == "0,00"
    assert BERLIN.percent(Decimal("-0.0001")) == f"0,0{NBSP}%"


def test_money_in_other_coins() -> None:
    """Currencies have as many decimals as their smallest coin, or as many as a plugin says."""
    assert BERLIN.money(Money.of("1234.5", "JPY")) == f"1.235{NBSP}¥"
    assert LONDON.money(Money.of("1.0005", "KWD")).endswith("1.001")
    assert Reader("en", "UTC", minor_digits=lambda _: 1).money(euros("1.25")) == "€1.3"


def test_whole_and_exact_amounts() -> None:
    """A tile says 25 €, a price says every decimal it has."""
    assert BERLIN.money(euros("25"), whole=True) == f"25{NBSP}€"
    assert BERLIN.money(euros("2.5"), whole=True) == f"2,50{NBSP}€"
    assert BERLIN.exact(euros("0.0315")) == f"0,0315{NBSP}€"
    assert BERLIN.exact(euros("3")) == f"3,00{NBSP}€"


def test_a_column_of_amounts_has_as_many_decimals_as_its_finest() -> None:
    """Every figure exact and below the other, never with fewer decimals than the coin has; a sum in it is rounded."""
    prices = [euros("0.06"), euros("-3"), euros("0.0315")]
    digits = BERLIN.decimals(prices)
    assert [BERLIN.exact(one, digits=digits) for one in prices] == [
        f"0,0600{NBSP}€", f"{MINUS}3,0000{NBSP}€", f"0,0315{NBSP}€",
    ]  # fmt: skip
    assert (BERLIN.decimals([euros("3")]), BERLIN.decimals([euros("0.000001")]), BERLIN.decimals([])) == (2, 6, 0)
    assert (LONDON.decimals([Money.of("3", "JPY")]), LONDON.decimals([Money.of("1.2", "KWD")])) == (0, 3)
    assert BERLIN.exact(euros("0.00125"), digits=4) == f"0,0013{NBSP}€"


def test_numbers_and_shares() -> None:
    """Grouping and decimals follow the language; a half goes up."""
    assert BERLIN.number(81204) == "81.204"
    assert LONDON.number(Decimal("2.345"), digits=2) == "2.35"
    assert BERLIN.percent(Decimal("0.4335")) == f"43,4{NBSP}%"
    assert LONDON.percent(Decimal("0.19"), digits=0) == "19%"
    assert (BERLIN.decimal_separator, LONDON.decimal_separator) == (",", ".")


def test_instants_are_told_in_the_tenants_zone() -> None:
    """The same instant is another hour, and here another day, in Berlin and in London."""
    instant = datetime(2026, 11, 21, 23, 14, tzinfo=UTC)

    with clock.frozen(instant):
        assert BERLIN.moment(instant) == "22. Nov., 00:14"
        assert LONDON.moment(instant) == "21 Nov, 23:14"
    with clock.frozen(datetime(2027, 2, 1, tzinfo=UTC)):
        assert BERLIN.moment(instant) == "22. Nov. 2026, 00:14"


def test_days_and_durations() -> None:
    """Civil days are not moved by a zone; durations are minutes and seconds, with hours when there are any."""
    assert BERLIN.day(date(2026, 11, 16)) == "16. Nov."
    assert LONDON.date(date(2026, 11, 16)) == "16 Nov 2026"
    assert (BERLIN.duration(252), BERLIN.duration(5), BERLIN.duration(3852)) == ("4:12", "0:05", "1:04:12")


def test_readers_are_shared() -> None:
    """Asking twice for the same reader makes one."""
    assert reader("de", "Europe/Berlin") is reader("de", "Europe/Berlin")
