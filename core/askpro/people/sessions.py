"""Sessions of browsers: a random token in the cookie, its SHA-256 in the database, bound to one tenant.

A session ends 30 minutes after it was last seen and 12 hours after it began, whatever happens. A token the
database does not know is nobody: ids are only ever made here, so none can be planted, and a token of
one tenant is unknown to the others. Signing in rotates.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from askpro import clock, db
from askpro.errors import NotAuthenticated

__all__ = ("ABSOLUTE", "IDLE", "Session", "issue", "load", "purge", "revoke", "revoke_all", "rotate", "set_data")

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
_TOUCH = timedelta(minutes=1)
"""``seen_at`` is kept to the minute, so most requests write nothing."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is alive. ``person_id`` None: not signed in."""

    tenant_id: UUID
    person_id: UUID | None
    data: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime


async def issue(
    tenant: UUID, person_id: UUID | None = None, data: Mapping[str, Any] | None = None
) -> tuple[str, Session]:
    """A new session and its token, which nobody can read again."""
    token, now = secrets.token_urlsafe(32), clock.now()
    session = Session(tenant, person_id, dict(data or {}), now, now + ABSOLUTE)
    async with db.unit(tenant):
        await db.execute(
            "insert into people.session (tenant_id, token_hash, person_id, data, created_at, seen_at, expires_at)"
            " values ($1, $2, $3, $4, $5, $5, $6)",
            tenant,
            _hash(token),
            person_id,
            session.data,
            now,
            session.expires_at,
        )
    return token, session


async def load(tenant: UUID, token: str) -> Session | None:
    """The living session of a token; None for any other, and for persons who may not sign in any more."""
    if not token or len(token) > 128:
        return None
    now = clock.now()
    async with db.unit(tenant):
        row = await db.fetchrow(
            "select s.person_id, s.data, s.created_at, s.seen_at, s.expires_at from people.session s"
            " left join people.person p on p.tenant_id = s.tenant_id and p.id = s.person_id"
            " where s.tenant_id = $1 and s.token_hash = $2 and s.expires_at > $3 and s.seen_at > $4"
            " and (s.person_id is null or p.status = 'active')",
            tenant,
            _hash(token),
            now,
            now - IDLE,
        )
        if row is None:
            return None
        if now - row["seen_at"] >= _TOUCH:
            await db.execute(
                "update people.session set seen_at = $3 where tenant_id = $1 and token_hash = $2",
                tenant,
                _hash(token),
                now,
            )
    return Session(tenant, row["person_id"], row["data"], row["created_at"], row["expires_at"])


async def rotate(
    tenant: UUID, token: str, person_id: UUID | None = None, data: Mapping[str, Any] | None = None
) -> tuple[str, Session]:
    """Replace a session by a fresh one: at sign-in, sign-out and change of rights.

    The old token is worth nothing afterwards. ``data`` None keeps what the old session held. A token that is not
    alive any more rotates into an empty session: a visitor cannot be kept out by a stale cookie.
    """
    async with db.unit(tenant):
        before = await load(tenant, token)
        await revoke(tenant, token)
        kept = data if data is not None else (before.data if before else {})
        return await issue(tenant, person_id, kept)


async def set_data(tenant: UUID, token: str, data: Mapping[str, Any]) -> None:
    """Replace what a session holds. Raises NotAuthenticated when it is not there."""
    async with db.unit(tenant):
        tag = await db.execute(
            "update people.session set data = $3 where tenant_id = $1 and token_hash = $2",
            tenant,
            _hash(token),
            dict(data),
        )
    if tag != "UPDATE 1":
        raise NotAuthenticated


async def revoke(tenant: UUID, token: str) -> None:
    """End a session; ending it twice is no error."""
    async with db.unit(tenant):
        await db.execute("delete from people.session where tenant_id = $1 and token_hash = $2", tenant, _hash(token))


async def revoke_all(tenant: UUID, person_id: UUID) -> int:
    """End every session of a person; returns how many."""
    async with db.unit(tenant):
        tag = await db.execute("delete from people.session where tenant_id = $1 and person_id = $2", tenant, person_id)
    return int(tag.split()[-1])


async def purge() -> int:
    """Remove what has ended, of all tenants: a nightly job."""
    now = clock.now()
    async with db.platform_unit("remove ended sessions"):
        tag = await db.execute("delete from people.session where expires_at <= $1 or seen_at <= $2", now, now - IDLE)
    return int(tag.split()[-1])


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
