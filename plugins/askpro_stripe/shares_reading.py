"""How a shared payment stands at Stripe: what is left of it, and what was transferred of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from askpro.errors import InvalidInput, Unavailable
from askpro.money import Money
from askpro.sdk import Context
from askpro_stripe.book import Request, tenant_of
from askpro_stripe.client import Gone, NoAccess, ask, connect, every
from askpro_stripe.currencies import to_stripe
from askpro_stripe.outcomes import identifier
from askpro_stripe.params import TENANT, group_of
from askpro_stripe.payments import is_ours, read_intent
from askpro_stripe.shares import Standing

__all__ = ("prove", "standing_of", "transfers_of", "withdrawn")

_FAILED = frozenset({"failed", "canceled"})


async def standing_of(ctx: Context, payment: Request, intent: str) -> tuple[Standing, str]:
    """The payment, and the number of its charge.

    Raises Unavailable (``not_settled``) as long as the money is not in the balance, InvalidInput (``payment_unknown``)
    for one that is not this tenant's, and what ``client.ask`` raises.
    """
    scope = payment.scope(ctx)
    api = connect(ctx, scope)
    found = await read_intent(ctx, scope, intent)
    if not is_ours(ctx, found, payment.key):
        raise InvalidInput("this is another payment", code="payment_unknown")
    charge = found.get("latest_charge")
    line = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if found.get("status") != "succeeded" or not isinstance(line, Mapping):
        raise Unavailable("the money has not arrived yet", code="not_settled")
    paid, currency = int(found["amount_received"]), str(found["currency"])
    refunds = await every(api.refunds.list_async({"payment_intent": intent, "limit": 100}))
    disputes = await every(api.disputes.list_async({"payment_intent": intent, "limit": 100}))
    refunded = sum(int(one["amount"]) for one in refunds if one.get("status") not in _FAILED)
    standing = Standing(
        paid=paid,
        fee=to_stripe(Money(payment.fee, payment.currency)) if payment.fee else 0,
        back=refunded + sum(withdrawn(one, paid, currency) for one in disputes),
        settled=int(line["amount"]),
        currency=str(line["currency"]).upper(),
    )
    return standing, identifier(charge)


def withdrawn(dispute: Mapping[str, Any], paid: int, currency: str) -> int:
    """What a dispute has taken, in the payment's currency, read from the movements: an inquiry takes nothing, a bank
    that gives back does so by another movement. Where they are in another currency, so is what is missing: the same
    part of what the bank wanted, for it may be given back at another day's rate than it was taken.
    """
    moved = [one for one in dispute.get("balance_transactions") or () if isinstance(one, Mapping)]
    gone = -sum(int(one["amount"]) for one in moved)
    if gone <= 0:
        return 0
    if {str(one["currency"]) for one in moved} == {currency}:
        return gone
    # what the bank wanted; if even that is in a third currency, all of it
    wanted = int(dispute["amount"]) if dispute.get("currency") == currency else paid
    taken = -min(int(one["amount"]) for one in moved)
    return min(-(-wanted * gone // taken), wanted)


async def transfers_of(ctx: Context, payment: Request) -> dict[str, dict[str, Any]]:
    """Everything that was transferred of this payment, by its number. Errors as ``client.ask``."""
    group = group_of(tenant_of(ctx), payment.key)
    api = connect(ctx, payment.scope(ctx))
    listed = await every(api.transfers.list_async({"transfer_group": group, "limit": 100}))
    return {str(one["id"]): one for one in listed}


async def prove(ctx: Context, payment: Request) -> None:
    """The account that gets the share is this tenant's at this moment, by its own metadata, whatever it was before.

    Raises InvalidInput (``account_closed``, ``account_not_yours``), and what ``client.ask`` raises.
    """
    try:
        found = await ask(connect(ctx, payment.scope(ctx)).accounts.retrieve_async(payment.share_to))
    except (Gone, NoAccess) as error:
        raise InvalidInput(error.detail, code="account_closed") from error
    if (found.get("metadata") or {}).get(TENANT) != str(tenant_of(ctx).id):
        raise InvalidInput("this account belongs to somebody else", code="account_not_yours")
