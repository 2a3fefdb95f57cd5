"""The conformance kit can fail: a provider that lies fails it, promise by promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from dummy_house import FALKE, NORTH
from kit_verdicts import promises, verdicts
from lies_of_accounts import Growing

from askpro.sdk import ChargeResult, CheckoutSession, Context, CustomerRef, DisputeState
from askpro.testing import make_context
from askpro.testing.providers import Bench, Delivery

pytestmark = pytest.mark.anyio


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
    async def lose_answer(self, key: str) -> None: ...
    async def confirm_setup(self, session: CheckoutSession, customer: CustomerRef) -> None: ...
    async def revoke_mandate(self, ref: str) -> None: ...
    async def close_dispute(self, ref: str, end: DisputeState) -> None: ...
    async def onboard(self) -> None: ...
    async def keep_settings(self, values: Mapping[str, str]) -> None: ...

    async def signed_event(self, ctx: Context, key: str) -> Delivery:
        return {}, b""

    async def deliveries(self, key: str) -> list[Delivery]:
        return [({}, b""), ({}, b"")]

    async def saved_method(self, customer: CustomerRef, behaviour: str) -> str:
        return behaviour

    async def give_mandate(self, customer: CustomerRef, consent: str) -> str:
        return "M"

    async def dispute(self, payment: ChargeResult) -> str:
        return "d"

    async def destination(self, ctx: Context) -> str:
        return "anywhere"


class BoldBench(LiarBench):
    """Of the one that claims everything, the power to lose answers included."""

    schema = Growing
    settings: Mapping[str, Any] = {"days": 3}

    def __init__(self) -> None:
        from dummy_liar import BoldLiar

        transport = httpx.MockTransport(lambda _: httpx.Response(200))
        self.provider = BoldLiar()
        self.ctx = make_context("liar", tenant=NORTH, transport=transport)
        self.other = make_context("liar", tenant=FALKE, transport=transport)


async def test_the_liar_fails_every_promise() -> None:
    """No test of the kit is skipped for it, none is kept, and none merely crashes: every one says what is not so."""
    found = await verdicts(BoldBench)
    assert found == dict.fromkeys(promises(), "broken")
    assert len(found) > 50


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
