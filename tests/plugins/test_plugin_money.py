"""Providers behind the host: whatever they do, money that may have moved is UNKNOWN and nothing is charged twice."""

from __future__ import annotations

import pytest
from dummy_house import FALKE, NORTH, make_host, on
from test_plugin_conformance_of_a_liar import LiarBench

from askpro.errors import InvalidInput, NotFound, PluginUnavailable
from askpro.money import Money
from askpro.pluginhost import TenantProvider
from askpro.sdk import ChargeRequest, CustomerRef, Feature, Outcome, RefundRequest

pytestmark = pytest.mark.anyio

TEN = Money.of(10, "EUR")


async def liar(**config: object) -> TenantProvider:
    host = make_host("liar", board=on("liar"), **config)
    await host.start()
    return await host.provider(NORTH, "liar")


def charge(method: str) -> ChargeRequest:
    return ChargeRequest(key="k1", amount=TEN, description="x", customer=CustomerRef(id="c"), method=method)


@pytest.mark.parametrize("method", ["crash", "hang", "other amount", "other key", "nothing", "no amount"])
async def test_what_cannot_be_known_is_unknown(method: str) -> None:
    """A crash, a timeout and every answer that contradicts the request: UNKNOWN, and counted as a failure."""
    provider = await liar()
    result = await provider.charge(charge(method))
    assert (result.key, result.outcome, result.amount) == ("k1", Outcome.UNKNOWN, None)
    assert provider.caller.total.failed == 1


async def test_an_honest_charge_comes_through() -> None:
    """The guard changes nothing about a sound answer."""
    result = await (await liar()).charge(charge("honest"))
    assert (result.outcome, result.amount) == (Outcome.SETTLED, TEN)


async def test_an_open_breaker_is_not_sent() -> None:
    """A charge that was never made is NOT_SENT; the provider's function is not called."""
    provider = await liar()
    for _ in range(3):
        await provider.charge(charge("crash"))
    charged = provider.provider.charged  # type: ignore[attr-defined]
    result = await provider.charge(charge("honest"))
    assert result.outcome is Outcome.NOT_SENT
    assert provider.provider.charged == charged  # type: ignore[attr-defined]


async def test_looking_up_a_lie() -> None:
    """A settled payment of another amount than was asked for is not believed."""
    provider = await liar()
    assert (await provider.look_up("k1", amount=TEN)).outcome is Outcome.UNKNOWN
    assert (await provider.look_up("k2", amount=Money.of(1, "EUR"))).outcome is Outcome.SETTLED


async def test_features_without_means_are_left_out() -> None:
    """Claimed but not implemented, or not in the manifest: the core never sees the feature."""
    provider = await liar()
    assert (await provider.capabilities()).features == {Feature.CHECKOUT, Feature.OFF_SESSION}
    with pytest.raises(InvalidInput, match="cannot refund"):
        await provider.refund(RefundRequest(key="r", payment_key="k", payment_ref="x", amount=TEN))
    with pytest.raises(InvalidInput, match="cannot disputes"):
        await provider.look_up_dispute("d")


async def test_a_checkout_that_leads_astray_is_refused() -> None:
    """A script is no address to send a customer to."""
    provider = await liar()
    bench = LiarBench()
    with pytest.raises(PluginUnavailable, match="leads nowhere"):
        await provider.create_checkout(bench.checkout())


async def test_providers_belong_to_tenants_that_enabled_them() -> None:
    """Not enabled: not found for new payments, but still there to look up old ones."""
    host = make_host("liar", board=on("liar"))
    await host.start()
    assert await host.providers(NORTH) == ["liar"]
    assert await host.providers(FALKE) == []
    with pytest.raises(NotFound):
        await host.provider(FALKE, "liar")
    old = await host.provider(FALKE, "liar", for_new=False)
    assert old.ctx.tenant == FALKE
