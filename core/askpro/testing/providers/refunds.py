"""Promises about refunds: each once, and together never more than was paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpro.errors import Conflict, InvalidInput
from askpro.money import Money
from askpro.sdk.payments import Feature, Outcome, RefundRequest
from askpro.testing.providers.bench import Bench, coin

__all__ = ("RefundPromises",)


class RefundPromises:
    """With REFUND, some with PARTIAL_REFUND as well."""

    async def test_refund_in_parts(self, bench: Bench) -> None:
        """Parts add up to the payment and not to a unit more; a repeated part is paid back once."""
        bench.needs(Feature.REFUND, Feature.PARTIAL_REFUND)
        payment = await bench.paid()
        assert payment.amount is not None
        first = bench.refunding(payment, Money(payment.amount.units // 2, payment.amount.currency))
        once = await bench.provider.refund(bench.ctx, first)
        twice = await bench.provider.refund(bench.ctx, first)
        assert once.provider_ref == twice.provider_ref
        too_much = bench.refunding(payment)
        with pytest.raises(InvalidInput):
            await bench.provider.refund(bench.ctx, too_much)
        rest = bench.refunding(payment, payment.amount - first.amount)
        await bench.provider.refund(bench.ctx, rest)
        await bench.wait()
        seen = [await bench.asked_refund(one.key) for one in (first, rest, too_much)]
        assert [one.outcome for one in seen] == [Outcome.SETTLED, Outcome.SETTLED, Outcome.NOT_SENT]
        assert [one.amount for one in seen[:2]] == [first.amount, rest.amount]

    async def test_refunds_are_exact(self, bench: Bench) -> None:
        """A whole payment comes back as it came, in every currency that the bench speaks of, and then nothing more."""
        bench.needs(Feature.REFUND)
        for amount in bench.amounts:
            payment = await bench.paid(amount)
            request = bench.refunding(payment)
            await bench.provider.refund(bench.ctx, request)
            with pytest.raises(InvalidInput):
                await bench.provider.refund(bench.ctx, bench.refunding(payment, coin(amount.currency)))
            await bench.wait()
            found = await bench.asked_refund(request.key)
            assert (found.outcome, found.amount) == (Outcome.SETTLED, amount)

    async def test_refund_key_with_another_amount_is_a_conflict(self, bench: Bench) -> None:
        """A refund's key stands for one amount."""
        bench.needs(Feature.REFUND, Feature.PARTIAL_REFUND)
        payment = await bench.paid()
        assert payment.amount is not None
        request = bench.refunding(payment, Money.of(1, payment.amount.currency))
        await bench.provider.refund(bench.ctx, request)
        with pytest.raises(Conflict):
            await bench.provider.refund(bench.ctx, replace(request, amount=request.amount + request.amount))

    async def test_refund_whose_answer_is_lost(self, bench: Bench) -> None:
        """UNKNOWN, never refused; asked again under its key it is found, and was paid back once."""
        bench.needs(Feature.REFUND, Feature.PARTIAL_REFUND)
        bench.must_send()
        payment = await bench.paid()
        assert payment.amount is not None
        lost = bench.refunding(payment, Money(payment.amount.units // 2, payment.amount.currency))
        await bench.lose_answer(lost.key)
        await bench.unanswered(bench.provider.refund(bench.ctx, lost))
        early = await bench.asked_refund(lost.key)
        assert early.outcome in (Outcome.UNKNOWN, Outcome.PENDING, Outcome.SETTLED)
        again = await bench.provider.refund(bench.ctx, lost)
        assert again.outcome in (Outcome.PENDING, Outcome.SETTLED)
        await bench.wait()
        found = await bench.asked_refund(lost.key)
        assert (found.outcome, found.amount) == (Outcome.SETTLED, lost.amount)
        await bench.provider.refund(bench.ctx, bench.refunding(payment, payment.amount - lost.amount))
        with pytest.raises(InvalidInput):  # paid back twice, this much could not have been left; once, no more is
            await bench.provider.refund(bench.ctx, bench.refunding(payment, coin(payment.amount.currency)))

    async def test_nothing_is_no_refund(self, bench: Bench) -> None:
        """Nothing, less than that, and another currency are refused before anything is sent."""
        bench.needs(Feature.REFUND)
        payment = await bench.paid()
        assert payment.amount is not None
        own = payment.amount.currency
        for amount in (Money(0, own), -coin(own), Money.of(1, "EUR" if own != "EUR" else "USD")):
            request = bench.refunding(payment, amount)
            with pytest.raises(InvalidInput):
                await bench.provider.refund(bench.ctx, request)
            assert (await bench.asked_refund(request.key)).outcome is Outcome.NOT_SENT

    async def test_unpaid_is_not_refunded(self, bench: Bench) -> None:
        """Nothing comes back that never came in."""
        bench.needs(Feature.REFUND)
        request, session = await bench.opened()
        refund = RefundRequest(
            key=f"{request.key}-back", payment_key=request.key, payment_ref=session.provider_ref, amount=request.amount
        )
        with pytest.raises(InvalidInput):
            await bench.provider.refund(bench.ctx, refund)
        assert (await bench.asked_refund(refund.key)).outcome is Outcome.NOT_SENT
