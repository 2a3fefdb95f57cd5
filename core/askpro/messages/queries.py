"""Reading mails. All need an open unit of the tenant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.messages.model import MAIL, Mail, mail_of

__all__ = ("counts", "mail", "mails")


async def mails(
    tenant: UUID, *, state: str = "", customer: UUID | None = None, before: datetime | None = None, limit: int = 50
) -> list[Mail]:
    """Mails, latest first; ``state`` and ``customer`` narrow it down, ``before`` goes on after a page."""
    rows = await db.fetch(
        f"select {MAIL} from messages.mail where tenant_id = $1 and ($2 = '' or state = $2)"  # noqa: S608 - constant
        " and ($3::uuid is null or customer_id = $3) and ($4::timestamptz is null or created_at < $4)"
        " order by created_at desc, id desc limit $5",
        tenant,
        state,
        customer,
        before,
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
