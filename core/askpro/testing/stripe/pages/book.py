"""Which page stands where."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from askpro.testing.stripe.acts.timers import run_due
from askpro.testing.stripe.pages import challenge, checkout, desk, onboarding, portal
from askpro.testing.stripe.pages.html import Page, framed, gone
from askpro.testing.stripe.state.world import World

__all__ = ("show",)

Form = Mapping[str, str]

_PAGES: dict[str, Callable[[World, str, str, Form], Page]] = {
    "/c/pay/": checkout.show,
    "/3ds/": challenge.show,
    "/p/session/": portal.show,
    "/setup/": onboarding.show,
    "/_standin": desk.show,
}
_PAPERS = ("/mandates/", "/receipts/", "/express/")


def show(world: World, method: str, path: str, form: Form) -> Page:
    """The page for a request."""
    run_due(world)
    if method not in ("GET", "POST"):
        return framed("Not allowed", "", status=405)
    for prefix, page in _PAGES.items():
        if path.startswith(prefix):
            return page(world, method, path.removeprefix(prefix), form)
    if path.startswith(_PAPERS):
        return framed(path.rsplit("/", 1)[1], "<p>Stripe would show a paper here.</p>")
    return gone()
