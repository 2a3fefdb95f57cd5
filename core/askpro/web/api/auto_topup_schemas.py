"""Saved payment methods and the rule of auto-top-up, as they leave the house and come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from askpro.payments.methods import MethodView
from askpro.payments.rule import Rule, RuleState
from askpro.wallets.topup_rule import Mode
from askpro.web.api.adjustment_schemas import MoneyGiven
from askpro.web.api.schemas import Money, money

__all__ = ("AutoTopup", "AutoTopupPut", "ConsentGiven", "PaymentMethod", "PaymentMethods", "method_of", "rule_shown")


class PaymentMethod(Struct, frozen=True):
    """A method that a payment service keeps for the customer."""

    provider: str
    method: Annotated[str, Meta(description="Its number at the provider; with `provider` it names the method.")]
    kind: str
    label: Annotated[str, Meta(description="As people know it.", examples=["Visa •••• 4242"])]
    expires: Annotated[str | None, Meta(description="Its last month.", examples=["2028-08"])]
    default: bool
    chargeable: Annotated[bool, Meta(description="Whether auto-top-up can use it.")]


class PaymentMethods(Struct, frozen=True):
    """A customer's saved methods. `silent` names the providers that did not answer: theirs are missing."""

    items: list[PaymentMethod]
    silent: list[str]


class AutoTopup(Struct, frozen=True):
    """A customer's rule. All amounts are net credit; tax is added when it is charged."""

    state: RuleState
    reason: Annotated[
        str,
        Meta(
            description="Why it is paused: `declined` (three times in a row), `authentication_required`, `stolen_card`,"
            " `method_removed`, `dispute` …; empty otherwise."
        ),
    ]
    threshold: Money
    mode: Mode
    amount: Annotated[Money, Meta(description="`fixed`: one step; `target`: the balance to fill up to.")]
    monthly_cap: Money
    charged_this_month: Money
    provider: str
    method: str
    method_label: str
    declines: Annotated[int, Meta(description="Refusals by the bank in a row.")]
    resting_until: Annotated[datetime | None, Meta(description="Nothing is charged before, after a failure.")]
    last_refusal: Annotated[str, Meta(description="Why nothing was charged although it was due; empty: all is well.")]
    changed_at: datetime


class ConsentGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer was shown and agreed to. It is kept word by word."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    locale: Annotated[str, Meta(min_length=2, max_length=20)]


class AutoTopupPut(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule to be saved and switched on."""

    threshold: MoneyGiven
    mode: Literal["fixed", "target"]
    amount: MoneyGiven
    monthly_cap: MoneyGiven
    provider: Annotated[str, Meta(min_length=1, max_length=40)]
    method: Annotated[str, Meta(min_length=1, max_length=255)]
    consent: ConsentGiven


def method_of(one: MethodView) -> PaymentMethod:
    """A saved method."""
    expires = one.method.expires
    return PaymentMethod(
        one.provider, one.method.ref, one.method.kind, one.method.label,
        f"{expires[0]:04}-{expires[1]:02}" if expires else None, one.method.default, one.chargeable,
    )  # fmt: skip


def rule_shown(rule: Rule, charged: int) -> AutoTopup:
    """A rule; ``charged`` in this month, 10⁻⁶."""
    currency = rule.amount.currency
    return AutoTopup(
        rule.state, rule.reason, money(rule.threshold.units, currency), rule.mode, money(rule.amount.units, currency),
        money(rule.monthly_cap.units, currency), money(charged, currency), rule.provider, rule.method_ref,
        rule.method_label, rule.declines, rule.cooldown_until, rule.last_refusal, rule.changed_at,
    )  # fmt: skip
