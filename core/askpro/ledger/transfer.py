"""A booking as a value: money leaves one account and enters another. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from askpro.errors import Conflict, InsufficientFunds, InvalidInput, MoneyRefused, WalletFrozen
from askpro.ids import new_id

__all__ = ("Bucket", "Posting", "PostingStatus", "Transfer", "reversal")


@dataclass(frozen=True, slots=True)
class Bucket:
    """How credit enters a wallet (D5): what kind of money, when it goes, in which order it is used."""

    kind: str = "paid"
    priority: int = 0
    expires_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        expires = self.expires_at.isoformat() if self.expires_at else None
        return {"kind": self.kind, "priority": self.priority, "expires_at": expires}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer to be booked. ``amount`` is positive, in 10⁻⁶ of the accounts' currency.

    ``key`` makes it happen once: another transfer of the same kind and key is answered *duplicate*.
    Transfers that share ``group`` are booked together or not at all. ``forced`` skips the check of funds
    (a chargeback takes what it takes); ``reverses`` names the transfer that this one undoes.
    """

    tenant: UUID
    debit: UUID
    credit: UUID
    amount: int
    kind: str
    day: date
    occurred_at: datetime
    actor: str
    key: str | None = None
    reason: str = ""
    reverses: UUID | None = None
    forced: bool = False
    bucket: Bucket | None = None
    id: UUID = field(default_factory=new_id)
    group: UUID | None = None


class PostingStatus(StrEnum):
    """What the ledger answers for each transfer."""

    POSTED = "posted"
    DUPLICATE = "duplicate"
    FUNDS = "funds"
    SPENT = "spent"
    """The money of the reversed top-up is no longer there in full."""
    FROZEN = "frozen"
    UNKNOWN_ACCOUNT = "unknown_account"
    CURRENCY_MISMATCH = "currency_mismatch"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    EXCEEDS_ORIGINAL = "exceeds_original"
    """More would be taken back than was booked (or the transfer that is reversed does not exist)."""


@dataclass(frozen=True, slots=True)
class Posting:
    """The answer for one transfer; balances are set where that side is a wallet and it was posted.

    ``transfer`` is the booked one: for a duplicate, the one that was there before.
    """

    status: PostingStatus
    transfer: UUID
    debit_balance: int | None = None
    credit_balance: int | None = None

    @property
    def fresh(self) -> bool:
        """Whether this call booked it (a duplicate is no error, but nothing new)."""
        return self.status is PostingStatus.POSTED

    def or_raise(self) -> Posting:
        """Itself when the money is booked (now or before); else the error that says why not.

        Raises InsufficientFunds, WalletFrozen, InvalidInput.
        """
        match self.status:
            case PostingStatus.POSTED | PostingStatus.DUPLICATE:
                return self
            case PostingStatus.FUNDS:
                raise InsufficientFunds
            case PostingStatus.SPENT:
                raise Conflict(code="already_spent")
            case PostingStatus.EXCEEDS_ORIGINAL:
                raise Conflict(code="exceeds_original")
            case PostingStatus.FROZEN:
                raise WalletFrozen
            case PostingStatus.AMOUNT_NOT_POSITIVE:
                raise InvalidInput(code="amount_not_positive", field="amount")
            case _:
                raise MoneyRefused(code=self.status.value)


def reversal(original: Transfer, *, amount: int | None = None, actor: str, reason: str, key: str) -> Transfer:
    """The transfer the other way that undoes ``original``, wholly or in part. Nothing is ever edited."""
    return Transfer(
        tenant=original.tenant,
        debit=original.credit,
        credit=original.debit,
        amount=original.amount if amount is None else amount,
        kind=f"{original.kind}_reversal",
        key=key,
        day=original.day,
        occurred_at=original.occurred_at,
        actor=actor,
        reason=reason,
        reverses=original.id,
    )
