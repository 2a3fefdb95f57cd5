"""Bookings by hand: with a reason, a paper if there is one, and beyond a limit only with a second person.

A credit becomes goodwill in the customer's wallet (promotional credit that does not expire), because money that was
never paid must never be paid back. A debit takes what is there (D5) and cannot overdraw. Neither touches VAT.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import N_, Conflict, InvalidInput, NotFound
from askpro.events import emit
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind
from askpro.ledger.transfer import Bucket, Transfer
from askpro.money import Money
from askpro.people.model import Customer
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant
from askpro.wallets import checks, told
from askpro.wallets.attachments import Attachment, accepted
from askpro.wallets.four_eyes import alone, answerable, require_second

__all__ = (
    "Adjustment", "AdjustmentState", "approve", "attachment", "of_tenant", "one", "propose", "reject",
)  # fmt: skip

AdjustmentState: TypeAlias = Literal["waiting", "booked", "rejected"]
_COLUMNS = (
    "id, customer_id, wallet_id, amount, currency, reason, state, proposed_by, decided_by, created_at, decided_at,"
    " attachment_name, decision, transfer_id, balance_after, proposer"
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """``decided_by`` empty and booked: it lay within what one person may book alone. ``decision``: why it was rejected.

    ``balance_before`` and ``balance_after`` are the wallet's when it was booked.
    """

    id: UUID
    customer_id: UUID
    wallet_id: UUID
    amount: Money
    reason: str
    state: AdjustmentState
    by: str
    decided_by: str
    created_at: datetime
    decided_at: datetime | None
    attachment_name: str
    decision: str
    transfer_id: UUID | None
    balance_before: Money | None
    balance_after: Money | None


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
        await checks.open_customer(tenant.id, customer)
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
            return await _book(tenant, await _row(tenant.id, identifier), by, second=None)
        waiting = await one(tenant.id, identifier)
        await emit("adjustment.waiting", _facts(waiting), tenant=tenant.id)
    return waiting


async def approve(tenant: Tenant, adjustment: UUID, *, by: Actor) -> Adjustment:
    """Book what waits. Once, however many approve: who comes later with the same right gets what was booked.

    Raises NotFound, NotAllowed (``second_person_needed``: who proposed it, also by a key of theirs, or no person at
    all), Conflict (``already_decided`` by somebody else, or rejected), InsufficientFunds, WalletFrozen.
    """
    async with db.unit(tenant.id):
        row = await _row(tenant.id, adjustment, lock=True)
        person = await answerable(tenant.id, by)
        require_second(row["proposer"], person)
        if row["state"] != "waiting":
            if row["state"] == "booked" and row["decided_by"] == str(by):
                return _adjustment(row)
            raise _decided()
        return await _book(tenant, row, by, second=person)


async def reject(tenant: Tenant, adjustment: UUID, *, reason: str, by: Actor) -> Adjustment:
    """Book nothing, and say why. Who proposed it may take it back this way.

    Raises NotFound, InvalidInput (``reason_missing``), Conflict (``already_decided``).
    """
    text = checks.reason(reason)
    async with db.unit(tenant.id):
        row = await _row(tenant.id, adjustment, lock=True)
        if row["state"] != "waiting":
            if row["state"] == "rejected" and (row["decided_by"], row["decision"]) == (str(by), text):
                return _adjustment(row)
            raise _decided()
        await db.execute(
            "update wallets.adjustment set state = 'rejected', decided_by = $3, decider = $4, decision = $5,"
            " decided_at = $6 where tenant_id = $1 and id = $2",
            tenant.id, adjustment, str(by), await answerable(tenant.id, by), text, clock.now(),
        )  # fmt: skip
        done = await one(tenant.id, adjustment)
        await audit.record(tenant.id, by, "adjustment.rejected", adjustment, reason=text)
        await emit("adjustment.rejected", _facts(done), tenant=tenant.id)
    return done


async def of_tenant(
    tenant: UUID,
    *,
    waiting_only: bool = False,
    customer: UUID | None = None,
    state: str = "",
    before: UUID | None = None,
    limit: int = 50,
) -> list[Adjustment]:
    """Adjustments, latest first; ``before``: the last one seen."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from wallets.adjustment where tenant_id = $1 and ($2 = '' or state = $2)"  # noqa: S608
            " and ($3::uuid is null or customer_id = $3) and ($4::uuid is null or id < $4) order by id desc limit $5",
            tenant,
            "waiting" if waiting_only else state,
            customer,
            before,
            limit,
        )
    return [_adjustment(row) for row in rows]


async def one(tenant: UUID, adjustment: UUID) -> Adjustment:
    """Raises NotFound."""
    async with db.unit(tenant):
        return _adjustment(await _row(tenant, adjustment))


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
    now, identifier, currency, units = clock.now(), row["id"], row["currency"], row["amount"]
    account = await ledger.ensure_account(tenant.id, AccountKind.ADJUSTMENT, currency)
    wallet = row["wallet_id"]
    transfer = Transfer(
        tenant=tenant.id, debit=account if units > 0 else wallet, credit=wallet if units > 0 else account,
        amount=abs(units), kind="adjustment", key=str(identifier), day=clock.civil_day(now, tenant.timezone),
        occurred_at=now, actor=str(by), reason=row["reason"], bucket=Bucket("promo") if units > 0 else None,
    )  # fmt: skip
    posting = (await ledger.post(transfer)).or_raise()
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
    await emit("adjustment.booked", _facts(done), tenant=tenant.id)
    return done


async def _row(tenant: UUID, adjustment: UUID, *, lock: bool = False) -> Any:
    row = await db.fetchrow(
        f"select {_COLUMNS} from wallets.adjustment where tenant_id = $1 and id = $2"  # noqa: S608 - constants
        + (" for update" if lock else ""),
        tenant,
        adjustment,
    )
    if row is None:
        raise NotFound("there is no such adjustment")
    return row


async def _earlier(
    tenant: UUID, customer: UUID, idempotency: str, amount: Money, reason: str, paper: Attachment | None
) -> Adjustment:
    row = await db.fetchrow(
        f"select {_COLUMNS}, (select sha256 from wallets.attachment p where p.tenant_id = a.tenant_id and p.id = a.id)"  # noqa: S608
        " as digest from wallets.adjustment a where tenant_id = $1 and customer_id = $2 and idempotency = $3",
        tenant,
        customer,
        idempotency,
    )
    found = _adjustment(row)
    if (found.amount, found.reason, row["digest"]) != (amount, reason, paper.digest if paper else None):
        raise InvalidInput(
            "this key belongs to another adjustment", code="idempotency_key_reused", field="idempotency_key"
        )
    return found


def _adjustment(row: Any) -> Adjustment:
    currency, after = row["currency"], row["balance_after"]
    return Adjustment(
        row["id"], row["customer_id"], row["wallet_id"], Money(row["amount"], currency), row["reason"], row["state"],
        row["proposed_by"], row["decided_by"], row["created_at"], row["decided_at"], row["attachment_name"],
        row["decision"], row["transfer_id"], None if after is None else Money(after - row["amount"], currency),
        None if after is None else Money(after, currency),
    )  # fmt: skip


def _decided() -> Conflict:
    return Conflict("it is decided", code="already_decided", title=N_("This has been decided already."))


def _facts(done: Adjustment) -> dict[str, Any]:
    return {
        "adjustment": str(done.id),
        "customer": str(done.customer_id),
        "wallet": str(done.wallet_id),
        "amount": done.amount.units,
        "currency": done.amount.currency,
        "reason": done.reason,
        "by": done.by,
    }
