"""What the ledger promises: balanced, once, in order, from the right bucket, and never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from askpro import db
from askpro.errors import InsufficientFunds, WalletFrozen
from askpro.ids import new_id
from askpro.ledger import queries, service
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Bucket, Posting, PostingStatus, Transfer

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 24, 12, tzinfo=UTC)


class Books:
    """A tenant with one wallet, and the shortest words for booking in it."""

    def __init__(self, tenant: UUID, wallet: UUID) -> None:
        self.tenant, self.wallet = tenant, wallet

    def account(self, kind: AccountKind) -> UUID:
        return account_id(self.tenant, kind, "EUR")

    def transfer(self, debit: UUID, credit: UUID, amount: int, **more: object) -> Transfer:
        values: dict[str, object] = {
            "kind": "test",
            "day": date(2026, 3, 24),
            "occurred_at": NOW,
            "actor": "system:test",
        }
        return Transfer(tenant=self.tenant, debit=debit, credit=credit, amount=amount, **(values | more))  # type: ignore[arg-type]

    def credit(self, amount: int, **more: object) -> Transfer:
        return self.transfer(self.account(AccountKind.ADJUSTMENT), self.wallet, amount, **more)

    def debit(self, amount: int, **more: object) -> Transfer:
        return self.transfer(self.wallet, self.account(AccountKind.REVENUE), amount, **more)

    async def balance(self) -> int:
        async with db.unit(self.tenant):
            return (await queries.wallet(self.tenant, self.wallet)).posted

    async def rests(self) -> list[tuple[str, int]]:
        async with db.unit(self.tenant):
            return [(b.kind, b.rest) for b in await queries.buckets(self.tenant, self.wallet)]


@pytest.fixture
async def books(database: object) -> Books:
    tenant = new_id()
    async with db.platform_unit("a test makes a tenant"):
        await db.execute(
            "insert into tenancy.tenant (id, slug, name, currency, locale, timezone)"
            " values ($1, 'one', 'One', 'EUR', 'de', 'Europe/Berlin')",
            tenant,
        )
    return Books(tenant, await service.open_wallet(tenant, new_id(), "EUR"))


async def test_a_transfer_moves_the_balance_and_keeps_it_running(books: Books) -> None:
    """Each line carries the balance after it; the last one is the wallet's."""
    await service.post_many([books.credit(100), books.debit(30), books.debit(20)])

    async with db.unit(books.tenant):
        lines = await queries.statement(books.tenant, books.wallet)
    assert [(line.amount, line.balance) for line in lines] == [(-20, 50), (-30, 70), (100, 100)]
    assert await books.balance() == 50


async def test_statement_pages_without_gap_or_repeat(books: Books) -> None:
    """Walking page by page shows each line once."""
    await service.post_many([books.credit(100)] + [books.debit(n + 1) for n in range(10)])
    seen, before = [], None
    async with db.unit(books.tenant):
        while page := await queries.statement(books.tenant, books.wallet, limit=3, before=before):
            seen += [line.id for line in page]
            before = (page[-1].seq, page[-1].day, page[-1].id)
    assert (len(seen), len(set(seen))) == (11, 11)


async def test_a_key_is_booked_once(books: Books) -> None:
    """The same business fact, asked ten times in one call and in many, is one transfer."""
    first = books.credit(100, key="payment-1")
    answers = await service.post_many([first] + [books.credit(100, key="payment-1") for _ in range(9)])
    again = await service.post(books.credit(100, key="payment-1"))

    assert [a.status for a in answers] == [PostingStatus.POSTED] + [PostingStatus.DUPLICATE] * 9
    assert {a.transfer for a in answers} == {again.transfer} == {first.id}
    assert await books.balance() == 100


async def test_a_group_is_all_or_nothing(books: Books) -> None:
    """If one transfer of a group is refused, the others are not booked and its keys stay free."""
    group = new_id()
    answers = await service.post_many(
        [books.credit(10, group=group, key="k"), books.debit(11, group=group), books.credit(5)]
    )
    assert [a.status for a in answers] == [PostingStatus.FUNDS, PostingStatus.FUNDS, PostingStatus.POSTED]
    assert await books.balance() == 5
    assert (await service.post(books.credit(1, key="k"))).fresh


async def test_funds_end_at_the_credit_line(books: Books) -> None:
    """A debit is refused one unit beyond balance and credit line, and booked exactly at it."""
    await service.post(books.credit(10))
    await service.set_terms(books.tenant, books.wallet, credit_line=5)
    with pytest.raises(InsufficientFunds):
        (await service.post(books.debit(16))).or_raise()
    (await service.post(books.debit(15))).or_raise()
    assert await books.balance() == -5


async def test_a_frozen_wallet_refuses_debits_only(books: Books) -> None:
    """Nothing leaves a frozen wallet, unless it is forced; money still comes in."""
    await service.post(books.credit(10))
    await service.set_terms(books.tenant, books.wallet, frozen=True)
    with pytest.raises(WalletFrozen):
        (await service.post(books.debit(1))).or_raise()
    assert (await service.post(books.debit(1, forced=True))).fresh
    assert (await service.post(books.credit(1))).fresh


async def test_buckets_are_used_in_order(books: Books) -> None:
    """D5: priority, then expiry (never last), then promo before paid, then age."""
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=9)
    for bucket in (
        Bucket("paid"),
        Bucket("promo"),
        Bucket("promo", expires_at=late),
        Bucket("paid", expires_at=soon),
        Bucket("paid", priority=-1),
    ):
        await service.post(books.credit(10, bucket=bucket))
    async with db.unit(books.tenant):
        order = [(b.kind, b.priority, b.expires_at) for b in await queries.buckets(books.tenant, books.wallet)]

    assert order == [("paid", -1, None), ("paid", 0, soon), ("promo", 0, late), ("promo", 0, None), ("paid", 0, None)]
    await service.post(books.debit(25))
    assert await books.rests() == [("promo", 5), ("promo", 10), ("paid", 10)]


async def test_a_refund_of_usage_goes_back_to_its_buckets(books: Books) -> None:
    """D5: what a reversed debit took returns to where it came from, not into a new bucket."""
    await service.post_many([books.credit(10, bucket=Bucket("promo")), books.credit(10)])
    debit = books.debit(15)
    await service.post(debit)
    assert await books.rests() == [("paid", 5)]
    back = books.transfer(debit.credit, books.wallet, 12, reverses=debit.id)
    await service.post(back)

    assert await books.rests() == [("promo", 7), ("paid", 10)]


async def test_a_top_up_is_refunded_only_as_far_as_it_is_unspent(books: Books) -> None:
    """Money of another top-up is never sent back for this one; a forced clawback takes it all the same."""
    first, second = books.credit(10), books.credit(10)
    await service.post_many([first, second, books.debit(4)])

    def refund(amount: int, **more: object) -> Transfer:
        return books.transfer(books.wallet, first.debit, amount, reverses=first.id, **more)

    assert (await service.post(refund(7))).status is PostingStatus.SPENT
    assert (await service.post(refund(6))).fresh
    assert await books.rests() == [("paid", 10)]
    assert (await service.post(refund(4, forced=True))).fresh
    assert await books.rests() == [("paid", 6)]


async def test_reversals_never_exceed_what_they_reverse(books: Books) -> None:
    """Failure 20: however often a debit is reversed, no more comes back than it took, and to each bucket its own."""
    await service.post_many([books.credit(10, bucket=Bucket("promo")), books.credit(10)])
    debit = books.debit(15)
    await service.post(debit)

    def back(amount: int) -> Transfer:
        return books.transfer(debit.credit, books.wallet, amount, reverses=debit.id)

    answers = [(await service.post(back(amount))).status for amount in (8, 7, 1)]

    assert answers == [PostingStatus.POSTED, PostingStatus.POSTED, PostingStatus.EXCEEDS_ORIGINAL]
    assert await books.rests() == [("promo", 10), ("paid", 10)]


async def test_a_reversal_between_wallets_touches_the_buckets_of_its_own_wallet_only(books: Books) -> None:
    """Money moved from one wallet to another and back fills the first one's buckets again, not the second one's."""
    other = await service.open_wallet(books.tenant, new_id(), "EUR")
    move = books.transfer(books.wallet, other, 6)
    await service.post_many([books.credit(10), move])
    await service.post(books.transfer(other, books.wallet, 6, reverses=move.id))

    async with db.unit(books.tenant):
        assert await queries.buckets(books.tenant, other) == []
    assert await books.rests() == [("paid", 10)]


async def test_a_forced_debit_goes_below_zero_and_the_next_credit_fills_the_hole(books: Books) -> None:
    """Failure 21: a chargeback leaves a debt; new money pays it before it can be spent."""
    top_up = books.credit(10)
    await service.post_many([top_up, books.debit(8)])
    await service.post(books.transfer(books.wallet, top_up.debit, 10, reverses=top_up.id, forced=True))
    assert await books.balance() == -8
    await service.post(books.credit(20))

    assert (await books.balance(), await books.rests()) == (12, [("paid", 12)])


async def test_currencies_never_mix(books: Books) -> None:
    """A transfer between accounts of two currencies is refused by the ledger itself."""
    pounds = await service.ensure_account(books.tenant, AccountKind.ADJUSTMENT, "GBP")
    answer = await service.post(books.transfer(pounds, books.wallet, 5))
    assert answer.status is PostingStatus.CURRENCY_MISMATCH


@pytest.mark.parametrize("amount", [0, -1])
async def test_amounts_are_positive(books: Books, amount: int) -> None:
    """Failure 20: nothing that is worth nothing is booked."""
    assert (await service.post(books.credit(amount))).status is PostingStatus.AMOUNT_NOT_POSITIVE


async def test_a_tenants_unit_cannot_book_for_another(books: Books) -> None:
    """Inside db.unit(a) the ledger refuses items of b, and b's account is unknown to a's items."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.unit(new_id()):
            await service.post(books.credit(5))
    stranger = Transfer(
        tenant=new_id(), debit=books.account(AccountKind.ADJUSTMENT), credit=books.wallet, amount=5, kind="test",
        day=NOW.date(), occurred_at=NOW, actor="system:test",
    )  # fmt: skip
    assert (await service.post(stranger)).status is PostingStatus.UNKNOWN_ACCOUNT


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.transfer set amount = amount + 1",
        "delete from ledger.transfer",
        "truncate ledger.transfer",
        "update ledger.wallet set posted = posted + 1",
        "insert into ledger.booking_key values (gen_random_uuid(), 'k', 'k', gen_random_uuid())",
        "update ledger.bucket set rest = 0",
    ],
)
@pytest.mark.parametrize("role", ["askpro_app", "askpro_platform"])
async def test_the_application_cannot_write_money_itself(books: Books, statement: str, role: str) -> None:
    """By grant: only the ledger's own functions write, whoever has stolen the application's connection."""
    await service.post(books.credit(5))
    enter = db.unit(books.tenant) if role == "askpro_app" else db.platform_unit("a thief")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with enter:
            await db.execute(statement)


@pytest.mark.parametrize("table", ["transfer", "booking_key", "bucket_draw"])
async def test_not_even_the_owner_edits_a_booking(books: Books, database: object, table: str) -> None:
    """By trigger: append-only holds for the role that owns the tables, too."""
    await service.post_many([books.credit(5, key="k"), books.debit(3)])
    admin = await asyncpg.connect(database.admin_dsn)  # type: ignore[attr-defined]
    try:
        for statement in (f"delete from ledger.{table}", f"truncate ledger.{table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await admin.execute(statement)
    finally:
        await admin.close()


async def test_a_booking_inside_a_unit_commits_with_it(books: Books) -> None:
    """The ledger joins the caller's unit: a failure afterwards takes the money back out."""
    with pytest.raises(ZeroDivisionError):
        async with db.unit(books.tenant):
            answer: Posting = await service.post(books.credit(5))
            assert answer.fresh
            raise ZeroDivisionError
    assert await books.balance() == 0
