"""While the house runs: each implementation in its own try, with a deadline, a breaker and a count."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import date
from decimal import Decimal

import pytest
from dummy_house import FALKE, NORTH, make_host, on

from askpro.errors import InvalidInput, NotFound, PluginUnavailable
from askpro.money import Money
from askpro.pluginhost import Host
from askpro.pluginhost.breaker import Breaker
from askpro.pluginhost.calls import _MOST_WAITING, Busy
from askpro.sdk import ChargeQuestion, RateMissing

pytestmark = pytest.mark.anyio

KEY = {"good": {"api_key": "k-123"}}


def question(customer: str, amount: Money | None = None) -> ChargeQuestion:
    return ChargeQuestion(provider="sandbox", amount=amount or Money.of(5, "EUR"), customer=customer, off_session=False)


async def started(*names: str, **config: object) -> Host:
    host = make_host(*names, board=on(*names, **KEY), **config)
    await host.start()
    return host


@pytest.mark.parametrize("page", ["crash", "exit", "hang", "hang later", "deaf"])
async def test_one_bad_answer_does_not_cost_the_others_theirs(page: str) -> None:
    """A crash, SystemExit, a hang in a thread or in a coroutine, and one deaf to cancellation: only they fail."""
    host = await started("moody", "good")
    found = await host.run.collect("top_of_page", tenant=NORTH, page=page)
    assert found == [("good", f"hello from nordstern on {page}")]
    assert host.caller("moody").total.failed == 1
    assert host.caller("good").total.failed == 0


async def test_a_hanging_function_does_not_block_the_loop() -> None:
    """While a plain function hangs in its thread, the event loop goes on working."""
    host = await started("moody")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    await host.run.collect("top_of_page", tenant=NORTH, page="hang")
    ticking.cancel()
    assert ticks > 3


async def test_only_plugins_enabled_for_the_tenant_are_called() -> None:
    """The host filters by tenant; a plugin never sees a tenant that has not enabled it."""
    host = make_host("moody", "good", board=on("moody", **KEY))
    await host.start()
    assert await host.run.collect("top_of_page", tenant=NORTH, page="x") == [("moody", "moody on x")]
    assert await host.run.collect("top_of_page", tenant=FALKE, page="x") == []
    assert host.caller("good").total.calls == 1  # on_ready


async def test_without_a_tenant_all_ready_plugins_are_asked() -> None:
    """At platform level every ready plugin is asked; None is no value."""
    host = make_host("moody", "good")
    await host.start()
    assert await host.run.collect("top_of_page", tenant=None, page="x") == [("moody", "moody on x")]


async def test_the_breaker_opens_and_is_shown() -> None:
    """After three failures in a minute the plugin is left alone: its function is no longer called."""
    host = await started("moody")
    for _ in range(3):
        await host.run.collect("top_of_page", tenant=NORTH, page="crash")
    before = host.records["moody"].plugin.calls
    assert await host.run.collect("top_of_page", tenant=NORTH, page="fine") == []
    assert host.records["moody"].plugin.calls == before
    assert host.report()[0].breaker == "open"


async def test_threads_that_hang_are_limited() -> None:
    """A plugin whose threads all hang is not given more of them; only what hangs counts as its failure."""
    host = await started("moody", max_threads=2, breaker_failures=3)
    ctx = host.contexts.for_platform(host.records["moody"])
    for _ in range(2):
        await host.run.collect("top_of_page", tenant=NORTH, page="hang")
    for _ in range(4):
        with pytest.raises(Busy):
            await host.run.ask_one("top_of_page", "moody", ctx, page="hang")
    said = [failure.error for failure in host.records["moody"].failures]
    assert [one.split(":")[0] for one in said] == ["TimeoutError", "TimeoutError"]
    assert host.caller("moody").breaker.state == "closed"


async def test_a_storm_on_a_slow_plugin() -> None:
    """Three hundred at once on two threads: as many as may wait, the others hear at once that it is busy.

    Some are given up while they wait, some just as they were handed a thread. Nothing is left behind: no waiter, no
    thread, no failure, and the plugin answers as before.
    """
    host = await started("sandbox", max_threads=2)
    caller, at_once, gate = host.caller("sandbox"), 0, threading.Event()
    most, lock = [0], threading.Lock()

    def slow(number: int) -> int:
        nonlocal at_once
        with lock:
            at_once += 1
            most[0] = max(most[0], at_once)
        gate.wait(10)
        with lock:
            at_once -= 1
        return number

    async def ask(number: int) -> int:
        found: int = await caller.call("slow", slow, number, tenant="", deadline=30)
        return found

    asked = [asyncio.create_task(ask(number)) for number in range(300)]
    while sum(one.done() for one in asked) < 300 - 2 - _MOST_WAITING:
        await asyncio.sleep(0)
    refused = [one for one in asked if one.done()]
    assert {type(one.exception()) for one in refused} == {Busy}
    assert len(refused) == 300 - 2 - _MOST_WAITING
    waiting = [one for one in asked if not one.done()]
    for one in waiting[10:40:3]:
        one.cancel()
    gate.set()
    await asyncio.sleep(0.001)
    for one in waiting[40:60:4]:
        one.cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in found} <= {int, asyncio.CancelledError}
    assert most[0] == 2
    while caller._threads:
        await asyncio.sleep(0.001)
    assert not caller._queue
    assert (caller.total.failed, caller.breaker.state) == (0, "closed")
    assert await asyncio.gather(*(ask(number) for number in range(20))) == list(range(20))


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    """Waiters of a plugin that hangs leave the queue when their patience is over, or when they are cancelled."""
    host = await started("sandbox", max_threads=1)
    caller, gate = host.caller("sandbox"), threading.Event()
    hanging = asyncio.create_task(caller.call("hang", gate.wait, 10, tenant="", deadline=30))
    await asyncio.sleep(0)
    asked = [asyncio.create_task(caller.call("next", len, "abc", tenant="", deadline=5)) for _ in range(5)]
    await asyncio.sleep(0)
    asked[0].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError, Busy, Busy, Busy, Busy]
    assert not caller._queue
    gate.set()
    assert await hanging is True
    assert await caller.call("next", len, "abc", tenant="", deadline=5) == 3


async def test_many_at_once_take_turns() -> None:
    """Forty plain functions at once on two threads: all are answered, none counts as a failure; one given up is not."""
    host = await started("sandbox", max_threads=2)
    caller = host.caller("sandbox")

    def slow(number: int) -> int:
        time.sleep(0.005)
        return number

    async def ask(number: int) -> int:
        found: int = await caller.call("slow", slow, number, tenant="", deadline=5)
        return found

    asked = [asyncio.create_task(ask(number)) for number in range(40)]
    await asyncio.sleep(0.01)
    asked[20].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found.pop(20), asyncio.CancelledError)
    assert found == [number for number in range(40) if number != 20]
    assert (caller.total.failed, caller.breaker.state) == (0, "closed")


def test_breaker_closed_open_half_open() -> None:
    """Old failures do not count; one trial after the cooldown decides."""
    at = [0.0]
    breaker = Breaker(failures=3, window=10, cooldown=5, now=lambda: at[0])
    for at[0] in (0.0, 8.0, 16.0):
        assert breaker.failed() is False
    assert breaker.state == "closed"
    at[0] = 17.0
    assert breaker.failed() is True
    assert (breaker.state, breaker.allows()) == ("open", False)
    breaker.succeeded()  # a straggler that began before
    assert breaker.state == "open"
    at[0] = 22.0
    assert (breaker.state, breaker.allows(), breaker.allows()) == ("half open", True, False)
    breaker.failed()
    assert (breaker.state, breaker.allows()) == ("open", False)
    at[0] = 27.5
    assert breaker.allows() is True
    breaker.succeeded()
    assert (breaker.state, breaker.allows()) == ("closed", True)


@pytest.mark.parametrize("customer", ["crash", "hang", "lie"])
async def test_a_decision_that_cannot_be_had_is_a_refusal(customer: str) -> None:
    """may_* fails closed: nobody is charged because a plugin was not heard."""
    host = await started("moody")
    with pytest.raises(PluginUnavailable):
        await host.run.decide("may_charge", tenant=NORTH, question=question(customer))


async def test_a_decision_of_a_plugin_that_is_down_is_a_refusal() -> None:
    """An enabled plugin that has a say but is quarantined is not skipped."""
    host = await started("moody")
    assert await host.run.decide("may_charge", tenant=NORTH, question=question("yes")) == []
    host.records["moody"].reason = "broken since"
    with pytest.raises(PluginUnavailable, match="has a say"):
        await host.run.decide("may_charge", tenant=NORTH, question=question("yes"))
    assert await host.run.decide("may_charge", tenant=FALKE, question=question("yes")) == []


async def test_refusals_are_collected() -> None:
    """Everybody who objects is heard."""
    host = await started("moody", "good")
    dear = question("no", Money.of(500, "EUR"))
    found = await host.run.decide("may_charge", tenant=NORTH, question=dear)
    assert [(plugin, refusal.code) for plugin, refusal in found] == [("good", "too_much"), ("moody", "no")]


async def test_a_tenant_with_unusable_settings_harms_nobody_else() -> None:
    """One tenant's bad settings are shown, do not open the breaker, and leave other tenants alone."""
    board = on("good", tenants=(NORTH, FALKE), **KEY)
    board.values[(FALKE.id, "good")] = {}  # type: ignore[index] - a dict in truth: the key is missing
    host = make_host("good", board=board)
    await host.start()
    for _ in range(5):
        assert await host.run.collect("top_of_page", tenant=FALKE, page="x") == []
    assert "api_key is missing" in host.records["good"].failures[-1].error
    assert await host.run.collect("top_of_page", tenant=NORTH, page="x") == [("good", "hello from nordstern on x")]


async def test_failed_notices_are_named() -> None:
    """Who failed to take a notice is returned, so that it can be told again, alone."""
    host = await started("moody", "good")
    assert await host.run.notify("top_of_page", tenant=NORTH, page="crash") == ["moody"]
    assert await host.run.notify("top_of_page", tenant=NORTH, only=["good"], page="crash") == []


async def test_counts_per_plugin_and_tenant() -> None:
    """Calls and failures are counted in total, per tenant and per hook."""
    host = await started("moody")
    for page in ("a", "b", "crash"):
        await host.run.collect("top_of_page", tenant=NORTH, page=page)
    caller = host.caller("moody")
    assert (caller.total.calls, caller.total.failed) == (3, 1)
    assert caller.by_tenant[str(NORTH.id)].calls == 3
    assert caller.by_hook["top_of_page"] == 3


async def test_exchange_rates_are_guarded() -> None:
    """A rate comes through; a missing one says so; one from the future is a lie."""
    host = await started("good")
    rates = host.rates("good")
    assert (await rates.rate("EUR", "QQG", date(2026, 3, 2))).value == Decimal("1.5")
    with pytest.raises(RateMissing):
        await rates.rate("QQX", "EUR", date(2026, 3, 2))
    with pytest.raises(PluginUnavailable):
        await rates.rate("QQL", "EUR", date(2026, 3, 2))
    assert host.caller("good").total.failed == 1
    with pytest.raises(NotFound):
        host.rates("nobody")


async def test_jobs_run_for_enabled_tenants_only() -> None:
    """A job runs for a tenant that has the plugin, or once without one; for others it says no."""
    host = await started("good")
    told = host.records["good"].plugin.told
    told.clear()
    assert await host.run_job("good", "daily", NORTH) is True
    assert await host.run_job("good", "daily", FALKE) is False
    assert await host.run_job("good", "once") is True
    assert told == [("daily", NORTH), ("daily", None)]


async def test_unknown_settings_are_invalid() -> None:
    """A stored value that the schema no longer knows makes the tenant's context unusable, by name."""
    host = make_host("good", board=on("good", good={"api_key": "k", "colour": "red"}))
    await host.start()
    with pytest.raises(InvalidInput, match="colour"):
        await host.contexts.for_tenant(host.records["good"], NORTH, 1)
