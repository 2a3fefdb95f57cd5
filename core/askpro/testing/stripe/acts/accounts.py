"""Accounts: one's own, and those a platform brings to Stripe."""

from __future__ import annotations

from typing import Any

from askpro.testing.stripe.hooks.events import emit
from askpro.testing.stripe.state.book import Book
from askpro.testing.stripe.state.ids import digest
from askpro.testing.stripe.state.world import Owner, World
from askpro.testing.stripe.wire.lists import listed
from askpro.testing.stripe.wire.routes import Obj

__all__ = ("account", "activate", "connected", "restrict")

_DUE = ["business_profile.url", "business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]


def account(identifier: str, created: int, name: str, **given: Any) -> Obj:
    """An account that may do everything."""
    return {
        "id": identifier,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "name": name,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": dict.fromkeys(("card_payments", "sepa_debit_payments", "transfers"), "active"),
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "DE",
        "created": created,
        "default_currency": "eur",
        "details_submitted": True,
        "email": None,
        "external_accounts": listed([], f"/v1/accounts/{identifier}/external_accounts"),
        "future_requirements": _requirements(),
        "metadata": {},
        "payouts_enabled": True,
        "requirements": _requirements(),
        "settings": {
            "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
            "card_payments": {
                "decline_on": {"avs_failure": False, "cvc_failure": False},
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
            "payments": dict.fromkeys(
                ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
            ),
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 7, "interval": "manual"},
                "statement_descriptor": None,
            },
            "sepa_debit_payments": {},
        },
        "tos_acceptance": {"date": created, "ip": None, "user_agent": None},
        "type": "standard",
        **given,
    }


def _requirements(due: list[str] | None = None, reason: str | None = None) -> Obj:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due or [],
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": due or [],
        "past_due": due or [],
        "pending_verification": [],
    }


def connected(book: Book, name: str, **given: Any) -> Obj:
    """A platform's new account, which may do nothing until its owner has answered Stripe's questions."""
    world: World = book.world
    identifier = f"acct_{digest(book.new_id('acct'), 16)}"
    thing = account(
        identifier,
        book.now,
        name,
        **{
            "business_type": None,
            "charges_enabled": False,
            "details_submitted": False,
            "payouts_enabled": False,
            "requirements": _requirements(list(_DUE), "requirements.past_due"),
            "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
            **given,
        },
    )
    world.owners[identifier] = Owner(thing, book.account, book.livemode)
    world.book(identifier, book.livemode)
    return thing


def activate(book: Book, thing: Obj) -> None:
    """The owner has answered everything: what was asked for is active. ``book`` is the connected account's."""
    previous = {
        name: thing[name]
        for name in ("capabilities", "charges_enabled", "details_submitted", "payouts_enabled", "requirements")
    }
    capabilities = dict.fromkeys(thing["capabilities"], "active")
    thing.update(
        capabilities=capabilities,
        charges_enabled="card_payments" in capabilities,
        details_submitted=True,
        payouts_enabled=True,
        requirements=_requirements(),
        tos_acceptance={"date": book.now, "ip": "203.0.113.7", "user_agent": None},
    )
    emit(book, "account.updated", thing, previous)


def restrict(book: Book, thing: Obj) -> None:
    """Stripe wants to know more, and until then nothing may be charged or paid out."""
    previous = {name: thing[name] for name in ("charges_enabled", "payouts_enabled", "requirements")}
    due = ["company.verification.document"]
    thing.update(charges_enabled=False, payouts_enabled=False, requirements=_requirements(due, "requirements.past_due"))
    emit(book, "account.updated", thing, previous)
