"""The demo's stand-in for Stripe moves in and out, and leaves a key of somebody's own alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from askpro.demo import fake_stripe
from askpro.errors import Misconfigured
from askpro.payments import inbox, providers
from askpro.pluginhost import (
    Host,
    HostConfig,
    PgSwitchBoard,
    Services,
    migrate_plugins,
    open_store,
    read_applied,
)
from askpro.pluginhost.service import save_settings
from askpro.sdk.context import TenantRef
from askpro.testing.stripe import StripeStandIn
from house import reseller

pytestmark = pytest.mark.anyio

SLUGS = ("nordstern",)
URLS = {"nordstern": "http://nordstern.askpro.localhost:8000"}


@pytest.fixture
async def host(database: Any) -> AsyncIterator[Host]:
    """With Stripe's plugin led to a stand-in that knows the reseller."""
    stripe = StripeStandIn()
    stripe.open_account("nordstern")
    services = Services(
        store=open_store, applied=read_applied, emit_event=inbox.emit_from_plugin, transport=stripe.transport()
    )
    made = Host(HostConfig(only=("stripe",)), services, PgSwitchBoard())
    made.load()
    await migrate_plugins(database.admin_dsn, made.migrations())
    await made.start()
    providers.connect(made)
    yield made
    providers.disconnect()


async def test_it_moves_in_and_out_and_in_again(host: Host) -> None:
    """Offered while it is there, with the endpoint's secret saved; not afterwards; twice does no harm."""
    tenant = TenantRef((await reseller("nordstern")).id, "nordstern")
    for _ in range(2):
        await fake_stripe.move_in(host, SLUGS, URLS)
        assert list(await host.providers(tenant)) == ["stripe"]
        kept = await PgSwitchBoard().settings(tenant.id, "stripe")
        assert kept["secret_key"] == "sk_test_nordstern"
        assert kept["webhook_secret"].startswith("whsec_")
        await fake_stripe.leave(host, SLUGS)
        assert list(await host.providers(tenant)) == []


async def test_a_key_of_ones_own_stays(host: Host) -> None:
    """Neither overwritten nor switched off by a demo with or without the stand-in."""
    tenant = TenantRef((await reseller("nordstern")).id, "nordstern")
    await fake_stripe.move_in(host, SLUGS, URLS)
    await save_settings(host, tenant, "stripe", {"secret_key": "sk_test_myown"}, by="t")
    await fake_stripe.leave(host, SLUGS)
    assert list(await host.providers(tenant)) == ["stripe"]
    with pytest.raises(Misconfigured, match="--fresh"):
        await fake_stripe.move_in(host, SLUGS, URLS)
    assert (await PgSwitchBoard().settings(tenant.id, "stripe"))["secret_key"] == "sk_test_myown"
