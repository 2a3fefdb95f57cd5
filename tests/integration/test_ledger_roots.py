"""A changed booking is found out: by the chain in the database, and by a file kept elsewhere when that lies too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_books import Books, make_books, tampering

from askpro import clock, db
from askpro.errors import InvalidInput
from askpro.ledger import merkle, roots

pytestmark = pytest.mark.anyio

ERASABLE = {"caller", "callee"}


@pytest.fixture
async def books(database: Any) -> Books:
    """Books whose entries were booked on three days, the last of them long ago."""
    books = await make_books()
    async with tampering(database.admin_dsn) as admin:
        for table in ("transfer", "usage"):
            await admin.execute(
                f"update ledger.{table} t"
                " set booked_at = timestamptz '2026-03-24 23:59:59.999999+00' + (n % 3) * interval '1 day'"
                f" from (select id, row_number() over (order by id) as n from ledger.{table}) o where o.id = t.id"
            )
    return books


def _top(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, as its text puts it: split at the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + _top(leaves[:split]) + _top(leaves[split:])).digest()


@given(st.integers(1, 700))
def test_the_tree_is_that_of_the_standard(n: int) -> None:
    """Level by level with the odd one out moving up is the same tree as RFC 6962's recursive one."""
    leaves = [sha256(n.to_bytes(4)).digest() for n in range(n)]
    assert merkle.top(leaves) == _top(leaves)


async def test_the_server_makes_the_tree_we_describe(database: Any, books: Books) -> None:
    """Leaves and top made here, row by row, from the description in ``merkle`` are those the statement makes."""
    admin = await asyncpg.connect(database.admin_dsn)
    expected: dict[date, list[bytes]] = {}
    for table, columns in (
        ("transfer", "tenant_id id group_id debit_account credit_account amount currency kind key day occurred_at"
                     " booked_at actor reason reverses calls debit_seq debit_balance credit_seq credit_balance"),
        ("usage", "tenant_id id wallet_id began_at day ring_ms talk_ms billed direction bookings tokens price wholesale"
                  " commission overrun balance_after wallet_seq used_before metered chain_id source external_id"
                  " booked_at"),
    ):  # fmt: skip
        for row in await admin.fetch(f"select * from ledger.{table} order by id"):
            text = json.dumps([table, *(_plain(row[name]) for name in columns.split())], ensure_ascii=False)
            expected.setdefault(row["booked_at"].date(), []).append(sha256(b"\x00" + text.encode()).digest())
    await admin.close()
    async with db.unit(books.tenant):
        found = [tree async for tree in merkle.trees(books.tenant, date(2026, 1, 1), date(2027, 1, 1))]

    assert {tree.day: tree.top for tree in found} == {day: _top(leaves) for day, leaves in expected.items()}
    assert [tree.leaves for tree in found] == [len(expected[tree.day]) for tree in found]
    assert len(found) == 3


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value if isinstance(value, int | None) else str(value)


async def test_many_leaves_fold_on_the_server_as_they_do_here(database: Any, books: Books) -> None:
    """Past one branch (256 leaves), with an odd rest, the server's branches and ours meet in the same top."""
    wallet = await _wallet(books)
    for _ in range(7):
        await books.train([(wallet, 0, 1, 0)] * 100)
    async with db.unit(books.tenant):
        today = [tree async for tree in merkle.trees(books.tenant, date(2026, 4, 1), date(2200, 1, 1))]
        hashes = []
        for leaf in (merkle._leaves("transfer", 0, merkle._TRANSFER), merkle._leaves("usage", 1, merkle._USAGE)):
            rows = await db.fetch(f"{leaf} order by id", books.tenant, datetime(2026, 4, 1, tzinfo=UTC),
                                  datetime(2200, 1, 1, tzinfo=UTC))  # fmt: skip
            hashes += [row["hash"] for row in rows]
    assert [(tree.leaves, tree.top) for tree in today] == [(len(hashes), _top(hashes))]
    assert len(hashes) > 700


async def _wallet(books: Books) -> Any:
    async with db.unit(books.tenant):
        return await db.fetchval("select id from ledger.wallet order by posted desc limit 1")


async def test_sealing_goes_on_where_it_stopped(database: object, books: Books) -> None:
    """Each finished day has one root, chained to the last; sealing again writes nothing."""
    first = await roots.seal(books.tenant, before=date(2026, 3, 26))
    rest = await roots.seal(books.tenant, before=date(2026, 3, 28))
    assert [one.day.day for one in first + rest] == [24, 25, 26]
    assert [one.previous for one in first + rest] == [merkle.GENESIS, first[0].root, first[1].root]
    assert await roots.seal(books.tenant) == []
    async with db.unit(books.tenant):
        assert await roots.kept(books.tenant) == first + rest
    assert await roots.verify(books.tenant) == []


async def test_a_day_is_not_finished_while_a_transaction_of_it_is_open(database: object) -> None:
    """What is being booked may carry that day's date still, so its root has to wait."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with db.shared_unit():
        assert await roots.finished(tomorrow) == tomorrow.date()
    pool = db.DB.pool
    assert pool is not None
    async with pool.acquire() as other, other.transaction():
        await other.execute("select 1")
        async with db.shared_unit():
            assert await roots.finished(tomorrow) == datetime.now(UTC).date()


async def test_a_day_waits_for_its_grace(database: object) -> None:
    """Minutes after midnight yesterday is not closed; a quarter of an hour later it is."""
    async with db.shared_unit():
        assert await roots.finished(datetime(2026, 3, 25, 0, 9, tzinfo=UTC)) == date(2026, 3, 24)
        assert await roots.finished(datetime(2026, 3, 25, 0, 15, tzinfo=UTC)) == date(2026, 3, 25)


async def test_every_column_counts(database: Any, books: Books) -> None:
    """A change in any column of transfers and usage is red; only what may be erased by law is not in the tree.

    The columns come from the catalogue: one that is added later has to be in the tree as well.
    """
    await roots.seal(books.tenant, before=date(2026, 3, 28))
    green = []
    for table in ("transfer", "usage"):
        columns = await _columns(database, table)
        for column, kind in columns:
            async with tampering(database.admin_dsn, table) as admin:
                costly = "price - overrun desc, " if table == "usage" else ""  # so that a unit more still fits
                first = f"select id from ledger.{table} order by {column} is null, {costly}id limit 1"
                changed = _changed(column, kind)
                await admin.execute(f"update ledger.{table} set {column} = {changed} where id = ({first})")
                if not await roots.verify(books.tenant):
                    green.append(column)
    assert set(green) == ERASABLE
    assert await roots.verify(books.tenant) == []


def _changed(column: str, kind: str) -> str:
    if column == "id":  # within its partition
        return "(substr(id::text, 1, 35) || case right(id::text, 1) when '0' then '1' else '0' end)::uuid"
    if column == "direction":  # there are two
        return "1 - direction"
    if kind.startswith("timestamp"):
        return f"{column} + interval '1 microsecond'"
    ways = {"text": f"concat({column}, 'x')", "boolean": f"not {column}", "uuid": "gen_random_uuid()"}
    return ways.get(kind, f"coalesce({column}, 0) + 1" if kind != "date" else f"{column} + 1")


async def _columns(database: Any, table: str) -> list[tuple[str, str]]:
    admin = await asyncpg.connect(database.admin_dsn)
    rows = await admin.fetch(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum",
        f"ledger.{table}",
    )
    await admin.close()
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("transfer", "delete from ledger.transfer where key = 'p-1'"),
        ("usage", "delete from ledger.usage where booked_at < '2026-03-25'"),
        ("usage", "insert into ledger.usage select (u.x).* from (select jsonb_populate_record(u, jsonb_build_object("
                  "'id', substr(u.id::text, 1, 35) || 'f')) as x from ledger.usage u order by id limit 1) u"),
        ("root", "update ledger.root set root = sha256(root) where day = '2026-03-24'"),
        ("root", "update ledger.root set leaves = leaves + 1 where day = '2026-03-24'"),
        ("root", "delete from ledger.root where day = '2026-03-25'"),
    ],
)  # fmt: skip
async def test_more_or_fewer_rows_and_roots_are_red(database: Any, books: Books, table: str, sql: str) -> None:
    """Bookings removed or slipped in, roots changed or removed: red, and green again once undone."""
    await roots.seal(books.tenant, before=date(2026, 3, 28))
    async with tampering(database.admin_dsn, table) as admin:
        assert int((await admin.execute(sql)).split()[-1]) > 0
        assert await roots.verify(books.tenant)
    assert await roots.verify(books.tenant) == []


async def test_erasing_numbers_keeps_the_roots(database: Any, books: Books) -> None:
    """Telephone numbers go when their time is over; the day stays provable."""
    await roots.seal(books.tenant, before=date(2026, 3, 28))
    async with tampering(database.admin_dsn) as admin:
        await admin.execute("update ledger.usage set caller = null, callee = null")
    assert await roots.verify(books.tenant) == []


async def test_an_exported_file_finds_what_the_database_hides(database: Any, books: Books) -> None:
    """Bookings changed and every root made anew: the database is at peace with itself, the file is not."""
    await roots.seal(books.tenant, before=date(2026, 3, 28))
    async with db.unit(books.tenant):
        text = roots.dump(await roots.kept(books.tenant))
    exported = roots.load(text)
    assert await roots.verify(books.tenant, exported=exported) == []

    async with tampering(database.admin_dsn, "usage", "root") as admin:
        await admin.execute("update ledger.usage set price = price + 1 where external_id = 'call-1'")
        await admin.execute("delete from ledger.root")
        await roots.seal(books.tenant, before=date(2026, 3, 28))
        assert await roots.verify(books.tenant) == []
        assert await roots.verify(books.tenant, exported=exported)
        await admin.execute("delete from ledger.root")
        assert await roots.verify(books.tenant, exported=exported)


async def test_a_torn_file_is_noticed_without_a_database() -> None:
    """The chain of a file holds by itself; a line that is not one is named."""
    chain = roots.load(_line(24, "11", "00") + _line(25, "22", "11"))
    assert list(roots.broken_links(chain)) == []
    assert [finding.subject for finding in roots.broken_links(chain[1:])] == ["2026-03-25"]
    assert roots.load(roots.dump(chain)) == chain
    for bad in ("{}", "x", _line(25, "zz", "11")):
        with pytest.raises(InvalidInput, match="line 2"):
            roots.load(_line(24, "11", "00") + bad)


def _line(day: int, root: str, previous: str) -> str:
    values = {"tenant": str(UUID(int=1)), "day": f"2026-03-{day}", "leaves": 1}
    return json.dumps(values | {"root": root * 32, "previous": previous * 32}) + "\n"


async def test_a_day_left_open_too_long_is_found(database: object, books: Books) -> None:
    """No root although the day is long over: somebody must look at the sealing job."""
    with clock.frozen(datetime(2026, 3, 27, 1, tzinfo=UTC)):
        assert [finding.subject for finding in await roots.verify(books.tenant)] == ["2026-03-24"]
