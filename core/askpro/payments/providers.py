"""The plugin host of this process, as payments ask it: which ways to pay a tenant has, and the provider behind one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from askpro.errors import AskProError, NotFound, PluginUnavailable
from askpro.i18n import cldr_digits
from askpro.money import Money
from askpro.pluginhost import Host, TenantProvider
from askpro.sdk.context import TenantRef
from askpro.sdk.notices import ChargeQuestion
from askpro.sdk.payments import Feature
from askpro.settings import Settings
from askpro.tenancy.model import PLATFORM, Tenant

__all__ = (
    "Way",
    "connect",
    "disconnect",
    "host",
    "minor_digits",
    "objection",
    "origin",
    "provider",
    "real_money",
    "remarks",
    "ways",
)

_host: Host | None = None
_settings = Settings()


def connect(plugin_host: Host, settings: Settings | None = None) -> None:
    """Say whom to ask and where we live, in the lifespan of the application and of the worker."""
    global _host, _settings
    _host, _settings = plugin_host, settings or Settings()


def disconnect() -> None:
    """Forget it."""
    global _host, _settings
    _host, _settings = None, Settings()


def origin(tenant: Tenant) -> str:
    """``https://nord.example.com``, for addresses that others keep: always below the base domain, because a
    reseller's own domain may go. The platform lives at the base domain itself; in development the port is shown.
    """
    base = _settings.base_domain
    host = base if tenant.id == PLATFORM else f"{tenant.slug}.{base}"
    return f"https://{host}" if _settings.production else f"http://{host}:{_settings.port}"


def host() -> Host:
    """The process's plugin host. Raises RuntimeError before ``connect``."""
    if _host is None:
        raise RuntimeError("payments know no plugin host: call payments.providers.connect() in the lifespan")
    return _host


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay. ``title`` is in the reader's language; ``live`` False: test money."""

    key: str
    title: str
    methods: tuple[str, ...]
    live: bool


async def provider(tenant: UUID, key: str, *, locale: str = "en", for_new: bool = True) -> TenantProvider:
    """Raises NotFound (``provider_unknown``), PluginUnavailable, InvalidInput (its settings)."""
    return await host().provider(TenantRef(tenant), key, locale=locale, for_new=for_new)


async def ways(tenant: UUID, amount: Money, *, locale: str) -> list[Way]:
    """The checkouts a tenant offers for that currency and amount; one that does not answer is left out."""
    found = []
    for key in await host().providers(TenantRef(tenant)):
        try:
            one = await provider(tenant, key, locale=locale)
            can = await one.capabilities()
        except AskProError:
            continue
        if Feature.CHECKOUT in can.features and can.takes(amount):
            found.append(Way(key, one.ctx.gettext(one.provider.title), can.methods, can.live))
    return found


async def real_money(tenant: UUID) -> list[bool]:
    """Of each provider that new payments of a tenant can be made with: whether its money is real."""
    found = []
    for key in await host().providers(TenantRef(tenant)):
        try:
            can = await (await provider(tenant, key)).capabilities()
        except AskProError:
            continue
        if can.features & {Feature.CHECKOUT, Feature.OFF_SESSION}:
            found.append(can.live)
    return found


async def objection(tenant: UUID, key: str, amount: Money, customer: UUID, *, off_session: bool = False) -> str:
    """Why this payment may not be begun, as a code; empty: nobody objects. What cannot be asked objects."""
    question = ChargeQuestion(provider=key, amount=amount, customer=str(customer), off_session=off_session)
    try:
        refusals = await host().run.decide("may_charge", tenant=TenantRef(tenant), question=question)
    except (PluginUnavailable, NotFound) as error:
        return error.code
    return refusals[0][1].code if refusals else ""


async def remarks(tenant: UUID, page: str, *, locale: str) -> list[str]:
    """What plugins want to have said at the top of a page: that money is test money, for one."""
    found = await host().run.collect("top_of_page", tenant=TenantRef(tenant), locale=locale, page=page)
    return [text for _, text in found if isinstance(text, str) and text]


def minor_digits(currency: str) -> int:
    """Decimals of a currency's smallest coin: what a plugin says (ISO 4217), else what CLDR says."""
    known = _host.currencies().get(currency) if _host is not None else None
    return known.minor_digits if known is not None and known.minor_digits is not None else cldr_digits(currency)
