"""What staff reads for a state, and how it looks: one mapping, as ``theme.labels`` is for customers.

Staff is told what happened; a customer is told what it means for him. So the words differ and the looks do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from askpro.errors import N_
from askpro.sdk.payments import Feature
from askpro.web.theme.labels import Badge

__all__ = ("FEATURES", "FLAGS", "METHODS", "STATES", "badge", "flag")

STATES: Mapping[str, Badge] = {
    "order.new": Badge("neutral", N_("Not paid yet")),
    "order.unknown": Badge("warn", N_("Unclear")),
    "order.pending": Badge("warn", N_("On its way")),
    "order.declined": Badge("bad", N_("Declined")),
    "order.expired": Badge("neutral", N_("Expired")),
    "order.settled": Badge("ok", N_("Paid"), quiet=True),
    "attempt.new": Badge("neutral", N_("Page open")),
    "attempt.unknown": Badge("warn", N_("Unclear")),
    "attempt.pending": Badge("warn", N_("On its way")),
    "attempt.declined": Badge("bad", N_("Declined")),
    "attempt.not_sent": Badge("neutral", N_("Not sent")),
    "attempt.settled": Badge("ok", N_("Paid"), quiet=True),
    "refund.new": Badge("info", N_("In preparation")),
    "refund.unknown": Badge("warn", N_("Unclear")),
    "refund.pending": Badge("warn", N_("On its way")),
    "refund.declined": Badge("bad", N_("Declined")),
    "refund.settled": Badge("ok", N_("Paid back"), quiet=True),
    "dispute.open": Badge("warn", N_("Inquiry")),
    "dispute.withdrawn": Badge("bad", N_("Money withdrawn")),
    "dispute.won": Badge("ok", N_("Won"), quiet=True),
    "dispute.lost": Badge("neutral", N_("Lost")),
    "adjustment.waiting": Badge("warn", N_("Waiting for approval")),
    "adjustment.booked": Badge("ok", N_("Booked"), quiet=True),
    "adjustment.rejected": Badge("neutral", N_("Rejected")),
    "customer.active": Badge("ok", N_("Active"), quiet=True),
    "customer.suspended": Badge("warn", N_("Suspended")),
    "customer.closed": Badge("neutral", N_("Closed")),
    "customer.frozen": Badge("bad", N_("Locked")),
    "rule.active": Badge("ok", N_("Active"), quiet=True),
    "rule.paused": Badge("warn", N_("Paused")),
    "rule.off": Badge("neutral", N_("Off")),
    "provider.on": Badge("ok", N_("Switched on"), quiet=True),
    "provider.off": Badge("neutral", N_("Switched off")),
    "provider.down": Badge("bad", N_("Not available")),
    "provider.test": Badge("warn", N_("Test mode")),
    "provider.live": Badge("ok", N_("Real money"), quiet=True),
    "event.waiting": Badge("info", N_("Waiting")),
    "event.done": Badge("ok", N_("Processed"), quiet=True),
    "event.dead": Badge("bad", N_("Given up")),
    "payout.pending": Badge("info", N_("On its way")),
    "payout.settled": Badge("ok", N_("Paid out"), quiet=True),
    "payout.declined": Badge("bad", N_("Failed")),
    "payout.cancelled": Badge("neutral", N_("Called back")),
    "task.urgent": Badge("bad", N_("Urgent")),
    "task.open": Badge("warn", N_("To do")),
    "finding.ok": Badge("ok", N_("In order"), quiet=True),
    "finding.warning": Badge("warn", N_("Warning")),
    "finding.error": Badge("bad", N_("Fault")),
}
"""``thing.state`` → badge."""

FEATURES: Mapping[Feature, str] = {
    Feature.CHECKOUT: N_("Takes payments on a page of its own"),
    Feature.SAVED_METHODS: N_("Keeps customers' payment methods"),
    Feature.SETUP: N_("Saves a payment method without a payment"),
    Feature.OFF_SESSION: N_("Charges a saved method while the customer is away (automatic top-up)"),
    Feature.REFUND: N_("Pays back"),
    Feature.PARTIAL_REFUND: N_("Pays back parts of a payment"),
    Feature.DISPUTES: N_("Reports disputed payments"),
    Feature.PAYOUT: N_("Pays out"),
    Feature.MANDATES: N_("Keeps direct debit mandates"),
    Feature.PORTAL: N_("Has a page of its own for customers' payment methods"),
    Feature.ONBOARDING: N_("Opens accounts for resellers"),
    Feature.ENDPOINT: N_("Can set up the delivery of its events by itself"),
}
"""What a provider can do, in words."""

METHODS: Mapping[str, str] = {
    "card": N_("Card"),
    "sepa_debit": N_("SEPA direct debit"),
    "bank_transfer": N_("Bank transfer"),
}
"""Kinds of payment, in words; others are shown by their name."""

FLAGS: Mapping[str, str] = {
    "paid_twice": N_("This payment was paid twice. The second amount has not been credited."),
    "amount_mismatch": N_("Another amount arrived than was asked for. It has not been credited."),
    "currency_mismatch": N_("The money arrived in another currency. It has not been credited."),
    "payment_reused": N_("This money had been credited for another payment already. It has not been credited again."),
}
"""Why somebody has to look at a payment (``Order.flag``)."""


def badge(thing: str, state: str) -> Badge:
    """How the state of a thing is shown to staff; one that nobody named is shown as it is."""
    return STATES.get(f"{thing}.{state}") or Badge("neutral", state.replace("_", " ").capitalize())


def flag(code: str) -> str:
    """The message id for a flag; a code that nobody named is shown as it is."""
    return FLAGS.get(code) or code.replace("_", " ")
