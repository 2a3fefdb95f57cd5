"""Bookings and unbooked top-ups as the lines a customer sees, latest first, in one order (UI patterns 2, 3, 12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from askpro.clock import day_bounds
from askpro.ledger.queries import StatementLine, statement
from askpro.money import Money
from askpro.payments import queries as payments
from askpro.payments.model import Order
from askpro.web.portal.filters import Cut
from askpro.web.portal.frame import Link
from askpro.web.portal.views import TransactionRow
from askpro.web.portal.visit import Visit

__all__ = ("KINDS", "Position", "Rows", "ledger_kinds", "merged", "rows")

Position = tuple[int, date, UUID, datetime]
"""The last booking of a page: its place in the statement, and when it was booked."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "topup": ("topup",),
    "calls": ("usage", "reaped", "reaped_reversal"),
    "other": (
        "adjustment", "adjustment_reversal", "promo", "promo_reversal", "usage_reversal", "topup_reversal", "refund",
        "fee", "fee_reversal", "expiry", "promo_expired", "expired_on_refund", "dispute", "transfer", "correction",
        "refund_reversal", "dispute_reversal",
    ),
}  # fmt: skip
"""What a customer can choose → kinds of the ledger."""

_SHOWN = {
    "usage": "calls", "usage_reversal": "correction", "topup_reversal": "refund", "adjustment_reversal": "adjustment",
    "reaped": "call", "reaped_reversal": "correction",
    "promo_reversal": "expiry", "promo_expired": "expiry", "expired_on_refund": "expiry", "fee_reversal": "correction",
    "refund_reversal": "correction", "dispute_reversal": "correction",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of lines: ``last`` is set when there are more bookings, ``booked`` sums up the booked ones (10⁻⁶)."""

    shown: tuple[TransactionRow, ...]
    booked: int
    last: Position | None
    bookings: int


def merged(
    visit: Visit, lines: Iterable[StatementLine], orders: Iterable[Order], paid: Mapping[UUID, Order]
) -> tuple[TransactionRow, ...]:
    """Bookings and top-ups that are not booked, as lines in one order."""
    waiting = list(orders)
    found: list[TransactionRow] = []
    for line in lines:
        while waiting and waiting[0].created_at >= line.booked_at:
            found.append(_unbooked(visit, waiting.pop(0)))
        found.append(_booked(visit, line, paid.get(line.id)))
    return (*found, *(_unbooked(visit, order) for order in waiting))


def ledger_kinds(kind: str) -> tuple[str, ...]:
    """The ledger's kinds behind a choice; none for all."""
    return KINDS.get(kind, ())


async def rows(visit: Visit, cut: Cut, *, after: Position | None, limit: int) -> Rows:
    """In the open unit."""
    tenant, wallet = visit.tenant.id, visit.customer.wallet_id
    lines = await statement(
        tenant, wallet, limit=limit + 1, before=after[:3] if after else None, since=cut.start, until=cut.until,
        kinds=ledger_kinds(cut.kind),
    )  # fmt: skip
    more, lines = len(lines) > limit, lines[:limit]
    orders: list[Order] = []
    if cut.kind in ("", "topup"):
        # what was begun between the last booking of the page before and the last of this one
        since, until = _instants(visit, cut)
        if after is not None:
            until = min(until, after[3]) if until else after[3]
        if more:
            since = max(since, lines[-1].booked_at) if since else lines[-1].booked_at
        orders = await payments.unbooked(tenant, wallet, since=since, until=until)
    paid = await payments.by_transfer(tenant, wallet, [line.id for line in lines if line.kind == "topup"])
    last = lines[-1] if more else None
    return Rows(
        merged(visit, lines, orders, paid),
        sum(line.amount for line in lines),
        (last.seq, last.day, last.id, last.booked_at) if last else None,
        len(lines),
    )


def _booked(visit: Visit, line: StatementLine, order: Order | None) -> TransactionRow:
    currency = visit.customer.currency
    detail, url = line.reason, ""
    if order is not None:
        detail, url = _detail(order), f"/topup/{order.id}"
    elif line.calls:
        text = visit.reader.ngettext("%(num)s call", "%(num)s calls", line.calls)
        detail = text % {"num": visit.reader.number(line.calls)}
        url = f"/calls?start={line.day}&end={line.day}"
    return TransactionRow(
        _SHOWN.get(line.kind, line.kind),
        detail,
        line.occurred_at,
        "booked",
        Money(line.amount, currency),
        Money(line.balance, currency),
        url,
    )


def _unbooked(visit: Visit, order: Order) -> TransactionRow:
    remedy = Link(visit.gettext("Try again"), "/topup") if order.state == "declined" else None
    follows = {
        "pending": visit.gettext("credit follows when the money arrives"),
        "unknown": visit.gettext("we are asking the payment service"),
    }.get(order.state)
    detail = f"{_detail(order)} · {follows}" if follows else _detail(order)
    return TransactionRow("topup", detail, order.created_at, order.state, order.net, None, f"/topup/{order.id}", remedy)


def _detail(order: Order) -> str:
    return f"{order.method} · {order.reference}" if order.method else order.reference


def _instants(visit: Visit, cut: Cut) -> tuple[datetime | None, datetime | None]:
    zone = visit.tenant.timezone
    return (
        day_bounds(cut.start, zone)[0] if cut.start else None,
        day_bounds(cut.end, zone)[1] if cut.end else None,
    )
