"""When the provider is asked about a dispute by ourselves, so that an event that was lost is found out all the same."""

from __future__ import annotations

from uuid import UUID

from askpro import clock, db
from askpro.payments import schedule
from askpro.payments.refund_model import Dispute

__all__ = ("answered", "unanswered")


async def answered(tenant: UUID, case: Dispute) -> None:
    """The provider has said how it stands, and ``case`` is that. In the unit that acts on it."""
    due = schedule.dispute_look_up(case.state, clock.now(), answer_by=case.answer_by, closed_at=case.closed_at)
    await db.execute(
        "update payments.dispute set look_ups = 0, look_up_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        case.id,
        due,
    )


async def unanswered(tenant: UUID, case: Dispute) -> None:
    """The provider could not be asked, which says nothing about the dispute: ask again later.

    Nothing changes when it is not due, for then somebody was merely curious, or an answer came meanwhile.
    """
    now = clock.now()
    due = schedule.unanswered_look_up(
        case.state, case.look_ups + 1, now, answer_by=case.answer_by, closed_at=case.closed_at
    )
    async with db.unit(tenant):
        await db.execute(
            "update payments.dispute set look_ups = look_ups + 1, look_up_at = $3"
            " where tenant_id = $1 and id = $2 and state = $4 and look_up_at <= $5",
            tenant,
            case.id,
            due,
            case.state,
            now,
        )
