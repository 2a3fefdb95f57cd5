"""A customer tops up: the order, and the way to the provider's page.

The order fixes what is credited and what is paid. The attempt is committed before the provider is called and its answer
stored after, so nothing that happens in between can be forgotten; asking once more uses the same key and moves
nothing a second time (failure 5).
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotAllowed, NotFound
from askpro.ids import named_id, new_id
from askpro.money import Money
from askpro.payments import consent as consents
from askpro.payments import providers, schedule, settle
from askpro.payments.consent import Consent
from askpro.payments.model import ORDER, Attempt, Order, attempt_of, found, order_of
from askpro.payments.queries import order as read_order
from askpro.payments.quote import quote
from askpro.people.model import Customer
from askpro.pluginhost.calls import NeverCalled
from askpro.sdk.payments import ChargeResult, CheckoutRequest, CustomerRef, Outcome
from askpro.sdk.providers import NotSent
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant

__all__ = ("PAGE_LIFE", "begin_checkout", "bounds", "create_order", "reference")

log = structlog.get_logger("askpro.payments")

PAGE_LIFE = timedelta(hours=1)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another when it is read out


def bounds(tenant: Tenant) -> tuple[Money, Money]:
    """Least and largest net amount of one top-up. Raises NotAllowed when its customers cannot top up by themselves."""
    offer = tenant.settings.topup
    if offer is None:
        raise NotAllowed("top-ups are not offered", code="topup_not_offered")
    return Money.of(offer.minimum, tenant.currency), Money.of(offer.maximum, tenant.currency)


async def create_order(
    tenant: Tenant,
    customer: Customer,
    net: Money,
    provider: str,
    *,
    idempotency: str,
    by: Actor,
    person_id: UUID | None = None,
) -> Order:
    """Make an order, or find the one that was made with this idempotency key.

    Raises InvalidInput (``amount_below_minimum``, ``amount_above_maximum``, ``amount_too_fine``, ``provider_unknown``,
    ``idempotency_key_reused`` for a key with other content), NotAllowed, NotFound (``tax_rate_missing``).
    """
    if not 1 <= len(idempotency) <= 255:
        raise InvalidInput("a key has 1 to 255 characters", code="idempotency_key_invalid", field="idempotency_key")
    if earlier := await _earlier(tenant.id, customer.id, idempotency):
        return _same(earlier, net, provider)
    _check(tenant, customer, net)
    digits = providers.minor_digits(net.currency)
    now = clock.now()
    total = await quote(tenant.id, net, clock.civil_day(now, tenant.timezone), digits)
    if provider not in {way.key for way in await providers.ways(tenant.id, total.gross, locale="en")}:
        raise InvalidInput("this way to pay is not offered", code="provider_unknown", field="method")
    for attempt in range(5):
        try:
            async with db.unit(tenant.id):
                made = await db.fetchrow(
                    "insert into payments.orders as o (tenant_id, id, customer_id, wallet_id, person_id, currency, net,"  # noqa: S608
                    " tax, gross, tax_rate, provider, idempotency, reference, created_at)"
                    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
                    " on conflict (tenant_id, customer_id, idempotency) do nothing returning " + ORDER,
                    tenant.id, new_id(), customer.id, customer.wallet_id, person_id, net.currency, net.units,
                    total.tax.units, total.gross.units, total.rate, provider, idempotency, reference(now, tenant), now,
                )  # fmt: skip
                if made is not None:
                    order = order_of(made)
                    await audit.record(tenant.id, by, "topup.ordered", order.id, net=net.units, gross=order.gross.units)
                    return order
            break
        except asyncpg.UniqueViolationError:  # the reference is taken: draw another
            if attempt == 4:
                raise
    return _same(found(await _earlier(tenant.id, customer.id, idempotency)), net, provider)


async def begin_checkout(
    tenant: Tenant,
    customer: Customer,
    order_id: UUID,
    *,
    by: Actor,
    description: str,
    return_url: str,
    cancel_url: str,
    locale: str,
    consent: Consent | None = None,
) -> tuple[Order, str]:
    """Get the provider's page for an order: the order as it is then, and where to send the customer (empty: nowhere).

    ``consent``: what the customer agreed to if the method is to be saved as well.

    May be called again for the same order. An answer that does not come leaves the order *unknown*, never declined.
    Raises NotFound, Conflict (``not_a_checkout``) for an order that nobody pays on a page, RuntimeError inside a unit.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    order = await read_order(tenant.id, order_id, customer=customer.id)
    if order.origin != "checkout":
        raise Conflict("this top-up charges a saved method", code="not_a_checkout")
    if order.final:
        return order, ""
    attempt = await _attempt(tenant.id, order)
    if attempt.state not in ("new", "unknown"):
        return order, ""
    if attempt.checkout_url:
        return order, attempt.checkout_url if attempt.state == "new" else ""
    request = CheckoutRequest(
        key=str(attempt.id),
        amount=order.gross,
        description=description,
        customer=CustomerRef(id=str(customer.id), locale=locale),
        return_url=return_url,
        cancel_url=cancel_url,
        expires_at=clock.now() + PAGE_LIFE,
        metadata={"order": str(order.id), "reference": order.reference},
        save_method=consent is not None,
        consent=consent.text if consent is not None else "",
    )
    if consent is not None:
        async with db.unit(tenant.id):
            await consents.keep(tenant.id, customer, "save_method", order.provider, consent.checked(), by=by)
    result = await _open_page(tenant.id, customer, order, request, locale)
    if isinstance(result, ChargeResult):
        return await settle.apply(tenant.id, attempt.id, result, by=by), ""
    url, ref, expires = result
    async with db.unit(tenant.id):
        await db.execute(
            "update payments.attempt set checkout_url = $3, provider_ref = $4, expires_at = $5, changed_at = $6"
            " where tenant_id = $1 and id = $2 and checkout_url is null",
            tenant.id,
            attempt.id,
            url,
            ref or None,
            expires,
            clock.now(),
        )
    return order, url


async def _open_page(
    tenant: UUID, customer: Customer, order: Order, request: CheckoutRequest, locale: str
) -> ChargeResult | tuple[str, str, datetime]:
    """(address, number, end) of the page, or why there is none."""

    def failed(outcome: Outcome, code: str) -> ChargeResult:
        log.warning("no checkout", provider=order.provider, order=str(order.id), outcome=outcome.value, code=code)
        return ChargeResult(key=request.key, outcome=outcome, code=code)

    if code := await providers.objection(tenant, order.provider, order.gross, customer.id):
        return failed(Outcome.NOT_SENT, code)
    try:
        provider = await providers.provider(tenant, order.provider, locale=locale)
        if "people.read" in provider.grants:
            asked = CustomerRef(id=str(customer.id), locale=locale, email=customer.email, name=customer.name)
            request = replace(request, customer=asked)
        session = await provider.create_checkout(request)
    except (NotSent, NeverCalled, InvalidInput, NotFound) as error:
        return failed(Outcome.NOT_SENT, error.code)
    except Exception as error:  # whatever it was, the page may be there
        return failed(Outcome.UNKNOWN, getattr(error, "code", type(error).__name__))
    return session.url, session.provider_ref, session.expires_at


async def _attempt(tenant: UUID, order: Order) -> Attempt:
    """The order's attempt, committed. Two requests at once get the same one: its id follows from the order's."""
    identifier, now = named_id(order.id, "attempt", 1), clock.now()
    async with db.unit(tenant):
        await db.execute(
            "insert into payments.attempt (tenant_id, id, order_id, provider, created_at, changed_at, look_up_at)"
            " values ($1, $2, $3, $4, $5, $5, $6) on conflict do nothing",
            tenant,
            identifier,
            order.id,
            order.provider,
            now,
            schedule.next_look_up(0, now),
        )
        row = await db.fetchrow("select * from payments.attempt where tenant_id = $1 and id = $2", tenant, identifier)
    return attempt_of(row)


async def _earlier(tenant: UUID, customer: UUID, idempotency: str) -> Order | None:
    async with db.unit(tenant):
        row = await db.fetchrow(
            f"select {ORDER} from payments.orders o"  # noqa: S608 - constant
            " where o.tenant_id = $1 and o.customer_id = $2 and o.idempotency = $3",
            tenant,
            customer,
            idempotency,
        )
    return order_of(row) if row is not None else None


def _same(order: Order, net: Money, provider: str) -> Order:
    if (order.net, order.provider, order.origin) != (net, provider, "checkout"):
        raise InvalidInput("this key belongs to another top-up", code="idempotency_key_reused", field="idempotency_key")
    return order


def _check(tenant: Tenant, customer: Customer, net: Money) -> None:
    least, most = bounds(tenant)
    if customer.status == "closed":
        raise Conflict("this customer is closed", code="closed")
    if net.currency != customer.currency or net.currency != least.currency:
        raise InvalidInput(f"this wallet holds {customer.currency}", code="currency_mismatch", field="amount")
    if net < least:
        raise InvalidInput(f"at least {least.decimal}", code="amount_below_minimum", field="amount")
    if net > most:
        raise InvalidInput(f"at most {most.decimal}", code="amount_above_maximum", field="amount")


def reference(now: datetime, tenant: Tenant) -> str:
    """Short enough for a phone call: ``T-261122-K7QM4``; the civil day, then chance."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(5))
    return f"T-{clock.civil_day(now, tenant.timezone):%y%m%d}-{drawn}"
