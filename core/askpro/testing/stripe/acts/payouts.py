"""Payouts: money leaves for the account holder's bank, and mostly arrives."""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import free, post
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import DAY
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("cancel_payout", "pay_out", "settle_payout")

_TRAVELS = 2 * DAY
"""Until a payout arrives."""


def pay_out(
    book: Book,
    amount: int,
    currency: str,
    *,
    metadata: dict[str, str] | None = None,
    description: str | None = None,
    statement_descriptor: str | None = None,
) -> Obj:
    """Send money to the bank. Raises Fault: balance_insufficient."""
    if free(book, currency) < amount:
        raise refused(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.",
            code="balance_insufficient",
        )
    identifier = book.new_id("po")
    thing: Obj = {
        "id": identifier,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": book.now + _TRAVELS,
        "automatic": False,
        "balance_transaction": post(book, "payout", -amount, currency, identifier)["id"],
        "created": book.now,
        "currency": currency,
        "description": description,
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": book.livemode,
        "metadata": metadata or {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": statement_descriptor,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
    book.add(thing)
    emit(book, "payout.created", thing)
    book.world.later(_TRAVELS, "payout", book, identifier, "paid")
    return thing


def settle_payout(book: Book, payout: Obj, outcome: str) -> None:
    """It arrives (``paid``), or the bank's reason why it does not; then the money is back.

    A bank may also return in the days after what was paid; what has failed or was called back stays so.
    """
    if payout["status"] not in ("pending", "in_transit") and (payout["status"] != "paid" or outcome == "paid"):
        return
    if outcome == "paid":
        payout["status"] = "paid"
        emit(book, "payout.paid", payout)
        return
    line = post(book, "payout_failure", payout["amount"], payout["currency"], payout["id"])
    payout.update(
        status="failed",
        failure_code=outcome,
        failure_message="The bank did not accept the payout.",
        failure_balance_transaction=line["id"],
    )
    emit(book, "payout.failed", payout)


def cancel_payout(book: Book, payout: Obj) -> Obj:
    """Call it back while it has not left. Raises Fault when it has."""
    if payout["status"] != "pending":
        raise refused(f"Payouts can only be canceled while they are pending; this one is {payout['status']}.")
    payout["status"] = "canceled"
    line = post(book, "payout_cancel", payout["amount"], payout["currency"], payout["id"])
    payout["failure_balance_transaction"] = line["id"]
    emit(book, "payout.canceled", payout)
    return payout
