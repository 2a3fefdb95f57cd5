"""The verbs of people in one place."""

from __future__ import annotations

from askpro.people.customers import create_customer, set_customer_status, set_plan, update_customer
from askpro.people.persons import add_person, disable_person, set_password, set_preferences, sign_in

__all__ = (
    "add_person",
    "create_customer",
    "disable_person",
    "set_customer_status",
    "set_password",
    "set_plan",
    "set_preferences",
    "sign_in",
    "update_customer",
)
