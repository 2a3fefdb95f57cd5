"""``POST /api/v2/usage``: finished calls, 1 to 1,000 at a time, a result for each. The hottest route of the house.

The body is decoded once by a decoder made at import; the answer is written without building a second tree. An event
that cannot be read is a refused result and never the others' problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from msgspec import Raw, Struct

from askpro.actor import Actor
from askpro.calls.events import Reason, UsageEvent, UsageResult
from askpro.calls.train import Train
from askpro.errors import InvalidInput
from askpro.web.answers import sent
from askpro.web.api.endpoint import Nothing, Operation, require_json, unreadable
from askpro.web.api.schemas import MOST_EVENTS, UsageBatch, UsageReport
from askpro.web.auth import USAGE_PER_KEY
from askpro.web.problems import FieldProblem, invalid

__all__ = ("HANDLERS", "LARGEST_BODY", "report_usage")

LARGEST_BODY = 2_097_152

_MISSING = {
    "id": Reason.MISSING_ID,
    "started_at": Reason.MISSING_START,
    "ended_at": Reason.MISSING_END,
}


class _Loose(Struct, forbid_unknown_fields=True):
    """A batch whose events are read one by one."""

    events: list[Raw]


class _Named(Struct):
    """As much of a garbled event as is needed to answer it."""

    id: str = ""


class _Written(Struct, gc=False, omit_defaults=True):
    """``UsageOutcome`` on its way out: money is written already."""

    id: str
    status: str
    reason: str = ""
    detail: str = ""
    price: Raw | None = None
    balance_after: Raw | None = None
    overrun: Raw | None = None
    billed_seconds: int | None = None


class _Report(Struct, gc=False):
    results: list[_Written]


_batch = msgspec.json.Decoder(UsageBatch)
_loose = msgspec.json.Decoder(_Loose)
_event = msgspec.json.Decoder(UsageEvent)
_named = msgspec.json.Decoder(_Named)
_encode = msgspec.json.Encoder().encode


async def report_usage(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Book what can be booked and answer for each event. Raises BadRequest, InvalidInput for what is no batch."""
    state = request.scope["state"]
    require_json(request)
    raw = await request.body()
    refused: dict[int, UsageResult] = {}
    try:
        events: Sequence[UsageEvent] = _batch.decode(raw).events
    except msgspec.ValidationError:
        events, refused = _one_by_one(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable() from error
    train: Train = request.app.state.train
    tenant = state["tenant"]
    results = await train.submit(tenant.id, tenant.timezone, events, by=Actor("key", str(state["key"].id)))
    if refused:
        booked = iter(results)
        results = [refused[i] if i in refused else next(booked) for i in range(len(refused) + len(results))]
    return sent(_encode(_Report([_written(result) for result in results])))


def _one_by_one(raw: bytes) -> tuple[list[UsageEvent], dict[int, UsageResult]]:
    """What can be read, and by position the refusals of what cannot. Raises InvalidInput when it is no batch at all."""
    try:
        batch = _loose.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    if not 1 <= len(batch.events) <= MOST_EVENTS:
        found = f"{len(batch.events)} events; a batch has 1 to {MOST_EVENTS}"
        raise InvalidInput(found, code="batch_size", errors=(FieldProblem("#/events", found),))
    events: list[UsageEvent] = []
    refused: dict[int, UsageResult] = {}
    for position, one in enumerate(batch.events):
        try:
            events.append(_event.decode(one))
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            refused[position] = _malformed(one, str(error))
    return events, refused


def _malformed(raw: Raw, said: str) -> UsageResult:
    try:
        name = _named.decode(raw).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        name = ""
    reason = Reason.MALFORMED
    if said.startswith("Object missing required field `"):
        reason = _MISSING.get(said.split("`")[1], reason)
    return UsageResult(id=name, status="refused", reason=reason.value, detail=said)


def _written(result: UsageResult) -> _Written:
    currency = result.currency.encode()
    return _Written(
        result.id,
        result.status,
        result.reason,
        result.detail,
        None if result.price is None else _money(result.price, currency),
        None if result.balance is None else _money(result.balance, currency),
        _money(result.overrun, currency) if result.overrun else None,
        result.billed_seconds,
    )


def _money(units: int, currency: bytes) -> Raw:
    """``schemas.money`` as bytes."""
    if units < 0:
        return Raw(b'{"amount":"-%d.%06d","currency":"%b"}' % (*divmod(-units, 1_000_000), currency))
    return Raw(b'{"amount":"%d.%06d","currency":"%b"}' % (*divmod(units, 1_000_000), currency))


_OPERATION = Operation(
    summary="Report finished calls",
    description=(
        "1 to 1,000 events. Each gets a result of its own, in the order they were sent; events that cannot be booked "
        "say why and do not hold up the others. The `id` of an event makes it safe to send again: a repeat books "
        "nothing and is answered `duplicate` with the price, seconds, balance and overrun of the first answer; other "
        "content under a known id is a `conflict`. A finished call is booked whatever the balance; what the wallet "
        "could not cover is its `overrun`."
    ),
    query=Nothing,
    body=UsageBatch,
    answer=UsageReport,
    status=200,
    permission="usage:write",
    idempotent=False,
    refusals=(413,),
)

HANDLERS = (
    HTTPRouteHandler(
        "/usage",
        http_method="POST",
        status_code=200,
        opt={"permission": "usage:write", "policy": USAGE_PER_KEY, "operation": _OPERATION},
        request_max_body_size=LARGEST_BODY,
        include_in_schema=False,
        name="api_report_usage",
    )(report_usage),
)
