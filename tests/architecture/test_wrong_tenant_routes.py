"""Every route as the wrong tenant: nothing seen, nothing changed, and no telling whether there is anything."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, Router, get, post

from askpro.ids import new_id
from portal_house import PASSWORD, token_in
from support import digests
from support.furnished import MINE, THEIRS, Furnished, furnished
from support.walk import Ask, Step, normal, steps

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

CHANGED_BY_LOOKING = {
    "people.session": ["seen_at"],  # kept to the minute: idle sessions end
    "people.api_key": ["used_at"],  # kept to the minute: unused keys are found
    # the page of an open payment, to which its provider leads back, asks the provider and notes what it said
    "payments.attempt": ["look_ups", "look_up_at", "changed_at", "detail"],
    "web.rate": [],  # counters of the limiter
    "jobs.procrastinate_workers": [],
}
"""What a GET may write → which columns (none: the whole table), and why."""

LINKS = {"/x/sandbox/checkout/{id:uuid}": "as with a real provider, whoever holds a payment's link may pay it"}
"""Pages of one customer that another of the same reseller may open who knows the id → why."""


class Caller:
    """Somebody with certain credentials on our reseller's host."""

    def __init__(self, name: str, client: httpx.AsyncClient, token: str = "") -> None:
        self.name, self.client, self.token = name, client, token

    async def send(self, ask: Ask) -> httpx.Response:
        headers = {
            "Accept": "text/html" if ask.form is not None or not ask.url.startswith("/api/") else "application/json"
        }
        if ask.json is not None:
            headers["Idempotency-Key"] = str(new_id())
        if ask.form is not None:
            headers |= {"Origin": str(self.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        data = {**ask.form, "_csrf": self.token} if ask.form is not None else None
        return await self.client.request(ask.method, ask.url, json=ask.json, data=data, headers=headers)


async def callers(made: Furnished) -> dict[str, Caller]:
    """Ours with all rights, ours with too few, theirs, and nobody."""

    async def with_key(name: str, secret: str) -> Caller:
        return Caller(name, await made.client(MINE, Authorization=f"Bearer {secret}"))

    found = {
        "key": await with_key("key", made.key[MINE]),
        "narrow key": await with_key("narrow key", made.narrow[MINE]),
        "their key": await with_key("their key", made.key[THEIRS]),
        "nobody": Caller("nobody", await made.client(MINE)),
    }
    for name, email in (("customer", "anna@example.org"), ("staff", "staff@example.org")):
        browser = await made.portal.browser(MINE)
        await browser.sign_in(email, PASSWORD)
        await browser.get("/settings")
        found[name] = Caller(name, browser.client, token_in(browser.page))
    theirs = made.people[THEIRS, "anna@example.org"]
    await theirs.get("/settings")
    found["their session"] = Caller(
        "their session", await made.client(MINE, Cookie=f"askpro={theirs.session}"), token_in(theirs.page)
    )
    forged = {"X-Forwarded-Host": f"{THEIRS}.askpro.localhost", "X-Tenant-Id": str(made.house(THEIRS).tenant.id)}
    for caller in found.values():
        caller.client.headers.update(forged)
    return found


def ours(step: Step) -> set[str]:
    """Who of ours is let in by this route."""
    if step.path.startswith("/api/"):
        return {"key"}
    return {"customer", "staff"}


@asynccontextmanager
async def house(database: Any) -> AsyncIterator[tuple[Furnished, dict[str, Caller]]]:
    async with furnished(database) as made:
        yield made, await callers(made)


async def _forget_limits(made: Furnished) -> None:
    await made.admin.execute("truncate web.rate")


async def test_the_walk_as_the_wrong_tenant(empty_database: Any) -> None:
    """Their ids in every path, query and body, with all kinds of credentials: 401, 403 or 404, as for nobody's id."""
    async with house(empty_database) as (made, everybody):
        their = made.house(THEIRS).tenant.id
        api = await made.client(THEIRS, Authorization=f"Bearer {made.key[THEIRS]}")
        cursors = [
            (await api.get(f"/api/v2/{path}", params={"limit": "1"})).json()["next"]
            for path in ("customers", "calls", f"customers/{made.house(THEIRS).customers['C-1'].id}/transactions")
        ]
        await made.admin.execute("update tenancy.tenant set name = $2 where id = $1", their, f"{digests.CANARY}-name")
        assert await digests.plant(made.admin, their, spare={"tenancy.tenant"}) > 60
        ids = sorted({one for found in (await digests.ids_of(made.admin, their)).values() for one in found} | {their})
        before = await digests.of_tenant(made.admin, their)
        secrets = set(map(str, ids))
        asked = 0

        async def ask(caller: Caller, what: Ask) -> httpx.Response:
            nonlocal asked
            if asked % 20 == 0:
                await _forget_limits(made)
            asked += 1
            answer = await caller.send(what)
            told = answer.text + str(answer.headers)
            assert digests.CANARY not in told, f"{caller.name}: {what.method} {what.url} tells their data"
            leaked = (
                set(_UUID.findall(told)) - set(_UUID.findall(what.url + str(what.json) + str(what.form)))
            ) & secrets
            assert not leaked, f"{caller.name}: {what.method} {what.url} tells their ids {leaked}"
            assert answer.status_code < 500, f"{caller.name}: {what.method} {what.url}: {answer.text[:500]}"
            return answer

        for step in steps(made.portal.app.litestar):
            for caller in everybody.values():
                if not step.ids:
                    await ask(caller, step.ask())
                    continue
                nothing = new_id()
                blank = normal(await ask(caller, step.ask(nothing)), nothing)
                allowed = (401, 403, 404) if step.path.startswith("/api/") else (303, 403, 404)
                assert blank[0] in allowed, f"{caller.name}: {step.method} {step.path}: {blank[0]}"
                if blank[0] == 303:
                    assert dict(blank[1])["location"].startswith("/sign-in")
                for identifier in ids if caller.name in ours(step) else ids[:2]:
                    told = normal(await ask(caller, step.ask(identifier)), identifier)
                    assert told == blank, (
                        f"{caller.name}: {step.method} {step.path} {identifier}: {told} is not {blank}"
                    )
            for name in (*step.queries, *step.body_ids):
                values = cursors if name == "cursor" else ids
                for value in values:
                    answer = await ask(everybody["key"], step.ask(new_id() if step.ids else None, **{name: value}))
                    assert answer.status_code in (200, 400, 404, 422), f"{step.method} {step.path} {name}={value}"
                    if answer.status_code == 200:
                        assert answer.json()["items"] == [], f"{step.method} {step.path}?{name}={value} shows something"
            if step.safe and not step.path.startswith("/api/"):
                for name in (
                    "customer",
                    "customer_id",
                    "tenant",
                    "order",
                    "call",
                    "key",
                    "id",
                    "cursor",
                    "before",
                    "next",
                    "wallet",
                ):
                    await ask(everybody["customer"], step.ask(new_id() if step.ids else None, **{name: ids[0]}))
            changed = digests.difference(before, await digests.of_tenant(made.admin, their))
            assert changed == [], f"{step.method} {step.path} changed {changed} of another tenant"
        assert asked > 500


async def test_the_walk_as_the_wrong_customer(empty_database: Any) -> None:
    """What belongs to another customer of the same reseller is, to a signed-in person, nobody's."""
    async with house(empty_database) as (made, everybody):
        tenant = made.house(MINE).tenant.id
        other = made.house(MINE).customers["C-2"]
        wallet = other.wallet_id
        theirs: list[UUID] = [
            *[
                row[0]
                for row in await made.admin.fetch("select id from payments.orders where customer_id = $1", other.id)
            ],
            *[
                row[0]
                for row in await made.admin.fetch("select id from ledger.usage where wallet_id = $1 limit 3", wallet)
            ],
            *[
                row[0]
                for row in await made.admin.fetch(
                    "select id from plug_sandbox.payment where tenant_id = $1 and customer = $2", tenant, str(other.id)
                )
            ],
            other.id,
            wallet,
        ]
        assert len(theirs) >= 9
        caller = everybody["customer"]
        for step in steps(made.portal.app.litestar):
            if step.path.startswith("/api/") or not step.ids or step.path in LINKS:
                continue
            await _forget_limits(made)
            nothing = new_id()
            blank = normal(await caller.send(step.ask(nothing)), nothing)
            for identifier in theirs:
                told = normal(await caller.send(step.ask(identifier)), identifier)
                assert told == blank, f"{step.method} {step.path} {identifier}: another customer's"


async def test_looking_changes_nothing(empty_database: Any) -> None:
    """Every GET with our own ids, as everybody: the database is as before but for what is listed above."""
    async with house(empty_database) as (made, everybody):
        mine = made.house(MINE).tenant.id
        ids = sorted({one for found in (await digests.ids_of(made.admin, mine)).values() for one in found})
        anna = made.house(MINE).customers["C-1"]
        ids += [
            row[0]
            for sql in (
                "select id from ledger.usage where wallet_id = $1 limit 2",
                "select id from payments.orders where wallet_id = $1",
            )
            for row in await made.admin.fetch(sql, anna.wallet_id)
        ]
        ids += [
            row[0]
            for row in await made.admin.fetch("select id from plug_sandbox.payment where customer = $1", str(anna.id))
        ]
        for caller in everybody.values():  # sessions are touched once a minute: let that happen now
            await caller.send(Ask("GET", "/settings"))
        before = await digests.everything(made.admin, CHANGED_BY_LOOKING)
        unseen = []
        for step in steps(made.portal.app.litestar):
            if not step.safe:
                continue
            reached = False
            for caller in everybody.values():
                await _forget_limits(made)
                for identifier in (ids if caller.name in ours(step) else ids[:1]) if step.ids else [None]:
                    answer = await caller.send(step.ask(identifier))
                    reached |= answer.status_code < 400
            changed = digests.difference(before, await digests.everything(made.admin, CHANGED_BY_LOOKING))
            assert changed == [], f"{step.method} {step.path} writes {changed}"
            if not reached and step.ids:
                unseen.append(step.path)
        assert unseen == [], "nobody was let in anywhere: the walk proves nothing there"


@pytest.mark.parametrize(
    ("path", "word"), [("/new/{slug:str}", "WORDS"), ("/new", "FORMS"), ("/new/{number:int}", "WORDS")]
)
def test_a_route_that_the_walk_does_not_know_fails_it(path: str, word: str) -> None:
    """A parameter or a form nobody has taught it: the walk says so instead of passing by."""
    decorate: Callable[..., Any] = post if word == "FORMS" else get

    @decorate("/", opt={"permission": "public"})
    async def handler() -> None: ...

    app = Litestar([Router(path, route_handlers=[handler])], openapi_config=None)
    with pytest.raises(AssertionError, match=word):
        list(steps(app))
