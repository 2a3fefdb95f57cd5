"""Onboarding: the owner of a connected account answers Stripe's questions, or comes back later."""

from __future__ import annotations

from collections.abc import Mapping

from askpro.testing.stripe.acts.accounts import activate
from askpro.testing.stripe.pages.html import Page, button, framed, go, gone
from askpro.testing.stripe.state.world import World

__all__ = ("show",)


def show(world: World, method: str, path: str, form: Mapping[str, str]) -> Page:
    """The page an account link leads to; a link is good once, for some minutes."""
    found = next(((book, book.hidden[path]) for book in world.books.values() if book.hidden.get(path)), None)
    if found is None or "account" not in found[1]:
        return gone()
    book, link = found
    if link.get("used") or book.now > link["expires"]:
        return go(link["refresh_url"])
    if method == "POST":
        link["used"] = True
        if form.get("do") == "complete":
            activate(world.book(link["account"], book.livemode), world.owners[link["account"]].thing)
        return go(link["return_url"])
    body = (
        "<p>Tell Stripe about your business.</p>"
        f'<form method="post">{button("Answer everything", "do", "complete", main=True)}'
        f"{button('Return without answering', 'do', 'leave')}</form>"
    )
    return framed("Set up payments", body, livemode=book.livemode)
