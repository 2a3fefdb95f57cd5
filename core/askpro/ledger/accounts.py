"""Accounts by what they are: their ids are derived, never looked up."""

from __future__ import annotations

from enum import StrEnum
from hashlib import md5
from uuid import UUID

__all__ = ("AccountKind", "account_id")


class AccountKind(StrEnum):
    """The kinds of accounts a tenant keeps, one of each per currency (and code)."""

    WALLET = "wallet"
    CLEARING = "clearing"
    """What a payment provider owes us; the code names the provider."""
    REVENUE = "revenue"
    VAT = "vat"
    """Tax received and owed; the code names the rate in ten-thousandths."""
    COMMISSION_EXPENSE = "commission_expense"
    COMMISSION_PAYABLE = "commission_payable"
    PAYOUT_TRANSIT = "payout_transit"
    PROMO_EXPENSE = "promo_expense"
    ADJUSTMENT = "adjustment"
    ROUNDING = "rounding"
    OVERRUN = "overrun"
    """What calls cost beyond what their wallet could cover (D6)."""


def account_id(tenant: UUID, kind: AccountKind, currency: str, code: str = "") -> UUID:
    """The id of an account other than a wallet; the same derivation as ``ledger.account_id()`` in SQL."""
    text = f"{tenant}:{kind.value}:{currency}:{code}"
    return UUID(bytes=md5(text.encode(), usedforsecurity=False).digest())
