"""Auto-top-up in words: the rule as a sentence, what is agreed to, what is wrong, why it is paused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from askpro import clock
from askpro.errors import N_
from askpro.money import Money
from askpro.payments import providers
from askpro.payments.autotopup import Draft
from askpro.payments.quote import with_tax
from askpro.payments.rule import Rule
from askpro.tenancy import tax
from askpro.web import typed_money
from askpro.web.portal.frame import FieldError
from askpro.web.portal.visit import Visit

__all__ = ("VERSION", "consent", "fault", "pause", "refusal", "sentences", "typed")

VERSION = "auto-1"
"""The wording below. It rises when a word of it changes, in any language."""

_PAUSES: Mapping[str, str] = {
    "declined": N_("Your bank has refused %(method)s three times in a row, so we have stopped trying."),
    "authentication_required": N_("Your bank wants you to confirm charges of %(method)s yourself."),
    "stolen_card": N_("Your bank has reported %(method)s as stolen."),
    "lost_card": N_("Your bank has reported %(method)s as lost."),
    "method_removed": N_("The payment method %(method)s has been removed."),
    "dispute": N_("A payment was called back by the bank. Please contact us."),
}
_REFUSALS: Mapping[str, str] = {
    "monthly_cap": N_("Your limit for this month is reached."),
    "below_minimum": N_("The amount is less than what can be charged at the least. Please raise it."),
    "declined": N_("Your bank has refused the last charge."),
    "card_declined": N_("Your bank has refused the last charge."),
    "insufficient_funds": N_("Your bank has refused the last charge."),
}
_FAULTS: Mapping[str, str] = {
    "amount_too_fine": N_("This amount has too many decimals"),
    "step_out_of_bounds": N_("Enter an amount from %(least)s to %(most)s"),
    "target_below_threshold": N_("The target must be above the threshold"),
    "target_too_close": N_("The target must be at least %(least)s above the threshold"),
    "target_too_far": N_("The target may be at most %(most)s above the threshold"),
    "cap_below_amount": N_("The monthly limit must be enough for one automatic top-up"),
    "method_unknown": N_("This payment method is not there any more. Please choose another one."),
    "consent_missing": N_("Please agree, or go back."),
}


async def sentences(visit: Visit, rule: Draft | Rule, method: str) -> tuple[str, ...]:
    """What the rule does: when, how much, how much at most, and the tax that comes on top."""
    _, money = visit.gettext, visit.reader.money
    values = {
        "threshold": money(rule.threshold), "amount": money(rule.amount), "cap": money(rule.monthly_cap),
        "method": method,
    }  # fmt: skip
    if rule.mode == "fixed":
        first = _(
            "When your balance falls to %(threshold)s or below, we charge %(method)s for %(amount)s of credit,"
            " or for several times that at once if it takes more to get above %(threshold)s."
        )
    else:
        first = _(
            "When your balance falls to %(threshold)s or below, we charge %(method)s for the credit that is missing"
            " to %(amount)s."
        )
    found = [first % values, _("In a calendar month it is never more than %(cap)s of credit.") % values]
    today = clock.civil_day(clock.now(), visit.tenant.timezone)
    rate = await tax.rate_on(visit.tenant.id, today)
    if rate:
        values |= {"cap_gross": money(_gross(rule.monthly_cap, rate)), "gross": money(_gross(rule.amount, rate))}
        values["rate"] = visit.reader.percent(rate, digits=0 if (rate * 100) % 1 == 0 else 1)
        if rule.mode == "fixed":
            last = _(
                "%(rate)s VAT is added: %(amount)s of credit cost %(gross)s, and a calendar month costs at most"
                " %(cap_gross)s."
            )
        else:
            last = _("%(rate)s VAT is added: a calendar month costs at most %(cap_gross)s.")
        found.append(last % values)
    return tuple(found)


def consent(visit: Visit, method: str) -> str:
    """What is agreed to, after the sentences."""
    text = visit.gettext(
        "I agree that %(house)s charges %(method)s in this way without asking me each time, until I switch it off."
    )
    return text % {"house": visit.tenant.name, "method": method}


def pause(visit: Visit, rule: Rule) -> str:
    """Why it is paused."""
    text = _PAUSES.get(rule.reason, N_("%(method)s cannot be charged any more."))
    return visit.gettext(text) % {"method": rule.method_label}


def refusal(visit: Visit, code: str) -> str:
    """Why nothing was charged although it was due."""
    return visit.gettext(_REFUSALS.get(code, N_("The last automatic top-up did not work.")))


def fault(visit: Visit, field: str, code: str, limits: tuple[Money, Money] | None) -> FieldError:
    """What is wrong with a field of the form."""
    text = visit.gettext(_FAULTS.get(code, N_("This payment method cannot be used at the moment.")))
    least, most = (visit.reader.money(limit) for limit in limits) if limits else ("", "")
    text %= {"least": least, "most": most}
    return FieldError({"monthly_cap": "cap"}.get(field, field), text)


def typed(visit: Visit, amount: Money) -> str:
    """An amount as the reader types it into a field."""
    return typed_money.written(visit.reader, amount)


def _gross(net: Money, rate: Decimal) -> Money:
    return with_tax(net, rate, providers.minor_digits(net.currency)).gross
