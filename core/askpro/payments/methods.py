"""A customer's saved ways to pay: list, default, remove, add on the provider's page, the provider's own portal.

The provider keeps them; we keep what was agreed to, and which rule charges which.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from askpro import db
from askpro.actor import Actor
from askpro.errors import AskProError, InvalidInput
from askpro.payments import consent as consents
from askpro.payments import providers, rule
from askpro.payments.consent import Consent
from askpro.people.model import Customer
from askpro.people.queries import customer as read_customer
from askpro.pluginhost import TenantProvider
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import CustomerRef, Feature, ProviderCapabilities, SavedMethod, SetupRequest
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant

__all__ = (
    "Desk", "MethodView", "Overview", "begin_setup", "heard", "make_default", "of_customer", "open_portal", "overview",
    "remove", "saves_on_checkout",
)  # fmt: skip

log = structlog.get_logger("askpro.payments")


@dataclass(frozen=True, slots=True)
class MethodView:
    """A saved method and who keeps it. ``chargeable``: auto-top-up can use it."""

    provider: str
    title: str
    method: SavedMethod
    chargeable: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """A provider that keeps methods: whether one can be added there, whether it has a portal of its own."""

    provider: str
    title: str
    setup: bool
    portal: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """``silent``: the providers that did not answer just now, so that nobody takes the list for all there is."""

    methods: tuple[MethodView, ...]
    desks: tuple[Desk, ...]
    silent: tuple[str, ...]


async def overview(tenant: Tenant, customer: Customer, *, locale: str) -> Overview:
    """Every provider of the tenant that keeps methods, and what it keeps for this customer. Outside any unit."""
    _outside()
    found: list[MethodView] = []
    desks, silent = [], []
    for key in await providers.host().providers(TenantRef(tenant.id)):
        title = key
        try:
            one = await providers.provider(tenant.id, key, locale=locale, for_new=False)
            title = one.ctx.gettext(one.provider.title)
            can = await one.capabilities()
            if Feature.SAVED_METHODS not in can.features or not _speaks(can, customer.currency):
                continue
            desks.append(Desk(key, title, Feature.SETUP in can.features, Feature.PORTAL in can.features))
            chargeable = Feature.OFF_SESSION in can.features
            found += [
                MethodView(key, title, saved, chargeable)
                for saved in await one.list_methods(_who(one, tenant, customer, locale))
            ]
        except AskProError as error:
            log.warning("a provider did not list its methods", provider=key, code=error.code)
            silent.append(title)
    return Overview(tuple(found), tuple(desks), tuple(silent))


async def of_customer(tenant: Tenant, customer: Customer, *, locale: str) -> list[MethodView]:
    """The saved methods of all providers that answer."""
    return list((await overview(tenant, customer, locale=locale)).methods)


async def saves_on_checkout(tenant: UUID, provider: str) -> bool:
    """Whether what a customer pays with on that provider's page can be kept and charged later."""
    try:
        can = await (await providers.provider(tenant, provider)).capabilities()
    except AskProError:
        return False
    return {Feature.SAVED_METHODS, Feature.OFF_SESSION} <= can.features


async def make_default(tenant: Tenant, customer: Customer, provider: str, ref: str, *, by: Actor) -> None:
    """Make a method its provider's default. Raises InvalidInput (``method_unknown``), NotFound, PluginUnavailable."""
    one = await _keeper(tenant.id, provider, customer.locale or tenant.locale)
    await one.set_default_method(_who(one, tenant, customer), ref)
    await audit.record(tenant.id, by, "method.made_default", customer.id, provider=provider, method=ref)


async def remove(tenant: Tenant, customer: Customer, provider: str, ref: str, *, by: Actor) -> None:
    """Forget a method; auto-top-up by it pauses. Raises NotFound, PluginUnavailable.

    One that is not this customer's is left alone: the provider removes from his own only.
    """
    one = await _keeper(tenant.id, provider, customer.locale or tenant.locale)
    await one.remove_method(_who(one, tenant, customer), ref)
    async with db.unit(tenant.id):
        await audit.record(tenant.id, by, "method.removed", customer.id, provider=provider, method=ref)
        for known in await rule.rules_of_method(tenant.id, provider, ref):
            if known.customer_id == customer.id:
                await rule.pause(tenant.id, known.wallet_id, rule.METHOD_REMOVED)


async def begin_setup(
    tenant: Tenant,
    customer: Customer,
    provider: str,
    *,
    consent: Consent,
    by: Actor,
    return_url: str,
    cancel_url: str,
    locale: str,
) -> str:
    """The provider's page on which a method is saved. What the customer agrees to is stored first.

    Raises InvalidInput (``consent_missing``, ``not_supported``), NotFound, PluginUnavailable.
    """
    consent.checked()
    one = await _keeper(tenant.id, provider, locale, Feature.SETUP, for_new=True)
    async with db.unit(tenant.id):
        identifier = await consents.keep(tenant.id, customer, "save_method", provider, consent, by=by)
    request = SetupRequest(
        key=str(identifier),
        customer=_who(one, tenant, customer, locale),
        return_url=return_url,
        cancel_url=cancel_url,
        consent=consent.text,
        currency=customer.currency,
    )
    return (await one.create_setup(request)).url


async def open_portal(tenant: Tenant, customer: Customer, provider: str, *, return_url: str, locale: str) -> str:
    """The provider's own page for a customer's methods. Raises InvalidInput, NotFound, PluginUnavailable."""
    one = await _keeper(tenant.id, provider, locale, Feature.PORTAL)
    return await one.open_portal(_who(one, tenant, customer, locale), return_url)


async def heard(tenant: UUID, provider: str, ref: str) -> str:
    """Something about a method has changed: a rule that charges one which is gone pauses. Repeatable.

    Returns a remark for the operator, mostly none. Raises PluginUnavailable, so that it is asked again later.
    """
    _outside()
    async with db.unit(tenant):
        using = await rule.rules_of_method(tenant, provider, ref) if ref else []
    if not using:
        return ""
    one = await providers.provider(tenant, provider, for_new=False)
    gone = 0
    for known in using:
        customer = await read_customer(tenant, known.customer_id)
        saved = await one.list_methods(CustomerRef(id=str(customer.id), locale=customer.locale or "en"))
        if ref not in {method.ref for method in saved}:
            async with db.unit(tenant):
                gone += await rule.pause(tenant, known.wallet_id, rule.METHOD_REMOVED)
    return "auto-top-up paused: its method is gone" if gone else ""


async def _keeper(
    tenant: UUID, key: str, locale: str, feature: Feature = Feature.SAVED_METHODS, *, for_new: bool = False
) -> TenantProvider:
    _outside()
    one = await providers.provider(tenant, key, locale=locale, for_new=for_new)
    if feature not in (await one.capabilities()).features:
        raise InvalidInput(f"{key} cannot do that", code="not_supported")
    return one


def _who(one: TenantProvider, tenant: Tenant, customer: Customer, locale: str = "") -> CustomerRef:
    """Name and address only for those who may know them."""
    locale = locale or customer.locale or tenant.locale
    if "people.read" in one.grants:
        return CustomerRef(id=str(customer.id), locale=locale, email=customer.email, name=customer.name)
    return CustomerRef(id=str(customer.id), locale=locale)


def _speaks(can: ProviderCapabilities, currency: str) -> bool:
    return can.currencies is None or currency in can.currencies


def _outside() -> None:
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
