"""Refunds: never more than was paid; at once with most cards, days later with debits, and sometimes not at all."""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import post
from askpro.testing.stripe.acts.fees import refund_fee
from askpro.testing.stripe.acts.methods import card_of
from askpro.testing.stripe.acts.transfers import reverse
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import shown
from askpro.testing.stripe.state.world import DAY
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("REASONS", "make_refund", "settle_refund")

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
_PATIENCE = 5 * DAY
"""Until a bank that answers late does."""


def make_refund(
    book: Book,
    charge: Obj,
    amount: int | None,
    *,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
    reverse_transfer: bool = False,
    refund_application_fee: bool = False,
) -> Obj:
    """Send money back. Raises Fault: charge_already_refunded, charge_disputed, or more than is left."""
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check(charge, amount, left)
    method = book.objects[charge["payment_method"]]
    card = card_of(book, method)
    waits = method["type"] == "sepa_debit" or (card is not None and "refund_pending" in card.after)
    thing: Obj = {
        "id": book.new_id("pyr" if method["type"] == "sepa_debit" else "re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": book.now,
        "currency": charge["currency"],
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if waits else "succeeded",
        "transfer_reversal": None,
    }
    if not waits:
        details = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
        thing["destination_details"] = {"card": details, "type": "card"}
    _give_back(book, charge, thing, reverse_transfer, refund_application_fee)
    book.add(thing)
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(book, "refund.created", thing)
    emit(book, "charge.refunded", charge, previous)
    if waits:
        book.world.later(_PATIENCE, "refund", book, thing["id"], "succeeded")
    elif card is not None and "refund_fails" in card.after:
        book.world.later(DAY, "refund", book, thing["id"], "expired_or_canceled_card")
    return thing


def _check(charge: Obj, amount: int, left: int) -> None:
    if charge["status"] != "succeeded":
        raise refused(
            f"Charge {charge['id']} cannot be refunded because it has not succeeded.", code="charge_not_refundable"
        )
    if charge["disputed"]:
        raise refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            param="charge",
        )
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise refused(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > left:
        currency = charge["currency"]
        raise refused(
            f"Refund amount ({shown(amount, currency)}) is greater than unrefunded amount on charge"
            f" ({shown(left, currency)})",
            param="amount",
        )


def _give_back(book: Book, charge: Obj, refund: Obj, reverse_transfer: bool, fee_too: bool) -> None:
    """The line in the books; and, in proportion, what had gone on to others."""
    amount, currency = refund["amount"], charge["currency"]
    if reverse_transfer and not charge.get("transfer"):
        raise refused("Cannot reverse a transfer: this charge has none.", param="reverse_transfer")
    if fee_too and not charge["application_fee"]:
        raise refused("Cannot refund an application fee on a charge without one.", param="refund_application_fee")
    kind = "payment_refund" if charge["id"].startswith("py_") else "refund"
    origin = book.objects[charge["balance_transaction"]]
    at = max(book.now, origin["available_on"])
    refund["balance_transaction"] = post(book, kind, -amount, currency, refund["id"], at=at)["id"]
    if reverse_transfer:
        sent = book.objects[charge["transfer"]]
        part = sent["amount"] * amount // charge["amount"]
        if amount + charge["amount_refunded"] == charge["amount"]:
            part = sent["amount"] - sent["amount_reversed"]
        refund["transfer_reversal"] = reverse(book, sent, part, source_refund=refund["id"])["id"]
    if fee_too:
        home = book.world.home(charge["application_fee"], book.livemode)
        if home is not None:
            fee = home.objects[charge["application_fee"]]
            part = fee["amount"] * amount // charge["amount"]
            if amount + charge["amount_refunded"] == charge["amount"]:
                part = fee["amount"] - fee["amount_refunded"]
            if part:
                refund_fee(home, fee, part)


def settle_refund(book: Book, refund: Obj, outcome: str) -> None:
    """The bank answers: ``succeeded``, or why not. Money that does not arrive comes back to the account."""
    if refund["status"] not in ("pending", "succeeded") or refund["status"] == outcome:
        return
    charge = book.objects[refund["charge"]]
    if outcome == "succeeded":
        previous = {"status": refund["status"]}
        refund["status"] = "succeeded"
        emit(book, "refund.updated", refund, previous)
        emit(book, "charge.refund.updated", refund, previous)
        return
    previous = {"status": refund["status"]}
    refund.update(status="failed", failure_reason=outcome)
    line = post(book, "refund_failure", refund["amount"], refund["currency"], refund["id"])
    refund["failure_balance_transaction"] = line["id"]
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    emit(book, "refund.updated", refund, previous)
    emit(book, "charge.refund.updated", refund, previous)
    emit(book, "refund.failed", refund)
