"""The price of reports on every tier, for a known state of their wallets.

One ``Rater`` serves one train: it reads what it needs in one round trip, then rates without waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from askpro import db
from askpro.calls.events import Reason, UsageEvent
from askpro.clock import civil_day
from askpro.commissions.scheme import commission
from askpro.commissions.service import scheme_of
from askpro.ledger.usage import UsageGroup, UsageRow
from askpro.tariffs import chains
from askpro.tariffs.chain import Refusal
from askpro.tariffs.rating import Call, rate

__all__ = ("Priced", "Rater")

_STATE = """
select ord, customer_id, plan_id, status, wallet_id, currency, seq, used_seconds, epoch
  from calls.usage_state($1, $2, $3) order by ord
"""
_MS = timedelta(milliseconds=1)
_LARGEST = 10**15  # 10⁻⁶: a thousand million of a currency; thousands of such calls still add up in bigint
_QUARTER = 900  # every zone's offset is a multiple of a quarter of an hour

_Key: TypeAlias = tuple[UUID, str, date]

_days: dict[tuple[str, int], date] = {}


def _day(began: datetime, zone: str) -> date:
    """``clock.civil_day``, remembered: a feed asks for the same quarter of an hour thousands of times."""
    key = (zone, int(began.timestamp()) // _QUARTER)
    found = _days.get(key)
    if found is None:
        if len(_days) > 50_000:
            _days.clear()
        found = _days[key] = civil_day(began, zone)
    return found


class Priced(NamedTuple):
    """A call ready to be posted."""

    row: UsageRow
    currency: str


class _State:
    """One wallet in one civil month, as the database had it, moved on by what this train has rated."""

    __slots__ = ("cards", "currency", "customer", "groups", "plan", "seq", "used", "wallet")

    def __init__(self, row: Any, cards: chains.TenantCards) -> None:
        self.customer: UUID = row["customer_id"]
        self.plan: UUID | None = row["plan_id"]
        self.wallet: UUID = row["wallet_id"]
        self.currency: str = row["currency"]
        self.seq: int = row["seq"]
        self.used: int = row["used_seconds"]
        self.cards = cards
        self.groups: dict[tuple[Any, ...], int] = {}


class Rater:
    """Rates the reports it was prepared for."""

    def __init__(self) -> None:
        self.groups: list[UsageGroup] = []
        self._keys: list[_Key] = []
        self._states: dict[_Key, _State | None] = {}
        self._new: dict[UUID, chains.Card] = {}

    @classmethod
    async def prepare(cls, reports: Sequence[tuple[UUID, str, UsageEvent]]) -> Rater:
        """Read the state of every wallet and month these reports need."""
        rater = cls()
        wanted: dict[_Key, None] = {}
        for tenant, zone, event in reports:
            wanted[tenant, event.customer, _day(event.started_at, zone).replace(day=1)] = None  # type: ignore[arg-type]
        keys = list(wanted)
        for row in await cls._read(keys):
            key = keys[row["ord"] - 1]
            usable = row["wallet_id"] is not None and row["status"] != "closed"
            rater._states[key] = _State(row, await chains.cached(key[0], row["epoch"])) if usable else None
        rater._keys = keys
        return rater

    async def refresh(self) -> None:
        """Read the wallets' state again and rate anew from there; the prices are those of before."""
        self.groups = []
        for row in await self._read(self._keys):
            state = self._states[self._keys[row["ord"] - 1]]
            if state is not None:
                state.seq, state.used = row["seq"], row["used_seconds"]
                state.groups.clear()

    @staticmethod
    async def _read(keys: list[_Key]) -> list[Any]:
        return await db.call(_STATE, [k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys])

    def price(
        self, tenant: UUID, zone: str, event: UsageEvent, identifier: UUID, actor: str
    ) -> Priced | tuple[Reason, str]:
        """Rate one checked report; a reason instead where it has no price or no wallet."""
        began: datetime = event.started_at  # type: ignore[assignment]
        ended: datetime = event.ended_at  # type: ignore[assignment]
        answered = event.answered_at
        day = _day(began, zone)
        state = self._states.get((tenant, event.customer, day.replace(day=1)))
        if state is None:
            return Reason.UNKNOWN_CUSTOMER, event.customer
        direction = 0 if event.direction == "inbound" else 1
        if answered is None or not event.connected:
            group = self._group(tenant, state, None, day, None, event.source, actor)
            return Priced(
                UsageRow(group, identifier, event.id, began, (ended - began) // _MS, None, direction, event.from_number,
                         event.to_number, event.tokens, event.bookings, 0, 0, False, 0, 0, 0),
                state.currency,
            )  # fmt: skip
        pricing = state.cards.chain_for(state.customer, state.plan, state.currency, answered)
        if pricing is None:
            return Reason.RATE_MISSING, "no price list is in force"
        talk = (ended - answered) // _MS
        call = Call(event.direction, event.to_number, talk, (("token", event.tokens), ("booking", event.bookings)))  # type: ignore[arg-type]
        retail = rate(pricing.retail, call, state.used)
        if isinstance(retail, Refusal):
            return Reason(retail.reason), retail.subject
        wholesale = rate(pricing.wholesale, call)
        if isinstance(wholesale, Refusal):
            return Reason(wholesale.reason), wholesale.subject
        units = retail.units
        cost = wholesale.units
        billed = retail.billed_seconds
        if units > _LARGEST or cost > _LARGEST:
            return Reason.TOO_EXPENSIVE, ""
        entry = retail.entry
        stateful = entry.plan.zones is not None
        group = self._group(tenant, state, state.seq if stateful else None, day, pricing.id, event.source, actor)
        if not pricing.kept:
            self._new[pricing.id] = pricing
        earned = commission(scheme_of(pricing.commission), units, cost, billed) if pricing.commission is not None else 0
        row = UsageRow(
            group, identifier, event.id, began, (answered - began) // _MS, talk, direction, event.from_number,
            event.to_number, event.tokens, event.bookings, billed, state.used if stateful else 0, entry.metered,
            units, cost, earned,
        )  # fmt: skip
        if entry.metered:
            state.used += billed
        return Priced(row, state.currency)

    async def keep_cards(self) -> None:
        """Store the price lists these calls were rated by; to be awaited before they are posted."""
        for card in self._new.values():
            await chains.keep(card)

    def _group(
        self, tenant: UUID, state: _State, seq: int | None, day: date, chain: UUID | None, source: str, actor: str
    ) -> int:
        key = (day, chain, source, actor, seq)
        found = state.groups.get(key)
        if found is None:
            self.groups.append(UsageGroup(tenant, state.wallet, seq, day, chain, source, actor))
            found = state.groups[key] = len(self.groups)
        return found
