"""What the kit cannot know: what happens on the way to Kassenwerk and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from askpro import clock
from askpro.errors import Unavailable
from askpro.sdk import NotSent, Outcome, RefundRequest

pytestmark = pytest.mark.anyio


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock forward."""
    real = clock.now

    def move(by: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + by)

    return move


async def test_a_checkout_whose_answer_is_lost_is_found_again(bench: Any) -> None:
    """Nobody knows, then everybody does; asking again, even with another expiry, makes no second payment."""
    request = bench.checkout()
    bench.service.trouble("lost")
    with pytest.raises(Unavailable):
        await bench.provider.create_checkout(bench.ctx, request)
    again = replace(request, expires_at=request.expires_at + timedelta(minutes=1))
    session = await bench.provider.create_checkout(bench.ctx, again)
    await bench.pay(session)
    found = await bench.provider.look_up(bench.ctx, request.key)
    assert (found.outcome, found.amount) == (Outcome.SETTLED, request.amount)
    assert len(bench.service.payments) == 1


async def test_a_checkout_that_never_arrived_is_unknown_until_that_is_sure(bench: Any, later: Any) -> None:
    """While it may be on its way it is not sent anew; then it is, under the same key."""
    request = bench.checkout()
    bench.service.trouble("dropped")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await bench.provider.create_checkout(bench.ctx, request)
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.UNKNOWN
    later(timedelta(minutes=6))
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.NOT_SENT
    assert bench.service.payments == {}
    session = await bench.provider.create_checkout(bench.ctx, request)
    assert list(bench.service.payments) == [session.provider_ref]


async def test_a_request_that_kassenwerk_turns_away_was_not_sent(bench: Any) -> None:
    """Too many requests: nothing was done, and it may be sent again at once."""
    request = bench.checkout()
    bench.service.trouble("busy")
    with pytest.raises(NotSent):
        await bench.provider.create_checkout(bench.ctx, request)
    assert (await bench.provider.look_up(bench.ctx, request.key)).outcome is Outcome.NOT_SENT
    assert (await bench.provider.create_checkout(bench.ctx, request)).url


async def test_a_refund_whose_answer_is_lost_is_paid_back_once(bench: Any) -> None:
    """Asked again under the same key it is looked up; the account pays back once."""
    payment = await bench.paid()
    request = RefundRequest(
        key="refund-1", payment_key=payment.key, payment_ref=payment.provider_ref, amount=payment.amount
    )
    bench.service.trouble("lost")
    with pytest.raises(Unavailable):
        await bench.provider.refund(bench.ctx, request)
    assert (await bench.provider.refund(bench.ctx, request)).outcome is Outcome.PENDING
    await bench.wait()
    found = await bench.provider.look_up_refund(bench.ctx, request.key)
    assert (found.outcome, found.amount, len(bench.service.refunds)) == (Outcome.SETTLED, payment.amount, 1)


async def test_what_cannot_be_read_is_unknown(bench: Any) -> None:
    """A new word for a status, an amount that is none: neither paid nor declined."""
    payment = await bench.paid()
    for strange in ({"status": "sleeping"}, {"status": "paid", "amount": {"value": "lots", "currency": "EUR"}}):
        bench.service.payments[payment.provider_ref] |= strange
        assert (await bench.provider.look_up(bench.ctx, payment.key)).outcome is Outcome.UNKNOWN
