"""Databases to measure on: clones of one template with resellers, prices, customers and money in their wallets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from askpro import db, secrets
from askpro.actor import Actor
from askpro.clock import now
from askpro.commissions.service import publish_scheme
from askpro.ids import new_id
from askpro.ledger import months
from askpro.ledger.accounts import AccountKind, account_id
from askpro.ledger.service import post_many
from askpro.ledger.transfer import Transfer
from askpro.migrations.bootstrap import bootstrap
from askpro.people import keys
from askpro.postgres import LocalPostgres
from askpro.postgres.folder import Folder
from askpro.tariffs import chains
from askpro.tariffs.card import Level
from askpro.tariffs.service import publish_version
from askpro.tenancy.model import PLATFORM
from askpro.tenancy.service import create_tenant

from .prices import WHOLESALE, retail

__all__ = ("BY", "OPENING", "SECRET", "WALLETS", "House", "Reseller", "Store")

BY = Actor("operator", "benchmark")
SECRET = "a benchmark's throw-away key 0123456789"
PASSWORD = "only-on-loopback"
ZONE = "Europe/Berlin"
RESELLERS = 50
WALLETS = 100
OPENING = 10**12
"""What every wallet begins with, in 10⁻⁶: a million."""
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reseller:
    """A tenant, how its machines sign in, and its customers' numbers."""

    id: UUID
    slug: str
    key: str
    customers: tuple[str, ...]

    @property
    def host(self) -> str:
        return f"{self.slug}.askpro.localhost"


@dataclass
class House:
    """The server and the resellers that every clone knows."""

    server: LocalPostgres
    resellers: list[Reseller]

    @property
    def postmaster(self) -> int:
        """Its process id: everything the server does happens below it."""
        return int((Folder(self.server.root).data / "postmaster.pid").read_text().split("\n", 1)[0])

    def store(self, name: str) -> Store:
        return Store(self, name)


@dataclass(frozen=True)
class Store:
    """One database of the house."""

    house: House
    name: str

    @property
    def dsn(self) -> str:
        """As the application's role."""
        return self.house.server.dsn(self.name, user="askpro_app", password=PASSWORD)

    async def clone(self, source: str = "template_house") -> None:
        """Make it anew."""
        async with self.admin("postgres") as admin:
            await admin.execute(f"drop database if exists {self.name} with (force)")
            await admin.execute(f"create database {self.name} template {source} strategy file_copy owner askpro_owner")

    async def drop(self) -> None:
        async with self.admin("postgres") as admin:
            await admin.execute(f"drop database if exists {self.name} with (force)")

    @asynccontextmanager
    async def admin(self, database: str = "") -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection."""
        connection = await asyncpg.connect(self.house.server.dsn(database or self.name))
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def open(self, size: int = 4) -> AsyncIterator[None]:
        """The process's pool on it."""
        chains.forget()
        await db.start(self.dsn, min_size=size, max_size=size)
        try:
            yield
        finally:
            await db.stop()

    async def settle(self) -> None:
        """What autovacuum and the checkpointer would do some time, now: nobody pays for what another has left."""
        async with self.admin() as admin:
            await admin.execute("vacuum (analyze)")
            await admin.execute("checkpoint")


async def build(server: LocalPostgres) -> House:
    """Make the template."""
    secrets.configure((SECRET,))
    await bootstrap(server.dsn(), "template_house", app_password=PASSWORD)
    house = House(server, [])
    store = house.store("template_house")
    async with store.open():
        await publish_version(PLATFORM, Level.PLATFORM, None, "EUR", _BEGINNING, WHOLESALE, by=BY)
        for number in range(RESELLERS):
            house.resellers.append(await _reseller(number, house.resellers[0].id if number else None))
        instant = now()
        await months.ensure([instant, instant - timedelta(days=instant.day)])
    await store.settle()
    return house


async def _reseller(number: int, like: UUID | None) -> Reseller:
    """The first one publishes its prices; the others begin with a copy of them, which skips comparing 600 prefixes."""
    slug = f"reseller-{number:03d}"
    tenant = (await create_tenant(slug, slug, currency="EUR", locale="de", timezone=ZONE, by=BY)).id
    if like is None:
        await publish_version(tenant, Level.RESELLER, None, "EUR", _BEGINNING, retail(), by=BY)
    else:
        async with db.platform_unit("benchmark: copy a price list"):
            await db.execute(
                "insert into tariffs.version (tenant_id, id, level, owner_id, currency, effective_from, content,"
                " digest, note, published_at, published_by)"
                " select $1, $2, level, owner_id, currency, effective_from, content,"
                " digest, note, published_at, published_by from tariffs.version where tenant_id = $3",
                tenant,
                new_id(),
                like,
            )
    await publish_scheme(tenant, "margin", Decimal(30), _BEGINNING, by=BY)
    secret, _ = await keys.create(tenant, "switch", ["usage:write", "balance:read", "calls:read"], by=BY)
    names = tuple(f"C-{i:05d}" for i in range(WALLETS))
    customers = [new_id() for _ in names]
    async with db.unit(tenant):  # what create_customer does, a hundred at a time
        await db.executemany(
            "insert into people.customer (tenant_id, id, number, name, currency) values ($1, $2, $3, $3, 'EUR')",
            [(tenant, customer, name) for customer, name in zip(customers, names, strict=True)],
        )
        await db.executemany(
            "select ledger.open_wallet($1, $2, $2, 'EUR', 0)", [(tenant, customer) for customer in customers]
        )
    instant = now()
    await post_many(
        [
            Transfer(
                tenant=tenant,
                debit=account_id(tenant, AccountKind.ADJUSTMENT, "EUR"),
                credit=customer,
                amount=OPENING,
                kind="adjustment",
                day=instant.date(),
                occurred_at=instant,
                actor=str(BY),
            )
            for customer in customers
        ]
    )
    return Reseller(tenant, slug, secret, names)
