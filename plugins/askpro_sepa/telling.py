"""Telling the core what has happened, one event a fact; what it does not take is told again by the job.

The core believes none of it: it asks ``look_up``, ``look_up_dispute`` and ``list_methods``.
"""

from __future__ import annotations

from askpro.sdk import Context, EventKind, ProviderEvent
from askpro_sepa import debits, mandates
from askpro_sepa.machine import DISPUTE
from askpro_sepa.model import Debit
from askpro_sepa.store import open_book

__all__ = ("tell", "tell_quietly")


async def tell(ctx: Context) -> None:
    """Everything the core has not heard. Outside any transaction of ours: what it hears it acts on at once."""
    async with open_book(ctx) as book:
        waiting, changed = await debits.untold(book), await mandates.untold(book)
    for mandate in changed:
        await ctx.emit_event(
            ProviderEvent(
                id=f"{mandate.id.hex}:{mandate.state}", kind=EventKind.METHOD, type=f"mandate.{mandate.state}",
                provider_ref=mandate.ref, occurred_at=ctx.now(),
            )
        )  # fmt: skip
        async with open_book(ctx) as book:
            await mandates.told(book, mandate)
    for debit in waiting:
        # a return is a dispute about a payment of which the core must have heard before
        for news in ("credited", "returned") if debit.news == "returned" else (debit.news,):
            if debit.told == news:
                continue
            await ctx.emit_event(_event(ctx, debit, news))
            async with open_book(ctx) as book:
                await debits.told(book, debit, news)


async def tell_quietly(ctx: Context) -> None:
    """After something was done that stands whatever the core makes of it now."""
    try:
        await tell(ctx)
    except Exception as error:  # the job tells it again
        ctx.log.warning("an event was not taken: %s", type(error).__name__)


def _event(ctx: Context, debit: Debit, news: str) -> ProviderEvent:
    returned = news == "returned"
    return ProviderEvent(
        id=f"{debit.id.hex}:{news}",
        kind=EventKind.DISPUTE if returned else EventKind.PAYMENT,
        type=f"collection.{news}",
        key="" if returned else debit.key,
        provider_ref=DISPUTE + debit.end_to_end if returned else debit.end_to_end,
        payment_ref=debit.end_to_end,
        occurred_at=ctx.now(),
    )
