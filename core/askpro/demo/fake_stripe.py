"""Stripe for the demo: the stand-in of ``askpro.testing.stripe``, and resellers who collect with it.

It keeps nothing: with every start its accounts are new, and so are the endpoints it is told.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterable, Mapping
from urllib.error import URLError
from urllib.request import urlopen

from askpro import db
from askpro.actor import Actor
from askpro.errors import Misconfigured, NotFound
from askpro.payments import endpoints
from askpro.pluginhost import Host, PgSwitchBoard
from askpro.pluginhost.service import disable, enable, offer, save_settings
from askpro.sdk.context import TenantRef
from askpro.tenancy.model import Tenant
from askpro.tenancy.queries import tenant_by_slug

__all__ = ("API_BASE", "leave", "move_in", "program", "wait_for")

API_BASE = "ASKPRO_PLUGIN_STRIPE__API_BASE"
"""The setting that leads the Stripe plugin to the stand-in."""
_BY = Actor("operator", "demo")


def program(port: int, slugs: Iterable[str]) -> list[str]:
    """The stand-in's command line. Another seed every time: a payment's number is never used twice."""
    accounts = [word for slug in slugs for word in ("--account", slug)]
    seed = str(secrets.randbelow(2**31))
    return [sys.executable, "-m", "askpro.testing.stripe", "--port", str(port), "--seed", seed, *accounts]


def wait_for(address: str) -> None:
    """Until it answers. Raises Misconfigured after a quarter of a minute."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/_standin", timeout=2):  # noqa: S310 - an address of ours
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise Misconfigured(f"The stand-in for Stripe does not answer at {address}.")


async def move_in(host: Host, slugs: Iterable[str], base_urls: Mapping[str, str]) -> None:
    """Each reseller has an account there, and the endpoint of ``base_urls`` (by slug) told to it.

    Raises Misconfigured when somebody has entered a key of their own: it would be lost.
    """
    await offer(host, "stripe", by=str(_BY))
    for tenant in await _tenants(slugs):
        at, key = TenantRef(tenant.id, tenant.slug), await _key(tenant)
        if key not in ("", _ours(tenant)):
            raise Misconfigured(f"{tenant.name} has a Stripe key of its own. Take it out first, or use --fresh.")
        await save_settings(host, at, "stripe", {"secret_key": _ours(tenant)}, by=str(_BY))
        await enable(host, at, "stripe", by=str(_BY))
        await endpoints.connect_endpoint(tenant, "stripe", base_url=base_urls[tenant.slug], by=_BY)


async def leave(host: Host, slugs: Iterable[str]) -> None:
    """A demo without the stand-in does not offer what nobody would answer; a key of somebody's own stays in use."""
    for tenant in await _tenants(slugs):
        if await _key(tenant) == _ours(tenant):
            await disable(host, TenantRef(tenant.id, tenant.slug), "stripe", by=str(_BY))


def _ours(tenant: Tenant) -> str:
    return f"sk_test_{tenant.slug}"


async def _key(tenant: Tenant) -> str:
    return str((await PgSwitchBoard().settings(tenant.id, "stripe")).get("secret_key") or "")


async def _tenants(slugs: Iterable[str]) -> list[Tenant]:
    found = []
    async with db.platform_unit("demo: who pays with Stripe", actor=str(_BY)):
        for slug in slugs:
            try:
                found.append(await tenant_by_slug(slug))
            except NotFound:
                continue
    return found
