"""3-D Secure: the bank asks its customer."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from askpro.testing.stripe.acts.checkoutlinks import session_of
from askpro.testing.stripe.acts.checkouts import finish_challenge, return_address
from askpro.testing.stripe.pages.html import Page, button, framed, go, gone
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.world import World
from askpro.testing.stripe.wire.faults import Fault
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("show",)


def show(world: World, method: str, path: str, form: Mapping[str, str]) -> Page:
    """The bank's page for an intent of either kind."""
    book = world.home(path)
    intent = book.objects[path] if book else None
    if book is None or intent is None or intent["object"] not in ("payment_intent", "setup_intent"):
        return gone()
    if intent["status"] != "requires_action":
        return _home(book, intent)
    if method == "POST":
        try:
            finish_challenge(book, intent, form.get("do") == "complete")
        except Fault:
            return _home(book, intent, failed=True)
        return _home(book, intent)
    body = (
        "<p>Your bank would like to know that it is you.</p>"
        f'<form method="post">{button("Complete authentication", "do", "complete", main=True)}'
        f"{button('Fail authentication', 'do', 'fail')}</form>"
    )
    return framed("3-D Secure", body, livemode=book.livemode)


def _home(book: Book, intent: Obj, *, failed: bool = False) -> Page:
    session = session_of(book, intent)
    if session is not None:
        done = session["status"] == "complete"
        return go(return_address(session) if done else f"{book.world.base_url}/c/pay/{session['id']}")
    url = book.hidden[intent["id"]].get("return_url")
    if not url:
        return framed("Done", "<p>You may close this page.</p>", livemode=book.livemode)
    kind = intent["object"]
    query = urlencode(
        {
            kind: intent["id"],
            f"{kind}_client_secret": intent["client_secret"],
            "redirect_status": "failed" if failed else "succeeded",
        }
    )
    return go(f"{url}{'&' if '?' in url else '?'}{query}")
