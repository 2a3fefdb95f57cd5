"""Calls while they last: authorize, extend, finish, cancel. Each may be sent again: the call's id makes it safe."""

from __future__ import annotations

from typing import Any

from litestar import Request

from askpro.calls.control.model import Beat, CallEnd, CallStart
from askpro.calls.control.service import Control
from askpro.web.api.control_schemas import CallCancelled, CallDecision, CallSettled, decision_of, settled_of
from askpro.web.api.endpoint import Call, Nothing, endpoint
from askpro.web.limits import Policy

__all__ = ("CONTROL_PER_KEY", "HANDLERS")

CONTROL_PER_KEY = Policy("control", 600_000)
"""Telephony does not wait."""


def _control(request: Request[Any, Any, Any]) -> Control:
    """The process's one call control, made with its first request."""
    state = request.app.state
    found: Control | None = state.get("control")
    if found is None:
        found = state["control"] = Control(state.train)
    return found


@endpoint(
    "POST", "/calls/authorize", permission="calls:control", query=Nothing, body=CallStart, answer=CallDecision,
    policy=CONTROL_PER_KEY,
)  # fmt: skip
async def authorize_call(call: Call[Nothing, CallStart]) -> CallDecision:
    """Ask whether a call may begin.

    Money for its first minute (or first billed block) is set aside; `seconds_left` says for how long all of the money
    does. A refusal is an answer with `allowed: false` and its `reason`: `insufficient_funds`, `wallet_frozen`,
    `customer_suspended`, `rate_missing`, `destination_blocked`, `reseller_funds`, a cap that is reached
    (`customer_concurrent`, `number_per_second`, `reseller_day_limit` …), `call_over`, `id_in_use`. The `id` and
    `started_at` are those of the call's later record, which is then known as the same call.
    """
    found = await _control(call.request).authorize(call.tenant.id, call.tenant.timezone, call.body, by=call.key.actor)
    return decision_of(found)


@endpoint(
    "POST", "/calls/{call_id:uuid}/extend", permission="calls:control", query=Nothing, body=Beat, answer=CallDecision,
    refusals=(404,), policy=CONTROL_PER_KEY,
)  # fmt: skip
async def extend_call(call: Call[Nothing, Beat]) -> CallDecision:
    """Give a sign of life, and hold on to the call.

    To be sent after `next_in` seconds, numbered from 1; when little of what is covered is left, another minute is set
    aside. Say `answered_at` as soon as it is known: talk is counted from there. After two minutes of silence a call is
    settled at its last sign of life.
    """
    return decision_of(await _control(call.request).extend(call.tenant.id, call.id("call_id"), call.body))


@endpoint(
    "POST", "/calls/{call_id:uuid}/finish", permission="calls:control", query=Nothing, body=CallEnd, answer=CallSettled,
    refusals=(404, 409), policy=CONTROL_PER_KEY,
)  # fmt: skip
async def finish_call(call: Call[Nothing, CallEnd]) -> CallSettled:
    """Report the end of a call.

    It is rated exactly and booked, and what was set aside is free. What its money does not cover is its overrun, of a
    minute's price at most: talk beyond that is not billed (`unbilled_seconds`).
    """
    by = call.key.actor
    return settled_of(await _control(call.request).finish(call.tenant.id, call.id("call_id"), call.body, by=by))


@endpoint(
    "POST", "/calls/{call_id:uuid}/cancel", permission="calls:control", query=Nothing, body=Nothing,
    answer=CallCancelled, refusals=(404, 409), policy=CONTROL_PER_KEY,
)  # fmt: skip
async def cancel_call(call: Call[Nothing, Nothing]) -> CallCancelled:
    """Say that a call did not come about.

    What was set aside is free. A call that was answered is finished instead.
    """
    return CallCancelled((await _control(call.request).cancel(call.tenant.id, call.id("call_id"))).call)


HANDLERS = (authorize_call, extend_call, finish_call, cancel_call)
