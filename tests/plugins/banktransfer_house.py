"""Hands for tests of the bank transfer: statements that say what the customers of the kit have paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from askpro.ids import new_id
from askpro.money import Money
from askpro.sdk import CheckoutSession, Context
from askpro.testing.providers import Bench
from askpro_banktransfer import desk
from askpro_banktransfer.intake import take_in
from askpro_banktransfer.model import Transfer
from askpro_banktransfer.movements import Upload, open_books
from askpro_banktransfer.provider import BankTransferProvider
from askpro_banktransfer.references import grouped
from askpro_banktransfer.settings import BankTransferSettings
from askpro_banktransfer.transfers import open_transfers
from support.camt import ACCOUNT, Line, camt053

__all__ = ("SETTINGS", "BankTransferBench", "line_for", "transfer_of", "upload")

SETTINGS: Mapping[str, Any] = {"iban": ACCOUNT, "holder": "Nordstern Telefonie GmbH", "days": 14, "code": True}


async def transfer_of(ctx: Context, session: CheckoutSession) -> Transfer:
    """The transfer behind a page."""
    async with open_transfers(ctx) as book:
        found = await book.by_id(UUID(session.url.rsplit("/", 1)[1]))
    assert found is not None
    return found


def line_for(transfer: Transfer, amount: Money | None = None, **changes: Any) -> Line:
    """What the bank says when the customer has done as told."""
    paid = amount or transfer.amount
    line = Line(
        f"{paid.decimal:.2f}",
        text=grouped(transfer.reference),
        name=transfer.customer_name,
        bank_ref=f"B-{new_id().hex}",
    )
    return replace(line, **changes)


async def upload(ctx: Context, *lines: Line, **more: Any) -> Upload:
    """A statement with these lines."""
    told, _ = await take_in(ctx, "statement.xml", camt053(lines, number=f"S-{new_id().hex[:20]}", **more))
    return told


class BankTransferBench(Bench):
    """``pay``: the statement comes. ``lose``: it comes in two parts, so a person has to look. ``wait``: he does."""

    schema = BankTransferSettings
    settings = SETTINGS
    hears = False
    amounts: ClassVar[tuple[Money, ...]] = (Money.of(50, "EUR"), Money.of("59.50", "EUR"), Money.of("0.01", "EUR"))

    def __init__(self, ctx: Context, other: Context) -> None:
        self.provider = BankTransferProvider()
        self.ctx, self.other = ctx, other
        self._under_way: list[Transfer] = []

    async def pay(self, session: CheckoutSession) -> None:
        await upload(self.ctx, line_for(await transfer_of(self.ctx, session)))

    async def decline(self, session: CheckoutSession) -> None:
        async with open_transfers(self.ctx) as book:
            await book.move((await transfer_of(self.ctx, session)).id, "cancelled")

    async def delay(self, session: CheckoutSession) -> None:
        transfer = await transfer_of(self.ctx, session)
        async with open_transfers(self.ctx) as book:
            await book.move(transfer.id, "announced")
        self._under_way.append(transfer)

    async def lose(self, session: CheckoutSession) -> None:
        transfer = await transfer_of(self.ctx, session)
        part = Money.of(1, "EUR")
        await upload(self.ctx, line_for(transfer, part), line_for(transfer, transfer.amount - part))

    async def wait(self) -> None:
        while self._under_way:
            await upload(self.ctx, line_for(self._under_way.pop()))
        async with open_books(self.ctx) as (_, movements):
            waiting = await movements.queue()
        for movement in waiting:
            await desk.assign(self.ctx, movement.id, str(movement.named))
