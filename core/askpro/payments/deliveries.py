"""A delivery at an endpoint: verified, stored for whom it is about, counted. What it means is a job's affair.

Not stored are a wrong signature (refused), and an event about nothing of ours (ignored): somebody else's data does
not lie about here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import structlog

from askpro import clock, db
from askpro.errors import AskProError, NotFound, PluginUnavailable, Unavailable
from askpro.payments import inbox, providers
from askpro.payments.endpoints import Endpoint
from askpro.sdk.payments import EventKind, ProviderEvent
from askpro.sdk.providers import EventRefused
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.queries import tenant_by_id

__all__ = ("Verified", "refused", "store", "verify")

log = structlog.get_logger("askpro.payments")

Verified = tuple[UUID, ProviderEvent]
"""Whose event it is, and the event."""

_COUNTED = {
    "accepted": "accepted = accepted + 1, last_event_at = $3",
    "ignored": "ignored = ignored + 1, last_event_at = $3",
    "refused": "refused = refused + 1, last_refused_at = $3",
}


async def verify(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Verified:
    """Read a delivery. ``headers`` with lower-case names.

    At the platform's endpoint an event of a tenant is verified anew, by that tenant's own settings. Raises
    EventRefused, and Unavailable for whatever else stands in the way, so that the provider comes again.
    """
    event = await _verify(endpoint.tenant_id, endpoint.provider, headers, body)
    if not event.tenant or endpoint.tenant_id != PLATFORM:
        return endpoint.tenant_id, event
    nobody = endpoint.tenant_id, replace(event, kind=EventKind.IGNORED)
    try:
        owner = UUID(event.tenant)
        await tenant_by_id(owner)
    except (ValueError, NotFound):
        log.warning("an event about a reseller we do not have", provider=endpoint.provider, event_id=event.id)
        return nobody
    again = await _verify(owner, endpoint.provider, headers, body)
    return nobody if again.tenant else (owner, again)


async def store(
    endpoint: Endpoint, verified: Verified, headers: Mapping[str, str], body: bytes
) -> tuple[UUID, UUID] | None:
    """Keep the event and queue it, once; (tenant, id) of the row, None for an ignored one."""
    tenant, event = verified
    if event.kind is EventKind.IGNORED:
        await _count(endpoint, "ignored")
        return None
    async with db.unit(tenant):
        kept = await inbox.accept(
            tenant, endpoint.provider, event, account=endpoint.account, body=body, headers=inbox.worth_keeping(headers)
        )
        if tenant == endpoint.tenant_id:
            await _count(endpoint, "accepted")
    if tenant != endpoint.tenant_id:
        await _count(endpoint, "accepted")
    return tenant, kept


async def refused(endpoint: Endpoint) -> None:
    """Count a delivery whose signature is wrong."""
    await _count(endpoint, "refused")


async def _verify(tenant: UUID, provider: str, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
    try:
        return await (await providers.provider(tenant, provider, for_new=False)).verify_event(headers, body)
    except (EventRefused, Unavailable):
        raise
    except AskProError as error:  # not there, or not set up: the event may be right all the same
        log.warning("a delivery cannot be verified", provider=provider, code=error.code, tenant_id=str(tenant))
        raise PluginUnavailable from error


async def _count(endpoint: Endpoint, how: str) -> None:
    async with db.unit(endpoint.tenant_id):
        await db.execute(
            f"update payments.endpoint set {_COUNTED[how]} where tenant_id = $1 and id = $2",  # noqa: S608 - constants
            endpoint.tenant_id,
            endpoint.id,
            clock.now(),
        )
