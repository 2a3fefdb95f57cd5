"""What the application lends to the host, so that the host itself knows no domain and no page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from askpro.money import Money
from askpro.sdk.context import Store, TenantRef
from askpro.sdk.payments import ProviderEvent

__all__ = ("PageScope", "Services")

EmitEvent = Callable[[str, TenantRef, ProviderEvent], Awaitable[None]]
"""(plugin id, tenant, event): store it in the inbox and return; nothing is booked on its word."""

SendMail = Callable[..., Awaitable[None]]
"""(plugin id, tenant, customer id, subject, paragraphs, key=…): keep the mail and return; it is sent later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageScope:
    """What the application knows of a request to a plugin's page."""

    tenant: TenantRef
    actor: str
    locale: str
    customer: str = ""
    """The customer for whom somebody has signed in; empty for staff and strangers."""
    address: str = ""
    """Where the request came from, behind trusted proxies."""
    csrf_input: Any = ""
    render: Callable[[str, Mapping[str, Any]], str]
    """A plugin's template (``sandbox/checkout.html``) with its values, in the tenant's theme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything is optional: what is missing, plugins cannot have."""

    store: Callable[[str, UUID | None], Store] | None = None
    """(plugin id, tenant id or None) → its tables."""
    applied: Callable[[str], Awaitable[Mapping[int, str]]] | None = None
    """Schema → number and checksum of the migrations that ran there."""
    emit_event: EmitEvent | None = None
    mail: SendMail | None = None
    format_money: Callable[[Money, str], str] = field(default=lambda money, locale: f"{money.decimal} {money.currency}")
    """(amount, locale)."""
    transport: httpx.AsyncBaseTransport | None = None
    """Where plugins' HTTP goes instead of the network: the seam for tests."""
