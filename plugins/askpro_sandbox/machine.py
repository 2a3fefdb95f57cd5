"""The life of a sandbox payment: pure, and forward only.

open ──► challenge ──► settled | declined
  ├────► settled | declined
  ├────► pending ──(due)──► settled | declined
  ├────► silent  ──(due)──► settled | declined      nobody can say how it stands until then
  └────► expired
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from askpro.errors import Conflict
from askpro.money import Money
from askpro.sdk import ChargeResult, Outcome, SavedMethod, Waiting

__all__ = ("CHOICES", "Payment", "State", "choose", "due", "result")

State = Literal["open", "challenge", "pending", "silent", "settled", "declined", "expired"]

CHOICES = {
    "open": ("succeed", "decline", "challenge", "pending", "pending_lost", "timeout", "timeout_lost", "cancel"),
    "challenge": ("confirm", "refuse", "cancel"),
}
"""What can be chosen in which state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A row of ``plug_sandbox.payment``."""

    id: UUID
    key: str
    kind: Literal["checkout", "charge"]
    amount: Money
    description: str
    customer: str
    state: State
    created_at: datetime
    saves: bool = False
    method: UUID | None = None
    return_url: str = ""
    cancel_url: str = ""
    fate: Literal["settled", "declined"] | None = None
    code: str = ""
    due_at: datetime | None = None
    """When time itself changes the state: expiry of an open page, or the end of waiting."""
    told: str = ""

    @property
    def ref(self) -> str:
        """The payment number as the core sees it."""
        return f"sbx_{self.id.hex}"

    @property
    def over(self) -> bool:
        """Whether it can change no more."""
        return self.state in ("settled", "declined", "expired")


def choose(payment: Payment, choice: str, now: datetime, delay: timedelta) -> Payment:
    """The payment after somebody chose. Raises Conflict when that cannot be chosen any more."""
    if choice not in CHOICES.get(payment.state, ()):
        raise Conflict(f"{choice!r} cannot be chosen while the payment is {payment.state}", code="choice_gone")
    later = now + delay
    match choice:
        case "succeed" | "confirm":
            return replace(payment, state="settled", due_at=None)
        case "challenge":
            return replace(payment, state="challenge")
        case "pending" | "pending_lost":
            fate: Literal["settled", "declined"] = "settled" if choice == "pending" else "declined"
            return replace(payment, state="pending", fate=fate, due_at=later)
        case "timeout" | "timeout_lost":
            fate = "settled" if choice == "timeout" else "declined"
            return replace(payment, state="silent", fate=fate, due_at=later)
    codes = {"decline": "card_declined", "refuse": "authentication_failed", "cancel": "cancelled"}
    return replace(payment, state="declined", code=codes[choice], due_at=None)


def due(payment: Payment, now: datetime) -> Payment:
    """The payment after the time until ``now`` has passed."""
    if payment.due_at is None or now < payment.due_at:
        return payment
    if payment.state in ("open", "challenge"):
        return replace(payment, state="expired", code="expired", due_at=None)
    if payment.fate == "settled":
        return replace(payment, state="settled", fate=None, due_at=None)
    return replace(payment, state="declined", code="card_declined", fate=None, due_at=None)


def result(payment: Payment, method: SavedMethod | None = None) -> ChargeResult:
    """How the payment stands, in the words of the contract."""
    outcome, waiting = {
        "open": (Outcome.PENDING, Waiting.CUSTOMER),
        "challenge": (Outcome.PENDING, Waiting.CUSTOMER),
        "pending": (Outcome.PENDING, Waiting.PROVIDER),
        "silent": (Outcome.UNKNOWN, None),
        "settled": (Outcome.SETTLED, None),
        "declined": (Outcome.DECLINED, None),
        "expired": (Outcome.DECLINED, None),
    }[payment.state]
    settled = outcome is Outcome.SETTLED
    return ChargeResult(
        key=payment.key,
        outcome=outcome,
        amount=payment.amount if settled else None,
        fee=Money(0, payment.amount.currency) if settled else None,
        provider_ref="" if payment.state == "silent" else payment.ref,
        account="sandbox",
        waiting=waiting,
        code=payment.code,
        terminal=payment.code in ("authentication_required", "authentication_failed"),
        method=method if settled else None,
        customer_ref=payment.customer,
    )
