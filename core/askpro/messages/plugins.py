"""Mails that plugins ask for (capability ``mail.send``): their words, our layout, the customer's address unseen."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from askpro import db
from askpro.errors import InvalidInput, NotFound
from askpro.messages.recipients import customer_of
from askpro.messages.service import queue
from askpro.messages.values import one_line
from askpro.sdk.context import TenantRef

__all__ = ("mail_from_plugin",)


async def mail_from_plugin(
    plugin: str, tenant: TenantRef, customer: str, subject: str, paragraphs: Sequence[str], *, key: str
) -> None:
    """Queue a mail to a customer of that tenant; the same key again is no second mail.

    Raises InvalidInput for what is no mail, NotFound for a customer that this tenant does not have or (``no_address``)
    that nobody can write to: a plugin may rely on its mail, as direct debits do on their announcements.
    """
    title, texts = one_line(subject), [one_line(one) for one in paragraphs]
    if not 1 <= len(title) <= 150:
        raise InvalidInput("a subject has 1 to 150 characters", field="subject")
    if not 1 <= len(texts) <= 30 or not all(texts) or any(len(one) > 2_000 for one in paragraphs):
        raise InvalidInput("a mail has 1 to 30 paragraphs of 1 to 2,000 characters", field="paragraphs")
    if not 1 <= len(key) <= 200:
        raise InvalidInput("a key has 1 to 200 characters", field="key")
    try:
        wanted = UUID(customer)
    except ValueError:
        raise NotFound("there is no such customer") from None
    async with db.unit(tenant.id):
        there = "select exists (select from people.customer where tenant_id = $1 and id = $2)"
        if not await db.fetchval(there, tenant.id, wanted):
            raise NotFound("there is no such customer")
        if not (await customer_of(tenant.id, wanted)).address:
            raise NotFound("this customer has no address", code="no_address")
        values = {"title": title, "paragraphs": texts}
        await queue(tenant.id, "plugin", customer=wanted, values=values, key=f"plugin:{plugin}:{key}")
