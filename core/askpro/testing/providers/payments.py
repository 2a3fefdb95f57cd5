"""Promises about a checkout from its opening to its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpro.errors import Conflict
from askpro.ids import new_id
from askpro.sdk.payments import Feature, Outcome, Waiting
from askpro.sdk.providers import FEATURE_PROTOCOLS
from askpro.testing.providers.bench import Bench, is_page

__all__ = ("PaymentPromises",)


class PaymentPromises:
    """Of every provider."""

    async def test_features_are_real(self, bench: Bench) -> None:
        """A provider claims only what it can do, and always a checkout."""
        claimed = bench.provider.capabilities(bench.ctx).features
        assert Feature.CHECKOUT in claimed
        assert [one for one in claimed if not isinstance(bench.provider, FEATURE_PROTOCOLS[one])] == []

    async def test_unheard_key_is_not_sent(self, bench: Bench) -> None:
        """A key the provider never saw is NOT_SENT: proof that it may be sent."""
        assert (await bench.asked(str(new_id()))).outcome is Outcome.NOT_SENT

    async def test_checkout_twice_is_one(self, bench: Bench) -> None:
        """The same key again finds the same checkout, on a page that a customer may be sent to."""
        request, first = await bench.opened()
        second = await bench.provider.create_checkout(bench.ctx, request)
        assert (first.key, first.provider_ref) == (second.key, second.provider_ref) == (request.key, first.provider_ref)
        assert is_page(first.url)
        assert second.url == first.url

    async def test_key_with_another_amount_is_a_conflict(self, bench: Bench) -> None:
        """A key stands for one amount for ever."""
        request, _ = await bench.opened()
        dearer = replace(request, amount=request.amount + request.amount)
        with pytest.raises(Conflict):
            await bench.provider.create_checkout(bench.ctx, dearer)

    async def test_open_checkout_waits_for_the_customer(self, bench: Bench) -> None:
        """Nothing is paid before somebody pays."""
        request, _ = await bench.opened()
        result = await bench.asked(request.key)
        assert (result.outcome, result.waiting) == (Outcome.PENDING, Waiting.CUSTOMER)

    async def test_settled_is_final(self, bench: Bench) -> None:
        """Asking again, asking for the page again, and time change nothing about a settled payment."""
        request, session = await bench.opened()
        await bench.pay(session)
        first = await bench.asked(request.key)
        await bench.provider.create_checkout(bench.ctx, request)
        await bench.wait()
        again = await bench.asked(request.key)
        assert first.outcome is Outcome.SETTLED
        assert (again.outcome, again.amount, again.provider_ref) == (first.outcome, first.amount, first.provider_ref)

    async def test_payments_have_numbers_of_their_own(self, bench: Bench) -> None:
        """Two payments never share a provider number: credits are unique by it."""
        first, second = await bench.paid(), await bench.paid()
        assert first.provider_ref != second.provider_ref

    async def test_decline(self, bench: Bench) -> None:
        """A decline is final, has a reason, and no amount."""
        request, session = await bench.opened()
        await bench.decline(session)
        await bench.wait()
        result = await bench.asked(request.key)
        assert (result.outcome, result.amount) == (Outcome.DECLINED, None)
        assert result.code

    async def test_delayed_method(self, bench: Bench) -> None:
        """Money that takes days is PENDING on the provider's side, then SETTLED."""
        request, session = await bench.opened()
        await bench.delay(session)
        before = await bench.asked(request.key)
        await bench.wait()
        after = await bench.asked(request.key)
        assert (before.outcome, before.waiting, before.amount) == (Outcome.PENDING, Waiting.PROVIDER, None)
        assert (after.outcome, after.amount) == (Outcome.SETTLED, request.amount)

    async def test_lost_answer(self, bench: Bench) -> None:
        """Who does not know says UNKNOWN, not DECLINED and not NOT_SENT; later the truth comes out, once."""
        bench.must_ask()
        request, session = await bench.opened()
        await bench.lose(session)
        before = await bench.asked(request.key)
        await bench.wait()
        after = await bench.asked(request.key)
        assert before.outcome is Outcome.UNKNOWN
        assert (after.outcome, after.amount) == (Outcome.SETTLED, request.amount)
        assert (await bench.asked(request.key)).provider_ref == after.provider_ref

    async def test_lost_page(self, bench: Bench) -> None:
        """A checkout whose address got lost on the way is found under its key, and is still one that can be paid."""
        bench.must_send()
        request = bench.checkout()
        await bench.lose_answer(request.key)
        await bench.unanswered(bench.provider.create_checkout(bench.ctx, request))
        assert (await bench.asked(request.key)).outcome in (Outcome.UNKNOWN, Outcome.PENDING)
        first = await bench.provider.create_checkout(bench.ctx, request)
        second = await bench.provider.create_checkout(bench.ctx, request)
        assert first.provider_ref == second.provider_ref
        await bench.pay(second)
        paid = await bench.asked(request.key)
        assert (paid.outcome, paid.amount) == (Outcome.SETTLED, request.amount)
