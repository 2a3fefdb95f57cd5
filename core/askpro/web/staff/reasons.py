"""Why something did not work, in words for staff. A code that nobody named is quoted."""

from __future__ import annotations

from collections.abc import Mapping

from askpro.errors import N_
from askpro.web.portal.visit import Visit

__all__ = ("reason", "why_not_refundable")

_REASONS: Mapping[str, str] = {
    "cancelled": N_("The customer has cancelled."),
    "expired": N_("The page was open for too long."),
    "declined": N_("The bank did not accept it."),
    "card_declined": N_("The bank did not accept the card."),
    "insufficient_funds": N_("The customer's account was not covered."),
    "expired_card": N_("The card has expired."),
    "stolen_card": N_("The card is reported as stolen."),
    "lost_card": N_("The card is reported as lost."),
    "fraudulent": N_("The provider takes the payment for fraud."),
    "authentication_failed": N_("The customer did not confirm the payment with the bank."),
    "authentication_required": N_("The bank wants the customer to confirm the payment."),
    "method_unknown": N_("The saved payment method no longer exists."),
    "already_booked": N_("This is the same money as another refund of this payment."),
    "nothing_to_refund": N_("The provider knows nothing of this payment."),
    "refund_too_large": N_("More than is left of the payment at the provider."),
    "not_sent": N_("The provider could not be reached; nothing was sent."),
    "unknown": N_("The provider has not answered."),
    "plugin_unavailable": N_("The provider's plugin did not answer; nothing was sent."),
    "plugin_switched_off": N_("The provider is switched off."),
    "provider_unknown": N_("The provider is no longer installed."),
    "dispute": N_("The customer's bank has disputed a payment."),
    "method_removed": N_("The payment method was removed."),
}
_NOT_REFUNDABLE: Mapping[str, str] = {
    "not_paid": N_("Nothing was paid, so nothing can be paid back."),
    "refund_not_supported": N_("This provider cannot pay back. Please transfer the money by hand."),
    "partial_refund_not_supported": N_("This provider pays back the whole only, and a part has been spent."),
    "wallet_frozen": N_("The account is locked by a dispute. Open it first."),
    "exceeds_original": N_("Everything has been paid back already."),
    "already_spent": N_("The credit of this payment has been spent."),
    "insufficient_funds": N_("The credit is set aside for calls in progress. Please try again later."),
    "idempotency_key_reused": N_("This check page has been used already. Please check the refund once more."),
    "amount_too_fine": N_("This amount has too many decimals"),
    "provider_unknown": _REASONS["provider_unknown"],
    "plugin_switched_off": _REASONS["plugin_switched_off"],
}


def reason(visit: Visit, code: str) -> str:
    """A sentence; empty for no code."""
    if not code:
        return ""
    if code in _REASONS:
        return visit.gettext(_REASONS[code])
    return visit.gettext("The provider says: %(code)s.") % {"code": code.replace("_", " ")}


def why_not_refundable(visit: Visit, code: str) -> str:
    """Why nothing (more) of a payment can be paid back (``Refundable.why``)."""
    known = _NOT_REFUNDABLE.get(code)
    return visit.gettext(known or N_("The provider cannot be asked at the moment. Please try again later."))
