"""Connect: a reseller's account under the platform's, registered on Stripe's own pages."""

from __future__ import annotations

from typing import Any

from askpro.errors import InvalidInput, NotFound
from askpro.sdk import AccountState, Context, OnboardingLink
from askpro_stripe.book import Book, tenant_of
from askpro_stripe.client import Gone, NoAccess, ask, connect
from askpro_stripe.params import TENANT
from askpro_stripe.scope import Scope, platform_scope, scope_for_new, settings_of

__all__ = ("look_up_account", "owner_of", "prove", "scope_now", "start_onboarding", "state_of")

_CONTROLLERS: dict[str, dict[str, Any]] = {
    # the reseller is Stripe's customer: he pays Stripe, answers for his losses and has the full dashboard
    "direct": {
        "fees": {"payer": "account"},
        "losses": {"payments": "stripe"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "full"},
    },
    # the platform is, and passes money on
    "passed_on": {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
    },
}


async def scope_now(ctx: Context) -> Scope:
    """``scope_for_new``, after a connected account has proved to be this tenant's (see ``prove``).

    Raises InvalidInput (``not_configured``, ``account_not_yours``), and what ``client.ask`` raises.
    """
    scope, settings = scope_for_new(ctx), settings_of(ctx)
    if settings.collecting == "connect":
        await prove(ctx, settings.connect_account or "", scope.live)
    return scope


async def prove(ctx: Context, account: str, live: bool) -> None:
    """A connected account is this tenant's.

    The proof is the account's own metadata, which only the platform can write: a number that somebody typed into the
    settings opens nobody else's account. Raises InvalidInput (``account_not_yours``), and what ``client.ask`` raises.
    """
    if await owner_of(ctx, account, live) != str(tenant_of(ctx).id):
        raise InvalidInput("this account belongs to somebody else", code="account_not_yours")


async def owner_of(ctx: Context, account: str, live: bool) -> str:
    """The tenant whose a connected account is, as the account says it; empty: nobody's here. Errors as ``client.ask``.

    What has proved to be the asking tenant's is not asked again for a day.
    """
    tenant, book = str(tenant_of(ctx).id), Book(ctx)
    if await book.is_bound(account, live):
        return tenant
    try:
        found = await _account(ctx, account)
    except (Gone, NoAccess):  # closed, or not under this platform
        return ""
    owner = str((found.get("metadata") or {}).get(TENANT) or "")
    if owner == tenant:
        await book.bind(account, live)
    return owner


async def start_onboarding(ctx: Context, return_url: str, refresh_url: str) -> OnboardingLink:
    """See Onboarding."""
    settings, tenant, scope = settings_of(ctx), tenant_of(ctx), platform_scope(ctx)
    api = connect(ctx, scope)
    account = settings.connect_account or ""
    if not account:
        kind = "direct" if settings.connect_charges == "direct" else "passed_on"
        made = await ask(
            api.accounts.create_async(
                {
                    "controller": _CONTROLLERS[kind],
                    "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
                    "metadata": {TENANT: str(tenant.id)},
                },
                {"idempotency_key": f"askpro:{tenant.id}:account:{kind}"},
            )
        )
        account = str(made["id"])
        await Book(ctx).bind(account, scope.live)
    elif (found := await _account(ctx, account)).get("metadata", {}).get(TENANT) != str(tenant.id):
        raise InvalidInput(f"{found['id']} belongs to somebody else", code="account_not_yours")
    link = await ask(
        api.account_links.create_async(
            {
                "account": account,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
            }
        )
    )
    return OnboardingLink(url=str(link["url"]), settings={"connect_account": account})


async def look_up_account(ctx: Context) -> AccountState:
    """See Onboarding."""
    account = settings_of(ctx).connect_account
    if not account:
        raise NotFound("no account is connected", code="account_unknown")
    found = await _account(ctx, account)
    if (found.get("metadata") or {}).get(TENANT) != str(tenant_of(ctx).id):
        raise NotFound("no account is connected", code="account_unknown")
    return state_of(found, platform_scope(ctx).live)


def state_of(account: dict[str, Any], live: bool) -> AccountState:
    """An account in the words of the contract."""
    wanted = account.get("requirements") or {}
    missing = {*(wanted.get("currently_due") or ()), *(wanted.get("past_due") or ())}
    return AccountState(
        ref=str(account["id"]),
        can_charge=bool(account.get("charges_enabled")),
        can_pay_out=bool(account.get("payouts_enabled")),
        missing=tuple(sorted(missing)),
        reason=str(wanted.get("disabled_reason") or ""),
        live=live,
    )


async def _account(ctx: Context, account: str) -> dict[str, Any]:
    return await ask(connect(ctx, platform_scope(ctx)).accounts.retrieve_async(account))
