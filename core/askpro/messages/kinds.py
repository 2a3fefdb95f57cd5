"""The mails there are: which template each uses, and whether a customer may do without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from askpro.errors import N_

__all__ = ("KINDS", "OPTIONAL", "Kind", "kind")


@dataclass(frozen=True, slots=True)
class Kind:
    """``file``: the templates ``<file>.html`` and ``<file>.txt``. ``optional``: what it is called in ``OPTIONAL``."""

    file: str
    to: Literal["customer", "staff"] = "customer"
    optional: str = ""


OPTIONAL: dict[str, str] = {
    "wallet.low": N_("Notice of a low balance"),
    "spending.soft_cap": N_("Notice of high spending"),
    "promo": N_("News of bonus credit"),
}
"""What a customer may switch off → what it is called."""

KINDS: dict[str, Kind] = {
    "topup.settled": Kind("topup_settled"),
    "topup.pending": Kind("topup_pending"),
    "topup.declined": Kind("topup_declined"),
    "autotopup.charged": Kind("autotopup_charged"),
    "autotopup.confirm": Kind("autotopup_confirm"),
    "autotopup.paused": Kind("autotopup_paused"),
    "refund.settled": Kind("refund_settled"),
    "wallet.low": Kind("wallet_low", optional="wallet.low"),
    "spending.soft_cap": Kind("spending", optional="spending.soft_cap"),
    "promo.granted": Kind("promo_granted", optional="promo"),
    "promo.expiring": Kind("promo_expiring", optional="promo"),
    "plugin": Kind("plugin"),
    "refund.declined": Kind("refund_declined", to="staff"),
    "dispute.opened": Kind("dispute", to="staff"),
    "dispute.withdrawn": Kind("dispute", to="staff"),
    "dispute.won": Kind("dispute", to="staff"),
    "dispute.lost": Kind("dispute", to="staff"),
    "payout.failed": Kind("payout_failed", to="staff"),
    "adjustment.waiting": Kind("adjustment_waiting", to="staff"),
    "spending.staff": Kind("spending_staff", to="staff"),
}
"""Name of a mail (mostly the event it tells of) → what it is. A name is for good: it stands in the database."""


def kind(name: str) -> Kind:
    """Raises ValueError for a mail that there is not."""
    try:
        return KINDS[name]
    except KeyError:
        raise ValueError(f"there is no mail {name!r}") from None
