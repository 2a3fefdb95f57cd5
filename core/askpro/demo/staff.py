"""The demo's staff: two people at each reseller, because some things need a second one, and something to decide."""

from __future__ import annotations

from askpro import db
from askpro.actor import Actor
from askpro.demo.sample import PASSWORD
from askpro.money import Money
from askpro.people.model import Customer
from askpro.people.persons import add_person
from askpro.people.queries import people_of
from askpro.tenancy.model import Tenant
from askpro.wallets.adjustments import propose

__all__ = ("STAFF", "hire")

STAFF: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "nordstern": (("team@nordstern.example", "Jana Lindqvist"), ("leitung@nordstern.example", "Tobias Behrens")),
    "falke": (("team@falke.example", "Niamh Doyle"), ("manager@falke.example", "Graham Pike")),
    "rosenheim": (("team@rosenheim.example", "Vroni Huber"), ("leitung@rosenheim.example", "Xaver Moser")),
}
"""Reseller → (address, name) of both."""
_REASONS = {"falke": "Goodwill: two days without service"}
_BY = Actor("operator", "demo")


async def hire(tenant: Tenant, customer: Customer) -> None:
    """Make both, once; the first proposes an adjustment for ``customer`` that the second has to approve."""
    known = {one.email: one for one in await people_of(tenant.id, None)}
    async with db.unit(tenant.id):
        for email, name in STAFF[tenant.slug]:
            if email not in known:
                known[email] = await add_person(tenant.id, email, by=_BY, role="reseller", name=name, password=PASSWORD)
    first = known[STAFF[tenant.slug][0][0]]
    await propose(
        tenant,
        customer,
        Money.of("150", tenant.currency),
        reason=_REASONS.get(tenant.slug, "Kulanz: zwei Tage ohne Erreichbarkeit"),
        idempotency="demo",
        by=Actor("person", str(first.id)),
    )
