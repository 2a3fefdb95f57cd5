"""Who did something, as staff reads it: people by name, the house by its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from askpro.errors import NotFound
from askpro.people import queries
from askpro.people.model import Customer
from askpro.web.portal.visit import Visit

__all__ = ("actor_name", "customer_names", "uuid_or_none")


async def actor_name(visit: Visit, actor: str) -> str:
    """``person:<id>`` → the person's name; other actors in words."""
    _, (kind, _colon, name) = visit.gettext, actor.partition(":")
    if kind == "person" and (identifier := uuid_or_none(name)) is not None:
        try:
            found = await queries.person(visit.tenant.id, identifier)
        except NotFound:
            return _("somebody who is no longer here")
        return found.name or found.email
    return {
        "key": _("an API key"), "system": _("the system"), "operator": _("the operator"), "plugin": _("a plugin"),
    }.get(kind, actor)  # fmt: skip


async def customer_names(visit: Visit, ids: Iterable[UUID]) -> Mapping[UUID, Customer]:
    """The customers behind these ids, in one query."""
    return await queries.customers_by_id(visit.tenant.id, ids)


def uuid_or_none(text: str) -> UUID | None:
    """The id in a text, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
