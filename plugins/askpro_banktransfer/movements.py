"""The tables of uploads and of what they said. Every function works in an open unit of the tenant's store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from askpro.errors import InvalidInput
from askpro.money import Money
from askpro.sdk import Context, StoreUnit
from askpro_banktransfer.model import Movement, MovementState
from askpro_banktransfer.transfers import Transfers

__all__ = ("Movements", "Upload", "open_books")

_COLUMNS = (
    "id, key, bank_ref, units, currency, credit, booked_on, text, name, iban, return_reason, state, reason,"
    " named_id, transfer_id, note, decided_by, decided_at, created_at"
)
_OTHERWISE = ("units", "currency", "named_id", "transfer_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A row of ``plug_banktransfer.upload``: a file, and what became of its lines."""

    id: UUID
    digest: str
    name: str
    account: str
    first_day: date | None
    last_day: date | None
    matched: int
    """Transfers paid at once."""
    queued: int
    """Lines for a person."""
    known: int
    """Lines that an earlier file had already."""
    ignored: int
    """Not booked yet, or money that went out."""
    problems: tuple[str, ...]
    uploaded_by: str
    created_at: datetime


@asynccontextmanager
async def open_books(ctx: Context) -> AsyncIterator[tuple[Transfers, Movements]]:
    """Both books of a tenant in one transaction, one at a time: whoever matches or assigns waits for the other."""
    if ctx.tenant is None:
        raise InvalidInput("statements belong to a tenant")
    async with ctx.store.unit() as unit:
        await unit.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"banktransfer:{ctx.tenant.id}")
        yield Transfers(unit, ctx.tenant.id, ctx.now()), Movements(unit, ctx.tenant.id, ctx.now())


@dataclass(frozen=True, slots=True)
class Movements:
    """Of one tenant."""

    unit: StoreUnit
    tenant: UUID
    now: datetime

    async def known(self, account: str, keys: Sequence[str]) -> frozenset[str]:
        """Those of the keys that an earlier file has brought."""
        rows = await self.unit.fetch(
            "select key from plug_banktransfer.movement"
            " where tenant_id = $1 and account = $2 and key = any($3::text[])",
            self.tenant, account, list(keys),
        )  # fmt: skip
        return frozenset(row["key"] for row in rows)

    async def add(self, upload: UUID, account: str, movements: Iterable[Movement]) -> None:
        """Enter new ones."""
        await self.unit.executemany(
            "insert into plug_banktransfer.movement (tenant_id, id, upload_id, account, key, bank_ref, units, currency,"
            " credit, booked_on, text, name, iban, return_reason, state, reason, named_id, transfer_id, created_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            [
                (self.tenant, one.id, upload, account, one.key, one.bank_ref, one.amount.units, one.amount.currency,
                 one.credit, one.booked_on, one.text, one.name, one.iban, one.return_reason, one.state, one.reason,
                 one.named, one.transfer, one.created_at)
                for one in movements
            ],
        )  # fmt: skip

    async def by_id(self, identifier: UUID) -> Movement | None:
        """One movement."""
        row = await self.unit.fetchrow(
            f"select {_COLUMNS} from plug_banktransfer.movement where tenant_id = $1 and id = $2",  # noqa: S608 - constant
            self.tenant,
            identifier,
        )
        return _movement(row) if row is not None else None

    async def of_transfer(self, transfer: UUID) -> list[Movement]:
        """What was assigned to a transfer, or has paid it."""
        return await self._many("transfer_id = $2 and state in ('assigned', 'used') order by created_at, id", transfer)

    async def queue(self, reason: str = "", *, limit: int = 200) -> list[Movement]:
        """What waits for a person, the newest first."""
        return await self._many(
            f"state = 'review' and ($2 = '' or reason = $2) order by booked_on desc, id desc limit {limit:d}", reason
        )

    async def decided(self, *, limit: int = 50) -> list[Movement]:
        """What people have decided last."""
        return await self._many(f"decided_by <> $2 order by decided_at desc limit {limit:d}", "")

    async def counts(self) -> dict[str, int]:
        """How many wait, by reason."""
        rows = await self.unit.fetch(
            "select reason, count(*) as n from plug_banktransfer.movement"
            " where tenant_id = $1 and state = 'review' group by 1",
            self.tenant,
        )
        return {row["reason"]: row["n"] for row in rows}

    async def decide(
        self, movement: Movement, state: MovementState, transfer: UUID | None, *, note: str, by: str
    ) -> None:
        """A person has decided."""
        await self.unit.execute(
            "update plug_banktransfer.movement set state = $3, transfer_id = $4, note = $5, decided_by = $6,"
            " decided_at = $7 where tenant_id = $1 and id = $2",
            self.tenant, movement.id, state, transfer, note, by, self.now,
        )  # fmt: skip

    async def use(self, transfer: UUID) -> None:
        """The transfer is paid: what was assigned to it cannot be taken away any more."""
        await self.unit.execute(
            "update plug_banktransfer.movement set state = 'used'"
            " where tenant_id = $1 and transfer_id = $2 and state = 'assigned'",
            self.tenant, transfer,
        )  # fmt: skip

    async def set_aside(self, reason: str, *, note: str, by: str) -> int:
        """Everything that waits for this reason is not ours; how many that were."""
        tag = await self.unit.execute(
            "update plug_banktransfer.movement set state = 'foreign', note = $3, decided_by = $4, decided_at = $5"
            " where tenant_id = $1 and state = 'review' and reason = $2 and named_id is null",
            self.tenant, reason, note, by, self.now,
        )  # fmt: skip
        return int(tag.rpartition(" ")[2])

    # uploads

    async def add_upload(self, upload: Upload) -> None:
        """Enter a file."""
        await self.unit.execute(
            "insert into plug_banktransfer.upload (tenant_id, id, digest, name, account, first_day, last_day, matched,"
            " queued, known, ignored, problems, uploaded_by, created_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            self.tenant, upload.id, upload.digest, upload.name, upload.account, upload.first_day, upload.last_day,
            upload.matched, upload.queued, upload.known, upload.ignored, list(upload.problems), upload.uploaded_by,
            upload.created_at,
        )  # fmt: skip

    async def count_upload(self, upload: Upload) -> None:
        """What became of its lines, now that it is known."""
        await self.unit.execute(
            "update plug_banktransfer.upload set matched = $3, queued = $4, known = $5, ignored = $6"
            " where tenant_id = $1 and id = $2",
            self.tenant, upload.id, upload.matched, upload.queued, upload.known, upload.ignored,
        )  # fmt: skip

    async def upload(self, *, digest: str = "", identifier: UUID | None = None) -> Upload | None:
        """A file by its content or by its id."""
        row = await self.unit.fetchrow(
            "select * from plug_banktransfer.upload where tenant_id = $1 and (digest = $2 or id = $3)",
            self.tenant, digest, identifier,
        )  # fmt: skip
        return _upload(row) if row is not None else None

    async def uploads(self, *, limit: int = 50) -> list[Upload]:
        """The last files, the newest first."""
        rows = await self.unit.fetch(
            "select * from plug_banktransfer.upload where tenant_id = $1 order by id desc limit $2", self.tenant, limit
        )
        return [_upload(row) for row in rows]

    async def _many(self, condition: str, value: Any) -> list[Movement]:
        rows = await self.unit.fetch(
            f"select {_COLUMNS} from plug_banktransfer.movement where tenant_id = $1 and {condition}",  # noqa: S608 - no data in it
            self.tenant,
            value,
        )
        return [_movement(row) for row in rows]


def _movement(row: Any) -> Movement:
    renamed = {"named": row["named_id"], "transfer": row["transfer_id"]}
    fields = {name: value for name, value in dict(row).items() if name not in _OTHERWISE}
    return Movement(amount=Money(row["units"], row["currency"]), **renamed, **fields)


def _upload(row: Any) -> Upload:
    fields = {name: value for name, value in dict(row).items() if name not in ("tenant_id", "problems")}
    return Upload(problems=tuple(row["problems"]), **fields)
