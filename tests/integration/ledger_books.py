"""Books with something of everything in them, and a hand that changes what it must not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from askpro import db
from askpro.ids import new_id, usage_id
from askpro.ledger import months, service
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.transfer import Bucket, Transfer, reversal
from askpro.ledger.usage import UsageGroup, UsageRow, UsageStatus, post_usage

__all__ = ("Books", "make_books", "play", "tampering")

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


class Books:
    """A tenant and short words for booking."""

    def __init__(self, tenant: UUID) -> None:
        self.tenant = tenant
        self.calls = 0

    def account(self, kind: AccountKind) -> UUID:
        return account_id(self.tenant, kind, "EUR")

    async def post(self, debit: UUID, credit: UUID, amount: int, **more: Any) -> UUID:
        values: dict[str, Any] = {"kind": "test", "day": NOON.date(), "occurred_at": NOON, "actor": "system:test"}
        one = Transfer(tenant=self.tenant, debit=debit, credit=credit, amount=amount, **(values | more))
        (await service.post(one)).or_raise()
        return one.id

    async def train(self, calls: list[tuple[UUID, int, int, int]]) -> None:
        """Book calls of (wallet, days after the first, price, commission) in one go."""
        groups: dict[tuple[UUID, int], int] = {}
        rows = []
        for wallet, later, price, commission in calls:
            began = NOON + timedelta(days=later)
            group = groups.setdefault((wallet, later), len(groups) + 1)
            self.calls += 1
            name = f"call-{self.calls}"
            rows.append(
                UsageRow(group, usage_id(self.tenant, "pbx", name, began), name, began, 900, 61_000, self.calls % 2,
                         "+4915100000", "+4930000", self.calls, 1, 120, 0, True, price, price // 2, commission)
            )  # fmt: skip
        await months.ensure([row.began_at for row in rows])
        found = await post_usage(
            [
                UsageGroup(self.tenant, wallet, None, (NOON + timedelta(days=later)).date(), None, "pbx", "system:test")
                for wallet, later in groups
            ],
            rows,
        )
        assert {one.status for one in found} == {UsageStatus.BOOKED}


async def make_books(slug: str = "one") -> Books:
    """Top-ups, promo, a reversal, a forced debit below zero, trains over days and months, overruns, commission."""
    books = Books(new_id())
    async with db.platform_unit("a test makes a tenant"):
        await db.execute(
            "insert into tenancy.tenant (id, slug, name, currency, locale, timezone)"
            " values ($1, $2, $2, 'EUR', 'de', 'UTC')",
            books.tenant,
            slug,
        )
    rich, poor, owing = [await service.open_wallet(books.tenant, new_id(), "EUR") for _ in range(3)]
    adjustment, promo = books.account(AccountKind.ADJUSTMENT), books.account(AccountKind.PROMO_EXPENSE)
    revenue = books.account(AccountKind.REVENUE)

    await books.post(adjustment, rich, 10_000_000, kind="topup", key="p-1")
    await books.post(promo, rich, 700_000, kind="promo", bucket=Bucket("promo"))
    await books.post(adjustment, poor, 1_000, kind="topup", key="p-2")
    fee = await books.post(rich, revenue, 900_000, kind="fee", key="f-1")
    await books.post(revenue, rich, 400_000, kind="fee_reversal", reverses=fee, key="f-1-back")
    await books.post(rich, poor, 50, kind="move")

    await service.set_terms(books.tenant, owing, credit_line=500)
    topup = await books.post(adjustment, owing, 2_000, kind="topup", key="p-3")
    await books.post(owing, revenue, 1_700, kind="fee")
    await books.post(owing, adjustment, 2_000, kind="chargeback", reverses=topup, forced=True)
    await books.post(adjustment, owing, 1_900, kind="topup", key="p-4")

    await books.train([(rich, 0, 100, 10), (poor, 0, 600, 60), (rich, 0, 0, 0), (poor, 0, 700, 70), (owing, 0, 300, 5)])
    await books.train([(rich, 0, 90, -9), (rich, 1, 80, -3), (rich, 40, 70, 7), (rich, 1, 0, 0), (rich, 1, 60, 6)])
    await books.train([(poor, 1, 250, 25), (owing, 1, 10, 0), (owing, 2, 5_000, 500), (owing, 2, 3, 0)])
    return books


async def play(books: Books, dice: Random, turns: int) -> None:
    """Book at random; what is refused is refused."""
    async with db.unit(books.tenant):
        wallets = [row[0] for row in await db.fetch("select id from ledger.wallet order by id")]
    others = [books.account(kind) for kind in (AccountKind.ADJUSTMENT, AccountKind.REVENUE, AccountKind.PROMO_EXPENSE)]
    booked: list[Transfer] = []
    for turn in range(turns):
        wallet, other, amount = dice.choice(wallets), dice.choice(others), dice.choice((1, 7, 100, 999, 50_000))
        one: dict[str, Any] = {"tenant": books.tenant, "amount": amount, "actor": "system:test"}
        one |= {"day": NOON.date(), "occurred_at": NOON}
        forced = dice.random() < 0.3
        match dice.randrange(7):
            case 0 | 1:
                bucket = Bucket(dice.choice(("paid", "promo")), dice.randrange(-1, 2))
                some = [Transfer(debit=other, credit=wallet, kind="in", bucket=bucket, **one)]
            case 2:
                some = [Transfer(debit=wallet, credit=other, kind="out", forced=forced, **one)]
            case 3 if booked:
                back = reversal(dice.choice(booked), actor="system:test", reason="", key=f"r-{turn}")
                some = [replace(back, amount=dice.randrange(1, back.amount + 1), forced=forced)]
            case 4:
                to = dice.choice([each for each in wallets if each != wallet])
                some = [Transfer(debit=wallet, credit=to, kind="move", forced=forced, **one)]
            case 5:
                await service.set_terms(books.tenant, wallet, credit_line=dice.choice((0, 10, 5_000)))
                continue
            case _:
                days, prices = (0, 0, 1, 40), (0, 1, 60, 4_000)
                await books.train(
                    [
                        (dice.choice(wallets), dice.choice(days), dice.choice(prices), dice.randint(-9, 19))
                        for _ in range(dice.randrange(1, 12))
                    ]
                )
                continue
        answers = await service.post_many(some)
        booked += [each for each, answer in zip(some, answers, strict=True) if answer.fresh]


@asynccontextmanager
async def tampering(admin_dsn: str, *tables: str) -> AsyncIterator[Any]:
    """A superuser's connection on which no trigger fires; afterwards these tables are as they were."""
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute("set session_replication_role = replica")
        for table in tables:
            await admin.execute(f"create temp table kept_{table} as table ledger.{table}")
        yield admin
        for table in tables:
            await admin.execute(f"delete from ledger.{table}; insert into ledger.{table} table kept_{table}")
    finally:
        await admin.close()
