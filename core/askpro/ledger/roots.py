"""A root for every finished day, each chained to the one before: what is booked can be proved unchanged for ever.

``export`` writes the chain to a file that is kept elsewhere. Whoever then changes a booking, and every root in
the database with it, is found out by ``verify`` with that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from askpro import clock, db
from askpro.errors import InvalidInput
from askpro.ledger.findings import Finding
from askpro.ledger.merkle import GENESIS, Tree, day_root, trees

__all__ = ("GRACE", "LATE", "Root", "broken_links", "dump", "finished", "kept", "load", "seal", "verify")

GRACE = timedelta(minutes=10)
"""A day is closed so long after its end, and not while a transaction that began in it is open."""
LATE = timedelta(days=2)
"""A day that is not sealed so long after its end is a finding."""
_BEGINNING = date(1990, 1, 1)  # no books are kept for earlier months


@dataclass(frozen=True, slots=True)
class Root:
    """What ``ledger.root`` keeps of a tenant's UTC day."""

    tenant: UUID
    day: date
    leaves: int
    root: bytes
    previous: bytes


async def finished(now: datetime | None = None) -> date:
    """The first UTC day that may still receive bookings; all before it are closed. Needs an open unit.

    Bookings carry the database's clock at the moment they are written, so a day can only grow while a
    transaction that began in it is open.
    """
    today = ((now or clock.now()) - GRACE).astimezone(UTC).date()
    oldest = await db.fetchval(
        "select min(xact_start) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    return today if oldest is None else min(today, oldest.astimezone(UTC).date())


async def seal(tenant: UUID, *, before: date | None = None) -> list[Root]:
    """Write the roots of the finished days that have none; returns them. ``before``: only days before this one."""
    async with db.unit(tenant):
        await db.execute("select pg_advisory_xact_lock(7412, hashtext($1))", str(tenant))
        end = await finished() if before is None else before
        last = await db.fetchrow(
            "select day, root from ledger.root where tenant_id = $1 order by day desc limit 1", tenant
        )
        since, previous = (last["day"] + timedelta(days=1), last["root"]) if last else (await _first(tenant), GENESIS)
        made = []
        async for tree in trees(tenant, since, end):
            made.append(Root(tenant, tree.day, tree.leaves, day_root(previous, tenant, tree), previous))
            previous = made[-1].root
        await db.executemany(
            "insert into ledger.root (tenant_id, day, leaves, root, previous) values ($1, $2, $3, $4, $5)",
            [(one.tenant, one.day, one.leaves, one.root, one.previous) for one in made],
        )
    return made


async def _first(tenant: UUID) -> date:
    """The UTC day of the tenant's first booking."""
    at = await db.fetchval(
        "select least((select min(booked_at) from ledger.transfer where tenant_id = $1),"
        " (select min(booked_at) from ledger.usage where tenant_id = $1))",
        tenant,
    )
    return at.astimezone(UTC).date() if at else clock.now().date()


async def kept(tenant: UUID) -> list[Root]:
    """The tenant's chain as the database keeps it, by day. Needs the tenant's unit."""
    rows = await db.fetch(
        "select tenant_id, day, leaves, root, previous from ledger.root where tenant_id = $1 order by day", tenant
    )
    return [Root(*row) for row in rows]


async def verify(tenant: UUID, *, exported: Sequence[Root] | None = None) -> list[Finding]:
    """Recompute every root of the tenant from its bookings and compare; empty: nothing was changed.

    ``exported``: roots that were kept elsewhere. They are believed before those in the database.
    """
    async with db.unit(tenant, isolation="repeatable read"):
        chain = await kept(tenant)
        end = max(await finished(), *(one.day + timedelta(days=1) for one in (*chain, *(exported or ()))), _BEGINNING)
        booked = {tree.day: tree async for tree in trees(tenant, await _first(tenant), end)}
    found = list(broken_links(chain))
    if exported is not None:
        found += broken_links(exported)
        found += _missing(tenant, chain, exported)
        chain = _merged(chain, exported)
    return found + list(_compare(tenant, chain, booked))


def broken_links(chain: Sequence[Root]) -> Iterator[Finding]:
    """Where a chain is torn: a root names another predecessor than the one before it. Needs no database."""
    previous = GENESIS
    for one in chain:
        if one.previous != previous:
            yield Finding(one.tenant, "chain", f"{one.day}", previous.hex(), one.previous.hex())
        previous = one.root


def _missing(tenant: UUID, chain: Sequence[Root], exported: Sequence[Root]) -> Iterator[Finding]:
    here = {one.day: one for one in chain}
    for one in exported:
        stored = here.get(one.day)
        if stored != one:
            said = stored.root.hex() if stored else "no root in the database"
            yield Finding(tenant, "exported root", f"{one.day}", one.root.hex(), said)


def _merged(chain: Sequence[Root], exported: Sequence[Root]) -> list[Root]:
    days = {one.day: one for one in chain} | {one.day: one for one in exported}
    return [days[day] for day in sorted(days)]


def _compare(tenant: UUID, chain: Sequence[Root], booked: dict[date, Tree]) -> Iterator[Finding]:
    previous = GENESIS
    for one in chain:
        tree = booked.pop(one.day, None)
        if tree is None:
            yield Finding(tenant, "day", f"{one.day}", f"{one.leaves} bookings", "none")
        elif tree.leaves != one.leaves:
            yield Finding(tenant, "day", f"{one.day}", f"{one.leaves} bookings", f"{tree.leaves}")
        elif (again := day_root(previous, tenant, tree)) != one.root:
            yield Finding(tenant, "day", f"{one.day}", one.root.hex(), again.hex())
        previous = one.root
    sealed = chain[-1].day if chain else date.min
    late = (clock.now() - LATE - GRACE).date()
    for day, tree in sorted(booked.items()):
        if day <= sealed:
            yield Finding(tenant, "day", f"{day}", "no bookings", f"{tree.leaves}")
        elif day < late:
            yield Finding(tenant, "day", f"{day}", "a root", f"{tree.leaves} bookings that are not sealed")


def dump(roots: Iterable[Root]) -> str:
    """Roots as text for a file: one JSON object a line, bytes in hexadecimal."""
    return "".join(
        msgspec.json.encode(
            {
                "tenant": str(one.tenant),
                "day": one.day.isoformat(),
                "leaves": one.leaves,
                "root": one.root.hex(),
                "previous": one.previous.hex(),
            }
        ).decode()
        + "\n"
        for one in roots
    )


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    tenant: UUID
    day: date
    leaves: int
    root: str
    previous: str


def load(text: str) -> list[Root]:
    """What ``dump`` wrote, by tenant and day. Raises InvalidInput and names the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            one = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError as error:
            raise InvalidInput(f"line {number}: {error}", code="roots_file") from error
        if not all(re.fullmatch("[0-9a-f]{64}", value) for value in (one.root, one.previous)):
            raise InvalidInput(f"line {number}: not a SHA-256", code="roots_file")
        found.append(Root(one.tenant, one.day, one.leaves, bytes.fromhex(one.root), bytes.fromhex(one.previous)))
    return sorted(found, key=lambda one: (one.tenant, one.day))
