"""The desk of a demo: what is waiting for a bank or for time, with a button for each."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from askpro.testing.stripe.acts.attempts import settle
from askpro.testing.stripe.acts.disputes import OPEN, close_dispute, open_dispute
from askpro.testing.stripe.acts.refunds import settle_refund
from askpro.testing.stripe.acts.timers import run_due
from askpro.testing.stripe.pages.html import Page, button, framed, go, note
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import shown
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("show",)

_NEWEST = 10
"""Payments that are offered for a dispute."""


def show(world: World, method: str, path: str, form: Mapping[str, str]) -> Page:
    """The desk; a button comes back to it."""
    if method == "POST":
        try:
            _do(world, form)
        except Fault as fault:
            return _page(world, fault.message)
        return go("/_standin")
    return _page(world)


def _do(world: World, form: Mapping[str, str]) -> None:
    word, what = form.get("thing", ""), form.get("do", "")
    if what.startswith("advance:"):
        world.clock.advance(int(what.partition(":")[2]))
        run_due(world)
        return
    book = world.home(word)
    if book is None:
        return
    thing = book.objects[word]
    if thing["object"] == "payment_intent":
        settle(book, thing, what)
    elif thing["object"] == "refund":
        settle_refund(book, thing, what)
    elif thing["object"] == "dispute":
        close_dispute(book, thing, "won" if what == "won" else "lost")
    elif thing["object"] == "charge":
        open_dispute(book, thing)


def _page(world: World, error: str | None = None) -> Page:
    parts = [note(error), f"<p>Events on their way: {len(world.queue)}</p>"]
    clock = "".join(
        button(text, "do", f"advance:{seconds}")
        for text, seconds in (("3 minutes", 180), ("a day", 86_400), ("a week", 604_800))
    )
    parts.append(f'<form method="post">Let time pass: {clock}</form>')
    for book in world.books.values():
        parts += _waiting(book)
    return framed("What is waiting", "".join(parts))


def _waiting(book: Book) -> list[str]:
    rows = []
    for one in book.every("payment_intent"):
        if one["status"] == "processing":
            rows.append(_row(one, "Debit", ("Paid", "succeeded"), ("Returned", "insufficient_funds")))
    for one in book.every("refund"):
        if one["status"] == "pending":
            rows.append(_row(one, "Refund", ("Arrived", "succeeded"), ("Failed", "expired_or_canceled_card")))
    for one in book.every("dispute"):
        if one["status"] in OPEN:
            rows.append(_row(one, "Dispute", ("Won", "won"), ("Lost", "lost")))
    charges = [one for one in book.every("charge") if one["status"] == "succeeded" and not one["disputed"]]
    rows += [_row(one, "Payment", ("Dispute", "dispute")) for one in charges[-_NEWEST:] if one["payment_intent"]]
    return [f"<h2>{escape(book.account)}, {book.mode} mode</h2>", *rows] if rows else []


def _row(thing: Obj, kind: str, *choices: tuple[str, str]) -> str:
    buttons = "".join(button(text, "do", value) for text, value in choices)
    hidden = f'<input type="hidden" name="thing" value="{escape(thing["id"])}">'
    amount = shown(thing["amount"], thing["currency"])
    return f'<form method="post">{hidden}{kind} {escape(thing["id"])}, {amount} {buttons}</form>'
