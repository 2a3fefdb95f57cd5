"""What customers are shown of their money beside the ledger's own values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

__all__ = ("EMPTY", "SOON", "CallLine", "Costs", "Preference", "Totals", "days_left")

EMPTY = 10_000
"""Below a hundredth of the currency unit (10⁻⁶) a wallet is called empty; ``wallets.fall`` has the same number."""
SOON = 10
"""Days: what lasts longer is not running low."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What calls and fees took from a wallet in ``[since, until)``, 10⁻⁶ of its currency.

    ``days`` has every civil day of the period, ``parts`` every kind that is not zero; both add up to ``total``.
    """

    since: date
    until: date
    days: dict[date, int]
    parts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.days.values())


@dataclass(frozen=True, slots=True)
class Preference:
    """Below each of ``thresholds`` (10⁻⁶, highest first) the customer is told; ``tell_empty``: when nothing is left."""

    thresholds: tuple[int, ...] = ()
    tell_empty: bool = True

    @property
    def low_balance(self) -> int:
        """The highest threshold; 0: there is none."""
        return self.thresholds[0] if self.thresholds else 0


@dataclass(frozen=True, slots=True)
class Totals:
    """How many lines match, and what they sum up to (10⁻⁶, signed as the wallet sees it)."""

    count: int
    units: int


@dataclass(frozen=True, slots=True)
class CallLine:
    """A booked call. ``talk_ms`` None: not answered; ``price`` and ``overrun`` in 10⁻⁶."""

    id: UUID
    began_at: datetime
    ring_ms: int
    talk_ms: int | None
    billed: int
    outbound: bool
    price: int
    overrun: int
    caller: str | None
    callee: str | None
    source: str
    external_id: str

    @property
    def number(self) -> str:
        """The other side's; empty where it was withheld or erased."""
        return (self.callee if self.outbound else self.caller) or ""

    @property
    def seconds(self) -> int:
        """Its length, in seconds begun."""
        return -(-(self.talk_ms or 0) // 1000)


def days_left(available: int, costs: Costs, *, low: int = 0, soon: int = SOON) -> int | None:
    """How many days the balance lasts at the usage of these days, if that is worth saying.

    It is when fewer than ``soon`` are left or the balance is below ``low``. Whole days, rounded down.
    """
    total, days = costs.total, (costs.until - costs.since).days
    if total <= 0 or days <= 0:
        return None
    left = max(0, available) * days // total
    return left if left < soon or available < low else None
