"""Reading mails. All need an open unit of the tenant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.messages.model import MAIL, Mail, mail_of

__all__ = ("Position", "counts", "mail", "mails")

Position = tuple[datetime, UUID]
"""Where a page ended: when its last mail was made, and its id."""


async def mails(
    tenant: UUID, *, state: str = "", customer: UUID | None = None, before: Position | None = None, limit: int = 50
) -> list[Mail]:
    """Mails, latest first; ``state`` and ``customer`` narrow it down, ``before`` goes on after a page.

    Mails of one fact are made at the same instant, so an instant alone would lose some of them between two pages.
    """
    rows = await db.fetch(
        f"select {MAIL} from messages.mail where tenant_id = $1 and ($2 = '' or state = $2)"  # noqa: S608 - constant
        " and ($3::uuid is null or customer_id = $3) and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))"
        " order by created_at desc, id desc limit $6",
        tenant,
        state,
        customer,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [mail_of(row) for row in rows]


async def mail(tenant: UUID, mail_id: UUID) -> Mail:
    """Raises NotFound."""
    row = await db.fetchrow(
        f"select {MAIL} from messages.mail where tenant_id = $1 and id = $2",  # noqa: S608 - constant
        tenant,
        mail_id,
    )
    if row is None:
        raise NotFound("there is no such mail")
    return mail_of(row)


async def counts(tenant: UUID) -> dict[str, int]:
    """State → how many mails."""
    rows = await db.fetch("select state, count(*) as n from messages.mail where tenant_id = $1 group by 1", tenant)
    return {row["state"]: row["n"] for row in rows}
