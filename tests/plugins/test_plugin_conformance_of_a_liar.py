"""The conformance kit can fail: a provider that lies fails it, promise by promise."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import httpx
import pytest
from dummy_house import FALKE, NORTH

from askpro.sdk import CheckoutSession, CustomerRef
from askpro.testing import make_context
from askpro.testing.providers import Bench, PaymentProviderContract

pytestmark = pytest.mark.anyio

TRUE_BY_CHANCE = {"test_settings_survive_a_round_trip"}
"""It has no settings to lie about."""


class LiarBench(Bench):
    """The liar does as it likes, whatever the customer does."""

    def __init__(self) -> None:
        from dummy_liar import Liar

        self.provider = Liar()
        self.ctx = make_context("liar", tenant=NORTH)
        self.other = make_context("liar", tenant=FALKE)

    async def pay(self, session: CheckoutSession) -> None: ...
    async def decline(self, session: CheckoutSession) -> None: ...
    async def delay(self, session: CheckoutSession) -> None: ...
    async def lose(self, session: CheckoutSession) -> None: ...
    async def wait(self) -> None: ...

    async def signed_event(self, ctx: object, key: str) -> tuple[Mapping[str, str], bytes]:
        return {}, b""

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        return behaviour


async def test_the_liar_fails_every_promise() -> None:
    """Each test of the kit that is not skipped fails for the liar, so each of them can fail."""
    kept, broken, skipped = set(), set(), set()
    for name, test in inspect.getmembers(PaymentProviderContract(), inspect.ismethod):
        if name.startswith("test_"):
            try:
                await test(LiarBench())
            except pytest.skip.Exception:
                skipped.add(name)
            except (AssertionError, Exception, pytest.fail.Exception):
                broken.add(name)
            else:
                kept.add(name)
    assert kept == TRUE_BY_CHANCE
    assert skipped == {"test_methods_are_listed_and_forgotten"}
    assert len(broken) >= 18


class KnowingLiarBench(LiarBench):
    """Says that it keeps the books itself."""

    knows = True


async def test_who_asks_somebody_else_cannot_claim_to_know() -> None:
    """A provider with a way out is not let off the lost answer by saying that it keeps the books itself."""
    bench = KnowingLiarBench()
    with pytest.raises(pytest.skip.Exception):
        bench.must_ask()
    bench.ctx = make_context("liar", tenant=NORTH, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with pytest.raises((AssertionError, pytest.skip.Exception)) as refused:
        bench.must_ask()
    assert refused.type is AssertionError
