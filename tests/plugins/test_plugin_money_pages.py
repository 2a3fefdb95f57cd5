"""Pages that a provider wants people sent to: its own over https or one of this house, and for this very request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dummy_house import NORTH, make_host, on

from askpro.errors import PluginUnavailable
from askpro.money import Money
from askpro.pluginhost import TenantProvider
from askpro.sdk import (
    ChargeRequest,
    ChargeResult,
    CheckoutRequest,
    CheckoutSession,
    CustomerRef,
    Outcome,
    SetupRequest,
)

pytestmark = pytest.mark.anyio

GOOD = ("https://pay.example/x", "/x/liar/checkout/1", "http://127.0.0.1:4242/pay")
BAD = ("//evil.example", "/\\evil.example", "http://pay.example/x", "/a\r\nSet-Cookie: x", "javascript:alert(1)", "")


class Guide:
    """Sends people where a test says."""

    key, title = "liar", "Guide"

    def __init__(self, url: Any, key: str = "k") -> None:
        self.url, self.given = url, key

    async def create_checkout(self, ctx: Any, request: CheckoutRequest) -> CheckoutSession:
        return CheckoutSession(key=self.given, provider_ref="p", url=self.url, expires_at=ctx.now())

    async def create_setup(self, ctx: Any, request: SetupRequest) -> CheckoutSession:
        return CheckoutSession(key=self.given, provider_ref="p", url=self.url, expires_at=ctx.now())

    async def charge(self, ctx: Any, request: ChargeRequest) -> ChargeResult:
        return ChargeResult(key=request.key, outcome=Outcome.DECLINED, code="confirm", action_url=self.url)


async def guided(url: Any, key: str = "k") -> TenantProvider:
    host = make_host("liar", board=on("liar"))
    await host.start()
    one = await host.provider(NORTH, "liar")
    stub: Any = Guide(url, key)
    return replace(one, provider=stub)


def checkout() -> CheckoutRequest:
    return CheckoutRequest(
        key="k", amount=Money.of(10, "EUR"), description="x", customer=CustomerRef(id="c"), return_url="https://a.example",
        cancel_url="https://a.example", expires_at=None,  # type: ignore[arg-type]
    )  # fmt: skip


def setup() -> SetupRequest:
    return SetupRequest(
        key="k", customer=CustomerRef(id="c"), return_url="https://a.example", cancel_url="https://a.example",
        consent="x",
    )  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
async def test_pages_that_may_be_shown(url: str) -> None:
    """The guard changes nothing about a sound address."""
    one = await guided(url)
    assert (await one.create_checkout(checkout())).url == url
    assert (await one.create_setup(setup())).url == url
    result = await one.charge(ChargeRequest(
        key="k", amount=Money.of(10, "EUR"), description="x", customer=CustomerRef(id="c"), method="m"
    ))  # fmt: skip
    assert result.action_url == url
    assert one.caller.total.failed == 0


@pytest.mark.parametrize("url", BAD)
async def test_pages_that_lead_nowhere(url: str) -> None:
    """Neither to pay nor to save a method; counted against the provider. What became of a charge stands without it."""
    one = await guided(url)
    with pytest.raises(PluginUnavailable, match="leads nowhere"):
        await one.create_checkout(checkout())
    with pytest.raises(PluginUnavailable, match="leads nowhere"):
        await one.create_setup(setup())
    assert one.caller.total.failed == 2
    one = await guided(url)
    result = await one.charge(ChargeRequest(
        key="k", amount=Money.of(10, "EUR"), description="x", customer=CustomerRef(id="c"), method="m"
    ))  # fmt: skip
    assert (result.outcome, result.code, result.action_url) == (Outcome.DECLINED, "confirm", "")
    assert one.caller.total.failed == (1 if url else 0)


async def test_the_page_of_another_request() -> None:
    """A session under another key is somebody else's page."""
    one = await guided("https://pay.example/x", "other")
    for ask in (one.create_checkout(checkout()), one.create_setup(setup())):
        with pytest.raises(PluginUnavailable, match="does not belong"):
            await ask
