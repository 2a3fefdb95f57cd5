"""Promises about disputes: which payment, how much, and an end that stays."""

from __future__ import annotations

import pytest

from askpro.errors import NotFound
from askpro.sdk.payments import Dispute, DisputeState, Feature
from askpro.testing.providers.bench import Bench

__all__ = ("DisputePromises",)

_ORDER = {DisputeState.OPEN: 0, DisputeState.WITHDRAWN: 1, DisputeState.WON: 2, DisputeState.LOST: 2}


class DisputePromises:
    """With DISPUTES."""

    async def test_dispute_names_its_payment(self, bench: Bench) -> None:
        """Number, payment and amount are told as long as it lasts; the payment itself stays settled as it was."""
        bench.needs(Feature.DISPUTES)
        payment, another = await bench.paid(), await bench.paid()
        ref = await bench.dispute(payment)
        before: Dispute = await bench.provider.look_up_dispute(bench.ctx, ref)
        assert before.state is not DisputeState.WON, "nobody has decided yet"
        await bench.close_dispute(ref, DisputeState.LOST)
        after: Dispute = await bench.provider.look_up_dispute(bench.ctx, ref)
        for found in (before, after):
            assert (found.ref, found.payment_ref, found.amount) == (ref, payment.provider_ref, payment.amount)
        for one in (payment, another):
            now = await bench.asked(one.key)
            assert (now.outcome, now.amount, now.provider_ref) == (one.outcome, one.amount, one.provider_ref)

    async def test_dispute_ends(self, bench: Bench) -> None:
        """It goes forward only, and what the bank decided stays decided."""
        bench.needs(Feature.DISPUTES)
        assert bench.dispute_ends, "every dispute ends somehow"
        for end in bench.dispute_ends:
            ref = await bench.dispute(await bench.paid())
            before = await bench.provider.look_up_dispute(bench.ctx, ref)
            await bench.close_dispute(ref, end)
            after = await bench.provider.look_up_dispute(bench.ctx, ref)
            await bench.wait()
            later = await bench.provider.look_up_dispute(bench.ctx, ref)
            assert after.state is later.state is end
            assert before.state is end or _ORDER[before.state] < _ORDER[end]
            assert before.amount == after.amount == later.amount

    async def test_unknown_dispute(self, bench: Bench) -> None:
        """A number that there is not, and that of a payment nobody objected to, are NotFound."""
        bench.needs(Feature.DISPUTES)
        payment = await bench.paid()
        for ref in ("no-such-dispute", payment.provider_ref):
            with pytest.raises(NotFound):
                await bench.provider.look_up_dispute(bench.ctx, ref)
