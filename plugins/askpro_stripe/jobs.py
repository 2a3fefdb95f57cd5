"""What is done by the clock: shares are passed on, and taken back."""

from __future__ import annotations

from askpro.errors import AskProError
from askpro.sdk import Context
from askpro_stripe import shares_waiting as waiting
from askpro_stripe.client import Declined
from askpro_stripe.shares_moving import pass_on

__all__ = ("DEADLINE", "pass_on_shares")

DEADLINE = 240.0
"""Seconds."""
_BATCH = 50
_PATIENCE = 3
"""Payments in a row for which Stripe cannot be reached, before the rest is left to the next run."""
_SILENT = frozenset({"no_answer", "not_reached", "provider_busy", "provider_key_refused"})


async def pass_on_shares(ctx: Context) -> None:
    """Those payments of a tenant that wait. What fails is tried again later and stops nobody else's."""
    silent = 0
    for _ in range(_BATCH):
        if silent >= _PATIENCE or (one := await waiting.take(ctx)) is None:
            return
        problem = await _problem(ctx, one)
        silent = silent + 1 if problem in _SILENT else 0
        if not problem:
            await waiting.done(ctx, one)
        elif problem == "in_progress":
            await waiting.postponed(ctx, one)
        else:
            ctx.log.warning("the share of payment %s was not passed on: %s", one.key, problem)
            await waiting.missed(ctx, one, problem)


async def _problem(ctx: Context, one: waiting.Waiting) -> str:
    """Why it did not work; empty when it did."""
    try:
        await pass_on(ctx, one.key, one.intent)
    except AskProError as error:
        return error.code
    except Declined as error:
        return str(error) or "refused_by_stripe"
    except Exception:  # something nobody thought of, about this payment only
        ctx.log.exception("passing on the share of payment %s failed", one.key)
        return "internal_error"
    return ""
