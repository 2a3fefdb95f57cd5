"""``POST /webhooks/{provider}/{token}``: events of payment providers, taken as they come and answered at once.

202: stored, and a job does the rest. 200: rightly signed, about nothing of ours. 400: wrongly signed. 404: no such
address on this host. 413: too large. 429: too many. 503: it cannot be verified now, come again.

A reseller's address holds on the reseller's own hosts. The platform's, which resellers share, holds at the base domain
and on every host that is known here, by its token alone: what is in an event, not the host, says whose it is.

The token is no credential: whoever learns the address can only send what a signature has to prove.
"""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from askpro.errors import NotFound
from askpro.payments import deliveries, endpoints
from askpro.sdk.providers import EventRefused
from askpro.tenancy.model import Tenant
from askpro.web import limits
from askpro.web.limits import Policy
from askpro.web.permissions import PUBLIC

__all__ = ("PER_SOURCE", "PER_TENANT", "REFUSED", "UNKNOWN", "deliver", "webhooks_handler")

log = structlog.get_logger("askpro.web.webhooks")

PER_SOURCE = Policy("webhook", 6_000)
"""Deliveries from one address to one endpoint; a provider sends in bursts, from a few addresses."""
PER_TENANT = Policy("webhooks", 12_000)
"""Rightly signed deliveries about one tenant; others cannot use it up."""
REFUSED = Policy("webhook-refused", 20)
"""Wrong signatures from one address at one endpoint."""
UNKNOWN = Policy("webhook-unknown", 30)
"""Addresses that are none, tried from one place."""

_BODY = 262_144


def webhooks_handler() -> HTTPRouteHandler:
    """The one route."""
    made = HTTPRouteHandler(
        "/webhooks/{provider:str}/{token:str}",
        http_method="POST",
        status_code=202,
        opt={"permission": PUBLIC},
        request_max_body_size=_BODY,
        include_in_schema=False,
        name="webhooks",
    )
    return made(deliver)


async def deliver(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Raises NotFound, RateLimited, EventRefused, Unavailable."""
    state: dict[str, Any] = request.scope["state"]
    tenant: Tenant | None = state["tenant"]
    address: str = state["peer"].address
    try:
        endpoint = await endpoints.find(
            tenant.id if tenant else None, request.path_params["provider"], request.path_params["token"]
        )
    except NotFound:
        await limits.enforce(state, (UNKNOWN, address))
        raise
    source = f"{endpoint.id}:{address}"
    await limits.enforce(state, (PER_SOURCE, source))
    body = await request.body()
    headers = _headers(request)
    try:
        verified = await deliveries.verify(endpoint, headers, body)
    except EventRefused:
        log.warning("wrong signature", provider=endpoint.provider, address=address)
        await limits.enforce(state, (REFUSED, source))
        await deliveries.refused(endpoint)
        raise
    await limits.enforce(state, (PER_TENANT, str(verified[0])))
    stored = await deliveries.store(endpoint, verified, headers, body)
    return Response(b"", status_code=202 if stored else 200, media_type="text/plain")


def _headers(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Names are lower case already; of one that came twice the first holds."""
    found: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found
