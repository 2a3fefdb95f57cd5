"""The catalogue itself says that no tenant sees another and that nobody edits the books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import catalogue
import pytest

from askpro.migrations.closing import close_to_public, open_to_public
from askpro.pluginhost import Host, HostConfig, migrate_plugins

pytestmark = pytest.mark.anyio

SHARED = {
    "audit.platform_access": "looks across tenants: the platform's own log",
    "calls.import_run": "an imported file may hold several resellers' calls; only the platform role has rights",
    "calls.import_reject": "as above",
    "jobs.failure": "a failed job's error, beside the queue",
    "jobs.procrastinate_events": "the queue; a job names its tenant in its arguments",
    "jobs.procrastinate_jobs": "the queue; a job names its tenant in its arguments",
    "jobs.procrastinate_periodic_defers": "when a periodic job ran last",
    "jobs.procrastinate_workers": "which workers are alive",
    "plug_banktransfer.migration": "what ran",
    "plug_ecb.migration": "what ran",
    "plug_ecb.rate": "reference rates are the same for everybody",
    "plug_sandbox.migration": "what ran",
    "plug_sepa.migration": "what ran",
    "plug_stripe.migration": "what ran",
    "plugins.offer": "what the platform offers",
    "public.migration": "what ran",
    "tariffs.blocked_prefix": "calls nobody may make",
    "web.rate": "counters under digests, without a word about who",
}
"""Tables without tenant data → why."""

BY_ID = {"tenancy.tenant": "its id is the tenant"}
"""Tables whose own id is the tenant."""

POLICIES = {"tariffs.version: price_list": "the platform's price lists are what each reseller pays: read only"}
"""Policies that show more than the own tenant → why."""

KEYS = {"tenancy.domain: domain_host": "a host answers for one tenant on the whole platform"}
"""Unique keys that do not begin with the tenant → why."""

MEMBERSHIPS = {
    "askpro_app is askpro_platform",  # not at all times: taken on by db.platform_unit alone
    "askpro_owner is askpro_ledger",
    "askpro_owner is askpro_platform",
}

LEDGER = {
    "askpro_app may insert ledger.root": "the nightly job writes a day's root; the trigger keeps it",
    "askpro_platform may insert ledger.root": "as above",
}
"""The only writes on the ledger that do not go through its functions → why."""


@pytest.fixture
async def connection(empty_database: Any) -> AsyncIterator[Any]:
    """The full schema: the core's, every plugin's, and a month's partitions."""
    host = Host(HostConfig())
    host.load()
    said = await migrate_plugins(empty_database.admin_dsn, host.migrations())
    assert not [one for one in said.values() if one.startswith("failed")], said
    opened = await asyncpg.connect(empty_database.admin_dsn)
    await opened.execute("select ledger.ensure_month(date '2026-03-01')")
    yield opened
    await opened.close()


async def test_every_table_is_a_tenants_or_has_a_reason(connection: Any) -> None:
    """A new table has ``tenant_id`` or stands in SHARED; nothing stands there that need not."""
    assert await catalogue.unsorted(connection, SHARED, BY_ID) == []


async def test_row_level_security_is_on_and_forced(connection: Any) -> None:
    """Each table with tenant data, partitions included, is protected, from its owner too."""
    assert await catalogue.unprotected(connection, BY_ID) == []
    assert await catalogue.open_policies(connection, POLICIES) == []


async def test_keys_begin_with_the_tenant(connection: Any) -> None:
    """Primary and unique keys have ``tenant_id`` first, so a shard is a range and a clash never tells of others."""
    assert await catalogue.keys(connection, KEYS) == []
    assert await catalogue.sequences(connection) == []


async def test_no_foreign_key_leaves_a_tenant(connection: Any) -> None:
    """A foreign key carries the tenant on both sides, stays in its schema, and the ledger has none."""
    assert await catalogue.foreign_keys(connection, {"jobs"}) == []


async def test_the_application_is_powerless(connection: Any) -> None:
    """``askpro_app`` owns nothing; no role of ours is a superuser, passes by row-level security or makes roles."""
    assert await catalogue.owned_by(connection, "askpro_app") == []
    assert await catalogue.powers(connection, MEMBERSHIPS) == []


async def test_nobody_writes_the_ledger_past_its_functions(connection: Any) -> None:
    """No direct writes for the application or the platform; not even the ledger's role edits a booking."""
    for role in ("askpro_app", "askpro_platform", "public"):
        assert await catalogue.writes(connection, "ledger", role, LEDGER) == []
    booked = ("transfer", "usage", "booking_key", "bucket_draw", "root")
    edits = await catalogue.writes(connection, "ledger", "askpro_ledger", {})
    for table in booked:
        assert not [one for one in edits if one.endswith(f" ledger.{table}") and " insert " not in one]


async def test_functions_with_rights_are_careful(connection: Any) -> None:
    """Every SECURITY DEFINER function has a fixed search path that ends in pg_temp, and no mighty owner."""
    assert await catalogue.careless_functions(connection) == []


async def test_functions_with_rights_are_called_by_name_only(connection: Any) -> None:
    """Whoever may call what acts with its owner's rights is named; a run of migrations closes what one left open."""
    assert await open_to_public(connection) == []
    async with connection.transaction():
        await connection.execute("set local role askpro_owner")
        await connection.execute(
            "create function ledger.opened() returns void language sql security definer as 'select'"
        )
        assert await open_to_public(connection) == ["ledger.opened()"]
        await close_to_public(connection)
        assert await open_to_public(connection) == []


async def test_each_fault_is_found(connection: Any) -> None:
    """The walk is not blind: one of each fault is put into the schema and named."""
    await connection.execute(
        """
        create table public.loose (id int);
        create table people.bare (tenant_id uuid, id uuid, n bigint generated always as identity, primary key (id),
                                  other uuid references people.bare (id));
        create table people.ajar (tenant_id uuid, id uuid, primary key (tenant_id, id));
        select tenancy.protect('people.ajar');
        create policy everyone on people.ajar for select to askpro_app using (true);
        alter table people.customer no force row level security;
        drop policy tenant on people.person;
        alter table people.session owner to askpro_app;
        grant update (price) on ledger.usage to askpro_app;
        create function public.rash() returns int language sql security definer return 1;
        create role askpro_mighty bypassrls;
        grant askpro_owner to askpro_app;
        """
    )
    try:
        assert await catalogue.unsorted(connection, SHARED, BY_ID) == ["public.loose has no tenant_id"]
        assert await catalogue.unprotected(connection, BY_ID) == [
            "people.bare lacks row-level security",
            "people.customer lacks row-level security",
            "people.person has no policy for its tenant",
        ]
        assert await catalogue.open_policies(connection, POLICIES) == ["people.ajar: everyone"]
        assert await catalogue.keys(connection, KEYS) == ["people.bare: bare_pkey", "public.loose has no primary key"]
        assert await catalogue.sequences(connection) == ["people.bare.n"]
        assert await catalogue.foreign_keys(connection, {"jobs"}) == ["people.bare: bare_other_fkey"]
        assert len(await catalogue.owned_by(connection, "askpro_app")) == 1
        assert "askpro_app may update ledger.usage" in await catalogue.writes(
            connection, "ledger", "askpro_app", LEDGER
        )
        assert await catalogue.careless_functions(connection) == ["rash()"]
        assert await catalogue.powers(connection, MEMBERSHIPS) == [
            "askpro_mighty may too much",
            "askpro_app is askpro_owner at all times",
        ]
    finally:  # roles belong to the server, not to the database
        await connection.execute("revoke askpro_owner from askpro_app; drop role askpro_mighty")
