"""Limits over API v2: what is set is what calls run into, and what is used is what is shown."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from askpro import clock, db
from askpro.calls.control import soft_caps
from askpro.events.delivery import deliver
from askpro.messages import facts
from askpro.messages import queries as messages
from askpro.people.customers import update_customer
from askpro.people.service import add_person
from askpro.tenancy import audit
from web_site import OPERATOR, Site, event

pytestmark = pytest.mark.anyio

NUMBER = "/api/v2/numbers/+4930222/limits"
OWN = "/api/v2/limits"


def place(site: Site, customer: str = "nord/C-1") -> str:
    return f"/api/v2/customers/{site.customers[customer].id}/limits"


def euros(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def start(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "customer": "C-1", "direction": "inbound", "from_number": "+4915100001", "to_number": "+4930222",
        "started_at": clock.now().isoformat(), "source": "pbx", **more,
    }  # fmt: skip


async def begin(api: httpx.AsyncClient, name: str, **more: Any) -> dict[str, Any]:
    answer = await api.post("/api/v2/calls/authorize", json=start(name, **more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def noon() -> datetime:
    """Of today, so that no test begins on one day and ends on another."""
    return clock.now().replace(hour=11, minute=0, second=0, microsecond=0)


async def outbox(site: Site) -> list[dict[str, Any]]:
    tenant = site.tenants["nord"].id
    async with db.unit(tenant):
        rows = await db.fetch("select payload from events.outbox where kind = $1 order by id", soft_caps.SOFT_CAP)
    return [row["payload"] for row in rows]


async def test_nothing_is_limited_at_first(site: Site) -> None:
    """Every level can be looked at before anybody has set anything."""
    api = await site.client("nord")
    for path in (OWN, place(site)):
        shown = (await api.get(path)).json()
        assert shown["concurrent_calls"] is shown["calls_per_second"] is shown["longest_call_seconds"] is None
        assert shown["spending"] == {name: {"soft": None, "hard": None} for name in ("day", "week", "month")}
        assert shown["used"]["concurrent_calls"] == 0
        assert shown["used"]["month"] == euros("0.000000")
    assert (await api.get(NUMBER)).json() == {
        "number": "+4930222", "concurrent_calls": None, "calls_per_second": None, "longest_call_seconds": None,
        "used": {"concurrent_calls": 0},
    }  # fmt: skip


async def test_calls_run_into_what_was_put(site: Site) -> None:
    """Number, customer and reseller: the first that is full refuses; lifted, the next call begins."""
    api = await site.client("nord")
    await site.top_up("nord/C-1", "10")
    assert (await api.put(NUMBER, json={"concurrent_calls": 1})).json()["concurrent_calls"] == 1
    put = await api.put(place(site), json={"concurrent_calls": 2, "longest_call_seconds": 90})
    assert (put.json()["concurrent_calls"], put.json()["calls_per_second"]) == (2, None)
    await api.put(OWN, json={"concurrent_calls": 3})

    first = await begin(api, "a")
    assert (first["allowed"], first["seconds_left"]) == (True, 90)
    assert (await begin(api, "b"))["reason"] == "number_concurrent"
    assert (await begin(api, "c", to_number="+4930333"))["allowed"]
    assert (await begin(api, "d", to_number="+4930444"))["reason"] == "customer_concurrent"
    assert (await api.get(place(site))).json()["used"]["concurrent_calls"] == 2
    assert (await api.get(NUMBER)).json()["used"]["concurrent_calls"] == 1
    assert (await api.get(OWN)).json()["used"]["held"] == euros("0.120000")

    assert (await api.delete(place(site))).json()["concurrent_calls"] is None
    assert (await begin(api, "d", to_number="+4930444"))["allowed"]
    assert (await begin(api, "e", to_number="+4930555"))["reason"] == "reseller_concurrent"
    await api.put(OWN, json={})
    assert (await api.delete(NUMBER)).json()["concurrent_calls"] is None
    assert (await begin(api, "f"))["allowed"]
    done = [one.action for one in await audit.entries(site.tenants["nord"].id, action="calls.caps")]
    assert len(done) == 6


async def test_spending_is_shown_and_refused(site: Site) -> None:
    """What was spent before a limit was set counts; a hard limit ends the money, and zero is a limit."""
    api = await site.client("nord")
    await site.top_up("nord/C-1", "10")
    with clock.frozen(noon()):
        now = clock.now()
        told = event("before", started_at=now.isoformat(), answered_at=now.isoformat(),
                     ended_at=(now + timedelta(seconds=60)).isoformat())  # fmt: skip
        assert (await api.post("/api/v2/usage", json={"events": [told]})).json()["results"][0]["status"] == "booked"
        used = (await api.get(place(site))).json()["used"]
        assert [used[name] for name in ("day", "week", "month")] == [euros("0.120000")] * 3
        own = (await api.get(OWN)).json()["used"]
        assert (own["day"], own["month"]) == (None, euros("0.120000"))

        limits = {"day": {"soft": euros("0.1"), "hard": euros("0.2")}, "month": {"hard": euros("5")}}
        put = (await api.put(place(site), json={"spending": limits})).json()
        assert put["spending"]["day"] == {"soft": euros("0.100000"), "hard": euros("0.200000")}
        assert put["spending"]["week"] == {"soft": None, "hard": None}
        assert put["used"]["day"] == euros("0.120000")

        begun = await begin(api, "a")
        assert (begun["allowed"], begun["warnings"]) == (True, ["customer_day"])
        assert (await begin(api, "b"))["seconds_left"] == 20
        assert (await begin(api, "c"))["reason"] == "customer_day_limit"
        await api.put(OWN, json={"spending": {"week": {"hard": euros("0")}}})
        assert (await api.get(OWN)).json()["used"]["week"] == euros("0.120000")
        assert (await begin(api, "d", customer="C-2"))["allowed"] is False


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"concurrent_calls": -1}, ["#/concurrent_calls"]),
        ({"longest_call_seconds": 0}, ["#/longest_call_seconds"]),
        ({"concurrent": 1}, ["#/concurrent"]),
        ({"spending": {"year": {}}}, ["#/spending/year"]),
        ({"spending": {"day": {"soft": {"amount": "1", "currency": "GBP"}}}}, ["#/spending/day/soft/currency"]),
        ({"spending": {"day": {"hard": {"amount": "-1", "currency": "EUR"}}}}, ["#/spending/day/hard/amount"]),
        (
            {"spending": {"week": {"soft": euros("2"), "hard": euros("1")}, "day": {"soft": euros("1", "USD")}}},
            ["#/spending/day/soft/currency", "#/spending/week/soft"],
        ),
    ],
)
async def test_what_cannot_hold_is_refused_at_its_field(site: Site, body: Any, pointers: list[str]) -> None:
    """422 with a pointer for each; nothing is changed."""
    api = await site.client("nord")
    for path in (OWN, place(site)):
        await api.put(path, json={"concurrent_calls": 7})
        answer = await api.put(path, json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert [one["pointer"] for one in answer.json()["errors"]] == pointers
        assert (await api.get(path)).json()["concurrent_calls"] == 7
    assert (await api.put(NUMBER, json={"spending": {}})).status_code == 422


async def test_numbers_are_written_in_e164(site: Site) -> None:
    """Anything else is not there, and is not made."""
    api = await site.client("nord")
    for wrong in ("4930222", "+0", "+49302x2", "anonymous", "%20", "+4930222222222222222"):
        path = f"/api/v2/numbers/{wrong}/limits"
        answers = [await api.get(path), await api.put(path, json={"concurrent_calls": 1}), await api.delete(path)]
        assert {one.status_code for one in answers} == {404}, wrong
    assert (await api.get("/api/v2/numbers/%2B4930222/limits")).json()["number"] == "+4930222"


async def test_scopes_and_tenants(site: Site) -> None:
    """Reading and writing are two scopes; a customer of others is nobody, a number of theirs another number."""
    reading = await site.client("nord", await site.key("nord", ["limits:read"]))
    writing = await site.client("nord", await site.key("nord", ["limits:write"]))
    theirs = await site.client("falke")
    for path in (OWN, place(site), NUMBER):
        assert (await reading.get(path)).status_code == 200
        assert (await reading.put(path, json={})).status_code == 403
        assert (await writing.get(path)).status_code == 403
        assert (await writing.put(path, json={"concurrent_calls": 4})).status_code == 200
    for answer in (
        await theirs.get(place(site)), await theirs.put(place(site), json={"concurrent_calls": 0}),
        await theirs.delete(place(site)),
    ):  # fmt: skip
        assert answer.status_code == 404
    await theirs.put(NUMBER, json={"concurrent_calls": 0})
    await theirs.put(OWN, json={"concurrent_calls": 0})
    for path in (OWN, place(site), NUMBER):
        assert (await reading.get(path)).json()["concurrent_calls"] == 4


async def test_a_soft_limit_is_told_once_by_twenty_calls_at_once(site: Site) -> None:
    """One event a period and level, whoever passes it: calls under control at once, and the job behind them."""
    api = await site.client("nord")
    await site.top_up("nord/C-1", "100")
    await api.put(place(site), json={"spending": {"day": {"soft": euros("0.2"), "hard": euros("50")}}})
    await api.put(OWN, json={"spending": {"month": {"soft": euros("0.3")}}})
    with clock.frozen(noon()):
        soft_caps._told.clear()
        begun = await asyncio.gather(*(begin(api, f"c-{n}", to_number=f"+49302{n:03}") for n in range(20)))
        assert all(one["allowed"] for one in begun)
        soft_caps._told.clear()
        await begin(api, "again")
        assert await soft_caps.sweep() == 0

        told = await outbox(site)
        assert sorted((one["scope"], one["period"]) for one in told) == [("customer", "day"), ("reseller", "month")]
        [customers] = [one for one in told if one["scope"] == "customer"]
        today = clock.civil_day(clock.now(), "Europe/Berlin").isoformat()
        assert customers["customer"] == str(site.customers["nord/C-1"].id)
        assert (customers["currency"], customers["cap"], customers["hard"]) == ("EUR", 200_000, 50_000_000)
        assert (customers["begins"], customers["until"]) == (today, today)
        assert customers["spent"] > 200_000

        await api.put(place(site), json={"spending": {"day": {"soft": euros("0.4"), "hard": euros("50")}}})
        assert await soft_caps.sweep() == 1  # another cap is another piece of news
        assert await soft_caps.sweep() == 0


async def test_reported_calls_pass_soft_limits_as_well(site: Site) -> None:
    """Nobody asked for them beforehand, so the job tells."""
    api = await site.client("nord")
    await site.top_up("nord/C-1", "10")
    await api.put(place(site), json={"spending": {"week": {"soft": euros("0.1")}}})
    assert await soft_caps.sweep() == 0
    with clock.frozen(noon()):
        now = clock.now()
        told = event("late", started_at=now.isoformat(), answered_at=now.isoformat(),
                     ended_at=(now + timedelta(seconds=60)).isoformat())  # fmt: skip
        await api.post("/api/v2/usage", json={"events": [told]})
        assert await soft_caps.sweep() == 1
        [one] = await outbox(site)
        assert (one["scope"], one["period"], one["spent"]) == ("customer", "week", 120_000)


async def test_customer_and_staff_are_written_to(site: Site) -> None:
    """From the limit that was put to the letters: one to the customer, one to each of the staff."""
    facts.listen()
    tenant, api = site.tenants["nord"], await site.client("nord")
    await update_customer(tenant.id, site.customers["nord/C-1"].id, by=OPERATOR, email="office@example.org")
    await add_person(tenant.id, "staff@example.org", by=OPERATOR, role="reseller", name="Eva")
    await site.top_up("nord/C-1", "10")
    with clock.frozen(noon()):
        await api.put(place(site), json={"spending": {"month": {"soft": euros("0.1"), "hard": euros("5")}}})
        assert "warnings" not in await begin(api, "a")
        assert (await begin(api, "b"))["warnings"] == ["customer_month"]
    await deliver(tenant.id)
    async with db.unit(tenant.id):
        mails = await messages.mails(tenant.id)
    assert sorted((one.template, one.address) for one in mails) == [
        ("spending.soft_cap", "office@example.org"), ("spending.staff", "staff@example.org"),
    ]  # fmt: skip
    for one in mails:
        assert one.rendered is not None
        assert "0,12" in one.rendered.text
