"""The sandbox passes the conformance kit, on PostgreSQL with row-level security."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from dummy_house import FALKE, NORTH, Inbox
from hypothesis import given
from hypothesis import strategies as st

from askpro import clock
from askpro.errors import Conflict
from askpro.ids import new_id
from askpro.money import Money
from askpro.pluginhost import Host, service
from askpro.sdk import CheckoutSession, Context, CustomerRef, Notice, Outcome, ProviderEvent
from askpro.testing.providers import Bench, Delivery, PaymentProviderContract
from askpro_sandbox import signing
from askpro_sandbox.machine import CHOICES, Payment, choose, due
from askpro_sandbox.provider import SandboxProvider, decide, open_book, tell
from askpro_sandbox.settings import SandboxSettings

pytestmark = pytest.mark.anyio


class SandboxBench(Bench):
    """Hands that choose on the checkout page."""

    schema = SandboxSettings
    settings = {"delay_seconds": 60, "refuse_everything": False}  # noqa: RUF012 - replaced, never changed

    def __init__(self, ctx: Context, other: Context, freeze: Any, inbox: Inbox) -> None:
        self.provider = SandboxProvider()
        self.ctx, self.other, self._freeze, self._inbox = ctx, other, freeze, inbox

    async def _choose(self, session: CheckoutSession, choice: str) -> None:
        await decide(self.ctx, UUID(session.url.rsplit("/", 1)[1]), choice)

    async def pay(self, session: CheckoutSession) -> None:
        await self._choose(session, "succeed")

    async def decline(self, session: CheckoutSession) -> None:
        await self._choose(session, "decline")

    async def delay(self, session: CheckoutSession) -> None:
        await self._choose(session, "pending")
        await tell(self.ctx)

    async def lose(self, session: CheckoutSession) -> None:
        await self._choose(session, "timeout")

    async def wait(self) -> None:
        self._freeze(timedelta(minutes=10))

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        return await self._signed(ctx, signing.event_of(f"evt_{key}", "payment.settled", key, "", ctx.now()))

    async def deliveries(self, key: str) -> list[Delivery]:
        await tell(self.ctx)
        return [await self._signed(self.ctx, event) for _, _, event in self._inbox.events if event.key == key]

    async def _signed(self, ctx: Context, event: ProviderEvent) -> Delivery:
        async with open_book(ctx) as book:
            secret = await book.secret()
        assert secret is not None
        return signing.sign(event, secret, ctx.now())

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        async with open_book(self.ctx) as book:
            behaviour = "timeout" if behaviour == "lose" else behaviour
            return (await book.add_method(customer.id, behaviour)).public.ref


@pytest.fixture
async def host(house: Any) -> Host:
    host: Host = await house("sandbox")
    for tenant in (NORTH, FALKE):
        await service.enable(host, tenant, "sandbox", by="t")
    return host


@pytest.fixture
async def bench(host: Host, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> SandboxBench:
    moved = [timedelta()]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def freeze(by: timedelta) -> None:
        moved[0] += by

    record = host.records["sandbox"]
    contexts = [await host.contexts.for_tenant(record, tenant, 1) for tenant in (NORTH, FALKE)]
    return SandboxBench(*contexts, freeze, inbox)


class TestSandbox(PaymentProviderContract):
    """Every promise of the kit."""


async def test_declined_only_after_the_wait(bench: SandboxBench) -> None:
    """A pending and a silent payment can also end in a decline, and then stay declined."""
    for choice, before in (("pending_lost", Outcome.PENDING), ("timeout_lost", Outcome.UNKNOWN)):
        request = bench.checkout()
        session = await bench.provider.create_checkout(bench.ctx, request)
        await bench._choose(session, choice)
        assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is before
        await bench.wait()
        assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.DECLINED


async def test_an_open_page_expires(bench: SandboxBench) -> None:
    """Nobody can pay after the hour is over."""
    request = bench.checkout()
    session = await bench.provider.create_checkout(bench.ctx, request)
    for _ in range(7):
        await bench.wait()
    assert (await bench.provider.look_up(bench.ctx, request.key)).code == "expired"
    with pytest.raises(Conflict):
        await bench.pay(session)


async def test_disabling_closes_open_pages(host: Host, bench: SandboxBench) -> None:
    """After the tenant has disabled the plugin nobody pays on a page that is still open."""
    request = bench.checkout()
    await bench.provider.create_checkout(bench.ctx, request)
    await service.disable(host, NORTH, "sandbox", by="t")
    result = await bench.provider.look_up(bench.ctx, request.key)
    assert (result.outcome, result.code) == (Outcome.DECLINED, "provider_disabled")


async def test_events_are_told_once_and_again_when_they_were_not_taken(bench: SandboxBench, inbox: Inbox) -> None:
    """Each state is told once; while the inbox refuses, the job tells it again."""
    request = bench.checkout()
    await bench.delay(await bench.provider.create_checkout(bench.ctx, request))
    await tell(bench.ctx)
    await tell(bench.ctx)
    await bench.wait()

    async def refuse(*_: Any) -> None:
        raise ConnectionError

    ctx_refused = Context(
        **{**{name: getattr(bench.ctx, name) for name in ("plugin", "tenant", "settings")},
           "means": {**bench.ctx.means, "events.emit": refuse}}
    )  # fmt: skip
    with pytest.raises(ConnectionError):
        await tell(ctx_refused)
    await tell(bench.ctx)
    told = [(event.type, event.key) for _, _, event in inbox.events]
    assert told == [("payment.pending", request.key), ("payment.settled", request.key)]
    assert {plugin for plugin, _, _ in inbox.events} == {"sandbox"}
    assert {tenant for _, tenant, _ in inbox.events} == {NORTH.id}


async def test_the_core_confirms_by_its_own_event(host: Host, bench: SandboxBench) -> None:
    """check_settings warns about settled payments until the core has said that it booked them."""
    payment = await bench.paid()
    assert (await service.check_settings(host, NORTH, "sandbox"))[0].level == "warning"
    notice = Notice(
        id=new_id(), kind="topup.settled", occurred_at=clock.now(), data={"provider": "sandbox", "key": payment.key}
    )
    assert await host.run.notify("on_event", tenant=NORTH, event=notice) == []
    assert (await service.check_settings(host, NORTH, "sandbox"))[0].level == "ok"


@given(st.lists(st.sampled_from([*CHOICES["open"], *CHOICES["challenge"], "time"]), max_size=8))
def test_payments_only_move_forward(steps: list[str]) -> None:
    """Whatever is tried in whatever order: a payment that is over never changes, and none goes back to open."""
    now = clock.now()
    payment = Payment(
        id=new_id(), key="k", kind="checkout", amount=Money.of(1, "EUR"), description="", customer="c", state="open",
        created_at=now, due_at=now + timedelta(hours=1),
    )  # fmt: skip
    for step in steps:
        before = payment
        try:
            if step == "time":
                now += timedelta(minutes=45)
                payment = due(payment, now)
            else:
                payment = choose(payment, step, now, timedelta(minutes=1))
        except Conflict:
            assert payment is before
        if before.over:
            assert payment == before
        assert before.state == "open" or payment.state != "open"
