"""The rule of auto-top-up as it is stored, and every move of its state (D7). All inside an open unit of the tenant.

active ──► paused     three refusals in a row, one terminal refusal, a removed method, a dispute
paused ──► active     any paid top-up, another card, or staff
either ──► off        by the customer; why it was paused is kept, so that switching it off and on lifts nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from askpro import clock, db
from askpro.events import emit
from askpro.money import Money
from askpro.payments.model import ORDER, Order, order_of
from askpro.wallets import topup_rule
from askpro.wallets.topup_rule import Mode, Terms

__all__ = (
    "CAP",
    "DISPUTE",
    "METHOD_REMOVED",
    "Rule",
    "RuleState",
    "disputed",
    "lift",
    "note",
    "paid",
    "pause",
    "postpone",
    "read",
    "rules_of_method",
)

RuleState: TypeAlias = Literal["active", "paused", "off"]

CAP = "monthly_cap"
"""Why nothing was charged: what the month's cap has left is too little."""
DISPUTE = "dispute"
METHOD_REMOVED = "method_removed"
_ONLY_BY_OTHERS = frozenset({DISPUTE, METHOD_REMOVED})
"""Reasons that a payment does not do away with."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Amounts are net credit. ``reason``: why it is paused: ``declined`` (three in a row), the bank's terminal code,
    ``method_removed``, ``dispute``. ``last_refusal``: why nothing was charged although it was due."""

    wallet_id: UUID
    customer_id: UUID
    threshold: Money
    mode: Mode
    amount: Money
    monthly_cap: Money
    provider: str
    method_ref: str
    method_label: str
    method_fingerprint: str
    mandate: str
    consent_id: UUID
    state: RuleState
    reason: str
    declines: int
    cooldown_seconds: int
    cooldown_until: datetime | None
    last_refusal: str
    open_order: UUID | None
    last_order: UUID | None
    created_at: datetime
    changed_at: datetime
    paused_at: datetime | None

    @property
    def terms(self) -> Terms:
        """Its arithmetic."""
        return Terms(self.threshold.units, self.mode, self.amount.units, self.monthly_cap.units)

    def facts(self, **more: Any) -> dict[str, Any]:
        """What its events tell."""
        found = {"customer": str(self.customer_id), "wallet": str(self.wallet_id), "reason": self.reason}
        return {**found, "declines": self.declines, **more}


async def read(tenant: UUID, wallet: UUID, *, lock: bool = False) -> Rule | None:
    """The wallet's rule; ``lock`` holds it until the unit ends."""
    found = "select * from payments.rule where tenant_id = $1 and wallet_id = $2"
    row = await db.fetchrow(f"{found} for update" if lock else found, tenant, wallet)
    return _rule_of(row) if row is not None else None


async def rules_of_method(tenant: UUID, provider: str, ref: str) -> list[Rule]:
    """The rules that charge a method, unless they are off."""
    rows = await db.fetch(
        "select * from payments.rule where tenant_id = $1 and provider = $2 and method_ref = $3 and state <> 'off'",
        tenant,
        provider,
        ref,
    )
    return [_rule_of(row) for row in rows]


async def pause(tenant: UUID, wallet: UUID, reason: str) -> bool:
    """Pause an active rule; says whether it was one. One event, however often it is asked."""
    rule = await read(tenant, wallet, lock=True)
    if rule is None:
        return False
    if rule.state != "active":
        if reason == DISPUTE:  # the graver reason stays, and is kept while it is off
            await _write(tenant, wallet, reason=reason, paused_at=clock.now())
        return False
    await _pause(tenant, rule, reason, rule.declines)
    return True


async def lift(tenant: UUID, rule: Rule) -> None:
    """End a pause; the next refusal is the first again."""
    await _write(tenant, rule.wallet_id, state="active", reason="", paused_at=None, **_afresh(rule))
    await emit("autotopup.resumed", rule.facts(), tenant=tenant)


async def disputed(tenant: UUID, wallet: UUID, dispute: UUID) -> None:
    """Something was heard of a dispute: what follows is decided by how it stands now, for facts come late and mixed.

    Withdrawn or lost pauses the rule. Won lets it go on, unless another dispute of the wallet is withdrawn or lost.
    """
    rule = await read(tenant, wallet, lock=True)
    if rule is None:
        return
    rows = await db.fetch(
        "select id, state from payments.dispute where tenant_id = $1 and wallet_id = $2"
        " and (id = $3 or state in ('withdrawn', 'lost'))",
        tenant,
        wallet,
        dispute,
    )
    stands = {row["id"]: row["state"] for row in rows}
    if stands.get(dispute) in ("withdrawn", "lost"):
        await pause(tenant, wallet, DISPUTE)
    elif set(stands.values()) == {"won"} and rule.reason == DISPUTE:
        if rule.state == "paused":
            await lift(tenant, rule)
        else:
            await _write(tenant, wallet, reason="", paused_at=None)


async def paid(tenant: UUID, wallet: UUID, at: datetime) -> None:
    """A top-up was paid at that moment: a pause for refused payments ends, and they are counted anew."""
    rule = await read(tenant, wallet, lock=True)
    if rule is None or (rule.paused_at is not None and at < rule.paused_at) or rule.reason in _ONLY_BY_OTHERS:
        return
    if rule.state == "paused":
        await lift(tenant, rule)
    else:  # one that is off forgets why it had been paused
        await _write(tenant, wallet, reason="", paused_at=None, **_afresh(rule))


def _afresh(rule: Rule) -> dict[str, Any]:
    """No refusal and no rest, but the one to the month's end: its cap is reached whoever pays (D7: told once)."""
    found: dict[str, Any] = {"declines": 0, "cooldown_seconds": 0}
    return found if rule.last_refusal == CAP else {**found, "cooldown_until": None, "last_refusal": ""}


async def postpone(tenant: UUID, rule: Rule, reason: str, until: datetime | None = None) -> None:
    """It was due and nothing could be charged: say so once, and wait; until then, or longer each time."""
    rest = rule.cooldown_seconds if until else topup_rule.next_cooldown(rule.cooldown_seconds)
    due = until or clock.now() + timedelta(seconds=rest)
    await _write(tenant, rule.wallet_id, cooldown_seconds=rest, cooldown_until=due, last_refusal=reason)
    facts = rule.facts(available_again=due.isoformat()) | {"reason": reason}
    await emit("autotopup.refused", facts, tenant=tenant)


async def note(tenant: UUID, order_id: UUID) -> Order | None:
    """Count how the rule's last charge ended; once, whoever asks how often. None: it has not, or is counted."""
    wallet = await db.fetchval(
        "select wallet_id from payments.orders where tenant_id = $1 and id = $2 and origin = 'auto'", tenant, order_id
    )
    rule = await read(tenant, wallet, lock=True) if wallet is not None else None
    if rule is None or rule.open_order != order_id:
        return None
    row = await db.fetchrow(
        f"select {ORDER}, a.state as attempt, coalesce((a.detail ->> 'terminal')::boolean, false) as terminal"  # noqa: S608 - constant
        " from payments.orders o join payments.attempt a on a.tenant_id = o.tenant_id and a.order_id = o.id"
        " where o.tenant_id = $1 and o.id = $2",
        tenant,
        order_id,
    )
    order = order_of(row)
    if not order.final:
        return None
    facts = {"order": str(order.id), "reference": order.reference, "net": order.net.units, "tax": order.tax.units,
             "gross": order.gross.units, "currency": order.net.currency, "method": order.method}  # fmt: skip
    if order.state == "settled":
        await _write(
            tenant, wallet, open_order=None, declines=0, cooldown_seconds=0, cooldown_until=None, last_refusal=""
        )
        await emit("autotopup.charged", rule.facts(**facts) | {"reason": "", "declines": 0}, tenant=tenant)
        return order
    bank = row["attempt"] == "declined"
    end = topup_rule.failed(rule.declines, rule.cooldown_seconds, order.reason, terminal=row["terminal"], bank=bank)
    until = clock.now() + timedelta(seconds=end.cooldown)
    await _write(
        tenant, wallet, open_order=None, declines=end.declines, cooldown_seconds=end.cooldown, cooldown_until=until,
        last_refusal=order.reason,
    )  # fmt: skip
    said = {"reason": order.reason, "declines": end.declines, "available_again": until.isoformat()}
    told = rule.facts(**facts) | said
    await emit("autotopup.declined" if bank else "autotopup.refused", told, tenant=tenant)
    if end.pause and rule.state == "active":
        reason = METHOD_REMOVED if order.reason == "method_unknown" else end.pause
        await _pause(tenant, rule, reason, end.declines, facts)
    return order


async def _pause(tenant: UUID, rule: Rule, reason: str, declines: int, facts: Mapping[str, Any] | None = None) -> None:
    await _write(tenant, rule.wallet_id, state="paused", reason=reason, paused_at=clock.now())
    told = rule.facts(method=rule.method_label) | {"reason": reason, "declines": declines, **(facts or {})}
    await emit("autotopup.paused", told, tenant=tenant)


async def _write(tenant: UUID, wallet: UUID, **changes: Any) -> None:
    """The columns by name; they come from this module alone."""
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, 4))
    await db.execute(
        f"update payments.rule set changed_at = $3, {names} where tenant_id = $1 and wallet_id = $2",  # noqa: S608
        tenant,
        wallet,
        clock.now(),
        *changes.values(),
    )


def _rule_of(row: Mapping[str, Any]) -> Rule:
    currency = row["currency"]
    return Rule(
        row["wallet_id"], row["customer_id"], Money(row["threshold"], currency), row["mode"],
        Money(row["amount"], currency), Money(row["monthly_cap"], currency), row["provider"], row["method_ref"],
        row["method_label"], row["method_fingerprint"], row["mandate"], row["consent_id"], row["state"], row["reason"],
        row["declines"], row["cooldown_seconds"], row["cooldown_until"], row["last_refusal"], row["open_order"],
        row["last_order"], row["created_at"], row["changed_at"], row["paused_at"],
    )  # fmt: skip
