"""Promises about amounts: exact in every currency, and only those that the provider says it takes."""

from __future__ import annotations

import pytest

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk.payments import CustomerRef, Feature, Limits, Outcome
from askpro.testing.providers.bench import Bench, coin

__all__ = ("AmountPromises",)

_CURRENCIES = ("EUR", "USD", "JPY", "KWD", "XTS")
"""XTS is nobody's: ISO 4217 keeps it for tests."""


class AmountPromises:
    """Of every provider."""

    async def test_amounts_are_exact(self, bench: Bench) -> None:
        """What settles is what was asked for, whatever the currency's exponent."""
        for amount in bench.amounts:
            assert (await bench.paid(amount)).amount == amount

    async def test_amounts_outside_its_limits_are_refused(self, bench: Bench) -> None:
        """Nothing or less, a currency that it does not take, a coin below the least or above the most: InvalidInput,
        and no request was sent."""
        for amount in _outside(bench):
            request = bench.checkout(amount)
            with pytest.raises(InvalidInput):
                await bench.provider.create_checkout(bench.ctx, request)
            assert (await bench.asked(request.key)).outcome is Outcome.NOT_SENT

    async def test_amounts_at_its_limits_are_taken(self, bench: Bench) -> None:
        """The least and the most that it names are within."""
        for bounds in _limits(bench).values():
            for amount in (bounds.minimum, bounds.maximum):
                if amount is not None:
                    request = bench.checkout(amount)
                    try:
                        await bench.provider.create_checkout(bench.ctx, request)
                    except InvalidInput as error:
                        pytest.fail(f"{amount} is within the limits that it names, and refused: {error}")
                    assert (await bench.asked(request.key)).outcome is Outcome.PENDING

    async def test_charges_outside_its_limits_are_refused(self, bench: Bench) -> None:
        """The same holds while the customer is away."""
        bench.needs(Feature.OFF_SESSION)
        customer = CustomerRef(id="customer-1")
        method = await bench.saved_method(customer, "succeed")
        for amount in _outside(bench):
            request = bench.charging(customer, method, amount)
            with pytest.raises(InvalidInput):
                await bench.provider.charge(bench.ctx, request)
            assert (await bench.asked(request.key)).outcome is Outcome.NOT_SENT


def _limits(bench: Bench) -> dict[str, Limits]:
    """Of the currencies that the bench speaks of."""
    named = bench.provider.capabilities(bench.ctx).limits
    return {one.currency: named.get(one.currency, Limits()) for one in bench.amounts}


def _outside(bench: Bench) -> list[Money]:
    """The nearest amounts that it does not take."""
    own = bench.amounts[0].currency
    found = [Money(0, own), -coin(own)]
    currencies = bench.provider.capabilities(bench.ctx).currencies
    if currencies is not None:
        found += [Money.of(50, one) for one in _CURRENCIES if one not in currencies]
    for currency, bounds in _limits(bench).items():
        if bounds.minimum is not None:
            found.append(bounds.minimum - coin(currency))
        if bounds.maximum is not None:
            found.append(bounds.maximum + coin(currency))
    return found
