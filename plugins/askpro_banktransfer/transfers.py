"""The table of transfers. Every function works in an open unit of the tenant's store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk import Context, StoreUnit
from askpro_banktransfer.model import Transfer
from askpro_banktransfer.references import canonical

__all__ = ("Transfers", "open_transfers")

_SHORTEST_ORDER = 6  # characters of an order number, below which it may stand in any text
_MEMORY = timedelta(days=400)
"""How far back an order number is looked for in payers' words; a reference is looked for without end."""

_SELECT = """
select t.id, t.key, t.reference, t.order_reference, t.units, t.currency, t.customer, t.customer_name, t.iban, t.state,
       t.return_url, t.cancel_url, t.created_at, t.expires_at, t.settled_at, t.paid_ref, t.told,
       (select coalesce(sum(m.units), 0)::bigint from plug_banktransfer.movement m
         where m.tenant_id = t.tenant_id and m.transfer_id = t.id and m.state = 'assigned') as assigned,
       exists (select from plug_banktransfer.movement m where m.tenant_id = t.tenant_id
         and (m.transfer_id = t.id and m.state = 'assigned' or m.named_id = t.id and m.state = 'review')) as doubtful
from plug_banktransfer.transfer t
"""


@asynccontextmanager
async def open_transfers(ctx: Context) -> AsyncIterator[Transfers]:
    """The tenant's transfers, in a transaction. Raises InvalidInput without a tenant."""
    if ctx.tenant is None:
        raise InvalidInput("transfers belong to a tenant")
    async with ctx.store.unit() as unit:
        yield Transfers(unit, ctx.tenant.id, ctx.now())


@dataclass(frozen=True, slots=True)
class Transfers:
    """Of one tenant."""

    unit: StoreUnit
    tenant: UUID
    now: datetime

    async def add(self, transfer: Transfer) -> bool:
        """Enter a new one; False when its key or its reference is taken."""
        tag = await self.unit.execute(
            "insert into plug_banktransfer.transfer (tenant_id, id, key, reference, order_reference, order_canonical,"
            " units, currency, customer, customer_name, iban, state, return_url, cancel_url, created_at, expires_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, $14, $15) on conflict do nothing",
            self.tenant, transfer.id, transfer.key, transfer.reference, transfer.order_reference,
            canonical(transfer.order_reference), transfer.amount.units, transfer.amount.currency, transfer.customer,
            transfer.customer_name, transfer.iban, transfer.return_url, transfer.cancel_url, transfer.created_at,
            transfer.expires_at,
        )  # fmt: skip
        return tag.endswith(" 1")

    async def by_key(self, key: str) -> Transfer | None:
        """The transfer of a key."""
        return await self._one("t.key = $2", key)

    async def by_id(self, identifier: UUID, *, lock: bool = False) -> Transfer | None:
        """The transfer of an id."""
        return await self._one("t.id = $2", identifier, " for update of t" if lock else "")

    async def by_words(self, text: str) -> Transfer | None:
        """The transfer whose reference or order number a person has typed, however it was typed."""
        found = await self._one("t.reference = $2", canonical(text))
        return found or await self._one("t.order_canonical = $2 and t.order_canonical <> ''", canonical(text))

    async def named(self, references: Sequence[str], words: Sequence[str]) -> dict[int | str, list[Transfer]]:
        """Transfers by reference, and by the position of the text in which their order number stands. Locked."""
        rows = await self.unit.fetch(
            f"{_SELECT} where t.tenant_id = $1 and (t.reference = any($2::text[]) or t.id in ("  # noqa: S608 - constant
            "  select o.id from unnest($3::text[]) w(word) join plug_banktransfer.transfer o on o.tenant_id = $1"
            "   and o.created_at > $4 and length(o.order_canonical) >= $5 and position(o.order_canonical in w.word) > 0"
            " )) order by t.id for update of t",
            self.tenant, list(references), list(words), self.now - _MEMORY, _SHORTEST_ORDER,
        )  # fmt: skip
        return await asyncio.to_thread(_placed, [_transfer(row) for row in rows], words)

    async def fitting(self, amounts: Sequence[Money]) -> dict[Money, list[Transfer]]:
        """Transfers not paid yet of which just so much is missing, the newest first."""
        rows = await self.unit.fetch(
            f"{_SELECT} where t.tenant_id = $1 and t.state <> 'settled' and t.units >= any($2::bigint[])"
            " and t.created_at > $3 and (t.units = any($2::bigint[])"
            "  or exists (select from plug_banktransfer.movement m"
            "   where m.tenant_id = t.tenant_id and m.transfer_id = t.id and m.state = 'assigned'))"
            " order by t.created_at desc limit 5000",
            self.tenant, [one.units for one in amounts], self.now - _MEMORY,
        )  # fmt: skip
        found: dict[Money, list[Transfer]] = {}
        for transfer in map(_transfer, rows):
            found.setdefault(transfer.missing, []).append(transfer)
        return found

    async def move(self, transfer: UUID, state: str) -> None:
        """The customer has said that the transfer is ordered, or will not be."""
        await self.unit.execute(
            "update plug_banktransfer.transfer set state = $3 where tenant_id = $1 and id = $2 and state <> 'settled'",
            self.tenant, transfer, state,
        )  # fmt: skip

    async def settle(self, transfer: UUID, payment: str) -> None:
        """All of it has come. The transfer is locked and not settled."""
        await self.unit.execute(
            "update plug_banktransfer.transfer set state = 'settled', settled_at = $3, paid_ref = $4"
            " where tenant_id = $1 and id = $2 and state <> 'settled'",
            self.tenant, transfer, self.now, payment,
        )  # fmt: skip

    async def untold(self) -> list[Transfer]:
        """Transfers whose state the core has not been told."""
        rows = await self.unit.fetch(
            f"{_SELECT} where t.tenant_id = $1 and t.told <> t.state and t.state <> 'open' order by t.id limit 500",
            self.tenant,
        )
        return [_transfer(row) for row in rows]

    async def told(self, transfer: Transfer) -> None:
        """The core has taken the event of this state."""
        await self.unit.execute(
            "update plug_banktransfer.transfer set told = $3 where tenant_id = $1 and id = $2",
            self.tenant, transfer.id, transfer.state,
        )  # fmt: skip

    async def waiting(self) -> int:
        """How many transfers are expected."""
        count: int = await self.unit.fetchval(
            "select count(*) from plug_banktransfer.transfer"
            " where tenant_id = $1 and state in ('open', 'announced') and expires_at > $2",
            self.tenant, self.now,
        )  # fmt: skip
        return count

    async def accounts(self) -> frozenset[str]:
        """The accounts to which customers were ever told to transfer."""
        rows = await self.unit.fetch(
            "select distinct iban from plug_banktransfer.transfer where tenant_id = $1", self.tenant
        )
        return frozenset(row["iban"] for row in rows)

    async def _one(self, condition: str, value: Any, lock: str = "") -> Transfer | None:
        row = await self.unit.fetchrow(f"{_SELECT} where t.tenant_id = $1 and {condition}{lock}", self.tenant, value)
        return _transfer(row) if row is not None else None


def _placed(transfers: Sequence[Transfer], words: Sequence[str]) -> dict[int | str, list[Transfer]]:
    """By reference, and by the position of the text; every text is searched for every number."""
    found: dict[int | str, list[Transfer]] = {}
    for transfer in transfers:
        found.setdefault(transfer.reference, []).append(transfer)
        number = canonical(transfer.order_reference)
        if len(number) >= _SHORTEST_ORDER:
            for position, word in enumerate(words):
                if number in word:
                    found.setdefault(position, []).append(transfer)
    return found


def _transfer(row: Any) -> Transfer:
    fields = {name: value for name, value in dict(row).items() if name not in ("units", "currency")}
    return Transfer(amount=Money(row["units"], row["currency"]), **fields)
