"""Machines: ``Authorization: Bearer <key>``, limits and scopes, in one place for the whole API.

The key is looked up in the tenant of the host, so a key of another tenant is an unknown key. Failures are counted by
address; a good key is counted by key and by tenant.

``admit`` runs before each handler. It is no Litestar guard: those are given a copy of the handler, made anew for every
request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import structlog
from litestar import Request

from askpro.errors import NotAllowed, NotAuthenticated
from askpro.people import keys
from askpro.tenancy.model import Tenant
from askpro.web import limits
from askpro.web.limits import Policy, Rule

__all__ = ("ATTEMPTS", "PER_KEY", "PER_TENANT", "USAGE_PER_KEY", "admit")

log = structlog.get_logger("askpro.web.auth")

PER_KEY = Policy("key", 1_200)
PER_TENANT = Policy("tenant", 6_000)
USAGE_PER_KEY = Policy("usage", 600_000)
"""Reports of calls: each may hold a thousand, and telephony does not wait."""
ATTEMPTS = Policy("attempts", 30)
"""Wrong keys from one address."""

_LONGEST = 200


async def admit(request: Request[Any, Any, Any]) -> None:
    """Authenticate, count, authorise.

    Raises NotAuthenticated, RateLimited, NotAllowed (``scope_missing``).
    """
    state: dict[str, Any] = request.scope["state"]
    opt: dict[str, Any] = request.scope["route_handler"].opt
    if request.method == "OPTIONS" and "permission" not in opt:
        return  # Litestar's own answer: the methods there are
    tenant: Tenant = state["tenant"]
    try:
        key = await keys.authenticate(tenant.id, _bearer(request))
    except NotAuthenticated:
        await limits.enforce(state, (ATTEMPTS, state["peer"].address))
        log.warning("wrong API key", address=state["peer"].address)
        raise
    state["key"] = key
    await limits.enforce(state, *_rules(opt.get("policy"), str(key.id), tenant))
    permission: str = opt["permission"]
    if not key.allows(permission):
        log.warning("scope missing", key=str(key.id), scope=permission)
        raise NotAllowed(f"this key lacks the scope {permission}", code="scope_missing")


def _rules(policy: Policy | None, key: str, tenant: Tenant) -> tuple[Rule, ...]:
    """By key and by tenant. Telephony's own policies are as much wider for the tenant as the general ones."""
    if policy is not None:
        return (policy, key), (_for_tenant(policy), str(tenant.id))
    chosen = tenant.settings.api_per_minute
    return (PER_KEY, key), (Policy("tenant", chosen) if chosen else PER_TENANT, str(tenant.id))


@lru_cache(maxsize=64)
def _for_tenant(policy: Policy) -> Policy:
    return Policy(f"{policy.name}-tenant", policy.quota * PER_TENANT.quota // PER_KEY.quota, policy.seconds)


def _bearer(request: Request[Any, Any, Any]) -> str:
    """The one token of the one Authorization header. Raises NotAuthenticated for anything else."""
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(values) != 1:
        raise NotAuthenticated(code="key_missing" if not values else "key_invalid")
    scheme, _, token = values[0].partition(b" ")
    if scheme.lower() != b"bearer" or len(token) > _LONGEST:
        raise NotAuthenticated(code="key_invalid")
    return token.strip().decode("latin-1")
