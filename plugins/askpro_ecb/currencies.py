"""The currencies of ISO 4217 with their minor units, from the table beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from askpro.sdk import Currency

__all__ = ("currencies",)


@cache
def currencies() -> tuple[Currency, ...]:
    """Every code of list one, by code."""
    lines = Path(__file__).with_name("iso4217.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return tuple(Currency(code, name, None if digits == "-" else int(digits)) for code, digits, name in rows)
