"""Moving a share until it is what is due: transfers to the connected account, and reversals of them.

Each movement is written down first, under the next number of its payment: who gets the number moves, and nobody else.
As long as it is not known what became of one, there is no other.
"""

from __future__ import annotations

from typing import Any

from askpro.errors import Conflict, Unavailable
from askpro.sdk import Context
from askpro_stripe.book import Book, Request, tenant_of
from askpro_stripe.client import connect
from askpro_stripe.currencies import from_stripe, to_stripe
from askpro_stripe.lost import find_lost, send
from askpro_stripe.params import KEY, group_of, marks
from askpro_stripe.shares import Leg, Move, Standing, next_move
from askpro_stripe.shares_reading import prove, standing_of, transfers_of

__all__ = ("pass_on",)

_MOST = 20  # movements of one payment in one go


async def pass_on(ctx: Context, key: str, intent: str) -> None:
    """Move until nothing is left to do.

    Raises Unavailable (``in_progress``) while an earlier movement, or somebody else's, may be on its way, ModeChanged,
    InvalidInput and NotSent with Stripe's reason when it cannot be done now, and what ``client.ask`` raises.
    """
    book = Book(ctx)
    payment = await book.find("payment", key)
    if payment is None or not payment.share_to:
        return
    for _ in range(_MOST):
        if not await _step(ctx, book, payment, intent):
            return
    raise Unavailable("there is more to move", code="in_progress")


async def _step(ctx: Context, book: Book, payment: Request, intent: str) -> bool:
    """One movement, or learning what became of one; False when there was nothing to do."""
    movements = await book.movements(payment.key)
    if lost := [one for one in movements if one.state == "sent"]:
        await find_lost(ctx, lost[0])
        return True
    standing, charge = await standing_of(ctx, payment, intent)
    there = await transfers_of(ctx, payment)
    move = next_move(standing, _legs([one for one in movements if one.state == "known"], there, payment.key))
    if move is None:
        return False
    if not move.ref:
        await prove(ctx, payment)
    sent = _reversal(move) if move.ref else _transfer(ctx, payment, move, standing, charge, there)
    number = f"{payment.key}:{len(movements) + 1}"
    sent["metadata"] = marks(tenant_of(ctx), number, {"payment": payment.key})
    entered, ours = await _enter(book, payment, number, move, standing, sent)
    if not ours:
        raise Unavailable("somebody else is moving it", code="in_progress")
    await book.known(entered, str((await _send(ctx, book, entered))["id"]))
    return True


def _legs(known: list[Request], there: dict[str, dict[str, Any]], payment: str) -> list[Leg]:
    """Our transfers with their reversals.

    A transfer that the book does not know to have arrived counts as well, as the newest: its worker may have stood
    still until it was given up, and have sent it then.
    """
    taken: dict[str, int] = {}
    for one in known:
        if one.kind == "reversal":
            taken[one.sent["transfer"]] = taken.get(one.sent["transfer"], 0) + to_stripe(one.amount)
    amounts = {one.ref: to_stripe(one.amount) for one in known if one.kind == "transfer"}
    for ref, found in reversed(there.items()):  # Stripe's lists begin with the newest
        if str((found.get("metadata") or {}).get(KEY) or "").rpartition(":")[0] == payment:
            amounts.setdefault(ref, int(found["amount"]))
    return [
        Leg(
            ref=ref,
            amount=amount,
            reversed=taken.get(ref, 0),
            reversed_there=int(there[ref]["amount_reversed"]) if ref in there else 0,
        )
        for ref, amount in amounts.items()
    ]


def _transfer(
    ctx: Context, payment: Request, move: Move, standing: Standing, charge: str, there: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Out of the charge's own money, which need not be available yet; a charge gives no more than it brought, so what
    came back and goes out again is taken from the balance.
    """
    sent: dict[str, Any] = {
        "amount": move.amount,
        "currency": standing.currency.lower(),
        "destination": payment.share_to,
        "transfer_group": group_of(tenant_of(ctx), payment.key),
    }
    spent = sum(int(one["amount"]) for one in there.values() if one.get("source_transaction") == charge)
    if spent + move.amount <= standing.settled:
        sent["source_transaction"] = charge
    return sent


def _reversal(move: Move) -> dict[str, Any]:
    return {"transfer": move.ref, "amount": move.amount}


async def _enter(
    book: Book, payment: Request, number: str, move: Move, standing: Standing, sent: dict[str, Any]
) -> tuple[Request, bool]:
    try:
        return await book.enter(
            "share", number, "reversal" if move.ref else "transfer", payment.scope(book.ctx), subject=payment.key,
            amount=from_stripe(move.amount, standing.currency), params=sent,
        )  # fmt: skip
    except Conflict as error:  # the number went to a movement of another size
        raise Unavailable("somebody else is moving it", code="in_progress") from error


async def _send(ctx: Context, book: Book, entered: Request) -> dict[str, Any]:
    api, options = connect(ctx, entered.scope(ctx)), {"idempotency_key": entered.idempotency(tenant_of(ctx).id)}
    sent = entered.sent
    if entered.kind == "reversal":
        return await send(book, entered, api.transfers.reversals.create_async(sent.pop("transfer"), sent, options))
    return await send(book, entered, api.transfers.create_async(sent, options))
