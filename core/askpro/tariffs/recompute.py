"""A stored call priced again from what is stored, step by step (promise 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from askpro import db
from askpro.errors import Conflict, NotFound
from askpro.tariffs.card import Direction, Level
from askpro.tariffs.chain import Chain, Refusal
from askpro.tariffs.chains import CommissionTerms
from askpro.tariffs.content import version
from askpro.tariffs.explain import Step, explain
from askpro.tariffs.rating import Call, Rating, rate
from askpro.tenancy.model import PLATFORM

__all__ = ("Explained", "recompute")


@dataclass(frozen=True, slots=True)
class Explained:
    """A booked call and the way to its price. Amounts are 10⁻⁶ of ``currency``.

    ``retail`` and ``wholesale`` are None, and the steps empty, for a call nobody answered.
    """

    usage_id: UUID
    began_at: datetime
    call: Call
    currency: str
    price: int
    cost: int
    commission: int
    billed_seconds: int
    retail: Rating | None
    wholesale: Rating | None
    steps: tuple[Step, ...]
    """How the customer's price came about."""
    cost_steps: tuple[Step, ...]
    terms: CommissionTerms | None


async def recompute(tenant: UUID, usage_id: UUID) -> Explained:
    """Price a booked call again and explain it.

    Raises NotFound; Conflict with code ``number_erased`` when the destination was removed for data protection and
    the price depends on it, or ``price_differs`` when the stored price is not what its versions say: that is an alarm.
    """
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select u.*, c.retail, c.wholesale as bought, c.currency, w.currency as wallet_currency, s.id as scheme_id,"
            " s.kind, s.value, t.kind as tenant_kind from ledger.usage u"
            " join ledger.wallet w on w.tenant_id = u.tenant_id and w.id = u.wallet_id"
            " join tenancy.tenant t on t.id = u.tenant_id"
            " left join tariffs.chain c on c.tenant_id = u.tenant_id and c.id = u.chain_id"
            " left join commissions.scheme s on s.tenant_id = u.tenant_id and s.id = c.commission"
            " where u.tenant_id = $1 and u.id = $2",
            tenant,
            usage_id,
        )
        if row is None:
            raise NotFound("there is no such call")
        chains = {} if row["retail"] is None else await _chains(tenant, row["retail"], row["bought"])
    items = (("token", row["tokens"]), ("booking", row["bookings"]))
    direction: Direction = "outbound" if row["direction"] else "inbound"
    call = Call(direction, row["callee"] or "", row["talk_ms"] or 0, tuple(item for item in items if item[1]))
    sold = cost = None
    if row["talk_ms"] is not None:
        if not chains:
            raise Conflict("this call names no price list", code="price_differs")
        if direction == "outbound" and row["callee"] is None:
            raise Conflict("the number called has been erased", code="number_erased")
        sold = _rated(chains["retail"], call, row["used_before"])
        cost = _rated(chains["wholesale"], call, 0)
    found = (sold.units, sold.billed_seconds, cost.units) if sold and cost else (0, 0, 0)
    stored = (row["price"], row["billed"], row["wholesale"])
    if found != stored:
        raise Conflict(f"stored {stored}, computed {found} (price, seconds, cost)", code="price_differs")
    return Explained(
        usage_id,
        row["began_at"],
        call,
        row["wallet_currency"],
        row["price"],
        row["wholesale"],
        row["commission"],
        row["billed"],
        sold,
        cost,
        tuple(explain(sold)) if sold else (),
        tuple(explain(cost)) if cost else (),
        CommissionTerms(row["scheme_id"], row["kind"], Decimal(row["value"])) if row["scheme_id"] else None,
    )


async def _chains(tenant: UUID, retail: list[UUID], wholesale: list[UUID]) -> dict[str, Chain]:
    rows = await db.fetch(
        "select id, level, currency, effective_from, content from tariffs.version"
        " where (tenant_id = $1 or tenant_id = $2) and id = any($3)",
        tenant,
        PLATFORM,
        [*retail, *wholesale],
    )
    cards = {
        row["id"]: version(row["id"], Level(row["level"]), row["currency"], row["effective_from"], row["content"])
        for row in rows
    }
    return {
        name: Chain([cards[identifier] for identifier in identifiers])
        for name, identifiers in (("retail", retail), ("wholesale", wholesale))
    }


def _rated(chain: Chain, call: Call, used: int) -> Rating:
    result = rate(chain, call, used)
    if isinstance(result, Refusal):
        raise Conflict(f"{result.reason} {result.subject}".strip(), code="price_differs")
    return result
