"""Bookings by hand: with a reason, a paper if there is one, and beyond a limit only with a second person.

A credit becomes goodwill in the customer's wallet (promotional credit that does not expire), because money that was
never paid must never be paid back. A debit takes what is there (D5) and cannot overdraw. Neither touches VAT.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, Conflict, InvalidInput, NotFound
from askpro.events import emit
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Bucket, Posting, Transfer
from askpro.money import Money
from askpro.people.model import Customer
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant
from askpro.wallets import checks, promo_booking, told
from askpro.wallets.adjustment_rows import (
    COLUMNS,
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    adjustment_of,
    facts,
    of_tenant,
    one,
    row_of,
)  # fmt: skip
from askpro.wallets.attachments import Attachment, accepted
from askpro.wallets.four_eyes import alone, answerable, require_second
from askpro.wallets.promo_booking import Grant

__all__ = (
    "Adjustment", "AdjustmentKind", "AdjustmentState", "approve", "ask_for_promo", "attachment", "of_tenant", "one",
    "propose", "reject",
)  # fmt: skip


async def propose(
    tenant: Tenant,
    customer: Customer,
    amount: Money,
    *,
    reason: str,
    attachment: Attachment | None = None,
    idempotency: str,
    by: Actor,
) -> Adjustment:
    """Book at once what ``by`` may book alone; everything else waits for a second person.

    Args:
        amount: above zero into the wallet, below zero out of it.
        reason: 3 to 500 characters; the customer reads it in the statement.
        idempotency: the same key of the same customer is the same adjustment.

    Raises InvalidInput (``reason_missing``, ``attachment_type`` …, ``idempotency_key_reused``), Conflict (``closed``),
    InsufficientFunds and WalletFrozen for a debit that would be booked at once.
    """
    text = checks.reason(reason)
    checks.key(idempotency)
    checks.currency(customer, amount)
    if amount.units == 0:
        title = N_("Please enter an amount other than zero.")
        raise InvalidInput("more or less than nothing", code="amount_zero", title=title, field="amount")
    paper = accepted(attachment) if attachment is not None else None
    now, identifier = clock.now(), new_id()
    async with db.unit(tenant.id):
        await checks.open_customer(tenant.id, customer.id)
        await told.lock(tenant.id, customer.wallet_id)  # what one person books alone is counted one by one
        person = await answerable(tenant.id, by)
        allowed = await alone(tenant, customer.id, amount.currency, person)
        made = await db.fetchval(
            "insert into wallets.adjustment (tenant_id, id, customer_id, wallet_id, currency, amount, alone, reason,"
            " idempotency, attachment_name, proposed_by, proposer, created_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning id",
            tenant.id, identifier, customer.id, customer.wallet_id, amount.currency, amount.units, allowed.units, text,
            idempotency, paper.name if paper else "", str(by), person, now,
        )  # fmt: skip
        if made is None:
            return await _earlier(tenant.id, customer.id, idempotency, amount, text, paper)
        if paper is not None:
            await db.execute(
                "insert into wallets.attachment (tenant_id, id, name, kind, body, sha256, created_at)"
                " values ($1, $2, $3, $4, $5, $6, $7)",
                tenant.id, identifier, paper.name, paper.kind, paper.data, paper.digest, now,
            )  # fmt: skip
        subject = {"customer": str(customer.id), "amount": amount.units, "reason": text}
        await audit.record(tenant.id, by, "adjustment.proposed", identifier, **subject)
        if abs(amount.units) <= allowed.units:
            return await _book(tenant, await row_of(tenant.id, identifier), by, second=None)
        waiting = await one(tenant.id, identifier)
        await emit("adjustment.waiting", facts(waiting), tenant=tenant.id)
    return waiting


async def ask_for_promo(tenant: Tenant, grant: Grant, *, by: Actor) -> Adjustment:
    """Let bonus credit beyond what ``by`` may give alone wait for a second person, in the unit of ``promo.grant``."""
    await db.execute(
        "insert into wallets.adjustment (tenant_id, id, customer_id, wallet_id, currency, amount, alone, reason,"
        " idempotency, proposed_by, proposer, created_at, kind, priority, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'promo', $13, $14)",
        tenant.id, grant.id, grant.customer, grant.wallet, grant.amount.currency, grant.amount.units, grant.alone,
        grant.reason, grant.idempotency, grant.by, grant.granter, clock.now(), grant.priority, grant.expires_at,
    )  # fmt: skip
    subject = {"customer": str(grant.customer), "amount": grant.amount.units, "reason": grant.reason}
    await audit.record(tenant.id, by, "promo.proposed", grant.id, **subject)
    waiting = await one(tenant.id, grant.id)
    await emit("adjustment.waiting", facts(waiting), tenant=tenant.id)
    return waiting


async def approve(tenant: Tenant, adjustment: UUID, *, by: Actor) -> Adjustment:
    """Book what waits. Once, however many approve: who comes later with the same right gets what was booked.

    Raises NotFound, NotAllowed (``second_person_needed``: who proposed it, also by a key of theirs, or no person at
    all), Conflict (``already_decided`` by somebody else, or rejected; ``closed``: the customer was closed meanwhile;
    ``expired``: bonus credit whose time is over), InsufficientFunds, WalletFrozen.
    """
    async with db.unit(tenant.id):
        row = await row_of(tenant.id, adjustment, lock=True)
        person = await answerable(tenant.id, by)
        require_second(row["proposer"], person)
        if row["state"] != "waiting":
            if row["state"] == "booked" and row["decided_by"] == str(by):
                return adjustment_of(row)
            raise _decided()
        await checks.open_customer(tenant.id, row["customer_id"])
        return await _book(tenant, row, by, second=person)


async def reject(tenant: Tenant, adjustment: UUID, *, reason: str, by: Actor) -> Adjustment:
    """Book nothing, and say why. Who proposed it may take it back this way.

    Raises NotFound, InvalidInput (``reason_missing``), Conflict (``already_decided``).
    """
    text = checks.reason(reason)
    async with db.unit(tenant.id):
        row = await row_of(tenant.id, adjustment, lock=True)
        if row["state"] != "waiting":
            if row["state"] == "rejected" and (row["decided_by"], row["decision"]) == (str(by), text):
                return adjustment_of(row)
            raise _decided()
        await db.execute(
            "update wallets.adjustment set state = 'rejected', decided_by = $3, decider = $4, decision = $5,"
            " decided_at = $6 where tenant_id = $1 and id = $2",
            tenant.id, adjustment, str(by), await answerable(tenant.id, by), text, clock.now(),
        )  # fmt: skip
        done = await one(tenant.id, adjustment)
        await audit.record(tenant.id, by, "adjustment.rejected", adjustment, reason=text)
        await emit("adjustment.rejected", facts(done), tenant=tenant.id)
    return done


async def attachment(tenant: UUID, adjustment: UUID) -> Attachment:
    """The paper of an adjustment, to be sent as a download with its ``media_type``. Raises NotFound."""
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select name, body, kind from wallets.attachment where tenant_id = $1 and id = $2", tenant, adjustment
        )
    if row is None:
        raise NotFound("there is no such attachment")
    return Attachment(*row)


async def _book(tenant: Tenant, row: Any, by: Actor, *, second: str | None) -> Adjustment:
    """Post it and write down how it was decided, in the open unit, in which the row is nobody else's."""
    now, identifier, units, promo = clock.now(), row["id"], row["amount"], row["kind"] == "promo"
    posting = await (_granted(tenant, row, by, now, second or "") if promo else _adjusted(tenant, row, by, now))
    if not posting.fresh:
        raise RuntimeError(f"adjustment {identifier} was booked and not written down")
    await db.execute(
        "update wallets.adjustment set state = 'booked', decided_by = $3, decider = $4, decided_at = $5,"
        " transfer_id = $6, balance_after = $7 where tenant_id = $1 and id = $2",
        tenant.id, identifier, str(by) if second else "", second or "", now, posting.transfer,
        posting.credit_balance if units > 0 else posting.debit_balance,
    )  # fmt: skip
    done = await one(tenant.id, identifier)
    await audit.record(tenant.id, by, "adjustment.booked", identifier, amount=units, proposed_by=row["proposed_by"])
    await emit("adjustment.booked", facts(done), tenant=tenant.id)
    return done


async def _adjusted(tenant: Tenant, row: Any, by: Actor, now: datetime) -> Posting:
    """A credit is goodwill without an end; a debit takes what is there."""
    units, wallet = row["amount"], row["wallet_id"]
    account = await ledger.ensure_account(tenant.id, AccountKind.ADJUSTMENT, row["currency"])
    transfer = Transfer(
        tenant=tenant.id, debit=account if units > 0 else wallet, credit=wallet if units > 0 else account,
        amount=abs(units), kind="adjustment", key=str(row["id"]), day=clock.civil_day(now, tenant.timezone),
        occurred_at=now, actor=str(by), reason=row["reason"], bucket=Bucket("promo") if units > 0 else None,
    )  # fmt: skip
    return (await ledger.post(transfer)).or_raise()


async def _granted(tenant: Tenant, row: Any, by: Actor, now: datetime, approver: str) -> Posting:
    """Bonus credit on the terms it was asked for with."""
    if row["expires_at"] is not None and row["expires_at"] <= now:
        title = N_("The last day of this bonus credit is over.")
        raise Conflict("it would have expired already", code="expired", title=title)
    # an id of its own: a transfer's id says when it was booked, and this one may have waited for months
    grant = Grant(
        id=new_id(), customer=row["customer_id"], wallet=row["wallet_id"],
        amount=Money(row["amount"], row["currency"]), priority=row["priority"], expires_at=row["expires_at"],
        reason=row["reason"], idempotency=row["idempotency"], by=row["proposed_by"], granter=row["proposer"],
        alone=row["alone"], approver=approver,
    )  # fmt: skip
    return await promo_booking.book(tenant, grant, by=by)


async def _earlier(
    tenant: UUID, customer: UUID, idempotency: str, amount: Money, reason: str, paper: Attachment | None
) -> Adjustment:
    row = await db.fetchrow(
        f"select {COLUMNS}, (select sha256 from wallets.attachment p where p.tenant_id = a.tenant_id and p.id = a.id)"  # noqa: S608
        " as digest from wallets.adjustment a where tenant_id = $1 and customer_id = $2 and kind = 'adjustment'"
        " and idempotency = $3",
        tenant,
        customer,
        idempotency,
    )
    found = adjustment_of(row)
    if (found.amount, found.reason, row["digest"]) != (amount, reason, paper.digest if paper else None):
        raise InvalidInput(
            "this key belongs to another adjustment", code="idempotency_key_reused", field="idempotency_key"
        )
    return found


def _decided() -> Conflict:
    return Conflict("it is decided", code="already_decided", title=N_("This has been decided already."))
