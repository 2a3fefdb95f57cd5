"""A customer is told once for each fall below a threshold, and once that the balance is used up."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from askpro import clock, db
from askpro.errors import InvalidInput, NotFound
from askpro.ids import new_id
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.queries import wallet
from askpro.ledger.transfer import Transfer
from askpro.messages import preferences
from askpro.people.customers import set_customer_status
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant
from askpro.wallets import notices, queries
from askpro.wallets.model import EMPTY
from askpro.wallets.service import MOST, set_notices
from house import BY, customer, reseller
from portal_house import Portal, portal
from support.calling import open_desk
from support.reports import NOON, alarms, credit
from web_site import Site

__all__ = ("portal",)
pytestmark = pytest.mark.anyio

EURO = 1_000_000


async def events(tenant: Tenant, kind: str = "wallet.low") -> list[dict[str, Any]]:
    """What was emitted, in order."""
    async with db.unit(tenant.id):
        rows = await db.fetch(
            "select payload from events.outbox where tenant_id = $1 and kind = $2 order by id", tenant.id, kind
        )
    return [row["payload"] for row in rows]


async def spend(tenant: Tenant, payer: Customer, units: int) -> None:
    """Take money out of a wallet."""
    transfer = Transfer(
        tenant=tenant.id, debit=payer.wallet_id, credit=account_id(tenant.id, AccountKind.REVENUE, payer.currency),
        amount=units, kind="fee", day=clock.now().date(), occurred_at=clock.now(), actor=str(BY),
    )  # fmt: skip
    (await ledger.post(transfer)).or_raise()


@pytest.fixture
async def payer(database: object) -> tuple[Tenant, Customer]:
    """A customer with 20 euros who wants to be told below 10."""
    tenant = await reseller()
    made = await customer(tenant.id)
    await credit(tenant, made, 20 * EURO)
    await set_notices(tenant.id, made.wallet_id, thresholds=[10 * EURO])
    return tenant, made


async def test_one_notice_for_a_fall(payer: tuple[Tenant, Customer]) -> None:
    """At the threshold: none; below: one, however often one looks; after a refill and another fall: one more."""
    tenant, made = payer
    await spend(tenant, made, 10 * EURO)
    assert await notices.sweep() == 0
    await spend(tenant, made, 1)
    assert [await notices.sweep() for _ in range(3)] == [1, 0, 0]
    assert await events(tenant) == [
        {
            "customer": str(made.id), "wallet": str(made.wallet_id), "available": 10 * EURO - 1,
            "threshold": 10 * EURO, "currency": "EUR", "level": "low",
        }
    ]  # fmt: skip
    await credit(tenant, made, EURO // 2)
    await spend(tenant, made, EURO)
    assert await notices.sweep() == 1, "it was above for a moment, and has fallen again"
    await spend(tenant, made, EURO)
    await credit(tenant, made, EURO)
    await spend(tenant, made, EURO)
    assert await notices.sweep() == 0, "a refill that does not reach the threshold is no rise"


async def test_a_refill_before_anybody_looks_is_no_fall(payer: tuple[Tenant, Customer]) -> None:
    """What an automatic top-up has made good within the minute is told to nobody."""
    tenant, made = payer
    await spend(tenant, made, 15 * EURO)
    await credit(tenant, made, 15 * EURO)
    assert await notices.sweep() == 0
    assert await events(tenant) == []


async def test_used_up_is_told_once_and_by_default(database: object) -> None:
    """Without a threshold: nothing while it is new, one notice when what it had is gone, none where it is unwanted."""
    tenant = await reseller()
    made, quiet = await customer(tenant.id), await customer(tenant.id, "NO-2")
    await set_notices(tenant.id, quiet.wallet_id, tell_empty=False)
    assert await notices.sweep() == 0
    for one in (made, quiet):
        await credit(tenant, one, EURO)
        await spend(tenant, one, EURO - EMPTY)
    assert await notices.sweep() == 0
    for one in (made, quiet):
        await spend(tenant, one, 1)
    assert [await notices.sweep() for _ in range(2)] == [1, 0]
    assert [(one["customer"], one["level"], one["threshold"]) for one in await events(tenant)] == [
        (str(made.id), "empty", 0)
    ]


async def test_through_both_at_once_is_one_mail(payer: tuple[Tenant, Customer]) -> None:
    """From above the threshold to nothing: one event, the worse one; the threshold is not told afterwards."""
    tenant, made = payer
    await spend(tenant, made, 20 * EURO)
    assert [await notices.sweep() for _ in range(2)] == [1, 0]
    assert [one["level"] for one in await events(tenant)] == ["empty"]
    await spend_and_refill(tenant, made)
    assert await notices.sweep() == 0


async def spend_and_refill(tenant: Tenant, payer: Customer) -> None:
    """Some money, not enough to reach the threshold, and part of it away again."""
    await credit(tenant, payer, 5 * EURO)
    await spend(tenant, payer, EURO)


async def test_money_held_and_given_back_is_no_refill(database: object) -> None:
    """Calls that hold and release around the threshold are told of once, not at every call."""
    desk = await open_desk(1_000_000)
    await set_notices(desk.tenant.id, desk.customer.wallet_id, thresholds=[950_000])
    told = 0
    for n in range(4):
        begun = NOON + timedelta(minutes=n)
        assert (await desk.start(f"c-{n}", at=begun)).allowed
        told += await notices.sweep()
        await desk.cancel(f"c-{n}", at=begun)
        told += await notices.sweep()
    assert told == 1
    assert await alarms(desk.tenant.id) == []


async def test_a_new_threshold_above_the_balance_waits_for_a_fall(payer: tuple[Tenant, Customer]) -> None:
    """The balance was on the screen: no mail at once, one when it has been above and falls."""
    tenant, made = payer
    await set_notices(tenant.id, made.wallet_id, thresholds=[50 * EURO])
    await spend(tenant, made, EURO)
    assert await notices.sweep() == 0
    await credit(tenant, made, 40 * EURO)
    await spend(tenant, made, 10 * EURO)
    assert await notices.sweep() == 1
    await set_notices(tenant.id, made.wallet_id, thresholds=[48 * EURO])
    await set_notices(tenant.id, made.wallet_id, thresholds=[50 * EURO])
    assert await notices.sweep() == 0, "changing the threshold is no fall"


async def test_a_raised_credit_line_is_a_refill(database: object) -> None:
    """What a customer may owe counts as available; where it has lifted the balance, the next fall is told."""
    tenant = await reseller()
    made = await customer(tenant.id, credit_line=5 * EURO)
    assert await notices.sweep() == 0
    await spend(tenant, made, 5 * EURO)
    assert await notices.sweep() == 1, "nothing left of the line"
    await ledger.set_terms(tenant.id, made.wallet_id, credit_line=8 * EURO)
    assert await notices.sweep() == 0
    await spend(tenant, made, 3 * EURO)
    assert [await notices.sweep() for _ in range(2)] == [1, 0]


async def test_many_sweeps_at_once_tell_once(payer: tuple[Tenant, Customer]) -> None:
    """Ten workers find the same wallet: one event."""
    tenant, made = payer
    await spend(tenant, made, 11 * EURO)
    told = await asyncio.gather(*(notices.tell(tenant.id, made.wallet_id) for _ in range(10)))
    assert sum(told) == 1
    assert len(await events(tenant)) == 1


async def test_what_was_missed_is_told_by_the_hourly_sweep(payer: tuple[Tenant, Customer]) -> None:
    """The minute's sweep looks at wallets used lately; the hour's at all, also at a credit line that was lowered."""
    tenant, made = payer
    other = await customer(tenant.id, "NO-2", credit_line=5 * EURO)
    await spend(tenant, other, EURO)
    await spend(tenant, made, 11 * EURO)
    await ledger.set_terms(tenant.id, other.wallet_id, credit_line=EURO)
    assert await notices.sweep(timedelta(0)) == 0
    assert [await notices.sweep(None) for _ in range(2)] == [2, 0]
    assert sorted(one["level"] for one in await events(tenant)) == ["empty", "low"]


async def test_each_threshold_is_told_once_a_fall(payer: tuple[Tenant, Customer]) -> None:
    """Several levels: each for itself, armed again by a rise to it; a fall through several is told once."""
    tenant, made = payer
    await set_notices(tenant.id, made.wallet_id, thresholds=[10 * EURO, 30 * EURO, 20 * EURO])
    heard: list[int] = []

    async def to(units: int) -> list[int]:
        """Bring the balance there and sweep twice; the thresholds that were told."""
        async with db.unit(tenant.id):
            now = (await wallet(tenant.id, made.wallet_id)).posted
        await (spend(tenant, made, now - units) if units < now else credit(tenant, made, units - now))
        for _ in range(2):
            await notices.sweep()
        found = [each["threshold"] for each in await events(tenant)]
        fresh, heard[:] = found[len(heard) :], found
        return fresh

    assert await to(50 * EURO) == []
    assert await to(25 * EURO) == [30 * EURO]
    assert await to(15 * EURO) == [20 * EURO]
    assert await to(20 * EURO) == [], "a rise is no fall"
    assert await to(19 * EURO) == [20 * EURO], "armed again by reaching it, unlike 30"
    assert await to(5 * EURO) == [10 * EURO]
    assert await to(40 * EURO) == []
    assert await to(4 * EURO) == [10 * EURO], "through all three at once"
    assert await to(15 * EURO) == []
    assert await to(9 * EURO) == [10 * EURO]
    await set_notices(tenant.id, made.wallet_id, thresholds=[10 * EURO, 9 * EURO, 8 * EURO])
    assert await to(7 * EURO) == [8 * EURO]
    await set_notices(tenant.id, made.wallet_id, thresholds=[10 * EURO])
    assert await to(6 * EURO) == [], "what stays is remembered, what is gone is not told"
    assert await to(0) == [0]


@pytest.mark.parametrize("seed", range(3))
async def test_many_thresholds_many_sweeps_each_is_told_once(database: object, seed: int) -> None:
    """Eight sweeps at once after every step of a random walk, against a model that knows only the rule."""
    dice = Random(seed)
    tenant = await reseller()
    made = await customer(tenant.id)
    levels = sorted({dice.randrange(1, 60) for _ in range(5)})
    await credit(tenant, made, 60 * EURO)
    await set_notices(tenant.id, made.wallet_id, thresholds=[one * EURO for one in levels])
    armed, balance, expected = {0, *levels}, 60, list[int]()
    for _ in range(25):
        goal = dice.randrange(1, 70)
        if goal == balance:
            continue
        step = (goal - balance) * EURO
        await (spend(tenant, made, -step) if step < 0 else credit(tenant, made, step))
        armed |= {one for one in levels if goal >= one}
        crossed = {one for one in armed if goal < one}
        expected += [min(crossed) * EURO] if crossed else []
        armed -= crossed
        balance = goal
        await asyncio.gather(*(notices.sweep() for _ in range(8)))
    assert [each["threshold"] for each in await events(tenant)] == expected
    assert expected


async def test_those_who_cannot_call_are_left_alone(payer: tuple[Tenant, Customer]) -> None:
    """A suspended customer's fall is not told, also not when the suspension ends."""
    tenant, made = payer
    await set_customer_status(tenant.id, made.id, "suspended", by=BY)
    await spend(tenant, made, 11 * EURO)
    assert await notices.sweep() == 0
    await set_customer_status(tenant.id, made.id, "active", by=BY)
    assert await notices.sweep() == 0


async def test_each_tenant_is_told_of_its_own(payer: tuple[Tenant, Customer]) -> None:
    """The sweep works for all tenants, each event is its tenant's; another tenant can neither tell nor set."""
    tenant, made = payer
    other = await reseller("two")
    await spend(tenant, made, 11 * EURO)
    assert await notices.tell(other.id, made.wallet_id) is False
    with pytest.raises(NotFound):
        await set_notices(other.id, made.wallet_id, thresholds=[EURO])
    assert await notices.sweep() == 1
    assert (len(await events(tenant)), await events(other)) == (1, [])


async def test_nonsense_is_refused(payer: tuple[Tenant, Customer]) -> None:
    """Below zero and beyond a million; what was set stays."""
    tenant, made = payer
    for units in (-1, MOST + 1):
        with pytest.raises(InvalidInput):
            await set_notices(tenant.id, made.wallet_id, thresholds=[units])
    async with db.unit(tenant.id):
        assert (await queries.preference(tenant.id, made.wallet_id)).low_balance == 10 * EURO


@dataclass
class Model:
    """What the notices promise, said in another way: armed by a rise, told by a look that finds it below."""

    low: int
    balance: int = 0
    low_armed: bool = False
    empty_armed: bool = False
    told: list[str] = field(default_factory=list)

    def move(self, units: int) -> None:
        self.balance += units
        if units > 0:
            self.low_armed |= self.balance >= self.low
            self.empty_armed |= self.balance >= EMPTY

    def look(self) -> None:
        fell = self.low_armed and self.balance < self.low
        gone = self.empty_armed and self.balance < EMPTY
        if fell or gone:
            self.told.append("empty" if gone else "low")
        self.low_armed &= not fell
        self.empty_armed &= not gone


@pytest.mark.parametrize("seed", range(6))
async def test_any_walk_of_balances(database: object, seed: int) -> None:
    """Random credits, debits and looks: exactly one notice for each fall that a look could see, of the right level."""
    dice = Random(seed)
    tenant = await reseller()
    payers = [await customer(tenant.id, f"NO-{n}") for n in range(3)]
    models = [Model(low) for low in (1_000, 5 * EURO, 90_000)]
    for one, model in zip(payers, models, strict=True):
        await set_notices(tenant.id, one.wallet_id, thresholds=[model.low])
    for _ in range(70):
        pick = dice.randrange(3)
        one, model = payers[pick], models[pick]
        match dice.randrange(5):
            case 0 | 1:
                units = dice.choice((1, 999, 60_000, 2 * EURO, 6 * EURO))
                await credit(tenant, one, units)
                model.move(units)
            case 2 | 3 if model.balance > 0:
                units = dice.choice((1, model.balance, max(1, model.balance - 5_000), max(1, model.balance // 2)))
                await spend(tenant, one, units)
                model.move(-units)
            case _:
                await notices.sweep()
                for each in models:
                    each.look()
    await notices.sweep()
    for one, model in zip(payers, models, strict=True):
        model.look()
        found = [each["level"] for each in await events(tenant) if each["customer"] == str(one.id)]
        assert found == model.told
    assert any(model.told for model in models)


async def test_the_page_keeps_what_was_typed(portal: Portal) -> None:
    """Set, shown again in the reader's way, switched off; nonsense comes back as it was typed, with what is wrong."""
    browser = await portal.browser()
    await browser.sign_in()
    house = portal.houses["nordstern"]
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id

    async def kept() -> tuple[int, bool]:
        async with db.unit(tenant):
            found = await queries.preference(tenant, wallet)
        return found.low_balance, found.tell_empty

    settings = await browser.get("/settings")
    assert 'href="/notifications"' in settings.text
    await browser.get("/notifications")
    assert 'name="tell_empty" value="1" checked' in browser.page
    answer = await browser.post("/notifications", {"low_balance": "12,50", "tell_empty": "1", "mail.promo": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/notifications?done=saved")
    assert await kept() == (12_500_000, True)
    await browser.get("/notifications")
    assert 'value="12,50"' in browser.page
    for typed in ("12,505", "viel", "-3", "99999999999", "1.250"):
        wrong = await browser.post("/notifications", {"low_balance": typed})
        assert wrong.status_code == 422
        assert f'value="{typed}"' in wrong.text
        assert 'aria-invalid="true"' in wrong.text
        assert 'name="tell_empty" value="1">' in wrong.text, "what was unticked stays unticked"
    assert await kept() == (12_500_000, True)
    await browser.post("/notifications", {"low_balance": ""})
    assert await kept() == (0, False)


async def test_five_amounts_on_the_page(portal: Portal) -> None:
    """Saved in any order, shown highest first; what is wrong is said at its own field, and nothing is saved then."""
    browser = await portal.browser()
    await browser.sign_in()
    house = portal.houses["nordstern"]
    tenant, wallet = house.tenant.id, house.customers["C-1"].wallet_id

    async def kept() -> tuple[int, ...]:
        async with db.unit(tenant):
            return (await queries.preference(tenant, wallet)).thresholds

    typed = {"low_balance": "5", "low_balance_2": "", "low_balance_3": "20,50", "low_balance_4": "5,00",
             "low_balance_5": "1"}  # fmt: skip
    await browser.get("/notifications")
    await browser.post("/notifications", typed)
    assert await kept() == (20_500_000, 5_000_000, 1_000_000)
    await browser.get("/notifications")
    assert re.findall(r'name="low_balance[_0-9]*"[^>]*value="([^"]*)"', browser.page)[:3] == ["20,50", "5,00", "1,00"]
    wrong = await browser.post("/notifications", {**typed, "low_balance_4": "viel"})
    assert wrong.status_code == 422
    assert 'href="#f-low_balance_4"' in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 1
    assert await kept() == (20_500_000, 5_000_000, 1_000_000)


async def test_further_amounts_are_folded_away_until_they_matter(portal: Portal) -> None:
    """Out of sight for who has none; in sight where one is saved, or where one is wrong."""
    browser = await portal.browser()
    await browser.sign_in()

    def folded(page: str) -> bool:
        (fold,) = re.findall(r'<details class="further"([^>]*)>', page)
        return "open" not in fold

    await browser.get("/notifications")
    assert folded(browser.page)
    assert not folded((await browser.post("/notifications", {"low_balance": "5", "low_balance_2": "viel"})).text)
    await browser.post("/notifications", {"low_balance": "5"})
    await browser.get("/notifications")
    assert folded(browser.page)
    await browser.post("/notifications", {"low_balance": "5", "low_balance_2": "1"})
    await browser.get("/notifications")
    assert not folded(browser.page)


async def test_thresholds_over_the_api(site: Site) -> None:
    """Put whole and read again; six, other money and other tenants' customers are refused."""
    api, stranger = await site.client("nord"), await site.client("falke")
    path = f"/api/v2/customers/{site.customers['nord/C-1'].id}/balance-notices"
    assert (await api.get(path)).json() == {"thresholds": [], "tell_empty": True}

    def euros(*amounts: str) -> list[dict[str, str]]:
        return [{"amount": amount, "currency": "EUR"} for amount in amounts]

    put = await api.put(path, json={"thresholds": euros("5", "20.500000", "5", "0"), "tell_empty": False})
    assert put.json() == {"thresholds": euros("20.500000", "5.000000"), "tell_empty": False}
    assert (await api.get(path)).json() == put.json()
    for wrong in (euros(*"123456"), [{"amount": "1", "currency": "GBP"}], euros("-1"), euros("1000001")):
        assert (await api.put(path, json={"thresholds": wrong})).status_code == 422
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.put(path, json={"thresholds": []})).status_code == 404
    assert (await api.get(path)).json() == put.json()


async def test_what_the_api_sets_is_mailed(site: Site) -> None:
    """Whoever had switched everything off on the page is written to again once the API sets a threshold."""
    api, tenant, payer = await site.client("nord"), site.tenants["nord"], site.customers["nord/C-1"]
    await preferences.set_wanted(tenant.id, payer.id, "wallet.low", False, by=BY)
    path = f"/api/v2/customers/{payer.id}/balance-notices"
    money = [{"amount": "5", "currency": "EUR"}]
    for thresholds, empty, mailed in ((money, False, True), ([], False, False), ([], True, True)):
        assert (await api.put(path, json={"thresholds": thresholds, "tell_empty": empty})).status_code == 200
        assert (await preferences.wanted(tenant.id, payer.id))["wallet.low"] is mailed


async def test_staff_and_strangers_have_no_such_page(portal: Portal) -> None:
    """It is the customer's own."""
    browser = await portal.browser()
    assert (await browser.get("/notifications")).headers["location"].startswith("/sign-in")
    await browser.sign_in("staff@example.org")
    assert (await browser.get("/notifications")).status_code == 403


async def test_an_unknown_wallet_is_not_there(database: object) -> None:
    """No preference for what does not exist."""
    tenant = await reseller()
    with pytest.raises(NotFound):
        await set_notices(tenant.id, new_id(), thresholds=[1])
