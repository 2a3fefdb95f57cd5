"""When a second person is needed, as the staff's forms say it."""

from __future__ import annotations

from askpro import db
from askpro.money import Money
from askpro.people.model import Customer
from askpro.wallets.four_eyes import alone
from askpro.web.portal.visit import Visit

__all__ = ("alone_of", "limit_note")


async def alone_of(visit: Visit, customer: Customer) -> Money:
    """What this member of the staff may still book today for that customer without anybody else."""
    async with db.unit(visit.tenant.id):
        return await alone(visit.tenant, customer.id, customer.currency, str(visit.actor))


async def limit_note(visit: Visit, customer: Customer) -> str:
    """The same as a sentence, for changes of a balance and for bonus credit alike."""
    _, limit = visit.gettext, await alone_of(visit, customer)
    if limit.units == 0:
        return _("A second person has to approve whatever you book by hand for this customer today.")
    text = _("Up to %(amount)s is booked at once; more than that a second person has to approve.")
    return text % {"amount": visit.reader.money(limit)}
