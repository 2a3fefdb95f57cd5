"""Promises about charges while the customer is away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpro.errors import Conflict, InvalidInput
from askpro.sdk.payments import ChargeRequest, CustomerRef, Feature, Outcome, Waiting
from askpro.testing.providers.bench import Bench, sound

__all__ = ("ChargePromises", "refused")


class ChargePromises:
    """With OFF_SESSION."""

    async def test_charge_twice_is_one(self, bench: Bench) -> None:
        """The same key charges once; another amount under it is a conflict."""
        bench.needs(Feature.OFF_SESSION)
        request = await bench.charge_request("succeed")
        first = sound(await bench.provider.charge(bench.ctx, request))
        second = sound(await bench.provider.charge(bench.ctx, request))
        at_once = Outcome.SETTLED if bench.charges_at_once else Outcome.PENDING
        assert first.outcome is second.outcome is at_once
        if not bench.charges_at_once:
            assert (first.waiting, first.amount) == (second.waiting, second.amount) == (Waiting.PROVIDER, None)
            await bench.wait()
        found = await bench.asked(request.key)
        assert found.outcome is Outcome.SETTLED
        assert first.provider_ref == second.provider_ref == found.provider_ref
        assert found.amount == request.amount
        with pytest.raises(Conflict):
            await bench.provider.charge(bench.ctx, replace(request, amount=request.amount + request.amount))

    async def test_charge_declined(self, bench: Bench) -> None:
        """A declined charge says why and stays declined."""
        bench.needs(Feature.OFF_SESSION)
        request = await bench.charge_request("decline")
        first = sound(await bench.provider.charge(bench.ctx, request))
        await bench.wait()
        found = await bench.asked(request.key)
        assert first.outcome is found.outcome is Outcome.DECLINED
        assert first.code

    async def test_charge_without_an_answer(self, bench: Bench) -> None:
        """A charge whose answer is lost is UNKNOWN, also when it is asked for again, and settles once."""
        bench.needs(Feature.OFF_SESSION)
        bench.must_ask()
        request = await bench.charge_request("lose")
        first = sound(await bench.provider.charge(bench.ctx, request))
        again = sound(await bench.provider.charge(bench.ctx, request))
        await bench.wait()
        found = await bench.asked(request.key)
        assert first.outcome is again.outcome is Outcome.UNKNOWN
        assert (found.outcome, found.amount) == (Outcome.SETTLED, request.amount)

    async def test_method_belongs_to_its_customer(self, bench: Bench) -> None:
        """Nobody is charged by somebody else's method, or by one that there is not."""
        bench.needs(Feature.OFF_SESSION)
        request = await bench.charge_request("succeed")
        await bench.saved_method(CustomerRef(id="customer-2"), "succeed")
        for customer, method in ((CustomerRef(id="customer-2"), request.method), (request.customer, "none")):
            wrong = bench.charging(customer, method)
            with pytest.raises(InvalidInput):
                await bench.provider.charge(bench.ctx, wrong)
            assert (await bench.asked(wrong.key)).outcome is Outcome.NOT_SENT


async def refused(bench: Bench, request: ChargeRequest) -> None:
    """A charge that must not move money: InvalidInput and never sent, or declined for good."""
    try:
        result = sound(await bench.provider.charge(bench.ctx, request))
    except InvalidInput:
        assert (await bench.asked(request.key)).outcome is Outcome.NOT_SENT
        return
    assert result.outcome is Outcome.DECLINED
    await bench.wait()
    assert (await bench.asked(request.key)).outcome is Outcome.DECLINED
