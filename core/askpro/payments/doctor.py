"""What is wrong with a tenant's ways to be paid, said before a customer finds out.

What a provider's own check says comes first hand from the plugin; beside it stands what only the house can see:
addresses, events that came or did not, payments without an end, currencies nobody takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from askpro import clock, db
from askpro.errors import N_, AskProError, InvalidInput, NotFound
from askpro.i18n import reader
from askpro.payments import bank_payouts, endpoints, providers
from askpro.payments.endpoints import Endpoint
from askpro.payments.payout_words import why
from askpro.pluginhost import TenantProvider
from askpro.pluginhost.service import check_settings
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import Feature, ProviderCapabilities
from askpro.tenancy.model import PLATFORM, Tenant

__all__ = ("ProviderFinding", "findings")

Level = Literal["error", "warning", "ok"]
_LEVELS: tuple[Level, ...] = ("error", "warning", "ok")
_DAY = timedelta(days=1)

_TEXTS = {
    "provider_down": N_("The plugin of this payment method is not running."),
    "settings_invalid": N_("The settings cannot be used: {what}"),
    "provider_failed": N_("The payment provider could not be asked: {what}"),
    "endpoint_missing": N_("There is no address for the provider's messages yet."),
    "endpoint_unknown": N_("The provider does not send its messages to this address: {what}"),
    "endpoint_silent": N_("Payments were made, but the provider has never sent a message here."),
    "endpoint_refuses": N_("The provider's messages are refused: the signing secret does not fit."),
    "endpoint_attacked": N_("Messages with a wrong signature were refused: {count} in all."),
    "dead_letters": N_("Messages of the provider that could not be processed: {count}"),
    "unknown_payments": N_("Payments without an answer for more than a day: {count}"),
    "flagged_payments": N_("Payments that do not fit their order and were not credited: {count}"),
    "payout_failed": N_("The last payout to the bank did not arrive: {what}"),
    "test_mode": N_("Payments here are test money, and this is a production system."),
    "currency_missing": N_("Customers have balances in {what}, which this payment method does not take."),
    "well": N_("Everything is in order."),
}
_FACTS = """
select (select count(*) from payments.inbox where tenant_id = $1 and provider = $2 and dead_at is not null) as dead,
       (select count(*) from payments.attempt
         where tenant_id = $1 and provider = $2 and state = 'unknown' and created_at < $3) as unknown,
       (select count(*) from payments.orders
         where tenant_id = $1 and provider = $2 and flag <> '' and state <> 'settled') as flagged,
       (select count(*) from payments.attempt
         where tenant_id = $1 and provider = $2 and state = 'settled' and created_at < $4) as settled,
       array(select distinct currency from ledger.wallet where tenant_id = $1 order by 1) as currencies
"""
_PROVIDERS = """
select provider from payments.endpoint where tenant_id = $1
union select provider from payments.attempt where tenant_id = $1 and state in ('unknown', 'pending')
union select provider from payments.inbox where tenant_id = $1 and dead_at is not null
"""


@dataclass(frozen=True, slots=True)
class ProviderFinding:
    """One line about one provider. ``code`` is stable and empty for what the plugin itself has found."""

    provider: str
    level: Level
    text: str
    code: str = ""


async def findings(tenant: Tenant, provider: str | None = None, *, locale: str = "en") -> list[ProviderFinding]:
    """Everything that can be seen, provider by provider, the worst first; nothing is changed. Outside any unit.

    Of every provider that the tenant has switched on, and of those that something of the tenant's still hangs on.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    keys = {provider} if provider else await _keys(tenant)
    found = []
    for key in sorted(keys):
        said = await _Check(tenant, key, reader(locale, tenant.timezone).gettext, locale).run()
        found += sorted(said, key=lambda one: _LEVELS.index(one.level))
    return found


async def _keys(tenant: Tenant) -> set[str]:
    async with db.unit(tenant.id):
        rows = await db.fetch(_PROVIDERS, tenant.id)
    return {*await providers.host().providers(TenantRef(tenant.id, tenant.slug)), *(row["provider"] for row in rows)}


class _Check:
    """One provider of one tenant."""

    def __init__(self, tenant: Tenant, key: str, gettext: Callable[[str], str], locale: str) -> None:
        self._tenant, self._key, self._gettext, self._locale = tenant, key, gettext, locale
        self._found: list[ProviderFinding] = []

    async def run(self) -> list[ProviderFinding]:
        facts = await self._facts()
        self._books(facts)
        try:
            one = await providers.provider(self._tenant.id, self._key, locale=self._locale, for_new=False)
            can = await one.capabilities()
        except InvalidInput as error:
            self._say("error", "settings_invalid", what=f"{error.field or ''}: {error.detail}".strip(": "))
        except AskProError:
            self._say("error", "provider_down")
        else:
            await self._plugin(one)
            self._money(can, facts["currencies"])
            await self._payouts(can)
            await self._endpoint(one, can, facts["settled"])
        if all(one.level == "ok" for one in self._found):
            self._say("ok", "well")
        return self._found

    def _say(self, level: Level, code: str, **values: Any) -> None:
        text = self._gettext(_TEXTS[code]).format(**values)
        self._found.append(ProviderFinding(self._key, level, text, code))

    async def _facts(self) -> Any:
        now = clock.now()
        async with db.unit(self._tenant.id):
            return await db.fetchrow(_FACTS, self._tenant.id, self._key, now - _DAY, now - _DAY / 24)

    def _books(self, facts: Any) -> None:
        for level, code, count in (
            ("error", "dead_letters", facts["dead"]),
            ("error", "flagged_payments", facts["flagged"]),
            ("warning", "unknown_payments", facts["unknown"]),
        ):
            if count:
                self._say("error" if level == "error" else "warning", code, count=count)

    async def _plugin(self, one: TenantProvider) -> None:
        ref = TenantRef(self._tenant.id, self._tenant.slug)
        try:
            said = await check_settings(providers.host(), ref, one.plugin, locale=self._locale)
        except NotFound:
            return
        self._found += [ProviderFinding(self._key, line.level, line.text) for line in said]

    def _money(self, can: ProviderCapabilities, currencies: list[str]) -> None:
        if not can.live and providers.host().config.production:
            self._say("error", "test_mode")
        missing = [one for one in currencies if can.currencies is not None and one not in can.currencies]
        if missing:
            self._say("warning", "currency_missing", what=", ".join(missing))

    async def _payouts(self, can: ProviderCapabilities) -> None:
        last = await bank_payouts.latest(self._tenant.id, self._key, live=can.live)
        if last is not None and last.failed:
            words = self._gettext(text) if (text := why(last.code)) else last.code.replace("_", " ")
            self._say("error", "payout_failed", what=f"{last.ref}: {words}" if words else last.ref)

    async def _endpoint(self, one: TenantProvider, can: ProviderCapabilities, settled: int) -> None:
        owner = PLATFORM if can.shared_endpoint else self._tenant.id
        row = next((each for each in await endpoints.of_tenant(owner) if each.provider == self._key), None)
        if row is None:
            if Feature.ENDPOINT in can.features:
                self._say("error", "endpoint_missing")
            return
        self._deliveries(row, settled)
        await self._told(one)

    def _deliveries(self, row: Endpoint, settled: int) -> None:
        refused, heard = row.last_refused_at, row.last_event_at
        if refused is not None and clock.now() - refused < _DAY:
            if heard is None or heard < refused - _DAY / 24:
                self._say("error", "endpoint_refuses")
            else:  # rightly signed ones come as well: somebody else tries
                self._say("warning", "endpoint_attacked", count=row.refused)
        elif heard is None and settled:
            self._say("warning", "endpoint_silent")

    async def _told(self, one: TenantProvider) -> None:
        """Whether the provider knows our address, and tells it everything."""
        ours = await endpoints.url(self._tenant, self._key)
        try:
            listed = await one.list_endpoints()
            said = await one.check_endpoint(ours)
        except AskProError as error:
            self._say("warning", "provider_failed", what=error.code)
            return
        path = ours.partition("/webhooks/")[2]
        if listed is not None and path not in {_path(address) for address in listed}:
            self._say("error", "endpoint_unknown", what=ours)
        self._found += [ProviderFinding(self._key, line.level, line.text) for line in said]


def _path(address: str) -> str:
    """Provider and token of an address of ours, whatever host it stands on."""
    return address.partition("/webhooks/")[2].partition("?")[0]
