"""What is known of a reseller's payment plugins, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from askpro.errors import AskProError, NotFound
from askpro.payments import bank_payouts, providers
from askpro.payments.payout_words import why
from askpro.pluginhost import Host
from askpro.pluginhost.service import FieldView, PluginView, tenant_plugins
from askpro.sdk.context import TenantRef
from askpro.sdk.payments import Feature, ProviderCapabilities
from askpro.sdk.providers import Payouts
from askpro.web.portal.frame import Link, Option
from askpro.web.portal.visit import Visit
from askpro.web.staff.labels import FEATURES, METHODS, badge
from askpro.web.staff.provider_views import PayoutRow, SettingRow, Way
from askpro.web.staff.reasons import reason
from askpro.web.theme.labels import Badge

__all__ = ("PATH", "Known", "host_of", "known", "payouts", "plugin_pages", "ref_of", "setting_rows", "titles", "url_of")

PATH = "/staff/providers"
_LISTED = 6


@dataclass(frozen=True, slots=True)
class Known:
    """A plugin with its providers: key → what it can do for this tenant, or why nobody can say."""

    view: PluginView
    keys: tuple[str, ...]
    abilities: Mapping[str, ProviderCapabilities | AskProError]
    title: str
    summary: str

    @property
    def able(self) -> list[ProviderCapabilities]:
        return [one for one in self.abilities.values() if isinstance(one, ProviderCapabilities)]

    @property
    def test_money(self) -> bool:
        """Whether what it collects is test money."""
        return any(not one.live for one in self.able)

    def badges(self) -> tuple[Badge, ...]:
        """On or off, and whether the money is real."""
        down = badge("provider", "on" if self.view.enabled else "off") if self.view.ready else badge("provider", "down")
        live = [badge("provider", "test" if self.test_money else "live")] if self.able else []
        return (down, *live)

    def ways(self, visit: Visit) -> tuple[Way, ...]:
        """Its providers in words."""
        return tuple(_way(visit, self.view.id, key, can) for key, can in self.abilities.items())

    def trouble(self, visit: Visit) -> str:
        """Why it cannot be used, if it cannot."""
        failed = next((one for one in self.abilities.values() if isinstance(one, AskProError)), None)
        return visit.gettext(failed.title) if failed is not None else ""


def host_of(visit: Visit) -> Host:
    """The application's plugin host."""
    found: Host = visit.request.app.state["host"]
    return found


def ref_of(visit: Visit) -> TenantRef:
    """The tenant as plugins know it."""
    return TenantRef(visit.tenant.id, visit.tenant.slug)


def url_of(plugin: str, act: str = "") -> str:
    """A plugin's page, or where one of its forms goes."""
    return f"{PATH}/{plugin}/{act}" if act else f"{PATH}/{plugin}"


async def known(visit: Visit, plugin: str = "") -> list[Known]:
    """The plugins on offer that give a way to pay; with ``plugin`` only that one. Raises NotFound for another."""
    host, found = host_of(visit), []
    for view in await tenant_plugins(host, ref_of(visit)):
        keys = tuple(one.key for one in host.records[view.id].given.providers)
        if not keys or plugin not in ("", view.id):
            continue
        words = host.contexts.gettext(host.records[view.id], visit.reader.locale)
        abilities = {key: await _abilities(visit, key) for key in keys}
        found.append(Known(view, keys, abilities, words(view.title), words(view.summary) if view.summary else ""))
    if plugin and not found:
        raise NotFound(code="plugin_unknown")
    return found


async def _abilities(visit: Visit, key: str) -> ProviderCapabilities | AskProError:
    try:
        one = await providers.provider(visit.tenant.id, key, locale=visit.reader.locale, for_new=False)
        return await one.capabilities()
    except AskProError as error:
        return error


def _way(visit: Visit, plugin: str, key: str, can: ProviderCapabilities | AskProError) -> Way:
    _ = visit.gettext
    title = titles(visit)[key]
    if isinstance(can, AskProError):
        return Way(key, title, (), (), trouble=_(can.title))
    methods = ", ".join(_(METHODS[one]) if one in METHODS else one for one in can.methods)
    facts = [(_("Kinds of payment"), methods or _("all")), (_("Currencies"), _currencies(visit, can))]
    currency = visit.tenant.currency
    if bounds := can.limits.get(currency):
        low, high = (visit.reader.money(one) if one else "" for one in (bounds.minimum, bounds.maximum))
        facts.append((_("Amounts in %(currency)s") % {"currency": currency}, f"{low} – {high}".strip(" –")))
    return Way(
        key,
        title,
        tuple(_(FEATURES[feature]) for feature in Feature if feature in can.features),
        tuple(facts),
        url_of(plugin, "endpoint") if Feature.ENDPOINT in can.features and not can.shared_endpoint else "",
        url_of(plugin, "onboarding") if Feature.ONBOARDING in can.features else "",
    )


def _currencies(visit: Visit, can: ProviderCapabilities) -> str:
    """The house's own first; some of them, where there are many."""
    if can.currencies is None:
        return visit.gettext("all")
    listed = sorted(can.currencies, key=lambda one: (one != visit.tenant.currency, one))
    if len(listed) <= _LISTED:
        return ", ".join(listed)
    some = {"some": ", ".join(listed[:_LISTED]), "num": visit.reader.number(len(listed) - _LISTED)}
    return visit.gettext("%(some)s and %(num)s more") % some


def titles(visit: Visit) -> Mapping[str, str]:
    """What each provider is called, by key."""
    host = host_of(visit)
    return {
        one.key: host.contexts.gettext(record, visit.reader.locale)(one.title)
        for record in host.records.values()
        if record.manifest is not None
        for one in record.given.providers
    }


def setting_rows(
    visit: Visit, plugin: str, fields: list[FieldView], typed: Mapping[str, str] | None = None
) -> tuple[SettingRow, ...]:
    """The settings form, with what is saved or with what was ``typed``; never with a secret."""
    host = host_of(visit)
    words = host.contexts.gettext(host.records[plugin], visit.reader.locale)
    rows = []
    for view in fields:
        item = view.field
        value = "" if view.value is None else str(view.value)
        if item.kind == "boolean":
            value = "1" if view.value else ""
        if typed is not None and item.kind != "secret":
            value = typed.get(item.name, "")
        choices = tuple(Option(words(label), one, current=one == value) for one, label in item.choices.items())
        if choices and not item.required and item.default is None:
            choices = (Option("–", "", current=not value), *choices)
        rows.append(
            SettingRow(
                item.name, words(item.title), words(item.help) if item.help else "", item.kind, item.required, value,
                view.given, choices,
            )
        )  # fmt: skip
    return tuple(rows)


def plugin_pages(visit: Visit, plugin: str = "") -> tuple[Link, ...]:
    """Plugins' own pages for staff, as links; with ``plugin`` only that one's."""
    root = f"/x/{plugin}/" if plugin else "/x/"  # "sepa" is not "sepa_plus"
    return tuple(Link(one.label, one.url) for one in visit.pages if one.url.startswith(root))


async def payouts(visit: Visit, one: Known) -> tuple[PayoutRow, ...] | None:
    """The latest payouts to the reseller's bank; None for a plugin that pays nothing out."""
    given = host_of(visit).records[one.view.id].given.providers
    keys = [each.key for each in given if isinstance(each, Payouts)]
    if not keys:
        return None
    return tuple(_payout(visit, each) for each in await bank_payouts.listed(visit.tenant.id, keys))


def _payout(visit: Visit, one: bank_payouts.BankPayout) -> PayoutRow:
    called_back = one.state == "declined" and not one.failed
    words = visit.gettext(text) if (text := why(one.code)) else reason(visit, one.code)
    return PayoutRow(
        one.ref, one.changed_at, badge("payout", "cancelled" if called_back else one.state), one.amount,
        words if one.failed else "", not one.live,
    )  # fmt: skip
