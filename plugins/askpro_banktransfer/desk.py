"""What a person decides about a movement in the queue. A payment is made of movements that add up to it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.sdk import Context
from askpro_banktransfer.matching import names_fit
from askpro_banktransfer.model import Movement, Transfer
from askpro_banktransfer.movements import Movements, open_books

__all__ = ("Case", "assign", "open_case", "put_aside", "set_aside_unknown", "undo")

_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Case:
    """A movement, and what a person needs to decide about it."""

    movement: Movement
    transfer: Transfer | None
    """The one that it names, is assigned to, or has paid."""
    parts: tuple[Movement, ...]
    """What else was assigned to that transfer."""
    candidates: tuple[Transfer, ...]
    """Transfers to which it could be assigned: the named one, those whose name fits, the rest."""

    @property
    def decidable(self) -> bool:
        """Whether it waits."""
        return self.movement.state == "review"

    @property
    def undoable(self) -> bool:
        """Whether the decision can be taken back: not once it has paid a transfer."""
        return self.movement.state in ("assigned", "returned", "foreign")


async def open_case(ctx: Context, identifier: UUID) -> Case:
    """Raises NotFound."""
    async with open_books(ctx) as (transfers, movements):
        movement = await _movement(movements, identifier)
        chosen = movement.transfer or movement.named
        transfer = await transfers.by_id(chosen) if chosen else None
        parts = await movements.of_transfer(transfer.id) if transfer else []
        candidates: list[Transfer] = []
        if movement.credit and movement.state == "review":
            fitting = (await transfers.fitting([movement.amount])).get(movement.amount, [])
            candidates = sorted(fitting, key=lambda one: not names_fit(movement.name, one.customer_name))[:20]
            if transfer is not None and _fits(movement, transfer):
                candidates = [transfer, *(one for one in candidates if one.id != transfer.id)]
    others = tuple(one for one in parts if one.id != movement.id)
    return Case(movement, transfer, others, tuple(candidates))


async def assign(ctx: Context, identifier: UUID, words: str) -> Transfer:
    """The movement pays the transfer of that id, reference or order number, or a part of it.

    Returns the transfer as it is then: settled when all of it has come. Raises NotFound (``transfer_unknown``: no such
    transfer), Conflict: ``already_decided``, ``already_paid``, ``amount_too_large``, ``money_went_out``.
    """
    async with open_books(ctx) as (transfers, movements):
        movement = await _waiting(movements, identifier)
        if not movement.credit:
            raise Conflict("money that went out pays nothing", code="money_went_out")
        found = await transfers.by_words(words) if (chosen := _uuid(words)) is None else await transfers.by_id(chosen)
        locked = await transfers.by_id(found.id, lock=True) if found is not None else None
        if locked is None:
            raise NotFound("there is no such transfer", code="transfer_unknown")
        if locked.state == "settled":
            raise Conflict("this transfer is paid already", code="already_paid")
        if not _fits(movement, locked):
            raise Conflict("it is more than is missing", code="amount_too_large")
        await movements.decide(movement, "assigned", locked.id, note="", by=ctx.actor)
        if movement.amount == locked.missing:
            await movements.use(locked.id)
            await transfers.settle(locked.id, movement.payment)
        after = await transfers.by_id(locked.id)
    return after or locked


async def put_aside(ctx: Context, identifier: UUID, state: Literal["returned", "foreign"], note: str) -> None:
    """The money was sent back, or is not meant for us. Raises NotFound, Conflict ``already_decided``, InvalidInput."""
    async with open_books(ctx) as (_, movements):
        movement = await _waiting(movements, identifier)
        await movements.decide(movement, state, None, note=_noted(note), by=ctx.actor)


async def set_aside_unknown(ctx: Context, note: str) -> int:
    """All that fits nothing is not ours; how many that were. Raises InvalidInput."""
    async with open_books(ctx) as (_, movements):
        return await movements.set_aside("unknown", note=_noted(note), by=ctx.actor)


async def undo(ctx: Context, identifier: UUID) -> None:
    """Back into the queue. Raises NotFound, Conflict ``already_settled`` once it has paid a transfer."""
    async with open_books(ctx) as (_, movements):
        movement = await _movement(movements, identifier)
        if movement.state == "used":
            raise Conflict("it has paid a transfer, and that is booked", code="already_settled")
        if movement.state != "review":
            await movements.decide(movement, "review", None, note="", by="")


def _fits(movement: Movement, transfer: Transfer) -> bool:
    same = movement.amount.currency == transfer.amount.currency
    return same and transfer.state != "settled" and 0 < movement.amount.units <= transfer.missing.units


async def _movement(movements: Movements, identifier: UUID) -> Movement:
    movement = await movements.by_id(identifier)
    if movement is None:
        raise NotFound
    return movement


async def _waiting(movements: Movements, identifier: UUID) -> Movement:
    movement = await _movement(movements, identifier)
    if movement.state != "review":
        raise Conflict("somebody has decided already", code="already_decided")
    return movement


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words.strip())
    except ValueError:
        return None


def _noted(note: str) -> str:
    text = " ".join(note.split())
    if not text:
        raise InvalidInput("a note says why", code="note_missing", field="note")
    return text[:_LONGEST_NOTE]
