"""Which payments are shared, and which of them have to be looked at. Each function is a transaction of its own.

A payment comes in when it has settled and not before, so one that never settles costs nothing. It waits again whenever
a refund or a dispute about it has been looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from askpro.sdk import ChargeResult, Context, Outcome
from askpro_stripe.book import Request, tenant_of

__all__ = ("Waiting", "done", "missed", "news", "note_settled", "postponed", "problems", "take")

_LEASE = timedelta(minutes=10)  # longer than a run of the job may take
_SOON = timedelta(minutes=5)
_LATEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payment that is to be looked at."""

    key: str
    intent: str
    asked: int
    misses: int


async def note_settled(ctx: Context, request: Request, result: ChargeResult) -> ChargeResult:
    """The result as it is; a payment that has settled and is to be shared is written down, once."""
    if result.outcome is Outcome.SETTLED and request.share_to and request.fee < request.units:
        async with ctx.store.unit() as unit:
            await unit.execute(
                "insert into plug_stripe.share (tenant_id, key, intent, next_at, settled_at)"
                " values ($1, $2, $3, $4, $4) on conflict do nothing",
                tenant_of(ctx).id, request.key, result.provider_ref, ctx.now(),
            )  # fmt: skip
    return result


async def news(ctx: Context, key: str) -> None:
    """Something has happened to a payment. Nothing is done for one that is not shared."""
    async with ctx.store.unit() as unit:
        await unit.execute(
            "update plug_stripe.share set asked = asked + 1, next_at = $3 where tenant_id = $1 and key = $2",
            tenant_of(ctx).id, key, ctx.now(),
        )  # fmt: skip


async def take(ctx: Context) -> Waiting | None:
    """One that is due, the longest first; nobody else gets it until it is done, missed, or ten minutes are over."""
    now = ctx.now()
    async with ctx.store.unit() as unit:
        row = await unit.fetchrow(
            "update plug_stripe.share set next_at = $3 where tenant_id = $1 and key = ("
            "select key from plug_stripe.share where tenant_id = $1 and next_at <= $2"
            " order by next_at, key limit 1 for update skip locked) returning key, intent, asked, misses",
            tenant_of(ctx).id, now, now + _LEASE,
        )  # fmt: skip
    return None if row is None else Waiting(row["key"], row["intent"], row["asked"], row["misses"])


async def done(ctx: Context, one: Waiting) -> None:
    """All is passed on; it sleeps, unless something has happened meanwhile."""
    async with ctx.store.unit() as unit:
        await unit.execute(
            "update plug_stripe.share set misses = 0, problem = '',"
            " next_at = case when asked = $3 then null else next_at end where tenant_id = $1 and key = $2",
            tenant_of(ctx).id, one.key, one.asked,
        )  # fmt: skip


async def missed(ctx: Context, one: Waiting, problem: str) -> None:
    """It did not work: again in five minutes, then twice as late each time, at the latest after a day."""
    later = min(_SOON * 2 ** min(one.misses, 10), _LATEST)
    async with ctx.store.unit() as unit:
        await unit.execute(
            "update plug_stripe.share set misses = misses + 1, problem = $4,"
            " next_at = case when asked = $3 then $5 else next_at end where tenant_id = $1 and key = $2",
            tenant_of(ctx).id, one.key, one.asked, problem, ctx.now() + later,
        )  # fmt: skip


async def postponed(ctx: Context, one: Waiting) -> None:
    """Nobody can tell yet, which is no failure: again in five minutes."""
    async with ctx.store.unit() as unit:
        await unit.execute(
            "update plug_stripe.share set next_at = case when asked = $3 then $4 else next_at end"
            " where tenant_id = $1 and key = $2",
            tenant_of(ctx).id, one.key, one.asked, ctx.now() + _SOON,
        )  # fmt: skip


async def problems(ctx: Context) -> list[tuple[str, int]]:
    """Why payments could not be passed on, and how many, the most first."""
    async with ctx.store.unit() as unit:
        rows = await unit.fetch(
            "select problem, count(*) as n from plug_stripe.share where tenant_id = $1 and problem <> ''"
            " group by problem order by n desc, problem",
            tenant_of(ctx).id,
        )
    return [(row["problem"], row["n"]) for row in rows]
