"""Reports that could not be booked: kept, answered the same when repeated, tried again on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from askpro import db
from askpro.calls.content import as_json, digest, storable
from askpro.calls.events import Reason, UsageEvent

__all__ = ("Answer", "Refusal", "open_refusals", "record")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call somebody should look at: it happened and is not booked."""

    id: UUID
    source: str
    external_id: str
    reason: str
    event: dict[str, object]
    first_at: datetime


class Answer(NamedTuple):
    """``refused``, ``duplicate`` (of a refused report), ``conflict``, or ``known``: this very call is booked.

    The rest is set where the id is booked: the wallet's balance after that call, and its overrun.
    """

    status: str
    currency: str | None
    balance: int | None
    overrun: int | None


async def record(refused: Sequence[tuple[UUID, UUID, UsageEvent, Reason]]) -> list[Answer]:
    """Keep (tenant, usage id, report, reason), unless the call is booked. No id may occur twice."""
    if not refused:
        return []
    rows = await db.call(
        "select status, currency, balance, overrun from calls.record_refusals($1, $2, $3, $4, $5, $6, $7) order by ord",
        [tenant for tenant, _, _, _ in refused],
        [usage for _, usage, _, _ in refused],
        [storable(event.source) for _, _, event, _ in refused],
        [storable(event.id) for _, _, event, _ in refused],
        [reason.value for _, _, _, reason in refused],
        [as_json(event) for _, _, event, _ in refused],
        [digest(event) for _, _, event, _ in refused],
    )
    return [Answer(*row) for row in rows]


async def open_refusals(tenant: UUID, *, limit: int = 100) -> list[Refusal]:
    """What is still not booked, oldest first. Needs an open unit of the tenant."""
    rows = await db.fetch(
        """
        select r.id, r.source, r.external_id, r.reason, r.event, r.first_at from calls.refusal r
         where r.tenant_id = $1 and r.resolved_at is null
           and not exists (select from ledger.usage u where u.tenant_id = r.tenant_id and u.id = r.id)
         order by r.first_at, r.id limit $2
        """,
        tenant,
        limit,
    )
    return [Refusal(*row) for row in rows]
