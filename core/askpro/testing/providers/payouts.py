"""Promises about money that is sent to a reseller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpro.errors import Conflict, InvalidInput
from askpro.ids import new_id
from askpro.sdk.payments import Feature, Outcome
from askpro.testing.providers.bench import Bench, sound

__all__ = ("PayoutPromises",)

_GOOD = (Outcome.PENDING, Outcome.SETTLED)


class PayoutPromises:
    """With PAYOUT."""

    async def test_unheard_payout_is_not_sent(self, bench: Bench) -> None:
        """A key the provider never saw may be sent."""
        bench.needs(Feature.PAYOUT)
        assert (await bench.asked_payout(str(new_id()))).outcome is Outcome.NOT_SENT

    async def test_payout_twice_is_one(self, bench: Bench) -> None:
        """The same key sends once, just that much; another amount under it is a conflict."""
        bench.needs(Feature.PAYOUT)
        request = bench.sending(await bench.destination(bench.ctx))
        first = sound(await bench.provider.payout(bench.ctx, request))
        second = sound(await bench.provider.payout(bench.ctx, request))
        assert first.outcome in _GOOD
        assert second.outcome in _GOOD
        assert first.provider_ref == second.provider_ref
        with pytest.raises(Conflict):
            await bench.provider.payout(bench.ctx, replace(request, amount=request.amount + request.amount))
        await bench.wait()
        found = await bench.asked_payout(request.key)
        assert (found.outcome, found.amount, found.provider_ref) == (
            Outcome.SETTLED, request.amount, first.provider_ref,
        )  # fmt: skip

    async def test_payouts_have_numbers_of_their_own(self, bench: Bench) -> None:
        """Two facts are two payouts, though they are alike."""
        bench.needs(Feature.PAYOUT)
        destination = await bench.destination(bench.ctx)
        made = [await bench.provider.payout(bench.ctx, bench.sending(destination)) for _ in range(2)]
        assert made[0].provider_ref != made[1].provider_ref

    async def test_payout_whose_answer_is_lost(self, bench: Bench) -> None:
        """UNKNOWN, never refused; asked again under its key it is found, and was sent once."""
        bench.needs(Feature.PAYOUT)
        bench.must_send()
        request = bench.sending(await bench.destination(bench.ctx))
        await bench.lose_answer(request.key)
        await bench.unanswered(bench.provider.payout(bench.ctx, request))
        assert (await bench.asked_payout(request.key)).outcome in (Outcome.UNKNOWN, *_GOOD)
        again = sound(await bench.provider.payout(bench.ctx, request))
        assert again.outcome in _GOOD
        await bench.wait()
        found = await bench.asked_payout(request.key)
        assert (found.outcome, found.amount, found.provider_ref) == (
            Outcome.SETTLED, request.amount, again.provider_ref,
        )  # fmt: skip

    async def test_payout_goes_to_the_tenant_only(self, bench: Bench) -> None:
        """Another tenant's account, and one that there is not, are refused before anything is sent."""
        bench.needs(Feature.PAYOUT)
        request = bench.sending(await bench.destination(bench.ctx))
        for wrong in (await bench.destination(bench.other), "nowhere"):
            with pytest.raises(InvalidInput):
                await bench.provider.payout(bench.ctx, replace(request, destination=wrong))
            assert (await bench.asked_payout(request.key)).outcome is Outcome.NOT_SENT
