"""The collections. Every function works in an open book; what is changed was locked before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from askpro_sepa.machine import cancelled, due
from askpro_sepa.model import Debit, debit_of
from askpro_sepa.store import Book

__all__ = (
    "add",
    "announced",
    "by_end_to_end",
    "by_id",
    "by_key",
    "cancel_of_mandate",
    "change",
    "change_all",
    "close_open",
    "of_block",
    "of_customer",
    "of_file",
    "of_mandate",
    "queue",
    "queue_days",
    "returns",
    "search",
    "told",
    "unannounced",
    "untold",
)

_FIELDS = tuple("units" if name == "amount" else name for name in Debit.__dataclass_fields__)
_COLUMNS = ", ".join(_FIELDS)
_MOVES = ("state", "mandate_id", "sequence", "collect_on", "announced_on", "announced_at", "announced_how", "file_id",
          "block", "fault", "code", "credited_at", "settled_on", "returned_at", "news")  # fmt: skip
_SELECT = f"select {_COLUMNS} from plug_sepa.debit where tenant_id = $1"  # noqa: S608 - our own names


async def add(book: Book, debit: Debit) -> bool:
    """Enter it; False when its key is taken."""
    marks = ", ".join(f"${number}" for number in range(2, len(_FIELDS) + 2))
    tag = await book.unit.execute(
        f"insert into plug_sepa.debit (tenant_id, {_COLUMNS}) values ($1, {marks})"  # noqa: S608
        " on conflict (tenant_id, key) do nothing",
        book.tenant,
        *(debit.amount.units if name == "units" else getattr(debit, name) for name in _FIELDS),
    )
    return tag.endswith(" 1")


async def by_key(book: Book, key: str) -> Debit | None:
    """Locked, and as of now."""
    return await _one(book, "key = $2", key)


async def by_id(book: Book, identifier: UUID) -> Debit | None:
    """Locked, and as of now."""
    return await _one(book, "id = $2", identifier)


async def _one(book: Book, condition: str, value: Any) -> Debit | None:
    row = await book.unit.fetchrow(f"{_SELECT} and {condition} for update", book.tenant, value)
    if row is None:
        return None
    before = debit_of(row)
    after = due(before, book.now)
    if after != before:
        await change(book, after)
    return after


async def change(book: Book, debit: Debit) -> None:
    """Write what can move."""
    await change_all(book, [debit])


async def change_all(book: Book, debits: Iterable[Debit]) -> None:
    """Write what can move, of many."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(_MOVES, 3))
    await book.unit.executemany(
        f"update plug_sepa.debit set {sets} where tenant_id = $1 and id = $2",  # noqa: S608
        [(book.tenant, one.id, *(getattr(one, name) for name in _MOVES)) for one in debits],
    )


async def queue(book: Book, until: date, most: int) -> list[Debit]:
    """What waits to be written and is to be collected by that day, locked; two who ask at once never get the same."""
    rows = await book.unit.fetch(
        f"{_SELECT} and state = 'queued' and collect_on <= $2 order by collect_on, id limit $3 for update",
        book.tenant, until, most,
    )  # fmt: skip
    return [debit_of(row) for row in rows]


async def queue_days(book: Book) -> list[tuple[date, int, int, int, int]]:
    """Day, collections, units, not announced, faulty: what waits to be written."""
    rows = await book.unit.fetch(
        "select collect_on, count(*), sum(units)::bigint,"
        " count(*) filter (where announced_on is distinct from collect_on), count(*) filter (where fault <> '')"
        " from plug_sepa.debit where tenant_id = $1 and state = 'queued'"
        " group by collect_on order by collect_on",
        book.tenant,
    )
    return [tuple(row) for row in rows]


async def by_end_to_end(book: Book, identifiers: Iterable[str]) -> dict[str, Debit]:
    """Those of the bank's numbers that are ours, locked in ascending order."""
    wanted = {found for one in identifiers if (found := _id(one)) is not None}
    rows = await book.unit.fetch(f"{_SELECT} and id = any($2) order by id for update", book.tenant, sorted(wanted))
    return {one.end_to_end: one for one in map(debit_of, rows)}


def _id(end_to_end: str) -> UUID | None:
    text = end_to_end.strip().upper().removeprefix("AP")
    try:
        return UUID(hex=text) if len(text) == 32 else None
    except ValueError:
        return None


async def of_file(book: Book, identifier: UUID, *, lock: bool = False) -> list[Debit]:
    """What stands, or after a rejection stood, in a file."""
    return await _many(book, "file_id = $2", identifier, lock=lock)


async def of_block(book: Book, block: str) -> list[Debit]:
    """A batch of a file, locked."""
    return await _many(book, "block = $2 and file_id is not null", block, lock=True)


async def of_mandate(book: Book, mandate: UUID) -> list[Debit]:
    """What was collected by it, the oldest first."""
    return await _many(book, "mandate_id = $2", mandate)


async def _many(book: Book, condition: str, value: Any, *, lock: bool = False) -> list[Debit]:
    rows = await book.unit.fetch(
        f"{_SELECT} and {condition} order by id{' for update' if lock else ''}", book.tenant, value
    )
    return [debit_of(row) for row in rows]


async def cancel_of_mandate(book: Book, mandate: UUID, code: str) -> int:
    """Whatever waits for it is not collected any more. What stands in a file goes its way. Returns how many."""
    waiting = await _many(book, "mandate_id = $2 and state = 'queued'", mandate, lock=True)
    await change_all(book, [cancelled(one, code, book.now) for one in waiting])
    return len(waiting)


async def of_customer(book: Book, customer: str, most: int = 50) -> list[Debit]:
    """What a customer agreed to, the newest first."""
    rows = await book.unit.fetch(
        f"{_SELECT} and customer = $2 and mandate_id is not null order by id desc limit $3", book.tenant, customer, most
    )
    return [debit_of(row) for row in rows]


async def search(book: Book, state: str = "", text: str = "", most: int = 200) -> list[Debit]:
    """For the staff's list, the newest first."""
    rows = await book.unit.fetch(
        f"{_SELECT} and state not in ('open', 'expired') and ($2 = '' or state = $2) and ($3 = '' or customer = $3"
        " or position(lower($3) in lower(reference)) > 0"
        " or position(upper($3) in 'AP' || upper(replace(id::text, '-', ''))) > 0)"
        " order by id desc limit $4",
        book.tenant, state, text, most,
    )  # fmt: skip
    return [debit_of(row) for row in rows]


async def returns(book: Book, most: int = 200) -> list[Debit]:
    """What came back, the latest first."""
    rows = await book.unit.fetch(
        f"{_SELECT} and returned_at is not null order by returned_at desc, id desc limit $2", book.tenant, most
    )
    return [debit_of(row) for row in rows]


async def unannounced(book: Book, most: int = 200) -> list[Debit]:
    """What is collected on a day of which its customer has not been told, locked in the order of ``queue``."""
    rows = await book.unit.fetch(
        f"{_SELECT} and (state = 'queued' or state = 'exported' and collect_on > $3)"
        " and announced_on is distinct from collect_on order by collect_on, id limit $2 for update",
        book.tenant, most, book.today,
    )  # fmt: skip
    return [debit_of(row) for row in rows]


async def announced(book: Book, debit: Debit, how: str) -> None:
    """The customer has been told of that day."""
    await book.unit.execute(
        "update plug_sepa.debit set announced_on = $3, announced_at = $4, announced_how = $5,"
        " fault = case when fault = 'notice' then '' else fault end"
        " where tenant_id = $1 and id = $2 and collect_on = $3",
        book.tenant, debit.id, debit.collect_on, book.now, how,
    )  # fmt: skip


async def untold(book: Book) -> list[Debit]:
    """What the core has not heard of, after the time until now has passed."""
    ripe = await book.unit.fetch(
        "select id from plug_sepa.debit where tenant_id = $1 and state = 'open' and expires_at <= $2"
        " order by id limit 500",
        book.tenant, book.now,
    )  # fmt: skip
    for row in ripe:
        await by_id(book, row["id"])
    rows = await book.unit.fetch(f"{_SELECT} and told <> news order by id limit 500", book.tenant)
    return [debit_of(row) for row in rows]


async def told(book: Book, debit: Debit, news: str) -> None:
    """The core has heard this of it."""
    await book.unit.execute(
        "update plug_sepa.debit set told = $3 where tenant_id = $1 and id = $2", book.tenant, debit.id, news
    )


async def close_open(book: Book, code: str) -> None:
    """Pages that are still open are closed."""
    rows = await book.unit.fetch(f"{_SELECT} and state = 'open' for update", book.tenant)
    await change_all(book, [cancelled(debit_of(row), code, book.now) for row in rows])
