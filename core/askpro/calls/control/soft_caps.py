"""Who passes a soft cap is told: once a period, and again if the cap was changed meanwhile.

Calls under control are looked at as they are admitted; everything else (calls that last, finished ones that are
reported) by a job each minute. The mark and the event are one unit, so it is once and never not at all.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.calls.control.standing import begins_of
from askpro.events.outbox import emit
from askpro.ledger import holds

__all__ = ("SOFT_CAP", "sweep", "tell")

log = logging.getLogger("askpro.calls")

SOFT_CAP = "spending.soft_cap"
"""The event. ``cap`` and ``spent`` (with what is held) in 10⁻⁶ of ``currency``; ``hard`` None: none is set.

``scope`` is ``customer`` or ``reseller``, ``period`` day, week or month, which ``begins`` on that civil day;
``customer`` and ``wallet`` are empty for the reseller's own.
"""

_told: set[tuple[UUID, str, str, date]] = set()
_MOST_TOLD = 10_000
_PERIOD = {"day": "$3::date + 1", "week": "$3::date + 7", "month": "($3::date + interval '1 month')::date"}


async def tell(tenant: UUID, wallet: UUID, day: date, passed: tuple[str, ...]) -> None:
    """Tell of those soft caps (``customer_day``, ``reseller_month`` …) that are news; spares the others a round trip.

    What this process has told it does not ask about again; a cap that was changed since is the job's to notice, and so
    is one that could not be told. Raises nothing: the call is admitted whatever becomes of the notice.
    """
    for name in passed:
        scope, _, period = name.partition("_")
        subject, begins = str(wallet) if scope == "customer" else "", begins_of(day)[period]
        news = (tenant, subject, period, begins)
        if news in _told:
            continue
        try:
            await _tell(tenant, scope, subject, period, begins)
        except Exception:
            log.exception("a soft cap could not be told now: tenant %s, %s %s", tenant, scope, subject)
        if len(_told) >= _MOST_TOLD:
            _told.clear()
        _told.add(news)


async def sweep() -> int:
    """Tell of every soft cap that is passed and has not been told; returns how many those were."""
    count = 0
    for row in await db.call("select * from calls.passed_soft_caps($1)", clock.now()):
        try:
            count += await _tell(row["tenant_id"], row["scope"], row["subject"], row["period"], row["begins"])
        except Exception:
            log.exception("a soft cap could not be told: tenant %s, %s %s", *tuple(row)[:3])
    return count


async def _tell(tenant: UUID, scope: str, subject: str, period: str, begins: date) -> bool:
    async with db.unit(tenant):
        if not await holds.tell_soft(tenant, scope, subject, period, begins):
            return False
        found = await _facts(tenant, scope, subject, period, begins)
        facts = {"scope": scope, "period": period, "begins": begins.isoformat(), "wallet": subject}
        await emit(SOFT_CAP, facts | found, tenant=tenant)
    return True


async def _facts(tenant: UUID, scope: str, subject: str, period: str, begins: date) -> dict[str, Any]:
    """The figures. ``until`` is the period's last day."""
    row = await db.fetchrow(
        f"""
        select l.currency, l.{period}_soft as cap, l.{period}_hard as hard, w.customer_id::text as customer,
               {_PERIOD[period]} as after,
               (select coalesce(sum(s.spent), 0) from ledger.spend_day s
                 where s.tenant_id = $1 and s.subject = coalesce(w.id, $1)
                   and s.day >= $3 and s.day < {_PERIOD[period]})
               + (select coalesce(sum(h.held), 0) from ledger.hold h
                   where h.tenant_id = $1 and h.state = 'open' and h.currency = l.currency
                     and (w.id is null or h.wallet_id = w.id)) as spent
          from ledger.call_limit l
          left join ledger.wallet w on w.tenant_id = l.tenant_id and w.id::text = l.subject
         where l.tenant_id = $1 and l.scope = $4 and l.subject = $2
        """,  # noqa: S608 - names of ours
        tenant, subject, begins, scope,
    )  # fmt: skip
    return {
        "customer": row["customer"] or "", "currency": row["currency"], "cap": row["cap"], "hard": row["hard"],
        "spent": int(row["spent"]), "until": (row["after"] - timedelta(days=1)).isoformat(),
    }  # fmt: skip
