"""What Stripe's objects mean in the words of the contract. Pure: plain data in, results out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from askpro.money import Money
from askpro.sdk import ChargeResult, Outcome, RefundResult, SavedMethod, Waiting
from askpro_stripe.currencies import from_stripe

__all__ = ("TERMINAL", "identifier", "method_of", "of_intent", "of_refund", "of_session", "refusal", "why")

TERMINAL = frozenset({
    "authentication_required", "stolen_card", "lost_card", "pickup_card", "restricted_card", "fraudulent",
    "merchant_blacklist", "security_violation", "invalid_account", "new_account_information_available",
    "revocation_of_authorization", "revocation_of_all_authorizations", "stop_payment_order", "expired_card",
    "card_not_supported", "currency_not_supported", "transaction_not_allowed", "payment_method_not_available",
    # bank debits
    "account_closed", "bank_account_restricted", "debit_not_authorized", "mandate_invalid",
    "payment_method_microdeposit_failed", "recipient_deceased", "bank_ownership_changed",
})  # fmt: skip
"""Refusals that asking again cannot mend: another method, or the customer himself, is needed."""

_VAGUE = frozenset({"", "generic_decline"})


def identifier(thing: Any) -> str:
    """The id of an object that may or may not be expanded, or be missing."""
    return str(thing.get("id") or "") if isinstance(thing, Mapping) else str(thing or "")


def why(error: Mapping[str, Any]) -> str:
    """A stable code for a refusal: the bank's, where it says more than no."""
    said = str(error.get("decline_code") or "")
    return said if said not in _VAGUE else str(error.get("code") or "card_declined")


def refusal(key: str, account: str, error: Mapping[str, Any], ref: str = "", *, action_url: str = "") -> ChargeResult:
    """A bank's no."""
    code = why(error)
    return ChargeResult(
        key=key, outcome=Outcome.DECLINED, provider_ref=ref, account=account, code=code, terminal=code in TERMINAL,
        action_url=action_url,
    )  # fmt: skip


def of_session(key: str, account: str, session: Mapping[str, Any]) -> ChargeResult:
    """A page of Checkout in payment mode, with ``payment_intent.latest_charge.balance_transaction`` expanded."""
    intent = session.get("payment_intent")
    ref = identifier(intent) or identifier(session)
    match session.get("status"):
        case "open":
            # what the bank said of a card that was tried there; another one may be tried as long as the page is open
            error = (intent.get("last_payment_error") if isinstance(intent, Mapping) else None) or {}
            url = str(session.get("url") or "")
            return _pending(key, account, ref, Waiting.CUSTOMER, url, why(error) if error else "")
        case "expired":
            return ChargeResult(key=key, outcome=Outcome.DECLINED, provider_ref=ref, account=account, code="expired")
    if isinstance(intent, Mapping):
        return of_intent(key, account, intent)
    # complete, but the payment was not expanded: the word of the page alone settles nothing
    return ChargeResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=ref, account=account, code="incomplete")


def of_intent(key: str, account: str, intent: Mapping[str, Any]) -> ChargeResult:
    """A PaymentIntent that was sent to a bank, with ``latest_charge.balance_transaction`` expanded."""
    ref = identifier(intent)
    match intent.get("status"):
        case "succeeded":
            return ChargeResult(
                key=key, outcome=Outcome.SETTLED, provider_ref=ref, account=account,
                amount=from_stripe(int(intent["amount_received"]), str(intent["currency"])),
                fee=_fee(intent.get("latest_charge")), method=_paid_by(intent),
                customer_ref=identifier(intent.get("customer")),
            )  # fmt: skip
        case "processing" | "requires_capture":
            return _pending(key, account, ref, Waiting.PROVIDER)
        case "requires_action" | "requires_confirmation":
            return _pending(key, account, ref, Waiting.CUSTOMER, _next(intent))
        case "requires_payment_method":
            return refusal(key, account, intent.get("last_payment_error") or {}, ref)
        case "canceled" if intent.get("last_payment_error"):
            return refusal(key, account, intent["last_payment_error"], ref)
        case "canceled":
            return ChargeResult(key=key, outcome=Outcome.DECLINED, provider_ref=ref, account=account, code="cancelled")
    return ChargeResult(key=key, outcome=Outcome.UNKNOWN, provider_ref=ref, account=account, code="not_understood")


def of_refund(key: str, refund: Mapping[str, Any]) -> RefundResult:
    """A refund, with ``balance_transaction`` expanded where there is one."""
    outcome = {
        "succeeded": Outcome.SETTLED,
        "pending": Outcome.PENDING,
        "requires_action": Outcome.PENDING,
        "failed": Outcome.DECLINED,
        "canceled": Outcome.DECLINED,
    }.get(str(refund.get("status")), Outcome.UNKNOWN)
    code = ""
    if outcome is Outcome.DECLINED:
        code = str(refund.get("failure_reason") or refund["status"]).replace("canceled", "cancelled")
    return RefundResult(
        key=key, outcome=outcome, provider_ref=identifier(refund), code=code,
        amount=from_stripe(int(refund["amount"]), str(refund["currency"])) if outcome is not Outcome.DECLINED else None,
        fee=_transaction_fee(refund.get("balance_transaction")) if outcome is Outcome.SETTLED else None,
        payment_ref=identifier(refund.get("payment_intent")),
    )  # fmt: skip


def method_of(ref: str, kind: str, details: Mapping[str, Any], *, default: bool = False) -> SavedMethod:
    """A method from what Stripe knows of its kind (``details``: the part named like the kind)."""
    last4, wallet = str(details.get("last4") or ""), details.get("wallet")
    name = kind.replace("_", " ").title()
    if kind == "card":
        name = str(details.get("display_brand") or details.get("brand") or "card").replace("_", " ").title()
    elif kind == "sepa_debit":
        name = "SEPA"
    label = f"{name} •••• {last4}" if last4 else name
    if isinstance(wallet, Mapping) and wallet.get("type"):
        label = f"{label} ({str(wallet['type']).replace('_', ' ').title()})"
    year, month = details.get("exp_year"), details.get("exp_month")
    return SavedMethod(
        ref=ref, kind=kind, label=label, default=default,
        expires=(int(year), int(month)) if year and month else None,
        fingerprint=str(details.get("fingerprint") or ""), mandate=identifier(details.get("mandate")),
    )  # fmt: skip


def _pending(key: str, account: str, ref: str, waiting: Waiting, url: str = "", code: str = "") -> ChargeResult:
    return ChargeResult(
        key=key, outcome=Outcome.PENDING, provider_ref=ref, account=account, waiting=waiting, action_url=url, code=code
    )


def _next(intent: Mapping[str, Any]) -> str:
    """Where a customer can confirm, if that is a page."""
    action = intent.get("next_action") or {}
    place = action.get(str(action.get("type"))) if isinstance(action, Mapping) else None
    if not isinstance(place, Mapping):
        return ""
    return str(place.get("url") or place.get("hosted_instructions_url") or place.get("hosted_verification_url") or "")


def _paid_by(intent: Mapping[str, Any]) -> SavedMethod | None:
    """What paid, as people know it; with a number only where it was saved for later."""
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, Mapping) else None
    if not isinstance(details, Mapping):
        return None
    kind = str(details.get("type") or "")
    saved = bool(intent.get("setup_future_usage"))
    return method_of(identifier(intent.get("payment_method")) if saved else "", kind, details.get(kind) or {})


def _fee(charge: Any) -> Money | None:
    return _transaction_fee(charge.get("balance_transaction")) if isinstance(charge, Mapping) else None


def _transaction_fee(transaction: Any) -> Money | None:
    """In the currency of the account, which need not be the payment's."""
    if not isinstance(transaction, Mapping):
        return None
    return from_stripe(int(transaction["fee"]), str(transaction["currency"]))
