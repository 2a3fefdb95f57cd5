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

__all__ = ("Way", "connect", "disconnect", "host", "minor_digits", "objection", "provider", "remarks", "ways")

_host: Host | None = None


def connect(plugin_host: Host) -> None:
    """Say whom to ask, in the lifespan of the application and of the worker."""
    global _host
    _host = plugin_host


def disconnect() -> None:
    """Forget it."""
    global _host
    _host = None


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


async def objection(tenant: UUID, key: str, amount: Money, customer: UUID) -> str:
    """Why this payment may not be begun, as a code; empty: nobody objects. What cannot be asked objects."""
    question = ChargeQuestion(provider=key, amount=amount, customer=str(customer), off_session=False)
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
