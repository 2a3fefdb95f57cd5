"""What is known about a payment becomes its state, and credit when it is truly paid. One unit, forward only.

Whoever asks how often, in whichever order: credit is posted once, under the provider's own payment number (failures
1-4), and its amount comes from our order. Money that does not fit the order is not credited but flagged for a person.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import AskProError, Unavailable
from askpro.events import emit
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Bucket, PostingStatus, Transfer
from askpro.payments import providers, schedule, state
from askpro.payments.model import ORDER, Attempt, Order, attempt_of, found, order_of
from askpro.sdk.payments import ChargeResult, Outcome

__all__ = ("apply", "refresh")

log = structlog.get_logger("askpro.payments")

_CALL_UNDER_WAY = timedelta(seconds=60)  # longer than the host waits for a provider


async def refresh(
    tenant: UUID, attempt_id: UUID, *, by: Actor, at_most_every: timedelta = timedelta(0), heard: bool = False
) -> Order:
    """Ask the provider how a payment stands, and act on it; returns the order as it is then.

    Nothing is asked while it was asked within ``at_most_every``, or about an attempt that is just being sent. A
    provider that cannot answer leaves the payment as it is. Outside any unit. Raises NotFound; Unavailable when there
    is no answer about news (``heard``) of a payment that nobody would ask about again, as of one that had failed.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    order, attempt = await _both(tenant, attempt_id)
    now = clock.now()
    being_sent = attempt.state == "new" and not attempt.checkout_url and now - attempt.created_at < _CALL_UNDER_WAY
    if attempt.state == "settled" or being_sent or (attempt.look_ups and now - attempt.changed_at < at_most_every):
        return order
    key = str(attempt.id)
    try:
        provider = await providers.provider(tenant, attempt.provider, for_new=False)
        # the amount is not handed over: what was really paid is compared here, and a difference is kept
        result = await provider.look_up(key, attempt.provider_ref)
    except AskProError as error:
        log.warning("a provider could not be asked", provider=attempt.provider, code=error.code)
        result = ChargeResult(key=key, outcome=Outcome.UNKNOWN, code=error.code)
        if attempt.state != "unknown" and not (heard and attempt.look_up_at is None):
            # that we cannot ask says nothing about the money
            await _postpone(tenant, attempt)
            return order
    if heard and attempt.look_up_at is None and result.outcome is Outcome.UNKNOWN:
        raise Unavailable("the provider does not say what became of this payment", code=result.code or "unknown")
    return await apply(tenant, attempt_id, result, by=by)


async def apply(tenant: UUID, attempt_id: UUID, result: ChargeResult, *, by: Actor) -> Order:
    """Move attempt and order forward to what the provider says; book the credit when they settle.

    A result from behind changes nothing. Raises NotFound.
    """
    async with db.unit(tenant):
        order, attempt, zone = await _locked(tenant, attempt_id)
        step = state.read(result)
        flag, transfer = "", None
        if step.attempt == "settled":
            flag, transfer = await _collect(tenant, order, attempt, result, zone, by)
            if flag:
                step = state.Step("unknown", "unknown")
        await _note(tenant, attempt, step, result)
        await _move(tenant, order, attempt, step, result, transfer)
        if flag and not order.flag:
            await db.execute(
                "update payments.orders set flag = $3 where tenant_id = $1 and id = $2", tenant, order.id, flag
            )
            log.error("a payment does not fit its order", order=str(order.id), flag=flag)
            await emit("topup.flagged", {**_facts(order, attempt), "flag": flag}, tenant=tenant)
        return (await _locked(tenant, attempt_id))[0]


async def _collect(
    tenant: UUID, order: Order, attempt: Attempt, result: ChargeResult, zone: str, by: Actor
) -> tuple[str, UUID | None]:
    """Book the credit: (what is wrong, transfer). Both empty: it was booked before."""
    if order.state == "settled":
        same = attempt.state == "settled" and attempt.provider_ref == result.provider_ref
        return ("" if same else "paid_twice"), None
    if result.amount != order.gross:
        return "amount_mismatch" if result.amount and result.amount.currency == order.gross.currency else (
            "currency_mismatch"
        ), None  # fmt: skip
    now, currency = clock.now(), order.net.currency
    clearing = await ledger.ensure_account(tenant, AccountKind.CLEARING, currency, order.provider)
    common: dict[str, Any] = {
        "tenant": tenant, "debit": clearing, "key": f"{order.provider}:{result.account}:{result.provider_ref}",
        "day": clock.civil_day(now, zone), "occurred_at": now, "actor": str(by), "reason": order.reference,
        "group": order.id,
    }  # fmt: skip
    transfers = [
        Transfer(credit=order.wallet_id, amount=order.net.units, kind="topup", bucket=Bucket("paid"), **common)
    ]
    if order.tax:
        code = str(int(order.tax_rate * 10_000))
        vat = await ledger.ensure_account(tenant, AccountKind.VAT, currency, code)
        transfers.append(Transfer(credit=vat, amount=order.tax.units, kind="topup_tax", **common))
    posting = (await ledger.post_many(transfers))[0]
    if posting.status is PostingStatus.DUPLICATE:
        return "payment_reused", None  # this payment has paid another order
    return "", posting.or_raise().transfer


async def _note(tenant: UUID, attempt: Attempt, step: state.Step, result: ChargeResult) -> None:
    """Write down what the provider said of the attempt, and when it is asked next."""
    now = clock.now()
    moved = state.advanced(attempt.state, step.attempt)
    after = step.attempt if moved else attempt.state
    due = None if state.final(after) else schedule.next_look_up(attempt.look_ups, now)
    said: dict[str, Any] = {
        "outcome": result.outcome.value,
        "code": result.code,
        "amount": f"{result.amount.decimal} {result.amount.currency}" if result.amount else None,
        "checkout": attempt.provider_ref,
        "terminal": result.terminal,
    }
    if result.provider_ref:  # what was known once stays known, whatever is left out next time
        said["payment"] = result.provider_ref
    if result.fee:
        said |= {"fee": result.fee.units, "fee_currency": result.fee.currency}  # the account's, perhaps another
    await db.execute(
        "update payments.attempt set state = $3, look_ups = look_ups + 1, look_up_at = $4, changed_at = $5,"
        " provider_ref = case when $6 then coalesce(nullif($7, ''), provider_ref) else provider_ref end,"
        " account = case when $6 then $8 else account end, detail = detail || $9,"
        " method = coalesce(nullif($10, ''), method) where tenant_id = $1 and id = $2",
        tenant,
        attempt.id,
        after,
        due,
        now,
        moved and after == "settled",
        result.provider_ref,
        result.account,
        said,
        result.method.label if result.method else "",
    )


async def _move(
    tenant: UUID, order: Order, attempt: Attempt, step: state.Step, result: ChargeResult, transfer: UUID | None
) -> None:
    if not state.advanced(order.state, step.order):
        return
    await db.execute(
        "update payments.orders set state = $3, reason = $4, transfer_id = $5, settled_at = $6,"
        " method = coalesce(nullif($7, ''), method) where tenant_id = $1 and id = $2",
        tenant,
        order.id,
        step.order,
        step.reason,
        transfer,
        clock.now() if transfer else None,
        result.method.label if result.method else "",
    )
    if step.order != "unknown":  # nothing has happened yet that anybody could be told
        facts = {**_facts(order, attempt), "reason": step.reason, "payment": result.provider_ref}
        await emit(f"topup.{step.order}", facts, tenant=tenant)


def _facts(order: Order, attempt: Attempt) -> dict[str, Any]:
    return {
        "order": str(order.id),
        "customer": str(order.customer_id),
        "wallet": str(order.wallet_id),
        "reference": order.reference,
        "origin": order.origin,
        "provider": order.provider,
        "key": str(attempt.id),
        "currency": order.net.currency,
        "net": order.net.units,
        "tax": order.tax.units,
        "gross": order.gross.units,
    }


async def _both(tenant: UUID, attempt_id: UUID) -> tuple[Order, Attempt]:
    async with db.unit(tenant):
        attempt = attempt_of(
            found(
                await db.fetchrow("select * from payments.attempt where tenant_id = $1 and id = $2", tenant, attempt_id)
            )
        )
        order = await db.fetchrow(
            f"select {ORDER} from payments.orders o where o.tenant_id = $1 and o.id = $2",  # noqa: S608 - constant
            tenant,
            attempt.order_id,
        )
    return order_of(found(order)), attempt


async def _locked(tenant: UUID, attempt_id: UUID) -> tuple[Order, Attempt, str]:
    """Order first, then attempt: always the same way round."""
    row = await db.fetchrow(
        f"select {ORDER}, t.timezone from payments.attempt a"  # noqa: S608 - constant
        " join payments.orders o on o.tenant_id = a.tenant_id and o.id = a.order_id"
        " join tenancy.tenant t on t.id = o.tenant_id where a.tenant_id = $1 and a.id = $2 for update of o",
        tenant,
        attempt_id,
    )
    attempt = await db.fetchrow(
        "select * from payments.attempt where tenant_id = $1 and id = $2 for update", tenant, attempt_id
    )
    return order_of(found(row)), attempt_of(attempt), row["timezone"]


async def _postpone(tenant: UUID, attempt: Attempt) -> None:
    async with db.unit(tenant):
        await db.execute(
            "update payments.attempt set look_ups = look_ups + 1, look_up_at = $3, changed_at = $4"
            " where tenant_id = $1 and id = $2 and look_up_at is not null",
            tenant,
            attempt.id,
            schedule.next_look_up(attempt.look_ups, clock.now()),
            clock.now(),
        )
