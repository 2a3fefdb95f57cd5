"""Put a mail into the queue, in the unit of what it tells of.

It is written at once, so that a template changed later changes no mail; and inside a savepoint, so that one that
cannot be written fails nothing but itself: it is kept with what it was given, and the job tries again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, NotFound
from askpro.i18n import reader
from askpro.ids import new_id
from askpro.jobs import defer
from askpro.messages import preferences
from askpro.messages.kinds import kind
from askpro.messages.model import MAIL, Mail, mail_of
from askpro.messages.recipients import Recipient, customer_of, staff_of
from askpro.messages.render import render
from askpro.messages.values import one_line, pack, unpack
from askpro.tenancy import audit
from askpro.tenancy.queries import tenant_by_id

__all__ = ("SEND", "queue", "retry", "write")

log = structlog.get_logger("askpro.messages")

SEND = "messages.send"

_PUT = f"""
insert into messages.mail (tenant_id, id, key, template, locale, address, name, customer_id, person_id, given, state,
                           last_error, next_try, created_at)
select $1, $2, $3, $4, coalesce(nullif($5, ''), t.locale), $6, $7, $8, $9, $10, $11, $12, $13, $13
  from tenancy.tenant t where t.id = $1
on conflict (tenant_id, key) do nothing returning {MAIL}
"""  # noqa: S608 - put together from constants
_WRITE = f"""
update messages.mail set subject = coalesce(subject, $3), text = coalesce(text, $4), html = coalesce(html, $5),
       last_error = '' where tenant_id = $1 and id = $2 returning {MAIL}
"""  # noqa: S608 - as above


async def queue(
    tenant: UUID,
    template: str,
    *,
    customer: UUID | None = None,
    staff: bool = False,
    values: Mapping[str, Any],
    key: str,
    besides: UUID | None = None,
) -> None:
    """Write a mail to a customer, or one to each of the staff. Inside the caller's unit; sent after it.

    Args:
        template: one of ``kinds.KINDS``.
        values: what the template shows: texts, numbers, Money, dates, ids.
        key: of the business fact. A second mail under it is not made, whoever asks how often.
        besides: of the staff, this person is not written to.

    A customer without an address, or one that does not want such mails, gets none; a row says so. Raises ValueError
    for a mail that there is not or without a recipient, TypeError for values no mail can hold, RuntimeError outside
    a unit: all three are mistakes of the caller's. That a mail cannot be written raises nothing.
    """
    what, given = kind(template), pack(values)
    if (customer is None) is not staff:
        raise ValueError("a mail goes to a customer or to the staff")
    if db.current() is None:
        raise RuntimeError("queue() belongs inside the unit of what it tells of")
    async with db.unit(tenant):
        if customer is not None:
            unwanted = bool(what.optional) and what.optional in await preferences.unwanted(tenant, customer)
            await _put(tenant, template, await customer_of(tenant, customer), given, key, unwanted=unwanted)
            return
        for one in await staff_of(tenant, besides):
            await _put(tenant, template, one, given, f"{key}#{one.person_id}")


async def _put(
    tenant: UUID, template: str, to: Recipient, given: Mapping[str, Any], key: str, *, unwanted: bool = False
) -> None:
    now, identifier = clock.now(), new_id()
    reason = "the customer does not want these mails" if unwanted else "" if to.address else "there is no address"
    row = await db.fetchrow(
        _PUT,
        tenant,
        identifier,
        key,
        template,
        to.locale,
        to.address,
        one_line(to.name, 200),
        to.customer_id,
        to.person_id,
        dict(given),
        "skipped" if reason else "waiting",
        reason,
        now,
    )
    if row is None or reason:
        return
    try:
        await write(tenant, mail_of(row))
    except Exception as error:  # whatever a template stumbles over, the money beside it must not
        log.exception("a mail could not be written", mail=str(identifier), template=template)
        await db.execute(
            "update messages.mail set last_error = $3 where tenant_id = $1 and id = $2",
            tenant,
            identifier,
            one_line(f"not written: {type(error).__name__}: {error}", 300),
        )
    await defer(SEND, tenant=str(tenant), mail=str(identifier))


async def write(tenant: UUID, mail: Mail) -> Mail:
    """Write a mail that is not written yet; what was written stays. Raises whatever a template can raise."""
    if mail.rendered is not None:
        return mail
    async with db.unit(tenant):
        house = await tenant_by_id(tenant)
        done = render(house, mail.template, reader(mail.locale, house.timezone), mail.name, unpack(mail.given))
        row = await db.fetchrow(_WRITE, tenant, mail.id, done.subject, done.text, done.html)
    return mail_of(row)


async def retry(tenant: UUID, mail_id: UUID, *, by: Actor) -> None:
    """Send a mail again that has failed. Raises NotFound, Conflict (``mail_not_failed``)."""
    async with db.unit(tenant):
        state = await db.fetchval(
            "select state from messages.mail where tenant_id = $1 and id = $2 for update", tenant, mail_id
        )
        if state is None:
            raise NotFound("there is no such mail")
        if state != "failed":
            raise Conflict("only a mail that has failed is sent again", code="mail_not_failed")
        await db.execute(
            "update messages.mail set state = 'waiting', attempts = 1, next_try = $3 where tenant_id = $1 and id = $2",
            tenant,
            mail_id,
            clock.now(),
        )
        await audit.record(tenant, by, "mail.retried", mail_id)
        await defer(SEND, tenant=str(tenant), mail=str(mail_id))
