"""A rater and an importer written a second time, the straight way, against which the product is held to the unit.

Exact decimals, one call after the other, dictionaries for a database. Nothing of the product is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import ceil
from typing import Any

__all__ = ("Books", "Outcome", "commission", "price", "take")

MS = timedelta(milliseconds=1)
MICRO = Decimal("0.000001")
FIELDS = (
    "call_id", "reseller", "customer", "direction", "from_number", "to_number", "started_at", "answered_at", "ended_at",
    "disposition", "llm_tokens", "bookings",
)  # fmt: skip


def seconds(milliseconds: int, increments: str, free: int) -> int:
    """Billed seconds (D1)."""
    first, following = map(int, increments.split("/"))
    raw = ceil(Fraction(milliseconds, 1000))
    if raw <= free:
        return 0
    if raw <= first:
        return first
    return first + ceil(Fraction(raw - first, following)) * following


def units(amount: Decimal) -> int:
    """Rounded once, half up, to 10⁻⁶ (D0)."""
    return int((amount.quantize(MICRO, ROUND_HALF_UP) * 1_000_000).to_integral_value())


def price(
    card: Mapping[str, Any], direction: str, number: str, milliseconds: int, tokens: int, bookings: int
) -> tuple[int, int] | None:
    """(units, billed seconds) by D1, D2 and D3; None: no rate."""
    if direction == "inbound":
        rate = card["inbound"]
    else:
        found = max((prefix for prefix in card["outbound"] if number.startswith(prefix)), key=len, default=None)
        if found is None:
            return None
        rate = card["outbound"][found]
    billed = seconds(milliseconds, card["increments"], card.get("free_seconds", 0))
    if not billed:
        return 0, 0
    with localcontext(prec=28):
        amount = Decimal(card.get("connect_fee", "0")) + Decimal(billed) / 60 * Decimal(rate)
        amount += tokens * Decimal(card["token"]) + bookings * Decimal(card["booking"])
        return units(amount), billed


def commission(scheme: Mapping[str, str], sold: int, bought: int, billed: int) -> int:
    """What the reseller earns on the call (D8)."""
    with localcontext(prec=60):
        value = Decimal(scheme["value"])
        if scheme["scheme"] == "per_minute":
            with localcontext(prec=28):
                return units(Decimal(billed) / 60 * value)
        base = sold if scheme["scheme"] == "percent" else sold - bought
        return int((Decimal(base) * value / 100).to_integral_value(ROUND_HALF_UP))


@dataclass
class Outcome:
    """A row that was not booked."""

    line: int
    call: str
    outcome: str
    reason: str


@dataclass
class Books:
    """What is booked, and what was refused last under an id."""

    booked: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)
    refused: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)
    sums: dict[str, Counter[str]] = field(default_factory=dict)
    customers: Counter[str] = field(default_factory=Counter)
    rejects: list[Outcome] = field(default_factory=list)
    rows: int = 0


def take(
    rows: Iterable[tuple[int, list[str]]], tariffs: Mapping[str, Any], customers: Mapping[str, set[str]], now: datetime,
    books: Books | None = None,
) -> Books:  # fmt: skip
    """Import (line, fields) one after the other."""
    books = books or Books()
    for line, fields in rows:
        books.rows += 1
        call = fields[0] if fields else ""
        answer = _one(fields, tariffs, customers, now, books)
        if answer is not None:
            books.rejects.append(Outcome(line, call, *answer))
    return books


def _one(
    fields: list[str], tariffs: Mapping[str, Any], customers: Mapping[str, set[str]], now: datetime, books: Books
) -> tuple[str, str] | None:
    if len(fields) != len(FIELDS):
        return "refused", "malformed"
    row = dict(zip(FIELDS, fields, strict=True))
    try:
        began, answered, ended = (
            datetime.fromisoformat(row[name]) if row[name] else None
            for name in ("started_at", "answered_at", "ended_at")
        )
        tokens, bookings = (_whole(row[name]) for name in ("llm_tokens", "bookings"))
    except ValueError:
        return "refused", "malformed"
    if row["reseller"] not in customers:
        return "refused", "unknown_tenant"
    month = (began.year, began.month) if began is not None and began.tzinfo is not None else None
    spoke = row["disposition"].upper() in ("", "ANSWERED") and answered is not None
    about = (
        row["customer"], began, _ms(began, answered if spoke else ended), _ms(answered, ended) if spoke else None,
        row["direction"], tokens, bookings, row["from_number"], row["to_number"],
    )  # fmt: skip
    whole = (*about, row["disposition"].upper() or "ANSWERED", answered, ended)
    key = (row["reseller"], row["call_id"] or whole, month)
    if key in books.booked:
        return ("duplicate",) * 2 if books.booked[key] == about else ("conflict",) * 2
    reason = _fault(row, began, answered, ended, tokens, bookings, now)
    if reason is None and row["customer"] not in customers[row["reseller"]]:
        reason = "unknown_customer"
    cost = (0, 0, 0, 0)
    if reason is None and spoke:
        reason, cost = _cost(row, about[3], tokens, bookings, tariffs)
    if reason is not None:
        again = books.refused.get(key) == whole
        books.refused[key] = whole
        return ("duplicate", "duplicate") if again else ("refused", reason)
    books.booked[key] = about
    total = books.sums.setdefault(row["reseller"], Counter())
    for name, value in zip(("price", "billed", "wholesale", "commission"), cost, strict=True):
        total[name] += value
    total["answered" if spoke else "unanswered"] += 1
    total["below"] += cost[0] < cost[2]
    if spoke:
        books.customers[f"{row['reseller']}/{row['customer']}"] += cost[0]
    return None


def _cost(
    row: Mapping[str, str], talk: int, tokens: int, bookings: int, tariffs: Mapping[str, Any]
) -> tuple[str | None, tuple[int, int, int, int]]:
    reseller = tariffs["resellers"][row["reseller"]]
    if row["direction"] == "outbound" and row["to_number"].startswith(tuple(tariffs["blocked"]["prefixes"])):
        return "destination_blocked", (0, 0, 0, 0)
    asked = (row["direction"], row["to_number"], talk, tokens, bookings)
    sold, bought = price(reseller, *asked), price(tariffs["platform"][reseller["currency"]], *asked)
    if sold is None or bought is None:
        return "rate_missing", (0, 0, 0, 0)
    return None, (*sold, bought[0], commission(reseller["commission"], sold[0], bought[0], sold[1]))


def _fault(
    row: Mapping[str, str], began: datetime | None, answered: datetime | None, ended: datetime | None, tokens: int,
    bookings: int, now: datetime,
) -> str | None:  # fmt: skip
    call = row["call_id"]
    if not call or call[0] == " " or not all(" " <= c <= "~" for c in call) or len(call) > 128:
        return "missing_id"
    if not row["customer"].replace("-", "").isalnum() or not row["customer"].isascii():
        return "unknown_customer"
    if began is None or ended is None:
        return "missing_start" if began is None else "missing_end"
    if any(at is not None and at.tzinfo is None for at in (began, answered, ended)):
        return "malformed"
    if max(began, ended) > now + timedelta(seconds=90):
        return "in_future"
    if began.year < 1990:
        return "too_old"
    if min(tokens, bookings) < 0 or max(tokens, bookings) > 2 * 10**9:
        return "negative_quantity"
    if row["direction"] not in ("inbound", "outbound"):
        return "bad_direction"
    to, caller = row["to_number"], row["from_number"]
    if to[:1] != "+" or not to[1:].isdecimal() or not to.isascii() or not 4 <= len(to) <= 16 or to[1] == "0":
        return "bad_number"
    if not all(c.isascii() and (c.isalnum() or c in "+*#@._-") for c in caller) or len(caller) > 64:
        return "bad_number"
    if ended < began or (answered is not None and not began <= answered <= ended):
        return "end_before_start"
    return "too_long" if ended - began > timedelta(days=2) else None


def _ms(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None or (since.tzinfo is None) != (until.tzinfo is None):
        return None
    return (until - since) // MS


def _whole(text: str) -> int:
    if not text:
        return 0
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 18:
        raise ValueError(text)
    return int(text)
