"""Promotional credit: granted once, used first, and what is left goes on time without touching anything else."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
import time_machine

from askpro import clock, db, ids
from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.ledger import queries as books
from askpro.ledger import service as ledger
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Bucket, Transfer, reversal
from askpro.money import Money
from askpro.people.customers import set_customer_status
from askpro.people.model import Customer
from askpro.tenancy.model import Tenant, TenantSettings
from askpro.tenancy.service import update_tenant
from askpro.wallets import promo, promo_expiry
from askpro.wallets.promo import Promo
from house import BY, customer, reseller
from support.calling import Desk, open_desk
from support.reports import NOON, alarms, call, credit, report
from web_site import Site

pytestmark = pytest.mark.anyio

EURO = 1_000_000
END = datetime(2026, 4, 1, tzinfo=UTC)


async def grant(tenant: Tenant, to: Customer, units: int, key: str = "1", **more: Any) -> Promo:
    """At noon of 24 March 2026, until the first of April."""
    values: dict[str, Any] = {"expires_at": END, "reason": "welcome", "idempotency": key, "by": BY}
    with clock.frozen(NOON):
        return await promo.grant(tenant, to, Money(units, to.currency), **(values | more))


async def swept(at: datetime) -> int:
    """What the minute's job takes back at that instant."""
    with clock.frozen(at):
        return await promo_expiry.sweep()


async def purse(tenant: Tenant, payer: Customer) -> tuple[int, int, dict[str, int]]:
    """(posted, held, what is left by kind)."""
    rest: dict[str, int] = {}
    async with db.unit(tenant.id):
        found = await books.wallet(tenant.id, payer.wallet_id)
        for one in await books.buckets(tenant.id, payer.wallet_id):
            rest[one.kind] = rest.get(one.kind, 0) + one.rest
    return found.posted, found.held, rest


async def told(tenant: Tenant, kind: str) -> list[int]:
    """The amounts of the events of a kind, in order."""
    async with db.unit(tenant.id):
        rows = await db.fetch(
            "select payload from events.outbox where tenant_id = $1 and kind = $2 order by id", tenant.id, kind
        )
    return [row["payload"]["amount"] for row in rows]


async def taken(tenant: Tenant) -> list[tuple[str, int]]:
    """What was booked as expired: (kind, amount)."""
    async with db.unit(tenant.id):
        rows = await db.fetch(
            "select kind, amount from ledger.transfer where tenant_id = $1 and kind like '%expired%' order by id",
            tenant.id,
        )
    return [tuple(row) for row in rows]


async def pay(tenant: Tenant, payer: Customer, units: int, **more: Any) -> Transfer:
    """A fee out of the wallet."""
    transfer = Transfer(
        tenant=tenant.id, debit=payer.wallet_id, credit=account_id(tenant.id, AccountKind.REVENUE, payer.currency),
        amount=units, kind="fee", day=NOON.date(), occurred_at=NOON, actor=str(BY), **more,
    )  # fmt: skip
    (await ledger.post(transfer)).or_raise()
    return transfer


@pytest.fixture
async def payer(database: object) -> tuple[Tenant, Customer]:
    """A customer with 10 euros paid."""
    tenant = await reseller()
    made = await customer(tenant.id)
    await credit(tenant, made, 10 * EURO)
    return tenant, made


async def test_granted_once_and_used_first(payer: tuple[Tenant, Customer]) -> None:
    """The same key ten times at once: one grant, one transfer, one event; a fee takes it before paid money (D5)."""
    tenant, made = payer
    grants = await asyncio.gather(*(grant(tenant, made, 3 * EURO) for _ in range(10)))
    assert len({one.id for one in grants}) == 1
    assert await purse(tenant, made) == (13 * EURO, 0, {"promo": 3 * EURO, "paid": 10 * EURO})
    await pay(tenant, made, 2 * EURO)
    assert await purse(tenant, made) == (11 * EURO, 0, {"promo": EURO, "paid": 10 * EURO})
    [one] = await promo.of_customer(tenant.id, made.id)
    assert (one.amount.units, one.rest.units, one.expired.units, one.expires_at) == (3 * EURO, EURO, 0, END)
    assert await told(tenant, "promo.granted") == [3 * EURO]
    assert await alarms(tenant.id) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": NOON}, "expires_in_the_past"),
        ({"expires_at": datetime(2027, 1, 1)}, "expires_in_the_past"),  # noqa: DTZ001 - that is the point
        ({"reason": " \u200b a "}, "reason_missing"),
        ({"reason": "x" * 501}, "reason_long"),
        ({"priority": 1_001}, "invalid_input"),
        ({"idempotency": ""}, "invalid_input"),
    ],
)
async def test_what_is_no_grant_is_refused(payer: tuple[Tenant, Customer], change: dict[str, Any], code: str) -> None:
    """And nothing is booked."""
    tenant, made = payer
    with pytest.raises(InvalidInput) as refused:
        await grant(tenant, made, EURO, **change)
    assert refused.value.code == code
    assert (await purse(tenant, made))[0] == 10 * EURO


async def test_amount_currency_customer_and_key_must_fit(payer: tuple[Tenant, Customer]) -> None:
    """Nothing, another currency, a closed customer, and a key that stands for another grant."""
    tenant, made = payer
    for units in (0, -1):
        with pytest.raises(InvalidInput):
            await grant(tenant, made, units)
    with pytest.raises(InvalidInput, match="holds EUR"):
        await promo.grant(tenant, made, Money(1, "GBP"), expires_at=None, reason="welcome", idempotency="1", by=BY)
    await grant(tenant, made, EURO)
    for change in ({"expires_at": None}, {"priority": 1}, {"reason": "another"}):
        with pytest.raises(InvalidInput) as refused:
            await grant(tenant, made, EURO, **change)
        assert refused.value.code == "idempotency_key_reused"
    await set_customer_status(tenant.id, made.id, "closed", by=BY)
    with pytest.raises(Conflict):
        await grant(tenant, made, EURO, "2")


async def test_the_rest_goes_on_time_and_nothing_else(payer: tuple[Tenant, Customer]) -> None:
    """Not a moment before its end; then what is left of this grant, once, back to where it came from."""
    tenant, made = payer
    await grant(tenant, made, 3 * EURO)
    await grant(tenant, made, 5 * EURO, "2", expires_at=END + timedelta(days=1))
    await grant(tenant, made, 7 * EURO, "3", expires_at=None)
    await pay(tenant, made, EURO)
    assert await swept(END - timedelta(microseconds=1)) == 0
    assert [await swept(END), await swept(END)] == [1, 0]
    assert await purse(tenant, made) == (22 * EURO, 0, {"promo": 12 * EURO, "paid": 10 * EURO})
    assert await swept(END + timedelta(days=400)) == 1
    assert await purse(tenant, made) == (17 * EURO, 0, {"promo": 7 * EURO, "paid": 10 * EURO})
    assert await taken(tenant) == [("promo_expired", 2 * EURO), ("promo_expired", 5 * EURO)]
    assert await told(tenant, "promo.expired") == [2 * EURO, 5 * EURO]
    async with db.unit(tenant.id):
        cost = await db.fetchval(
            "select sum(case when debit_account = $2 then amount else -amount end)::bigint from ledger.transfer"
            " where tenant_id = $1 and $2 in (debit_account, credit_account)",
            tenant.id, account_id(tenant.id, AccountKind.PROMO_EXPENSE, "EUR"),
        )  # fmt: skip
    assert cost == 15 * EURO - 7 * EURO, "what expired is no expense"
    assert await alarms(tenant.id) == []


async def test_only_the_bucket_that_has_expired_is_emptied(payer: tuple[Tenant, Customer]) -> None:
    """Credit that would be used earlier, and paid money of a lower priority number, are not what expires."""
    tenant, made = payer
    await grant(tenant, made, EURO, expires_at=None, priority=-5)
    await grant(tenant, made, 2 * EURO, "2")
    paid = Transfer(
        tenant=tenant.id, debit=account_id(tenant.id, AccountKind.ADJUSTMENT, "EUR"), credit=made.wallet_id,
        amount=4 * EURO, kind="other", day=NOON.date(), occurred_at=NOON, actor=str(BY), bucket=Bucket("paid", -9),
    )  # fmt: skip
    (await ledger.post(paid)).or_raise()
    assert await swept(END) == 1
    assert [(one.amount.units, one.rest.units) for one in await promo.of_customer(tenant.id, made.id)] == [
        (2 * EURO, 0),
        (EURO, EURO),
    ]
    assert (await purse(tenant, made))[2] == {"promo": EURO, "paid": 14 * EURO}


async def test_what_is_used_up_expires_quietly(payer: tuple[Tenant, Customer]) -> None:
    """Nothing left: no transfer, no event."""
    tenant, made = payer
    await grant(tenant, made, EURO)
    await pay(tenant, made, 4 * EURO)
    assert await swept(END + timedelta(days=1)) == 0
    assert (await taken(tenant), await told(tenant, "promo.expired")) == ([], [])


async def test_the_notice_before_the_end_comes_once(payer: tuple[Tenant, Customer]) -> None:
    """Seven civil days before, with what is left then; never for what is used up, or granted for less than that."""
    tenant, made = payer
    later = NOON + timedelta(days=20)
    await grant(tenant, made, 3 * EURO, expires_at=later)
    await grant(tenant, made, EURO, "2", expires_at=NOON + timedelta(days=3))
    await pay(tenant, made, EURO)
    await grant(tenant, made, 2 * EURO, "3", expires_at=later + timedelta(days=1), priority=-1)
    await pay(tenant, made, 2 * EURO)
    await swept(later - timedelta(days=7, minutes=1))
    assert await told(tenant, "promo.expiring") == []
    for _ in range(2):
        await swept(later - timedelta(days=7))
    assert await told(tenant, "promo.expiring") == [3 * EURO]
    await swept(later - timedelta(days=1))
    assert await told(tenant, "promo.expiring") == [3 * EURO]


@pytest.mark.parametrize(
    ("zone", "last", "utc"),
    [
        ("Europe/Berlin", date(2027, 3, 27), "2027-03-27T23:00:00+00:00"),
        ("Europe/Berlin", date(2027, 3, 28), "2027-03-28T22:00:00+00:00"),  # a day of 23 hours
        ("Europe/Berlin", date(2027, 10, 31), "2027-10-31T23:00:00+00:00"),  # one of 25
        ("Pacific/Apia", date(2027, 3, 31), "2027-03-31T11:00:00+00:00"),
        ("America/St_Johns", date(2027, 3, 31), "2027-04-01T02:30:00+00:00"),
    ],
)
async def test_the_last_day_is_the_resellers(
    database: object, monkeypatch: pytest.MonkeyPatch, zone: str, last: date, utc: str
) -> None:
    """ "Until 31 March" ends when that day ends where the reseller is; the notice comes at the same time of day."""
    monkeypatch.setattr(ids, "_last", 0)  # ids never go back in time, and this test does
    end = promo.end_of(last, zone)
    assert end.isoformat() == utc
    tenant = await reseller(timezone=zone)
    made = await customer(tenant.id)
    await promo.grant(tenant, made, Money(EURO, "EUR"), expires_at=end, reason="welcome", idempotency="1", by=BY)
    async with db.unit(tenant.id):
        warn = await db.fetchval("select warn_at from wallets.promo")
    assert warn.astimezone(clock.zone(zone)).replace(tzinfo=None) == datetime.combine(
        last - timedelta(days=6), datetime.min.time()
    )
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert await promo_expiry.sweep() == 0
    with time_machine.travel(end, tick=False):
        assert await promo_expiry.sweep() == 1


async def test_the_tenant_chooses_how_long_before(payer: tuple[Tenant, Customer]) -> None:
    """One day, or not at all."""
    tenant, made = payer
    for days, key in ((1, "1"), (0, "2")):
        changed = await update_tenant(tenant.id, by=BY, settings=TenantSettings(promo_notice_days=days))
        await grant(changed, made, days + 1, key)
    for before in (8, 7, 2):
        await swept(END - timedelta(days=before))
        assert await told(tenant, "promo.expiring") == []
    await swept(END - timedelta(hours=23))
    assert await told(tenant, "promo.expiring") == [2]


# calls in progress


async def desk_with_promo(units: int, paid: int = 0, **more: Any) -> Desk:
    """A customer with promotional credit, and paid money beside it; a second costs 2,000, a quantum 120,000."""
    desk = await open_desk(paid, **more)
    await grant(desk.tenant, desk.customer, units, expires_at=NOON + timedelta(seconds=30))
    return desk


async def test_a_call_in_progress_keeps_what_it_reserved(database: object) -> None:
    """The rest beside its hold goes; the call is paid from what it reserved; what it leaves goes afterwards."""
    desk = await desk_with_promo(EURO, EURO)
    await desk.start("a")
    at = NOON + timedelta(seconds=40)
    assert await swept(at) == 1
    assert await purse(desk.tenant, desk.customer) == (1_120_000, 120_000, {"promo": 120_000, "paid": EURO})
    assert await swept(at) == 0
    assert (await desk.end("a", 50)).price == 100_000
    assert await purse(desk.tenant, desk.customer) == (1_020_000, 0, {"promo": 20_000, "paid": EURO})
    assert await swept(at + timedelta(minutes=2)) == 1
    assert await purse(desk.tenant, desk.customer) == (EURO, 0, {"paid": EURO})
    assert await told(desk.tenant, "promo.expired") == [880_000, 20_000]
    assert await alarms(desk.tenant.id) == []


async def test_a_hold_reserves_in_the_order_of_use(database: object) -> None:
    """What comes first covers the hold; the credit behind it goes in full."""
    desk = await open_desk(0)
    soon = NOON + timedelta(seconds=30)
    await grant(desk.tenant, desk.customer, 200_000, "1", expires_at=None, priority=-5)
    await grant(desk.tenant, desk.customer, 300_000, "2", expires_at=soon)
    await desk.start("a")
    assert await swept(soon) == 1
    assert await purse(desk.tenant, desk.customer) == (200_000, 120_000, {"promo": 200_000})
    await desk.end("a", 60)
    assert await purse(desk.tenant, desk.customer) == (80_000, 0, {"promo": 80_000})


async def test_holds_beyond_the_balance_keep_all_of_it(database: object) -> None:
    """With a credit line more is held than is there: nothing goes while the calls last, and nobody gets into debt."""
    desk = await open_desk(0)
    await ledger.set_terms(desk.tenant.id, desk.customer.wallet_id, credit_line=EURO)
    soon = NOON + timedelta(seconds=30)
    await grant(desk.tenant, desk.customer, 200_000, expires_at=soon)
    await desk.start("a")
    await desk.start("b")
    assert await swept(soon) == 0
    assert await purse(desk.tenant, desk.customer) == (200_000, 240_000, {"promo": 200_000})
    await desk.cancel("a")
    assert await swept(soon + timedelta(minutes=1)) == 1
    assert await purse(desk.tenant, desk.customer) == (120_000, 120_000, {"promo": 120_000})


async def test_a_frozen_wallet_loses_nothing(payer: tuple[Tenant, Customer]) -> None:
    """Nobody can use the credit while a dispute freezes the wallet, so its time does not end before it is released."""
    tenant, made = payer
    await grant(tenant, made, EURO)
    await ledger.set_terms(tenant.id, made.wallet_id, frozen=True)
    assert await swept(END) == 0
    await ledger.set_terms(tenant.id, made.wallet_id, frozen=False)
    assert await swept(END + timedelta(minutes=1)) == 0
    assert await swept(END + timedelta(hours=1)) == 1


async def test_what_comes_back_too_late_may_be_used_for_a_week(payer: tuple[Tenant, Customer]) -> None:
    """A fee reversed after the end refills the bucket (D5): seven days of grace, then it goes under its own name."""
    tenant, made = payer
    await grant(tenant, made, 3 * EURO)
    fee = await pay(tenant, made, 2 * EURO)
    assert await swept(END) == 1
    back = reversal(fee, actor=str(BY), reason="ours", key="back")
    (await ledger.post(back)).or_raise()
    async with db.unit(tenant.id):
        came = await db.fetchval("select booked_at from ledger.transfer where id = $1", back.id)
    assert await purse(tenant, made) == (12 * EURO, 0, {"promo": 2 * EURO, "paid": 10 * EURO})
    assert await swept(came + timedelta(days=6, hours=23)) == 0
    await pay(tenant, made, EURO // 2)
    assert await swept(came + timedelta(days=7)) == 1
    assert await taken(tenant) == [("promo_expired", EURO), ("expired_on_refund", 3 * EURO // 2)]
    assert (await purse(tenant, made))[2] == {"paid": 10 * EURO}
    assert await alarms(tenant.id) == []


async def test_a_bucket_without_a_grant_expires_as_well(payer: tuple[Tenant, Customer]) -> None:
    """Promotional credit that somebody else has booked; paid money with an end stays: that is not ours to decide."""
    tenant, made = payer
    for kind in ("promo", "paid"):
        transfer = Transfer(
            tenant=tenant.id, debit=account_id(tenant.id, AccountKind.ADJUSTMENT, "EUR"), credit=made.wallet_id,
            amount=EURO, kind=f"other_{kind}", day=NOON.date(), occurred_at=NOON, actor=str(BY),
            bucket=Bucket(kind, 0, END),
        )  # fmt: skip
        (await ledger.post(transfer)).or_raise()
    assert [await swept(END), await swept(END)] == [1, 0]
    assert (await purse(tenant, made))[2] == {"paid": 11 * EURO}


async def test_those_that_fail_stop_no_others_and_wait_longer(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets that cannot be taken back, more than one look reads and without a grant: the good one goes at once.

    The others are tried again after 1, 4, 16 … minutes, and go as soon as they can.
    """
    monkeypatch.setattr(promo_expiry, "_STEP", 3)
    tenant = await reseller()
    made = await customer(tenant.id)
    await credit(tenant, made, 10 * EURO)
    for n in range(7):
        transfer = Transfer(
            tenant=tenant.id, debit=account_id(tenant.id, AccountKind.ADJUSTMENT, "EUR"), credit=made.wallet_id,
            amount=EURO, kind="other", key=str(n), day=NOON.date(), occurred_at=NOON, actor=str(BY),
            bucket=Bucket("promo", 0, END - timedelta(days=1)),
        )  # fmt: skip
        (await ledger.post(transfer)).or_raise()
    good = await grant(tenant, made, 2 * EURO)
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        await admin.execute(
            "alter table ledger.transfer add constraint broken check (kind <> 'promo_expired' or amount <> 1000000)"
        )
        assert [await swept(END + timedelta(seconds=at)) for at in (0, 59)] == [1, 0]
        assert await tried(tenant) == {1: 7}
        for minutes, tries in ((1, 2), (4, 2), (5, 3), (20, 3), (21, 4)):
            assert await swept(END + timedelta(minutes=minutes)) == 0
            assert await tried(tenant) == {tries: 7}
        await admin.execute("alter table ledger.transfer drop constraint broken")
    finally:
        await admin.close()
    assert await taken(tenant) == [("promo_expired", good.amount.units)]
    assert await swept(END + timedelta(hours=2)) == 7
    assert await tried(tenant) == {}
    assert (await purse(tenant, made))[2] == {"paid": 10 * EURO}
    assert await alarms(tenant.id) == []


async def test_a_notice_that_fails_is_put_off(payer: tuple[Tenant, Customer], database: Any) -> None:
    """It is not tried again each minute, and comes when it can."""
    tenant, made = payer
    await grant(tenant, made, EURO, expires_at=NOON + timedelta(days=20))
    at = NOON + timedelta(days=14)
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        await admin.execute("alter table events.outbox add constraint broken check (kind <> 'promo.expiring')")
        await swept(at)
        await admin.execute("alter table events.outbox drop constraint broken")
    finally:
        await admin.close()
    await swept(at + timedelta(minutes=1))
    assert await told(tenant, "promo.expiring") == []
    await swept(at + timedelta(hours=1))
    await swept(at + timedelta(hours=2))
    assert await told(tenant, "promo.expiring") == [EURO]


async def tried(tenant: Tenant) -> dict[int, int]:
    """Failures → how many buckets have failed so often."""
    async with db.unit(tenant.id):
        rows = await db.fetch(
            "select failures, count(*) as n from wallets.put_off where tenant_id = $1 group by 1", tenant.id
        )
    return {row["failures"]: row["n"] for row in rows}


@pytest.mark.parametrize("seed", range(3))
async def test_expiry_races_with_calls(database: object, seed: int) -> None:
    """Sweeps, holds, ends and reports of calls on real connections at once.

    Not a unit of paid money goes by expiry, no wallet gets below zero, and the proof is green throughout.
    """
    dice = Random(seed)
    desk = await open_desk(3_000_000)
    for n in range(12):
        await grant(desk.tenant, desk.customer, 150_000 + n, str(n), expires_at=NOON + timedelta(seconds=1 + n))
    late = NOON + timedelta(seconds=120)

    async def ring(n: int) -> None:
        if (await desk.start(f"c-{n}")).allowed:
            await asyncio.sleep(dice.random() / 50)
            if n % 3:
                await desk.end(f"c-{n}", dice.randrange(1, 59))
            else:
                await desk.cancel(f"c-{n}")

    async def record(n: int) -> None:
        await report(desk.tenant, call(f"r-{n}", seconds=dice.randrange(1, 59)))

    async def sweep() -> None:
        for _ in range(6):
            await swept(late)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(ring(n) for n in range(25)), *(record(n) for n in range(10)), sweep(), sweep(), sweep())
    await swept(late + timedelta(minutes=5))

    posted, held, rest = await purse(desk.tenant, desk.customer)
    async with db.unit(desk.tenant.id):
        lowest, overrun = await db.fetchrow(
            "select lowest, overrun from ledger.wallet where id = $1", desk.customer.wallet_id
        )
        spent = await db.fetchval("select coalesce(sum(price), 0)::bigint from ledger.usage")
    gone = sum(units for _, units in await taken(desk.tenant))
    granted = sum(150_000 + n for n in range(12))
    assert (held, lowest, overrun) == (0, 0, 0)
    assert "promo" not in rest
    assert posted == rest["paid"] == 3_000_000 + granted - spent - gone
    assert gone <= granted
    assert posted <= 3_000_000
    assert await alarms(desk.tenant.id) == []


async def test_many_sweeps_at_once_take_once(payer: tuple[Tenant, Customer]) -> None:
    """Ten workers at the same buckets: each is taken once."""
    tenant, made = payer
    grants = [await grant(tenant, made, EURO + n, str(n)) for n in range(5)]
    results = await asyncio.gather(*(promo_expiry.expire(tenant.id, one.id, END) for one in grants for _ in range(10)))
    assert sorted(one.units for one in results if one) == [EURO + n for n in range(5)]
    assert (await purse(tenant, made))[2] == {"paid": 10 * EURO}
    assert await alarms(tenant.id) == []


async def test_another_tenant_can_take_nothing(payer: tuple[Tenant, Customer]) -> None:
    """With the id of a bucket in hand: nothing to expire, to warn of, or to see."""
    tenant, made = payer
    other = await reseller("two")
    one = await grant(tenant, made, EURO)
    assert await promo_expiry.expire(other.id, one.id, END) is None
    assert await promo_expiry.warn(other.id, one.id, END) is False
    assert await promo.of_customer(other.id, made.id) == []
    assert await swept(END) == 1


# the API


async def test_grant_and_list_over_the_api(site: Site) -> None:
    """Granted once under its key, with a last day in the reseller's zone; listed page by page; nobody else's."""
    api = await site.client("nord")
    path = f"/api/v2/customers/{site.customers['nord/C-1'].id}/credits"
    wanted = {"amount": {"amount": "2.50", "currency": "EUR"}, "reason": "welcome", "expires_on": "2199-06-30"}
    first = await api.post(path, json=wanted, headers={"Idempotency-Key": "a"})
    again = await api.post(path, json=wanted, headers={"Idempotency-Key": "a"})
    assert (first.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert first.json()["expires_at"] == "2199-06-30T22:00:00Z"
    for n in range(3):
        more = await api.post(path, json={**wanted, "expires_on": None}, headers={"Idempotency-Key": f"b{n}"})
        assert more.status_code == 201
    page = (await api.get(path, params={"limit": "3"})).json()
    rest = (await api.get(path, params={"limit": "3", "cursor": page["next"]})).json()
    assert [len(page["items"]), len(rest["items"]), rest["next"]] == [3, 1, None]
    assert rest["items"][0] == first.json()
    assert (await api.post(path, json=wanted)).status_code == 400
    for change in ({"expires_on": "2020-01-01"}, {"expires_on": "9999-12-31"}, {"expires_on": "0001-01-01"},
                   {"amount": {"amount": "0", "currency": "EUR"}}, {"amount": {"amount": "1", "currency": "GBP"}},
                   {"amount": {"amount": "0.0000001", "currency": "EUR"}}, {"reason": "  "}):  # fmt: skip
        refused = await api.post(path, json={**wanted, **change}, headers={"Idempotency-Key": str(new_id())})
        assert refused.status_code == 422, refused.text
    stranger = await site.client("falke")
    assert (await stranger.get(path)).status_code == 404
    narrow = await site.client("nord", await site.key("nord", ["balance:read"]))
    assert (await narrow.get(path)).status_code == 200
    assert (await narrow.post(path, json=wanted, headers={"Idempotency-Key": "c"})).status_code == 403
