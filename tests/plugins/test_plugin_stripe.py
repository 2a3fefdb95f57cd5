"""Stripe passes the conformance kit against the stand-in, whoever collects and however money is passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from stripe_bench import FALKE, NORTH, StripeBench, connected, line, move, own, registered, shared, stripe, tables

from askpro.testing.providers import PaymentProviderContract

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["own", "shared", "direct", "destination", "transfers"])
async def bench(request: Any, tables: Any) -> StripeBench:
    """An account of its own for each tenant, the platform's for both, or connected ones that are paid in three ways."""
    bench: StripeBench
    if request.param in ("own", "shared"):
        bench = await tables({"own": own, "shared": shared}[request.param])
    else:
        bench = await tables(connected, connect_charges=request.param)
        await registered(bench, NORTH, FALKE)
    await with_portal(bench, request.param)
    return bench


async def with_portal(bench: StripeBench, collecting: str) -> None:
    """Somebody has set up the page for customers in Stripe's dashboard."""
    key = "sk_test_north" if collecting == "own" else "sk_test_platform"
    account = {"stripe_account": bench.ctx.settings.connect_account} if collecting == "direct" else {}
    await bench.stripe.client(key, **account).v1.billing_portal.configurations.create_async(
        {"features": {"payment_method_update": {"enabled": True}}, "default_return_url": "https://t.example/"}
    )


class TestStripe(PaymentProviderContract):
    """Every promise of the kit."""


async def test_what_the_kit_hears_of(bench: StripeBench) -> None:
    """Among the events that it tells in any order is that of a first try that failed, before the one that settled."""
    request, session = await bench.opened()
    await bench.delay(session)
    await bench.wait()
    told = [json.loads(body)["type"] for _, body in await bench.deliveries(request.key)]
    assert told == [
        "payment_intent.payment_failed", "payment_intent.processing", "checkout.session.completed",
        "payment_intent.succeeded", "checkout.session.async_payment_succeeded",
    ]  # fmt: skip
