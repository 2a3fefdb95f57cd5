"""What is sent to Stripe, as plain data and without any I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from askpro.errors import InvalidInput
from askpro.money import UNITS, Money, to_units
from askpro.sdk import ChargeRequest, CheckoutRequest, CustomerRef, RefundRequest, SetupRequest, TenantRef
from askpro_stripe.currencies import coin_digits, to_stripe
from askpro_stripe.scope import Scope
from askpro_stripe.settings import StripeSettings

__all__ = (
    "KEY",
    "TENANT",
    "action_page",
    "charge",
    "checkout",
    "fee_of",
    "group_of",
    "locale_of",
    "marks",
    "refund",
    "saving_page",
)

TENANT, KEY = "askpro_tenant", "askpro_key"
"""What every object of ours carries in its metadata."""

_LANGUAGES = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl"
    " sv th tr vi zh zh-HK zh-TW"
)
_LOCALES = frozenset(_LANGUAGES.split())
_SHORTEST, _LONGEST = timedelta(minutes=31), timedelta(hours=23, minutes=59)  # Stripe: 30 minutes to 24 hours


def locale_of(locale: str) -> str:
    """The nearest of the languages that Stripe's pages speak; ``auto`` when there is none."""
    tag = locale.replace("_", "-")
    return next((one for one in (tag, tag.split("-")[0]) if one in _LOCALES), "auto")


def marks(tenant: TenantRef, key: str, metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata: ours, and what the core wants to find again. Stripe takes 50 names of 40 letters, values of 500."""
    given = {f"askpro_{name}"[:40]: value[:500] for name, value in sorted(metadata.items())[:40] if value}
    return {**given, TENANT: str(tenant.id), KEY: key}


def fee_of(settings: StripeSettings, scope: Scope, amount: Money, wanted: Money | None) -> Money | None:
    """What the platform keeps, never more than the payment; half up to the coin (D0). None: nothing, or impossible.

    Raises InvalidInput (``platform_fee_impossible``) when somebody counts on a fee that this account cannot pay.
    """
    if wanted:
        if not scope.shared or wanted.currency != amount.currency:
            raise InvalidInput("this account cannot pay a fee to the platform", code="platform_fee_impossible")
        return min(wanted, amount)
    if not scope.shared:
        return None
    share = amount.decimal * settings.fee_percent / Decimal(100) + settings.fee_fixed
    places = coin_digits(amount.currency)
    coins = to_units(share.scaleb(places - 6))  # one rounding, in coins
    fee = min(Money(coins * (UNITS // 10**places), amount.currency), amount)
    return fee or None


def group_of(tenant: TenantRef, key: str) -> str:
    """What ties a payment and its transfers together, and by which they are found."""
    return f"askpro:{tenant.id}:{key}"


def _connected(scope: Scope, fee: Money | None, tenant: TenantRef, key: str) -> dict[str, Any]:
    kept = to_stripe(fee) if fee else 0  # also where it is only kept back: it must be so many whole coins
    if scope.share_to:
        return {"transfer_group": group_of(tenant, key)}
    sent: dict[str, Any] = {}
    if kept:
        sent["application_fee_amount"] = kept
    if scope.destination:  # the reseller sells: his name on the statement, his country's rules
        sent |= {"transfer_data": {"destination": scope.destination}, "on_behalf_of": scope.destination}
    return sent


def checkout(
    request: CheckoutRequest, tenant: TenantRef, scope: Scope, fee: Money | None, customer: str, now: datetime
) -> dict[str, Any]:
    """A page that takes money once. Without ``methods`` Stripe offers what the account has switched on."""
    metadata = marks(tenant, request.key, request.metadata)
    intent: dict[str, Any] = {"description": request.description, "metadata": metadata}
    intent |= _connected(scope, fee, tenant, request.key)
    if request.save_method:
        intent["setup_future_usage"] = "off_session"
    sent: dict[str, Any] = {
        **_page(request.key, customer, request.customer, request.return_url, request.cancel_url),
        "mode": "payment",
        "line_items": _line(request.amount, request.description),
        "adaptive_pricing": {"enabled": False},  # another currency would be another amount than the order's
        "payment_intent_data": intent,
        "metadata": metadata,
        "expires_at": int(max(now + _SHORTEST, min(request.expires_at, now + _LONGEST)).timestamp()),
    }
    if request.save_method and request.consent:
        sent["custom_text"] = {"submit": {"message": request.consent[:1200]}}
    return _with_methods(sent, request.methods)


def action_page(
    request: ChargeRequest, tenant: TenantRef, scope: Scope, fee: Money | None, customer: str, now: datetime
) -> dict[str, Any]:
    """The page on which a customer pays himself what could not be charged without him."""
    metadata = marks(tenant, request.key, request.metadata)
    return {
        **_page(request.key, customer, request.customer, request.return_url, request.return_url),
        "mode": "payment",
        "line_items": _line(request.amount, request.description),
        "adaptive_pricing": {"enabled": False},
        "payment_intent_data": {
            "description": request.description,
            "metadata": metadata,
            **_connected(scope, fee, tenant, request.key),
        },
        "metadata": metadata,
        "expires_at": int((now + _LONGEST).timestamp()),
    }


def saving_page(request: SetupRequest, tenant: TenantRef, customer: str) -> dict[str, Any]:
    """A page that saves a method. Without methods and currency it saves cards."""
    metadata = marks(tenant, request.key, {})
    sent: dict[str, Any] = {
        **_page(request.key, customer, request.customer, request.return_url, request.cancel_url),
        "mode": "setup",
        "setup_intent_data": {"metadata": metadata},
        "metadata": metadata,
    }
    if request.consent:
        sent["custom_text"] = {"submit": {"message": request.consent[:1200]}}
    if request.currency and not request.methods:
        return {**sent, "currency": request.currency.lower()}
    return _with_methods(sent, request.methods or ("card",))


def charge(request: ChargeRequest, tenant: TenantRef, scope: Scope, fee: Money | None, customer: str) -> dict[str, Any]:
    """A charge while the customer is away: a bank that wants him says no at once instead of waiting."""
    sent: dict[str, Any] = {
        "amount": to_stripe(request.amount),
        "currency": request.amount.currency.lower(),
        "customer": customer,
        "payment_method": request.method,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "confirm": True,
        "off_session": True,
        "error_on_requires_action": True,
        "description": request.description,
        "metadata": marks(tenant, request.key, request.metadata),
        "expand": ["latest_charge.balance_transaction"],
        **_connected(scope, fee, tenant, request.key),
    }
    if request.mandate:
        sent["mandate"] = request.mandate
    return sent


def refund(request: RefundRequest, tenant: TenantRef, intent: str, *, passed_on: bool, fee: bool) -> dict[str, Any]:
    """A refund; what was passed on comes back from the reseller, and the platform gives up its share of it."""
    sent: dict[str, Any] = {
        "payment_intent": intent,
        "amount": to_stripe(request.amount),
        "metadata": marks(tenant, request.key, {"payment": request.payment_key, "reason": request.reason}),
        "expand": ["balance_transaction"],
    }
    if passed_on:
        sent["reverse_transfer"] = True
    if fee:
        sent["refund_application_fee"] = True
    return sent


def _page(key: str, customer: str, who: CustomerRef, back: str, cancelled: str) -> dict[str, Any]:
    return {
        "client_reference_id": key[:200],
        "customer": customer,
        "success_url": back,
        "cancel_url": cancelled,
        "locale": locale_of(who.locale),
    }


def _line(amount: Money, name: str) -> list[dict[str, Any]]:
    price = {
        "currency": amount.currency.lower(),
        "unit_amount": to_stripe(amount),
        "product_data": {"name": name[:250]},
    }
    return [{"quantity": 1, "price_data": price}]


def _with_methods(sent: dict[str, Any], methods: Sequence[str]) -> dict[str, Any]:
    return {**sent, "payment_method_types": list(methods)} if methods else sent
