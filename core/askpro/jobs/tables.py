"""What we keep beside the queue's own tables, which belong to procrastinate."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Integer, Text, Timestamptz
from piccolo.table import Table

from askpro.db.engine import DB

__all__ = ("Failure",)


class Failure(Table, db=DB, schema="jobs", tablename="failure"):
    """Why an attempt of a job failed."""

    id = UUID(primary_key=True)
    job_id = BigInt()
    at = Timestamptz()
    attempt = Integer()
    error = Text()
