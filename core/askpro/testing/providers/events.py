"""Promises about events: believed when they are signed, and hints whose order says nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from askpro.sdk.payments import EventKind, Outcome, ProviderEvent
from askpro.sdk.providers import EventRefused
from askpro.testing.providers.bench import Bench

__all__ = ("EventPromises",)


class EventPromises:
    """Of every provider; where nobody sends events, whatever comes is forged."""

    async def test_event_is_read(self, bench: Bench) -> None:
        """A genuine event names our key, and is the same event when it comes twice."""
        bench.must_hear()
        request, session = await bench.opened()
        await bench.pay(session)
        headers, body = await bench.signed_event(bench.ctx, request.key)
        first = await bench.provider.verify_event(bench.ctx, headers, body)
        second = await bench.provider.verify_event(bench.ctx, headers, body)
        assert first.key == request.key or first.provider_ref
        assert first.id
        assert first.id == second.id

    async def test_forged_events_are_refused(self, bench: Bench) -> None:
        """No signature, another body, another tenant's signature: nothing is believed."""
        request, session = await bench.opened()
        await bench.pay(session)
        headers: Mapping[str, str] = {"authorization": "Bearer 1", "x-signature": "1", "webhook-signature": "v1,MQ=="}
        foreign, body, foreign_body = headers, b"{}", request.key.encode()
        if bench.hears:
            headers, body = await bench.signed_event(bench.ctx, request.key)
            foreign, foreign_body = await bench.signed_event(bench.other, request.key)
        for forged in (({}, body), (headers, body + b" "), (foreign, foreign_body), (headers, b"")):
            with pytest.raises(EventRefused):
                await bench.provider.verify_event(bench.ctx, *forged)

    async def test_order_and_number_of_events_say_nothing(self, bench: Bench) -> None:
        """Backwards, forwards, each several times, the oldest last: every event stays what it was, number and time
        included, and the payment stays settled as it did."""
        bench.must_hear()
        request, session = await bench.opened()
        await bench.delay(session)
        await bench.wait()
        settled = await bench.asked(request.key)
        told = await bench.deliveries(request.key)
        forwards = [await bench.provider.verify_event(bench.ctx, *one) for one in told]
        _story(forwards, request.key)
        places = range(len(told))
        for place in (*reversed(places), *places, *(one for one in places for _ in range(3)), 0):
            again: ProviderEvent = await bench.provider.verify_event(bench.ctx, *told[place])
            assert again == forwards[place]
            assert await bench.asked(request.key) == settled
        assert (settled.outcome, settled.amount) == (Outcome.SETTLED, request.amount)


def _story(events: list[ProviderEvent], key: str) -> None:
    """At least two events about that payment, each with a number of its own, at times of their own."""
    assert len(events) > 1, "the payment was under way before it settled: the bench must have heard of both"
    assert len({one.id for one in events}) == len(events)
    assert all(one.kind is EventKind.PAYMENT and (one.key == key or one.provider_ref) for one in events)
    times = [one.occurred_at for one in events]
    assert times == sorted(times)
    assert times[0] < times[-1], "an event says when the thing happened, not when it was read"
