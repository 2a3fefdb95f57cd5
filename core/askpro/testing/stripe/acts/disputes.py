"""Disputes: the bank takes the money back, and sometimes returns it."""

from __future__ import annotations

from askpro.testing.stripe.acts.balance import post
from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import decimals
from askpro.testing.stripe.state.world import DAY
from askpro.testing.stripe.wire.faults import refused
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("EVIDENCE", "OPEN", "close_dispute", "open_dispute", "submit_evidence")

EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
_MAGIC = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(
    book: Book, charge: Obj, *, reason: str = "fraudulent", amount: int | None = None, inquiry: bool = False
) -> Obj:
    """The customer objects. A card's money is gone until the bank decides; a debit's for good; an inquiry only asks."""
    if charge["disputed"] or charge["status"] != "succeeded":
        raise refused(f"Charge {charge['id']} cannot be disputed.")
    kind = charge["payment_method_details"]["type"]
    thing: Obj = {
        "id": book.new_id("du" if kind == "card" else "dp"),
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"] if amount is None else amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": book.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": book.now + 7 * DAY if kind == "card" else None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": book.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response" if kind == "card" else "lost",
    }
    if kind == "card":
        brand = charge["payment_method_details"]["card"]["brand"]
        case = "inquiry" if inquiry else "chargeback"
        thing["payment_method_details"] = {
            "card": {"brand": brand, "case_type": case, "network_reason_code": "10.4"},
            "type": "card",
        }
    book.add(thing)
    charge["disputed"] = not inquiry
    if not inquiry:
        _line(book, thing, -thing["amount"], "dispute", fee=True)
    emit(book, "charge.dispute.created", thing)
    if not inquiry:
        emit(book, "charge.dispute.funds_withdrawn", thing)
    if thing["status"] == "lost":
        emit(book, "charge.dispute.closed", thing)
    return thing


def submit_evidence(book: Book, dispute: Obj, evidence: dict[str, str | None], *, submit: bool) -> None:
    """Say something for it. ``uncategorized_text`` may hold Stripe's magic words, which decide at once."""
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise refused("This dispute is already closed or under review.", param="evidence")
    previous = {"status": dispute["status"]}
    dispute["evidence"].update(evidence)
    details = dispute["evidence_details"]
    details["has_evidence"] = any(dispute["evidence"][name] for name in EVIDENCE)
    if submit and evidence:
        details["submission_count"] += 1
        warning = dispute["status"].startswith("warning")
        dispute["status"] = "warning_under_review" if warning else "under_review"
    emit(book, "charge.dispute.updated", dispute, previous)
    if submit and (outcome := _MAGIC.get(evidence.get("uncategorized_text") or "")):
        close_dispute(book, dispute, outcome)


def close_dispute(book: Book, dispute: Obj, outcome: str) -> Obj:
    """The bank decides: ``won`` or ``lost``."""
    if dispute["status"] not in OPEN:
        raise refused("This dispute is already closed.")
    previous = {"status": dispute["status"]}
    if dispute["status"].startswith("warning"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = outcome
        if outcome == "won":
            _line(book, dispute, dispute["amount"], "dispute_reversal")
    emit(book, "charge.dispute.closed", dispute, previous)
    if dispute["status"] == "won":
        emit(book, "charge.dispute.funds_reinstated", dispute)
    return dispute


def _line(book: Book, dispute: Obj, amount: int, category: str, *, fee: bool = False) -> None:
    currency = dispute["currency"]
    cost = 20 * 10 ** decimals(currency)
    fees: list[Obj] = []
    if fee:
        text = "Dispute fee"
        fees = [{"amount": cost, "application": None, "currency": currency, "description": text, "type": "stripe_fee"}]
    line = post(book, "adjustment", amount, currency, dispute["id"], fees=fees, category=category)
    dispute["balance_transactions"].append(dict(line))
