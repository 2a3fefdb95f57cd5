"""The stand-in for tests and demos: one object that is Stripe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from askpro import clock as ground
from askpro.testing.stripe.acts.accounts import account
from askpro.testing.stripe.acts.timers import run_due
from askpro.testing.stripe.answering import Desk
from askpro.testing.stripe.asgi import application
from askpro.testing.stripe.chaos import Chaos, Mishap, Planned
from askpro.testing.stripe.hands import Hands
from askpro.testing.stripe.hooks.delivery import Sent, deliver
from askpro.testing.stripe.snapshot import end_state, whole
from askpro.testing.stripe.state.clock import Clock
from askpro.testing.stripe.state.ids import digest
from askpro.testing.stripe.state.world import API_VERSION, Keys, World
from askpro.testing.stripe.transport import StandInTransport, stripe_http_client
from askpro.testing.stripe.wire.routes import Obj

if TYPE_CHECKING:
    import stripe

__all__ = ("StripeStandIn",)


class StripeStandIn(Hands):
    """A Stripe of one's own, which forgets everything with the process.

    Args:
        seed: the same seed and the same requests give the same ids.
        clock: where the time comes from; ``advance`` moves on from there.
        base_url: where its pages are found.
        chaos: what goes wrong; nothing, if left out.
        outbound: how webhook endpoints are reached; the network, if left out.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: ground.now(),
        base_url: str = "https://stripe.localhost",
        chaos: Chaos | None = None,
        outbound: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.world = World(seed=seed, clock=Clock(clock), base_url=base_url)
        self.desk = Desk(self.world, chaos or Chaos())
        self.asgi = application(self.desk)
        self.outbound = outbound
        self.keys = self.open_account("standin")
        """Of the account that is always there: ``sk_test_standin``, ``sk_live_standin``."""

    # ---- ways in

    def open_account(self, name: str) -> Keys:
        """A further account that belongs to nobody else, with the keys ``sk_test_<name>`` and ``sk_live_<name>``."""
        identifier = f"acct_{digest(f'account:{name}', 16)}"
        return self.world.open(name, account(identifier, self.world.clock.now(), name))

    def restricted_key(self, name: str, *denied: str, live: bool = False) -> str:
        """A key of that account, ``rk_test_<name>``, to which operations below these paths are closed."""
        mode = "live" if live else "test"
        key = f"rk_{mode}_{name}"
        self.world.keys[key] = self.world.keys[f"sk_{mode}_{name}"]
        self.world.denied[key] = denied
        return key

    def transport(self) -> httpx.AsyncBaseTransport:
        """For an httpx client: every request goes to the stand-in."""
        return StandInTransport(self.asgi)

    def httpx_client(self, **options: Any) -> httpx.AsyncClient:
        """A browser, or anything else that speaks HTTP."""
        return httpx.AsyncClient(transport=self.transport(), base_url=self.world.base_url, **options)

    def stripe_http_client(self) -> stripe.HTTPClient:
        """What stripe-python takes as ``http_client``."""
        return stripe_http_client(self.transport())

    def client(self, key: str | None = None, **options: Any) -> stripe.StripeClient:
        """stripe-python's client, asynchronous methods only; retries are off unless asked for."""
        import stripe

        options = {"stripe_version": API_VERSION, "max_network_retries": 0, **options}
        return stripe.StripeClient(key or self.keys.test, http_client=self.stripe_http_client(), **options)

    # ---- time and trouble

    @property
    def chaos(self) -> Chaos:
        """What goes wrong; may be exchanged at any time."""
        return self.desk.chaos

    @chaos.setter
    def chaos(self, chaos: Chaos) -> None:
        self.desk.chaos = chaos

    def advance(self, seconds: float) -> None:
        """Let time pass, and what it brings happen."""
        self.world.clock.advance(seconds)
        run_due(self.world)

    def next_call(
        self, mishap: Mishap, path: str = "/v1/", *, method: str = "POST", times: int = 1, skip: int = 0
    ) -> None:
        """The next matching requests meet with that."""
        self.chaos.plans.append(Planned(mishap, path, method, times, skip))

    def held(self, path: str) -> AbstractAsyncContextManager[None]:
        """Inside the block such requests are begun and not answered: ``async with standin.held("/v1/refunds"):``"""
        return self.desk.held(path)

    # ---- events

    async def deliver_due(self) -> list[Sent]:
        """Send the events that are due, once each; what is not taken is due again later."""
        run_due(self.world)
        async with httpx.AsyncClient(transport=self.outbound) as client:
            return await deliver(self.world, self.chaos, client)

    async def deliver_all(self, *, rounds: int = 1000) -> list[Sent]:
        """Deliver until nothing is on its way, letting time pass where it must; RuntimeError after ``rounds``."""
        sent = []
        for _ in range(rounds):
            sent += await self.deliver_due()
            if not self.world.queue:
                return sent
            self.advance(max(0, min(one.due for one in self.world.queue) - self.world.clock.now()))
        raise RuntimeError(f"{len(self.world.queue)} events were not taken")

    def lose_events(self) -> int:
        """Everything on its way is never sent; how much that was. Only /v1/events still knows."""
        lost = len(self.world.queue)
        self.world.queue.clear()
        return lost

    def events(self, kind: str | None = None, *, account: str | None = None) -> list[Obj]:
        """What has happened, oldest first, in test and live mode."""
        return [
            dict(one)
            for (owner, _), book in self.world.books.items()
            for one in book.every("event")
            if kind in (None, one["type"]) and account in (None, owner)
        ]

    # ---- what is there

    def snapshot(self) -> Obj:
        """The whole state as JSON."""
        return whole(self.world)

    def end_state(self) -> Obj:
        """The part of it in which two runs of the same story must agree, whatever went wrong on the way."""
        return end_state(self.world)

    @property
    def log(self) -> list[tuple[str, str, int]]:
        """Method, path and status of every API request."""
        return self.desk.log
