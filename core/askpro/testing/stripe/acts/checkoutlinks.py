"""A checkout follows the payment it began: paid, or not, days after its page was closed."""

from __future__ import annotations

from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("follow", "session_of")


def session_of(book: Book, intent: Obj) -> Obj | None:
    """The checkout that made an intent of either kind."""
    kind = intent["object"]
    return next((one for one in book.every("checkout.session") if one[kind] == intent["id"]), None)


def follow(book: Book, intent: Obj) -> None:
    """Tell of a delayed payment's end."""
    session = session_of(book, intent)
    if session is None or session["status"] != "complete":
        return
    if intent["status"] == "succeeded":
        session["payment_status"] = "paid"
        emit(book, "checkout.session.async_payment_succeeded", session)
    else:
        emit(book, "checkout.session.async_payment_failed", session)
