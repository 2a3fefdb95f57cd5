"""API keys of machines: shown once, kept as SHA-256, for one tenant, with scopes and an end.

``ask_live_<43 characters><6 characters>``: 32 random bytes in base 62 and a checksum, so a mistyped or cut key is
refused without asking the database and a leaked one is found by scanners. 256 random bits need no slow hash.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID
from zlib import crc32

from askpro import clock, db
from askpro.actor import Actor
from askpro.errors import InvalidInput, NotAuthenticated, NotFound
from askpro.ids import new_id
from askpro.tenancy import audit

__all__ = ("REMEMBERED_SECONDS", "SCOPES", "ApiKey", "authenticate", "create", "keys", "revoke")

SCOPES = (
    "adjustments:approve",
    "adjustments:read",
    "adjustments:write",
    "balance:read",
    "calls:control",
    "calls:read",
    "credits:write",
    "customers:read",
    "customers:write",
    "limits:read",
    "limits:write",
    "payments:read",
    "payments:refund",
    "topups:write",
    "transactions:read",
    "usage:write",
)
"""What a key may be allowed; ``*`` is all of it."""

REMEMBERED_SECONDS = 2.0
"""How long a process believes in a key it has seen: a revocation reaches the other processes that much later."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE = re.compile(r"ask_(?:live|test)_[0-9A-Za-z]{49}", re.ASCII)
_seen: OrderedDict[tuple[UUID, bytes], tuple[float, ApiKey]] = OrderedDict()
_SEEN_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. ``prefix`` is the beginning that may be shown again."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None = None
    prefix: str = ""
    created_at: datetime | None = None
    used_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        """Whether it may do this."""
        return scope in self.scopes or "*" in self.scopes

    @property
    def actor(self) -> Actor:
        """Who acts when this key does."""
        return Actor("key", str(self.id))


async def create(
    tenant: UUID, name: str, scopes: Sequence[str], *, by: Actor, expires_at: datetime | None = None, live: bool = True
) -> tuple[str, ApiKey]:
    """A new key and its secret, which is shown this once. Raises InvalidInput."""
    chosen = tuple(sorted(set(scopes)))
    if not chosen or set(chosen) - {*SCOPES, "*"}:
        raise InvalidInput(f"scopes to choose from: {', '.join(SCOPES)}, *", field="scopes")
    if not 1 <= len(name.strip()) <= 120:
        raise InvalidInput("a name has 1 to 120 characters", field="name")
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("this is over already", field="expires_at")
    secret = _secret(live)
    key = ApiKey(new_id(), name.strip(), chosen, str(by), expires_at, prefix=secret[:13], created_at=now)
    async with db.unit(tenant):
        await db.execute(
            "insert into people.api_key (tenant_id, id, name, prefix, key_hash, scopes, created_by, created_at,"
            " expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant,
            key.id,
            key.name,
            key.prefix,
            _hash(secret),
            list(chosen),
            key.created_by,
            now,
            expires_at,
        )
        await audit.record(tenant, by, "key.created", key.id, name=key.name, scopes=chosen, prefix=key.prefix)
    return secret, key


async def authenticate(tenant: UUID, secret: str) -> ApiKey:
    """The key, if it is alive and of this tenant. Raises NotAuthenticated, without saying what was wrong with it."""
    if not _SHAPE.fullmatch(secret) or _checksum(secret[:-6]) != secret[-6:]:
        raise NotAuthenticated(code="key_invalid")
    hashed = _hash(secret)
    remembered = _seen.get((tenant, hashed))
    if remembered is not None and time.monotonic() < remembered[0]:
        return _alive(remembered[1])
    row = await db.call_row("select * from people.use_key($1, $2)", tenant, hashed)
    if row is None:
        raise NotAuthenticated(code="key_invalid")
    key = _alive(
        ApiKey(row["id"], row["name"], tuple(row["scopes"]), row["created_by"], row["expires_at"], row["revoked_at"])
    )
    _seen[tenant, hashed] = (time.monotonic() + REMEMBERED_SECONDS, key)
    while len(_seen) > _SEEN_LIMIT:
        _seen.popitem(last=False)
    return key


async def revoke(tenant: UUID, key_id: UUID, *, by: Actor) -> ApiKey:
    """End a key now; ending it twice is no error. Raises NotFound."""
    async with db.unit(tenant):
        tag = await db.execute(
            "update people.api_key set revoked_at = $3 where tenant_id = $1 and id = $2 and revoked_at is null",
            tenant,
            key_id,
            clock.now(),
        )
        found = [key for key in await keys(tenant) if key.id == key_id]
        if not found:
            raise NotFound("there is no such key")
        if tag == "UPDATE 1":
            await audit.record(tenant, by, "key.revoked", key_id, name=found[0].name)
        db.after_commit(_seen.clear)
    return found[0]


async def keys(tenant: UUID) -> list[ApiKey]:
    """All keys, dead ones too, newest first."""
    async with db.unit(tenant):
        rows = await db.fetch(
            "select id, name, scopes, created_by, expires_at, revoked_at, prefix, created_at, used_at"
            " from people.api_key where tenant_id = $1 order by id desc",
            tenant,
        )
    return [replace(ApiKey(*row), scopes=tuple(row["scopes"])) for row in rows]


def _alive(key: ApiKey) -> ApiKey:
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= clock.now()):
        raise NotAuthenticated(code="key_invalid")
    return key


def _secret(live: bool) -> str:
    text = f"ask_{'live' if live else 'test'}_{_base62(int.from_bytes(secrets.token_bytes(32)), 43)}"
    return text + _checksum(text)


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), 6)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
