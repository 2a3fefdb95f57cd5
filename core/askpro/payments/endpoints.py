"""Where providers deliver their events: one secret address a tenant, provider and account, made when it is asked for.

The platform's own address is the one that tenants share; which of the two holds for a tenant is the provider's to
say (``ProviderCapabilities.shared_endpoint``). Provider accounts are registered, and asked about, here as well.
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from askpro import clock, db, secrets
from askpro.actor import Actor
from askpro.errors import InvalidInput, NotAllowed, NotFound
from askpro.ids import new_id
from askpro.payments import providers
from askpro.pluginhost.service import merge_settings
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import AccountState, Feature
from askpro.tenancy import audit
from askpro.tenancy.model import PLATFORM, Tenant
from askpro.tenancy.queries import tenant_by_id

__all__ = (
    "Connected",
    "Endpoint",
    "account",
    "account_heard",
    "connect_endpoint",
    "ensure",
    "find",
    "of_tenant",
    "onboarding_link",
    "url",
)

_COLUMNS = "tenant_id, id, provider, account, created_at, last_event_at, accepted, ignored, refused, last_refused_at"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and what came there: stored, signed but about nothing of ours, wrongly signed."""

    tenant_id: UUID
    id: UUID
    provider: str
    account: str
    created_at: datetime
    last_event_at: datetime | None
    accepted: int
    ignored: int
    refused: int
    last_refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of telling a provider our address. ``saved``: names of the tenant's settings that were filled in.

    ``for_operator``: settings that only the operator's environment can hold, secrets among them. They are nowhere
    else: the provider says them once.
    """

    url: str
    saved: tuple[str, ...]
    for_operator: Mapping[str, str]


async def ensure(tenant: UUID, provider: str, account: str = "") -> Endpoint:
    """The endpoint, made if there is none. Raises InvalidInput for what cannot be a provider's key."""
    return (await _row(tenant, provider, account))[0]


async def of_tenant(tenant: UUID) -> list[Endpoint]:
    """The tenant's endpoints, by provider and account."""
    async with db.unit(tenant):
        rows = await db.fetch(
            f"select {_COLUMNS} from payments.endpoint where tenant_id = $1 order by provider, account",  # noqa: S608
            tenant,
        )
    return [Endpoint(*row) for row in rows]


async def find(tenant: UUID | None, provider: str, token: str) -> Endpoint:
    """Whose address that is: of the tenant whose host was asked, or the platform's. Raises NotFound."""
    if _KEY.fullmatch(provider) and 0 < len(token) <= _LONGEST:
        digest = _digest(token)
        for owner in dict.fromkeys((tenant or PLATFORM, PLATFORM)):
            async with db.unit(owner):
                row = await db.fetchrow(
                    f"select {_COLUMNS} from payments.endpoint"  # noqa: S608 - a constant
                    " where tenant_id = $1 and token_hash = $2 and provider = $3",
                    owner,
                    digest,
                    provider,
                )
            if row is not None:
                return Endpoint(*row)
    raise NotFound


async def url(tenant: Tenant, provider: str, account: str = "", *, base_url: str = "") -> str:
    """The address to be told to the provider; the one that tenants share where the provider says so.

    ``base_url``: another origin than ``providers.origin``. Raises NotFound, InvalidInput, PluginUnavailable.
    """
    shared = tenant.id != PLATFORM and await _shared(tenant.id, provider)
    owner = await tenant_by_id(PLATFORM) if shared else tenant
    _, token = await _row(owner.id, provider, "" if shared else account)
    return f"{(base_url or providers.origin(owner)).rstrip('/')}/webhooks/{provider}/{token}"


async def connect_endpoint(tenant: Tenant, provider: str, *, base_url: str = "", by: Actor) -> Connected:
    """Have the provider deliver to our address, and save what it says (its signing secret). Repeatable.

    Outside any unit. Raises InvalidInput (``not_supported``, and its settings), NotAllowed (``operator_only``: the
    shared address is the operator's affair), NotFound, PluginUnavailable.
    """
    _outside()
    one = await providers.provider(tenant.id, provider, for_new=False)
    can = await one.capabilities()
    if Feature.ENDPOINT not in can.features:
        raise InvalidInput(f"{provider} has to be told the address by hand", code="not_supported")
    if can.shared_endpoint and by.kind != "operator":
        raise NotAllowed("the address that resellers share is the operator's", code="operator_only")
    address = await url(tenant, provider, base_url=base_url)
    given = await one.create_endpoint(address)
    saved, others = await _keep(tenant, one.plugin, given, by)
    await audit.record(tenant.id, by, "payments.endpoint", provider, saved=sorted(saved), for_operator=sorted(others))
    return Connected(address, tuple(sorted(saved)), others)


async def onboarding_link(tenant: Tenant, provider: str, return_url: str, refresh_url: str, *, by: Actor) -> str:
    """The page on which the tenant registers with the provider; the account's number is saved before it is shown.

    Outside any unit. Raises InvalidInput, NotFound, PluginUnavailable.
    """
    _outside()
    one = await providers.provider(tenant.id, provider, for_new=False)
    link = await one.start_onboarding(return_url, refresh_url)
    saved, others = await _keep(tenant, one.plugin, link.settings, by)
    if others:
        raise InvalidInput(f"{provider} wants to change what is the operator's", code="setting_unknown")
    await audit.record(tenant.id, by, "payments.onboarding", provider, saved=sorted(saved))
    return link.url


async def account(tenant: UUID, provider: str) -> AccountState:
    """How the tenant's account at the provider stands. Outside any unit. Raises NotFound, PluginUnavailable."""
    _outside()
    return await (await providers.provider(tenant, provider, for_new=False)).look_up_account()


async def account_heard(tenant: UUID, provider: str) -> str:
    """An event says that the account has changed: how it stands now, for the operator's eyes."""
    try:
        found = await account(tenant, provider)
    except NotFound:
        return "no account of ours"
    if found.can_charge and found.can_pay_out and not found.missing:
        return ""
    can = f"charges {'on' if found.can_charge else 'off'}, payouts {'on' if found.can_pay_out else 'off'}"
    said = [can, *([f"wanted: {', '.join(found.missing)}"] if found.missing else []), found.reason]
    return "; ".join(part for part in said if part)[:500]


async def _shared(tenant: UUID, provider: str) -> bool:
    one = await providers.provider(tenant, provider, for_new=False)
    return (await one.capabilities()).shared_endpoint


async def _keep(tenant: Tenant, plugin: str, given: Mapping[str, str], by: Actor) -> tuple[set[str], dict[str, str]]:
    """Save the tenant's part of the settings; (names saved, what is the operator's)."""
    if not given:
        return set(), {}
    return await merge_settings(providers.host(), TenantRef(tenant.id, tenant.slug), plugin, given, by=str(by))


async def _row(tenant: UUID, provider: str, account: str) -> tuple[Endpoint, str]:
    """The endpoint and its token."""
    if not _KEY.fullmatch(provider):
        raise InvalidInput(f"{provider!r} is no provider", code="provider_unknown")
    row: Any = None
    async with db.unit(tenant):
        while row is None:  # once more when somebody else makes it at the same moment
            row = await db.fetchrow(
                f"select {_COLUMNS}, token from payments.endpoint"  # noqa: S608 - a constant
                " where tenant_id = $1 and provider = $2 and account = $3",
                tenant,
                provider,
                account,
            )
            if row is None:
                await _make(tenant, provider, account)
    *values, sealed = row
    found = Endpoint(*values)
    return found, secrets.unseal(sealed, context=_context(tenant, found.id)).decode()


async def _make(tenant: UUID, provider: str, account: str) -> None:
    identifier, token = new_id(), random.token_urlsafe(24)
    await db.execute(
        "insert into payments.endpoint (tenant_id, id, provider, account, token_hash, token, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, provider, account) do nothing",
        tenant,
        identifier,
        provider,
        account,
        _digest(token),
        secrets.seal(token.encode(), context=_context(tenant, identifier)),
        clock.now(),
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _context(tenant: UUID, identifier: UUID) -> str:
    return f"endpoint:{tenant}:{identifier}"


def _outside() -> None:
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
