"""What has run out is deleted at night, in small steps, so that nobody waits for it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from askpro import db
from askpro.jobs.tasks import task

__all__ = ("STEP", "Expiry", "expire", "housekeeping", "tidy")

STEP = 5_000
"""Rows a statement deletes at most."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """Rows of ``table`` for which ``where`` holds may go. ``shared``: a table without tenant data."""

    table: str
    where: str
    shared: bool = False

    @property
    def sql(self) -> str:
        """One step; rows that somebody works on are left for the next night."""
        some = f"select ctid from {self.table} where {self.where} limit {STEP} for update skip locked"  # noqa: S608
        return f"delete from {self.table} where ctid in ({some})"  # noqa: S608 - the rules below are constants


_rules = [
    Expiry("people.session", "expires_at < now()"),
    Expiry("web.idempotency", "expires_at < now()"),
    Expiry("web.rate", "window_at < now() - interval '2 days'", shared=True),
    Expiry("events.outbox", "done_at < now() - interval '30 days'"),
    Expiry(
        "jobs.procrastinate_jobs",
        "status in ('succeeded', 'failed', 'cancelled', 'aborted') and id in (select e.job_id from"
        " jobs.procrastinate_events e group by e.job_id having max(e.at) < now() - interval '90 days')",
        shared=True,
    ),
]


def expire(rule: Expiry) -> None:
    """Add a rule; a domain does so in its ``jobs.py``. The SQL is the house's own, never put together from data."""
    if rule not in _rules:
        _rules.append(rule)


async def tidy(rule: Expiry) -> int:
    """Delete what has run out by one rule; returns how many rows."""
    total = 0
    while True:
        unit: AbstractAsyncContextManager[object]
        unit = db.shared_unit() if rule.shared else db.platform_unit(f"housekeeping: {rule.table}")
        async with unit:
            gone = int((await db.execute(rule.sql)).split()[-1])
        total += gone
        if gone < STEP:
            return total


@task("jobs.housekeeping", cron="35 3 * * *")
async def housekeeping() -> None:
    """Every night, rule by rule. Running it twice does no harm."""
    for rule in _rules:
        await tidy(rule)
