"""What we rely on in the queue's SQL: an update of procrastinate that changes it fails here, not at night."""

from __future__ import annotations

import asyncpg
import pytest

pytestmark = pytest.mark.anyio

FUNCTIONS = {
    "procrastinate_defer_jobs_v1": ("jobs jobs.procrastinate_job_to_defer_v1[]", "bigint[]"),
    "procrastinate_finish_job_v1": (
        "job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean",
        "void",
    ),
    "procrastinate_retry_job_v2": (
        "job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying,"
        " new_lock character varying",
        "void",
    ),
}
TO_DEFER = [
    ("queue_name", "character varying"),
    ("task_name", "character varying"),
    ("priority", "integer"),
    ("lock", "text"),
    ("queueing_lock", "text"),
    ("args", "jsonb"),
    ("scheduled_at", "timestamp with time zone"),
]


async def test_functions_have_the_names_and_signatures_we_call(empty_database: object) -> None:
    """Name (with its version), arguments, result and search path of each function that our SQL calls."""
    admin = await asyncpg.connect(empty_database.admin_dsn)  # type: ignore[attr-defined]
    rows = await admin.fetch(
        "select p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), p.proconfig"
        " from pg_proc p where p.pronamespace = 'jobs'::regnamespace"
    )
    composite = await admin.fetch(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = 'jobs.procrastinate_job_to_defer_v1'::regclass order by attnum"
    )
    await admin.close()

    found = {row[0]: (row[1], row[2]) for row in rows}
    assert {name: found.get(name) for name in FUNCTIONS} == FUNCTIONS
    assert [tuple(row) for row in composite] == TO_DEFER
    assert {tuple(row[3]) for row in rows} == {("search_path=jobs, pg_temp",)}


async def test_tables_have_the_columns_we_read(empty_database: object) -> None:
    """Columns and states that the reaper, the listing and the delivery name."""
    admin = await asyncpg.connect(empty_database.admin_dsn)  # type: ignore[attr-defined]
    columns = await admin.fetch(
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'jobs'"
    )
    states = await admin.fetchval("select enum_range(null::jobs.procrastinate_job_status)::text[]")
    await admin.close()

    job = ("id", "queue_name", "task_name", "lock", "queueing_lock", "args", "status", "scheduled_at", "attempts")
    wanted = {f"procrastinate_jobs.{name}" for name in job}
    wanted |= {"procrastinate_jobs.worker_id", "procrastinate_workers.id", "procrastinate_workers.last_heartbeat"}
    wanted |= {"procrastinate_events.job_id", "procrastinate_events.at"}
    assert wanted <= {row[0] for row in columns}
    assert {"todo", "doing", "succeeded", "failed", "cancelled", "aborted"} <= set(states)
