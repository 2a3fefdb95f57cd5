"""Bonus credit beyond what one person may give alone: a second person approves it, among the adjustments."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotAllowed
from askpro.ids import new_id
from askpro.ledger import queries as books
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Transfer
from askpro.money import Money
from askpro.people import keys
from askpro.people.customers import set_customer_status
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from askpro.wallets import adjustments, notices, promo
from askpro.wallets.promo import Promo
from askpro.wallets.service import set_notices
from house import BY, customer, reseller
from portal_house import Portal, portal
from staff_house import colleague, fields, send, staff, words
from support.reports import NOON, alarms, credit
from web_site import Site

__all__ = ("portal",)
pytestmark = pytest.mark.anyio

EURO = 1_000_000
LIMIT = 100 * EURO
ANNA, BEN = Actor("person", str(UUID(int=1))), Actor("person", str(UUID(int=2)))
END = datetime(2026, 4, 1, tzinfo=UTC)

Payer = tuple[Tenant, Customer]


@pytest.fixture
async def payer(database: object) -> Payer:
    """A customer with 10 euros paid."""
    tenant = await reseller()
    made = await customer(tenant.id)
    await credit(tenant, made, 10 * EURO)
    return tenant, made


async def give(payer: Payer, units: int, key: str = "1", *, by: Actor = ANNA, **more: Any) -> Promo:
    """At noon of 24 March 2026, until the first of April."""
    tenant, made = payer
    values: dict[str, Any] = {"expires_at": END, "priority": -3, "reason": "a campaign", "idempotency": key, "by": by}
    with clock.frozen(NOON):
        return await promo.grant(tenant, made, Money(units, made.currency), **(values | more))


async def posted(payer: Payer) -> int:
    async with db.unit(payer[0].id):
        return (await books.wallet(payer[0].id, payer[1].wallet_id)).posted


async def events(payer: Payer) -> list[str]:
    async with db.unit(payer[0].id):
        rows = await db.fetch(
            "select kind from events.outbox where kind like 'promo.%' or kind like 'adjustment.%' order by id"
        )
    return [row["kind"] for row in rows]


async def test_beyond_the_limit_it_waits_and_is_given_on_its_own_terms(payer: Payer) -> None:
    """One unit too much: nothing moves; approved by somebody else it is granted once, with its end and priority."""
    tenant, made = payer
    waiting = await give(payer, LIMIT + 1)
    assert (waiting.state, waiting.rest.units, await posted(payer)) == ("waiting", 0, 10 * EURO)
    assert await give(payer, LIMIT + 1) == waiting
    [listed] = await adjustments.of_tenant(tenant.id, waiting_only=True)
    assert (listed.id, listed.kind, listed.expires_at, listed.priority) == (waiting.id, "promo", END, -3)
    assert await promo.of_customer(tenant.id, made.id) == []
    for same in (ANNA, Actor.system("job")):
        with pytest.raises(NotAllowed):
            await adjustments.approve(tenant, waiting.id, by=same)
    with clock.frozen(NOON + timedelta(minutes=1)):
        done = await asyncio.gather(*(adjustments.approve(tenant, waiting.id, by=BEN) for _ in range(10)))
    [booked] = {(one.state, one.decided_by, one.transfer_id) for one in done}
    assert booked[:2] == ("booked", str(BEN))
    assert done[0].balance_after == Money(LIMIT + 1 + 10 * EURO, "EUR")
    [given] = await promo.of_customer(tenant.id, made.id)
    assert (given.id, given.state, given.rest.units, given.by) == (booked[2], "granted", LIMIT + 1, str(ANNA))
    assert (given.expires_at, given.priority, given.reason) == (END, -3, "a campaign")
    assert await give(payer, LIMIT + 1) == given, "the same key is the same grant, now that it is given"
    async with db.unit(tenant.id):
        buckets = await books.buckets(tenant.id, made.wallet_id)
    assert [(one.kind, one.rest, one.expires_at) for one in buckets if one.id == given.id] == [
        ("promo", LIMIT + 1, END)
    ]
    assert await events(payer) == ["adjustment.waiting", "promo.granted", "adjustment.booked"]
    assert await alarms(tenant.id) == []


async def test_gifts_and_adjustments_of_a_day_count_together(payer: Payer) -> None:
    """Neither small steps nor the other form nor a key of one's own get around the limit; what was approved is free."""
    tenant, made = payer
    assert (await give(payer, 40 * EURO)).state == "granted"
    with clock.frozen(NOON):
        by_hand: dict[str, Any] = {"reason": "a mistake of ours", "by": ANNA}
        first = await adjustments.propose(tenant, made, Money(50 * EURO, "EUR"), idempotency="1", **by_hand)
        second = await adjustments.propose(tenant, made, Money(11 * EURO, "EUR"), idempotency="2", **by_hand)
    assert (first.state, second.state) == ("booked", "waiting")
    assert (await give(payer, 11 * EURO, "2")).state == "waiting"
    assert (await give(payer, 10 * EURO, "3")).state == "granted"
    _, machine = await keys.create(tenant.id, "machine", ["*"], by=ANNA)
    assert (await give(payer, 1, "4", by=machine.actor)).state == "waiting"
    assert (await give(payer, LIMIT, "5", by=BEN)).state == "granted"
    assert (await give(payer, LIMIT, "6", expires_at=None, by=Actor("operator", "console"))).state == "granted"
    pounds = await customer(tenant.id, "GB-1", currency="GBP")
    assert (await give((tenant, pounds), 1)).state == "waiting", "nothing of another currency"


async def test_at_once_they_are_counted_one_by_one(payer: Payer) -> None:
    """Ten gifts and ten adjustments of a quarter of the limit at the same moment: four in all are booked."""
    tenant, made = payer

    async def by_hand(n: int) -> str:
        amount = Money(LIMIT // 4, "EUR")
        with clock.frozen(NOON):
            one = await adjustments.propose(tenant, made, amount, reason="by hand", idempotency=str(n), by=ANNA)
        return one.state

    async def gift(n: int) -> str:
        return (await give(payer, LIMIT // 4, str(n))).state

    states = await asyncio.gather(*(work(n) for n in range(10) for work in (by_hand, gift)))
    assert sum(one in ("booked", "granted") for one in states) == 4
    assert await posted(payer) == LIMIT + 10 * EURO


async def test_rejected_closed_or_over_it_is_not_given(payer: Payer) -> None:
    """Who was refused stays refused under that key; a customer who is closed and an end that has come get nothing."""
    tenant, made = payer
    no, late, closed = [await give(payer, 2 * LIMIT, key) for key in ("1", "2", "3")]
    await adjustments.reject(tenant, no.id, reason="too generous", by=BEN)
    assert (await give(payer, 2 * LIMIT, "1")).state == "rejected"
    with pytest.raises(InvalidInput) as reused:
        await give(payer, 3 * LIMIT, "1")
    assert reused.value.code == "idempotency_key_reused"
    with clock.frozen(END), pytest.raises(Conflict) as over:
        await adjustments.approve(tenant, late.id, by=BEN)
    assert over.value.code == "expired"
    await set_customer_status(tenant.id, made.id, "closed", by=BY)
    with clock.frozen(NOON), pytest.raises(Conflict) as gone:
        await adjustments.approve(tenant, closed.id, by=BEN)
    assert gone.value.code == "closed"
    assert await posted(payer) == 10 * EURO


async def test_the_database_keeps_four_eyes_by_itself(payer: Payer) -> None:
    """Past every service: no grant beyond the limit without another person, none that is changed, no request edited."""
    tenant, made = payer
    given, waiting = await give(payer, EURO), await give(payer, 2 * LIMIT, "2")

    async def past(sql: str, *values: Any) -> None:
        async with db.unit(tenant.id):
            await db.execute(sql, *values)

    grant = (
        "insert into wallets.promo (tenant_id, id, customer_id, wallet_id, currency, amount, idempotency, granted_by,"
        " created_at, granter, alone, approver) values ($1, $2, $3, $4, 'EUR', 200, $5, $6, now(), $6, 100, $7)"
    )
    for approver in ("", str(ANNA)):
        with pytest.raises(asyncpg.CheckViolationError):
            await past(grant, tenant.id, new_id(), made.id, made.wallet_id, "9", str(ANNA), approver)
    for change in ("amount = 1", "alone = 1000000000", "granter = 'person:x'", "approver = 'person:x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await past(f"update wallets.promo set {change} where id = $1", given.id)
    for change in ("kind = 'adjustment'", "expires_at = null", "priority = 5"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await past(f"update wallets.adjustment set {change} where id = $1", waiting.id)
    with pytest.raises(asyncpg.CheckViolationError):
        await past(
            "update wallets.adjustment set state = 'booked', decided_at = now(), transfer_id = $2, balance_after = 1"
            " where id = $1",
            waiting.id,
            new_id(),
        )


async def test_the_whole_way_over_the_api(site: Site) -> None:
    """Beyond the limit the answer says that it waits, and where; approved there by another person's key it is given."""
    secrets = [(await keys.create(site.tenants["nord"].id, "key", ["*"], by=who))[0] for who in (ANNA, BEN)]
    api, other = [await site.client("nord", secret) for secret in secrets]
    path = f"/api/v2/customers/{site.customers['nord/C-1'].id}/credits"
    wanted = {"amount": {"amount": "250", "currency": "EUR"}, "reason": "a campaign", "expires_on": "2199-06-30"}
    asked = await api.post(path, json=wanted, headers={"Idempotency-Key": "a"})
    assert (asked.status_code, asked.json()["state"], asked.json()["rest"]["amount"]) == (201, "waiting", "0.000000")
    place = asked.headers["location"]
    assert place == f"/api/v2/adjustments/{asked.json()['id']}"
    seen = (await api.get(place)).json()
    assert (seen["kind"], seen["state"], seen["expires_at"]) == ("promo", "waiting", "2199-06-30T22:00:00Z")
    assert (await api.post(f"{place}/approve")).json()["code"] == "second_person_needed"
    assert (await api.get(path)).json()["items"] == []
    done = (await other.post(f"{place}/approve")).json()
    assert done["state"] == "booked"
    [given] = (await api.get(path)).json()["items"]
    assert (given["id"], given["state"], given["rest"]["amount"]) == (done["transaction_id"], "granted", "250.000000")


async def test_the_whole_way_on_the_staff_pages(portal: Portal) -> None:
    """The form names the limit, the check page says that it takes two, the request stands in the list of adjustments.

    Who asked cannot approve it; a colleague can, and then it is given.
    """
    house = portal.houses["falke"]
    browser, here = await staff(portal, "falke"), f"/staff/customers/{house.customers['C-1'].id}"
    assert "more than that a second person has to approve" in words((await browser.get(f"{here}/promo")).text)
    typed = {"amount": "250", "expires": "2030-06-30", "reason": "ein Aktionsguthaben"}
    checked = await send(browser, f"{here}/promo/check", typed)
    assert "A second person has to approve this." in words(checked.text)
    asked = await send(browser, f"{here}/promo/grant", fields(checked.text))
    place = asked.headers["location"].partition("?")[0]
    assert asked.headers["location"] == f"{place}?done=waiting"
    assert "Nothing is booked yet" in words((await browser.get(asked.headers["location"])).text)
    listed = words((await browser.get("/staff/adjustments")).text)
    assert "Bonus credit" in listed
    assert "ein Aktionsguthaben" in listed
    assert "You have proposed this yourself" in words((await browser.get(place)).text)
    assert await portal.balance("falke") == 0
    second = await colleague(portal, "falke")
    shown = words((await second.get(place)).text)
    assert "Can be used until" in shown
    done = await send(second, f"{place}/approve")
    assert done.headers["location"] == f"{place}?done=booked"
    [given] = await promo.of_customer(house.tenant.id, house.customers["C-1"].id)
    assert (given.amount.units, given.state) == (250 * EURO, "granted")
    assert given.expires_at == promo.end_of(date(2030, 6, 30), house.tenant.timezone)


@pytest.mark.parametrize("waited", [timedelta(hours=3), timedelta(days=4_000)])
async def test_credit_that_waited_is_a_rise_like_any_other(
    payer: Payer, monkeypatch: pytest.MonkeyPatch, waited: timedelta
) -> None:
    """Asked for long before a notice of a low balance, in a month without books even, and approved after it: the next
    fall is told of all the same."""
    tenant, made = payer
    await set_notices(tenant.id, made.wallet_id, thresholds=[5 * EURO])
    monkeypatch.setattr(promo, "new_id", lambda: new_id(datetime.now(UTC) - waited))
    waiting = await give(payer, 2 * LIMIT)
    await spend(tenant, made, 6 * EURO)
    assert await notices.sweep() == 1
    with clock.frozen(NOON):
        await adjustments.approve(tenant, waiting.id, by=BEN)
    await spend(tenant, made, 2 * LIMIT)
    assert [await notices.sweep() for _ in range(2)] == [1, 0]


async def spend(tenant: Tenant, payer: Customer, units: int) -> None:
    """Take money out of a wallet."""
    transfer = Transfer(
        tenant=tenant.id, debit=payer.wallet_id, credit=account_id(tenant.id, AccountKind.REVENUE, payer.currency),
        amount=units, kind="fee", day=clock.now().date(), occurred_at=clock.now(), actor=str(BY),
    )  # fmt: skip
    (await ledger.post(transfer)).or_raise()
