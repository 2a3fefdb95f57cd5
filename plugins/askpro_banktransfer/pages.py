"""What the customer sees: where to transfer, with which words, and how it stands. Plain forms, no JavaScript."""

from __future__ import annotations

from uuid import UUID

from schwifty import IBAN

from askpro.errors import NotFound
from askpro.sdk import PageContext, PageRequest, Reply
from askpro_banktransfer import epc
from askpro_banktransfer.model import Transfer
from askpro_banktransfer.references import grouped
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.telling import tell_in_time
from askpro_banktransfer.transfers import open_transfers

__all__ = ("choose_page", "show_page")


async def show_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``GET /x/banktransfer/pay/{id}``. Raises NotFound, also for somebody else's."""
    transfer = await _transfer(ctx, UUID(request.path["id"]))
    settings = ctx.settings
    own = isinstance(settings, BankTransferSettings) and settings.iban == transfer.iban
    return ctx.render(
        "banktransfer/pay.html",
        transfer=transfer,
        state=_state(ctx, transfer),
        amount=ctx.format_money(transfer.missing if transfer.state != "settled" else transfer.amount),
        iban=IBAN(transfer.iban).formatted,
        reference=grouped(transfer.reference),
        holder=settings.holder if isinstance(settings, BankTransferSettings) else "",
        bic=settings.bic if own else "",
        bank=settings.bank_name if own else "",
        code=_code(ctx, transfer),
        action=f"{ctx.root}/pay/{transfer.id}",
    )


async def choose_page(ctx: PageContext, request: PageRequest) -> Reply:
    """``POST /x/banktransfer/pay/{id}`` with ``choice``: ``ordered`` or ``cancel``. Raises NotFound.

    Choosing twice (a reload, the back button) changes nothing and leads to the same place.
    """
    identifier = UUID(request.path["id"])
    choice = request.form.get("choice", "")
    async with open_transfers(ctx) as book:
        transfer = await book.by_id(identifier, lock=True)
        if transfer is None or transfer.customer != ctx.customer:
            raise NotFound
        if transfer.state == "open" and not transfer.expired(ctx.now()):
            if choice == "ordered":
                await book.move(identifier, "announced")
            elif choice == "cancel" and not transfer.doubtful:
                await book.move(identifier, "cancelled")
    await tell_in_time(ctx)
    return Reply.redirect(transfer.cancel_url if choice == "cancel" else transfer.return_url)


async def _transfer(ctx: PageContext, identifier: UUID) -> Transfer:
    async with open_transfers(ctx) as book:
        transfer = await book.by_id(identifier)
    if transfer is None or transfer.customer != ctx.customer:
        raise NotFound
    return transfer


def _state(ctx: PageContext, transfer: Transfer) -> str:
    return "expired" if transfer.expired(ctx.now()) else transfer.state


def _code(ctx: PageContext, transfer: Transfer) -> str:
    """The QR code as SVG; empty where there is none to show."""
    settings = ctx.settings
    wanted = isinstance(settings, BankTransferSettings) and settings.code and settings.iban == transfer.iban
    if not wanted or transfer.state not in ("open", "announced") or transfer.expired(ctx.now()):
        return ""
    try:
        text = epc.content(
            holder=settings.holder,
            iban=transfer.iban,
            bic=settings.bic,
            amount=transfer.missing,
            reference=transfer.reference,
        )
    except ValueError:  # another currency
        return ""
    return epc.drawn(text)
