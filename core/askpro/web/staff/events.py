"""What providers have told us, and a second try for what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response

from askpro.errors import NotFound
from askpro.payments import inbox
from askpro.payments.inbox import InboxEvent
from askpro.web.portal.filters import PAGE, read_cut, read_page
from askpro.web.portal.frame import Filter, Notice, Pager
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import badge
from askpro.web.staff.names import uuid_or_none
from askpro.web.staff.provider_facts import PATH, known, url_of
from askpro.web.staff.provider_views import EventRow

__all__ = ("EventsPage", "index", "replay", "rows")

_SHOWN = 12
_STATES = ("dead", "waiting", "done")


@dataclass(frozen=True, slots=True)
class EventsPage:
    """staff/events.html: all events of one plugin's providers, latest first."""

    provider: str
    back_url: str
    filter: Filter
    rows: tuple[EventRow, ...]
    pager: Pager


async def rows(visit: Visit, keys: Sequence[str]) -> tuple[EventRow, ...]:
    """The latest events of these providers: what was given up first."""
    found: dict[str, list[InboxEvent]] = {}
    states: Any
    for states in _STATES:
        found[states] = await inbox.events(visit.tenant.id, state=states, providers=keys, limit=_SHOWN)
    others = sorted((*found["waiting"], *found["done"]), key=lambda one: one.id, reverse=True)
    return tuple(_row(one) for one in (*found["dead"], *others[:_SHOWN]))


async def index(visit: Visit) -> Response[bytes]:
    """``GET /staff/providers/{plugin}/events``; ``kind`` is a state. Raises NotFound for what is no provider."""
    _, plugin = visit.gettext, str(visit.request.path_params["plugin"])
    (one,) = await known(visit, plugin)
    cut = read_cut(visit, url_of(plugin, "events"), _STATES)
    page, pager = read_page(visit, cut)
    state: Any = cut.kind or None
    after = uuid_or_none(str(page.after)) if page.after else None
    found = await inbox.events(visit.tenant.id, state=state, providers=one.keys, before=after, limit=PAGE + 1)
    more, found = len(found) > PAGE, found[:PAGE]
    kinds = {"": _("All"), **{name: _(badge("event", name).label) for name in _STATES}}
    view = EventsPage(
        one.title, url_of(plugin), cut.form(visit, kinds, dated=False), tuple(_row(each) for each in found),
        pager(len(found), str(found[-1].id) if more else None, None),
    )  # fmt: skip
    late = _("This message is no longer among those given up: it is being tried again, or has been processed.")
    notices = [Notice("info", late)] if visit.query("done", 10) == "late" else []
    return visit.page("staff/events.html", view, "providers", notices=notices)


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
    """``POST /staff/events/{event}/replay``: from its first try on; who comes too late is told so. Raises NotFound."""
    event = await inbox.event(visit.tenant.id, _asked(visit))
    plugin = next((one.view.id for one in await known(visit) if event.provider in one.keys), "")
    try:
        await inbox.replay(visit.tenant.id, event.id, by=visit.actor)
    except NotFound:  # somebody was faster
        return visit.redirect(url_of(plugin, "events") if plugin else PATH, done="late")
    return visit.redirect(url_of(plugin) if plugin else PATH, done="replayed")


def _asked(visit: Visit) -> UUID:
    identifier: UUID = visit.request.path_params["event"]
    return identifier
