"""The job queue's own tables, in a schema of their own.

Its SQL comes from the installed release (the lock file pins it) and names nothing with a schema, so it is
created under ``search_path = jobs`` and each function keeps that path: callable from inside any unit.
"""

from __future__ import annotations

from importlib.resources import files

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from askpro.db.engine import DB
from askpro.migrations.script import no_way_back

ID = "jobs_0001"

_AFTER = """
-- Why attempts failed; goes with its job.
create table jobs.failure (
  id       uuid primary key,
  job_id   bigint not null references jobs.procrastinate_jobs (id) on delete cascade,
  at       timestamptz not null default now(),
  attempt  int not null,
  error    text not null
);
create index failure_job on jobs.failure (job_id);
do $$
declare f record;
begin
  for f in select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'jobs' loop
    execute format('alter function %s set search_path = jobs, pg_temp', f.name);
  end loop;
end $$;
grant usage on schema jobs to askpro_app, askpro_platform;
grant select, insert, update, delete on all tables in schema jobs to askpro_app, askpro_platform;
grant usage on all sequences in schema jobs to askpro_app, askpro_platform;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="askpro_jobs", description=__doc__ or "")

    async def create() -> None:
        schema = files("procrastinate").joinpath("sql/schema.sql").read_text(encoding="utf-8")
        connection = DB.current_transaction.get().connection
        path = await connection.fetchval("show search_path")
        await connection.execute("create schema jobs; set local search_path = jobs")
        await connection.execute(schema)
        await connection.execute("select set_config('search_path', $1, true)", path)
        await connection.execute(_AFTER)

    manager.add_raw(create)
    manager.add_raw_backwards(no_way_back)
    return manager
