"""The rooms of the house: what they are called, where they are, and who finds them in the menu."""

from __future__ import annotations

from dataclasses import dataclass

from askpro.errors import N_

__all__ = ("CUSTOMER", "HOMES", "STAFF", "STAFF_MORE", "Place", "home_of")


@dataclass(frozen=True, slots=True)
class Place:
    """A room. ``name`` is what its pages call themselves by, ``label`` a message id."""

    name: str
    label: str
    url: str


CUSTOMER = (
    Place("overview", N_("Overview"), "/"),
    Place("topup", N_("Top up"), "/topup"),
    Place("transactions", N_("Transactions"), "/transactions"),
    Place("calls", N_("Calls"), "/calls"),
    Place("settings", N_("Settings"), "/settings"),
)
"""A customer's, in the order of the menu."""

STAFF = (
    Place("staff", N_("Start"), "/staff"),
    Place("payments", N_("Payments"), "/staff/payments"),
    Place("disputes", N_("Disputes"), "/staff/disputes"),
    Place("customers", N_("Customers"), "/staff/customers"),
    Place("adjustments", N_("Adjustments"), "/staff/adjustments"),
    Place("providers", N_("Payment providers"), "/staff/providers"),
)
"""The staff's, in the order of the menu."""

STAFF_MORE = (
    Place("limits", N_("Limits"), "/staff/limits"),
    Place("settings", N_("Settings"), "/settings"),
)
"""Behind “More”, after the pages of plugins."""

HOMES = {"customer": "/", "staff": "/staff", "operator": "/staff"}
"""Role → where a visit begins."""


def home_of(role: str) -> str:
    """Where somebody of that role (``Visitor.role``; empty: nobody yet) begins."""
    return HOMES.get(role, "/")
