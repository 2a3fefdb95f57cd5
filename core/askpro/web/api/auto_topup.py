"""A customer's saved payment methods, and the rule of auto-top-up: look at, save, switch off."""

from __future__ import annotations

from askpro.errors import NotFound
from askpro.payments import autotopup, methods
from askpro.payments.autotopup import Draft
from askpro.payments.consent import Consent
from askpro.payments.rule import Rule
from askpro.people.queries import customer
from askpro.web.api.auto_topup_schemas import AutoTopup, AutoTopupPut, PaymentMethods, method_of, rule_shown
from askpro.web.api.endpoint import Call, Nothing, endpoint

__all__ = ("HANDLERS",)

_RULE = "/customers/{customer_id:uuid}/auto-topup"


@endpoint(
    "GET", "/customers/{customer_id:uuid}/payment-methods", permission="balance:read", query=Nothing, body=Nothing,
    answer=PaymentMethods, refusals=(404,),
)  # fmt: skip
async def list_payment_methods(call: Call[Nothing, Nothing]) -> PaymentMethods:
    """List a customer's saved payment methods.

    They are asked of the payment services at this moment.
    """
    one = await customer(call.tenant.id, call.id("customer_id"))
    found = await methods.overview(call.tenant, one, locale=one.locale or call.tenant.locale)
    return PaymentMethods([method_of(each) for each in found.methods], list(found.silent))


@endpoint("GET", _RULE, permission="balance:read", query=Nothing, body=Nothing, answer=AutoTopup, refusals=(404,))
async def get_auto_topup(call: Call[Nothing, Nothing]) -> AutoTopup:
    """Look at a customer's auto-top-up."""
    one = await customer(call.tenant.id, call.id("customer_id"))
    found = await autotopup.rule(call.tenant.id, one.wallet_id)
    if found is None:
        raise NotFound("this customer has no auto-top-up")
    return await _shown(call, found)


@endpoint(
    "PUT", _RULE, permission="topups:write", query=Nothing, body=AutoTopupPut, answer=AutoTopup,
    refusals=(403, 404, 409, 503),
)  # fmt: skip
async def put_auto_topup(call: Call[Nothing, AutoTopupPut]) -> AutoTopup:
    """Save a customer's auto-top-up and switch it on.

    A wallet whose balance without any credit line, together with what is under way, falls to `threshold` is charged
    within about a minute: as many steps of `amount` as lift it above the threshold, or what is missing to the target;
    within `monthly_cap` of a calendar month of the reseller. Limits that contradict each other are refused here, with
    the field. A rule that is paused for refused payments goes on only with another card.
    """
    asked = call.body
    one = await customer(call.tenant.id, call.id("customer_id"))
    draft = Draft(
        asked.threshold.value, asked.mode, asked.amount.value, asked.monthly_cap.value, asked.provider, asked.method
    )
    consent = Consent(asked.consent.text, asked.consent.version, asked.consent.locale)
    return await _shown(call, await autotopup.save(call.tenant, one, draft, consent=consent, by=call.actor))


@endpoint("DELETE", _RULE, permission="topups:write", query=Nothing, body=Nothing, answer=AutoTopup, refusals=(404,))
async def switch_off_auto_topup(call: Call[Nothing, Nothing]) -> AutoTopup:
    """Switch a customer's auto-top-up off.

    Nothing more is charged by itself; a charge that is under way ends as it ends.
    """
    one = await customer(call.tenant.id, call.id("customer_id"))
    return await _shown(call, await autotopup.switch_off(call.tenant.id, one.wallet_id, by=call.actor))


async def _shown(call: Call[Nothing, Nothing] | Call[Nothing, AutoTopupPut], found: Rule) -> AutoTopup:
    return rule_shown(found, (await autotopup.charged_this_month(call.tenant, found.wallet_id)).units)


HANDLERS = (list_payment_methods, get_auto_topup, put_auto_topup, switch_off_auto_topup)
