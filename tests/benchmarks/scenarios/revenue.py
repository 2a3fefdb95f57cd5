"""Revenue is folded from transfers. What it would cost to keep its balance in one row that every call updates."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .. import processes
from ..bench import Bench
from ..house import Store
from ..invariants import assert_sound
from .pgbench import run_pgbench, script

__all__ = ("Revenue",)

CLIENTS = 16
PRICE = 250_000

# The same single posting twice; the second one also adds to one row, in the same transaction.
_SETUP = f"""
create schema bench;
create table bench.wallet as select row_number() over ()::int as n, tenant_id, id from ledger.wallet;
alter table bench.wallet add primary key (n);
create table bench.revenue (id int primary key, amount bigint not null);
insert into bench.revenue values (1, 0);
create function bench.one(p_row boolean) returns void language plpgsql as $$
declare
  w bench.wallet;
  v_n int := 1 + floor(random() * 5000)::int;
  v_random text := replace(gen_random_uuid()::text, '-', '');
  v_began timestamptz := date_trunc('second', now() - interval '1 hour');
  v_month text := lpad(to_hex(((extract(year from v_began at time zone 'UTC') - 1970) * 12
                               + extract(month from v_began at time zone 'UTC') - 1)::int), 4, '0');
  v_status text;
begin
  select * into w from bench.wallet where n = v_n;
  select status into v_status from ledger.post_usage(
    array[w.tenant_id], array[w.id], array[-1::bigint], array[v_began::date],
    array['00000000-0000-0000-0000-000000000000'::uuid], array['bench'], array[uuidv7()], array[uuidv7()],
    array[uuidv7()], array['system:bench'],
    array[1], array[(v_month || substr(v_random, 5))::uuid], array[v_random], array[v_began], array[4000], array[61000],
    array[1::smallint], array['+498912345678'], array['+4917612345678'], array[1000::bigint], array[0], array[66],
    array[0], array[false], array[{PRICE}::bigint], array[100000::bigint], array[45000::bigint]);
  if v_status <> 'booked' then
    raise exception 'answered %', v_status;
  end if;
  if p_row then
    update bench.revenue set amount = amount + {PRICE} where id = 1;
  end if;
end $$;
"""


class Revenue:
    """Sixteen clients, one call a transaction."""

    name = "revenue"

    def __init__(self) -> None:
        self._store: Store
        self._folder = Path(tempfile.mkdtemp(prefix="askpro-bench-"))

    async def prepare(self, bench: Bench) -> None:
        self._store = bench.house.store("revenue")
        await self._store.clone()
        async with self._store.admin() as admin:
            await admin.execute(_SETUP)
        run_pgbench(bench.house, self._store.name, "-n", "-c", "1", "-t", "200", "-f", self._script("warm", row=False))

    def _script(self, name: str, *, row: bool) -> str:
        return script(self._folder, f"{name}.sql", f"select bench.one({str(row).lower()});\n")

    async def round(self, bench: Bench, number: int) -> None:
        for label, row in (("singles, revenue folded", False), ("singles, one revenue row", True)):
            await self._store.settle()
            before = processes.cpu_seconds(bench.house.postmaster)
            tps = run_pgbench(
                bench.house, self._store.name, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
                "-T", str(bench.size.seconds), "-f", self._script(str(row), row=row),
            )  # fmt: skip
            spent = processes.cpu_seconds(bench.house.postmaster) - before
            bench.sheet.note(label, tps, "calls/s")
            bench.sheet.note(f"{label}: PostgreSQL", spent / (tps * bench.size.seconds) * 1e6, "µs/call")
        await assert_sound(self._store)

    async def finish(self, bench: Bench) -> None:
        await self._store.drop()
        shutil.rmtree(self._folder, ignore_errors=True)
