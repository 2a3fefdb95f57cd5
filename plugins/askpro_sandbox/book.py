"""The sandbox's tables. Every function works in an open unit of the tenant's store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import SavedMethod, StoreUnit
from askpro_sandbox.machine import Payment, due

__all__ = ("Book", "Method")

_COLUMNS = (
    "id, key, kind, units, currency, description, customer, saves, method, return_url, cancel_url, state, fate, code,"
    " due_at, told, created_at"
)


@dataclass(frozen=True, slots=True)
class Method:
    """A saved method and how it behaves when it is charged."""

    id: UUID
    customer: str
    behaviour: str
    is_default: bool

    @property
    def public(self) -> SavedMethod:
        """As the core sees it."""
        return SavedMethod(
            ref=f"sbm_{self.id.hex}",
            kind="card",
            label="Sandbox •••• 4242",
            expires=(2099, 12),
            fingerprint=f"sandbox-{self.behaviour}",
            default=self.is_default,
        )


@dataclass(frozen=True, slots=True)
class Book:
    """The books of one tenant."""

    unit: StoreUnit
    tenant: UUID
    now: datetime

    async def add(self, payment: Payment) -> bool:
        """Enter a new payment; False when its key is taken."""
        tag = await self.unit.execute(
            "insert into plug_sandbox.payment (tenant_id, id, key, kind, units, currency, description, customer, saves,"
            " method, return_url, cancel_url, state, fate, code, due_at, created_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
            " on conflict (tenant_id, key) do nothing",
            self.tenant, payment.id, payment.key, payment.kind, payment.amount.units, payment.amount.currency,
            payment.description, payment.customer, payment.saves, payment.method, payment.return_url,
            payment.cancel_url, payment.state, payment.fate, payment.code, payment.due_at, payment.created_at,
        )  # fmt: skip
        return tag.endswith(" 1")

    async def by_key(self, key: str) -> Payment | None:
        """The payment of a key, locked and as of now."""
        return await self._one("key = $2", key)

    async def by_id(self, identifier: UUID) -> Payment | None:
        """The payment of an id, locked and as of now."""
        return await self._one("id = $2", identifier)

    async def _one(self, condition: str, value: Any) -> Payment | None:
        row = await self.unit.fetchrow(
            f"select {_COLUMNS} from plug_sandbox.payment where tenant_id = $1 and {condition} for update",  # noqa: S608 - no data in it
            self.tenant,
            value,
        )
        if row is None:
            return None
        before = _payment(row)
        after = due(before, self.now)
        if after != before:
            await self.change(after)
        return after

    async def change(self, payment: Payment) -> None:
        """Write the new state of a payment that is locked."""
        await self.unit.execute(
            "update plug_sandbox.payment set state = $3, fate = $4, code = $5, due_at = $6, method = $7"
            " where tenant_id = $1 and id = $2",
            self.tenant, payment.id, payment.state, payment.fate, payment.code, payment.due_at, payment.method,
        )  # fmt: skip

    async def untold(self) -> list[Payment]:
        """Payments whose state the core has not been told, after the time until now has passed."""
        ripe = await self.unit.fetch(
            "select id from plug_sandbox.payment where tenant_id = $1 and due_at <= $2 order by id",
            self.tenant,
            self.now,
        )
        for row in ripe:
            await self.by_id(row["id"])
        rows = await self.unit.fetch(
            f"select {_COLUMNS} from plug_sandbox.payment where tenant_id = $1 and told <> state"  # noqa: S608 - as above
            " and state in ('pending', 'settled', 'declined', 'expired') order by id limit 500",
            self.tenant,
        )
        return [_payment(row) for row in rows]

    async def told(self, payment: Payment) -> None:
        """The core has taken the event of this state."""
        await self.unit.execute(
            "update plug_sandbox.payment set told = $3 where tenant_id = $1 and id = $2",
            self.tenant, payment.id, payment.state,
        )  # fmt: skip

    async def booked(self, key: str) -> None:
        """The core has said that it booked this payment."""
        await self.unit.execute(
            "update plug_sandbox.payment set booked_at = coalesce(booked_at, $3) where tenant_id = $1 and key = $2",
            self.tenant, key, self.now,
        )  # fmt: skip

    async def unbooked(self) -> int:
        """How many settled payments the core has never said it booked."""
        count: int = await self.unit.fetchval(
            "select count(*) from plug_sandbox.payment"
            " where tenant_id = $1 and state = 'settled' and booked_at is null",
            self.tenant,
        )
        return count

    async def close_open(self) -> None:
        """Nobody can pay on a page that is still open."""
        await self.unit.execute(
            "update plug_sandbox.payment set state = 'expired', code = 'provider_disabled', due_at = null"
            " where tenant_id = $1 and state in ('open', 'challenge')",
            self.tenant,
        )

    # refunds

    async def refunds(self, payment: Payment) -> int:
        """What was paid back so far, in 10⁻⁶."""
        total = await self.unit.fetchval(
            "select coalesce(sum(units), 0) from plug_sandbox.refund where tenant_id = $1 and payment_id = $2",
            self.tenant, payment.id,
        )  # fmt: skip
        return int(total)

    async def refund_by_key(self, key: str) -> tuple[UUID, UUID, Money] | None:
        """Id, payment id and amount of a refund."""
        row = await self.unit.fetchrow(
            "select r.id, r.payment_id, r.units, p.currency from plug_sandbox.refund r"
            " join plug_sandbox.payment p on p.tenant_id = r.tenant_id and p.id = r.payment_id"
            " where r.tenant_id = $1 and r.key = $2",
            self.tenant, key,
        )  # fmt: skip
        return (row["id"], row["payment_id"], Money(row["units"], row["currency"])) if row else None

    async def add_refund(self, key: str, payment: Payment, units: int) -> UUID:
        """Enter a refund; the payment is locked."""
        identifier = new_id()
        await self.unit.execute(
            "insert into plug_sandbox.refund (tenant_id, id, key, payment_id, units, created_at)"
            " values ($1, $2, $3, $4, $5, $6)",
            self.tenant, identifier, key, payment.id, units, self.now,
        )  # fmt: skip
        return identifier

    # methods

    async def add_method(self, customer: str, behaviour: str) -> Method:
        """Save a method; the first one becomes the default."""
        method = Method(new_id(), customer, behaviour, not await self.methods(customer))
        await self.unit.execute(
            "insert into plug_sandbox.method (tenant_id, id, customer, behaviour, is_default, created_at)"
            " values ($1, $2, $3, $4, $5, $6)",
            self.tenant, method.id, customer, behaviour, method.is_default, self.now,
        )  # fmt: skip
        return method

    async def methods(self, customer: str) -> list[Method]:
        """A customer's methods, oldest first."""
        rows = await self.unit.fetch(
            "select id, customer, behaviour, is_default from plug_sandbox.method"
            " where tenant_id = $1 and customer = $2 order by id",
            self.tenant, customer,
        )  # fmt: skip
        return [Method(row["id"], row["customer"], row["behaviour"], row["is_default"]) for row in rows]

    async def remove_method(self, identifier: UUID) -> None:
        """Forget a method."""
        await self.unit.execute(
            "delete from plug_sandbox.method where tenant_id = $1 and id = $2", self.tenant, identifier
        )

    async def make_default(self, customer: str, identifier: UUID) -> None:
        """Make one of a customer's methods the default."""
        await self.unit.execute(
            "update plug_sandbox.method set is_default = (id = $3) where tenant_id = $1 and customer = $2",
            self.tenant, customer, identifier,
        )  # fmt: skip

    # signing

    async def secret(self) -> bytes | None:
        """The secret that signs this tenant's events."""
        secret: bytes | None = await self.unit.fetchval(
            "select secret from plug_sandbox.signing where tenant_id = $1", self.tenant
        )
        return secret

    async def keep_secret(self, secret: bytes) -> None:
        """Keep a secret unless there is one."""
        await self.unit.execute(
            "insert into plug_sandbox.signing (tenant_id, secret) values ($1, $2) on conflict do nothing",
            self.tenant, secret,
        )  # fmt: skip


def _payment(row: Any) -> Payment:
    fields = {name: row[name] for name in _COLUMNS.replace(",", "").split() if name not in ("units", "currency")}
    return Payment(amount=Money(row["units"], row["currency"]), **fields)
