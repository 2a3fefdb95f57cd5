"""Sending events to endpoints: each until it is taken, at growing intervals, for three days.

Endpoints see what real ones see: an event twice, a later one first, one hours late. How often is up to ``Chaos``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from askpro.testing.stripe.hooks.signing import signature
from askpro.testing.stripe.state.book import Book

if TYPE_CHECKING:
    from askpro.testing.stripe.chaos import Chaos
    from askpro.testing.stripe.state.world import World

__all__ = ("BACKOFF", "PATIENCE", "Delivery", "Sent", "deliver")

BACKOFF = (60, 300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
"""Seconds between one attempt and the next; after the last one Stripe gives up, about three days later."""
PATIENCE = 10.0
"""Seconds an endpoint has to answer."""


@dataclass(slots=True)
class Delivery:
    """An event on its way to an endpoint."""

    event: str
    endpoint: str
    due: int
    attempt: int = 0
    held: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt. ``status`` is the endpoint's, 0 when nothing came back."""

    event: str
    kind: str
    endpoint: str
    url: str
    attempt: int
    status: int

    @property
    def taken(self) -> bool:
        """Whether Stripe counts the event as delivered."""
        return 200 <= self.status < 300


async def deliver(world: World, chaos: Chaos, client: httpx.AsyncClient) -> list[Sent]:
    """Send what is due; what is not taken will be due again."""
    now = world.clock.now()
    ready = sorted((one for one in world.queue if one.due <= now), key=lambda one: one.due)
    world.queue = [one for one in world.queue if one.due > now]
    sent = []
    for one in chaos.order(ready):
        if not one.held and (wait := chaos.holds()):
            one.held, one.due = True, now + wait
            world.queue.append(one)
            continue
        result = await _send(world, chaos, client, one)
        if result is None:
            continue
        sent.append(result)
        if not result.taken:
            if one.attempt <= len(BACKOFF):
                one.due = now + BACKOFF[one.attempt - 1]
                world.queue.append(one)
        elif not one.again:
            _taken(world, one)
            if chaos.duplicates():
                world.queue.append(Delivery(one.event, one.endpoint, due=now, held=one.held, again=True))
    return sent


async def _send(world: World, chaos: Chaos, client: httpx.AsyncClient, one: Delivery) -> Sent | None:
    home, place = world.home(one.event), world.home(one.endpoint)
    if home is None or place is None or place.objects[one.endpoint].get("deleted"):
        return None
    event, endpoint = home.objects[one.event], place.objects[one.endpoint]
    one.attempt += 1
    status = 0
    if not chaos.loses():
        status = await _post(client, endpoint["url"], *_message(event, place, endpoint, world.clock.now()))
        if chaos.forgets():
            status = 0
    return Sent(one.event, event["type"], one.endpoint, endpoint["url"], one.attempt, status)


def _message(event: dict[str, object], place: Book, endpoint: dict[str, object], now: int) -> tuple[bytes, str]:
    shown = dict(event)
    if endpoint["api_version"]:
        shown["api_version"] = endpoint["api_version"]
    payload = json.dumps(shown, indent=2).encode()
    return payload, signature(payload, place.hidden[str(endpoint["id"])]["secret"], now)


async def _post(client: httpx.AsyncClient, url: str, payload: bytes, header: str) -> int:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": header,
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        answer = await client.post(url, content=payload, headers=headers, timeout=PATIENCE, follow_redirects=False)
    except httpx.HTTPError:
        return 0
    return answer.status_code


def _taken(world: World, one: Delivery) -> None:
    home = world.home(one.event)
    if home is not None:
        home.objects[one.event]["pending_webhooks"] -= 1
