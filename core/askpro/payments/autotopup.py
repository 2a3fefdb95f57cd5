"""Auto-top-up (D7) as customers and staff decide it: save, switch off, resume. ``fire`` charges by it.

The sweep finds wallets that have run low once a minute; usage itself is booked without a thought for it, so the hot
path pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import Conflict, InvalidInput, NotFound
from askpro.events import emit
from askpro.ledger.queries import wallet as read_wallet
from askpro.money import Money
from askpro.payments import consent as consents
from askpro.payments import providers
from askpro.payments import rule as rules
from askpro.payments.consent import Consent
from askpro.payments.firing import Fired, fire, limits_of, standing
from askpro.payments.rule import Rule
from askpro.payments.topup import bounds
from askpro.people.model import Customer
from askpro.sdk.payments import CustomerRef, Feature, SavedMethod
from askpro.tenancy import audit
from askpro.tenancy.model import Tenant
from askpro.wallets import topup_rule
from askpro.wallets.topup_rule import Mode, Terms

__all__ = (
    "Consent", "Draft", "Fired", "bounds_of", "charged_this_month", "check", "fire", "keep", "limits_of", "resume",
    "rule", "save", "switch_off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as the customer wants it. Amounts are net credit in the wallet's currency."""

    threshold: Money
    mode: Mode
    amount: Money
    monthly_cap: Money
    provider: str
    method: str

    @property
    def terms(self) -> Terms:
        """Its arithmetic."""
        return Terms(self.threshold.units, self.mode, self.amount.units, self.monthly_cap.units)


async def rule(tenant: UUID, wallet: UUID) -> Rule | None:
    """The wallet's rule."""
    async with db.unit(tenant):
        return await rules.read(tenant, wallet)


async def bounds_of(tenant: Tenant, provider: str) -> tuple[Money, Money]:
    """Least and most net credit of one charge by that provider. Raises what ``check`` raises, and NotFound."""
    can = await (await providers.provider(tenant.id, provider)).capabilities()
    found = await limits_of(tenant, can)
    return Money(found.least, tenant.currency), Money(found.most, tenant.currency)


async def charged_this_month(tenant: Tenant, wallet: UUID) -> Money:
    """The net credit that was charged by the rule in this civil month of the tenant, and counts towards its cap."""
    async with db.unit(tenant.id):
        return Money((await standing(tenant, await read_wallet(tenant.id, wallet))).charged, tenant.currency)


async def check(
    tenant: Tenant, customer: Customer, draft: Draft, *, saved: Sequence[SavedMethod] | None = None
) -> tuple[list[tuple[str, str]], SavedMethod | None]:
    """What keeps a draft from being saved, as (field, code), and the method it names. Outside any unit.

    ``saved``: what the provider keeps for the customer, from whoever has just asked; else it is asked. Raises
    NotAllowed (``topup_not_offered``), NotFound (``tax_rate_missing``), PluginUnavailable.
    """
    if db.current() is not None:
        raise RuntimeError("a provider is never called inside a unit")
    bounds(tenant)  # raises where its customers cannot top up by themselves
    if any(amount.currency != customer.currency for amount in (draft.threshold, draft.amount, draft.monthly_cap)):
        return [("amount", "currency_mismatch")], None
    try:
        provider = await providers.provider(tenant.id, draft.provider)
    except NotFound:
        return [("method", "method_unknown")], None
    can = await provider.capabilities()
    if not {Feature.OFF_SESSION, Feature.SAVED_METHODS} <= can.features:
        return [("method", "provider_unknown")], None
    if can.currencies is not None and customer.currency not in can.currencies:
        return [("method", "currency_mismatch")], None
    found = list(topup_rule.conflicts(draft.terms, await limits_of(tenant, can)))
    if saved is None:
        saved = await provider.list_methods(CustomerRef(id=str(customer.id), locale=customer.locale or tenant.locale))
    method = next((one for one in saved if one.ref == draft.method), None)
    if method is None:
        found.append(("method", "method_unknown"))
    return found, method


async def save(tenant: Tenant, customer: Customer, draft: Draft, *, consent: Consent, by: Actor) -> Rule:
    """``check`` a rule and ``keep`` it. Outside any unit.

    Raises what they raise, and InvalidInput with the field of the first conflict (and all of them as ``conflicts``).
    """
    consent.checked()
    _open(customer)
    found, method = await check(tenant, customer, draft)
    if found or method is None:
        raise InvalidInput(code=found[0][1], field=found[0][0], conflicts=found)
    return await keep(tenant, customer, draft, method, consent=consent, by=by)


async def keep(
    tenant: Tenant, customer: Customer, draft: Draft, method: SavedMethod, *, consent: Consent, by: Actor
) -> Rule:
    """Save a rule that ``check`` has just found nothing against, with what was agreed to, and switch it on.

    A rule that is paused for refused payments goes on only with another card (or none that was refused); see
    ``rule``. Raises InvalidInput (``consent_missing``, ``consent_too_long``), Conflict (``closed``).
    """
    consent.checked()
    _open(customer)
    now = clock.now()
    async with db.unit(tenant.id):
        before = await rules.read(tenant.id, customer.wallet_id, lock=True)
        agreed = await consents.keep(
            tenant.id, customer, "auto_topup", draft.provider, consent, by=by, terms=_plain(draft)
        )  # fmt: skip
        state, reason, paused_at = "active", "", None
        fresh = before is None or _lifts(before, draft, method)
        if before is not None and before.reason and not fresh:
            state, reason, paused_at = "paused", before.reason, before.paused_at or now
        await db.execute(
            "insert into payments.rule as r (tenant_id, wallet_id, customer_id, currency, threshold, mode, amount,"
            " monthly_cap, provider, method_ref, method_label, method_fingerprint, mandate, consent_id, state, reason,"
            " paused_at, created_at, changed_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)"
            " on conflict (tenant_id, wallet_id) do update set threshold = excluded.threshold, mode = excluded.mode,"
            " amount = excluded.amount, monthly_cap = excluded.monthly_cap, provider = excluded.provider,"
            " method_ref = excluded.method_ref, method_label = excluded.method_label,"
            " method_fingerprint = excluded.method_fingerprint, mandate = excluded.mandate,"
            " consent_id = excluded.consent_id, state = excluded.state, reason = excluded.reason,"
            " paused_at = excluded.paused_at, changed_at = excluded.changed_at, last_refusal = '',"
            " declines = case when $19 then 0 else r.declines end,"
            " cooldown_seconds = case when $19 then 0 else r.cooldown_seconds end,"
            # a rest after a failure stays; one for the month's cap ends, for the cap may be another now
            " cooldown_until = case when $19 or r.cooldown_seconds = 0 or r.last_refusal = $20 then null"
            " else r.cooldown_until end",
            tenant.id, customer.wallet_id, customer.id, customer.currency, draft.threshold.units, draft.mode,
            draft.amount.units, draft.monthly_cap.units, draft.provider, method.ref, method.label, method.fingerprint,
            method.mandate, agreed, state, reason, paused_at, now, fresh, rules.CAP,
        )  # fmt: skip
        await audit.record(tenant.id, by, "autotopup.saved", customer.wallet_id, **_plain(draft), state=state)
        saved = await _kept(tenant.id, customer.wallet_id)
        if before is not None and before.state == "paused" and state == "active":
            await emit("autotopup.resumed", saved.facts(), tenant=tenant.id)
    return saved


async def switch_off(tenant: UUID, wallet: UUID, *, by: Actor) -> Rule:
    """Charge nothing more by itself; a charge that is under way ends as it ends. Raises NotFound."""
    async with db.unit(tenant):
        before = await _kept(tenant, wallet, lock=True)
        if before.state == "off":
            return before
        await db.execute(
            "update payments.rule set state = 'off', changed_at = $3 where tenant_id = $1 and wallet_id = $2",
            tenant,
            wallet,
            clock.now(),
        )
        await audit.record(tenant, by, "autotopup.switched_off", wallet)
        return await _kept(tenant, wallet)


async def resume(tenant: UUID, wallet: UUID, *, by: Actor) -> Rule:
    """Staff ends a pause, whatever it was for. Raises NotFound, Conflict (``not_paused``)."""
    async with db.unit(tenant):
        before = await _kept(tenant, wallet, lock=True)
        if before.state != "paused":
            raise Conflict("this rule is not paused", code="not_paused")
        await rules.lift(tenant, before)
        await audit.record(tenant, by, "autotopup.resumed", wallet, reason=before.reason)
        return await _kept(tenant, wallet)


def _open(customer: Customer) -> None:
    if customer.status == "closed":
        raise Conflict("this customer is closed", code="closed")


async def _kept(tenant: UUID, wallet: UUID, *, lock: bool = False) -> Rule:
    found = await rules.read(tenant, wallet, lock=lock)
    if found is None:
        raise NotFound("this wallet has no auto-top-up")
    return found


def _lifts(before: Rule, draft: Draft, method: SavedMethod) -> bool:
    """Whether the method of the draft does away with the reason of a pause (D7: another card)."""
    if before.reason == rules.DISPUTE:
        return False
    if before.reason == rules.METHOD_REMOVED:
        return True  # it names one that is there
    if before.method_fingerprint and method.fingerprint:
        return before.method_fingerprint != method.fingerprint
    return (before.provider, before.method_ref) != (draft.provider, draft.method)


def _plain(draft: Draft) -> dict[str, Any]:
    """The draft as JSON: amounts in 10⁻⁶."""
    return {
        "threshold": draft.threshold.units,
        "mode": draft.mode,
        "amount": draft.amount.units,
        "monthly_cap": draft.monthly_cap.units,
        "currency": draft.amount.currency,
        "provider": draft.provider,
        "method": draft.method,
    }
