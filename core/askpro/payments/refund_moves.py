"""A refund moves forward, and the money with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, Unavailable
from askpro.events import emit
from askpro.payments import clawback, disputes, providers, refund_rows, reversals, schedule
from askpro.payments.model import Attempt, Order
from askpro.payments.refund_model import Refund
from askpro.payments.refund_rows import refund
from askpro.payments.refund_shares import Share, of_gross
from askpro.payments.refund_state import Life, heard
from askpro.sdk.payments import Outcome, RefundResult

__all__ = ("apply", "made_there", "take_out")

log = structlog.get_logger("askpro.payments")


async def apply(tenant: UUID, refund_id: UUID, result: RefundResult, *, by: Actor) -> Refund:
    """Move a refund forward to what the provider says, and the money with it. Old news change nothing.

    A number of the provider's stands for one refund: one that gets the number of another is not taken a second time.
    Raises NotFound.
    """
    async with db.unit(tenant):
        order, zone = await reversals.locked(tenant, (await refund(tenant, refund_id)).order_id)
        present = await refund(tenant, refund_id)  # as it is now that nobody else works on it
        if await _booked_elsewhere(tenant, present, result):
            result = replace(result, outcome=Outcome.DECLINED, code="already_booked", provider_ref="")
        after = heard(present.life, result.outcome)
        # one that we gave up and the provider has after all: nothing is taken before it is paid, but it is asked about
        turns_up = after == Life("declined") and result.outcome in (Outcome.PENDING, Outcome.UNKNOWN)
        now = clock.now()
        await db.execute(
            "update payments.refund set state = $3, closed = $4, taken = $5, look_ups = look_ups + 1, look_up_at = $6,"
            " changed_at = $7, code = case when $8 then $9 else code end,"
            " provider_ref = coalesce(nullif($10, ''), provider_ref),"
            " settled_at = case when $3 = 'settled' then coalesce(settled_at, $7) else settled_at end"
            " where tenant_id = $1 and id = $2",
            tenant,
            refund_id,
            after.state,
            after.closed,
            after.takes,
            schedule.next_look_up(present.look_ups, now) if after.waits or turns_up else None,
            now,
            after != present.life,
            result.code or ("declined" if after.closed else ""),
            result.provider_ref,
        )
        if after.takes and not present.taken:
            await take_out(tenant, order, present, zone, by, forced=True)  # the money has gone after all
        elif present.taken and not after.takes:
            await _put_back(tenant, order, present, zone, by)
        await _tell(tenant, order, refund_id, before=present.state)
    return await refund(tenant, refund_id)


async def take_out(tenant: UUID, order: Order, one: Refund, zone: str, by: Actor, *, forced: bool = False) -> None:
    """The credit leaves the wallet, and the commission on what of it was spent is clawed back.

    In the unit with the order's lock; the refund counts as taken. Raises what ``reversals.take`` raises.
    """
    share, key = Share(one.net.units, one.tax.units), f"{one.id}:{len(one.transfers)}"
    booked = await reversals.take(tenant, order, share, kind=reversals.REFUND, key=key, zone=zone, by=by, forced=forced)
    await _booked(tenant, one, booked)
    gone = await reversals.gone(tenant, order.id)
    await clawback.settle(tenant, order, gone.net, key=key, zone=zone, by=by)


async def _put_back(tenant: UUID, order: Order, one: Refund, zone: str, by: Actor) -> None:
    """The credit comes back, and with it the commission that was clawed back for it."""
    booked = await reversals.give_back(tenant, order, one.transfers, zone=zone, by=by)
    await _booked(tenant, one, booked)
    gone = await reversals.gone(tenant, order.id)
    await clawback.settle(tenant, order, gone.net, key=f"{one.id}:{len(one.transfers)}:back", zone=zone, by=by)
    await disputes.claw_rest(tenant, order, zone=zone, by=by)  # what it held may be owed to a bank


async def made_there(tenant: UUID, attempt: Attempt, ref: str, result: RefundResult, *, by: Actor) -> str:
    """Book a refund that the provider made by itself: what it paid has left, whether it was spent or not.

    Returns a remark for the operator. Raises Unavailable while a refund of ours is under way that this may be, and
    Conflict (``currency_mismatch``).
    """
    async with db.unit(tenant):
        order, zone = await reversals.locked(tenant, attempt.order_id)
        if await refund_rows.by_event(tenant, attempt.provider, "", ref) is not None:
            return ""
        if await refund_rows.waiting(tenant, attempt.provider, attempt.provider_ref, numberless=True):
            raise Unavailable("a refund of ours is under way, this may be it", code="refund_under_way")
        if result.amount is None or result.amount.currency != order.gross.currency or result.amount.units <= 0:
            raise Conflict("a refund without amount, or in another currency", code="currency_mismatch")
        gone = await reversals.gone(tenant, order.id)
        digits = providers.minor_digits(order.gross.currency)
        share = of_gross(reversals.share_of(order), gone, result.amount.units, digits)
        if not share.gross:
            log.error("more was paid back than was paid", order=str(order.id), refund=ref)
            return "nothing is left of this payment"
        made = await refund_rows.insert(
            tenant, order, attempt, share, origin="provider", idempotency=f"{attempt.provider}:{ref}"[:255],
            reason="", by=by, ref=ref,
        )  # fmt: skip
        await take_out(tenant, order, made, zone, by, forced=True)
        await apply(tenant, made.id, result, by=by)
    if share.gross != result.amount.units:
        log.error("more was paid back than was left", order=str(order.id), refund=ref)
        return "more was paid back than was left of this payment"
    return ""


async def _booked_elsewhere(tenant: UUID, one: Refund, result: RefundResult) -> bool:
    """Whether the money of that number has been taken already, as another refund: made at the desk, we had thought."""
    if not result.provider_ref or result.provider_ref == one.provider_ref:
        return False
    other = await refund_rows.by_event(tenant, one.provider, "", result.provider_ref)
    if other in (None, one.id):
        return False
    log.error("one number for two refunds", refund=str(one.id), other=str(other), number=result.provider_ref)
    return True


async def _booked(tenant: UUID, one: Refund, transfers: list[UUID]) -> None:
    await db.execute(
        "update payments.refund set transfers = transfers || $3::uuid[] where tenant_id = $1 and id = $2",
        tenant,
        one.id,
        transfers,
    )


async def _tell(tenant: UUID, order: Order, refund_id: UUID, *, before: str) -> None:
    """The fact, when it is a new one and one that anybody can be told."""
    one = await refund(tenant, refund_id)
    if one.state == before or one.state not in ("pending", "settled", "declined"):
        return
    facts: dict[str, Any] = {
        "refund": str(one.id),
        "order": str(order.id),
        "customer": str(order.customer_id),
        "wallet": str(order.wallet_id),
        "reference": order.reference,
        "net": one.net.units,
        "tax": one.tax.units,
        "gross": one.gross.units,
        "currency": one.net.currency,
        "reason": one.code,
    }
    await emit(f"refund.{one.state}", facts, tenant=tenant)
