"""Send one mail: take it, hand it over, write down what came of it. Three steps, and no unit open in the second.

A process that dies in the second step leaves a mail that looks as if it were under way; after ``LEASE`` it is sent
again. If the server had taken it by then, it goes out twice: mail has no idempotency. The Message-ID is the same, by
which many receivers drop the second copy.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.messages import links
from askpro.messages.composing import BadAddress, compose, deliverable
from askpro.messages.delivery import MailDelayed, MailRefused, deliver
from askpro.messages.model import MAIL, Mail, MailState, mail_of
from askpro.messages.service import write
from askpro.messages.values import one_line
from askpro.tenancy.queries import tenant_by_id

__all__ = ("LEASE", "PATIENCE", "PAUSES", "send")

log = structlog.get_logger("askpro.messages")

PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440))
"""Before the second try, the third …; after the last one the mail has failed: about two days later."""
LEASE = timedelta(minutes=10)
"""How long a mail under way is left alone: longer than a mail server may take in all."""
PATIENCE = timedelta(days=4)
"""What is older when first tried is not sent: a mail server set up at last does not tell of last week's balance."""

_TAKE = f"""
update messages.mail set attempts = attempts + 1, next_try = $3
 where tenant_id = $1 and id = $2 and state = 'waiting' and next_try <= $4 returning {MAIL}
"""  # noqa: S608 - put together from constants


async def send(tenant: UUID, mail_id: UUID) -> MailState | None:
    """Send a mail that is due; returns its state afterwards. None: nothing was to be done.

    Where no mail server is set up (``ASKPRO_SMTP_URL``) it goes on waiting. Outside any unit.
    """
    if db.current() is not None:
        raise RuntimeError("a mail server is never called inside a unit")
    if not links.smtp_url():
        return None
    mail = await _take(tenant, mail_id)
    if mail is None:
        return None
    if mail.attempts == 1 and clock.now() - mail.created_at > PATIENCE:
        return await _note(tenant, mail, "failed", "it could not be sent in time")
    try:
        await _hand_over(tenant, mail)
    except (MailRefused, BadAddress) as error:
        log.warning("a mail was refused", mail=str(mail.id), template=mail.template, error=type(error).__name__)
        return await _note(tenant, mail, "failed", str(error))
    except Exception as error:  # a template, a bug, the network: each is tried again, and shown
        said = str(error) if isinstance(error, MailDelayed) else f"{type(error).__name__}: {error}"
        log.warning("a mail was not sent", mail=str(mail.id), template=mail.template, error=type(error).__name__)
        return await _note(tenant, mail, "waiting" if mail.attempts <= len(PAUSES) else "failed", said)
    return await _note(tenant, mail, "sent", "")


async def _take(tenant: UUID, mail_id: UUID) -> Mail | None:
    now = clock.now()
    async with db.unit(tenant):
        row = await db.fetchrow(_TAKE, tenant, mail_id, now + LEASE, now)
    return mail_of(row) if row is not None else None


async def _hand_over(tenant: UUID, mail: Mail) -> None:
    written = await write(tenant, mail)
    message = compose(await tenant_by_id(tenant), written)
    address = deliverable(mail.address)
    await asyncio.to_thread(deliver, links.smtp_url(), message, links.mail_from(), address.addr_spec)


async def _note(tenant: UUID, mail: Mail, state: MailState, error: str) -> MailState:
    now = clock.now()
    async with db.unit(tenant):
        await db.execute(
            "update messages.mail set state = $3, last_error = $4, next_try = $5, sent_at = $6"
            " where tenant_id = $1 and id = $2 and state = 'waiting'",
            tenant,
            mail.id,
            state,
            one_line(error, 300),
            now + PAUSES[min(mail.attempts, len(PAUSES)) - 1],
            now if state == "sent" else None,
        )
    return state
