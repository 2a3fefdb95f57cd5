"""The proof is green on honest books and red at one unit, wherever it is changed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from ledger_books import Books, make_books, play, tampering

from askpro import db
from askpro.errors import NotFound
from askpro.ids import new_id
from askpro.ledger import proof
from askpro.ledger.checks import CHECKS
from askpro.ledger.jobs import RedBooksError, prove

pytestmark = pytest.mark.anyio

AMOUNTS = {
    "wallet": ("posted", "overrun", "seq"),
    "bucket": ("granted", "rest"),
    "bucket_draw": ("amount",),
    "transfer": ("amount", "debit_seq", "debit_balance", "credit_seq", "credit_balance"),
    "usage": ("billed", "price", "wholesale", "commission", "overrun", "balance_after", "wallet_seq"),
    "usage_month": ("calls", "answered", "seconds", "metered", "price", "wholesale", "commission", "overrun"),
}
ROW = {"bucket_draw": "transfer_id", "usage_month": "(wallet_id::text || month)"}

DEEDS = {
    "a transfer gone": ("transfer", "delete from ledger.transfer where kind = 'fee' and amount = 900000"),
    "a usage transfer gone": ("transfer", "delete from ledger.transfer where kind = 'usage' and amount = 300"),
    "an overrun's transfer gone": ("transfer", "delete from ledger.transfer where kind = 'overrun' and amount = 250"),
    "a free call gone": ("usage", "delete from ledger.usage where price = 0 and day = '2026-03-25'"),
    "a call gone": ("usage", "delete from ledger.usage where price = 60"),
    "a call on another day": ("usage", "update ledger.usage set day = day + 1 where price = 70"),
    "a call of another wallet": (
        "usage",
        "update ledger.usage set wallet_id = (select wallet_id from ledger.usage where price = 600) where price = 70",
    ),
    "a key gone": ("booking_key", "delete from ledger.booking_key where key = 'p-1'"),
    "a key renamed": ("transfer", "update ledger.transfer set key = 'other' where key = 'p-1'"),
    "a key elsewhere": ("booking_key", "update ledger.booking_key set transfer_id = tenant_id where key = 'p-1'"),
    "another currency": ("transfer", "update ledger.transfer set currency = 'GBP' where key = 'p-2'"),
    "an account of nobody": ("transfer", "update ledger.transfer set debit_account = tenant_id where key = 'p-2'"),
    "revenue elsewhere": (
        "transfer",
        "update ledger.transfer set credit_account = (select id from ledger.account where kind = 'adjustment')"
        " where kind = 'usage' and amount = 300",
    ),
    "a wallet's side unnumbered": (
        "transfer",
        "update ledger.transfer set credit_seq = null, credit_balance = null where key = 'p-2'",
    ),
    "a bucket of another wallet": (
        "bucket",
        "update ledger.bucket set wallet_id = (select id from ledger.wallet where posted < 0) where kind = 'promo'",
    ),
    "a bucket funded by nobody": ("bucket", "update ledger.bucket set transfer_id = tenant_id where kind = 'promo'"),
    "a draw gone": ("bucket_draw", "delete from ledger.bucket_draw where amount = -200000"),
    "a month gone": ("usage_month", "delete from ledger.usage_month where month = '2026-05-01'"),
    "a wallet gone": ("wallet", "delete from ledger.wallet where posted > 5000000"),
    "a wallet's account gone": ("account", "delete from ledger.account where kind = 'wallet'"),
    "commission turned round": (
        "transfer",
        "update ledger.transfer set debit_account = credit_account, credit_account = debit_account"
        " where kind = 'commission' and amount = 145",
    ),
}


async def test_honest_books_are_green(database: object) -> None:
    """Top-ups, promo, reversals, debts, overruns, trains over days and months: nothing to find."""
    books = await make_books()
    assert await proof.prove(books.tenant) == []
    await prove()


@pytest.mark.parametrize("seed", range(12))
async def test_books_stay_green_whatever_is_booked(database: object, seed: int) -> None:
    """Credits, debits, reversals of part or all, forced debits, credit lines, trains: in any order and size."""
    books = await make_books()
    await play(books, Random(seed), 60)
    assert [str(finding) for finding in await proof.prove(books.tenant)] == []


@pytest.fixture
async def books(database: object) -> Books:
    return await make_books()


async def test_one_unit_anywhere_is_red(database: Any, books: Books) -> None:
    """Each figure of each row of each table, one more than it was: the proof says so."""
    green, tried = [], 0
    for table, columns in AMOUNTS.items():
        row = ROW.get(table, "id")
        async with tampering(database.admin_dsn, table) as admin:
            await admin.execute(f"alter table ledger.{table} disable trigger all")
            checks = await admin.fetch(
                "select conname from pg_constraint where conrelid = $1::regclass and contype = 'c'", f"ledger.{table}"
            )
            for check in checks:  # a hand that can do this is not held up by a check either
                await admin.execute(f"alter table ledger.{table} drop constraint {check[0]}")
            for column in columns:
                for key in await admin.fetch(f"select {row} from ledger.{table} where {column} is not null"):
                    await admin.execute(f"update ledger.{table} set {column} = {column} + 1 where {row} = $1", key[0])
                    tried += 1
                    if not any(finding.alarm for finding in await proof.prove(books.tenant)):
                        green.append(f"{table}.{column} of {key[0]}")
                    await admin.execute(f"update ledger.{table} set {column} = {column} - 1 where {row} = $1", key[0])
    assert green == []
    assert tried > 200
    assert await proof.prove(books.tenant) == []


@pytest.mark.parametrize("deed", DEEDS)
async def test_other_deeds_are_red(database: Any, books: Books, deed: str) -> None:
    """What is removed, moved or renamed behind the ledger's back is found, and all is green once it is undone."""
    table, sql = DEEDS[deed]
    async with tampering(database.admin_dsn, table) as admin:
        assert int((await admin.execute(sql)).split()[-1]) > 0
        assert any(finding.alarm for finding in await proof.prove(books.tenant))
    assert await proof.prove(books.tenant) == []


async def test_every_check_can_fail(database: Any, books: Books) -> None:
    """Over all deeds together each check speaks at least once: none is there for show."""
    said: set[str] = set()
    deeds = [*DEEDS.values()]
    for column in AMOUNTS["wallet"]:
        deeds.append(("wallet", f"update ledger.wallet set {column} = {column} + 1"))
    deeds += [
        ("bucket", "update ledger.bucket set rest = rest - 1 where rest > 0"),
        ("usage", "update ledger.usage set balance_after = balance_after + 1"),
        ("transfer", "update ledger.transfer set debit_seq = 1 where kind = 'fee'"),
    ]
    for table, sql in deeds:
        async with tampering(database.admin_dsn, table) as admin:
            await admin.execute(sql)
            said |= {finding.check for finding in await proof.prove(books.tenant)}
    assert {check.name for check in CHECKS if check.alarm} - said == set()


async def test_an_id_that_comes_back_in_another_month_is_shown(database: object, books: Books) -> None:
    """The same call of the same source in two months: a notice that names it, not an alarm."""
    books.calls = 0
    await books.train([(await _wallet(books), 70, 100, 0)])  # call-1 again, ten weeks later
    [finding] = await proof.prove(books.tenant)
    assert (finding.subject, finding.found, finding.alarm) == ("pbx call-1", "2026-03-24, 2026-06-02", False)
    await prove()


async def _wallet(books: Books) -> Any:
    async with db.unit(books.tenant):
        return await db.fetchval("select id from ledger.wallet order by posted desc limit 1")


async def test_the_nightly_proof_makes_itself_heard(database: Any, books: Books) -> None:
    """Red books fail the job and are an event of the platform; other tenants are proved all the same."""
    second = await make_books("two")
    async with tampering(database.admin_dsn, "wallet") as admin:
        await admin.execute("update ledger.wallet set posted = posted + 1 where tenant_id = $1", second.tenant)
        with pytest.raises(RedBooksError, match="a balance is the sum"):
            await prove()
    async with db.platform_unit("a test reads the outbox"):
        payload = await db.fetchval("select payload from events.outbox where kind = 'ledger.red'")
    assert {finding["tenant"] for finding in payload["findings"]} == {str(second.tenant)}


async def test_a_tenant_is_found_by_its_slug(database: object, books: Books) -> None:
    """One, all, or an error for a name nobody has."""
    [one] = await proof.tenants("one", reason="a test")
    assert one.tenant == books.tenant
    assert len(await proof.tenants(reason="a test")) == 2
    with pytest.raises(NotFound):
        await proof.tenants("nobody", reason="a test")
    assert await proof.prove(new_id()) == []
