"""Telling the core that a transfer has changed: by an event it treats as a hint and looks up."""

from __future__ import annotations

from time import monotonic

from askpro.sdk import Context, EventKind, ProviderEvent
from askpro_banktransfer.transfers import open_transfers

__all__ = ("tell", "tell_in_time")

_PATIENCE = 2.0  # seconds that a person waits on a page; the job does the rest


async def tell(ctx: Context, *, within: float = 40.0) -> None:
    """One event a transfer and state, for so many seconds. What the core does not take is told again later."""
    until = monotonic() + within
    async with open_transfers(ctx) as book:
        untold = await book.untold()
    for transfer in untold:
        if monotonic() > until:
            return
        await ctx.emit_event(
            ProviderEvent(
                id=f"{transfer.id.hex}_{transfer.state}",
                kind=EventKind.PAYMENT,
                type=f"transfer.{transfer.state}",
                key=transfer.key,
                provider_ref=transfer.paid_ref,
                occurred_at=transfer.settled_at or ctx.now(),
            )
        )
        async with open_transfers(ctx) as book:
            await book.told(transfer)


async def tell_in_time(ctx: Context) -> None:
    """From a page: what fails or takes too long is left to the job."""
    try:
        await tell(ctx, within=_PATIENCE)
    except Exception as error:
        ctx.log.warning("an event was not taken: %s", type(error).__name__)
