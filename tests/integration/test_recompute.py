"""A booked call is computed again from what is stored (promise 3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.calls.book import Item, book
from askpro.calls.events import UsageEvent
from askpro.commissions.queries import scheme_at, schemes
from askpro.commissions.service import explain_call, publish_scheme
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.tariffs.explain import render
from askpro.tariffs.recompute import recompute
from askpro.tenancy.model import Tenant
from house import BY, RETAIL, customer, prices, reseller, wholesale

pytestmark = pytest.mark.anyio
CALLED = datetime(2026, 3, 23, 9, tzinfo=UTC)


async def _booked(tenant: Tenant, name: str, **changes: object) -> UUID:
    values: dict[str, object] = {
        "id": name,
        "customer": "NO-1",
        "direction": "outbound",
        "to_number": "+4915112345",
        "started_at": CALLED,
        "answered_at": CALLED + timedelta(seconds=8),
        "ended_at": CALLED + timedelta(seconds=8 + 125),
        "tokens": 4000,
        "bookings": 1,
    }
    event = UsageEvent(**(values | changes))  # type: ignore[arg-type]
    item = Item(tenant.id, tenant.timezone, event, "system:tests")
    await book([item])
    assert item.result is not None
    assert item.result.status == "booked", item.result
    assert item.id is not None
    return item.id


async def _house() -> Tenant:
    one = await reseller()
    await customer(one.id)
    await wholesale()
    await prices(one.id, {**RETAIL, "free_seconds": 5})
    await publish_scheme(one.id, "percent", Decimal(20), datetime(2026, 1, 1, tzinfo=UTC), by=BY)
    return one


async def test_a_call_explains_itself_after_prices_changed(database: object) -> None:
    """The steps are those of the prices of that day, whatever was published since."""
    one = await _house()
    usage = await _booked(one, "a")
    await prices(one.id, {**RETAIL, "outbound": {"+49": "9"}}, clock.now())
    await publish_scheme(one.id, "margin", Decimal(50), clock.now(), by=BY)
    found = await explain_call(one.id, usage)

    # 125 s at 30/6 are 126 s: 0.02 + 2.1 × 0.24 + 4000 × 0.00001 + 0.50 = 1.064
    assert (found.price, found.billed_seconds) == (1_064_000, 126)
    # 125 s / 60 × 0.06 + 4000 × 0.000003 + 0.10 = 0.237
    assert (found.cost, found.commission) == (237_000, 212_800)
    texts = [render(step, lambda text: text) for step in found.steps]
    assert texts[-1] == "Price: 1.064 EUR."
    assert "126 s / 60 × 0.24 EUR = 0.504 EUR." in texts


async def test_calls_of_every_kind_explain_themselves(database: object) -> None:
    """Inbound, unanswered, and within the free seconds."""
    one = await _house()
    inbound = await recompute(one.id, await _booked(one, "in", direction="inbound", to_number="+4930"))
    silent = await recompute(one.id, await _booked(one, "no", disposition="NO ANSWER", answered_at=None))
    short = await recompute(one.id, await _booked(one, "short", ended_at=CALLED + timedelta(seconds=13)))

    assert inbound.steps[2].kind == "inbound_rate"
    assert (silent.price, silent.steps, silent.retail) == (0, (), None)
    assert (short.price, [step.kind for step in short.steps]) == (0, ["duration", "free_call", "price"])


async def test_a_price_that_is_not_what_its_prices_say_is_an_alarm(database: object) -> None:
    """A stored amount that was tampered with does not explain itself."""
    one = await _house()
    usage = await _booked(one, "a")
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    await admin.execute("set session_replication_role = replica")
    await admin.execute("update ledger.usage set commission = commission + 1")
    with pytest.raises(Conflict) as caught:
        await explain_call(one.id, usage)
    assert caught.value.code == "price_differs"
    assert (await recompute(one.id, usage)).price == 1_064_000
    await admin.execute("update ledger.usage set price = price + 1")
    with pytest.raises(Conflict):
        await recompute(one.id, usage)
    await admin.close()


async def test_an_erased_number_is_said_so(database: object) -> None:
    """What data protection removed cannot be looked up again; an inbound call does not need it."""
    one = await _house()
    out, inbound = await _booked(one, "out"), await _booked(one, "in", direction="inbound", to_number="+4930")
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    await admin.execute("update ledger.usage set caller = null, callee = null")
    await admin.close()

    with pytest.raises(Conflict) as caught:
        await recompute(one.id, out)
    assert caught.value.code == "number_erased"
    assert (await recompute(one.id, inbound)).price > 0


async def test_nobody_explains_another_tenants_call(database: object) -> None:
    """As if it were not there; its chain and its scheme are unseen too."""
    one, two = await _house(), await reseller("two")
    usage = await _booked(one, "a")

    with pytest.raises(NotFound):
        await recompute(two.id, usage)
    assert await schemes(two.id) == []
    async with db.unit(two.id):
        assert await db.fetchval("select count(*) from tariffs.chain") == 0


async def test_commission_schemes_are_dated_and_fixed(database: object) -> None:
    """The first may begin in the past, the next now or later, nonsense never."""
    one = await reseller()
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    first = await publish_scheme(one.id, "percent", Decimal(20), begin, by=BY)
    with pytest.raises(Conflict):
        await publish_scheme(one.id, "percent", Decimal(30), clock.now() - timedelta(hours=1), by=BY)
    ahead = clock.now() + timedelta(days=1)
    later = await publish_scheme(one.id, "per_minute", Decimal("0.015"), ahead, by=BY)

    assert await scheme_at(one.id, begin - timedelta(microseconds=1)) is None
    assert await scheme_at(one.id, clock.now()) == first
    assert await scheme_at(one.id, ahead) == later
    for kind, value in (("percent", "101"), ("percent", "-1"), ("tip", "1"), ("per_minute", "0.123456789")):
        with pytest.raises(InvalidInput):
            await publish_scheme(one.id, kind, Decimal(value), ahead, by=BY)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await publish_scheme(UUID(int=5), "percent", Decimal(1), ahead, by=BY)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.unit(one.id):
            await db.execute("update commissions.scheme set value = 0")
