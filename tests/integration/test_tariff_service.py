"""Publishing prices: immutable, dated, guarded, seen by every process, and by the right tenant only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import clock, db
from askpro.errors import Conflict, DuplicateKey, InvalidInput, NotFound
from askpro.ids import new_id
from askpro.tariffs import chains, queries
from askpro.tariffs.card import Level
from askpro.tariffs.rating import Call, Rating, rate
from askpro.tariffs.service import assign_plan, create_plan, publish_version, rename_plan, set_blocked
from askpro.tenancy import audit
from askpro.tenancy.model import PLATFORM
from house import BY, COST, EARLY, RETAIL, customer, prices, reseller, wholesale

pytestmark = pytest.mark.anyio
MINUTE = Call("outbound", "+4930123", 60_000)


async def _epoch(tenant: Any) -> int:
    rows = await db.call(
        "select epoch from calls.usage_state(array[$1::uuid], array['-'], array[current_date])", tenant
    )
    epoch: int = rows[0]["epoch"]
    return epoch


async def test_published_prices_are_loaded_and_priced(database: object) -> None:
    """What goes in as texts comes out as exact prices, wholesale beside it."""
    one = await reseller()
    await wholesale()
    published = await prices(one.id)
    card = (await chains.load(one.id)).chain_for(None, None, "EUR", clock.now())

    assert card is not None
    assert card.retail_ids == (published.id,)
    sold, cost = rate(card.retail, MINUTE), rate(card.wholesale, MINUTE)
    assert isinstance(sold, Rating)
    assert isinstance(cost, Rating)
    assert (sold.units, cost.units) == (170_000, 60_000)
    assert published.below_wholesale == ()


async def test_a_version_is_never_changed(database: object) -> None:
    """Neither by the application, nor by the platform's role, nor by the owner of the table."""
    one = await reseller()
    await wholesale()
    await prices(one.id)
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    for statement in (
        "update tariffs.version set note = 'x'",
        "delete from tariffs.version",
        "truncate tariffs.version",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.unit(one.id):
                await db.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await admin.execute(statement)
    await admin.close()


async def test_the_past_is_not_repriced(database: object) -> None:
    """The first list may begin in the past; the next begins now or later, and until then may be corrected."""
    one, now = await reseller(), clock.now()
    await wholesale()
    await prices(one.id)
    with pytest.raises(Conflict) as caught:
        await prices(one.id, {**RETAIL, "inbound": "0.2"}, now - timedelta(days=1))
    assert (caught.value.code, caught.value.field) == ("prices_in_the_past", "effective_from")

    ahead = now + timedelta(days=10)
    await prices(one.id, {**RETAIL, "inbound": "2"}, ahead)
    await prices(one.id, {**RETAIL, "inbound": "0.2"}, ahead)
    await prices(one.id, {**RETAIL, "inbound": "0.3"}, clock.now())
    cards = await chains.load(one.id)

    def inbound(at: Any) -> str:
        card = cards.chain_for(None, None, "EUR", at)
        assert card is not None
        return str(card.retail.inbound.rate)  # type: ignore[union-attr]

    assert [inbound(at) for at in (now - timedelta(days=1), clock.now(), ahead)] == ["0.12", "0.3", "0.2"]


async def test_every_publication_raises_the_epoch_and_the_cache_follows(database: object) -> None:
    """Prices, wholesale, blocked prefixes and plans: a process that asks with the new epoch sees the new prices."""
    one, two = await reseller("one"), await reseller("two")
    made = await customer(one.id)
    await wholesale()
    await prices(one.id)
    plan = await create_plan(one.id, "gold", "Gold", by=BY)
    epoch, other = await _epoch(one.id), await _epoch(two.id)
    cards = await chains.cached(one.id, epoch)
    assert await chains.cached(one.id, epoch) is cards

    await prices(one.id, {**RETAIL, "inbound": "0.2"}, clock.now())
    assert (await _epoch(one.id), await _epoch(two.id)) == (epoch + 1, other)
    fresh = await chains.cached(one.id, await _epoch(one.id))
    assert fresh is not cards
    assert await chains.cached(one.id, epoch) is fresh, "a slower reader does not bring the old prices back"

    await wholesale(content={**COST, "inbound": "0.05"}, begins=clock.now())
    await set_blocked({"+4990": "premium"}, by=BY)
    await set_blocked({"+4990": "premium"}, by=BY)
    assert (await _epoch(one.id), await _epoch(two.id)) == (epoch + 3, other + 2)
    await assign_plan(one.id, made.id, plan.id, by=BY)
    await assign_plan(one.id, made.id, plan.id, by=BY)
    assert await _epoch(one.id) == epoch + 4


async def test_what_is_rolled_back_was_never_published(database: object) -> None:
    """No version, no epoch, no audit entry."""
    one = await reseller()
    await wholesale()
    before = await _epoch(one.id)
    with pytest.raises(ZeroDivisionError):
        async with db.unit(one.id):
            await prices(one.id)
            raise ZeroDivisionError

    assert await queries.versions(one.id) == []
    assert await _epoch(one.id) == before
    assert await audit.entries(one.id, action="prices.published") == []


async def test_publishing_reports_what_is_sold_below_cost(database: object) -> None:
    """With the destination, the durations and the moment, also for a wholesale price that is known to come (D4)."""
    one = await reseller()
    rise = clock.now() + timedelta(days=30)
    await wholesale(content={**COST, "outbound": {"+49": "0.06", "+43": "0.5"}})
    await wholesale(content={**COST, "outbound": {"+49": "0.30"}}, begins=rise)
    published = await prices(one.id, {**RETAIL, "outbound": {"+49": "0.15", "+43": "0.2", "+1": "1"}})

    found = {below.begins: below.report for below in published.below_wholesale}
    assert set(found) == {EARLY, rise}
    assert [finding.prefixes for finding in found[EARLY].findings] == [("+43",)]
    assert found[EARLY].unsellable == ("+1",)
    assert found[rise].findings[0].prefixes == ("+49",)
    assert found[rise].findings[0].ranges[0].last == 600


async def test_the_hard_floor_refuses(database: object) -> None:
    """And nothing is published."""
    one = await reseller()
    await wholesale()
    with pytest.raises(InvalidInput) as caught:
        await prices(one.id, {**RETAIL, "connect_fee": "0", "outbound": {"+49": "0.01"}}, hard_floor=True)

    assert caught.value.code == "below_wholesale"
    assert await queries.versions(one.id) == []


async def test_a_wholesale_price_is_tried_against_every_reseller(database: object) -> None:
    """The platform learns whose prices it would push below cost; a list for one reseller concerns that one."""
    one, two = await reseller("one"), await reseller("two")
    await wholesale()
    await prices(one.id)
    await prices(two.id, {**RETAIL, "outbound": {"+49": "0.5"}})

    dear = await wholesale(content={**COST, "outbound": {"+49": "0.3"}}, begins=clock.now())
    assert {below.reseller_id for below in dear.below_wholesale} == {one.id}
    own = await publish_version(
        PLATFORM, Level.PLATFORM, two.id, "EUR", EARLY, {"outbound": {"+49": "0.9"}}, by=BY, note="for two"
    )
    assert {below.reseller_id for below in own.below_wholesale} == {two.id}


async def test_overrides_for_plans_and_customers(database: object) -> None:
    """D3: the first level with any match decides the rate; what it does not say comes from the next."""
    one = await reseller()
    await wholesale()
    await prices(one.id)
    plan = await create_plan(one.id, "gold", "Gold", by=BY)
    made = await customer(one.id, plan_id=plan.id)
    overrides: list[tuple[Level, UUID, dict[str, Any]]] = [
        (Level.PLAN, plan.id, {"outbound": {"+49": "0.12"}}),
        (Level.CUSTOMER, made.id, {"outbound": {"+4930": "0.10"}, "connect_fee": "0"}),
    ]
    for level, owner, content in overrides:
        await publish_version(one.id, level, owner, "EUR", EARLY, content, by=BY)
    card = (await chains.load(one.id)).chain_for(made.id, plan.id, "EUR", clock.now())

    assert card is not None
    rated = [rate(card.retail, Call("outbound", number, 60_000)) for number in ("+4930", "+4940", "+4915")]
    assert [one.units for one in rated if isinstance(one, Rating)] == [100_000, 120_000, 120_000]


@pytest.mark.parametrize(
    ("level", "owner", "error"),
    [
        (Level.RESELLER, "some", InvalidInput),
        (Level.PLAN, None, InvalidInput),
        (Level.CUSTOMER, "some", NotFound),
        (Level.PLAN, "some", NotFound),
        (Level.PLATFORM, None, InvalidInput),
    ],
)
async def test_a_list_has_the_right_owner(
    database: object, level: Level, owner: str | None, error: type[Exception]
) -> None:
    """And the reseller never publishes wholesale prices."""
    one = await reseller()
    with pytest.raises(error):
        await publish_version(one.id, level, new_id() if owner else None, "EUR", EARLY, RETAIL, by=BY)


async def test_lists_that_price_nothing_are_refused(database: object) -> None:
    """Without increments nothing can be rated; levels that contradict each other cannot either."""
    one = await reseller()
    made = await customer(one.id)
    await wholesale()
    with pytest.raises(InvalidInput, match="increments"):
        await prices(one.id, {"inbound": "0.1"})
    await prices(one.id, {**RETAIL, "max_charge": "5"})
    with pytest.raises(InvalidInput, match="maximum"):
        await publish_version(one.id, Level.CUSTOMER, made.id, "EUR", EARLY, {"min_charge": "9"}, by=BY)

    assert len(await queries.versions(one.id)) == 1


async def test_nobody_reads_or_writes_another_resellers_prices(database: object) -> None:
    """Price lists, plans, wholesale lists made for somebody else: unseen, and not usable as owners."""
    one, two = await reseller("one"), await reseller("two")
    await wholesale()
    published = await prices(one.id)
    plan = await create_plan(one.id, "gold", "Gold", by=BY)
    made, theirs = await customer(one.id), await customer(two.id)
    await publish_version(PLATFORM, Level.PLATFORM, one.id, "EUR", EARLY, {"inbound": "0.01"}, by=BY)
    await publish_version(one.id, Level.PLAN, plan.id, "EUR", EARLY, {"inbound": "0.01"}, by=BY)

    with pytest.raises(NotFound):
        await queries.version_by_id(two.id, published.id)
    with pytest.raises(NotFound):
        await queries.plan_by_code(two.id, "gold")
    with pytest.raises(NotFound):
        await rename_plan(two.id, plan.id, "Stolen", by=BY)
    with pytest.raises(NotFound):
        await assign_plan(two.id, theirs.id, plan.id, by=BY)
    for level, owner in ((Level.PLAN, plan.id), (Level.CUSTOMER, made.id)):
        with pytest.raises(NotFound):
            await publish_version(two.id, level, owner, "EUR", EARLY, {"inbound": "1"}, by=BY)
    async with db.unit(two.id):
        seen = await db.fetch("select tenant_id, owner_id from tariffs.version")
        assert [(row["tenant_id"], row["owner_id"]) for row in seen] == [(PLATFORM, None)]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.unit(two.id):
                await db.execute(
                    "insert into tariffs.version (tenant_id, id, level, currency, effective_from, content, digest,"
                    " published_by) values ($1, $2, 'platform', 'EUR', now(), '{}', '', 'x')",
                    PLATFORM,
                    new_id(),
                )
    assert (await chains.load(two.id)).chain_for(None, plan.id, "EUR", clock.now()) is None


async def test_plans_have_codes(database: object) -> None:
    """A code once a reseller; the name may change."""
    one = await reseller()
    plan = await create_plan(one.id, "gold", "Gold", by=BY)
    with pytest.raises(DuplicateKey):
        await create_plan(one.id, "gold", "Other", by=BY)
    with pytest.raises(InvalidInput):
        await create_plan(one.id, "Gold!", "Other", by=BY)
    await rename_plan(one.id, plan.id, "Golden", by=BY)

    assert [(p.code, p.name) for p in await queries.plans(one.id)] == [("gold", "Golden")]


async def test_blocked_prefixes_are_a_set(database: object) -> None:
    """What is not named any more is free again; nonsense is refused."""
    await set_blocked({"+4990": "premium", "+881": "satellite"}, by=BY)
    await set_blocked({"+881": "satellite", "+882": "more"}, by=BY)

    assert await queries.blocked_prefixes() == {"+881": "satellite", "+882": "more"}
    for wrong in ({"0190": ""}, {"+": ""}, {"+88": "", "+881": ""}):
        with pytest.raises(InvalidInput):
            await set_blocked(wrong, by=BY)


async def test_two_publications_at_once_come_one_after_the_other(database: object) -> None:
    """Neither is lost, and the epoch counts both."""
    one = await reseller()
    await wholesale()
    before = await _epoch(one.id)
    ahead = [clock.now() + timedelta(days=n) for n in range(1, 7)]
    await asyncio.gather(*(prices(one.id, {**RETAIL, "inbound": f"0.{n + 10}"}, at) for n, at in enumerate(ahead)))

    assert [version.effective_from for version in await queries.versions(one.id)] == ahead
    assert await _epoch(one.id) == before + 6
