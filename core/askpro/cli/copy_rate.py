"""How fast PostgreSQL takes the booked rows by COPY: what an import is measured against."""

from __future__ import annotations

import time
from typing import Any

__all__ = ("copy_rows_per_second",)

_BATCH = 2_000
_ROWS = 100_000


async def copy_rows_per_second(admin: Any) -> float:
    """Rows a second of ``ledger.usage`` copied into an equal table with equal indexes, batch by batch.

    ``admin`` may create a table; it is dropped again. Every batch is a transaction, as in an import.
    """
    rows = [tuple(row) for row in await admin.fetch("select * from ledger.usage limit $1", _ROWS)]
    if not rows:
        return float("nan")
    await admin.execute(
        "drop table if exists public.copied; create table public.copied (like ledger.usage including all);"
        "create index on public.copied (wallet_id, began_at)"
    )
    try:
        began = time.perf_counter()
        for start in range(0, len(rows), _BATCH):
            await admin.copy_records_to_table("copied", schema_name="public", records=rows[start : start + _BATCH])
        return len(rows) / (time.perf_counter() - began)
    finally:
        await admin.execute("drop table public.copied")
