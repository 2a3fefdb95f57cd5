"""The payment page: the customer chooses a method, and with it what will happen."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from askpro.testing.stripe.acts.checkouts import expire, finish, return_address
from askpro.testing.stripe.pages.html import Page, button, framed, go, gone, note, option
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.currencies import shown
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("CHOICES", "show")

CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "card": (
        ("Card 4242: succeeds", "pm_card_visa"),
        ("Card 0341: can be saved, declines every charge", "pm_card_chargeCustomerFail"),
        ("Card 3155: asks for 3-D Secure once", "pm_card_authenticationRequiredOnSetup"),
        ("Card 3184: asks for 3-D Secure every time", "pm_card_authenticationRequired"),
        ("Card 0002: declines", "pm_card_chargeDeclined"),
        ("Card 9995: insufficient funds", "pm_card_chargeDeclinedInsufficientFunds"),
        ("Card 0259: succeeds and is disputed", "pm_card_createDispute"),
    ),
    "sepa_debit": (
        ("SEPA debit: pending until somebody settles it", "pm_held_de"),
        ("SEPA debit: paid after three minutes", "pm_successDelayed_de"),
        ("SEPA debit: returned after three minutes", "pm_failedDelayed_de"),
    ),
}
"""Text and token of each choice."""


def show(world: World, method: str, path: str, form: Mapping[str, str]) -> Page:
    """The page of a session."""
    book = world.home(path)
    session = book.objects[path] if book else None
    if book is None or session is None or session["object"] != "checkout.session":
        return gone()
    if session["status"] == "complete":
        return go(return_address(session))
    if session["status"] == "expired":
        return framed("This page has expired", _back(session), livemode=book.livemode, status=410)
    return _chosen(book, session, form) if method == "POST" else _page(book, session)


def _chosen(book: Book, session: Obj, form: Mapping[str, str]) -> Page:
    if form.get("do") == "expire":
        expire(book, session)
        return framed("This page has expired", _back(session), livemode=book.livemode, status=410)
    try:
        finish(book, session, form.get("method", ""), save="save" in form, email=form.get("email"))
    except Fault as fault:
        return _page(book, session, fault.message)
    if session["status"] == "complete":
        return go(return_address(session))
    return go(f"{book.world.base_url}/3ds/{session['payment_intent'] or session['setup_intent']}")


def _page(book: Book, session: Obj, error: str | None = None) -> Page:
    choices = [one for kind in session["payment_method_types"] for one in CHOICES.get(kind, ())]
    saved = [
        (f"Saved {one['type'].replace('_', ' ')} ending in {one[one['type']]['last4']}", one["id"])
        for one in book.every("payment_method")
        if session["customer"] and one["customer"] == session["customer"]
    ]
    options = "".join(
        option(text, "method", word, chosen=not number) for number, (text, word) in enumerate([*saved, *choices])
    )
    intent = book.objects.get(session["payment_intent"] or session["setup_intent"] or "", {})
    said = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
    error = error or said.get("message")
    email = (
        ""
        if session["customer"] or session["customer_email"]
        else '<label>E-mail <input type="email" name="email" required></label>'
    )
    keep = (session["saved_payment_method_options"] or {}).get("payment_method_save") == "enabled"
    save = '<label><input type="checkbox" name="save"> Save for next time</label>' if keep else ""
    payment = session["mode"] == "payment"
    main = button(
        f"Pay {shown(session['amount_total'], session['currency'])}" if payment else "Save", "do", "pay", main=True
    )
    items = "".join(
        f"<tr><td>{escape(one['description'])} × {one['quantity']}</td>"
        f"<td>{shown(one['amount_total'], one['currency'])}</td></tr>"
        for one in book.hidden[session["id"]]["line_items"]
    )
    body = (
        f"{note(error)}<table>{items}</table>"
        f'<form method="post">{email}<fieldset><legend>Method</legend>{options}</fieldset>{save}{main}</form>'
        f'<form method="post">{button("Let this page expire", "do", "expire")}{_back(session)}</form>'
    )
    title = "Payment" if payment else "Save a payment method"
    return framed(title, body, livemode=book.livemode)


def _back(session: Obj) -> str:
    url = session["cancel_url"]
    return f'<a class="button" href="{escape(url)}">Cancel and go back</a>' if url else ""
