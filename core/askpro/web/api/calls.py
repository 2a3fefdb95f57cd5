"""Booked calls: list them, look at one with its price explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.calls import queries
from askpro.calls.queries import CallRow
from askpro.errors import Conflict, InvalidInput
from askpro.i18n import Reader, reader
from askpro.tariffs.explain import Step, plain, render
from askpro.tariffs.recompute import recompute
from askpro.web.api.endpoint import PREFIX, Call, Nothing, Reply, endpoint
from askpro.web.api.schemas import CallDetail, CallPage, CallQuery, CallSummary, PriceStep, given, money
from askpro.web.failures import locale_of
from askpro.web.pagination import decode_cursor, encode_cursor, page_link, scope_of

__all__ = ("HANDLERS",)

_WIDEST = timedelta(days=31)
_DIRECTIONS = ("inbound", "outbound")


def _summary(row: CallRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "external_id": row.external_id,
        "source": row.source,
        "customer_id": row.customer_id,
        "direction": _DIRECTIONS[row.direction],
        "from_number": row.caller,
        "to_number": row.callee,
        "began_at": row.began_at,
        "answered": row.talk_ms is not None,
        "talk_ms": row.talk_ms,
        "billed_seconds": row.billed,
        "tokens": row.tokens,
        "bookings": row.bookings,
        "price": money(row.price, row.currency),
        "overrun": money(row.overrun, row.currency),
        "balance_after": money(row.balance_after, row.currency),
        "wholesale": money(row.wholesale, row.currency),
        "commission": money(row.commission, row.currency),
        "booked_at": row.booked_at,
    }


@endpoint("GET", "/calls", permission="calls:read", query=CallQuery, body=Nothing, answer=CallPage)
async def list_calls(call: Call[CallQuery, Nothing]) -> Reply[CallPage]:
    """List booked calls, latest first.

    Without `customer` at most 31 days at a time; by default the last 31.
    """
    asked, tenant = call.query, call.tenant.id
    customer, direction, answered = given(asked.customer), given(asked.direction), given(asked.answered)
    since, until = given(asked.since), given(asked.until)
    if customer is None:
        end = until or clock.now()
        since = since or end - _WIDEST
        if end - since > _WIDEST:
            raise InvalidInput("without a customer at most 31 days at a time", code="window_too_wide", field="since")
    # the filters as they were asked for: a default that moves with the clock must not turn a cursor away
    scope = scope_of(tenant, "calls", customer, direction, answered, given(asked.since), given(asked.until))
    before = decode_cursor(asked.cursor, tuple[datetime, UUID], scope) if asked.cursor else None
    async with db.unit(tenant):
        rows = await queries.calls(
            tenant,
            limit=asked.limit + 1,
            customer=customer,
            direction=None if direction is None else _DIRECTIONS.index(direction),
            answered=answered,
            since=since,
            until=until,
            before=before,
        )
    shown, following = rows[: asked.limit], None
    if len(rows) > asked.limit:
        following = encode_cursor((shown[-1].began_at, shown[-1].id), scope)
    body = CallPage([CallSummary(**_summary(row)) for row in shown], following)
    return Reply(body, page_link(f"{PREFIX}/calls", following, _kept(asked)))


def _kept(asked: CallQuery) -> dict[str, Any]:
    since, until, answered = given(asked.since), given(asked.until), given(asked.answered)
    return {
        "customer": given(asked.customer),
        "direction": given(asked.direction),
        "answered": None if answered is None else str(answered).lower(),
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
        "limit": asked.limit,
    }


@endpoint(
    "GET", "/calls/{call_id:uuid}", permission="calls:read", query=Nothing, body=Nothing, answer=CallDetail,
    refusals=(404, 409),
)  # fmt: skip
async def get_call(call: Call[Nothing, Nothing]) -> CallDetail:
    """Look at a call and how its price comes about.

    The price is computed again from the price list versions and the call as they are stored. `recomputed` is null
    when the number called, which decides the price, has been erased since. 409 `price_differs` means that what is
    stored does not lead to the price that was booked: please tell us.
    """
    tenant, identifier = call.tenant.id, call.id("call_id")
    speaks = reader(locale_of(call.request.scope), call.tenant.timezone)
    async with db.unit(tenant):
        row = await queries.call(tenant, identifier)
        try:
            explained = await recompute(tenant, identifier)
        except Conflict as error:
            if error.code != "number_erased":
                raise
            explained = None
    steps = [_step(one, speaks) for one in explained.steps] if explained else []
    recomputed = money(explained.price, row.currency) if explained else None
    return CallDetail(
        **_summary(row),
        price_list_id=row.chain_id,
        used_seconds_before=row.used_before,
        steps=steps,
        recomputed=recomputed,
    )


def _step(step: Step, speaks: Reader) -> PriceStep:
    values = {
        name: plain(value) if isinstance(value, (int, Decimal)) else str(value) for name, value in step.params.items()
    }
    return PriceStep(step.kind, render(step, speaks.gettext), values)


HANDLERS = (list_calls, get_call)
