"""Below which balances a customer is told, as its own page sets it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from askpro import db
from askpro.errors import InvalidInput
from askpro.messages import preferences
from askpro.people.queries import customer
from askpro.wallets import queries
from askpro.wallets.model import Preference
from askpro.wallets.service import THRESHOLDS, set_notices
from askpro.web.api.adjustment_schemas import MoneyGiven
from askpro.web.api.endpoint import Call, Nothing, endpoint
from askpro.web.api.schemas import Money, money

__all__ = ("HANDLERS", "BalanceNotices", "BalanceNoticesPut")

_PATH = "/customers/{customer_id:uuid}/balance-notices"


class BalanceNotices(Struct, frozen=True):
    """What a customer is told of the balance."""

    thresholds: Annotated[list[Money], Meta(description="Highest first. Below each the customer is told once a fall.")]
    tell_empty: Annotated[bool, Meta(description="Also when nothing is left.")]


class BalanceNoticesPut(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; thresholds that are left out are lifted."""

    thresholds: Annotated[
        list[MoneyGiven],
        Meta(max_length=THRESHOLDS, description="In any order; zeros and repeats count for nothing."),
    ]
    tell_empty: bool = True


@endpoint("GET", _PATH, permission="balance:read", query=Nothing, body=Nothing, answer=BalanceNotices, refusals=(404,))
async def get_balance_notices(call: Call[Nothing, Nothing]) -> BalanceNotices:
    """Look at what a customer is told of the balance."""
    tenant = call.tenant.id
    async with db.unit(tenant):
        one = await customer(tenant, call.id("customer_id"))
        return _shown(await queries.preference(tenant, one.wallet_id), one.currency)


@endpoint(
    "PUT", _PATH, permission="customers:write", query=Nothing, body=BalanceNoticesPut, answer=BalanceNotices,
    refusals=(404,),
)  # fmt: skip
async def put_balance_notices(call: Call[Nothing, BalanceNoticesPut]) -> BalanceNotices:
    """Set below which balances a customer is told.

    A notice comes once each time the available balance falls below a threshold, and again only after a credit has
    lifted it to that threshold; a fall through several is one notice, of the lowest. A balance that lies below a new
    threshold already is no fall.
    """
    tenant = call.tenant.id
    one = await customer(tenant, call.id("customer_id"))
    given = [each.value for each in call.body.thresholds]
    if any(each.currency != one.currency for each in given):
        raise InvalidInput(f"this wallet holds {one.currency}", code="currency_mismatch", field="thresholds")
    async with db.unit(tenant):
        kept = await set_notices(
            tenant, one.wallet_id, thresholds=[each.units for each in given], tell_empty=call.body.tell_empty
        )
        wanted = kept.tell_empty or bool(kept.thresholds)  # as on the page: the mail is wanted if there is any
        await preferences.set_wanted(tenant, one.id, "wallet.low", wanted, by=call.actor)
    return _shown(kept, one.currency)


def _shown(kept: Preference, currency: str) -> BalanceNotices:
    return BalanceNotices([money(units, currency) for units in kept.thresholds], kept.tell_empty)


HANDLERS = (get_balance_notices, put_balance_notices)
