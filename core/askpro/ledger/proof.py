"""The nightly proof: everything the ledger keeps ready is computed again from what was booked (D15).

Each check is one set-based statement that returns what is wrong, and only that: (subject, expected, found).
The alarm is one unit (10⁻⁶). All checks of a tenant see the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.ledger.checks import CHECKS
from askpro.ledger.findings import Finding
from askpro.ledger.hold_checks import HOLD_CHECKS

__all__ = ("MOST", "Ledger", "prove", "tenants")

MOST = 200
"""Findings a check lists for one tenant: what is wrong everywhere need not be listed in full."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A tenant whose books are looked at."""

    tenant: UUID
    slug: str


async def tenants(slug: str | None = None, *, reason: str) -> Sequence[Ledger]:
    """All tenants, or the one of that slug. Raises NotFound."""
    async with db.platform_unit(reason):
        rows = await db.fetch(
            "select id, slug from tenancy.tenant where $1::text is null or slug = $1 order by slug", slug
        )
    if slug is not None and not rows:
        raise NotFound(f"no tenant is called {slug!r}")
    return [Ledger(*row) for row in rows]


async def prove(tenant: UUID) -> list[Finding]:
    """Prove one tenant's books; empty: every figure is what the bookings say."""
    found = []
    async with db.unit(tenant, isolation="repeatable read"):
        await db.execute("set local work_mem = '64MB'")
        for check in (*CHECKS, *HOLD_CHECKS):
            for row in await db.fetch(f"{check.sql} limit {MOST}", tenant):
                found.append(Finding(tenant, check.name, row[0], str(row[1]), str(row[2]), check.alarm))
    return found
