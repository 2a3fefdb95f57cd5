"""Transfers that are waited for and movements that have come, and how the one stands by the other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from askpro.money import Money
from askpro.sdk import ChargeResult, Outcome, Waiting

__all__ = ("Movement", "MovementState", "Reason", "Transfer", "TransferState", "result")

TransferState = Literal["open", "announced", "cancelled", "settled"]
MovementState = Literal["review", "assigned", "used", "returned", "foreign"]
"""In the queue · part of a transfer that is not complete · has paid a transfer · sent back · not ours."""

Reason = Literal[
    "", "wrong_amount", "paid_again", "several_references", "damaged_reference", "unknown_reference",
    "fits_name", "fits_amount", "fits_several", "unknown", "went_back",
]  # fmt: skip
"""Why a person has to look; empty: nobody had to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A row of ``plug_banktransfer.transfer``, with what was assigned to it so far."""

    id: UUID
    key: str
    reference: str
    order_reference: str
    amount: Money
    customer: str
    customer_name: str
    iban: str
    state: TransferState
    return_url: str
    cancel_url: str
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None = None
    paid_ref: str = ""
    told: str = ""
    assigned: int = 0
    """10⁻⁶ of the currency that have come already, where that was not all."""
    doubtful: bool = False
    """Money has come that names it, and nobody has decided yet."""

    @property
    def missing(self) -> Money:
        """What has not come yet."""
        return Money(self.amount.units - self.assigned, self.amount.currency)

    def expired(self, now: datetime) -> bool:
        """Whether nobody waits for it any more."""
        return self.state in ("open", "announced") and now >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A row of ``plug_banktransfer.movement``: what a statement said had come, or had gone back."""

    id: UUID
    key: str
    bank_ref: str
    amount: Money
    credit: bool
    booked_on: date | None
    text: str
    """The payer's words and the structured reference."""
    name: str
    iban: str
    return_reason: str
    state: MovementState
    reason: Reason
    named: UUID | None
    """The transfer that it names, as far as it names just one."""
    transfer: UUID | None
    """The transfer that it has paid, or is a part of."""
    created_at: datetime
    note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None

    @property
    def signed(self) -> Money:
        """As the account sees it."""
        return self.amount if self.credit else -self.amount

    @property
    def payment(self) -> str:
        """Its number as a payment: the bank's own, made unique, for banks give one number to a whole batch."""
        return f"{self.bank_ref}~{self.key[:8]}"


def result(transfer: Transfer, now: datetime) -> ChargeResult:
    """How a transfer stands, in the words of the contract.

    Money that has come but does not fit makes it UNKNOWN: it must neither be declined nor asked for once more.
    """
    code, waiting, settled = "", None, transfer.state == "settled"
    if settled:
        outcome = Outcome.SETTLED
    elif transfer.doubtful:
        outcome, code = Outcome.UNKNOWN, "in_review"
    elif transfer.state == "cancelled" or transfer.expired(now):
        outcome, code = Outcome.DECLINED, "cancelled" if transfer.state == "cancelled" else "expired"
    else:
        outcome = Outcome.PENDING
        waiting = Waiting.PROVIDER if transfer.state == "announced" else Waiting.CUSTOMER
    return ChargeResult(
        key=transfer.key,
        outcome=outcome,
        amount=transfer.amount if settled else None,
        fee=Money(0, transfer.amount.currency) if settled else None,
        provider_ref=transfer.paid_ref if settled else transfer.reference,
        account=transfer.iban,
        waiting=waiting,
        code=code,
        customer_ref=transfer.customer,
    )
