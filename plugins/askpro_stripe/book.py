"""What was asked of Stripe, written down before it is asked. Each method is a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from askpro.errors import Conflict, InvalidInput
from askpro.money import Money
from askpro.sdk import Context, TenantRef
from askpro_stripe.scope import Scope, scope_of

__all__ = ("Book", "Family", "Request", "tenant_of")

Family = Literal["payment", "setup", "refund", "payout", "share"]

_COLUMNS = (
    "family, key, kind, account, destination, share_to, live, subject, units, currency, fee, params, tries, state,"
    " code, ref, url, expires_at, action_ref, action_url, sent_at"
)
_REPEATABLE = timedelta(hours=23)  # Stripe remembers a key for at least 24
_BELIEVED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A row of ``plug_stripe.request``."""

    family: Family
    key: str
    kind: str
    account: str
    destination: str
    share_to: str
    live: bool
    subject: str
    units: int
    currency: str
    fee: int
    params: str
    tries: int
    state: Literal["sent", "known", "refused"]
    code: str
    ref: str
    url: str
    expires_at: datetime | None
    action_ref: str
    action_url: str
    sent_at: datetime

    @property
    def amount(self) -> Money:
        """Raises ValueError for a setup, which has none."""
        return Money(self.units, self.currency)

    @property
    def sent(self) -> dict[str, Any]:
        """The parameters as Stripe got them."""
        found: dict[str, Any] = msgspec.json.decode(self.params)
        return found

    def scope(self, ctx: Context) -> Scope:
        """Where it was asked. Raises ModeChanged."""
        return scope_of(ctx, self.account, self.live, self.destination, self.share_to)

    def idempotency(self, tenant: UUID) -> str:
        """Stripe's key: the same for every repetition of one try."""
        return f"askpro:{tenant}:{self.family}:{self.key}:{self.tries}"

    def repeatable(self, now: datetime) -> bool:
        """Whether Stripe surely still knows the key, so that asking again is the same question."""
        return now < self.repeatable_until

    @property
    def repeatable_until(self) -> datetime:
        """When it is no longer asked again under the same key."""
        return self.sent_at + _REPEATABLE

    def must_be(self, kind: str, subject: str, amount: Money | None) -> None:
        """Raises Conflict when this key stands for something else."""
        said = (kind, subject, amount.units if amount else 0, amount.currency if amount else "")
        if said != (self.kind, self.subject, self.units, self.currency):
            raise Conflict("this key belongs to another request", code="key_reused")


def tenant_of(ctx: Context) -> TenantRef:
    """Raises InvalidInput when nobody's payment is asked for."""
    if ctx.tenant is None:
        raise InvalidInput("payments belong to a tenant")
    return ctx.tenant


@dataclass(frozen=True, slots=True)
class Book:
    """The books of one tenant."""

    ctx: Context

    async def find(self, family: Family, key: str) -> Request | None:
        """What was asked under that key."""
        async with self.ctx.store.unit() as unit:
            row = await unit.fetchrow(
                f"select {_COLUMNS} from plug_stripe.request"  # noqa: S608 - no data in it
                " where tenant_id = $1 and family = $2 and key = $3",
                self._tenant, family, key,
            )  # fmt: skip
        return None if row is None else _request(row)

    async def enter(
        self,
        family: Family,
        key: str,
        kind: str,
        scope: Scope,
        *,
        subject: str,
        amount: Money | None = None,
        fee: Money | None = None,
        params: Mapping[str, Any],
    ) -> tuple[Request, bool]:
        """Write down what is about to be asked: (the row, whether it is ours to ask now).

        A refused try is taken up again with a new number; a row that somebody else entered meanwhile is returned as it
        is. Raises Conflict.
        """
        async with self.ctx.store.unit() as unit:
            tag = await unit.execute(
                "insert into plug_stripe.request as r (tenant_id, family, key, kind, account, destination, share_to,"
                " live, subject, units, currency, fee, params, state, sent_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'sent', $14)"
                " on conflict (tenant_id, family, key) do update set account = excluded.account,"
                " destination = excluded.destination, share_to = excluded.share_to, live = excluded.live,"
                " fee = excluded.fee, params = excluded.params, sent_at = excluded.sent_at, state = 'sent', code = '',"
                " ref = '', url = '', action_ref = '', action_url = '', tries = r.tries + 1"
                " where r.state = 'refused' and r.kind = excluded.kind and r.subject = excluded.subject"
                " and r.units = excluded.units and r.currency = excluded.currency",
                self._tenant, family, key, kind, scope.account, scope.destination, scope.share_to,
                scope.live, subject,
                amount.units if amount else 0, amount.currency if amount else "", fee.units if fee else 0,
                msgspec.json.encode(params).decode(), self.ctx.now(),
            )  # fmt: skip
            row = await unit.fetchrow(
                f"select {_COLUMNS} from plug_stripe.request"  # noqa: S608 - no data in it
                " where tenant_id = $1 and family = $2 and key = $3",
                self._tenant, family, key,
            )  # fmt: skip
        found = _request(row)
        found.must_be(kind, subject, amount)
        return found, tag.endswith(" 1")

    async def movements(self, payment: str) -> list[Request]:
        """Transfers and reversals of a payment's share, in the order in which they were written down."""
        async with self.ctx.store.unit() as unit:
            rows = await unit.fetch(
                f"select {_COLUMNS} from plug_stripe.request"  # noqa: S608 - no data in it
                " where tenant_id = $1 and family = 'share' and subject = $2",
                self._tenant, payment,
            )  # fmt: skip
        return sorted((_request(row) for row in rows), key=lambda one: int(one.key.rpartition(":")[2]))

    async def known(self, request: Request, ref: str, url: str = "", expires_at: datetime | None = None) -> Request:
        """Stripe's number for it, once and for good."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "update plug_stripe.request set state = 'known', ref = $4, url = $5, expires_at = $6"
                " where tenant_id = $1 and family = $2 and key = $3 and tries = $7 and state <> 'refused'",
                self._tenant, request.family, request.key, ref, url, expires_at, request.tries,
            )  # fmt: skip
        return replace(request, state="known", ref=ref, url=url, expires_at=expires_at)

    async def refused(self, request: Request, code: str) -> Request:
        """Stripe did nothing, and it is proved."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "update plug_stripe.request set state = 'refused', code = $4"
                " where tenant_id = $1 and family = $2 and key = $3 and tries = $5 and state = 'sent'",
                self._tenant, request.family, request.key, code, request.tries,
            )  # fmt: skip
        return replace(request, state="refused", code=code)

    async def action(self, request: Request, ref: str, url: str) -> Request:
        """The page on which the customer can confirm."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "update plug_stripe.request set action_ref = $4, action_url = $5"
                " where tenant_id = $1 and family = $2 and key = $3",
                self._tenant, request.family, request.key, ref, url,
            )  # fmt: skip
        return replace(request, action_ref=ref, action_url=url)

    # customers and accounts

    async def customer(self, scope: Scope, customer: str) -> str:
        """Stripe's number of a customer; empty when there is none."""
        async with self.ctx.store.unit() as unit:
            ref: str | None = await unit.fetchval(
                "select ref from plug_stripe.customer"
                " where tenant_id = $1 and account = $2 and live = $3 and customer = $4",
                self._tenant, scope.account, scope.live, customer,
            )  # fmt: skip
        return ref or ""

    async def keep_customer(self, scope: Scope, customer: str, ref: str) -> str:
        """Keep a customer's number; the one that was there first wins."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "insert into plug_stripe.customer (tenant_id, account, live, customer, ref, created_at)"
                " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
                self._tenant, scope.account, scope.live, customer, ref, self.ctx.now(),
            )  # fmt: skip
        return await self.customer(scope, customer)

    async def forget_customer(self, scope: Scope, ref: str) -> None:
        """Stripe no longer has it."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "delete from plug_stripe.customer where tenant_id = $1 and account = $2 and live = $3 and ref = $4",
                self._tenant, scope.account, scope.live, ref,
            )  # fmt: skip

    async def is_bound(self, account: str, live: bool, *, ever: bool = False) -> bool:
        """Whether a connected account has proved to be this tenant's within a day, for it may get another owner; or
        ever, so that payments of this tenant's may lie there.
        """
        async with self.ctx.store.unit() as unit:
            found: bool = await unit.fetchval(
                "select exists (select from plug_stripe.account"
                " where tenant_id = $1 and account = $2 and live = $3 and ($5 or bound_at > $4))",
                self._tenant, account, live, self.ctx.now() - _BELIEVED, ever,
            )  # fmt: skip
        return found

    async def bind(self, account: str, live: bool) -> None:
        """It has, just now."""
        async with self.ctx.store.unit() as unit:
            await unit.execute(
                "insert into plug_stripe.account (tenant_id, account, live, bound_at) values ($1, $2, $3, $4)"
                " on conflict (tenant_id, account, live) do update set bound_at = excluded.bound_at",
                self._tenant, account, live, self.ctx.now(),
            )  # fmt: skip

    @property
    def _tenant(self) -> UUID:
        return tenant_of(self.ctx).id


def _request(row: Any) -> Request:
    return Request(**{name: row[name] for name in _COLUMNS.replace(",", "").split()})
