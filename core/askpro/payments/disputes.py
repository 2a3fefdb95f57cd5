"""A bank wants a payment back: the wallet is frozen while it is argued about, and pays when it is lost.

    open        an inquiry: the fact is told, nothing else happens
    withdrawn   the wallet is frozen, and it is remembered that this dispute froze it
    lost        credit and tax are taken back, whatever the wallet holds; it stays frozen until staff release it
    won         what was taken is given back, and the wallet is released if no other dispute holds it

What is taken follows from the state alone, so events that come twice, late or in the wrong order end alike; and what is
given back is what was taken, never more (failure 21). Refunds and disputes of an order together never exceed it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotFound, Unavailable
from askpro.events import emit
from askpro.ids import new_id
from askpro.ledger import queries as books
from askpro.ledger import service as ledger
from askpro.payments import clawback, dispute_watch, providers, reversals
from askpro.payments.model import Attempt, Order, attempt_of, found
from askpro.payments.refund_model import DISPUTE, Dispute, dispute_of
from askpro.payments.refund_shares import of_gross
from askpro.payments.refund_state import disputed_further
from askpro.sdk import payments as sdk
from askpro.tenancy import audit

__all__ = (
    "NeverCredited", "apply", "claw_rest", "dispute", "heard", "of_order", "of_tenant", "payment_of", "refresh",
    "release",
)  # fmt: skip

log = structlog.get_logger("askpro.payments")

_BY = Actor.system("payments")
_FROM = f"select {DISPUTE} from payments.dispute d join payments.orders o on o.tenant_id = d.tenant_id and o.id = d.order_id"  # noqa: E501, S608 - constant


class NeverCredited(Conflict):
    """The payment came, did not fit its order, and waits for a person: of its money nothing is in any wallet."""

    code = "payment_not_credited"


async def heard(tenant: UUID, provider: str, ref: str, payment_ref: str) -> str:
    """An event about a dispute: look at it and act on it. Returns a remark for the operator, mostly none.

    Outside any unit; may be repeated. Raises Unavailable when the provider does not answer, and when the payment is not
    known here yet: to be tried again.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    try:
        said = await (await providers.provider(tenant, provider, for_new=False)).look_up_dispute(ref)
    except (NotFound, InvalidInput) as error:
        return f"no dispute of ours ({error.code})"
    try:
        attempt = await payment_of(tenant, provider, said.payment_ref or payment_ref)
    except NeverCredited as error:
        return error.detail
    await apply(tenant, attempt, said, by=_BY)
    return ""


async def refresh(tenant: UUID, dispute_id: UUID, *, by: Actor) -> Dispute:
    """Ask the provider how a dispute stands, and act on it. Outside any unit. Raises NotFound, PluginUnavailable.

    Who cannot be asked now is asked again later, by the janitor.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    known = await dispute(tenant, dispute_id)
    try:
        said = await (await providers.provider(tenant, known.provider, for_new=False)).look_up_dispute(known.ref)
        async with db.unit(tenant):
            attempt = await db.fetchrow(
                "select a.* from payments.attempt a join payments.dispute d on d.tenant_id = a.tenant_id"
                " and d.attempt_id = a.id where d.tenant_id = $1 and d.id = $2",
                tenant,
                dispute_id,
            )
        return await apply(tenant, attempt_of(found(attempt)), said, by=by)
    except Exception:  # whatever it was: it is not tried again every minute
        await dispute_watch.unanswered(tenant, known)
        raise


async def apply(tenant: UUID, attempt: Attempt, said: sdk.Dispute, *, by: Actor) -> Dispute:
    """Move a dispute forward to what the provider says, with all that follows, in one unit.

    Raises Conflict (``currency_mismatch``).
    """
    async with db.unit(tenant):
        order, zone = await reversals.locked(tenant, attempt.order_id)
        if said.amount.currency != order.gross.currency or said.amount.units <= 0:
            raise Conflict("a dispute in another currency than its payment", code="currency_mismatch")
        await ledger.set_terms(tenant, order.wallet_id)  # order, wallet, dispute: whoever releases it waits for us
        case, fresh = await _case(tenant, order, attempt, said)
        if not fresh and not disputed_further(case.state, said.state):
            if case.state == said.state:
                await _note(tenant, case, said)
            same = await dispute(tenant, case.id)
            await dispute_watch.answered(tenant, same)
            return same
        state, froze = said.state.value, case.froze
        if state in ("withdrawn", "lost") and not froze and case.released_at is None:
            froze = await _freeze(tenant, case)
        elif state == "won" and froze:
            await _thaw(tenant, case)
            froze = False
        if state == "won":
            await _reinstate(tenant, order, case, zone, by)
        await db.execute(
            "update payments.dispute set state = $3, froze = $4, changed_at = $5,"
            " amount = case when gross = 0 then $6 else amount end,"
            " closed_at = case when $3 in ('won', 'lost') then $5::timestamptz end where tenant_id = $1 and id = $2",
            tenant,
            case.id,
            state,
            froze,
            clock.now(),
            said.amount.units,
        )
        await _note(tenant, case, said)
        await claw_rest(tenant, order, zone=zone, by=by)
        after = await dispute(tenant, case.id)
        await dispute_watch.answered(tenant, after)
        event = "dispute.opened" if state == "open" else f"dispute.{state}"
        await emit(event, _facts(after), tenant=tenant)
        log.info("a dispute moved", dispute=str(after.id), state=state, reason=after.reason)
        return after


async def claw_rest(tenant: UUID, order: Order, *, zone: str, by: Actor) -> None:
    """Take for lost disputes what they have not got and the order still holds. In the unit with the order's lock."""
    rows = await db.fetch(
        f"{_FROM} where d.tenant_id = $1 and d.order_id = $2 and d.state = 'lost' and d.gross < d.amount order by d.id",
        tenant,
        order.id,
    )
    digits = providers.minor_digits(order.gross.currency)
    for case in map(dispute_of, rows):
        gone = await reversals.gone(tenant, order.id)
        wanted = case.amount.units - case.net.units - case.tax.units
        share = of_gross(reversals.share_of(order), gone, wanted, digits)
        if not share.gross:
            continue
        key = f"{case.id}:{len(case.transfers)}"
        taken = await reversals.take(
            tenant, order, share, kind=reversals.DISPUTE, key=key, zone=zone, by=by, forced=True
        )
        await db.execute(
            "update payments.dispute set net = net + $3, tax = tax + $4, gross = gross + $5, clawed = clawed + $3,"
            " transfers = transfers || $6::uuid[] where tenant_id = $1 and id = $2",
            tenant,
            case.id,
            share.net,
            share.tax,
            share.gross,
            taken,
        )
        await clawback.settle(tenant, order, (gone + share).net, key=key, zone=zone, by=by)


async def release(tenant: UUID, wallet_id: UUID, *, reason: str, by: Actor) -> None:
    """Release a wallet that disputes keep frozen: a decision of staff, written down with its reason.

    These disputes freeze it no more, however they go on. Raises Conflict (``not_frozen``), InvalidInput, NotFound.
    """
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidInput("say why, in 1 to 500 characters", code="reason_missing", field="reason")
    async with db.unit(tenant):
        await books.wallet(tenant, wallet_id)
        await ledger.set_terms(tenant, wallet_id)  # waits for whoever is deciding about it
        freed = await db.fetch(
            "update payments.dispute set froze = false, released_at = $3"
            " where tenant_id = $1 and wallet_id = $2 and froze returning id",
            tenant,
            wallet_id,
            clock.now(),
        )
        if not freed:
            raise Conflict("no dispute keeps this wallet frozen", code="not_frozen")
        await ledger.set_terms(tenant, wallet_id, frozen=False)
        disputes = [str(row["id"]) for row in freed]
        await audit.record(tenant, by, "wallet.released", wallet_id, reason=reason.strip(), disputes=disputes)


async def dispute(tenant: UUID, dispute_id: UUID) -> Dispute:
    """Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(f"{_FROM} where d.tenant_id = $1 and d.id = $2", tenant, dispute_id)
    return dispute_of(found(row))


async def of_order(tenant: UUID, order_id: UUID) -> list[Dispute]:
    """An order's disputes, latest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"{_FROM} where d.tenant_id = $1 and d.order_id = $2 order by d.id desc", tenant, order_id
        )
    return [dispute_of(row) for row in rows]


async def of_tenant(
    tenant: UUID, *, open_only: bool = False, before: UUID | None = None, limit: int = 500
) -> list[Dispute]:
    """A tenant's disputes, latest first; ``open_only``: that are argued about, or still keep a wallet frozen.

    ``before``: the id of the last one of the page before.
    """
    async with db.unit(tenant):
        rows = await db.fetch(
            f"{_FROM} where d.tenant_id = $1 and (not $2 or d.state in ('open', 'withdrawn') or d.froze)"
            " and ($4::uuid is null or d.id < $4) order by d.id desc limit $3",
            tenant,
            open_only,
            limit,
            before,
        )
    return [dispute_of(row) for row in rows]


async def payment_of(tenant: UUID, provider: str, payment_ref: str) -> Attempt:
    """The settled attempt behind a provider's payment number.

    Raises NeverCredited; Unavailable: not known here, or not yet.
    """
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select * from payments.attempt where tenant_id = $1 and provider = $2 and provider_ref = $3"
            " and state = 'settled'",
            tenant,
            provider,
            payment_ref,
        )
        flag = row is None and await db.fetchval(
            "select o.flag from payments.attempt a"
            " join payments.orders o on o.tenant_id = a.tenant_id and o.id = a.order_id"
            " where a.tenant_id = $1 and a.provider = $2 and o.flag <> '' and a.detail ->> 'payment' = $3 and $3 <> ''",
            tenant,
            provider,
            payment_ref,
        )
    if flag:
        raise NeverCredited(f"this payment was never credited ({flag})")
    if row is None:
        raise Unavailable("the payment is not known here yet", code="payment_unknown")
    return attempt_of(row)


async def _case(tenant: UUID, order: Order, attempt: Attempt, said: sdk.Dispute) -> tuple[Dispute, bool]:
    """Our dispute with that number, and whether it was made just now."""
    where = f"{_FROM} where d.tenant_id = $1 and d.provider = $2 and d.account = $3 and d.ref = $4"
    row = await db.fetchrow(where, tenant, attempt.provider, attempt.account, said.ref)
    if row is not None:
        return dispute_of(row), False
    await db.execute(
        "insert into payments.dispute (tenant_id, id, order_id, attempt_id, wallet_id, provider, account, ref,"
        " payment_ref, currency, amount, created_at, changed_at, look_up_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12)",
        tenant, new_id(), order.id, attempt.id, order.wallet_id, attempt.provider, attempt.account, said.ref,
        said.payment_ref, said.amount.currency, said.amount.units, clock.now(),
    )  # fmt: skip
    return dispute_of(found(await db.fetchrow(where, tenant, attempt.provider, attempt.account, said.ref))), True


async def _note(tenant: UUID, case: Dispute, said: sdk.Dispute) -> None:
    """What the provider tells beside the state."""
    await db.execute(
        "update payments.dispute set reason = coalesce(nullif($3, ''), reason), answer_by = coalesce($4, answer_by),"
        " fee = coalesce($5, fee), fee_currency = coalesce($6, fee_currency) where tenant_id = $1 and id = $2",
        tenant,
        case.id,
        said.reason,
        said.answer_by,
        said.fee.units if said.fee else None,
        said.fee.currency if said.fee else None,
    )


async def _reinstate(tenant: UUID, order: Order, case: Dispute, zone: str, by: Actor) -> None:
    """Give back what is taken for this dispute, and not a unit more."""
    back = await reversals.give_back(tenant, order, case.transfers, zone=zone, by=by)
    await db.execute(
        "update payments.dispute set state = 'won', reinstated = clawed, net = 0, tax = 0, gross = 0,"
        " transfers = transfers || $3::uuid[] where tenant_id = $1 and id = $2",
        tenant,
        case.id,
        back,
    )
    gone = await reversals.gone(tenant, order.id)
    await clawback.settle(tenant, order, gone.net, key=f"{case.id}:won", zone=zone, by=by)


async def _freeze(tenant: UUID, case: Dispute) -> bool:
    """Freeze the wallet; whether it is for us to release it. One that staff have frozen before is not."""
    await ledger.set_terms(tenant, case.wallet_id)  # locks it: others decide before us or after us
    if (await books.wallet(tenant, case.wallet_id)).frozen:
        return await _held_by_others(tenant, case)
    await ledger.set_terms(tenant, case.wallet_id, frozen=True)
    return True


async def _thaw(tenant: UUID, case: Dispute) -> None:
    await ledger.set_terms(tenant, case.wallet_id)
    if not await _held_by_others(tenant, case):
        await ledger.set_terms(tenant, case.wallet_id, frozen=False)


async def _held_by_others(tenant: UUID, case: Dispute) -> bool:
    held: bool = await db.fetchval(
        "select exists (select from payments.dispute where tenant_id = $1 and wallet_id = $2 and froze and id <> $3)",
        tenant,
        case.wallet_id,
        case.id,
    )
    return held


def _facts(case: Dispute) -> dict[str, Any]:
    return {
        "dispute": str(case.id),
        "order": str(case.order_id),
        "customer": str(case.customer_id),
        "wallet": str(case.wallet_id),
        "reference": case.reference,
        "amount": case.amount.units,
        "currency": case.amount.currency,
        "reason": case.reason,
        "answer_by": case.answer_by.isoformat() if case.answer_by else None,
    }
