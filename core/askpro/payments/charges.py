"""Charges of a saved method while the customer is away, by the rule of auto-top-up.

Order and attempt are committed first, then the provider is called with the attempt's id as its key, then the answer is
booked. An answer that gets lost leaves the payment *unknown*: the janitor asks for it, and nobody charges again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotAllowed, NotFound, PluginUnavailable
from askpro.events import emit
from askpro.i18n import reader
from askpro.ids import named_id, new_id
from askpro.payments import providers, schedule, settle
from askpro.payments.model import ORDER, Attempt, Order, attempt_of, order_of
from askpro.payments.quote import Quote
from askpro.payments.topup import reference
from askpro.people.model import Customer
from askpro.sdk.payments import ChargeRequest, ChargeResult, CustomerRef, Outcome
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant

__all__ = ("Source", "collect", "place", "speaks")

log = structlog.get_logger("askpro.payments")


@dataclass(frozen=True, slots=True)
class Source:
    """A saved method: the provider's key, its number there, how people know it, the customer's leave (SEPA)."""

    provider: str
    method: str
    label: str
    mandate: str = ""


async def place(
    tenant: Tenant, customer: Customer, total: Quote, source: Source, *, by: Actor
) -> tuple[Order, Attempt]:
    """Write order and attempt down, inside the caller's unit: ``collect`` once they are committed.

    Raises Conflict (``topup_in_flight``) when another automatic top-up of the wallet has no end yet.
    """
    now, net = clock.now(), total.net
    for again in range(5):
        try:
            async with db.unit(tenant.id):
                made = await db.fetchrow(
                    "insert into payments.orders as o (tenant_id, id, customer_id, wallet_id, currency, net, tax,"  # noqa: S608
                    " gross, tax_rate, provider, idempotency, reference, created_at, origin, method_ref, method)"
                    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'auto', $14, $15)"
                    " returning " + ORDER,
                    tenant.id, new_id(), customer.id, customer.wallet_id, net.currency, net.units, total.tax.units,
                    total.gross.units, total.rate, source.provider, f"auto:{new_id()}", reference(now, tenant), now,
                    source.method, source.label,
                )  # fmt: skip
                break
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "orders_one_auto":
                raise Conflict("a top-up of this wallet is under way", code="topup_in_flight") from error
            if again == 4:  # the reference is taken: draw another, but not for ever
                raise
    order = order_of(made)
    row = await db.fetchrow(
        "insert into payments.attempt (tenant_id, id, order_id, provider, method, created_at, changed_at, look_up_at)"
        " values ($1, $2, $3, $4, $5, $6, $6, $7) returning *",
        tenant.id,
        named_id(order.id, "attempt", 1),
        order.id,
        order.provider,
        source.label,
        now,
        schedule.next_look_up(0, now),
    )
    await audit.record(tenant.id, by, "autotopup.fired", order.id, net=net.units, gross=order.gross.units)
    return order, attempt_of(row)


async def collect(
    tenant: Tenant, customer: Customer, order: Order, attempt: Attempt, source: Source, *, by: Actor
) -> Order:
    """Ask the provider for the money of a fresh attempt, once, and book what it says. Never inside a unit.

    When the bank wants the customer himself, the provider's page for that is kept and told (``autotopup.confirm``).
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    result = await _ask(tenant, customer, order, attempt, source)
    if result.outcome is not Outcome.SETTLED:
        log.info("a charge did not settle", order=str(order.id), outcome=result.outcome.value, code=result.code)
    async with db.unit(tenant.id):
        if result.action_url:
            await db.execute(
                "update payments.attempt set checkout_url = $3 where tenant_id = $1 and id = $2",
                tenant.id,
                attempt.id,
                result.action_url,
            )
        after = await settle.apply(tenant.id, attempt.id, result, by=by)
        if result.action_url and after.state != "settled":
            facts = {
                "customer": str(customer.id), "wallet": str(order.wallet_id), "order": str(order.id),
                "reference": order.reference, "url": result.action_url, "gross": order.gross.units,
                "currency": order.gross.currency,
            }  # fmt: skip
            await emit("autotopup.confirm", facts, tenant=tenant.id)
    return after


async def _ask(tenant: Tenant, customer: Customer, order: Order, attempt: Attempt, source: Source) -> ChargeResult:
    key = str(attempt.id)

    def failed(outcome: Outcome, code: str, *, terminal: bool = False) -> ChargeResult:
        return ChargeResult(key=key, outcome=outcome, code=code, terminal=terminal)

    if code := await providers.objection(tenant.id, order.provider, order.gross, customer.id, off_session=True):
        return failed(Outcome.NOT_SENT, code)
    gettext, locale = speaks(tenant, customer)
    try:
        provider = await providers.provider(tenant.id, order.provider, locale=locale)
    except (NotFound, NotAllowed, PluginUnavailable, InvalidInput) as error:  # it was not asked for anything yet
        return failed(Outcome.NOT_SENT, error.code)
    who = CustomerRef(id=str(customer.id), locale=locale)
    if "people.read" in provider.grants:
        who = CustomerRef(id=str(customer.id), locale=locale, email=customer.email, name=customer.name)
    request = ChargeRequest(
        key=key,
        amount=order.gross,
        description=f"{gettext('Automatic top-up')} {tenant.name} {order.reference}",
        customer=who,
        method=source.method,
        mandate=source.mandate,
        metadata={"order": str(order.id), "reference": order.reference},
        return_url=f"{providers.origin(tenant)}/topup/{order.id}",
    )
    try:
        return await provider.charge(request)
    except InvalidInput as error:  # it can never work like this; nothing was sent
        return failed(Outcome.NOT_SENT, error.code, terminal=True)
    except Exception as error:  # whatever it was, the money may have moved
        return failed(Outcome.UNKNOWN, getattr(error, "code", type(error).__name__))


def speaks(tenant: Tenant, customer: Customer) -> tuple[Callable[[str], str], str]:
    """How one speaks to a customer who is not there: gettext and locale."""
    locale = customer.locale or tenant.locale
    return reader(locale, tenant.timezone).gettext, locale
