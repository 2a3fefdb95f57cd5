"""Every table and every privileged function as the wrong tenant, with the application's role and nothing in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from askpro import db
from askpro.ids import new_id
from support import digests
from support.furnished import MINE, THEIRS, Furnished, furnished

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DENIED = (asyncpg.InsufficientPrivilegeError,)


@asynccontextmanager
async def house(database: Any) -> AsyncIterator[tuple[Furnished, UUID, UUID]]:
    """(house, us, them), months' partitions included in what is tried."""
    async with furnished(database) as made:
        yield made, made.house(MINE).tenant.id, made.house(THEIRS).tenant.id


async def tables(made: Furnished) -> dict[str, str]:
    """Tables and their partitions, which can be named directly, too."""
    found = await digests.tenant_tables(made.admin)
    parts = await made.admin.fetch(
        "select format('%I.%I', n.nspname, c.relname) as name"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relispartition and c.relkind in ('r', 'p')"
    )
    assert len(found) > 30
    return found | {row["name"]: "tenant_id" for row in parts}


async def tried(sql: str, *args: Any, tenant: UUID | None) -> Any:
    """What the statement answers in a unit of that tenant (None: in none), always taken back; or the refusal."""
    try:
        async with db.unit(tenant) if tenant else db.shared_unit():
            opened = db.current()
            assert opened is not None
            found = await (db.fetch(sql, *args) if sql.startswith("select") else db.execute(sql, *args))
            raise _TakenBack(found)
    except _TakenBack as done:
        return done.found
    except asyncpg.PostgresError as error:
        return error


class _TakenBack(Exception):  # noqa: N818 - it is no error
    def __init__(self, found: Any) -> None:
        self.found = found


async def copied(made: Furnished, table: str, key: str, owner: UUID) -> tuple[str, dict[str, Any]] | None:
    """A row of that owner's as it could be inserted once more, with another id."""
    row = await made.admin.fetchval(f"select to_jsonb(t) from {table} t where {key} = $1 limit 1", owner)
    if row is None:
        return None
    values = json.loads(row) if isinstance(row, str) else row
    if "id" in values and key != "id":
        values["id"] = str(new_id())
    return f"insert into {table} select * from jsonb_populate_record(null::{table}, $1)", values


async def test_every_table_shows_and_takes_only_ones_own(empty_database: Any) -> None:
    """As tenant A: B's rows are not there to select, update, delete, insert or be moved to; all of A's are there."""
    async with house(empty_database) as (made, us, them):
        before = await digests.of_tenant(made.admin, them)
        for table, key in (await tables(made)).items():
            part = "_20" in table
            seen = await tried(f"select count(*) as n from {table} where {key} = $1", them, tenant=us)
            assert isinstance(seen, DENIED) or seen[0]["n"] == 0, f"{table}: another tenant's rows are seen"
            own = await tried(f"select count(*) as n from {table} where {key} = $1", us, tenant=us)
            there = await made.admin.fetchval(f"select count(*) from {table} where {key} = $1", us)
            assert isinstance(own, DENIED) if part else own[0]["n"] == there > 0, (
                f"{table}: one's own rows are not seen"
            )
            for sql in (f"update {table} set {key} = {key} where {key} = $1", f"delete from {table} where {key} = $1"):
                done = await tried(sql, them, tenant=us)
                assert isinstance(done, DENIED) or done.endswith(" 0"), f"{sql}: {done}"
            moved = await tried(f"update {table} set {key} = $1 where {key} = $2", them, us, tenant=us)
            assert isinstance(moved, DENIED), f"{table}: a row can be moved to another tenant: {moved}"
            if row := await copied(made, table, key, them):
                added = await tried(row[0], row[1], tenant=us)
                assert isinstance(added, DENIED), f"{table}: a row of another tenant can be made: {added}"
            everything = await tried(f"delete from {table}", tenant=us)
            if isinstance(everything, str):
                assert int(everything.split()[-1]) <= there
        assert digests.difference(before, await digests.of_tenant(made.admin, them)) == []


async def test_outside_any_tenants_unit_there_is_nothing(empty_database: Any) -> None:
    """Without a tenant, and on a pooled connection after one: no row is seen, changed or made."""
    async with house(empty_database) as (made, us, _):
        before = await digests.of_tenant(made.admin, us)
        for table, key in (await tables(made)).items():
            async with db.unit(us):
                await db.fetchval("select 1")
            for ask in ("", f" where {key} = '{us}'"):
                seen = await tried(f"select count(*) as n from {table}{ask}", tenant=None)
                shared = table == "tariffs.version" and not ask
                assert isinstance(seen, DENIED) or seen[0]["n"] == 0 or shared, (
                    f"{table}: rows are seen by nobody in particular"
                )
            assert db.DB.pool is not None
            try:
                raw = await db.DB.pool.fetchval(f"select count(*) from {table} where {key} = $1", us)
            except DENIED:
                raw = 0
            assert raw == 0, f"{table}: a pooled connection still sees the tenant it served"
            for sql in (f"update {table} set {key} = {key}", f"delete from {table}"):
                done = await tried(sql, tenant=None)
                assert isinstance(done, DENIED) or done.endswith(" 0"), f"{sql}: {done}"
            if row := await copied(made, table, key, us):
                assert isinstance(await tried(*row, tenant=None), DENIED), (
                    f"{table}: a row can be made by nobody in particular"
                )
        assert digests.difference(before, await digests.of_tenant(made.admin, us)) == []


async def test_functions_with_their_owners_rights_know_their_tenant(empty_database: Any) -> None:
    """Inside a tenant's unit no such function tells or changes anything of another's; a new one is in it by itself."""
    async with house(empty_database) as (made, us, them):
        customer = made.house(THEIRS).customers["C-1"]
        one = await made.admin.fetchrow("select * from ledger.usage where tenant_id = $1 limit 1", them)
        hashed = await made.admin.fetchval("select key_hash from people.api_key where tenant_id = $1 limit 1", them)
        revenue = await made.admin.fetchval("select ledger.account_id($1, 'revenue', $2)", them, customer.currency)
        now = one["began_at"]
        calls: dict[str, Any] = {
            "ledger.ensure_account": ("select ledger.ensure_account($1, 'vat', 'EUR', 'x')", (them,)),
            "ledger.open_wallet": ("select ledger.open_wallet($1, $2, $3, 'EUR', 0)", (them, new_id(), customer.id)),
            "ledger.set_terms": ("select ledger.set_terms($1, $2, 5, true)", (them, customer.wallet_id)),
            "ledger.post_many": (
                "select * from ledger.post_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                ([them], [new_id()], [new_id()], [customer.wallet_id], [revenue], [1], ["x"], [None], [now.date()],
                 [now], ["x"], [""], [None], [True], [None]),
            ),
            "ledger.post_usage": (
                "select * from ledger.post_usage($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
                " $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
                ([them], [customer.wallet_id], [-1], [now.date()], [UUID(int=0)], ["x"], [new_id()], [new_id()],
                 [new_id()], ["x"], [1], [one["id"]], ["x"], [now], [1], [1], [0], [""], [""], [0], [0], [1], [0],
                 [False], [1], [1], [0]),
            ),
            "ledger.usage_prices": ("select * from ledger.usage_prices($1, $2)", ([them], [one["id"]])),
            "calls.usage_state": ("select * from calls.usage_state($1, $2, $3)", ([them], ["C-1"], [now.date()])),
            "calls.record_refusals": (
                "select * from calls.record_refusals($1, $2, $3, $4, $5, $6, $7)",
                ([them], [one["id"]], ["x"], ["x"], ["x"], [{"started_at": now.isoformat()}], [b"x"]),
            ),
            "people.use_key": ("select * from people.use_key($1, $2)", (them, hashed)),
        }  # fmt: skip
        before = await digests.of_tenant(made.admin, them)
        told = []
        for row in await made.admin.fetch(_FUNCTIONS):
            name = row["name"]
            sql, values = calls.pop(name, None) or sampled(row, them)
            found = await tried(sql, *values, tenant=us)
            if isinstance(found, asyncpg.PostgresError) and not isinstance(found, DENIED):
                told.append(f"{name} looks at other things first: {found}")
            elif (
                not isinstance(found, DENIED)
                and name not in ASKED_BY_SECRET
                and [one for one in found if any(value is not None for value in one)]
            ):
                told.append(f"{name} answers {found}")
        assert told == []
        assert not calls, "these functions are gone"
        assert digests.difference(before, await digests.of_tenant(made.admin, them)) == []


ASKED_BY_SECRET: dict[str, str] = {}
"""Functions that answer about any tenant → why."""

_FUNCTIONS = """
select format('%s.%s', n.nspname, p.proname) as name, p.proargnames[1:p.pronargs] as names,
       (select array_agg(t::regtype::text order by o)
          from unnest(p.proargtypes::oid[]) with ordinality x(t, o)) as types
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where p.prosecdef and n.nspname not like 'pg\\_%' and 'p_tenant' = any(p.proargnames)
   and has_function_privilege('askpro_app', p.oid, 'execute') order by 1"""
_SAMPLES = {
    "uuid": UUID(int=1), "text": "x", "bigint": 1, "integer": 1, "smallint": 1, "boolean": True,
    "date": date(2026, 3, 1),
    "timestamp with time zone": datetime(2026, 3, 1, tzinfo=UTC), "bytea": b"x", "jsonb": {}, "interval": timedelta(0),
}  # fmt: skip


def sampled(function: Any, tenant: UUID) -> tuple[str, tuple[Any, ...]]:
    """A call of a function nobody has taught this test: the other tenant's id, and anything for the rest."""
    values: list[Any] = []
    for name, kind in zip(function["names"], function["types"], strict=True):
        one = tenant if name == "p_tenant" else _SAMPLES[kind.removesuffix("[]")]
        values.append([one] if kind.endswith("[]") else one)
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    return f"select * from {function['name']}({marks})", tuple(values)
