"""What was asked of Kassenwerk, written down before it is asked. Each method is a transaction of its own.

sent ──► known        Kassenwerk has said its number
  └────► refused      proved: nothing was done; the same key may be sent again
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from askpro.errors import Conflict, InvalidInput, Unavailable
from askpro.money import Money
from askpro.sdk import Context

from askpro_kassenwerk.settings import settings_of

__all__ = ("Book", "Family", "Request")

Family = Literal["payment", "refund"]

_COLUMNS = "family, key, subject, units, currency, live, state, code, ref, url, expires_at, sent_at"
_UNDER_WAY = timedelta(minutes=5)  # the host gives up after half a minute


@dataclass(frozen=True, slots=True)
class Request:
    """A row of ``plug_kassenwerk.request``."""

    family: Family
    key: str
    subject: str
    units: int
    currency: str
    live: bool
    state: Literal["sent", "known", "refused"]
    code: str
    ref: str
    url: str
    expires_at: datetime | None
    sent_at: datetime

    @property
    def amount(self) -> Money:
        """What was asked for."""
        return Money(self.units, self.currency)

    def under_way(self, now: datetime) -> bool:
        """Whether it may still arrive."""
        return now - self.sent_at < _UNDER_WAY


class Book:
    """The books of the context's reseller."""

    def __init__(self, ctx: Context) -> None:
        if ctx.tenant is None:
            raise InvalidInput("payments belong to a tenant")
        self._ctx, self._tenant = ctx, ctx.tenant.id

    def reference(self, key: str) -> str:
        """What Kassenwerk knows a request by: resellers may share an account, and keep their payments apart."""
        return f"{self._tenant}/{key}"

    def key_of(self, reference: str) -> str:
        """AskPro's key; empty when the reference is not this reseller's."""
        owner, _, key = reference.partition("/")
        return key if owner == str(self._tenant) else ""

    async def enter(self, family: Family, key: str, subject: str, amount: Money) -> tuple[Request, bool]:
        """Write down what is about to be sent: (the row, whether it is ours to send now).

        A refused request is taken up again. Raises Conflict when the key stands for something else, Unavailable when
        the mode was changed since.
        """
        async with self._ctx.store.unit() as unit:
            tag = await unit.execute(
                "insert into plug_kassenwerk.request as r"
                " (tenant_id, family, key, subject, units, currency, live, state, sent_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, 'sent', $8)"
                " on conflict (tenant_id, family, key) do update"
                " set state = 'sent', code = '', live = excluded.live, sent_at = excluded.sent_at"
                " where r.state = 'refused' and (r.subject, r.units, r.currency)"
                "     = (excluded.subject, excluded.units, excluded.currency)",
                self._tenant, family, key, subject, amount.units, amount.currency, settings_of(self._ctx).live,
                self._ctx.now(),
            )  # fmt: skip
            row = await self._one(unit, family, key)
        if row is None or (row.subject, row.amount) != (subject, amount):
            raise Conflict("this key belongs to another request", code="key_reused")
        return self.of_this_mode(row), tag.endswith(" 1")

    async def find(self, family: Family, key: str) -> Request | None:
        """What was asked under that key."""
        async with self._ctx.store.unit() as unit:
            return await self._one(unit, family, key)

    async def latest(self, most: int) -> list[Request]:
        """Of both kinds, the newest first."""
        async with self._ctx.store.unit() as unit:
            rows = await unit.fetch(
                f"select {_COLUMNS} from plug_kassenwerk.request where tenant_id = $1 order by sent_at desc limit $2",
                self._tenant,
                most,
            )
        return [Request(*row) for row in rows]

    async def known(self, row: Request, ref: str, url: str = "", expires_at: datetime | None = None) -> Request:
        """Kassenwerk has it."""
        await self._change(row, "known", "", ref, url, expires_at)
        return replace(row, state="known", ref=ref, url=url, expires_at=expires_at)

    async def refused(self, row: Request, code: str) -> Request:
        """Kassenwerk has not done it, and will not."""
        await self._change(row, "refused", code, "", "", None)
        return replace(row, state="refused", code=code)

    def of_this_mode(self, row: Request) -> Request:
        """The row itself. Raises Unavailable when only the other mode's key could tell how it stands."""
        if row.live is not settings_of(self._ctx).live:
            raise Unavailable("it was asked in the other mode", code="mode_changed")
        return row

    async def _one(self, unit: Any, family: Family, key: str) -> Request | None:
        row = await unit.fetchrow(
            f"select {_COLUMNS} from plug_kassenwerk.request where tenant_id = $1 and family = $2 and key = $3",
            self._tenant,
            family,
            key,
        )
        return None if row is None else Request(*row)

    async def _change(
        self, row: Request, state: str, code: str, ref: str, url: str, expires_at: datetime | None
    ) -> None:
        async with self._ctx.store.unit() as unit:
            await unit.execute(
                "update plug_kassenwerk.request set state = $5, code = $6, ref = $7, url = $8, expires_at = $9"
                " where tenant_id = $1 and family = $2 and key = $3 and sent_at = $4 and state = 'sent'",
                self._tenant, row.family, row.key, row.sent_at, state, code, ref, url, expires_at,
            )  # fmt: skip
