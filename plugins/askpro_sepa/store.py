"""The tenant's books, in a transaction. The modules beside it say what stands in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from askpro import clock
from askpro.errors import InvalidInput
from askpro.sdk import Context, StoreUnit
from askpro_sepa.target import ZONE

__all__ = ("Book", "open_book", "today")


@dataclass(frozen=True, slots=True)
class Book:
    """The books of one tenant."""

    unit: StoreUnit
    tenant: UUID
    now: datetime

    @property
    def today(self) -> date:
        """The banks' civil day."""
        return clock.civil_day(self.now, ZONE)


def today(ctx: Context) -> date:
    """The banks' civil day."""
    return clock.civil_day(ctx.now(), ZONE)


@asynccontextmanager
async def open_book(ctx: Context) -> AsyncIterator[Book]:
    """Raises InvalidInput without a tenant."""
    if ctx.tenant is None:
        raise InvalidInput("payments belong to a tenant")
    async with ctx.store.unit() as unit:
        yield Book(unit, ctx.tenant.id, ctx.now())
