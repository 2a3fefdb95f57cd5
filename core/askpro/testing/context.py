"""Contexts for tests without a host."""

from __future__ import annotations

from typing import Any

import httpx

from askpro.ids import named_id
from askpro.sdk.context import Context, TenantRef

__all__ = ("make_context", "tenant_ref")


def tenant_ref(slug: str = "nordstern") -> TenantRef:
    """A tenant; the same slug is always the same tenant."""
    return TenantRef(named_id("tenant", slug), slug)


def make_context(
    plugin: str,
    *,
    tenant: TenantRef | None = None,
    settings: Any = None,
    transport: httpx.AsyncBaseTransport | None = None,
    locale: str = "en",
    **means: Any,
) -> Context:
    """A context with just the means that are given; ``transport`` answers the plugin's HTTP (httpx.MockTransport)."""
    if transport is not None:
        means["net"] = httpx.AsyncClient(transport=transport)
    granted = {name.replace("_", "."): thing for name, thing in means.items()}
    return Context(plugin=plugin, tenant=tenant, settings=settings, locale=locale, means=granted)
