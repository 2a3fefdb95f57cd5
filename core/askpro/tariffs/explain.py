"""A price in steps that a person can follow with a pocket calculator (promise 3).

``explain`` gives facts (kind and parameters, ready for JSON), ``render`` puts one step into words through the
reader's gettext. Amounts are currency units, times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TypeAlias

from askpro.errors import N_
from askpro.tariffs.chain import Refusal
from askpro.tariffs.rating import Component, Rating

__all__ = ("MESSAGES", "Param", "Step", "explain", "plain", "render")

Param: TypeAlias = int | str | Decimal

MESSAGES: Mapping[str, str] = {
    "rate_missing": N_("There is no rate for this destination, so the call cannot be priced."),
    "item_price_missing": N_("There is no price for “%(item)s”, so the call cannot be priced."),
    "destination_blocked": N_("Calls to %(prefix)s are blocked."),
    "duration": N_("%(milliseconds)s ms on the line are %(seconds)s seconds begun."),
    "free_call": N_("Calls of up to %(free_seconds)s s cost nothing."),
    "increments": N_("Billed in steps of %(first)s/%(next)s s: %(seconds)s s."),
    "inbound_rate": N_("Rate for inbound calls, %(level)s: %(rate)s %(currency)s per minute."),
    "outbound_rate": N_("Rate for %(prefix)s, %(level)s: %(rate)s %(currency)s per minute."),
    "month": N_("%(used_seconds)s s were billed in this month before."),
    "connect": N_("Connection: %(amount)s %(currency)s."),
    "per_call": N_("Per call: %(amount)s %(currency)s."),
    "minutes": N_("%(seconds)s s / 60 × %(rate)s %(currency)s = %(amount)s %(currency)s."),
    "minutes_discounted": N_(
        "%(seconds)s s / 60 × %(rate)s %(currency)s (%(discount)s %% off from %(from_seconds)s s a month)"
        " = %(amount)s %(currency)s."
    ),
    "minutes_included": N_("%(seconds)s s are among the %(included_seconds)s s included each month."),
    "item": N_("%(item)s: %(count)s × %(price)s %(currency)s = %(amount)s %(currency)s."),
    "rounded": N_("Together %(exact)s, rounded to %(amount)s %(currency)s."),
    "minimum": N_("At least %(amount)s %(currency)s are charged."),
    "maximum": N_("At most %(amount)s %(currency)s are charged."),
    "price": N_("Price: %(amount)s %(currency)s."),
}
"""Sentence (English, the message id) of each kind of step."""

_WORDS = {
    "customer": N_("agreed with the customer"),
    "plan": N_("from the plan"),
    "reseller": N_("from the reseller's price list"),
    "platform": N_("from the platform's price list"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a calculation: ``kind`` is a key of MESSAGES, ``params`` fill its sentence."""

    kind: str
    params: Mapping[str, Param]


def explain(result: Rating | Refusal) -> list[Step]:
    """The way from the duration to the price, or the reason why there is none."""
    if isinstance(result, Refusal):
        return [_refused(result)]
    return list(_steps(result))


def render(step: Step, gettext: Callable[[str], str], number: Callable[[int | Decimal], str] | None = None) -> str:
    """One step in the reader's words; ``number`` formats numbers in the reader's way."""
    shown = number or plain
    words = {name: _word(name, value, gettext, shown) for name, value in step.params.items()}
    return gettext(MESSAGES[step.kind]) % words


def plain(value: int | Decimal) -> str:
    """A number without exponent or trailing zeros, with up to 12 decimals."""
    if isinstance(value, int):
        return str(value)
    text = f"{value.quantize(Decimal('1e-12'), ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".")


def _refused(refusal: Refusal) -> Step:
    if refusal.reason == "destination_blocked":
        return Step("destination_blocked", {"prefix": refusal.subject})
    if refusal.subject:
        return Step("item_price_missing", {"item": refusal.subject})
    return Step("rate_missing", {})


def _steps(rating: Rating) -> Iterator[Step]:
    chain, entry, currency = rating.chain, rating.entry, rating.currency
    yield Step("duration", {"milliseconds": rating.call.duration_ms, "seconds": rating.raw_seconds})
    if not rating.billed_seconds:
        yield Step("free_call", {"free_seconds": chain.free_seconds})
        yield Step("price", {"amount": Decimal(0), "currency": currency})
        return
    first, following = chain.increments
    yield Step("increments", {"first": first, "next": following, "seconds": rating.billed_seconds})
    found: dict[str, Param] = {"level": entry.level.value, "rate": entry.rate, "currency": currency}
    found["version_id"] = str(entry.version_id)
    if entry.direction == "outbound":
        found["prefix"] = entry.prefix
    yield Step(f"{entry.direction}_rate", found)
    if entry.plan.zones is not None:
        yield Step("month", {"used_seconds": rating.used_seconds})
    for component in rating.components:
        if component.amount or component.kind in ("minutes", "item"):
            yield _addend(component, rating)
    rounded = Decimal(rating.rounded_units).scaleb(-6)
    yield Step("rounded", {"exact": _decimal(rating.exact), "amount": rounded, "currency": currency})
    price = Decimal(rating.units).scaleb(-6)
    if price != rounded:
        yield Step("minimum" if price > rounded else "maximum", {"amount": price, "currency": currency})
    yield Step("price", {"amount": price, "currency": currency})


def _addend(component: Component, rating: Rating) -> Step:
    amount: dict[str, Param] = {"amount": _decimal(component.amount), "currency": rating.currency}
    if component.kind == "item":
        counted: dict[str, Param] = {"item": component.name, "count": component.quantity, "price": component.price}
        return Step("item", counted | amount)
    if component.kind != "minutes":
        return Step(component.kind, amount)
    seconds: dict[str, Param] = {"seconds": component.quantity}
    zone = component.zone
    if zone is not None and zone.free:
        return Step("minutes_included", seconds | {"included_seconds": zone.end})
    timed = seconds | {"rate": component.price} | amount
    if zone is not None and zone.discount_percent:
        off: dict[str, Param] = {"discount": zone.discount_percent, "from_seconds": zone.start}
        return Step("minutes_discounted", timed | off)
    return Step("minutes", timed)


def _decimal(amount: Fraction) -> Decimal:
    """For showing only: what does not end is cut by the context's precision."""
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def _word(name: str, value: Param, gettext: Callable[[str], str], number: Callable[[int | Decimal], str]) -> str:
    if isinstance(value, str):
        return gettext(_WORDS[value]) if name == "level" else value
    return number(value)
