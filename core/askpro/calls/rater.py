"""The price of reports on every tier, for a known state of their wallets.

One ``Rater`` serves one train: it reads what it needs in one round trip, then rates without waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from askpro import db
from askpro.calls.events import Reason
from askpro.calls.item import Item
from askpro.clock import civil_day
from askpro.commissions.scheme import commission
from askpro.commissions.service import scheme_of
from askpro.ledger.usage import UsageGroup, UsageRow
from askpro.tariffs import chains
from askpro.tariffs.chain import Refusal
from askpro.tariffs.rating import price

__all__ = ("Priced", "Rater", "WalletState")

_STATE = """
select ord, customer_id, plan_id, status, wallet_id, currency, seq, used_seconds, epoch
  from calls.usage_state($1, $2, $3) order by ord
"""
_MS = timedelta(milliseconds=1)
_LARGEST = 10**15  # 10⁻⁶: a thousand million of a currency; thousands of such calls still add up in bigint
_DIRECTIONS = {"inbound": 0, "outbound": 1}
_QUARTER = 900  # every zone's offset is a multiple of a quarter of an hour

_Key: TypeAlias = tuple[UUID, str, date]

_days: dict[tuple[str, int], tuple[date, date]] = {}


def _day(began: datetime, zone: str) -> tuple[date, date]:
    """``clock.civil_day`` and the first of its month, remembered: a feed asks for the same quarter of an hour thousands
    of times."""
    key = (zone, int(began.timestamp()) // _QUARTER)
    found = _days.get(key)
    if found is None:
        if len(_days) > 50_000:
            _days.clear()
        day = civil_day(began, zone)
        found = _days[key] = day, day.replace(day=1)
    return found


class Priced(NamedTuple):
    """A call ready to be posted."""

    row: UsageRow
    currency: str


class WalletState:
    """One wallet in one civil month, as the database had it, moved on by what this train has rated."""

    __slots__ = ("card_at", "currency", "groups", "seq", "used", "wallet")

    def __init__(self, row: Any, cards: chains.TenantCards) -> None:
        self.wallet: UUID = row["wallet_id"]
        self.currency: str = row["currency"]
        self.seq: int = row["seq"]
        self.used: int = row["used_seconds"]
        self.card_at = cards.line(row["customer_id"], row["plan_id"], self.currency).at
        self.groups: dict[tuple[Any, ...], int] = {}


class Rater:
    """Rates the reports it was prepared for."""

    def __init__(self) -> None:
        self.groups: list[UsageGroup] = []
        self._keys: list[_Key] = []
        self._states: list[WalletState | None] = []
        self._new: dict[UUID, chains.Card] = {}

    @classmethod
    async def prepare(cls, items: Sequence[Item]) -> Rater:
        """Read the state of every wallet and month these checked reports need, and give each its own."""
        rater = cls()
        wanted: dict[_Key, list[Item]] = {}
        for item in items:
            item.day, month = _day(item.event.started_at, item.zone)  # type: ignore[arg-type]
            key = (item.tenant, item.event.customer, month)
            if (theirs := wanted.get(key)) is None:
                wanted[key] = [item]
            else:
                theirs.append(item)
        rater._keys = keys = list(wanted)
        rater._states = [None] * len(keys)
        for row in await cls._read(keys):
            position = row["ord"] - 1
            usable = row["wallet_id"] is not None and row["status"] != "closed"
            state = WalletState(row, await chains.cached(keys[position][0], row["epoch"])) if usable else None
            rater._states[position] = state
            for item in wanted[keys[position]]:
                item.state = state
        return rater

    async def refresh(self) -> None:
        """Read the wallets' state again and rate anew from there; the prices are those of before."""
        self.groups = []
        for row in await self._read(self._keys):
            state = self._states[row["ord"] - 1]
            if state is not None:
                state.seq, state.used = row["seq"], row["used_seconds"]
                state.groups.clear()

    @staticmethod
    async def _read(keys: list[_Key]) -> list[Any]:
        return await db.call(_STATE, [k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys])

    def price(self, item: Item) -> Priced | tuple[Reason, str]:
        """Rate one report this was prepared for; a reason instead where it has no price or no wallet."""
        event, state = item.event, item.state
        began: datetime = event.started_at  # type: ignore[assignment]
        ended: datetime = event.ended_at  # type: ignore[assignment]
        answered = event.answered_at
        if state is None:
            return Reason.UNKNOWN_CUSTOMER, event.customer
        direction, number, tokens, bookings = event.direction, event.to_number, event.tokens, event.bookings
        if answered is None or not event.connected:
            group = self._group(item, state, None, None)
            return Priced(
                UsageRow(group, item.id, event.id, began, (ended - began) // _MS, None, _DIRECTIONS[direction],  # type: ignore[arg-type]
                         event.from_number, number, tokens, bookings, 0, 0, False, 0, 0, 0),
                state.currency,
            )  # fmt: skip
        card = state.card_at(answered)
        if card is None:
            return Reason.RATE_MISSING, "no price list is in force"
        talk = (ended - answered) // _MS
        pieces = (("token", tokens), ("booking", bookings)) if tokens or bookings else ()
        retail = price(card.retail, direction, number, talk, pieces, state.used)
        if isinstance(retail, Refusal):
            return Reason(retail.reason), retail.subject
        wholesale = price(card.wholesale, direction, number, talk, pieces)
        if isinstance(wholesale, Refusal):
            return Reason(wholesale.reason), wholesale.subject
        units, billed, entry, _ = retail
        cost = wholesale[0]
        if units > _LARGEST or cost > _LARGEST:
            return Reason.TOO_EXPENSIVE, ""
        stateful = entry.plan.zones is not None
        group = self._group(item, state, state.seq if stateful else None, card)
        if not card.kept:
            self._new[card.id] = card
        earned = commission(scheme_of(card.commission), units, cost, billed) if card.commission is not None else 0
        row = UsageRow(
            group, item.id, event.id, began, (answered - began) // _MS, talk, _DIRECTIONS[direction],  # type: ignore[arg-type]
            event.from_number, number, tokens, bookings, billed, state.used if stateful else 0, entry.metered,
            units, cost, earned,
        )  # fmt: skip
        if entry.metered:
            state.used += billed
        return Priced(row, state.currency)

    async def keep_cards(self) -> None:
        """Store the price lists these calls were rated by; to be awaited before they are posted."""
        for card in self._new.values():
            await chains.keep(card)

    def _group(self, item: Item, state: WalletState, seq: int | None, card: chains.Card | None) -> int:
        day: date = item.day  # type: ignore[assignment]
        source, actor = item.event.source, item.actor
        key = (day, card, source, actor, seq)
        found = state.groups.get(key)
        if found is None:
            chain = None if card is None else card.id
            self.groups.append(UsageGroup(item.tenant, state.wallet, seq, day, chain, source, actor))
            found = state.groups[key] = len(self.groups)
        return found
