"""The stand-in's state as JSON: whole, or without everything that two runs may differ in."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("end_state", "whole")

_ID = re.compile(r"\b([a-z]{2,7}(?:_test|_live)?)_[0-9A-Za-z]{14,}\b")
_TIMES = frozenset(
    [
        "accepted_at",
        "arrival_date",
        "available_on",
        "canceled_at",
        "created",
        "date",
        "due_by",
        "expires_at",
        "updated",
        "client_secret",
        "url",
        "receipt_url",
        "invoice_prefix",
        "reference",
        "pending_webhooks",
    ]
)
_PASSING = frozenset(("event", "billing_portal.session", "billing_portal.configuration", "price", "product"))


def whole(world: World) -> Obj:
    """Everything."""
    return copy.deepcopy(
        {
            "accounts": {name: owner.thing for name, owner in world.owners.items()},
            "books": {
                f"{account}/{book.mode}": list(book.objects.values()) for (account, _), book in world.books.items()
            },
            "timers": [[one.due, one.action, one.thing, one.word] for one in world.timers],
            "waiting": [[one.event, one.endpoint, one.due, one.attempt] for one in world.queue],
        }
    )


def end_state(world: World) -> Obj:
    """What two runs of the same story agree in: objects by kind, sorted, without ids, times, addresses and events."""
    state: dict[str, dict[str, list[Obj]]] = {}
    for (account, _), book in world.books.items():
        kinds: dict[str, list[Obj]] = {}
        for thing in book.objects.values():
            if thing["object"] not in _PASSING:
                kinds.setdefault(thing["object"], []).append(_plain(thing))
        shown = _ID.sub(r"\1", account) if world.owners[account].parent else account
        place = state.setdefault(f"{shown}/{book.mode}", {})
        for kind, things in kinds.items():
            place[kind] = sorted(place.get(kind, []) + things, key=lambda one: json.dumps(one, sort_keys=True))
    return {name: state[name] for name in sorted(state)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in _TIMES}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _ID.sub(r"\1", value) if isinstance(value, str) else value
