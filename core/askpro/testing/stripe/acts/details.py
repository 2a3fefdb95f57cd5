"""Addresses and billing details with all their fields, as Stripe always shows them."""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.wire.params import Params
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("address", "billing", "billing_of", "shipping_of")

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def address(params: Params) -> Obj | None:
    """The address out of a form; None where there is none."""
    given = params.inner("address")
    return {name: given.text(name) for name in _ADDRESS} if given.values else None


def billing(**given: Any) -> Obj:
    """Billing details."""
    place = dict.fromkeys(_ADDRESS) | (given.pop("address", None) or {})
    return {"address": place, "email": None, "name": None, "phone": None, "tax_id": None, **given}


def billing_of(params: Params, old: Obj | None = None) -> Obj:
    """Billing details out of a form, over those there are."""
    given = params.inner("billing_details")
    known = dict(old or billing())
    for name in ("email", "name", "phone"):
        if name in given:
            known[name] = given.text(name)
    if "address" in given:
        known["address"] = address(given) or dict.fromkeys(_ADDRESS)
    return known


def shipping_of(params: Params) -> Obj | None:
    """A shipping address out of a form."""
    given = params.inner("shipping")
    if not given.values:
        return None
    return {
        "address": address(given) or dict.fromkeys(_ADDRESS),
        "name": given.text("name"),
        "phone": given.text("phone"),
    }
