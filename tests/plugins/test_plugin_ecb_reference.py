"""Our table and our parser against the official data: SIX list one and the ECB's own files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from askpro_ecb.currencies import currencies
from askpro_ecb.feed import read_feed


def test_minor_units_of_iso_4217(reference: Path) -> None:
    """Every code and its minor units, none more and none less."""
    lines = (reference / "iso4217" / "minor_units.tsv").read_text("utf-8").splitlines()
    official = {code: int(digits) if digits else None for code, digits in (line.split("\t") for line in lines if line)}
    assert {one.code: one.minor_digits for one in currencies()} == official


def test_history_of_the_ecb(reference: Path) -> None:
    """All 7,126 days since 1999 are read; spot checks of the first, the last and a dead currency."""
    found = read_feed((reference / "ecb" / "eurofxref-hist.zip").read_bytes(), today=date(2026, 10, 30))
    assert len(found) == 7126
    assert (min(found), max(found)) == (date(1999, 1, 4), date(2026, 10, 30))
    assert found[date(2026, 10, 30)]["USD"] == Decimal("1.1172")
    assert "HRK" in found[date(2022, 12, 30)]
    assert "HRK" not in found[date(2023, 1, 2)]


def test_daily_file_equals_the_history(reference: Path) -> None:
    """The XML of a day and that day in the CSV are the same rates."""
    folder = reference / "ecb"
    daily = read_feed((folder / "eurofxref-daily-2022-07-08.xml").read_bytes(), today=date(2022, 7, 8))
    history = read_feed((folder / "eurofxref-hist.zip").read_bytes(), today=date(2026, 10, 30))
    assert daily == {date(2022, 7, 8): history[date(2022, 7, 8)]}
    assert len(daily[date(2022, 7, 8)]) == 31


def test_every_rate_is_a_currency_of_iso_4217_or_was(reference: Path) -> None:
    """What the ECB quotes today has its minor units in our table."""
    found = read_feed((reference / "ecb" / "eurofxref-hist.zip").read_bytes(), today=date(2026, 10, 30))
    assert set(found[max(found)]) <= {one.code for one in currencies()}
