"""Stripe passes the conformance kit against the stand-in, on accounts of its own and on one that tenants share."""

from __future__ import annotations

from typing import Any

import pytest
from stripe_bench import StripeBench, line, move, own, shared, stripe, tables

from askpro.testing.providers import PaymentProviderContract

__all__ = ("line", "move", "stripe", "tables")

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[own, shared], ids=["own", "shared"])
async def bench(request: Any, tables: Any) -> StripeBench:
    bench: StripeBench = await tables(request.param)
    return bench


class TestStripe(PaymentProviderContract):
    """Every promise of the kit."""
