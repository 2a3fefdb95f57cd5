"""Facts of the house become mails: one listener of the outbox, one table that says which fact is told to whom.

A mail's key is the kind of the fact and the number of what it is about, so a fact told twice is one mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from askpro import db
from askpro.errors import NotFound
from askpro.events.subscribers import Event, Subscriber, subscribe
from askpro.ledger.queries import wallet
from askpro.messages.kinds import KINDS
from askpro.messages.service import queue
from askpro.money import Money
from askpro.wallets.four_eyes import answerable

__all__ = ("FACTS", "Fact", "listen", "tell")


@dataclass(frozen=True, slots=True)
class Fact:
    """Which parts of an event's payload its mail shows.

    ``about``: the number that makes the fact this one and no other; empty: the event's own. ``money`` and ``texts``
    must be there, ``may`` need not (None then; money is told by its name).
    """

    about: str = ""
    money: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    balance: bool = False


_AMOUNTS = ("net", "tax", "gross")

FACTS: Mapping[str, Fact] = {
    "topup.settled": Fact("order", _AMOUNTS, ("order", "reference"), balance=True),
    "topup.pending": Fact("order", _AMOUNTS, ("order", "reference")),
    "topup.declined": Fact("order", _AMOUNTS, ("order", "reference")),
    "autotopup.confirm": Fact("order", texts=("url",), may=("gross", "reference")),
    "autotopup.paused": Fact("order", texts=("reason",), may=("declines",)),
    "refund.settled": Fact("refund", _AMOUNTS, ("order", "reference")),
    "refund.declined": Fact("refund", _AMOUNTS, ("order", "reference"), ("reason",)),
    "dispute.opened": Fact("dispute", ("amount",), ("dispute", "reference"), ("reason", "answer_by")),
    "dispute.withdrawn": Fact("dispute", ("amount",), ("dispute", "reference"), ("reason", "answer_by")),
    "dispute.won": Fact("dispute", ("amount",), ("dispute", "reference"), ("reason", "answer_by")),
    "dispute.lost": Fact("dispute", ("amount",), ("dispute", "reference"), ("reason", "answer_by")),
    "payout.failed": Fact("payout", texts=("ref",), may=("amount", "code")),
    "wallet.low": Fact("", ("available", "threshold"), may=("level",)),
    "spending.soft_cap": Fact("", ("cap", "spent"), ("scope", "period", "begins", "until"), ("hard",)),
    "promo.granted": Fact("promo", ("amount",), may=("expires_at",)),
    "promo.expiring": Fact("promo", ("amount",), ("expires_at",)),
    "adjustment.waiting": Fact("adjustment", ("amount",), ("adjustment", "reason")),
}
"""Event → its mail. An automatic top-up that is paid is told by ``topup.settled``, in words of its own."""

_FIGURES = frozenset((*_AMOUNTS, "amount", "available", "threshold", "cap", "spent", "hard"))
_INSTANTS = frozenset(("expires_at", "answer_by", "begins", "until"))
_STAFF_TOO: Mapping[str, str] = {"spending.soft_cap": "spending.staff"}
"""Event → what the staff is told besides; of what concerns no single customer only they are."""


def listen() -> None:
    """Hear of these facts from now on. In the unit that records the delivery: what is queued is queued once."""
    subscribe(Subscriber("messages", tuple(FACTS), tell))


async def tell(event: Event) -> None:
    """Queue the mail of a fact, inside the tenant's unit. Raises KeyError when the event lacks what it must say."""
    fact, said = FACTS[event.kind], event.payload
    about = said.get(fact.about) if fact.about else None
    if event.kind == "topup.declined" and not await _was_told_pending(event.tenant, about):
        return  # who was there when the card was refused has seen it
    template = event.kind
    if event.kind == "topup.settled" and said.get("origin") == "auto":
        template = "autotopup.charged"
    values = {name: _value(name, said[name], said) for name in (*fact.money, *fact.texts)}
    values |= {name: _value(name, said.get(name), said) for name in fact.may}
    if fact.balance:
        values["balance"] = await _balance(event.tenant, said)
    key = f"{event.kind}:{about or event.id}"
    if KINDS[template].to == "customer":
        if said["customer"]:
            await queue(event.tenant, template, customer=UUID(said["customer"]), values=values, key=key)
        if event.kind not in _STAFF_TOO:
            return
        template, values["customer_id"] = _STAFF_TOO[event.kind], said["customer"]
    values["customer"] = await _customer(event.tenant, said["customer"]) if said.get("customer") else ""
    asker = await _person(event.tenant, said.get("by"))
    await queue(event.tenant, template, staff=True, values=values, key=key, besides=asker)


def _value(name: str, value: Any, said: Mapping[str, Any]) -> Any:
    if value is None or value == "":
        return None
    if name in _FIGURES:
        return Money(value, said["currency"])
    if name in _INSTANTS:
        # an end is the first moment after it, and people name the day before
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value) - timedelta(seconds=1)
    return value


async def _was_told_pending(tenant: UUID, order: str | None) -> bool:
    there = "select exists (select from messages.mail where tenant_id = $1 and key = $2)"
    return bool(await db.fetchval(there, tenant, f"topup.pending:{order}"))


async def _balance(tenant: UUID, said: Mapping[str, Any]) -> Money | None:
    try:
        found = await wallet(tenant, UUID(said["wallet"]))
    except NotFound:
        return None
    return Money(found.posted, found.currency)


async def _customer(tenant: UUID, customer: str) -> str:
    row = await db.fetchrow(
        "select name, number from people.customer where tenant_id = $1 and id = $2", tenant, UUID(customer)
    )
    return f"{row['name']} ({row['number']})" if row is not None else customer


async def _person(tenant: UUID, actor: str | None) -> UUID | None:
    """The person answerable for what was done, behind a key whoever made it; None for anybody else."""
    kind, _, name = (await answerable(tenant, actor or "")).partition(":")
    try:
        return UUID(name) if kind == "person" else None
    except ValueError:
        return None
