"""What a customer can top up with: amounts, limits and ways to pay, and reading the choice from a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from time import monotonic
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.payments import providers, topup
from askpro.payments.providers import Way
from askpro.web import typed_money
from askpro.web.portal.frame import FieldError
from askpro.web.portal.views import Method, Tile, TopupForm
from askpro.web.portal.visit import Visit

__all__ = ("Choice", "Offer", "method_of", "offer_of")

_FRESH, _MOST = 3.0, 1000
_seen: dict[tuple[UUID, int, str], tuple[float, list[Way]]] = {}


@dataclass(frozen=True, slots=True)
class Choice:
    """A net amount and a way to pay that are both on offer."""

    net: Money
    way: Way


@dataclass(frozen=True, slots=True)
class Offer:
    """What the house offers this customer."""

    least: Money
    most: Money
    amounts: tuple[Money, ...]
    ways: tuple[Way, ...]

    def form(self, *, amount: str = "", other: str = "", method: str = "") -> TopupForm:
        """The form with what was chosen; a first visit finds the second amount and the first way chosen."""
        tiles = tuple(Tile(_value(one), one) for one in self.amounts)
        known = {tile.value for tile in tiles}
        mixed = any(way.live for way in self.ways)  # else the top of the page has said it
        if amount and amount != "other" and amount not in known:
            amount, other = "other", amount
        return TopupForm(
            action="/topup/review",
            tiles=tiles,
            minimum=self.least,
            maximum=self.most,
            methods=tuple(replace(method_of(way), test=mixed and not way.live) for way in self.ways),
            chosen=amount or tiles[min(1, len(tiles) - 1)].value,
            other=other,
            method=method if any(way.key == method for way in self.ways) else self.ways[0].key,
        )

    def read(self, visit: Visit, sent: Mapping[str, str]) -> tuple[Choice | None, tuple[FieldError, ...]]:
        """The choice in a form's fields (amount, other, method), or what is wrong with it."""
        errors = []
        net = None
        try:
            net = self._amount(visit, sent)
        except InvalidInput as error:
            errors.append(FieldError("other", _said(visit, self, error.code)))
        way = next((one for one in self.ways if one.key == sent.get("method")), None)
        if way is None:
            errors.append(FieldError("method", visit.gettext("Choose a payment method")))
        return (Choice(net, way) if net and way else None), tuple(errors)

    def _amount(self, visit: Visit, sent: Mapping[str, str]) -> Money:
        currency = self.least.currency
        chosen = sent.get("amount", "")
        if chosen == "other":
            net = typed_money.read(visit.reader, sent.get("other", ""), currency)
        else:
            net = typed_money.from_address(chosen, currency)
        if not self.least <= net <= self.most:
            raise InvalidInput(code="amount_out_of_bounds", field="amount")
        return net


def method_of(way: Way) -> Method:
    """A way to pay as a choice."""
    return Method(way.key, way.title)


async def offer_of(visit: Visit, *, glance: bool = False) -> Offer | None:
    """None: this house, or this moment, has no way to pay.

    At a glance what is offered may be a few seconds old: the next step asks again.
    """
    settings = visit.tenant.settings.topup
    if settings is None or visit.customer.currency != visit.tenant.currency:
        return None
    least, most = topup.bounds(visit.tenant)
    key = (visit.tenant.id, visit.tenant.version, visit.reader.locale)
    known = _seen.get(key)
    if glance and known is not None and monotonic() < known[0]:
        ways = known[1]
    else:
        ways = await providers.ways(visit.tenant.id, least, locale=visit.reader.locale)
        if len(_seen) > _MOST:
            _seen.clear()
        _seen[key] = (monotonic() + _FRESH, ways)
    amounts = tuple(Money.of(text, visit.tenant.currency) for text in settings.amounts)
    return Offer(least, most, amounts, tuple(ways)) if ways else None


def _value(amount: Money) -> str:
    """``25.00``, as the form sends it."""
    digits = providers.minor_digits(amount.currency)
    return f"{Decimal(amount.units).scaleb(-6):.{digits}f}"


def _said(visit: Visit, offer: Offer, code: str) -> str:
    if code == "amount_too_fine":
        return visit.gettext("This amount has too many decimals")
    bounds = {"least": visit.reader.money(offer.least), "most": visit.reader.money(offer.most)}
    return visit.gettext("Enter an amount from %(least)s to %(most)s") % bounds
