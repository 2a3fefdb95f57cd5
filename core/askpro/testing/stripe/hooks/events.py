"""Events: what happened, with the object as it was at that moment."""

from __future__ import annotations

import copy
from typing import Any

from askpro.testing.stripe.hooks.delivery import Delivery
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import API_VERSION
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("change", "emit")


def emit(book: Book, kind: str, thing: Obj, previous: dict[str, Any] | None = None) -> Obj:
    """Write the event down and hand it to every endpoint that listens for it.

    A connected account's events also go to the endpoints of its platform that were made with ``connect``.
    """
    world = book.world
    data: dict[str, Any] = {"object": copy.deepcopy(thing)}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(previous)
    event: Obj = {
        "id": book.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": book.now,
        "data": data,
        "livemode": book.livemode,
        "pending_webhooks": 0,
        "request": dict(world.request) if world.request else {"id": None, "idempotency_key": None},
        "type": kind,
    }
    platform = world.parent_book(book)
    if platform is not None:
        event["account"] = book.account
    book.add(event)
    for home in (book, platform):
        for endpoint in list(home.every("webhook_endpoint")) if home is not None else ():
            connect = home is not book
            if (
                endpoint["status"] == "enabled"
                and home is not None
                and home.hidden[endpoint["id"]].get("connect", False) == connect
                and ("*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"])
            ):
                event["pending_webhooks"] += 1
                world.queue.append(Delivery(event["id"], endpoint["id"], due=book.now))
    return event


def change(book: Book, kind: str, thing: Obj, **values: Any) -> Obj:
    """Set values and tell it, unless nothing changes; the event says what was there before."""
    previous = {name: copy.deepcopy(thing.get(name)) for name, value in values.items() if thing.get(name) != value}
    if previous:
        thing.update(values)
        emit(book, kind, thing, previous)
    return thing
