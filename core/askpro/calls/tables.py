"""Tables of refused reports and of imports, as Piccolo sees them. Booked calls are ``ledger.usage``."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table

from askpro.db import DB

__all__ = ("ImportReject", "ImportRun", "RefusalRow")


class RefusalRow(Table, tablename="refusal", schema="calls", db=DB):
    """A report that could not be booked. The real key is (tenant_id, id)."""

    tenant_id = UUID(default=None)
    id = UUID(primary_key=True, default=None)
    source = Text()
    external_id = Text()
    reason = Text()
    event = JSONB()
    digest = Bytea()
    first_at = Timestamptz(default=None)
    last_at = Timestamptz(default=None)
    resolved_at = Timestamptz(null=True, default=None)


class ImportRun(Table, tablename="import_run", schema="calls", db=DB):
    """An import of call records; it may hold several resellers' calls, so it is the platform's."""

    id = UUID(primary_key=True, default=None)
    file_name = Text()
    digest = Bytea()
    layout = Text()
    source = Text()
    state = Text()
    next_line = BigInt()
    counts = JSONB()
    started_at = Timestamptz(default=None)
    touched_at = Timestamptz(default=None)
    finished_at = Timestamptz(null=True, default=None)


class ImportReject(Table, tablename="import_reject", schema="calls", db=DB):
    """A row of an import that was not booked. The real key is (run_id, line)."""

    run_id = UUID(default=None)
    line = BigInt(primary_key=True)
    external_id = Text()
    tenant = Text()
    outcome = Text()
    reason = Text()
    detail = Text()
