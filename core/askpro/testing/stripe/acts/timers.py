"""What time brings: banks answer, money becomes available, pages close."""

from __future__ import annotations

from collections.abc import Callable

from askpro.testing.stripe.acts.attempts import settle
from askpro.testing.stripe.acts.balance import available
from askpro.testing.stripe.acts.checkouts import expire
from askpro.testing.stripe.acts.disputes import open_dispute
from askpro.testing.stripe.acts.payouts import settle_payout
from askpro.testing.stripe.acts.refunds import settle_refund
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("run_due",)


def _expire(book: Book, session: Obj, _: str) -> None:
    if session["status"] == "open":
        expire(book, session)


def _dispute(book: Book, charge: Obj, reason: str) -> None:
    if not charge["disputed"]:
        open_dispute(book, charge, reason=reason)


_ACTIONS: dict[str, Callable[[Book, Obj, str], object]] = {
    "debit": settle,
    "dispute": _dispute,
    "expire": _expire,
    "funds": lambda book, line, _: available(book, line),
    "inquiry": lambda book, charge, reason: open_dispute(book, charge, reason=reason, inquiry=True),
    "payout": settle_payout,
    "refund": settle_refund,
}


def run_due(world: World) -> int:
    """Do what is due; how much that was."""
    done = 0
    while ready := world.due():
        for timer in ready:
            book = world.book(timer.account, timer.livemode)
            _ACTIONS[timer.action](book, book.objects[timer.thing], timer.word)
            done += 1
    return done
