"""Charging by the rule of auto-top-up (D7): ``fire`` decides, commits, charges and counts.

Whoever fires at the same time: the rule's row is locked while it is decided, the order is committed with it, and a
wallet whose last automatic order has no end, or one that is not counted yet, gets no second.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import AskProError, Conflict, NotAllowed
from askpro.ledger.queries import Wallet
from askpro.ledger.queries import wallet as read_wallet
from askpro.money import Money
from askpro.payments import providers, rule
from askpro.payments.charges import Source, collect, place
from askpro.payments.model import Attempt, Order
from askpro.payments.quote import quote
from askpro.payments.rule import Rule
from askpro.payments.topup import bounds
from askpro.people.model import Customer
from askpro.people.queries import customer as read_customer
from askpro.sdk.payments import Feature, Limits, ProviderCapabilities
from askpro.tenancy import tax
from askpro.tenancy.model import Tenant
from askpro.tenancy.queries import tenant_by_id
from askpro.wallets import topup_rule
from askpro.wallets.topup_rule import Standing

__all__ = ("Fired", "fire", "limits_of", "standing")

_BY = Actor.system("auto-top-up")


@dataclass(frozen=True, slots=True)
class Fired:
    """What came of it. ``idle``: no active rule, or nothing is due; ``resting``: after a failure; ``busy``: a charge is
    under way; ``refused``: it was due and could not be charged."""

    outcome: Literal["idle", "resting", "busy", "refused", "charged", "pending", "declined", "unknown"]
    reason: str = ""
    order: Order | None = None


async def limits_of(tenant: Tenant, can: ProviderCapabilities) -> topup_rule.Limits:
    """Least and most net credit of one charge: the tenant's own bounds, and the provider's, whose amounts are gross.

    Raises NotAllowed (``topup_not_offered``), NotFound (``tax_rate_missing``).
    """
    least, most = (bound.units for bound in bounds(tenant))
    coin = 10 ** (6 - min(6, providers.minor_digits(tenant.currency)))
    async with db.unit(tenant.id):
        rate = await tax.rate_on(tenant.id, clock.civil_day(clock.now(), tenant.timezone))
    theirs = can.limits.get(tenant.currency, Limits())
    if theirs.minimum is not None:
        least = max(least, _net(theirs.minimum, rate, coin, ROUND_CEILING))
    if theirs.maximum is not None:
        most = min(most, _net(theirs.maximum, rate, coin, ROUND_FLOOR))
    return topup_rule.Limits(-(-least // coin) * coin, most // coin * coin, coin)


def _net(gross: Money, rate: Decimal, coin: int, rounding: str) -> int:
    """The whole coins of net credit that cost that much, from the side that is meant."""
    return int((Decimal(gross.units) / (1 + rate) / coin).to_integral_value(rounding)) * coin


async def fire(tenant_id: UUID, wallet_id: UUID) -> Fired:
    """Top a wallet up by its rule, if that is due now. Outside any unit; however many call at once, one charges.

    Raises NotFound for a tenant that is not there.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    async with db.unit(tenant_id):
        known = await rule.read(tenant_id, wallet_id)
        if known is not None and known.open_order is not None:
            await rule.note(tenant_id, known.open_order)  # the listener may be behind
            known = await rule.read(tenant_id, wallet_id)
        early = _early(known) if known is not None else Fired("idle")
        if early is not None or known is None:
            return early or Fired("idle")
    tenant = await tenant_by_id(tenant_id)
    customer = await read_customer(tenant_id, known.customer_id)
    try:
        limits = await limits_of(tenant, await _capable(tenant, known))
    except AskProError as error:
        return await _refused(tenant_id, wallet_id, error.code)
    decided = await _decide(tenant, customer, known, limits)
    if isinstance(decided, Fired):
        return decided
    order, attempt, source = decided
    after = await collect(tenant, customer, order, attempt, source, by=_BY)
    async with db.unit(tenant_id):
        await rule.note(tenant_id, after.id)
    outcomes: dict[str, Any] = {"settled": "charged", "pending": "pending", "unknown": "unknown", "new": "pending"}
    return Fired(outcomes.get(after.state, "declined"), after.reason, after)


async def _capable(tenant: Tenant, known: Rule) -> ProviderCapabilities:
    """What the provider of the rule can do now. Raises AskProError with the code of why it cannot charge."""
    can = await (await providers.provider(tenant.id, known.provider)).capabilities()
    if Feature.OFF_SESSION not in can.features:
        raise NotAllowed("this provider cannot charge any more", code="not_supported")
    return can


async def _decide(
    tenant: Tenant, customer: Customer, seen: Rule, limits: topup_rule.Limits
) -> Fired | tuple[Order, Attempt, Source]:
    """Decide and commit, with the rule's row locked: the order with its attempt, or why there is none."""
    now = clock.now()
    today = clock.civil_day(now, tenant.timezone)
    async with db.unit(tenant.id):
        found = await rule.read(tenant.id, seen.wallet_id, lock=True)
        if found is None:
            return Fired("idle")
        if (early := _early(found)) is not None:
            return early
        if (found.provider, found.method_ref) != (seen.provider, seen.method_ref):
            return Fired("idle")  # saved anew at this very moment: the next round asks its own provider
        purse = await read_wallet(tenant.id, found.wallet_id)
        if purse.frozen or customer.status != "active" or tenant.status != "active":
            return Fired("idle")
        stands = await standing(tenant, purse)
        if found.terms.threshold < stands.available + stands.pending:
            return Fired("idle")
        decision = topup_rule.decide(found.terms, stands, limits)
        if not decision.units:
            until = clock.day_bounds(clock.next_month(today), tenant.timezone)[0]
            await rule.postpone(tenant.id, found, decision.reason, until if decision.reason == rule.CAP else None)
            return Fired("refused", decision.reason)
        net = Money(decision.units, found.amount.currency)
        total = await quote(tenant.id, net, today, providers.minor_digits(net.currency))
        source = Source(found.provider, found.method_ref, found.method_label, found.mandate)
        try:
            order, attempt = await place(tenant, customer, total, source, by=_BY)
        except Conflict:
            return Fired("busy")
        await db.execute(
            "update payments.rule set open_order = $3, last_order = $3, last_refusal = '', changed_at = $4"
            " where tenant_id = $1 and wallet_id = $2",
            tenant.id,
            found.wallet_id,
            order.id,
            now,
        )
    return order, attempt, source


def _early(found: Rule) -> Fired | None:
    """Why it does not fire, as far as the rule itself says."""
    if found.state != "active":
        return Fired("idle", found.reason)
    if found.open_order is not None:
        return Fired("busy")
    if found.cooldown_until is not None and clock.now() < found.cooldown_until:
        return Fired("resting", found.last_refusal)
    return None


async def standing(tenant: Tenant, purse: Wallet) -> Standing:
    """What is there, what is under way, and what the rule has charged in this month of the tenant's calendar.

    A charge belongs to the month in which it was begun; one that failed belongs to none.
    """
    month = clock.month_of(clock.now(), tenant.timezone)
    row = await db.fetchrow(
        "select coalesce(sum(net) filter (where state in ('unknown', 'pending') and flag = ''), 0)::bigint as pending,"
        " coalesce(sum(net) filter (where origin = 'auto' and state in ('new', 'unknown', 'pending', 'settled')"
        " and created_at >= $3), 0)::bigint as charged from payments.orders"
        " where tenant_id = $1 and wallet_id = $2 and (created_at >= $3 or state in ('unknown', 'pending'))",
        tenant.id,
        purse.id,
        clock.day_bounds(month, tenant.timezone)[0],
    )
    return Standing(purse.posted - purse.held, row["pending"], row["charged"])


async def _refused(tenant: UUID, wallet: UUID, reason: str) -> Fired:
    async with db.unit(tenant):
        found = await rule.read(tenant, wallet, lock=True)
        if found is None or _early(found) is not None:
            return Fired("idle")
        purse = await read_wallet(tenant, wallet)
        if purse.posted - purse.held > found.terms.threshold:
            return Fired("idle")
        await rule.postpone(tenant, found, reason)
    return Fired("refused", reason)
