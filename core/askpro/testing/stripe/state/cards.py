"""Stripe's test cards, by token and by number: whom they belong to and how they behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ("BY_NUMBER", "CARDS", "DECLINES", "Card", "Decline")

Sca = Literal["never", "unless_set_up", "set_up", "always"]
"""When the bank wants its customer: never; at once and off-session unless the card was set up; only with the
customer present; at every payment."""


@dataclass(frozen=True, slots=True)
class Decline:
    """How a bank says no."""

    code: str
    decline_code: str
    message: str
    advice: str = "try_again_later"
    network: str = "05"


DECLINES = {
    one.decline_code: one
    for one in (
        Decline("card_declined", "generic_decline", "Your card was declined."),
        Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.", network="51"),
        Decline("card_declined", "lost_card", "Your card was declined.", "do_not_try_again", "41"),
        Decline("card_declined", "stolen_card", "Your card was declined.", "do_not_try_again", "43"),
        Decline("card_declined", "fraudulent", "Your card was declined.", "do_not_try_again", "59"),
        Decline("card_declined", "card_velocity_exceeded", "Your card was declined for making repeated attempts too"
                " frequently or exceeding its amount limit.", network="65"),
        Decline("expired_card", "expired_card", "Your card has expired.", "do_not_try_again", "54"),
        Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data", "N7"),
        Decline("processing_error", "processing_error", "An error occurred while processing your card. Try again in a"
                " little bit.", network="96"),
        Decline("authentication_required", "authentication_required", "Your card was declined. This transaction"
                " requires authentication.", "confirm_card_data", "1A"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A card. ``decline`` is the bank's answer to a charge, ``attaches`` whether it may be saved all the same."""

    number: str
    tokens: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: str = ""
    attaches: bool = True
    sca: Sca = "never"
    after: frozenset[str] = field(default=frozenset())
    """What follows a charge that went through: dispute, inquiry, refund_fails, refund_pending, available."""


def _no(number: str, decline: str, *tokens: str) -> Card:
    return Card(number, tuple(f"pm_card_{one}" for one in tokens), decline=decline, attaches=False)


def _sca(number: str, token: str, sca: Sca, decline: str = "") -> Card:
    return Card(number, (f"pm_card_{token}",), sca=sca, decline=decline)


def _then(number: str, token: str, *after: str) -> Card:
    return Card(number, (f"pm_card_{token}",), after=frozenset(after))


_ALL = (
    Card("4242424242424242", ("pm_card_visa", "pm_card_us")),
    Card("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    Card("5555555555554444", ("pm_card_mastercard",), "mastercard"),
    Card("378282246310005", ("pm_card_amex",), "amex"),
    Card("4000002760000016", ("pm_card_de",), country="DE"),
    Card("4000000400000008", ("pm_card_at",), country="AT"),
    _no("4000000000000002", "generic_decline", "chargeDeclined", "visa_chargeDeclined"),
    _no("4000000000009995", "insufficient_funds",
        "chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
    _no("4000000000009987", "lost_card", "chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"),
    _no("4000000000009979", "stolen_card", "chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"),
    _no("4100000000000019", "fraudulent", "chargeDeclinedFraudulent", "radarBlock"),
    _no("4000000000006975", "card_velocity_exceeded", "chargeDeclinedVelocityLimitExceeded",
        "visa_chargeDeclinedVelocityLimitExceeded"),
    _no("4000000000000069", "expired_card", "chargeDeclinedExpiredCard"),
    _no("4000000000000127", "incorrect_cvc", "chargeDeclinedIncorrectCvc"),
    _no("4000000000000119", "processing_error", "chargeDeclinedProcessingError"),
    Card("4000000000000341", ("pm_card_chargeCustomerFail",), decline="generic_decline"),
    _sca("4000002500003155", "authenticationRequiredOnSetup", "unless_set_up"),
    _sca("4000002760003184", "authenticationRequired", "always"),
    _sca("4000003800000446", "authenticationRequiredSetupForOffSession", "set_up"),
    _sca("4000008260003178", "authenticationRequiredChargeDeclinedInsufficientFunds", "always", "insufficient_funds"),
    _sca("4000000000003220", "threeDSecure2Required", "always"),
    _sca("4000008400001629", "threeDSecureRequiredChargeDeclined", "always", "generic_decline"),
    _then("4000000000000259", "createDispute", "dispute"),
    _then("4000000000001976", "createDisputeInquiry", "inquiry"),
    _then("4000000000005126", "refundFail", "refund_fails"),
    _then("4000000000007726", "pendingRefund", "refund_pending"),
    _then("4000000000000077", "bypassPending", "available"),
)  # fmt: skip

BY_NUMBER = {one.number: one for one in _ALL}
CARDS = {token: one for one in _ALL for token in one.tokens}
"""By the tokens that stand for them in test mode."""
