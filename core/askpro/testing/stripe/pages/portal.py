"""The customer portal: saved methods, seen, added, chosen and removed."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from askpro.testing.stripe.acts.methods import attach, detach, resolve
from askpro.testing.stripe.hooks.events import change
from askpro.testing.stripe.pages.html import Page, button, framed, go, gone, note
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("show",)


def show(world: World, method: str, path: str, form: Mapping[str, str]) -> Page:
    """The portal of a session."""
    book = world.home(path)
    session = book.objects[path] if book else None
    if book is None or session is None or session["object"] != "billing_portal.session":
        return gone()
    customer = book.objects[session["customer"]]
    if customer.get("deleted"):
        return gone()
    if method == "POST":
        try:
            _do(book, customer, form)
        except Fault as fault:
            return _page(book, session, customer, fault.message)
        return go(session["url"])
    return _page(book, session, customer)


def _do(book: Book, customer: Obj, form: Mapping[str, str]) -> None:
    word = form.get("method", "")
    if form.get("do") == "add":
        attach(book, resolve(book, word or "pm_card_visa", by_hand=True), customer["id"])
        return
    method = book.need("payment_method", word)
    if method["customer"] != customer["id"]:
        return
    if form.get("do") == "remove":
        detach(book, method)
    elif form.get("do") == "default":
        settings = {**customer["invoice_settings"], "default_payment_method": method["id"]}
        change(book, "customer.updated", customer, invoice_settings=settings)


def _page(book: Book, session: Obj, customer: Obj, error: str | None = None) -> Page:
    default = customer["invoice_settings"]["default_payment_method"]
    rows = []
    for one in book.every("payment_method"):
        if one["customer"] != customer["id"]:
            continue
        text = f"{one['type'].replace('_', ' ')} ending in {one[one['type']]['last4']}"
        mark = " (default)" if one["id"] == default else button("Make default", "do", "default")
        hidden = f'<input type="hidden" name="method" value="{escape(one["id"])}">'
        rows.append(f'<form method="post">{hidden}{escape(text)}{mark} {button("Remove", "do", "remove")}</form>')
    body = (
        f"{note(error)}<p>{escape(customer['name'] or customer['email'] or customer['id'])}</p>"
        f"{''.join(rows) or '<p>No payment method is saved.</p>'}"
        f'<form method="post">{button("Add card 4242", "do", "add", main=True)}</form>'
        f'<p><a class="button" href="{escape(session["return_url"])}">Return</a></p>'
    )
    return framed("Payment methods", body, livemode=book.livemode)
