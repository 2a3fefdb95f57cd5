"""What providers have told us of late, and a second try for what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from litestar import Response

from askpro.errors import NotFound
from askpro.payments import inbox
from askpro.payments.inbox import InboxEvent
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import badge
from askpro.web.staff.provider_facts import known, url_of
from askpro.web.staff.provider_views import EventRow

__all__ = ("replay", "rows")

_SHOWN = 12
_LOOKED_AT = 200


async def rows(visit: Visit, keys: Sequence[str]) -> tuple[EventRow, ...]:
    """The latest events of these providers: what was given up first."""
    dead = await inbox.events(visit.tenant.id, state="dead", limit=_LOOKED_AT)
    latest = await inbox.events(visit.tenant.id, limit=_LOOKED_AT)
    chosen = [one for one in dead if one.provider in keys][:_SHOWN]
    chosen += [one for one in latest if one.provider in keys and one.dead_at is None][:_SHOWN]
    return tuple(_row(one) for one in chosen)


def _row(event: InboxEvent) -> EventRow:
    state = "dead" if event.dead_at else "done" if event.processed_at else "waiting"
    return EventRow(
        event.type or event.kind,
        event.received_at,
        badge("event", state),
        event.last_error,
        f"/staff/events/{event.id}/replay" if state == "dead" else "",
    )


async def replay(visit: Visit) -> Response[bytes]:
    """``POST /staff/events/{event}/replay``: from its first try on. Raises NotFound when it is no dead letter."""
    event: UUID = visit.request.path_params["event"]
    dead = await inbox.events(visit.tenant.id, state="dead", limit=_LOOKED_AT)
    await inbox.replay(visit.tenant.id, event, by=visit.actor)
    provider = next((one.provider for one in dead if one.id == event), "")
    for one in await known(visit):
        if provider in one.keys:
            return visit.redirect(url_of(one.view.id), done="replayed")
    raise NotFound
