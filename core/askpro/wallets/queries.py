"""Reading for the customer's own pages. All but ``costs`` need an open unit of the tenant.

A page of a list costs the same however long the list is; ``…_totals`` read all that matches.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.wallets.model import CallLine, Costs, Preference, Totals

__all__ = ("call", "call_totals", "calls", "costs", "preference", "statement_totals", "waiting_adjustments")

_CALL = (
    "id, began_at, ring_ms, talk_ms, billed, direction = 1 as outbound, price, overrun, caller, callee, source,"
    " external_id"
)
_MATCHING = """
  from ledger.usage where tenant_id = $1 and wallet_id = $2 and ($3::date is null or day >= $3)
   and ($4::date is null or day < $4) and ($5::smallint is null or direction = $5)
   and ($6 = '' or strpos(coalesce(case when direction = 1 then callee else caller end, ''), $6) > 0)
"""


async def costs(tenant: UUID, wallet: UUID, since: date, until: date) -> Costs:
    """What the wallet paid in the civil days ``[since, until)``: calls by direction, other debits by kind.

    Credits play no part, and neither does a debit that takes a credit back. Needs no unit: one round trip.
    """
    rows = await db.call("select * from wallets.costs($1, $2, $3, $4)", tenant, wallet, since, until)
    days = {since + timedelta(days=n): 0 for n in range((until - since).days)}
    parts: dict[str, int] = {}
    for row in rows:
        days[row["day"]] += row["units"]
        parts[row["kind"]] = parts.get(row["kind"], 0) + row["units"]
    return Costs(since, until, days, {kind: units for kind, units in parts.items() if units})


async def preference(tenant: UUID, wallet: UUID) -> Preference:
    """The wallet's preferences; the defaults where nothing was chosen."""
    row = await db.fetchrow(
        "select thresholds, tell_empty from wallets.preference where tenant_id = $1 and wallet_id = $2",
        tenant,
        wallet,
    )
    return Preference(tuple(row["thresholds"]), row["tell_empty"]) if row is not None else Preference()


async def statement_totals(
    tenant: UUID, wallet: UUID, *, since: date | None = None, until: date | None = None, kinds: Sequence[str] = ()
) -> Totals:
    """Of all bookings that match, however many pages they fill."""
    row = await db.fetchrow(
        """
        select count(*), coalesce(sum(amount), 0)::bigint from (
          select -amount as amount, day, kind from ledger.transfer
           where tenant_id = $1 and debit_account = $2 and debit_seq is not null
          union all
          select amount, day, kind from ledger.transfer
           where tenant_id = $1 and credit_account = $2 and credit_seq is not null
        ) lines
        where ($3::date is null or day >= $3) and ($4::date is null or day < $4)
          and (cardinality($5::text[]) = 0 or kind = any($5))
        """,
        tenant,
        wallet,
        since,
        until,
        list(kinds),
    )
    return Totals(*row)


async def calls(
    tenant: UUID,
    wallet: UUID,
    *,
    since: date | None = None,
    until: date | None = None,
    outbound: bool | None = None,
    number: str = "",
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CallLine]:
    """Calls of the civil days ``[since, until)``, latest first; ``before``: the last call of the page before."""
    rows = await db.fetch(
        f"select {_CALL} {_MATCHING} and ($7::timestamptz is null or (began_at, id) < ($7, $8::uuid))"
        " order by began_at desc, id desc limit $9",
        tenant,
        wallet,
        since,
        until,
        _direction(outbound),
        number,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [CallLine(*row) for row in rows]


async def call_totals(
    tenant: UUID,
    wallet: UUID,
    *,
    since: date | None = None,
    until: date | None = None,
    outbound: bool | None = None,
    number: str = "",
) -> Totals:
    """Of all calls that match: how many, and what was charged for them."""
    row = await db.fetchrow(
        f"select count(*), coalesce(sum(price), 0)::bigint {_MATCHING}",
        tenant,
        wallet,
        since,
        until,
        _direction(outbound),
        number,
    )
    return Totals(*row)


async def call(tenant: UUID, wallet: UUID, call_id: UUID) -> CallLine:
    """One call of this wallet. Raises NotFound."""
    row = await db.fetchrow(
        f"select {_CALL} from ledger.usage where tenant_id = $1 and wallet_id = $2 and id = $3",  # noqa: S608 - constant
        tenant,
        wallet,
        call_id,
    )
    if row is None:
        raise NotFound("there is no such call")
    return CallLine(*row)


async def waiting_adjustments(tenant: UUID) -> int:
    """How many changes by hand wait for a second person."""
    number: int = await db.fetchval(
        "select count(*) from wallets.adjustment where tenant_id = $1 and state = 'waiting'", tenant
    )
    return number


def _direction(outbound: bool | None) -> int | None:
    return None if outbound is None else int(outbound)
