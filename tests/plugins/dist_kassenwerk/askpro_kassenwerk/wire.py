"""Kassenwerk's objects, as far as they matter here, and what they mean in AskPro's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import DecimalException
from typing import Generic, Literal, TypeVar

import msgspec
from askpro.errors import AskProError, Unavailable
from askpro.money import Money
from askpro.sdk import ChargeResult, Outcome, RefundResult, SavedMethod, Waiting

__all__ = ("Account", "Amount", "Many", "Method", "Payment", "Refund", "charge_result", "refund_result")

T = TypeVar("T")


class Amount(msgspec.Struct, frozen=True):
    """``{"value": "7.235", "currency": "KWD"}``: currency units as text, exact."""

    value: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> Amount:
        """As it is sent."""
        return cls(format(money.decimal.normalize(), "f"), money.currency)

    @property
    def money(self) -> Money:
        """Raises Unavailable when that is no amount: then nobody knows anything."""
        try:
            return Money.of(self.value, self.currency)
        except (DecimalException, ValueError, AskProError) as error:
            raise Unavailable("an amount that cannot be read", code="answer_unreadable") from error


class Method(msgspec.Struct, frozen=True):
    """What the customer paid with."""

    kind: str
    label: str


class Payment(msgspec.Struct, frozen=True):
    """A payment and its page."""

    id: str
    reference: str
    status: str
    amount: Amount
    account: str
    checkout_url: str
    expires_at: datetime
    fee: Amount | None = None
    failure: str = ""
    method: Method | None = None


class Refund(msgspec.Struct, frozen=True):
    """Money on its way back."""

    id: str
    reference: str
    payment: str
    status: Literal["pending", "done", "failed"]
    amount: Amount
    failure: str = ""


class Account(msgspec.Struct, frozen=True):
    """Whose key that is."""

    id: str
    name: str
    livemode: bool


class Many(msgspec.Struct, Generic[T], frozen=True):
    """A list."""

    data: list[T]


def charge_result(key: str, payment: Payment) -> ChargeResult:
    """How a payment stands. A word that we do not know means that we do not know. Raises Unavailable."""
    said = ChargeResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=payment.id, account=payment.account)
    match payment.status:
        case "open":
            url = payment.checkout_url
            return replace(said, outcome=Outcome.PENDING, waiting=Waiting.CUSTOMER, action_url=url)
        case "processing":
            return replace(said, outcome=Outcome.PENDING, waiting=Waiting.PROVIDER)
        case "paid":
            fee = payment.fee.money if payment.fee is not None else None
            paid_by = payment.method
            by = SavedMethod(ref="", kind=paid_by.kind, label=paid_by.label) if paid_by is not None else None
            return replace(said, outcome=Outcome.SETTLED, amount=payment.amount.money, fee=fee, method=by)
        case "failed":
            return replace(said, outcome=Outcome.DECLINED, code=payment.failure or "declined")
        case "cancelled" | "expired":
            return replace(said, outcome=Outcome.DECLINED, code=payment.status)
    return replace(said, code="status_unknown")


def refund_result(key: str, payment_ref: str, refund: Refund) -> RefundResult:
    """How a refund stands. Raises Unavailable."""
    outcome = {"pending": Outcome.PENDING, "done": Outcome.SETTLED, "failed": Outcome.DECLINED}[refund.status]
    return RefundResult(
        key=key,
        outcome=outcome,
        amount=refund.amount.money if outcome is Outcome.SETTLED else None,
        provider_ref=refund.id,
        payment_ref=payment_ref,
        code=refund.failure,
    )
