"""Which prices hold for a customer's call at an instant: all versions of a tenant, loaded at once and remembered.

``cached(tenant, epoch)`` is asked for every train of calls. The epoch (sum of the reseller's and the platform's
``tariff_epoch``, as ``calls.usage_state`` reports it) rises with every publication, so what is remembered is
never older than the caller's own look at the database. Then, for each call::

    card = cards.chain_for(customer_id, plan_id, currency, answered_at)      # None: rate_missing
    price, cost = rate(card.retail, call, used_seconds), rate(card.wholesale, call)
    earned = commission(scheme_of(card.commission), …)                       # commissions.service; None: nothing

and before calls are posted with ``chain_id = card.id``: ``if not card.kept: await keep(card)``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

from askpro import db
from askpro.errors import InvalidInput
from askpro.ids import named_id
from askpro.tariffs.card import Level, TariffVersion
from askpro.tariffs.chain import Chain
from askpro.tariffs.content import version
from askpro.tenancy.model import PLATFORM

__all__ = ("Card", "CommissionTerms", "Line", "TenantCards", "cached", "forget", "keep", "load")

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_LIMIT = 1_000


class CommissionTerms(NamedTuple):
    """The commission scheme in force, as published: ``commissions.service.scheme_of`` calculates with it."""

    id: UUID
    kind: str
    value: Decimal


@dataclass(slots=True, eq=False)
class Card:
    """What a call is priced by: the customer's price, the reseller's cost, the reseller's earnings.

    ``id`` follows from the ids of the versions; stored calls keep it (``ledger.usage.chain_id``).
    """

    tenant_id: UUID
    retail: Chain
    wholesale: Chain
    commission: CommissionTerms | None
    retail_ids: tuple[UUID, ...]
    wholesale_ids: tuple[UUID, ...]
    id: UUID = field(init=False)
    kept: bool = False
    """Whether ``tariffs.chain`` has it: see ``keep``."""

    def __post_init__(self) -> None:
        scheme = self.commission.id if self.commission else ""
        self.id = named_id("prices of a call", *self.retail_ids, "cost", *self.wholesale_ids, "earns", scheme)

    @property
    def currency(self) -> str:
        return self.retail.currency


class _Dated(NamedTuple):
    """One owner's publications in ascending order: the one in force begins last before the instant."""

    moments: list[datetime]
    values: list[Any]

    def at(self, instant: datetime) -> Any:
        position = bisect_right(self.moments, instant)
        return self.values[position - 1] if position else None


_NOTHING = _Dated([], [])
_Stack = tuple[Level, UUID | None, str]


_Owners: TypeAlias = tuple[UUID | None, UUID | None, str]
"""Customer and plan where they have prices of their own, and the currency."""


class Line:
    """The cards of one combination of customer, plan and currency, from one publication to the next."""

    __slots__ = ("_build", "_cards", "_moments", "_owners")

    def __init__(
        self, owners: _Owners, moments: list[datetime], build: Callable[[_Owners, datetime], Card | None]
    ) -> None:
        self._owners, self._moments, self._build = owners, moments, build
        self._cards: list[Card | bool | None] = [False] * (len(moments) + 1)  # False: not built yet

    def at(self, instant: datetime) -> Card | None:
        """The card in force at that instant; None: there is no price."""
        position = bisect_right(self._moments, instant)
        card = self._cards[position]
        if card is False:
            card = self._cards[position] = self._build(self._owners, instant)
        return card  # type: ignore[return-value]  # no bool is left


class TenantCards:
    """All prices of a tenant. Immutable but for what it has compiled so far."""

    def __init__(
        self,
        tenant_id: UUID,
        versions: Iterable[tuple[UUID | None, TariffVersion]],
        blocked: Iterable[str] = (),
        schemes: Iterable[tuple[datetime, CommissionTerms]] = (),
    ) -> None:
        """``versions`` with their owners and ``schemes`` come in the order of beginning, then of id."""
        self.tenant_id = tenant_id
        self.blocked = frozenset(blocked)
        self._schemes = _Dated([], [])
        for moment, terms in schemes:
            _append(self._schemes, moment, terms)
        self._stacks: dict[_Stack, _Dated] = {}
        for owner, card in versions:
            stack = self._stacks.setdefault((card.level, owner, card.currency), _Dated([], []))
            _append(stack, card.effective_from, card)
        self._owners = {owner for _, owner, _ in self._stacks}
        self._lines: dict[_Owners, Line] = {}

    def chain_for(self, customer_id: UUID | None, plan_id: UUID | None, currency: str, at: datetime) -> Card | None:
        """The card in force at the instant a call was answered (D2, D3).

        None: nothing is sold (or bought) in this currency at that time, so the call has no price: ``rate_missing``.
        Customers without prices of their own share one card.
        """
        return self.line(customer_id, plan_id, currency).at(at)

    def line(self, customer_id: UUID | None, plan_id: UUID | None, currency: str) -> Line:
        """All cards of such a customer: who rates many of his calls asks once."""
        owners = self._owners
        key = (
            customer_id if customer_id in owners else None,
            plan_id if plan_id in owners else None,
            currency,
        )
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(key, self.moments(*key), self._build)
        return line

    def moments(self, customer_id: UUID | None, plan_id: UUID | None, currency: str) -> list[datetime]:
        """When something that prices this customer's calls begins to hold, ascending."""
        found = set(self._schemes.moments)
        for stack in (*_retail(customer_id, plan_id, currency), *self._wholesale(currency)):
            found.update(self._stacks.get(stack, _NOTHING).moments)
        return sorted(found)

    def require_fitting(self, customer_id: UUID | None, plan_id: UUID | None, currency: str, at: datetime) -> None:
        """Raises InvalidInput when the levels in force say together what makes no sense (a minimum above a maximum)."""
        if retail := self._in_force(_retail(customer_id, plan_id, currency), at):
            Chain(retail)

    def _wholesale(self, currency: str) -> tuple[_Stack, _Stack]:
        return (Level.PLATFORM, self.tenant_id, currency), (Level.PLATFORM, None, currency)

    def _build(self, owners: _Owners, at: datetime) -> Card | None:
        currency = owners[2]
        retail = self._in_force(_retail(*owners), at)
        wholesale = self._in_force(self._wholesale(currency), at)
        if not retail or not wholesale:
            return None
        try:
            return Card(
                self.tenant_id,
                Chain([*retail, *self._barred(currency)]),
                _shared(wholesale),
                self._schemes.at(at),
                tuple(card.id for card in retail),
                tuple(card.id for card in wholesale),
            )
        except InvalidInput:  # levels that do not fit together price nothing: the call is refused and shown
            return None

    def _in_force(self, stacks: Iterable[_Stack], at: datetime) -> list[TariffVersion]:
        found = (self._stacks.get(stack, _NOTHING).at(at) for stack in stacks)
        return [card for card in found if card is not None]

    def _barred(self, currency: str) -> list[TariffVersion]:
        """What nobody may call, as the last level of every list. It prices nothing: no stored call needs it."""
        if not self.blocked:
            return []
        identifier = named_id("blocked prefixes", *sorted(self.blocked))
        return [
            TariffVersion(
                id=identifier,
                level=Level.PLATFORM,
                currency=currency,
                effective_from=_BEGINNING,
                blocked=self.blocked,
            )
        ]


def _retail(customer_id: UUID | None, plan_id: UUID | None, currency: str) -> list[_Stack]:
    stacks: list[_Stack] = []
    if customer_id is not None:
        stacks.append((Level.CUSTOMER, customer_id, currency))
    if plan_id is not None:
        stacks.append((Level.PLAN, plan_id, currency))
    return [*stacks, (Level.RESELLER, None, currency)]


def _append(dated: _Dated, moment: datetime, value: Any) -> None:
    dated.moments.append(moment)
    dated.values.append(value)


async def load(tenant_id: UUID) -> TenantCards:
    """Read everything that prices a tenant's calls, in two queries."""
    async with db.unit(tenant_id):
        rows = await db.fetch(
            "select id, level, owner_id, currency, effective_from, content from tariffs.version where tenant_id = $1"
            " union all"
            " select id, level, owner_id, currency, effective_from, content from tariffs.version"
            " where tenant_id = $2 and $1 <> $2 and (owner_id is null or owner_id = $1)"
            " order by effective_from, id",
            tenant_id,
            PLATFORM,
        )
        rest = await db.fetchrow(
            "select (select coalesce(array_agg(prefix), '{}') from tariffs.blocked_prefix) as blocked,"
            " (select coalesce(jsonb_agg(jsonb_build_array(effective_from, id, kind, value::text)"
            " order by effective_from, id), '[]') from commissions.scheme where tenant_id = $1) as schemes",
            tenant_id,
        )
    versions = [(row["owner_id"], _read(row)) for row in rows]
    schemes = [
        (datetime.fromisoformat(moment), CommissionTerms(UUID(identifier), kind, Decimal(value)))
        for moment, identifier, kind, value in rest["schemes"]
    ]
    return TenantCards(tenant_id, versions, rest["blocked"], schemes)


_versions: WeakValueDictionary[UUID, TariffVersion] = WeakValueDictionary()
_wholesale: WeakValueDictionary[tuple[UUID, ...], Chain] = WeakValueDictionary()


def _read(row: Any) -> TariffVersion:
    """The version; one object for all tenants it prices, since what is published never changes."""
    identifier: UUID = row["id"]
    found = _versions.get(identifier)
    if found is None:
        level = Level(row["level"])
        found = version(identifier, level, row["currency"], row["effective_from"], row["content"])
        _versions[identifier] = found
    return found


def _shared(versions: list[TariffVersion]) -> Chain:
    """The platform's price lists are most resellers' cost: one compiled chain for all of them. Raises InvalidInput."""
    key = tuple(one.id for one in versions)
    found = _wholesale.get(key)
    if found is None or any(mine is not theirs for mine, theirs in zip(versions, found.versions, strict=True)):
        found = _wholesale[key] = Chain(versions)
    return found


_cache: OrderedDict[UUID, tuple[int, TenantCards]] = OrderedDict()


async def cached(tenant_id: UUID, epoch: int) -> TenantCards:
    """``load``, remembered by the process for as long as nobody publishes.

    ``epoch`` is what the caller read of the database; prices loaded for a later one are as good.
    """
    found = _cache.get(tenant_id)
    if found is not None and found[0] >= epoch:
        return found[1]
    cards = await load(tenant_id)
    _cache[tenant_id] = (epoch, cards)
    _cache.move_to_end(tenant_id)
    while len(_cache) > _CACHE_LIMIT:
        _cache.popitem(last=False)
    return cards


def forget() -> None:
    """Empty the cache: another database is open now (tests, tools)."""
    _cache.clear()
    _versions.clear()
    _wholesale.clear()


async def keep(card: Card) -> None:
    """Store which versions a card is made of, so that its calls can be computed again. Once a card and process.

    To be called before calls are booked with ``card.id``; when the booking fails, a card without calls stays.
    """
    if card.kept:
        return
    async with db.unit(card.tenant_id):
        await db.execute(
            "insert into tariffs.chain (tenant_id, id, currency, retail, wholesale, commission)"
            " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            card.tenant_id,
            card.id,
            card.currency,
            card.retail_ids,
            card.wholesale_ids,
            card.commission.id if card.commission else None,
        )
        db.after_commit(lambda: setattr(card, "kept", True))
